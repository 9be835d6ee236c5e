import { expect, it } from 'vitest';
import type { ErrorKind } from '../telemetry/telemetry.ts';
import { ProgramWarnings } from './program-warnings.ts';

it('warns of the first programs that end by name, says once that there are more, and explains clusters by their installers', () => {
  const warnings: string[] = [];
  const programs = new ProgramWarnings((message) => warnings.push(message));
  const error = (kind: ErrorKind, host: number, message: string) =>
    programs.apply({ type: 'host.error', time: 0, cluster: 4, host, id: 'ID', kind, message });
  error('poll-error', 0, 'not about a program');
  error('installer-failed', 1, 'the installer ended with exit code 1');
  error('installer-failed', 2, 'the installer ended by SIGKILL');
  for (let host = 3; host < 20; host++) error('program-ended', host, 'agent ended by SIGKILL and is started again');
  expect(warnings).toHaveLength(6);
  expect(warnings[0]).toBe('host 1 (ID): the installer ended with exit code 1');
  expect(warnings[5]).toMatch(/^more programs/);
  expect(programs.explain({ cluster: 4, name: 'c', reason: 'because' })).toEqual({
    ...{ cluster: 4, name: 'c' },
    reason: 'because (host 1: the installer ended with exit code 1)',
  });
  const other = { cluster: 5, name: 'd', reason: 'because' };
  expect(programs.explain(other)).toBe(other);
});
