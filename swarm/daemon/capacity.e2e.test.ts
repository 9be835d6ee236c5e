/** The capacity of an embedded service behind a bottleneck that is known: real runs, real HTTP. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startClock, wallNow } from '../../model/time/clock.ts';
import type { ReportMessage } from '../../service-mock/main.ts';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { findCapacity } from './capacity.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';
import { CountingProxy } from './testing/counting-proxy.ts';

const SPEED = 10;
/** Wall-clock milliseconds that the bottleneck takes for a poll, one after the other. */
const POLL_MS = 20;
/** One poll a simulated minute and host: the bottleneck has work for so many hosts. */
const FITTING = 60_000 / SPEED / POLL_MS;

const children = new Set<ChildProcess>();
const folder = mkdtempSync(join(tmpdir(), 'swarm-capacity-'));
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function embeddedService(): Promise<string> {
  const child = fork(join(import.meta.dirname, '../../service-mock/main.ts'));
  children.add(child);
  child.send({ type: 'start', options: { port: 0, clock: startClock(SPEED) } });
  const report = await new Promise<ReportMessage>((resolve) => child.once('message', resolve));
  if (report.type === 'failed') throw new Error(report.message);
  return report.url;
}

it('is found at a bottleneck, with the figure that broke first and its curve', { timeout: 240_000 }, async () => {
  let freeAt = 0;
  const queue = new CountingProxy(await embeddedService(), ({ method, url = '' }) => {
    if (method !== 'GET' || !url.includes('/instructions')) return 0;
    const now = wallNow();
    freeAt = Math.max(freeAt, now) + POLL_MS;
    return freeAt - now;
  });
  await queue.listen();
  const plan = parsePlan(
    {
      name: 'capacity',
      seed: 'capacity',
      service: { url: queue.url },
      // How busy this machine is with other things says nothing of the bottleneck, and how long its queue lets polls wait crosses
      // limits of its own, sooner or later than the pace.
      thresholds: { generator_saturation: 'off', request_duration: 'off' },
      clusters: [{ topology: 'sno', just_infraenv: true, amount: 400 }],
    },
    'plan',
  );
  const runs: string[] = [];
  const result = await findCapacity({
    plan: { ...expandPlan(plan), clockSpeed: SPEED },
    unit: null,
    from: 200,
    to: null,
    times: { rampSeconds: 60, holdSeconds: 60 },
    // Far from the border on either side: how busy this machine is with other things must not decide.
    precision: 1,
    tell: (line) => runs.push(line),
    run: async (trial) => {
      const parts = realParts({ directory: folder, warn: () => {} });
      const run = new Run({ id: `trial-${runs.length}`, plan: trial, parts, workers: 1 });
      return { summary: await run.execute(), directory: run.directory };
    },
  });
  queue.close();
  expect(result.unit).toBe('hosts');
  expect([result.held, result.failed], runs.join('\n')).toEqual([200, 400]);
  expect(FITTING).toBe(300);
  expect(result.brokeFirst).toMatchObject({ figure: 'poll_pace{phase:soak}', expression: 'value>=0.95' });
  const levels = result.brokeFirst!.points.map(({ level }) => level);
  expect(levels).toEqual([...new Set(result.trials.map(({ level }) => level))].sort((a, b) => a - b));
  expect(result.trials.at(-1)).toMatchObject({ level: result.held, held: true, confirmation: true });
});
