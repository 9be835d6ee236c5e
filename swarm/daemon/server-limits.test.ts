/** Clients that do not behave: each comes to an end, and none holds up the server's. */
import net, { type AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { PlanReader } from './plan-reader.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import type { ServerLimits } from './server-limits.ts';
import { FakeParts } from './testing/fakes.ts';
import { holdOpen, rawExchange, requestText } from './testing/raw-http.ts';

const PLAN = '{"name": "tiny", "service": {"url": "embedded"}, "clock_speed": 1000, "clusters": [{"topology": "sno"}]}';
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
/** Patience of a server whose limits are looked at. */
const SHORT: Partial<ServerLimits> = { headersMs: 300, requestMs: 600, checkMs: 50, silenceMs: 800, closeMs: 100 };

/** One for all tests: a thread of its own takes a while to start. */
const plans = new PlanReader();
let runs: RunManager;
let parts: FakeParts;
let server: FastifyInstance;
let port: number;

async function serve(limits: Partial<ServerLimits>): Promise<void> {
  parts = new FakeParts();
  runs = new RunManager(parts);
  server = await createServer({ runs, agents: new PoolLoneAgents(), plans, exit: () => {}, limits });
  await server.listen({ host: '127.0.0.1', port: 0 });
  port = (server.server.address() as AddressInfo).port;
}
async function end(): Promise<void> {
  await runs.stop();
  await server.close();
}

const alive = async () => (await rawExchange(port, requestText('GET /metrics'))).status;
async function startRun(): Promise<string> {
  parts.service.readiness = 'insufficient';
  const answer = await rawExchange(
    port,
    requestText('POST /api/v1/runs', { 'Content-Type': 'application/json' }, PLAN),
  );
  return JSON.parse(answer.body).id;
}

describe('upgrades', () => {
  beforeEach(() => serve({ closeMs: 100 }));
  afterEach(end);

  it.each([
    ['a malformed path', requestText('GET /%zz', UPGRADE), 400],
    ['an unknown path', requestText('GET /nothing', UPGRADE), 404],
    ['a route that is no websocket', requestText('GET /metrics', UPGRADE), 200],
    ['an encoded form of the route', requestText('GET /api/v1/runs/x/%65vents', UPGRADE), 404],
    ['another method', requestText('DELETE /api/v1/runs/x/events', UPGRADE), 405],
    [
      'h2c',
      requestText('GET /metrics', { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': '' }),
      200,
    ],
    ['a protocol nobody knows', requestText('GET /metrics', { Connection: 'upgrade', Upgrade: 'x' }), 200],
  ])('for %s get an ordinary answer', async (_name, text, status) => {
    // The client keeps its half open and does not ask to close.
    const { socket, closed } = await holdOpen(port, text);
    const first = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(String(data))));
    expect(first).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    // The server can end although the client does not.
    await server.close();
    await closed;
  });

  it('for a run that is unknown, or that open no websocket, are refused in the shape of all errors', async () => {
    expect((await rawExchange(port, requestText('GET /api/v1/runs/none/events', UPGRADE))).status).toBe(404);
    const id = await startRun();
    const { 'Sec-WebSocket-Key': _key, ...keyless } = UPGRADE;
    const bad = { 'a short key': { ...UPGRADE, 'Sec-WebSocket-Key': 'abc' }, keyless };
    const old = { ...UPGRADE, 'Sec-WebSocket-Version': '1' };
    for (const headers of [{}, { Upgrade: 'websocket' }, ...Object.values(bad), old]) {
      for (const path of [`/api/v1/runs/${id}/events`, `/api/v1/runs/${id}/events/`]) {
        const answer = await rawExchange(port, requestText(`GET ${path}`, headers));
        expect(answer.status).toBe(426);
        expect(answer.headers).toMatchObject({ upgrade: 'websocket', 'sec-websocket-version': '13' });
        expect(JSON.parse(answer.body).error).toMatchObject({ status: 426, code: 'websocket-only' });
      }
    }
    expect((await rawExchange(port, requestText(`HEAD /api/v1/runs/${id}/events`))).status).toBe(426);
  });
});

describe('slow clients', () => {
  beforeAll(() => serve({ ...SHORT, heavyRequestsPerSecond: 1e6 }));
  afterAll(end);

  it.concurrent.each([
    ['nothing at all', ''],
    ['half of a head', 'GET /metrics HTTP/1.1\r\nHost: local'],
    [
      'half of a body',
      'POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    ],
    [
      'half of a chunk',
      'POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{',
    ],
    [
      'a refused request whose body never comes',
      'POST /api/v1/runs HTTP/1.1\r\nHost: evil\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n',
    ],
  ])('that send %s are cut off', async (_name, text) => {
    const { socket, closed } = await holdOpen(port, text);
    socket.resume();
    await closed;
    expect(await alive()).toBe(200);
  });

  it.concurrent('that send a byte now and then are cut off', async () => {
    const { socket, closed } = await holdOpen(port, 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ');
    socket.resume();
    const drip = setInterval(() => socket.write('x'), 20);
    await closed;
    clearInterval(drip);
    expect(await alive()).toBe(200);
  });

  // After the others: it looks at all connections.
  it('that ask and do not read are cut off', async () => {
    const { socket, closed } = await holdOpen(port);
    socket.pause();
    // Far more than the buffers of both ends hold.
    const ask = requestText('GET /api/v1/openapi.json', { Connection: 'keep-alive' });
    for (let i = 0; i < 1500; i++) socket.write(ask);
    // A paused socket learns of its end when it reads.
    const ended = await Promise.race([closed.then(() => true), whenConnectionsEnd()]);
    expect(ended).toBe(true);
    socket.destroy();
    expect(await alive()).toBe(200);
  });

  const whenConnectionsEnd = async () => {
    await expect
      .poll(() => new Promise((resolve) => server.server.getConnections((_error, count) => resolve(count))), {
        timeout: 20_000,
      })
      .toBe(0);
    return true;
  };
});

describe('what is not HTTP', () => {
  beforeAll(() => serve({ ...SHORT, heavyRequestsPerSecond: 1e6 }));
  afterAll(end);

  it.concurrent.each([
    ['garbage', Buffer.from([0, 255, 22, 3, 1, 2, 0, 1, 0, 13, 10, 13, 10])],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n'],
    [
      'two lengths',
      'POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a header with a line feed alone', 'GET /metrics HTTP/1.1\nHost: localhost\n\n'],
    ['garbage behind a good request', `${requestText('GET /', { Connection: 'keep-alive' })}\0\0\0\r\n\r\n`],
  ])('%s ends the connection and nothing else', async (_name, bytes) => {
    const { socket, closed } = await holdOpen(port, bytes);
    socket.resume();
    await closed;
    expect(await alive()).toBe(200);
  });

  it("a reset in the middle of anything is nobody else's matter", async () => {
    const id = await startRun();
    const texts = [
      'GET /metr',
      requestText('GET /metrics'),
      requestText(`GET /api/v1/runs/${id}/events`, UPGRADE),
      requestText('GET /%zz', UPGRADE),
      'POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    ];
    await Promise.all(
      texts.map(async (text) => {
        const { socket } = await holdOpen(port, text);
        socket.resetAndDestroy();
      }),
    );
    expect(await alive()).toBe(200);
  });
});

describe('too much', () => {
  afterEach(end);

  it('of a head or a body is refused, announced or not', async () => {
    await serve({ bodyBytes: 10_000, closeMs: 100 });
    const big = 'x'.repeat(100_000);
    expect((await rawExchange(port, requestText('GET /metrics', { 'X-Big': big }))).status).toBe(431);
    expect((await rawExchange(port, requestText(`GET /${big}`))).status).toBe(431);
    const json = { 'Content-Type': 'application/json' };
    for (const path of ['/api/v1/runs', '/api/assisted-swarm/agents']) {
      const announced = { ...json, 'Content-Length': '99999999999' };
      expect((await rawExchange(port, requestText(`POST ${path}`, announced))).status).toBe(413);
      const chunks = `${requestText(`POST ${path}`, { ...json, 'Transfer-Encoding': 'chunked' })}${`4000\r\n${'x'.repeat(0x4000)}\r\n`.repeat(4)}0\r\n\r\n`;
      expect((await rawExchange(port, chunks)).status).toBe(413);
    }
    expect(await alive()).toBe(200);
  });

  it('connections are closed at once, and the others go on', async () => {
    await serve({ connections: 20, closeMs: 100 });
    const held = await Promise.all(Array.from({ length: 20 }, () => holdOpen(port)));
    await Promise.all(Array.from({ length: 100 }, async () => (await holdOpen(port)).closed));
    const { socket } = held[7]!;
    socket.write(requestText('GET /metrics'));
    const answer = await new Promise((resolve) => socket.once('data', resolve));
    expect(String(answer)).toContain('200 OK');
    for (const one of held) one.socket.destroy();
  });

  it('requests in a second are told to wait, by the error of the API they ask', async () => {
    await serve({ requestsPerSecond: 5, heavyRequestsPerSecond: 2, closeMs: 100 });
    const many = async (path: string) =>
      Promise.all(Array.from({ length: 20 }, () => rawExchange(port, requestText(`GET ${path}`))));
    for (const path of ['/api/v1/runs', '/metrics', '/nothing', '/api/assisted-swarm/agents']) {
      const refused = (await many(path)).filter((one) => one.status === 429);
      expect(refused.length, path).toBeGreaterThan(0);
      expect(refused[0]!.headers['retry-after']).toBe('1');
      const { error, code } = JSON.parse(refused[0]!.body);
      expect(error?.code ?? code).toBe(path.includes('assisted') ? 429 : 'too-many-requests');
    }
  });
});

describe('websockets', () => {
  afterEach(end);

  it('of a client that does not answer pings are cut off', async () => {
    await serve({ pingMs: 50, closeMs: 100 });
    const id = await startRun();
    const { socket, closed } = await holdOpen(port, requestText(`GET /api/v1/runs/${id}/events`, UPGRADE));
    socket.resume();
    await closed;
    const good = new WebSocket(`ws://127.0.0.1:${port}/api/v1/runs/${id}/events`);
    let pings = 0;
    await new Promise<void>((resolve) => good.on('ping', () => ++pings === 5 && resolve()));
    expect(good.readyState).toBe(WebSocket.OPEN);
    good.terminate();
  });

  it('are limited in number and in what they may send', async () => {
    await serve({ websockets: 2, messageBytes: 100, closeMs: 100 });
    const id = await startRun();
    const open = () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/runs/${id}/events`);
      return new Promise<WebSocket | number>((resolve) => {
        socket.on('open', () => resolve(socket));
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode!));
        socket.on('error', () => {});
      });
    };
    const [first, second] = [await open(), await open()];
    expect(await open()).toBe(503);
    const end = new Promise((resolve) => (first as WebSocket).on('close', resolve));
    (first as WebSocket).send('x'.repeat(101));
    expect(await end).toBe(1009);
    (second as WebSocket).terminate();
  });
});

it('the server closes whatever its clients do', async () => {
  await serve({ closeMs: 100 });
  onTestFinished(end);
  const id = await startRun();
  const events = requestText(`GET /api/v1/runs/${id}/events`, UPGRADE);
  const clients = await Promise.all([
    ...Array.from({ length: 50 }, () => holdOpen(port)),
    holdOpen(port, 'GET /metr'),
    holdOpen(port, requestText('GET /%zz', UPGRADE)),
    holdOpen(port, requestText('GET /metrics', { Connection: 'Upgrade', Upgrade: 'h2c' })),
    // Never answers the closing handshake.
    holdOpen(port, events),
    // Begins a frame and does not go on.
    holdOpen(port, Buffer.concat([Buffer.from(events), Buffer.from([0x81, 0xfe])])),
    holdOpen(
      port,
      'POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n',
    ),
  ]);
  for (const { socket } of clients) socket.resume();
  expect(await alive()).toBe(200);
  await server.close();
  await Promise.all(clients.map(({ closed }) => closed));
  await expect(new Promise((_, reject) => net.connect(port, '127.0.0.1').on('error', reject))).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});
