/** Rules in CEL, as clients meet them; all answers are those of a kube-apiserver 1.32. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Schema } from '../api/schema.ts';
import { int, list, map, obj, rules, str } from '../crd/validation/testing/rule-schemas.ts';
import { type KubeMock, startKubeMock } from '../index.ts';
import { type Reply, TestClient } from '../testing/test-client.ts';

const positive = (extra: Record<string, unknown>) => ({ ...int, ...rules({ rule: 'self > 0', ...extra }) });

const keyed: Schema = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], maxItems: 10 };

const SPEC = obj(
  {
    size: { ...int, ...rules({ rule: 'self >= oldSelf', message: 'cannot shrink' }) },
    odd: { ...int, ...rules({ rule: 'self % 2 == 1', messageExpression: '"%d is even".format([self])' }) },
    fresh: {
      ...int,
      ...rules({ rule: 'self == oldSelf.orValue(3)', optionalOldSelf: true, message: 'three, for ever' }),
    },
    unsaid: positive({ messageExpression: 'string(10 / self)', message: ' must be positive ' }),
    lines: positive({ messageExpression: '"a\\nb"' }),
    forbidden: positive({ reason: 'FieldValueForbidden', message: 'no' }),
    required: positive({ reason: 'FieldValueRequired', message: 'no' }),
    duplicate: positive({ reason: 'FieldValueDuplicate', message: 'no' }),
    path: obj({ x: obj({ 'a.b': int }) }, rules({ rule: 'false', fieldPath: ".x['a.b']" })),
    list: list({ ...str, maxLength: 20, ...rules('self.startsWith("a")') }, { maxItems: 10 }),
    keyed: list(obj({ k: { ...str, maxLength: 9 }, v: positive({}) }, { required: ['k'] }), {
      ...keyed,
      ...rules({ rule: 'self.all(x, oldSelf.exists(y, x.k == y.k))', message: 'no new keys' }),
    }),
    labels: map({ ...str, ...rules('self != ""') }, { maxProperties: 10 }),
    port: { 'x-kubernetes-int-or-string': true, ...rules('self < 10') },
    large: { ...int, format: 'int64', ...rules('self == 9007199254740993') },
    short: { ...str, maxLength: 3 },
  },
  rules({ rule: '!has(self.size) || !has(self.odd) || self.size < self.odd', message: 'size must be less than odd' }),
);

const SCHEMA = obj(
  {
    spec: SPEC,
    metadata: obj({ name: { ...str, maxLength: 16, pattern: '^[a-z-]*$', ...rules('self != "weed"') } }),
    status: obj({
      phase: { ...str, ...rules({ rule: 'oldSelf != "Done" || self == "Done"', message: 'done is done' }) },
    }),
  },
  rules({ rule: 'self.metadata.name.size() < 8', message: 'name too long' }),
);

const definition = (openAPIV3Schema: object) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'pots.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Cluster',
    names: { plural: 'pots', kind: 'Pot' },
    versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema } }],
  },
});

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const POTS = '/apis/example.com/v1/pots';
const pot = (spec: object, name = 'pot') => ({ apiVersion: 'example.com/v1', kind: 'Pot', metadata: { name }, spec });

let mock: KubeMock;
let client: TestClient;
beforeAll(async () => {
  mock = await startKubeMock();
  client = new TestClient(mock);
  expect((await client.post(CRDS, definition(SCHEMA))).code).toBe(201);
});
afterAll(async () => {
  client.close();
  await mock.close();
});

/** Field and message of each cause; the code when there is none. */
function causesOf({ code, json }: Reply): unknown {
  const causes = json.details?.causes as { field: string; reason: string; message: string }[] | undefined;
  return (
    causes?.map(({ field, reason, message }) => `${field} ${reason.slice('FieldValue'.length)}: ${message}`) ?? code
  );
}

const invalid = (field: string, detail: string, type = 'integer') =>
  `${field} Invalid: Invalid value: "${type}": ${detail}`;

describe('at creation', () => {
  it.each<[spec: object, expected: unknown]>([
    [{ size: -5 }, 201],
    [{ odd: 2 }, [invalid('spec.odd', '2 is even')]],
    [{ fresh: 3 }, 201],
    [{ fresh: 4 }, [invalid('spec.fresh', 'three, for ever')]],
    [{ unsaid: 0 }, [invalid('spec.unsaid', 'must be positive')]],
    [{ unsaid: -1 }, [invalid('spec.unsaid', '-10')]],
    [{ lines: 0 }, [invalid('spec.lines', 'failed rule: self > 0')]],
    [{ forbidden: 0 }, ['spec.forbidden Forbidden: Forbidden: no']],
    [{ required: 0 }, ['spec.required Required: Required value: no']],
    [{ duplicate: 0 }, ['spec.duplicate Duplicate: Duplicate value: "integer"']],
    [{ path: {} }, [invalid('spec.path.x.a.b', 'failed rule: false', 'object')]],
    [{ list: ['a', 'b'] }, [invalid('spec.list[1]', 'failed rule: self.startsWith("a")', 'string')]],
    [{ keyed: [{ k: 'a', v: 0 }] }, [invalid('spec.keyed[0].v', 'failed rule: self > 0')]],
    [{ labels: { a: '' } }, [invalid('spec.labels[a]', 'failed rule: self != ""', 'string')]],
    [
      { port: 'a' },
      [
        invalid(
          'spec.port',
          "'no such overload': call arguments did not match a supported operator, function or macro signature for rule: self < 10",
          '',
        ),
      ],
    ],
    [{ size: 9, odd: 3 }, [invalid('spec', 'size must be less than odd', 'object')]],
    [
      { odd: 2, short: 'long' },
      [
        'spec.short TooLong: Too long: may not be more than 3 bytes',
        '<nil> Invalid: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      ],
    ],
  ])('%j', async (spec, expected) => {
    expect(causesOf(await client.post(`${POTS}?dryRun=All`, pot(spec)))).toEqual(expected);
  });

  it('of integers that numbers do not hold', async () => {
    const text = JSON.stringify(pot({ large: 0 }));
    const send = (large: string) => client.post(`${POTS}?dryRun=All`, text.replace('"large":0', `"large":${large}`));
    expect((await send('9007199254740993')).code).toBe(201);
    expect((await send('9007199254740992')).code).toBe(422);
  });

  it('of the root, which has the name and no path', async () => {
    const causes = causesOf(await client.post(POTS, pot({}, 'much-too-long')));
    expect(causes).toEqual([invalid('<nil>', 'name too long', 'object')]);
  });
});

it('of names, as far as a definition may say something of metadata', async () => {
  expect(causesOf(await client.post(POTS, pot({}, 'weed')))).toEqual([
    invalid('metadata.name', 'failed rule: self != "weed"', 'string'),
  ]);
  expect(causesOf(await client.post(POTS, pot({}, 'pot-1')))).toEqual([
    invalid('metadata.name', "metadata.name in body should match '^[a-z-]*$'", 'pot-1'),
  ]);
  expect(causesOf(await client.post(POTS, pot({}, 'seventeen-letters')))).toEqual([
    'metadata.name TooLong: Too long: may not be more than 16 bytes',
    '<nil> Invalid: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  ]);
});

describe('over time', () => {
  const patch = async (body: object, path = '/pot') => causesOf(await client.merge(`${POTS}${path}`, body));
  beforeAll(async () => {
    const spec = {
      size: 5,
      odd: 7,
      fresh: 3,
      keyed: [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
      ],
      labels: { a: 'x' },
      list: ['a1'],
    };
    expect((await client.post(POTS, pot(spec))).code).toBe(201);
  });

  it('compares with what was', async () => {
    expect(await patch({ spec: { size: 4 } })).toEqual([invalid('spec.size', 'cannot shrink')]);
    expect(await patch({ spec: { size: 6 } })).toBe(200);
    expect(await patch({ spec: { fresh: 4 } })).toEqual([invalid('spec.fresh', 'three, for ever')]);
    expect(await patch({ spec: { keyed: [{ k: 'c', v: 1 }] } })).toEqual([
      invalid('spec.keyed', 'no new keys', 'array'),
    ]);
    expect(
      await patch({
        spec: {
          keyed: [
            { k: 'b', v: 2 },
            { k: 'a', v: 1 },
          ],
        },
      }),
    ).toBe(200);
  });

  it('holds for the status', async () => {
    expect(await patch({ status: { phase: 'Done' } }, '/pot/status')).toBe(200);
    expect(await patch({ status: { phase: 'Open' } }, '/pot/status')).toEqual([
      invalid('status.phase', 'done is done', 'string'),
    ]);
  });

  it('holds for server-side apply and JSON patch', async () => {
    const body = JSON.stringify(pot({ odd: 4 }));
    const applied = await client.send('PATCH', `${POTS}/pot?fieldManager=m&force=true`, {
      body,
      type: 'application/apply-patch+yaml',
    });
    const causes = [invalid('spec', 'size must be less than odd', 'object'), invalid('spec.odd', '4 is even')];
    expect(causesOf(applied)).toEqual(causes);
    const operations = [{ op: 'replace', path: '/spec/odd', value: 4 }];
    const patched = await client.send('PATCH', `${POTS}/pot`, {
      body: operations,
      type: 'application/json-patch+json',
    });
    expect(causesOf(patched)).toEqual(causes);
  });
});

describe('when rules become stricter', () => {
  const strict = structuredClone(SCHEMA);
  const { spec } = strict.properties as { spec: typeof SPEC };
  Object.assign(strict, rules());
  Object.assign(spec, rules({ rule: 'has(self.unsaid)', message: 'strict spec' }));
  Object.assign(spec.properties!.odd!, rules({ rule: 'self > 100', message: 'strict odd' }));
  Object.assign(spec.properties!.list!.items!, rules('self == "never"'));
  Object.assign(spec.properties!.keyed!.items!.properties!.v!, rules('self > 1000'));
  Object.assign(spec.properties!.size!, rules({ rule: 'self > oldSelf + 1000', message: 'strict size' }));
  beforeAll(async () => {
    await client.put(`${POTS}/pot`, {
      ...pot({
        size: 5,
        odd: 7,
        list: ['a1'],
        keyed: [
          { k: 'a', v: 1 },
          { k: 'b', v: 2 },
        ],
      }),
      metadata: (await client.get(`${POTS}/pot`)).json.metadata,
    });
    const { metadata } = (await client.get(`${CRDS}/pots.example.com`)).json;
    expect((await client.put(`${CRDS}/pots.example.com`, { ...definition(strict), metadata })).code).toBe(200);
  });

  const odd = 'spec.odd: Invalid value: "integer": strict odd';
  const item = 'spec.list[0]: Invalid value: "string": failed rule: self == "never"';
  const value = (index: number) => `spec.keyed[${index}].v: Invalid value: "integer": failed rule: self > 1000`;
  it.each<[what: string, spec: object, causes: unknown, warned: string[]]>([
    [
      'what has changed must keep them, what has not is warned of',
      {
        unsaid: 1,
        size: null,
        keyed: [
          { k: 'b', v: 3 },
          { k: 'a', v: 1 },
        ],
      },
      [invalid('spec.keyed[0].v', 'failed rule: self > 1000')],
      [odd, item, value(1)],
    ],
    [
      'items of other lists count as new with one that is new',
      { unsaid: 1, size: null, list: ['a1', 'a2'] },
      [0, 1].map((index) => invalid(`spec.list[${index}]`, 'failed rule: self == "never"', 'string')),
      [odd, value(0), value(1)],
    ],
    [
      'rules about the old value hold always',
      { unsaid: 1, size: 5 },
      [invalid('spec.size', 'strict size')],
      [odd, item, value(0), value(1)],
    ],
    ['all that is left may stay', { unsaid: 1, size: null }, 200, [odd, item, value(0), value(1)]],
  ])('%s', async (_what, changes, causes, warned) => {
    const reply = await client.merge(`${POTS}/pot?dryRun=All`, { spec: changes });
    expect(causesOf(reply)).toEqual(causes);
    const warnings = [...String(reply.headers.warning).matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)];
    expect(warnings.map(([, text]) => text!.replaceAll('\\"', '"')).sort()).toEqual([...warned].sort());
  });

  it('a status does not excuse the rest', async () => {
    const reply = await client.merge(`${POTS}/pot/status`, { status: { phase: 'Done' } });
    expect(reply.code).toBe(422);
    expect(reply.json.details.causes).toHaveLength(6);
  });
});
