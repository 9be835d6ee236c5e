/**
 * Removes from one service what runs have left there: what their ledgers have open, and what bears the names of a seed.
 *
 *    with an id ──────────────> removed by id, cluster before infra-env
 *    in doubt (no answer) ────> looked for by name, once nothing can come any more, and removed
 *    of a seed, no ledger ────> looked for by the pattern of the seed's names, and removed
 */
import { ScaledClock, startClock, wallNow } from '../../model/time/clock.ts';
import { removeAll, removePatiently, STALL_MS } from '../cluster/removal.ts';
import { RestCalls } from '../cluster/rest-calls.ts';
import { INFRA_ENV_SUFFIX, REST_KINDS, type RestKind, RestObjects } from '../cluster/rest-objects.ts';
import { runToken } from '../host/identity.ts';
import type { TlsOptions } from '../plan/connections.ts';
import { Redactor } from '../plan/redact.ts';
import type { LedgerEntry } from '../telemetry/ledger.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { createUserClient, USER_CONNECTIONS } from './user-client.ts';

/**
 * Wall-clock milliseconds after a run's last word in which the service may still carry out a creation that it was asked
 * for. It drops what it does for a client that has gone.
 */
export const SETTLE_MS = 3_000;

export interface CleanTask {
  service: { url: string; tls: TlsOptions; authorization: string };
  /** Open entries of runs that are over. */
  entries: { run: string; entry: LedgerEntry }[];
  /** Wall-clock epoch milliseconds at which the last of the runs wrote its last line. */
  lastWordAt: number;
  /** Whatever bears the names of these goes, too. */
  seeds: readonly string[];
  /** Ids that other runs of these seeds have made. */
  notOurs: ReadonlySet<string>;
}

/** Something that could not be removed. */
export interface CleanLeft {
  /** Null when no ledger knows it. */
  run: string | null;
  kind: string;
  name: string;
  /** Null when it was not found out whether it is there. */
  id: string | null;
  reason: string;
}

export interface CleanResult {
  /** Objects removed or found gone, by kind. */
  removed: Record<string, number>;
  left: CleanLeft[];
}

export interface CleanProgress {
  done: number;
  of: number;
  /** What is counted, in the plural; clusters unless said. */
  unit?: string;
}

/** Something to remove: one cluster and its infra-env, of which either may be absent. */
interface Job {
  entries: { run: string; entry: LedgerEntry }[];
  strangers: { kind: RestKind; name: string; id: string }[];
}

/** Names of clusters and infra-envs that plans with this seed make; see `expandPlan`. */
export function namesOfSeed(seed: string): RegExp {
  return new RegExp(`^[a-z](?:[a-z0-9-]{0,28}[a-z0-9])?-${runToken(seed)}-(?:0|[1-9]\\d*)(?:${INFRA_ENV_SUFFIX})?$`);
}

/** Never throws for what the service does: what could not be removed is in the result. */
export async function clean(
  task: CleanTask,
  signal: AbortSignal,
  onProgress: (progress: CleanProgress) => void,
): Promise<CleanResult> {
  const clock = new ScaledClock(startClock(1));
  // The client counts what it does; nobody reads these counters.
  const telemetry = new SharedTelemetry(createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 }), 0);
  const { url, tls, authorization } = task.service;
  const user = createUserClient({ baseUrl: url, tls, authorization, clock, telemetry });
  const calls = new RestCalls({
    client: user.client,
    concurrency: USER_CONNECTIONS,
    userAccess: {
      given: authorization !== '',
      from: '--authorization-file or SWARM_USER_AUTHORIZATION',
      otherwise: 'set AUTH_TYPE of the service to none until all is removed',
    },
  });
  try {
    const result = await new Cleaning(task, calls, clock, signal, onProgress).run();
    // Reasons quote the service's answers, which may quote what was sent.
    return Redactor.ofService({ url, userAuthorization: authorization }).data(result);
  } finally {
    await user.close();
  }
}

class Cleaning {
  readonly #task: CleanTask;
  readonly #calls: RestCalls;
  readonly #objects: RestObjects;
  readonly #clock: ScaledClock;
  readonly #signal: AbortSignal;
  readonly #onProgress: (progress: CleanProgress) => void;
  readonly #result: CleanResult = { removed: {}, left: [] };
  readonly #progress: CleanProgress = { done: 0, of: 0 };

  constructor(
    task: CleanTask,
    calls: RestCalls,
    clock: ScaledClock,
    signal: AbortSignal,
    onProgress: (progress: CleanProgress) => void,
  ) {
    this.#task = task;
    this.#calls = calls;
    this.#objects = new RestObjects(calls);
    this.#clock = clock;
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  async run(): Promise<CleanResult> {
    const { lastWordAt, seeds } = this.#task;
    const entries = this.#task.entries.filter(({ entry }) => REST_KINDS.includes(entry.kind as RestKind));
    for (const { run, entry } of this.#task.entries) {
      if (REST_KINDS.includes(entry.kind as RestKind)) continue;
      this.#leaveEntry(run, entry, 'this version does not know how to remove it');
    }
    if (entries.length === 0 && seeds.length === 0) return this.#result;
    const unreachable = await this.#tried(() =>
      this.#calls.json({ endpoint: 'component-versions', expect: 200 }, this.#signal),
    );
    if (unreachable !== null) {
      // A service that does not answer at all is not asked once for each object.
      for (const { run, entry } of entries) this.#leaveEntry(run, entry, unreachable);
      for (const seed of seeds) this.#leaveSeed(seed, unreachable);
      return this.#result;
    }
    const inDoubt = entries.filter(({ entry }) => entry.id === null || entry.unanswered);
    const certain = entries.filter((one) => !inDoubt.includes(one));
    await this.#remove(jobsOf(certain));
    if (inDoubt.length > 0) {
      const wait = lastWordAt + SETTLE_MS - wallNow();
      if (wait > 0) await this.#clock.sleep(wait, this.#signal).catch(() => {});
      await this.#remove(jobsOf(inDoubt));
    }
    for (const seed of seeds) await this.#removeSeed(seed);
    return this.#result;
  }

  #leaveEntry(run: string, { kind, name, id }: LedgerEntry, reason: string): void {
    this.#result.left.push({ run, kind, name, id, reason });
  }

  #leaveSeed(seed: string, reason: string): void {
    this.#result.left.push({ run: null, kind: 'objects', name: `of seed ${seed}`, id: null, reason });
  }

  async #removeSeed(seed: string): Promise<void> {
    const pattern = namesOfSeed(seed);
    const jobs = new Map<string, Job>();
    const known = new Set(this.#result.left.map(({ id }) => id));
    for (const kind of REST_KINDS) {
      const failure = await this.#tried(async () => {
        for (const { name, id } of await this.#objects.list(kind, this.#signal)) {
          if (!pattern.test(name) || name.endsWith(INFRA_ENV_SUFFIX) !== (kind === 'infra-env') || known.has(id))
            continue;
          const cluster = kind === 'infra-env' ? name.slice(0, -INFRA_ENV_SUFFIX.length) : name;
          const job = jobs.get(cluster) ?? { entries: [], strangers: [] };
          job.strangers.push({ kind, name, id });
          jobs.set(cluster, job);
        }
      });
      if (failure !== null) this.#leaveSeed(seed, `could not be listed: ${failure}`);
    }
    await this.#remove([...jobs.values()]);
  }

  async #remove(jobs: readonly Job[]): Promise<void> {
    this.#progress.of += jobs.length;
    const failures = await removeAll({
      jobs,
      remove: (job, signal) => this.#removeJob(job, signal),
      atOnce: USER_CONNECTIONS,
      signal: this.#signal,
      onRemoved: () => {
        this.#progress.done++;
        this.#onProgress(this.#progress);
      },
    });
    for (const { job, reason } of failures) {
      for (const { run, entry } of job.entries) {
        this.#leaveEntry(run, entry, reason);
      }
      for (const { kind, name, id } of job.strangers) this.#result.left.push({ run: null, kind, name, id, reason });
    }
  }

  /** What is done is taken out of the job, so that what stays is what is left. */
  async #removeJob(job: Job, signal: AbortSignal): Promise<void> {
    const patiently = (work: () => Promise<unknown>) =>
      removePatiently(work, this.#clock, signal, () => this.#calls.reached);
    for (let next = job.entries[0]; next; next = job.entries[0]) {
      const { entry } = next;
      await patiently(async () => {
        this.#count(entry.kind, await this.#objects.removeEntry(entry, signal, this.#task.notOurs));
      });
      job.entries.shift();
    }
    for (let next = job.strangers[0]; next; next = job.strangers[0]) {
      const { kind, id } = next;
      await patiently(() => this.#objects.remove(kind, id, signal));
      this.#count(kind, 1);
      job.strangers.shift();
    }
  }

  #count(kind: string, objects: number): void {
    if (objects > 0) this.#result.removed[kind] = (this.#result.removed[kind] ?? 0) + objects;
  }

  /** Why it failed; null when it did not. */
  async #tried(work: () => Promise<unknown>): Promise<string | null> {
    try {
      const stall = AbortSignal.any([this.#signal, AbortSignal.timeout(STALL_MS)]);
      await removePatiently(work, this.#clock, stall, () => this.#calls.reached);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** Entries of one cluster of one run belong together: the cluster has to go before its infra-env. */
function jobsOf(entries: CleanTask['entries']): Job[] {
  const jobs = new Map<string, Job>();
  for (const one of entries) {
    const { seq, attributes } = one.entry;
    const key = `${one.run} ${attributes.cluster ?? `#${seq}`}`;
    const job = jobs.get(key) ?? { entries: [], strangers: [] };
    job.entries.push(one);
    jobs.set(key, job);
  }
  const place = (kind: string) => REST_KINDS.indexOf(kind as RestKind);
  for (const { entries: list } of jobs.values()) list.sort((a, b) => place(a.entry.kind) - place(b.entry.kind));
  return [...jobs.values()];
}
