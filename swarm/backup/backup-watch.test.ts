import { describe, expect, it } from 'vitest';
import type { BackupJob } from './backup-jobs.ts';
import type { BackupPart } from './backup-options.ts';
import { BackupWatch } from './backup-watch.ts';
import { PART } from './testing/backup-bench.ts';
import { Workspace } from './workspace.ts';

const MINUTE = 60_000;
const APPLIED_AT = Date.UTC(2026, 0, 5, 12, 0, 30);

/** Some workspaces that have stopped, and Jobs that come and end as a test says. */
class Scene {
  readonly all: Workspace[];
  readonly underWay = new Set<BackupJob>();
  readonly watch: BackupWatch;
  #jobs: BackupJob[] = [];

  constructor(workspaces: number, part: Partial<BackupPart> = {}) {
    this.all = Array.from({ length: workspaces }, (_, index) => new Workspace('ns', `w-${index}`));
    for (const one of this.all) {
      one.uid = one.name;
      one.phase = 'Stopped';
    }
    this.watch = new BackupWatch({ ...PART, ...part }, this, this, APPLIED_AT);
  }

  of = (workspace: Workspace) => this.#jobs.filter((job) => job.workspace === workspace);

  get total(): number {
    return this.#jobs.length;
  }

  get succeeded(): number {
    return this.#jobs.filter(({ outcome }) => outcome === 'succeeded').length;
  }

  get failed(): number {
    return this.#jobs.filter(({ outcome }) => outcome === 'failed').length;
  }

  /** A Job for each of some workspaces. */
  begin(...indices: number[]): BackupJob[] {
    const jobs = indices.map((index) => ({ workspace: this.all[index]!, outcome: null }) as BackupJob);
    this.#jobs.push(...jobs);
    for (const job of jobs) this.underWay.add(job);
    return jobs;
  }

  end(jobs: readonly BackupJob[], outcome: 'succeeded' | 'failed'): void {
    for (const job of jobs) {
      job.outcome = outcome;
      this.underWay.delete(job);
    }
  }

  isOverAfter(minutes: number): boolean {
    return this.watch.isOver(APPLIED_AT + minutes * MINUTE);
  }
}

describe('with a correct configuration', () => {
  it('is over when each has a Job that has ended, and none is under way', () => {
    const scene = new Scene(2);
    expect(scene.isOverAfter(0)).toBe(false);
    const [first, second] = scene.begin(0, 1);
    scene.end([second!], 'succeeded');
    expect(scene.isOverAfter(1)).toBe(false);
    scene.end([first!], 'failed');
    const further = scene.begin(0);
    expect(scene.isOverAfter(2)).toBe(false);
    scene.end(further, 'succeeded');
    expect(scene.isOverAfter(3)).toBe(true);
  });

  it('does not wait for a workspace that has not stopped, nor for one the operator says is backed up', () => {
    const scene = new Scene(3);
    scene.all[0]!.phase = 'Stopping';
    scene.all[1]!.lastBackup = { successful: true, error: '' };
    expect(scene.isOverAfter(1)).toBe(false);
    scene.end(scene.begin(2), 'succeeded');
    expect(scene.isOverAfter(1)).toBe(true);
  });

  it('is over when nothing has come for an interval and five minutes', () => {
    const scene = new Scene(2);
    scene.end(scene.begin(0), 'succeeded');
    expect(scene.isOverAfter(1)).toBe(false);
    expect(scene.isOverAfter(7)).toBe(false);
    expect(scene.isOverAfter(7.1)).toBe(true);
  });

  it.each([
    ['*/45 * * * *', 45],
    ['0-5 * * * *', 55],
    ['@every 90s', 1.5],
  ])('waits for the longest interval of %s', (schedule, minutes) => {
    const scene = new Scene(2, { schedule });
    expect(scene.isOverAfter(0)).toBe(false);
    expect(scene.isOverAfter(minutes + 5)).toBe(false);
    expect(scene.isOverAfter(minutes + 5.1)).toBe(true);
  });

  it('goes on when one that was ready for it starts again', () => {
    const scene = new Scene(2);
    scene.end(scene.begin(0), 'succeeded');
    expect(scene.isOverAfter(1)).toBe(false);
    scene.all[1]!.phase = 'Running';
    expect(scene.isOverAfter(1)).toBe(true);
    scene.all[1]!.phase = 'Stopped';
    expect(scene.isOverAfter(1)).toBe(false);
  });
});

describe('with an incorrect configuration', () => {
  it('is over when each has two Jobs that have ended, whatever is under way', () => {
    const scene = new Scene(2, { configType: 'incorrect' });
    scene.end(scene.begin(0, 1), 'failed');
    expect(scene.isOverAfter(1)).toBe(false);
    scene.end(scene.begin(0), 'failed');
    const [, second] = scene.begin(0, 1);
    expect(scene.isOverAfter(2)).toBe(false);
    scene.end([second!], 'failed');
    expect(scene.isOverAfter(2.5)).toBe(true);
  });
});
