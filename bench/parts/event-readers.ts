/**
 * What readers of a run's events cost the daemon: the time of a /metrics request without readers and with some, in turns, during one run in
 * compressed time against the embedded service.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { packageRoot } from '../../swarm/package-root.ts';
import type { Cell, Figures, PartContext } from '../part.ts';
import { end, start } from '../started.ts';
import { quantile } from '../table.ts';

interface Amounts {
  hosts: number;
  readers: number;
  /** Of a turn, and how many there are with readers and without. */
  seconds: number;
  turns: number;
}
const AMOUNTS: Record<'full' | 'quick', Amounts> = {
  full: { hosts: 2000, readers: 200, seconds: 8, turns: 3 },
  quick: { hosts: 1000, readers: 100, seconds: 4, turns: 1 },
};
const PERIOD_MS = 100;
const HOSTS_A_CLUSTER = 5;
/** Milliseconds until a good part of the hosts has booted. */
const BEFORE_MS = 5000;

interface Turn {
  times: number[];
  messages: number;
  refused: number;
}

/** See {@link PartModule}. */
export async function measure({ quick, folder, progress }: PartContext): Promise<Figures> {
  const amounts = quick ? AMOUNTS.quick : AMOUNTS.full;
  const { hosts, readers, seconds, turns } = amounts;
  const daemon = start(
    process.execPath,
    [join(packageRoot(), 'swarm', 'main.ts'), 'serve', '--listen', '127.0.0.1:0', '--out', folder],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const [line] = (await once(createInterface({ input: daemon.stderr! }), 'line')) as [string];
  const base = /http:\/\/[\d.:]+/.exec(line)?.[0];
  if (base === undefined) throw new Error(`the daemon said ${line}`);
  const body = JSON.stringify({
    name: 'readers',
    service: { url: 'embedded' },
    clock_speed: 30,
    boot_spread: '5m',
    clusters: [{ topology: { control_planes: 3, workers: HOSTS_A_CLUSTER - 3 }, amount: hosts / HOSTS_A_CLUSTER }],
  });
  const headers = { 'content-type': 'application/json' };
  const started = await fetch(`${base}/api/v1/runs`, { method: 'POST', body, headers });
  const { id } = (await started.json()) as { id: string };
  const sums = new Map<number, Turn>([0, readers].map((count) => [count, { times: [], messages: 0, refused: 0 }]));
  await sleep(BEFORE_MS);
  for (let i = 1; i <= turns; i++) {
    for (const [count, sum] of sums) {
      progress(`turn ${i} of ${turns} with ${count} readers, ${seconds} s`);
      const { times, messages, refused } = await turn(base, id, count, seconds);
      sum.times.push(...times);
      sum.messages += messages;
      sum.refused += refused;
    }
  }
  // The embedded service goes with it; nothing that it would clean up is left.
  await end(daemon, 'SIGKILL');
  return figures(sums, amounts);
}

/** Asks for the metrics at a steady pace while so many clients read. */
async function turn(base: string, id: string, count: number, seconds: number): Promise<Turn> {
  const result: Turn = { times: [], messages: 0, refused: 0 };
  const sockets = Array.from({ length: count }, () => {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/api/v1/runs/${id}/events`);
    socket.on('message', () => result.messages++);
    socket.on('error', () => result.refused++);
    return socket;
  });
  if (count > 0) await sleep(1000);
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const before = performance.now();
    await (await fetch(`${base}/metrics`)).text();
    result.times.push(performance.now() - before);
    await sleep(Math.max(0, PERIOD_MS - (performance.now() - before)));
  }
  for (const socket of sockets) socket.terminate();
  await sleep(500);
  return result;
}

function figures(sums: ReadonlyMap<number, Turn>, { hosts, seconds, turns }: Amounts): Figures {
  const all = [...sums].map(([count, { times, messages, refused }]) => {
    const sorted = times.toSorted((a, b) => a - b);
    const read = messages / Math.max(1, count) / (seconds * turns);
    return { count, requests: times.length, ...quantiles(sorted), read, refused };
  });
  const name = (count: number) => (count === 0 ? 'no reader' : `${count} readers`);
  return {
    tables: [
      {
        title: `/metrics during a run of ${hosts} hosts, ${turns} turns of ${seconds} s each`,
        head: ['', 'requests', 'p50 ms', 'p99 ms', 'most ms', 'events/s to a reader', 'refused'],
        rows: all.map(({ count, requests, p50, p99, most, read, refused }): Cell[] => [
          name(count),
          ...[requests, p50, p99, most, read, refused],
        ]),
      },
    ],
    charts: [
      {
        name: 'event-readers',
        title: 'A request for /metrics while others read the events of a run',
        unit: 'ms, less is better',
        groups: [
          { title: 'Median', bars: all.map(({ count, p50 }) => ({ label: name(count), value: p50, own: true })) },
          {
            title: '99th percentile',
            bars: all.map(({ count, p99 }) => ({ label: name(count), value: p99, own: true })),
          },
        ],
      },
    ],
    notes: [],
  };
}

const quantiles = (sorted: readonly number[]) => ({
  p50: quantile(sorted, 0.5),
  p99: quantile(sorted, 0.99),
  most: quantile(sorted, 1),
});
