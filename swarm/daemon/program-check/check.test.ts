import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeUnless } from '../../../model/testing/needs.ts';
import { NO_LABS } from '../../noop/testing/namespaces.ts';
import { runCheck } from './check.ts';
import type { ProgramReport } from './report.ts';
import { type Errors, standIn } from './testing/stand-in.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'program-check-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Checks a stand-in until all of these have been told. */
async function check(errors: Errors, until: readonly RegExp[], firstWord = 60): Promise<ProgramReport> {
  const end = new AbortController();
  const waiting = new Set(until);
  return runCheck({
    programs: standIn(folder, errors),
    folder,
    signal: end.signal,
    limits: { poll: 1, firstWord, discovery: 60 },
    onProgress: (text) => {
      for (const pattern of waiting) if (pattern.test(text)) waiting.delete(pattern);
      if (waiting.size === 0) end.abort();
    },
  });
}

describeUnless(NO_LABS, 'a check of programs', { timeout: 120_000 }, () => {
  it('names what escaped, what was garbled, what was refused and what is new', async () => {
    const report = await check(
      { command: ['frobnicate', '--now'], ntp: 'half an ans', stage: 'Resting', field: 'shiny' },
      [/ntp-synchronizer: its output is not JSON/, /step inventory: answered/],
    );
    expect(report.passed).toBe(false);
    expect(report.method).toContain('seccomp');
    expect(report.escaped).toEqual([expect.objectContaining({ command: 'frobnicate', call: 'frobnicate --now' })]);
    const of = (type: string) => report.steps.find((step) => step.type === type);
    expect(of('ntp-synchronizer')).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('half an ans'),
    });
    expect(of('inventory')).toMatchObject({ outcome: 'ok' });
    expect(of('install')).toMatchObject({ outcome: 'not covered' });
    expect(report.refused).toContainEqual(
      expect.objectContaining({ method: 'PUT', path: '/v2/infra-envs/{id}/hosts/{id}/progress', expected: '' }),
    );
    expect(report.inventory).toContainEqual({ path: 'shiny', stock: 'boolean', native: '' });
    expect(report.notExercised).toContain('chronyc');
    expect(report.notExercised).not.toContain('podman');
  });

  it('gives up programs that say nothing, with their last words', async () => {
    const report = await check({ silent: 'I would rather not' }, [/never/], 5);
    expect(report.passed).toBe(false);
    expect(report.problems.join()).toMatch(/no agent has registered within 5 s: I would rather not/);
  });
});
