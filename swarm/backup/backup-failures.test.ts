import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorPattern } from './backup-failures.ts';
import { FAILED_POD } from './testing/some-figures.ts';

const pattern = (log: string | null, more: Partial<typeof FAILED_POD> = {}) =>
  errorPattern({ ...FAILED_POD, log, ...more });

describe('the pattern of a failure', () => {
  it.each([
    ['Backing up\nError: no such host\ndone\n', 'Error: no such host'],
    ['first\nlast\n\n', 'last'],
    ['ERROR 1\nError 2', 'Error <n>'],
    [
      'Error: image load-test-ns-1/dw-test-1:latest of load-test-ns-12',
      'Error: image <namespace>/<workspace>:latest of load-test-ns-<n>',
    ],
    ['2026-01-02T03:04:05.678Z error at 10.0.0.1:5000', '<time> error at <address>:<n>'],
    ['error: sha256:0123456789abcdef0123 of 3f2a9c10-77de-4b21-9c10-77de4b219c10', 'error: <hash> of <uid>'],
    [
      'Error: PUT https://quay.io/v2/x: response status code 401: unauthorized',
      'Error: PUT https://quay.io/v2/x: response status code 401: unauthorized',
    ],
    ['Error in devworkspace-backup-abcde-xyz12 of devworkspace-backup-abcde', 'Error in <pod> of <job>'],
  ])('%j', (log, expected) => {
    expect(pattern(log)).toBe(expected);
  });

  it('is its state where there is no log', () => {
    expect(pattern(null, { reason: 'OOMKilled' })).toBe('OOMKilled');
    expect(pattern('', { reason: 'Evicted', message: 'The node was low on memory' })).toBe(
      'The node was low on memory',
    );
    expect(pattern(null, { reason: '', message: '', exitCode: 137 })).toBe('exit code 137');
  });

  it('is the same for all workspaces, at any time, from any address', () => {
    const text = (namespace: string, workspace: string, n: number) =>
      `pushing ${namespace}/${workspace}\nError: ${namespace}/${workspace} after ${n} bytes at 10.0.${n % 256}.7: timed out`;
    const index = fc.integer({ min: 0, max: 1e6 });
    const of = (i: number, n: number) => {
      const names = { namespace: `load-test-ns-${i}`, workspace: `dw-test-${i}` };
      return pattern(text(names.namespace, names.workspace, n), names);
    };
    fc.assert(
      fc.property(index, index, index, index, (i, n, j, m) => {
        expect(of(i, n)).toBe(of(j, m));
      }),
    );
  });

  it('is short, whatever was printed', () => {
    expect(pattern(`Error ${'x'.repeat(5000)}`)).toHaveLength(300);
  });
});
