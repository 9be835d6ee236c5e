/** What no-op hosts leave on the machine: nothing, however they end. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeUnless } from '../../model/testing/needs.ts';
import type { MachineState } from './testing/machine-state.ts';
import { NO_LABS } from './testing/namespaces.ts';

const PATCHES = fileURLToPath(new URL('../../patches', import.meta.url));
const SCRIPT = join(import.meta.dirname, 'testing/before-and-after.ts');
const run = promisify(execFile);

/** A machine of its own, on which nothing but the temporary folder can be written. */
const CAGE = [
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  ...[
    '--mount',
    '--net',
    '--pid',
    '--ipc',
    '--uts',
    '--fork',
    '--kill-child=SIGKILL',
    '--propagation',
    'private',
    '--',
  ],
  ...[
    'sh',
    '-c',
    'mount -t proc proc /proc && mount -t tmpfs tmpfs "$TMPDIR" && mount -o remount,bind,ro / && ip link set lo up && "$@"; exit $?',
    'cage',
  ],
];

describeUnless(NO_LABS, 'no-op hosts', { timeout: 120_000 }, () => {
  it.each(['close', 'SIGKILL'])('leave the machine as it was after %s', async (how) => {
    const folder = mkdtempSync(join(tmpdir(), 'noop-before-'));
    const { stdout } = await run('unshare', [...CAGE, process.execPath, SCRIPT, how, PATCHES], {
      env: { PATH: process.env.PATH, TMPDIR: folder },
      maxBuffer: 1e8,
    }).finally(() => rmSync(folder, { recursive: true }));
    const { before, during, after } = JSON.parse(stdout) as Record<'before' | 'during' | 'after', MachineState>;
    expect(during.processes.length).toBeGreaterThan(before.processes.length + 6);
    expect(during.namespaces.length).toBeGreaterThan(before.namespaces.length + 6);
    expect(during.temporaryFiles.length).toBeGreaterThan(before.temporaryFiles.length);
    // Output is kept, where it was asked for.
    expect({ ...after, temporaryFiles: after.temporaryFiles.filter((name) => !name.startsWith('logs/')) }).toEqual(
      before,
    );
  });
});
