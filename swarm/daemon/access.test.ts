/** Attacks on the daemon's API through real sockets: nothing passes that should not, and its own clients still do. */
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type AccessRules, hostName, isLoopback, TOKEN_PROTOCOL } from './access.ts';
import { PlanReader } from './plan-reader.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts } from './testing/fakes.ts';
import { rawExchange, requestText } from './testing/raw-http.ts';
import { AccessToken } from './token.ts';

const PLAN = '{"name": "tiny", "service": {"url": "embedded"}, "clock_speed": 1000, "clusters": [{"topology": "sno"}]}';
const TOKEN = 'correct-horse-battery-staple';
/** Every route and some that are none. */
const PATHS = [
  'GET /',
  'GET /metrics',
  'GET /api/v1/runs',
  'POST /api/v1/runs',
  'GET /api/v1/openapi.json',
  'GET /api/v1/runs/x',
  'POST /api/v1/runs/x/stop',
  'GET /api/v1/runs/x/events',
  'GET /api/assisted-swarm/agents',
  'POST /api/assisted-swarm/agents',
  'DELETE /api/assisted-swarm/agents/1',
  'GET /api/assisted-swarm/health',
  'GET /api/assisted-swarm/exit',
  'GET /nothing',
  'OPTIONS /api/v1/runs',
  'PUT /api/assisted-swarm/agents',
  'GET /%zz',
  'GET //',
  'GET /..%2fmetrics',
  'GET /api/v1/../v1/runs',
  'GET /api/v1%2fruns',
  'GET /metrics%00',
  `GET /${'a'.repeat(10_000)}`,
];

let parts: FakeParts;
/** One for all tests: a thread of its own takes a while to start. */
const plans = new PlanReader();
let runs: RunManager;
let server: FastifyInstance;
let port: number;
let exits: number;

async function serve(access?: AccessRules): Promise<void> {
  parts = new FakeParts();
  runs = new RunManager(parts);
  exits = 0;
  server = await createServer({
    runs,
    agents: new PoolLoneAgents(),
    plans,
    exit: () => {
      exits++;
    },
    ...(access && { access }),
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  port = (server.server.address() as AddressInfo).port;
}
async function end(): Promise<void> {
  await runs.stop();
  await server.close();
}
/** One server for tests that change nothing of it. */
const shared = (access?: AccessRules) => {
  beforeAll(() => serve(access));
  afterAll(end);
};

const ask = (line: string, headers: Record<string, string> = {}, body = '') =>
  rawExchange(port, requestText(line, headers, body));
const codeOf = (answer: { body: string }) => JSON.parse(answer.body).error?.code;

describe('on loopback', () => {
  shared({ token: null, hosts: new Set(['swarm.example.com']) });

  it.each([
    'localhost',
    'localhost:1',
    'LOCALHOST.',
    '127.0.0.1',
    '127.9.9.9:80',
    '[::1]',
    'swarm.example.com:5566',
  ])('the Host %s is known', async (host) => {
    expect((await ask('GET /api/v1/runs', { Host: host })).status).toBe(200);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'swarm.example.com.evil.example',
    '10.0.0.1',
    '0.0.0.0',
    '[::]',
    'evil@localhost',
    'localhost/evil',
    'localhost:80:80',
    '',
  ])('the Host %j is refused everywhere', async (host) => {
    for (const line of PATHS) {
      const answer = await ask(line, { Host: host });
      expect([400, 421], line).toContain(answer.status);
      expect(answer.headers['access-control-allow-origin'], line).toBeUndefined();
    }
  });

  it('two Host headers, or a target with a host of its own, are refused', async () => {
    const two = await rawExchange(
      port,
      'GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\nConnection: close\r\n\r\n',
    );
    expect(two.status).toBe(400);
    expect((await ask('GET http://evil.example/metrics')).status).toBe(400);
    expect((await ask('GET http://localhost/metrics')).status).toBe(400);
    expect((await rawExchange(port, 'GET /metrics HTTP/1.0\r\n\r\n')).status).toBe(400);
  });

  it.each([
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
    { Origin: 'http://localhost:1' },
    { Origin: 'file://' },
    { Origin: 'http://localhost@evil.example' },
    { Origin: '' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'something-new' },
    { Origin: 'http://evil.example', 'Sec-Fetch-Site': 'same-origin' },
  ])('a page with %j is refused everywhere', async (headers) => {
    for (const line of PATHS) {
      const answer = await ask(line, headers as Record<string, string>);
      expect(answer.status, line).toBe(403);
      expect(answer.headers['access-control-allow-origin'], line).toBeUndefined();
    }
  });

  it('a link to the page may be followed, one to anything else not', async () => {
    const link = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' };
    expect((await ask('GET /', link)).status).toBe(200);
    for (const path of ['/?x', '/metrics', '/api/v1/runs', '/api/assisted-swarm/exit']) {
      expect((await ask(`GET ${path}`, link)).status, path).toBe(403);
    }
  });

  it.each([
    'text/plain',
    'text/plain;charset=utf-8',
    'text/plain; x=application/json',
    'TEXT/PLAIN',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/yaml',
    'text/plain, application/json',
    'application/jsonp',
    '',
    undefined,
  ])('a plan of type %j, which needs no preflight, starts nothing', async (type) => {
    const answer = await ask('POST /api/v1/runs', type === undefined ? {} : { 'Content-Type': type }, PLAN);
    expect(answer.status).toBe(415);
    expect(codeOf(answer)).toBe('unknown-media-type');
    expect(runs.current).toBeNull();
    const agents = await ask('POST /api/assisted-swarm/agents', { ...(type && { 'Content-Type': type }) }, '{}');
    expect(agents.status).toBe(415);
  });

  it('the page runs its own files alone and cannot be framed', async () => {
    const { headers, body } = await ask('GET /');
    expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'; style-src 'self';/);
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['x-frame-options']).toBe('DENY');
    // Nothing stands in the document itself: whatever got into it could not run.
    expect(body.match(/<script[^>]*>/g)).toEqual(['<script type="module" src="/page/app.js">']);
    expect(body).not.toMatch(/<script[^>]*>[^<]|<style|\sstyle=|\son\w+=/);
    const metrics = await ask('GET /metrics');
    expect(metrics.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it('refusals of the public API have the shape of its framework', async () => {
    const answer = await ask('GET /api/assisted-swarm/agents', { Origin: 'http://evil.example' });
    expect(JSON.parse(answer.body)).toEqual({ code: 403, message: expect.stringContaining('another origin') });
  });
});

describe('on loopback, what changes something', () => {
  beforeEach(() => serve());
  afterEach(end);

  it('its own page may do everything but end it', async () => {
    const own = { Host: `localhost:${port}`, Origin: `http://localhost:${port}`, 'Sec-Fetch-Site': 'same-origin' };
    expect((await ask('GET /api/v1/runs', own)).status).toBe(200);
    expect((await ask('POST /api/v1/runs', { ...own, 'Content-Type': 'application/json' }, PLAN)).status).toBe(201);
    expect((await ask('GET /api/assisted-swarm/exit', own)).status).toBe(403);
  });

  it.each([
    'application/json',
    'application/yaml',
    'application/x-yaml',
    'text/yaml',
    'text/x-yaml; charset=utf-8',
  ])('a plan of type %s starts a run', async (type) => {
    expect((await ask('POST /api/v1/runs', { 'Content-Type': type }, PLAN)).status).toBe(201);
  });

  it.each([
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'image' },
    { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Dest': 'document' },
    { Referer: 'http://evil.example/' },
    { Cookie: 'a=b' },
    { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64)' },
    { 'Upgrade-Insecure-Requests': '1' },
  ])('a browser with %j cannot end it, however it writes the path', async (headers) => {
    for (const path of ['exit', 'exit?x', '%65xit', 'exit#x']) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask(`${method} /api/assisted-swarm/${path}`, headers as Record<string, string>);
        expect(answer.status, path).toBeGreaterThanOrEqual(400);
      }
    }
    expect((await ask('HEAD /api/assisted-swarm/exit')).status).toBe(404);
    expect((await ask('GET /api/assisted-swarm/exit')).status).toBe(204);
    await expect.poll(() => exits).toBe(1);
  });
});

describe('websockets', () => {
  afterEach(end);
  const open = (path: string, options: object, protocols: string[] = []) =>
    new Promise<{ status: number; socket?: WebSocket }>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, options);
      socket.on('open', () => resolve({ status: 101, socket }));
      socket.on('unexpected-response', (_request, response) => resolve({ status: response.statusCode! }));
      socket.on('error', () => {});
    });
  const start = () => {
    parts.service.readiness = 'insufficient';
    return ask(
      'POST /api/v1/runs',
      { 'Content-Type': 'application/json', Authorization: `Bearer ${TOKEN}` },
      PLAN,
    ).then((answer) => `/api/v1/runs/${JSON.parse(answer.body).id}/events`);
  };

  it('open for programs and the own page, and not for pages of another origin or by another name', async () => {
    await serve();
    const path = await start();
    expect((await open(path, {})).status).toBe(101);
    expect((await open(path, { origin: `http://127.0.0.1:${port}` })).status).toBe(101);
    expect((await open(path, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await open(path, { origin: 'null' })).status).toBe(403);
    expect((await open(path, { headers: { host: 'evil.example' } })).status).toBe(421);
    expect((await open(path, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    expect((await open('/api/v1/runs/none/events', {})).status).toBe(404);
  });

  it('need the token where one is demanded; a browser offers it as a protocol and gets the other one', async () => {
    await serve({ token: new AccessToken(TOKEN), hosts: new Set() });
    const path = await start();
    const offer = (token: string) => TOKEN_PROTOCOL + Buffer.from(token).toString('base64url');
    expect((await open(path, {})).status).toBe(401);
    expect((await open(`${path}?token=${TOKEN}`, {})).status).toBe(401);
    expect((await open(path, {}, ['swarm.events', offer('wrong')])).status).toBe(401);
    expect((await open(path, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(101);
    const { status, socket } = await open(path, {}, [offer(TOKEN), 'swarm.events']);
    expect(status).toBe(101);
    expect(socket!.protocol).toBe('swarm.events');
  });

  it('say that they are ones to who asks without', async () => {
    await serve();
    const path = await start();
    const plain = await ask(`GET ${path}`);
    expect([plain.status, codeOf(plain)]).toEqual([426, 'websocket-only']);
  });
});

describe('with a token', () => {
  shared({ token: new AccessToken(TOKEN), hosts: new Set() });

  it.each([
    {},
    { Authorization: 'Bearer wrong' },
    { Authorization: `Bearer ${TOKEN}x` },
    { Authorization: `Bearer ${TOKEN.slice(0, -1)}` },
    { Authorization: 'Bearer' },
    { Authorization: TOKEN },
    { Authorization: `Basic ${Buffer.from(`a:${TOKEN}`).toString('base64')}` },
    { Cookie: `token=${TOKEN}` },
    { 'X-Token': TOKEN },
    { 'Sec-WebSocket-Protocol': TOKEN },
  ])('nothing but page and health is answered for %j', async (headers) => {
    for (const line of PATHS) {
      const answer = await ask(line, headers as Record<string, string>);
      if (['GET /', 'GET /api/assisted-swarm/health'].includes(line)) expect(answer.status).toBeLessThan(300);
      else {
        expect(answer.status, line).toBe(401);
        expect(answer.headers['www-authenticate'], line).toContain('Bearer');
        expect(answer.body).not.toContain(TOKEN);
      }
    }
    expect(exits).toBe(0);
  });

  it('the right one opens everything, by any Host, and is not taken from the query', async () => {
    const right = { Host: 'swarm.cluster.local', Authorization: `Bearer ${TOKEN}` };
    expect((await ask('GET /metrics', right)).status).toBe(200);
    expect((await ask('GET /api/v1/runs', { ...right, Authorization: `bearer  ${TOKEN} ` })).status).toBe(200);
    expect((await ask('POST /api/v1/runs', { ...right, 'Content-Type': 'application/json' }, PLAN)).status).toBe(201);
    expect((await ask('GET /nothing', right)).status).toBe(404);
    for (const name of ['token', 'access_token', 'authorization']) {
      expect((await ask(`GET /metrics?${name}=${TOKEN}`)).status).toBe(401);
    }
    expect((await ask('GET /metrics', { ...right, Origin: 'http://evil.example' })).status).toBe(403);
  });

  it('no path reaches anything without it', async () => {
    const piece = fc.constantFrom('/', '//', '..', '.', '%2f', '%2e', '%00', '%zz', ';', '?', '\\', 'api', 'v1', 'runs',
      'assisted-swarm', 'health', 'exit', 'metrics', 'agents', '*', ':', '%252f'); // biome-ignore format: a list of words
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 12 }), async (pieces) => {
        const path = `/${pieces.join('')}`;
        const { status, body } = await ask(`GET ${path}`);
        if (status < 400) expect(['/', '/api/assisted-swarm/health']).toContain(path);
        expect(body).not.toContain('swarm_build_info');
      }),
      { numRuns: 150 },
    );
    expect(exits).toBe(0);
  });
});

describe('names', () => {
  it.each([
    ['localhost:80', 'localhost', true],
    ['127.1', '127.0.0.1', true],
    ['0x7f.0.0.1:5', '127.0.0.1', true],
    ['::1', '[::1]', true],
    ['[0:0:0:0:0:0:0:1]:80', '[::1]', true],
    ['0.0.0.0', '0.0.0.0', false],
    ['Example.COM.', 'example.com', false],
    ['a b', '', false],
    ['user@localhost', '', false],
    ['127.0.0.1.nip.io', '127.0.0.1.nip.io', false],
  ])('%s is %s', (text, name, loopback) => {
    expect(hostName(text)).toBe(name);
    expect(isLoopback(text)).toBe(loopback);
  });
});
