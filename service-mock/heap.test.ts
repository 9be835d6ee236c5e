import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** What a program of `testing/` says of the memory that it measures, in bytes. */
async function measured(program: string): Promise<number> {
  const path = join(import.meta.dirname, 'testing', program);
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', path]);
  return Number(stdout);
}

// Measured: 3,700. A hundred thousand of them are to fit, with their connections, into 1.5 GiB.
test('a host that waits takes few bytes of heap', async () => {
  const bytes = await measured('heap-of-hosts.ts');
  expect(bytes).toBeGreaterThan(500);
  expect(bytes).toBeLessThan(5500);
}, 120_000);

// Measured: 600, which is where its events are; on the heap they were 3,400.
test('a cluster that has come and gone leaves little behind', async () => {
  expect(await measured('heap-of-lives.ts')).toBeLessThan(1500);
}, 120_000);
