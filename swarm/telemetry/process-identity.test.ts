import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { livenessOf, ownIdentity } from './process-identity.ts';

it('knows that this process lives, and that another of its id does not', () => {
  const own = ownIdentity();
  expect(livenessOf(own)).toBe('alive');
  if (own.startTime !== null) expect(livenessOf({ ...own, startTime: '1' })).toBe('dead');
  expect(livenessOf({ ...own, machine: { ...own.machine, host: 'another' } })).toBe('elsewhere');
  expect(livenessOf({ ...own, machine: { ...own.machine, boot: 'an earlier one' } })).toBe('dead');
  expect(livenessOf({ ...own, machine: { ...own.machine, namespace: 'pid:[1]' } })).toBe('elsewhere');
});

it('sees a process go, on systems without start times too', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  const identity = { ...ownIdentity(), pid: child.pid!, startTime: null };
  expect(livenessOf(identity)).toBe('alive');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(livenessOf(identity)).toBe('dead');
});
