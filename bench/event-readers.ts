/**
 * What readers of a run's events cost the daemon: the time of a /metrics request without readers and with 200, in turns, during one run in
 * compressed time against the embedded service.
 *
 *    node bench/event-readers.ts [hosts = 2000] [readers = 200] [seconds a turn = 8] [turns = 3]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { packageRoot } from '../swarm/package-root.ts';
import { printTable } from './table.ts';

const [hosts = 2000, readers = 200, seconds = 8, turns = 3] = process.argv.slice(2).map(Number);
const PERIOD_MS = 100;
const HOSTS_A_CLUSTER = 5;

const plan = {
  name: 'readers',
  service: { url: 'embedded' },
  clock_speed: 30,
  boot_spread: '5m',
  clusters: [{ topology: { control_planes: 3, workers: HOSTS_A_CLUSTER - 3 }, amount: hosts / HOSTS_A_CLUSTER }],
};

const out = mkdtempSync(join(tmpdir(), 'swarm-bench-'));
const daemon = spawn(
  process.execPath,
  [join(packageRoot(), 'swarm', 'main.ts'), 'serve', '--listen', '127.0.0.1:0', '--out', out],
  { stdio: ['ignore', 'ignore', 'pipe'] },
);
const lines = createInterface({ input: daemon.stderr });
const [line] = (await once(lines, 'line')) as [string];
const base = /http:\/\/[\d.:]+/.exec(line)![0];

const body = JSON.stringify(plan);
const headers = { 'content-type': 'application/json' };
const started = await fetch(`${base}/api/v1/runs`, { method: 'POST', body, headers });
const { id } = (await started.json()) as { id: string };

interface Turn {
  times: number[];
  messages: number;
  refused: number;
}

/** Asks for the metrics at a steady pace while so many clients read. */
async function turn(count: number): Promise<Turn> {
  const result: Turn = { times: [], messages: 0, refused: 0 };
  const sockets = Array.from({ length: count }, () => {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/api/v1/runs/${id}/events`);
    socket.on('message', () => result.messages++);
    socket.on('error', () => result.refused++);
    return socket;
  });
  if (count > 0) await sleep(1000);
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const before = performance.now();
    await (await fetch(`${base}/metrics`)).text();
    result.times.push(performance.now() - before);
    await sleep(Math.max(0, PERIOD_MS - (performance.now() - before)));
  }
  for (const socket of sockets) socket.terminate();
  await sleep(500);
  return result;
}

const sums = new Map<number, Turn>([0, readers].map((count) => [count, { times: [], messages: 0, refused: 0 }]));
await sleep(5000);
for (let i = 0; i < turns; i++) {
  for (const [count, sum] of sums) {
    const { times, messages, refused } = await turn(count);
    sum.times.push(...times);
    sum.messages += messages;
    sum.refused += refused;
  }
}
const quantile = (sorted: number[], share: number) =>
  `${sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(1)} ms`;
printTable(
  `/metrics during a run of ${hosts} hosts`,
  ['readers', 'requests', 'p50', 'p99', 'most', 'events read a second', 'refused'],
  [...sums].map(([count, { times, messages, refused }]) => {
    const sorted = times.toSorted((a, b) => a - b);
    const read = (messages / Math.max(1, count) / (seconds * turns)).toFixed(0);
    return [
      String(count),
      String(times.length),
      ...[quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1)],
      read,
      String(refused),
    ];
  }),
);
daemon.kill('SIGINT');
await sleep(1000);
daemon.kill('SIGKILL');
rmSync(out, { recursive: true, force: true });
