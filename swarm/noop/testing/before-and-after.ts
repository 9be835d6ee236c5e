/**
 * In namespaces of its own, whose root is read-only: looks at the machine, lets a program have no-op hosts, ends it, and looks again.
 * Prints what it has seen as JSON.
 *
 *     node before-and-after.ts close|SIGKILL PATCHES
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab } from '../lab.ts';
import { type MachineState, machineState } from './machine-state.ts';

const [how, patches] = process.argv.slice(2) as ['close' | 'SIGKILL', string];
const DIAL = { dialTimeoutMs: 30_000, tlsHandshakeTimeoutMs: 10_000 };
const LOGS = join(tmpdir(), 'logs');
/** Wall-clock milliseconds that a killed program's processes get to be gone. */
const GONE_MS = 20_000;

mkdirSync(LOGS);
const before = machineState();
const owner = spawn(process.execPath, [join(import.meta.dirname, 'lab-owner.ts'), patches, LOGS], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
await new Promise((resolve) => owner.stdout.once('data', resolve));
const during = machineState();
const ended = new Promise((resolve) => owner.once('exit', resolve));
if (how === 'close') owner.stdin.end();
else owner.kill(how);
await ended;
const sameProcesses = (state: MachineState) => String(state.processes) === String(before.processes);
for (const until = Date.now() + GONE_MS; !sameProcesses(machineState()) && Date.now() < until; ) await sleep(50);
// What a killed program leaves in a folder, the next one removes.
if (how === 'SIGKILL')
  await new Lab({ patches, programs: {}, manifests: null, logs: LOGS, warn: () => {}, dial: DIAL }).close();
process.stdout.write(JSON.stringify({ before, during, after: machineState() }));
