import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

interface Left {
  before: { heapMiB: number; rssMiB: number };
  after: { heapMiB: number; rssMiB: number };
  /** Runs that are still in memory. */
  kept: number;
  timers: string[];
}

it('leaves nothing of a hundred runs in a daemon but the last one', async () => {
  const program = fileURLToPath(new URL('./testing/many-runs.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, '100']);
  const { before, after, kept, timers } = JSON.parse(stdout) as Left;
  expect(kept).toBeLessThanOrEqual(1);
  expect(timers).toEqual([]);
  // What the stand-in of the service remembers of its calls is less than 1 MiB.
  expect(after.heapMiB - before.heapMiB).toBeLessThan(4);
  // Counters whose memory is not given back are hundreds.
  expect(after.rssMiB - before.rssMiB).toBeLessThan(80);
}, 120_000);
