import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiStatusError } from '../api/status.ts';
import { decodeProtobuf } from './decode.ts';
import { SAMPLES } from './testing/samples.ts';

const bytesOf = (body: string) => Buffer.from(body, 'base64');

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** Length-delimited field. */
function field(number: number, ...parts: (string | Buffer)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(content.length)]), content]);
}

const body = (apiVersion: string, kind: string, raw: Buffer, ...more: Buffer[]) =>
  Buffer.concat([Buffer.from('k8s\0'), field(1, field(1, apiVersion), field(2, kind)), field(2, raw), ...more]);

function refusal(bytes: Uint8Array): ApiStatusError {
  try {
    decodeProtobuf(bytes);
  } catch (error) {
    if (error instanceof ApiStatusError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('bodies of real clients', () => {
  it.each(SAMPLES)('$kind reads as its JSON', ({ body, json }) => {
    expect(decodeProtobuf(bytesOf(body))).toStrictEqual(JSON.parse(json));
  });

  it('keeps a map key __proto__ as a key', () => {
    const job = decodeProtobuf(bytesOf(SAMPLES.find(({ kind }) => kind === 'Job')!.body));
    expect(Object.keys(job.metadata.annotations!)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

describe('tolerance', () => {
  it('skips fields it does not know', () => {
    const unknown = Buffer.concat([field(1900, 'x'), Buffer.from([0xf8, 0x7f, 1])]);
    const decoded = decodeProtobuf(
      body('v1', 'ConfigMap', Buffer.concat([unknown, field(2, field(1, 'a'), field(2, 'b'))])),
    );
    expect(decoded).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } });
  });

  it('adds up parts of one message, and takes the last of several values', () => {
    const metadata = Buffer.concat([field(1, field(1, 'old'), field(3, 'ns')), field(1, field(1, 'new'))]);
    expect(decodeProtobuf(body('v1', 'ConfigMap', metadata)).metadata).toEqual({ name: 'new', namespace: 'ns' });
  });

  it('reads packed numbers', () => {
    const context = field(14, Buffer.concat([field(4, Buffer.from([1, 0x90, 0x4e]))]));
    const pod = decodeProtobuf(body('v1', 'Pod', field(2, context))) as unknown as {
      spec: { securityContext: object };
    };
    expect(pod.spec.securityContext).toEqual({ supplementalGroups: [1, 10000] });
  });

  it('reads JSON inside the envelope', () => {
    const json = Buffer.from('{"apiVersion":"a/v1","kind":"K","metadata":{"name":"n"}}');
    const bytes = body('a/v1', 'K', json, field(4, 'application/json'));
    expect(decodeProtobuf(bytes)).toEqual(JSON.parse(json.toString()));
  });

  it('takes DeleteOptions under the apiVersion of any group', () => {
    expect(decodeProtobuf(body('apps/v1', 'DeleteOptions', Buffer.from([0x08, 0])))).toEqual({
      apiVersion: 'apps/v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
    });
  });
});

describe('malformed bodies', () => {
  const nested = (levels: number) => {
    let schema: Buffer = Buffer.from([]);
    for (let level = 0; level < levels; level++) schema = field(28, schema);
    return body('apiextensions.k8s.io/v1', 'CustomResourceDefinition', field(2, field(7, field(4, field(1, schema)))));
  };

  it.each([
    ['no magic', Buffer.from('{"kind":"Pod"}'), 'begin'],
    ['nothing', Buffer.from([]), 'begin'],
    ['no kind', Buffer.concat([Buffer.from('k8s\0'), field(2, '')]), "'Kind' is missing"],
    ['a cut value', bytesOf(SAMPLES[0]!.body).subarray(0, 80), 'are left'],
    ['a length beyond the end', body('v1', 'Pod', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])), 'announced'],
    ['an endless number', body('v1', 'Pod', Buffer.alloc(12, 0xff)), 'more than 10 bytes'],
    ['a group', body('v1', 'Pod', Buffer.from([0x0b])), 'wire type 3'],
    ['field number 0', body('v1', 'Pod', Buffer.from([0x02, 0])), 'out of range'],
    ['a number for a message', body('v1', 'Pod', Buffer.from([0x08, 1])), 'wire type 0'],
    ['text for a number', body('v1', 'Event', field(8, 'x')), 'wire type 2'],
    [
      'a time after the year 9999',
      body('v1', 'Event', field(6, Buffer.from([8, 255, 255, 255, 255, 255, 127]))),
      'years',
    ],
    ['bad JSON in a raw field', body('apps/v1', 'ControllerRevision', field(2, field(1, '{'))), 'not JSON'],
    ['too many levels', nested(210), 'nested deeper'],
    [
      'too many values',
      body('v1', 'Pod', field(2, Buffer.alloc(1_200_000, Buffer.from([0x12, 0])))),
      'more than 500000',
    ],
  ])('%s', (_what, bytes, text) => {
    const error = refusal(bytes);
    expect(error.status).toMatchObject({ code: 400, reason: 'BadRequest', status: 'Failure' });
    expect(error.message).toContain(text);
  });

  it.each([
    ['a kind that is not built in', body('config.openshift.io/v1', 'Proxy', Buffer.from([]))],
    ['a group that is an object property', body('constructor', 'name', Buffer.from([]))],
    ['compressed content', body('v1', 'Pod', Buffer.from([]), field(3, 'gzip'))],
  ])('%s is answered 415', (_what, bytes) => {
    expect(refusal(bytes).status).toMatchObject({ code: 415, reason: 'UnsupportedMediaType' });
  });

  const answered = (bytes: Uint8Array) => {
    try {
      decodeProtobuf(bytes);
    } catch (error) {
      if (!(error instanceof ApiStatusError && [400, 415].includes(error.code))) throw error;
    }
  };

  it('answers any bytes with an object or a status', () => {
    const kinds = fc.constantFrom('Pod', 'Event', 'Node', 'Service', 'DeleteOptions', 'Secret');
    fc.assert(
      fc.property(kinds, fc.uint8Array({ maxLength: 200 }), (kind, raw) =>
        answered(body('v1', kind, Buffer.from(raw))),
      ),
      { numRuns: 2000 },
    );
  });

  it('answers damaged bodies of real clients with an object or a status', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLES), damage, fc.nat(), (sample, changes, cut) => {
        const bytes = bytesOf(sample.body);
        for (const [at, value] of changes) bytes[4 + (at % (bytes.length - 4))] = value;
        answered(cut % 4 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes);
      }),
      { numRuns: 2000 },
    );
  });
});
