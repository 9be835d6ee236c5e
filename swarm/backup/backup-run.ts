/**
 * A backup load from its first look at the cluster to the last object that is gone.
 *
 *    preflight ──> create ──> ready ──> stop ──> configure ──> watch ──> collect ──> reset ──> cleanup
 *                    │                             ▲                      │           ▲          ▲
 *                    └─ plain load: cleanup        └─ or before create    └─ restore ─┘          └─ whatever happened before
 */
import type { Ledger } from '../telemetry/ledger.ts';
import type { BackupEvent } from './backup-event.ts';
import { BackupFailures } from './backup-failures.ts';
import type { BackupFigures } from './backup-figures.ts';
import { BackupJobs } from './backup-jobs.ts';
import type { BackupPart, RestorePart } from './backup-options.ts';
import { type BackupRemovalOptions, leftText, removeRun, resetOperator } from './backup-removal.ts';
import type { BackupResult, BackupRunOptions, Execution } from './backup-run-options.ts';
import type { BackupSite, NewEvent } from './backup-site.ts';
import { BackupWatch } from './backup-watch.ts';
import { Changes } from './changes.ts';
import { ClusterEvents } from './cluster-events.ts';
import { ClusterRequests } from './cluster-requests.ts';
import { type Collected, collectedFigures } from './collected-figures.ts';
import type { BackupDurations } from './durations.ts';
import { CONFIG_KIND } from './operator-config.ts';
import { OperatorSetup } from './operator-setup.ts';
import { Phases } from './phases.ts';
import { type Preflight, preflight } from './preflight.ts';
import { Programs } from './programs.ts';
import { planRegistrySecret, rightsOfSecret, type SecretPlan } from './registry-secret.ts';
import { Restores } from './restores.ts';
import { refuseMissingRights } from './rights.ts';
import { Workspaces } from './workspaces.ts';

export class BackupRun {
  readonly #given: BackupRunOptions;
  readonly #requests: ClusterRequests;
  readonly #changes: Changes;
  readonly #phases: Phases;
  readonly #startedAt = new Date();
  #found: Preflight | null = null;
  #secret: SecretPlan | null = null;
  #workspaces: Workspaces | null = null;
  #jobs: BackupJobs | null = null;
  #failures: BackupFailures | null = null;
  #programs: Programs | null = null;
  #events: ClusterEvents | null = null;
  #operator: OperatorSetup | null = null;
  #collected: Collected | null = null;
  #durations: BackupDurations | null = null;
  #restores: Restores | null = null;
  #leftovers: string[] = [];

  constructor(given: BackupRunOptions) {
    this.#given = given;
    const { kubeconfig, clock, patienceMs } = given;
    this.#requests = new ClusterRequests({ kubeconfig, clock, ...(patienceMs !== undefined && { patienceMs }) });
    this.#changes = new Changes(clock);
    this.#phases = new Phases(clock, (event) => this.#emit(event));
  }

  /** Where it stands, for people. */
  get progress(): Phases {
    return this.#phases;
  }

  get requests(): ClusterRequests {
    return this.#requests;
  }

  /** As things stand; null before {@link execute}. */
  get standing(): BackupFigures | null {
    return this.#workspaces && this.#programs && this.#figures(this.#collected ?? this.#measure(this.#workspaces));
  }

  /** What the spreads of the figures are made from; null before {@link execute}. */
  get durations(): BackupDurations | null {
    return this.#workspaces && (this.#durations ?? this.#measureDurations(this.#workspaces));
  }

  /** Looks whether the run can be done; writes nothing. @throws BackupInputError, KubeError */
  async prepare(signal: AbortSignal): Promise<Preflight> {
    const { run, options, credentials, replaceSecret, login } = this.#given;
    return this.#phases.run({ phase: 'preflight', of: 1, deadlineMs: null }, async (phase) => {
      const found = await preflight(this.#requests, options, run, signal);
      for (const message of found.warnings) this.#emit({ type: 'warning', message });
      const { backup } = options;
      if (backup && backup.registrySecret !== null) {
        const request = {
          namespace: found.cluster.operatorNamespace,
          name: backup.registrySecret,
          registryPath: backup.registryPath,
          credentials,
          replace: replaceSecret,
          ...(login && { login }),
        };
        const plan = await planRegistrySecret(this.#requests, request, signal);
        await refuseMissingRights(this.#requests, rightsOfSecret(plan), signal);
        this.#secret = plan;
        this.#emit({ type: 'note', message: plan.note });
      }
      this.#found = found;
      phase.done = () => 1;
      return found;
    });
  }

  /** Call after {@link prepare}, once. Never throws for what the cluster does. */
  async execute(execution: Execution): Promise<BackupResult> {
    const { stop, ledger } = execution;
    const { lost } = this.#requests;
    const removal = { requests: this.#requests, run: this.#given.run, folder: execution.folder, ledger };
    let failure: string | null = null;
    try {
      await this.#work({ ...execution, stop: AbortSignal.any([stop, lost]) });
    } catch (error) {
      if (!stop.aborted) {
        // Whatever came of it first.
        failure = messageOf(lost.aborted ? lost.reason : error);
        this.#emit({ type: 'warning', message: `the run cannot go on: ${failure}` });
      }
    }
    if (this.#workspaces) {
      this.#collect(this.#workspaces);
      await execution.onCollected(this.#figures());
    }
    await this.#putBack(removal);
    // Nobody needs to hear of each object that goes.
    const followers = [this.#workspaces, this.#jobs, this.#restores];
    await Promise.all([...followers.map((one) => one?.close()), this.#events?.stop()]);
    await this.#remove(removal);
    await this.#programs?.stop();
    await this.close();
    const figures = this.#figures();
    await execution.onCollected(figures);
    return { figures, interrupted: stop.aborted, failure };
  }

  /** Ends all connections; {@link execute} has not been called, or is over. */
  close(): Promise<void> {
    return this.#requests.close();
  }

  async #work(execution: Execution): Promise<void> {
    const { stop } = execution;
    const { backup } = this.#given.options;
    const site = this.#site(execution.ledger);
    const workspaces = new Workspaces(site);
    this.#workspaces = workspaces;
    if (backup) this.#operator = new OperatorSetup(site, this.#found!, backup);
    await this.#watchAll(site, workspaces, stop);
    if (this.#secret) await this.#operator?.applySecret(this.#secret, execution);
    if (backup?.order === 'config-first') await this.#configure(execution);
    await this.#load(workspaces, stop);
    if (!backup) return;
    await this.#stopAll(workspaces, stop);
    if (backup.order === 'stop-first') await this.#configure(execution);
    await this.#untilBackedUp(backup, workspaces, stop);
    await this.#phases.run({ phase: 'collect', of: 1, deadlineMs: null }, async (phase) => {
      await this.#failures!.drained();
      this.#collect(workspaces);
      phase.done = () => 1;
    });
    if (backup.restore === null) return;
    await execution.onCollected(this.#figures());
    await this.#restore(site, backup, backup.restore, stop);
  }

  /** The schedule goes off first, so that nothing that is restored is backed up over its original. */
  async #restore(site: BackupSite, backup: BackupPart, restore: RestorePart, stop: AbortSignal): Promise<void> {
    const { registryPath } = this.#operator!;
    const source = { workspaces: this.#workspaces!, jobs: this.#jobs!, registryPath };
    await this.#operator!.silence(stop);
    const restores = new Restores(site, { backup, restore, ...source });
    this.#restores = restores;
    await this.#phases.run({ phase: 'restore', of: restores.of, deadlineMs: null }, async (phase) => {
      phase.done = () => restores.count(({ outcome }) => outcome !== 'unfinished');
      phase.details = () => [`${restores.count(({ outcome }) => outcome === 'ready')} ready`];
      if (restores.of > 0) await restores.run(stop);
    });
  }

  async #watchAll(site: BackupSite, workspaces: Workspaces, signal: AbortSignal): Promise<void> {
    if (site.options.backup) {
      const failures = new BackupFailures(site, signal);
      this.#failures = failures;
      this.#jobs = new BackupJobs(site, workspaces, (pod, job) => failures.caught(pod, job));
    }
    this.#programs = new Programs(site, this.#found!, this.#jobs, () => this.#phases.phase);
    this.#events = new ClusterEvents(site, new Set(workspaces.all.map(({ namespace }) => namespace)));
    this.#events.start();
    await Promise.all([workspaces.watch(signal), this.#jobs?.watch(signal), this.#programs.start(signal)]);
  }

  async #load(workspaces: Workspaces, stop: AbortSignal): Promise<void> {
    const { options } = this.#given;
    const made = Promise.withResolvers<void>();
    let bringing: Promise<void> | undefined;
    const of = options.workspaces;
    await this.#phases.run({ phase: 'create', of, deadlineMs: options.testDurationMs }, async (phase) => {
      phase.done = () => workspaces.count(({ uid }) => uid !== '');
      phase.details = () => [`${workspaces.count(({ start }) => start === 'ready')} ready`];
      bringing = workspaces.bringUp(stop, made.resolve);
      await Promise.race([made.promise, bringing]);
    });
    await this.#phases.run({ phase: 'ready', of, deadlineMs: options.readyTimeoutMs }, async (phase) => {
      phase.done = () => workspaces.count(({ start }) => start === 'ready');
      phase.details = () => [`${workspaces.count(({ start }) => start === 'failed')} failed`];
      await bringing;
    });
  }

  async #stopAll(workspaces: Workspaces, stop: AbortSignal): Promise<void> {
    const { clock, options } = this.#given;
    const of = workspaces.count((one) => one.exists && one.start !== 'failed');
    const deadlineMs = options.readyTimeoutMs;
    await this.#phases.run({ phase: 'stop', of, deadlineMs }, async (phase) => {
      phase.done = () => workspaces.count(({ stoppedAt }) => stoppedAt !== null);
      const deadlineAt = clock.now() + deadlineMs;
      await workspaces.stopAll(deadlineMs, stop);
      const over = (one: (typeof workspaces.all)[number]) =>
        one.stopAskedAt === null || one.stopRefused || one.stoppedAt !== null || one.isGone || one.phase === 'Failed';
      await this.#changes.until(() => workspaces.all.every(over), deadlineAt, stop);
    });
  }

  async #configure(execution: Execution): Promise<void> {
    await this.#phases.run({ phase: 'configure', of: 1, deadlineMs: null }, async (phase) => {
      await this.#operator!.configure(execution);
      phase.done = () => 1;
    });
  }

  async #untilBackedUp(backup: BackupPart, workspaces: Workspaces, stop: AbortSignal): Promise<void> {
    const { clock } = this.#given;
    const jobs = this.#jobs!;
    const of = workspaces.count(({ isStopped }) => isStopped);
    await this.#phases.run({ phase: 'watch', of, deadlineMs: backup.waitMs }, async (phase) => {
      phase.done = () => workspaces.count((one) => jobs.of(one).some(({ outcome }) => outcome !== null));
      phase.details = () => [
        `${jobs.total} Jobs: ${jobs.succeeded} succeeded, ${jobs.failed} failed, ${jobs.underWay.size} under way`,
      ];
      const watch = new BackupWatch(backup, workspaces, jobs, this.#operator!.appliedAt!);
      jobs.mark();
      if (of > 0) {
        const deadlineAt = clock.now() + backup.waitMs;
        const until = () => this.#changes.until(() => watch.isOver(clock.now()), deadlineAt, stop);
        await until();
        // Before the last word: what the watches could not show meanwhile.
        if (jobs.isBehind) {
          await jobs.catchUp(stop);
          await until();
        }
      }
      jobs.mark();
    });
  }

  /** Once: what comes later belongs to no run any more. */
  #collect(workspaces: Workspaces): void {
    this.#collected ??= this.#measure(workspaces);
    this.#durations ??= this.#measureDurations(workspaces);
  }

  #measureDurations({ durations: workspaces }: Workspaces): BackupDurations {
    return { workspaces, jobs: this.#jobs?.durations(this.#operator?.appliedAtThere ?? null) ?? null };
  }

  #measure(workspaces: Workspaces): Collected {
    return collectedFigures(workspaces, this.#jobs, this.#failures, this.#operator?.appliedAtThere ?? null);
  }

  async #putBack(removal: Removal): Promise<void> {
    if (!removal.ledger.open().some(({ kind }) => kind === CONFIG_KIND)) return;
    await this.#phases.run({ phase: 'reset', of: 1, deadlineMs: null }, async (phase) => {
      try {
        const exact = await resetOperator(removalOptions(removal));
        this.#operator!.reset = exact;
        phase.done = () => 1;
        if (exact === false) {
          const message = 'others have changed the configuration of the operator meanwhile; their changes stay';
          this.#emit({ type: 'warning', message });
        }
      } catch (error) {
        // Tried again with everything else.
        this.#emit({ type: 'warning', message: `the operator is not put back yet: ${(error as Error).message}` });
      }
    });
  }

  async #remove(removal: Removal): Promise<void> {
    const namespaces = removal.ledger.open().filter(({ kind }) => kind === 'Namespace').length;
    if (removal.ledger.open().length === 0) return;
    await this.#phases.run({ phase: 'cleanup', of: namespaces, deadlineMs: null }, async (phase) => {
      const left = await removeRun({
        ...removalOptions(removal),
        onProgress: ({ done }) => {
          phase.done = () => done;
        },
      });
      this.#leftovers = left.map(leftText);
      const operator = this.#operator;
      if (operator && operator.reset === null && operator.appliedAt !== null) {
        operator.reset = !left.some(({ entry }) => entry.kind === CONFIG_KIND);
      }
    });
  }

  #figures(collected = this.#collected!): BackupFigures {
    const { run, clock, options } = this.#given;
    return {
      run,
      startedAt: this.#startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      clockSpeed: clock.speed,
      cluster: this.#found!.cluster,
      phases: this.#phases.figures,
      load: this.#workspaces!.load,
      config: this.#operator?.figures ?? null,
      ...collected,
      restore: this.#restores?.figures ?? null,
      resources: this.#programs!.figures,
      api: this.#requests.figures(options.workspaces),
      leftovers: this.#leftovers,
    };
  }

  #site(ledger: Ledger): BackupSite {
    const { run, options, clock } = this.#given;
    const emit = (event: NewEvent) => this.#emit(event);
    return { run, options, clock, requests: this.#requests, ledger, changes: this.#changes, emit };
  }

  #emit(event: NewEvent): void {
    this.#given.onEvent({ at: this.#given.clock.now(), ...event } as BackupEvent);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

interface Removal extends Omit<BackupRemovalOptions, 'entries' | 'signal'> {
  ledger: Ledger;
}

/** Nothing of it is cut short: who cannot wait leaves the process, and the ledger says what is left. */
function removalOptions({ ledger, ...rest }: Removal): BackupRemovalOptions {
  return { ...rest, entries: ledger.open(), signal: new AbortController().signal };
}
