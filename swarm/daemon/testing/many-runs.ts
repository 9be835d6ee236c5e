/**
 * Lets a daemon's manager run many plans, one after the other, and prints what is left of them as JSON. A program of its
 * own, run with --expose-gc: `many-runs.ts RUNS`.
 */
import { RunManager } from '../run-manager.ts';
import { FakeParts, fakePlan } from './fakes.ts';

const runs = Number(process.argv[2]);
const warmUp = 20;

const archive = { get: () => ({ state: 'ended' }), list: () => [] };
const seen: WeakRef<object>[] = [];
const manager = new RunManager(new FakeParts(), archive as never);

async function runOnce(): Promise<void> {
  const run = manager.start(fakePlan([{}]), { workers: 2 });
  seen.push(new WeakRef(run), new WeakRef(run.reader), new WeakRef(run.index), new WeakRef(run.events));
  await manager.idle();
  if (run.verdict !== 'passed') throw new Error(`a run did not pass: ${run.reasons.join('; ')}`);
}

/** In a turn of its own: what this turn has looked at lives until its end. */
async function collected(): Promise<{ heapMiB: number; rssMiB: number }> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.gc!();
  const { heapUsed, rss } = process.memoryUsage();
  return { heapMiB: heapUsed / 2 ** 20, rssMiB: rss / 2 ** 20 };
}

for (let i = 0; i < warmUp; i++) await runOnce();
const before = await collected();
for (let i = 0; i < runs; i++) await runOnce();
const after = await collected();
const kept = seen.filter((one) => one.deref() !== undefined).length / 4;
console.log(
  JSON.stringify({ before, after, kept, timers: process.getActiveResourcesInfo().filter((one) => one === 'Timeout') }),
);
