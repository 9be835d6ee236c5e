/** A run whose daemon is under attack ends with its summary and its exit code all the same. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import WebSocket from 'ws';
import { holdOpen, rawExchange, requestText } from '../daemon/testing/raw-http.ts';
import type { RunSummary } from '../report/summary.ts';
import { CLI_ENV, MAIN } from './testing/cli.ts';

const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
const PLAN = `
name: besieged
seed: besieged
service: { url: embedded, agent_token: agent-token-7f3a }
clock_speed: 60
boot_spread: 5s
spoke_profile: quick
# How busy this machine is with other things says nothing here.
thresholds: { generator_saturation: 'off' }
clusters: [{ topology: sno }]
`;

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

function swarm(folder: string, ...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: CLI_ENV,
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  const said = (pattern: RegExp) =>
    expect
      .poll(() => pattern.exec(stderr)?.[1], { timeout: 90_000 })
      .toBeTruthy()
      .then(() => pattern.exec(stderr)![1]!);
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, stdout, stderr });
    }),
  );
  return { child, said, ended };
}

/** Everything that stays open or waits, at once. */
async function besiege(port: number, run: string): Promise<void> {
  const events = `GET /api/v1/runs/${run}/events`;
  const held = [
    requestText('GET /%zz', UPGRADE),
    requestText('GET /nothing', UPGRADE),
    requestText('GET /metrics', UPGRADE),
    requestText('GET /metrics', { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': '' }),
    requestText(events, UPGRADE),
    `${requestText(events, UPGRADE)}\x81\xfe`,
    'GET /metr',
    'POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n{',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'CONNECT evil:1 HTTP/1.1\r\nHost: evil:1\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00',
  ];
  for (const text of held) {
    const { socket } = await holdOpen(port, Buffer.from(text, 'latin1'));
    socket.resume();
  }
  // Asks for much, reads nothing, and is still there at the end.
  const deaf = await holdOpen(port);
  deaf.socket.pause();
  for (let i = 0; i < 300; i++) deaf.socket.write(requestText('GET /', { Connection: 'keep-alive' }));
  const giant = requestText('POST /api/v1/runs', {
    'Content-Type': 'application/json',
    'Content-Length': '99999999999',
  });
  expect((await rawExchange(port, giant)).status).toBe(413);
  const foreign = { 'Content-Type': 'application/json', Origin: 'http://evil.example' };
  expect((await rawExchange(port, requestText('POST /api/v1/runs', foreign, '{}'))).status).toBe(403);
  const exit = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' };
  expect((await rawExchange(port, requestText('GET /api/assisted-swarm/exit', exit))).status).toBe(403);
  const rebound = requestText(`POST /api/v1/runs/${run}/stop`, { Host: 'evil.example' });
  expect((await rawExchange(port, rebound)).status).toBe(421);
  // Last: they take every connection that is left.
  await Promise.all(Array.from({ length: 1000 }, () => holdOpen(port).catch(() => {})));
}

it.concurrent('passes, prints its summary and exits with 0 beside 1,000 sockets and all kinds of stuck clients', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-siege-'));
  writeFileSync(join(folder, 'plan.yaml'), PLAN);
  const { said, ended } = swarm(folder, 'run', 'plan.yaml', '--listen', '127.0.0.1:0', '--json', '--quiet');
  const url = await said(/page, API and metrics: (\S+)/);
  const [run] = (await (await fetch(`${url}/api/v1/runs`)).json()) as { id: string }[];
  await besiege(Number(new URL(url).port), run!.id);

  const { code, stdout, stderr } = await ended;
  const summary = JSON.parse(stdout) as RunSummary;
  expect(summary.reasons).toEqual([]);
  expect(summary.verdict).toBe('passed');
  expect(summary.clusters).toMatchObject({ planned: 1, installed: 1 });
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/unsettled|internal error|at .*\.ts:\d/);
  const kept = join(folder, 'runs', run!.id);
  expect(JSON.parse(readFileSync(join(kept, 'summary.json'), 'utf8'))).toEqual(summary);
  for (const name of readdirSync(kept)) {
    expect(readFileSync(join(kept, name), 'latin1'), name).not.toContain('agent-token-7f3a');
  }
}, 120_000);

it.concurrent('of all addresses demands the token of a file that others cannot read, over TLS where asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-guarded-'));
  const args = ['serve', '--listen', '0.0.0.0:0', '--tls-self-signed'];
  const daemon = swarm(folder, ...args);
  const url = (await daemon.said(/listening on (https:\S+)/)).replace('0.0.0.0', '127.0.0.1');
  const file = await daemon.said(/clients need the token in (\S+), made now/);
  expect(await daemon.said(/fingerprint \(SHA-256\): ((?:[0-9A-F]{2}:){31}[0-9A-F]{2})/)).toBeTruthy();
  const path = join(folder, file);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const token = readFileSync(path, 'utf8').trim();
  expect(token).toMatch(/^[\w-]{43}$/);

  const { Agent, request } = await import('undici');
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  const ask = async (at: string, headers = {}) => {
    const { statusCode, body } = await request(`${url}${at}`, { dispatcher, headers });
    await body.dump();
    return statusCode;
  };
  expect(await ask('/api/v1/runs')).toBe(401);
  expect(await ask('/metrics', { authorization: 'Bearer x' })).toBe(401);
  expect(await ask('/metrics', { authorization: `Bearer ${token}` })).toBe(200);
  expect(await ask('/api/assisted-swarm/health')).toBe(204);
  await dispatcher.close();
  daemon.child.kill('SIGINT');
  const first = await daemon.ended;
  expect(first.code).toBe(0);
  expect(first.stdout + first.stderr).not.toContain(token);

  // The same token after a restart.
  const again = swarm(folder, ...args);
  await again.said(/(clients need the token in \S+)$/m);
  again.child.kill('SIGINT');
  await again.ended;
  expect(readFileSync(path, 'utf8').trim()).toBe(token);
}, 60_000);

it.concurrent('ends gracefully when a client asks a run for its exit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-exit-'));
  writeFileSync(join(folder, 'plan.yaml'), PLAN.replace('clock_speed: 60', 'clock_speed: 1'));
  const { said, ended } = swarm(folder, 'run', 'plan.yaml', '--listen', '127.0.0.1:0', '--json', '--quiet');
  const url = await said(/page, API and metrics: (\S+)/);
  const [run] = (await (await fetch(`${url}/api/v1/runs`)).json()) as { id: string }[];
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/runs/${run!.id}/events`);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await new Promise((resolve) => socket.on('open', resolve));
  expect((await fetch(`${url}/api/assisted-swarm/exit`)).status).toBe(204);
  const { code, stdout } = await ended;
  expect(JSON.parse(stdout).verdict).toBe('interrupted');
  expect(code).toBe(130);
  expect(await closed).toBe(1000);
}, 60_000);
