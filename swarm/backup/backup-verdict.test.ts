import { describe, expect, it } from 'vitest';
import type { BackupFigures } from './backup-figures.ts';
import { judgeBackup } from './backup-verdict.ts';
import { SOME_RESTORES, someFigures } from './testing/some-figures.ts';

const BASE = someFigures();
const OUTCOMES = { 'backed-up': 0, failed: 0, unfinished: 0, 'never-attempted': 0, 'not-stopped': 0 };

/** All as it must be with a configuration of this type. */
function kept(type: 'correct' | 'incorrect'): BackupFigures {
  const right = type === 'correct';
  return someFigures({
    config: { ...BASE.config!, type },
    jobs: { ...BASE.jobs!, total: right ? 50 : 100, succeeded: right ? 50 : 0, failed: right ? 0 : 100 },
    outcomes: { ...OUTCOMES, 'backed-up': right ? 50 : 0, failed: right ? 0 : 50 },
    backedUp: { hits: right ? 50 : 0, of: 50 },
    attemptedTwiceOrMore: right ? 0 : 50,
  });
}

const crossedBy = (figures: BackupFigures) => {
  const { verdict, thresholds } = judgeBackup({ figures, interrupted: false, failure: null });
  return { verdict, crossed: thresholds.filter(({ ok }) => ok === false).map(({ figure }) => figure) };
};

describe.each(['correct', 'incorrect'] as const)('a load with an %s configuration', (type) => {
  const good = kept(type);
  const { load, stop, jobs, resources } = good;

  it('passes when all is as it must be', () => {
    expect(crossedBy(good)).toEqual({ verdict: 'passed', crossed: [] });
  });

  const both: [string, Partial<BackupFigures>][] = [
    ['workspaces_ready', { load: { ...load, ready: 47 } }],
    ['workspaces_stopped', { stop: { ...stop!, stopped: 47 } }],
    ['operator_restarts', { resources: { ...resources, operatorRestarts: { restarts: 1, replaced: 0 } } }],
  ];
  const own: Record<typeof type, [string, Partial<BackupFigures>][]> = {
    correct: [
      ['backup_success', { backedUp: { hits: 47, of: 50 } }],
      ['backup_jobs_failed', { jobs: { ...jobs!, failed: 3 } }],
      ['backups_late', { outcomes: { ...OUTCOMES, 'backed-up': 49, 'never-attempted': 1 } }],
      ['backups_late', { outcomes: { ...OUTCOMES, 'backed-up': 49, unfinished: 1 } }],
      ['restore_success', { restore: SOME_RESTORES }],
    ],
    incorrect: [
      ['backup_jobs_succeeded', { jobs: { ...jobs!, succeeded: 1 } }],
      ['workspaces_attempted', { outcomes: { ...OUTCOMES, failed: 49, 'never-attempted': 1 } }],
      // Tried twice, and nothing has failed yet.
      ['backups_late', { outcomes: { ...OUTCOMES, failed: 49, unfinished: 1 } }],
      ['attempted_once', { attemptedTwiceOrMore: 49 }],
      ['operator_alive', { resources: { ...resources, operatorAlive: false } }],
    ],
  };
  it.each([...both, ...own[type]])('fails by %s (%j)', (figure, change) => {
    const { verdict, crossed } = crossedBy({ ...good, ...change });
    expect(verdict).toBe('failed');
    expect(crossed).toContain(figure);
  });
});
