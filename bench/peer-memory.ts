/** What other programs take for a host that waits. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { K6_ALONE, ONE_CORE } from './load-generators.ts';
import type { BareServer } from './server.ts';
import { end, start } from './started.ts';
import { runSwarm } from './swarm-run.ts';
import { residentBytes } from './usage.ts';

/** Milliseconds between two looks, and those in which the memory of a program comes to rest. */
const LOOK_MS = 100;
const REST_MS = 3000;
const LIMIT_MS = 60_000;

/** Resident bytes of each further virtual user of k6 that sleeps after one request, from two amounts of them. */
export async function virtualUserBytes(
  program: string,
  { server, users, folder }: { server: BareServer; users: readonly [number, number]; folder: string },
): Promise<number> {
  const file = join(folder, 'k6-users.js');
  const url = `http://127.0.0.1:${server.http}/`;
  writeFileSync(
    file,
    `import http from 'k6/http';\nimport { sleep } from 'k6';\nexport default function () { http.get('${url}'); sleep(3600); }\n`,
  );
  const bytes: number[] = [];
  for (const amount of users) {
    const before = await server.requests();
    const args = [...K6_ALONE, '--vus', `${amount}`, '--duration', '1h', '--no-summary', file];
    const child = start(program, args, { env: ONE_CORE, stdio: 'ignore' });
    const limit = performance.now() + LIMIT_MS;
    while ((await server.requests()) - before < amount) {
      if (child.exitCode !== null) throw new Error(`k6 ended with exit code ${child.exitCode}`);
      if (performance.now() > limit) throw new Error(`k6 did not bring up ${amount} users in ${LIMIT_MS / 1000} s`);
      await sleep(LOOK_MS);
    }
    await sleep(REST_MS);
    bytes.push(residentBytes(child.pid!) ?? 0);
    // It would wait for its users.
    await end(child, 'SIGKILL');
  }
  return (bytes[1]! - bytes[0]!) / (users[1] - users[0]);
}

/** Proportional bytes of a stock agent and its step runner while they wait for the embedded service, median over hosts. */
export async function stockAgentBytes(
  program: string,
  { hosts, folder, progress }: { hosts: number; folder: string; progress: (text: string) => void },
): Promise<number> {
  const { summary } = await runSwarm({
    plan: {
      name: 'stock-agents',
      service: { url: 'embedded' },
      agent: 'noop',
      programs: { agent: program },
      boot_spread: '2s',
      clusters: [{ topology: { control_planes: 3, workers: Math.max(0, hosts - 3) }, just_infraenv: true, amount: 1 }],
    },
    // Their memory is looked at every ten seconds.
    holdSeconds: 30,
    folder,
    progress,
  });
  const programs = summary.noop?.programs.filter((one) => ['agent', 'next_step_runner'].includes(one.program)) ?? [];
  if (programs.length === 0) throw new Error('nothing was seen of stock agents');
  return programs.reduce((sum, { proportional, resident }) => sum + (proportional ?? resident)!.p50, 0);
}
