/** When the wait for backup Jobs is over, before its deadline. */
import { nextFiring, parseCronSchedule } from '../../model/time/cron-schedule.ts';
import type { BackupJobs } from './backup-jobs.ts';
import type { BackupPart } from './backup-options.ts';
import type { Workspaces } from './workspaces.ts';

/** Jobs each that an incorrect configuration is to show. */
const INCORRECT_JOBS = 2;
/** Milliseconds beyond an interval of the schedule in which a Job must come: the document's chapter on what to look for. */
const PATIENCE_MS = 5 * 60_000;

export class BackupWatch {
  readonly #part: BackupPart;
  readonly #workspaces: Workspaces;
  readonly #jobs: BackupJobs;
  readonly #intervalMs: number | null;
  #newsAt: number;
  #news = '';
  /** Since when all has been seen that was to be seen. */
  #enoughAt: number | null = null;

  /** @param appliedAt when the configuration was. @throws CronScheduleError */
  constructor(part: BackupPart, workspaces: Workspaces, jobs: BackupJobs, appliedAt: number) {
    this.#part = part;
    this.#workspaces = workspaces;
    this.#jobs = jobs;
    this.#newsAt = appliedAt;
    const schedule = parseCronSchedule(part.schedule);
    const first = nextFiring(schedule, appliedAt);
    const second = first === null ? null : nextFiring(schedule, first);
    this.#intervalMs = first === null || second === null ? null : second - first;
  }

  /** Whether there is nothing to wait for any more. */
  isOver(now: number): boolean {
    const jobs = this.#jobs;
    const news = `${jobs.total} ${jobs.succeeded} ${jobs.failed} ${jobs.unended}`;
    if (news !== this.#news) {
      this.#news = news;
      this.#newsAt = now;
    }
    const allEnded = jobs.unended === 0;
    const interval = this.#intervalMs ?? Number.POSITIVE_INFINITY;
    if (allEnded && now - this.#newsAt > interval + PATIENCE_MS) return true;
    if (!this.#isEnough()) return false;
    this.#enoughAt ??= now;
    // Of Jobs that come each minute and take longer there may be some at any moment.
    return allEnded || (this.#part.configType === 'incorrect' && now - this.#enoughAt > interval);
  }

  /** Every workspace that a backup is due for has been seen to be tried, as often as the configuration makes one expect. */
  #isEnough(): boolean {
    const least = this.#part.configType === 'incorrect' ? INCORRECT_JOBS : 1;
    let due = 0;
    for (const one of this.#workspaces.all) {
      if (!one.isStopped) continue;
      due += 1;
      let ended = 0;
      for (const { outcome } of this.#jobs.of(one)) if (outcome !== null) ended += 1;
      if (ended < least && !(least === 1 && one.lastBackup !== null)) return false;
    }
    return due > 0;
  }
}
