/** When the wait for backup Jobs is over, before its deadline. */
import type { BackupJobs } from './backup-jobs.ts';
import type { BackupPart } from './backup-options.ts';
import { scheduleGapMs } from './parameter-values.ts';
import type { Workspace } from './workspace.ts';
import type { Workspaces } from './workspaces.ts';

/** Jobs each that an incorrect configuration is to show. */
const INCORRECT_JOBS = 2;
/** Milliseconds beyond an interval of the schedule in which a Job must come: the document's chapter on what to look for. */
const PATIENCE_MS = 5 * 60_000;

type SeenWorkspaces = Pick<Workspaces, 'all'>;
type SeenJobs = Pick<BackupJobs, 'of' | 'total' | 'succeeded' | 'failed' | 'underWay'>;

export class BackupWatch {
  readonly #part: BackupPart;
  readonly #workspaces: SeenWorkspaces;
  readonly #jobs: SeenJobs;
  readonly #intervalMs: number;
  #newsAt: number;
  #news = '';
  #lacking: Workspace | null = null;

  /** @param appliedAt when the configuration was. @throws CronScheduleError */
  constructor(part: BackupPart, workspaces: SeenWorkspaces, jobs: SeenJobs, appliedAt: number) {
    this.#part = part;
    this.#workspaces = workspaces;
    this.#jobs = jobs;
    this.#newsAt = appliedAt;
    this.#intervalMs = scheduleGapMs(part.schedule) ?? Number.POSITIVE_INFINITY;
  }

  /** Whether there is nothing to wait for any more. */
  isOver(now: number): boolean {
    const jobs = this.#jobs;
    const news = `${jobs.total} ${jobs.succeeded} ${jobs.failed} ${jobs.underWay.size}`;
    if (news !== this.#news) {
      this.#news = news;
      this.#newsAt = now;
    }
    const allEnded = jobs.underWay.size === 0;
    if (allEnded && now - this.#newsAt > this.#intervalMs + PATIENCE_MS) return true;
    if (!this.#isEnough()) return false;
    // Jobs that come each minute and take longer are never all ended, and more of the same tell nothing new.
    return allEnded || this.#part.configType === 'incorrect';
  }

  /** Every workspace that a backup is due for has been seen to be tried, as often as the configuration makes one expect. */
  #isEnough(): boolean {
    // The one that was lacking lacks still, mostly: asked at each change, all of them would take longer than the load itself.
    if (this.#lacking && this.#isLacking(this.#lacking)) return false;
    const stopped = this.#workspaces.all.filter(({ isStopped }) => isStopped);
    this.#lacking = stopped.find((one) => this.#isLacking(one)) ?? null;
    return this.#lacking === null && stopped.length > 0;
  }

  #isLacking(one: Workspace): boolean {
    if (!one.isStopped) return false;
    const least = this.#part.configType === 'incorrect' ? INCORRECT_JOBS : 1;
    let ended = 0;
    for (const { outcome } of this.#jobs.of(one)) if (outcome !== null) ended += 1;
    return ended < least && !(least === 1 && one.lastBackup !== null);
  }
}
