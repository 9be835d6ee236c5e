import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const PROGRAM = join(import.meta.dirname, 'testing/heap-of-hosts.ts');

// Measured: 3,700. A hundred thousand of them are to fit, with their connections, into 1.5 GiB.
test('a host that waits takes few bytes of heap', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', PROGRAM]);
  expect(Number(stdout)).toBeGreaterThan(500);
  expect(Number(stdout)).toBeLessThan(5500);
}, 120_000);
