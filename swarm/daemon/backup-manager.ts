/** The backup loads of this process: at most one at a time, the last remembered, and those that stand in the runs' folder. */
import type { BackupRequest } from '../backup/backup-request.ts';
import type { Credentials } from '../backup/registry-login.ts';
import { RunArchive, type RunRecord } from '../telemetry/run-archive.ts';
import { ApiError } from './api-error.ts';
import { BackupLoad, type BackupOutcome } from './backup-load.ts';
import type { BackupTarget } from './backup-target.ts';

/** What a load is started with. */
export interface BackupStart {
  request: BackupRequest;
  open: () => BackupTarget | Promise<BackupTarget>;
  credentials: Credentials | null;
}

/** Loads that can still be asked about though no files tell of them. */
const REMEMBERED = 20;

export class BackupManager {
  readonly #directory: string;
  readonly #archive: RunArchive;
  readonly #loads = new Map<string, BackupLoad>();
  #last: BackupLoad | null = null;
  #closed = false;
  #ended: Promise<unknown> = Promise.resolve();

  /** @param directory folder of the runs' folders; it is there */
  constructor(directory: string) {
    this.#directory = directory;
    this.#archive = new RunArchive(directory);
  }

  /** The load under way, or the one that ended last; null before the first. */
  get current(): BackupLoad | null {
    return this.#last;
  }

  /** @throws ApiError 409 while a load is under way: two would measure each other; 503 when the daemon ends */
  refuseSecond(): void {
    if (this.#closed) throw new ApiError(503, 'ending', 'the daemon is ending; no load was started');
    if (!this.#last || this.#last.state === 'ended') return;
    throw new ApiError(
      409,
      'backup-in-progress',
      `backup load ${this.#last.id} is in progress and two loads would measure each other; stop it first, or wait for its end`,
    );
  }

  /** Starts a load; it goes on by itself. @throws ApiError as {@link refuseSecond} */
  start(given: BackupStart): BackupLoad {
    const load = new BackupLoad({ ...given, out: this.#directory });
    // What ends it is in its reasons.
    this.execute(load).catch(() => {});
    return load;
  }

  /** Runs a load that somebody else has made; the result is that of {@link BackupLoad.execute}. @throws ApiError as {@link refuseSecond} */
  execute(load: BackupLoad): Promise<BackupOutcome | null> {
    this.refuseSecond();
    this.#forget();
    this.#loads.set(load.id, load);
    this.#last = load;
    const ended = load.execute();
    this.#ended = ended.catch(() => {});
    return ended;
  }

  /** At most `limit` loads, newest first, with those of other processes. */
  list(limit = Number.POSITIVE_INFINITY): (BackupLoad | RunRecord)[] {
    const past = this.#archive.list().filter(({ id, backup }) => backup && !this.#loads.has(id));
    const startOf = ({ startedAt }: BackupLoad | RunRecord) => new Date(startedAt).getTime();
    return [...this.#loads.values(), ...past].sort((a, b) => startOf(b) - startOf(a)).slice(0, limit);
  }

  /** Those of this process that are remembered, newest first. */
  own(): BackupLoad[] {
    return [...this.#loads.values()].reverse();
  }

  get(id: string): BackupLoad | RunRecord | undefined {
    const load = this.#loads.get(id);
    if (load) return load;
    const record = this.#archive.get(id);
    return record?.backup ? record : undefined;
  }

  /** What a load that is over has written of itself; null when it was killed. */
  summaryOf(id: string): unknown {
    return this.#archive.summary(id);
  }

  /** Ends the load under way gracefully and waits for it; none is started any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#last?.stop();
    await this.#ended;
  }

  /** Resolves when no load is under way. */
  async idle(): Promise<void> {
    await this.#ended;
  }

  /** Lets go of loads that can be read from their files: each holds all that it has measured. */
  #forget(): void {
    for (const id of this.#loads.keys()) {
      if (this.#loads.size >= REMEMBERED || this.#archive.get(id)?.state === 'ended') this.#loads.delete(id);
    }
  }
}
