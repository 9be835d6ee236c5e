import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BaseClock, type ClockTimer } from '../../model/time/clock.ts';
import type { RequestRecord, Telemetry } from '../telemetry/telemetry.ts';
import { NO_TELEMETRY } from '../telemetry/testing/no-telemetry.ts';
import type { Transport } from '../transport/transport.ts';
import { createUndiciTransport } from '../transport/undici.ts';
import { decodeJsonAnswer, isTypedError, operationPath } from './go-openapi.ts';
import { retryDelayMs, type ServiceClientKind } from './retry.ts';
import { createServiceClient, type ServiceCall, type ServiceClientOptions, ServiceError } from './service-client.ts';

/** Every sleep is over at once and noted. */
class NotingClock extends BaseClock {
  readonly speed = 1;
  readonly slept: number[] = [];
  #now = 1_000_000;

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    this.slept.push(ms);
    this.#now += ms;
    const handle = setImmediate(fn);
    return { cancel: () => clearImmediate(handle) };
  }
}

type Reaction = { status: number; body?: string; type?: string } | ((socket: Socket) => void);

let server: http.Server;
let transport: Transport;
let clock: NotingClock;
let seen: { head: string[]; method: string; url: string; body: string; port: number }[];
let records: RequestRecord[];
/** Tickets of attempts that have not ended, and how many began. */
let underWay: Set<number>;
let started: number;
let reactions: Reaction[];
let baseUrl: string;

beforeEach(async () => {
  seen = [];
  records = [];
  underWay = new Set();
  started = 0;
  reactions = [];
  clock = new NotingClock();
  server = http.createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method, url, rawHeaders, socket } = request;
      seen.push({ head: rawHeaders, method: method!, url: url!, body, port: socket.remotePort! });
      const reaction = (reactions.length > 1 ? reactions.shift() : reactions[0]) ?? { status: 200, body: '{}' };
      if (typeof reaction === 'function') {
        reaction(socket);
        return;
      }
      response.writeHead(
        reaction.status,
        reaction.type === '' ? {} : { 'content-type': reaction.type ?? 'application/json' },
      );
      response.end(reaction.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  transport = createUndiciTransport({
    mode: 'per-poll',
    idleTimeoutMs: 60_000,
    dialTimeoutMs: 5000,
    tlsHandshakeTimeoutMs: 5000,
    observer: { connectionOpened: () => {}, connectionClosed: () => {}, requestRepeated: () => {} },
  });
});

afterEach(async () => {
  // Whatever became of them: every attempt was under way once, and is no more.
  expect(underWay.size).toBe(0);
  expect(started).toBe(records.length);
  await transport.close();
  server.closeAllConnections();
  server.close();
});

function client(kind: ServiceClientKind, options: Partial<ServiceClientOptions> = {}) {
  const telemetry: Telemetry = {
    ...NO_TELEMETRY,
    request: (record: RequestRecord) => records.push(record),
    requestStarted: () => {
      underWay.add(++started);
      return started;
    },
    requestEnded: (ticket: number) => expect(underWay.delete(ticket)).toBe(true),
  };
  return createServiceClient({
    runtime: { clock, transport, telemetry, wallOf: (ms) => ms },
    kind,
    baseUrl,
    token: '',
    machine: 1,
    random: () => 0.5,
    ...options,
  });
}

const PROGRESS: ServiceCall = {
  endpoint: 'host-progress',
  params: { infra_env_id: 'ie', host_id: 'h' },
  json: { current_stage: 'Writing image to disk', progress_info: '<35%>' },
  expect: 200,
};
const CLUSTER: ServiceCall = {
  endpoint: 'get-cluster',
  params: { cluster_id: 'c' },
  query: [['exclude-hosts', 'true']],
  expect: 200,
};

async function failure(call: Promise<unknown>): Promise<ServiceError> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof ServiceError) return error;
  throw error;
}

describe('requests', () => {
  it('installer: JSON body, no id unless given, secret key even when empty', async () => {
    const installer = client('installer');
    await installer.call(PROGRESS);
    await installer.call({ ...PROGRESS, requestId: 'some-id' });
    expect(seen[0]).toMatchObject({
      method: 'PUT',
      url: '/api/assisted-install/v2/infra-envs/ie/hosts/h/progress',
      body: '{"current_stage":"Writing image to disk","progress_info":"<35%>"}\n',
    });
    const host = ['Host', baseUrl.slice('http://'.length), 'User-Agent', 'Go-http-client/1.1', 'Content-Length', '66'];
    const type = ['Accept', 'application/json', 'Content-Type', 'application/json'];
    expect(seen[0]!.head).toEqual([...host, ...type, 'X-Secret-Key', '', 'Accept-Encoding', 'gzip']);
    expect(seen[1]!.head).toEqual([
      ...[...host, ...type, 'X-Request-Id', 'some-id', 'X-Secret-Key', ''],
      ...['Accept-Encoding', 'gzip'],
    ]);
  });

  it('downloads ask for octets', async () => {
    await client('controller').call({
      endpoint: 'cluster-files',
      params: { cluster_id: 'c' },
      query: [['file_name', 'custom manifests.json']],
      accept: 'application/octet-stream',
      discardBody: true,
      expect: 200,
    });
    expect(seen[0]!.url).toBe('/api/assisted-install/v2/clusters/c/downloads/files?file_name=custom+manifests.json');
    expect(seen[0]!.head.slice(4, 6)).toEqual(['Accept', 'application/octet-stream']);
  });

  it('uploads one part in chunks with a boundary of 60 hex digits', async () => {
    reactions = [{ status: 204, type: '' }];
    await client('agent-logs').call({
      endpoint: 'upload-logs',
      params: { cluster_id: 'c' },
      query: [
        ['logs_type', 'host'],
        ['host_id', 'h'],
      ],
      upload: {
        field: 'upfile',
        filename: 'logs.tar.gz',
        contentType: 'application/x-gzip',
        content: Buffer.from('gz'),
      },
      expect: 204,
    });
    expect(seen[0]!.url).toMatch(/\/logs\?host_id=h&logs_type=host$/);
    const boundary = /boundary=([0-9a-f]{60})$/.exec(seen[0]!.head.at(seen[0]!.head.indexOf('Content-Type') + 1)!)![1];
    expect(seen[0]!.body).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="upfile"; filename="logs.tar.gz"\r\nContent-Type: application/x-gzip\r\n\r\ngz\r\n--${boundary}--\r\n`,
    );
    expect(seen[0]!.head).toContain('Transfer-Encoding');
    expect(records[0]!.client).toBe('agent');
  });

  it('user: Authorization instead of the secret key', async () => {
    await client('user', { token: null, authorization: 'Bearer abc' }).call(CLUSTER);
    expect(seen[0]!.head).toContain('Bearer abc');
    expect(seen[0]!.head).not.toContain('X-Secret-Key');
  });

  it('keeps its connection', async () => {
    const installer = client('installer');
    for (let i = 0; i < 3; i++) await installer.call(CLUSTER);
    expect(new Set(seen.map(({ port }) => port)).size).toBe(1);
  });

  it('names a missing parameter', async () => {
    await expect(client('user').call({ endpoint: 'get-host', expect: 200 })).rejects.toThrow(/infra_env_id/);
  });
});

describe('answers', () => {
  it('json parses, and tells when it cannot', async () => {
    reactions = [
      { status: 200, body: '{"status":"ready"}' },
      { status: 200, body: '<html>', type: 'text/html' },
    ];
    const user = client('user');
    expect(await user.json(CLUSTER)).toEqual({ status: 'ready' });
    expect(await failure(user.json(CLUSTER))).toMatchObject({ status: 200, typed: false, detail: '<html>' });
  });

  it('another good status than demanded is an error', async () => {
    reactions = [{ status: 201, body: '{}' }];
    expect(await failure(client('user').call(PROGRESS))).toMatchObject({ status: 201 });
  });

  it.each([
    ['application/json', '{"code":"404"}', true],
    ['application/json; charset=utf-8', '', true],
    ['', '', true],
    ['text/html', '<html>', true],
    ['text/plain', 'not found', false],
    ['text/plain', '', true],
    ['application/json', '{"code":', false],
    ['application/problem+json', '{}', false],
  ])('error of type "%s" with body "%s": typed %s', async (type, body, typed) => {
    reactions = [{ status: 409, type, body }];
    expect(await failure(client('agent-logs').call(PROGRESS))).toMatchObject({ status: 409, typed, detail: body });
  });

  it.each([
    ['{"code":"400","href":"","id":400,"kind":"Error","reason":"no such image"}', 'no such image'],
    ['{"code":602,"message":"name in body is required"}', 'name in body is required'],
    ['{"reason":7}', '{"reason":7}'],
    ['null', 'null'],
    ['{"reason":"a\\u001b[2J\\u0007b\\u009b31m\\n\\tc"}', 'a [2J b 31m\n\tc'],
    ['\u001b]0;title\u0007no JSON', ' ]0;title no JSON'],
    [`{"reason":"${'a'.repeat(1000)}the cause"}`, `${'a'.repeat(300)} … ${'a'.repeat(291)}the cause`],
  ])('tells the reason in %s', async (body, detail) => {
    reactions = [{ status: 400, type: 'application/json', body }];
    const error = await failure(client('user').call(PROGRESS));
    expect(error).toMatchObject({ detail, message: `host-progress answered 400, not 200: ${detail}` });
  });
});

describe('retries', () => {
  const tries: [ServiceClientKind, number | 'reset', ServiceCall, number][] = [
    ['installer', 500, PROGRESS, 361],
    ['installer', 404, CLUSTER, 11],
    ['installer', 423, CLUSTER, 11],
    ['installer', 429, PROGRESS, 361],
    ['installer', 409, PROGRESS, 1],
    ['installer', 'reset', PROGRESS, 1],
    ['controller', 503, PROGRESS, 16],
    ['controller', 408, PROGRESS, 16],
    ['controller', 404, CLUSTER, 11],
    ['agent-logs', 503, PROGRESS, 4],
    ['agent-logs', 504, PROGRESS, 4],
    ['agent-logs', 500, PROGRESS, 1],
    ['agent-logs', 404, PROGRESS, 1],
    ['user', 503, CLUSTER, 4],
    ['user', 500, CLUSTER, 1],
    ['user', 'reset', CLUSTER, 4],
    ['user', 503, { endpoint: 'register-cluster', json: {}, expect: 201 }, 1],
  ];

  it.each(tries)('%s after %s', async (kind, outcome, call, expected) => {
    reactions = [outcome === 'reset' ? (socket) => socket.resetAndDestroy() : { status: outcome, type: '' }];
    const error = await failure(client(kind).call(call));
    expect(error.status).toBe(outcome === 'reset' ? 0 : outcome);
    expect(seen.length).toBe(expected);
    expect(records.length).toBe(expected);
    expect(new Set(seen.map(({ head, body }) => JSON.stringify([head, body]))).size).toBe(1);
    // Half of 2, 4, 8, then 10 s.
    const nominal = [1000, 2000, 4000, 5000, 5000];
    expect(clock.slept).toEqual(Array.from({ length: expected - 1 }, (_, index) => nominal[Math.min(index, 4)]!));
    const dues = records.map(({ dueAt }) => dueAt - 1_000_000);
    expect(dues).toEqual([
      0,
      ...clock.slept.map((_, index) => clock.slept.slice(0, index + 1).reduce((a, b) => a + b)),
    ]);
  });

  it.each([
    ['installer', 361],
    ['controller', 16],
    ['agent-logs', 1],
    ['user', 4],
  ] as [ServiceClientKind, number][])('%s when refused', async (kind, expected) => {
    await new Promise((resolve) => server.close(resolve));
    const error = await failure(client(kind).call({ ...PROGRESS, dueMs: 5 }));
    expect(error).toMatchObject({ status: 0, detail: 'refused' });
    expect(records.length).toBe(expected);
    expect(records[0]).toMatchObject({ outcome: 'refused', dueAt: 5, firstByteAt: 0, bytesReceived: 0 });
  });

  it('ends with success', async () => {
    reactions = [
      { status: 503, type: '' },
      { status: 503, type: '' },
      { status: 200, body: '[]' },
    ];
    expect(await client('agent-logs').json(CLUSTER)).toEqual([]);
    expect(records.map(({ outcome }) => outcome)).toEqual([503, 503, 200]);
  });

  it('throws the reason of an abort, under way and between tries', async () => {
    const reason = new Error('unplugged');
    const controller = new AbortController();
    reactions = [() => controller.abort(reason)];
    await expect(client('installer').call({ ...CLUSTER, signal: controller.signal })).rejects.toBe(reason);
    const between = new AbortController();
    reactions = [{ status: 500, type: '' }];
    clock.setTimer = () => {
      setImmediate(() => between.abort(reason));
      return { cancel: () => {} };
    };
    await expect(client('installer').call({ ...CLUSTER, signal: between.signal })).rejects.toBe(reason);
  });

  it('never waits longer than ten seconds', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (index, random) => {
        const delay = retryDelayMs(index, () => random);
        return delay >= 0 && delay <= Math.min(10_000, 2000 * 2 ** index);
      }),
    );
  });
});

describe('go-openapi', () => {
  it('reads the first value only, and an empty body as an empty object', () => {
    expect(decodeJsonAnswer('application/json', Buffer.from('{"a":1} trailing'))).toEqual({ a: 1 });
    expect(decodeJsonAnswer('', Buffer.from(''))).toEqual({});
    expect(decodeJsonAnswer('text/html', Buffer.from('<html>'))).toBeUndefined();
    expect(decodeJsonAnswer('application/json', Buffer.from('[1]'))).toBeUndefined();
  });

  it('never throws on an answer', () => {
    fc.assert(
      fc.property(fc.string(), fc.oneof(fc.string(), fc.json()), (type, body) => {
        decodeJsonAnswer(type, Buffer.from(body));
        decodeJsonAnswer('application/json', Buffer.from(body));
        isTypedError(type, Buffer.from(body));
        isTypedError('application/json', Buffer.from(body));
      }),
    );
  });

  it('encodes any parameter so that it comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (id, value) => {
        fc.pre(!['', '.', '..'].includes(id));
        const path = operationPath('get-cluster', { cluster_id: id }, [['q', value]]);
        const url = new URL(path, 'http://service.example.com');
        expect(decodeURIComponent(url.pathname.split('/').at(-1)!)).toBe(id);
        expect(url.searchParams.get('q')).toBe(value);
      }),
    );
  });
});
