/**
 * One execution of a plan:
 *
 *   embedded hub? → embedded service? → pool of workers → lives of clusters as they arrive → verdict → clean-up → summary
 *
 * A run never throws once it is started: whatever goes wrong becomes a reason of its verdict.
 */
import type { KubeconfigSource } from '../../model/kube/kubeconfig.ts';
import { type ClockSpec, ScaledClock, startClock, wallNow } from '../../model/time/clock.ts';
import type { ClusterLife, LifeContext, Machines } from '../cluster/cluster-life.ts';
import { PollPacer } from '../cluster/poll-pacer.ts';
import { buildHost } from '../host/build-host.ts';
import { stockPrograms } from '../noop/programs.ts';
import { type ExpandedPlan, type LoadLevel, type RunPhase, SERVICE_OF_HUB } from '../plan/expanded-plan.ts';
import { usualWorkers } from '../plan/needs.ts';
import { Redactor } from '../plan/redact.ts';
import { formatFigure, type RunThreshold } from '../plan/thresholds.ts';
import type { LostWorker } from '../pool/pool.ts';
import { unexpectedOf } from '../report/fault-summary.ts';
import { summarizeServers } from '../report/server-summary.ts';
import {
  type LeftBehind,
  lateSeconds,
  lateStart,
  type RunFacts,
  type RunSummary,
  summarize,
} from '../report/summary.ts';
import type { Evaluated } from '../report/thresholds.ts';
import type { Verdict } from '../report/verdict.ts';
import type { AnswerMonitor } from '../telemetry/answer-monitor.ts';
import type { ChurnCounts } from '../telemetry/churn-counts.ts';
import type { ClusterDurations } from '../telemetry/cluster-durations.ts';
import type { HubRequestCounts } from '../telemetry/hub-request-counts.ts';
import { LoopMonitor } from '../telemetry/loop-monitor.ts';
import type { ProcessFigures } from '../telemetry/process-figures.ts';
import type { ReaderFigures } from '../telemetry/reader-figures.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import type { SaturationMonitor } from '../telemetry/saturation.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import type { StateLook } from '../telemetry/state-look.ts';
import type { StateTimes } from '../telemetry/state-times.ts';
import type { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { Churn } from './churn.ts';
import { cleanUp } from './clean-up.ts';
import { ClusterLives } from './cluster-lives.ts';
import {
  type ConnectionBudget,
  connectionBudget,
  readConnectionLimits,
  transportOptions,
} from './connection-budget.ts';
import type { EmbeddedProcess } from './embedded.ts';
import { type Addressees, environmentProxy, proxyNotices } from './environment-proxy.ts';
import { EventStream } from './event-stream.ts';
import { clusterStuck, HopelessWatch } from './hopeless.ts';
import { Judgement } from './judgement.ts';
import { leftBehindOf } from './left-behind.ts';
import { MachinesAtWork } from './machines-at-work.ts';
import { Measurements } from './measurements.ts';
import { type KeptFigures, keepFigures } from './merge/figures-file.ts';
import { NoopClusters } from './noop-clusters.ts';
import { type NoopMeans, noopSetup } from './noop-setup.ts';
import { ProgramWarnings } from './program-warnings.ts';
import type { ReadTargets } from './rest-looks.ts';
import { RunIndex } from './run-index.ts';
import type { RunParts, RunPool, RunStoreWriter, RunUser } from './run-parts.ts';
import { RunTraffic } from './run-traffic.ts';
import type { WindowName } from './run-windows.ts';
import { ServerCollection } from './server-collection.ts';
import { lookForTakenSeed } from './taken-seed.ts';
import { ThresholdWatch } from './threshold-watch.ts';

export type RunState = 'starting' | 'running' | 'stopping' | 'cleaning' | 'ended';

export interface RunOptions {
  id: string;
  plan: ExpandedPlan;
  parts: RunParts;
  /** Worker threads; default: one less than processors, at most one a cluster. */
  workers?: number;
  /** In the place of the plan's: simulated seconds that everything stays in place after the last cluster's end. */
  soakSeconds?: number;
  /** That distributions of the summary have beside the usual ones. */
  percentiles?: readonly number[];
  /** Moment at which it was to begin, as the other shards of its plan. Whoever starts it waits for it. */
  startAt?: Date;
}

/** Wall-clock milliseconds for which what readers may look at is not looked for anew. */
const READABLE_MS = 250;

export class Run {
  readonly id: string;
  readonly plan: ExpandedPlan;
  readonly index: RunIndex;
  readonly events = new EventStream();
  readonly startedAt = new Date();
  readonly workers: number;
  readonly #parts: RunParts;
  readonly #soakSeconds: number;
  /** Simulated moment until which nothing is done but to let time pass; null otherwise. */
  #passedAt: number | null = null;
  readonly #percentiles: readonly number[];
  readonly #startAt: Date | null;
  readonly #clock: ScaledClock;
  readonly #clockSpec: ClockSpec;
  readonly #stop = new AbortController();
  readonly #abandon = new AbortController();
  readonly #lives: ClusterLives;
  readonly #measurements: Measurements;
  readonly #hopeless: HopelessWatch;
  readonly #thresholds: ThresholdWatch;
  readonly #traffic: RunTraffic;
  readonly #programs: ProgramWarnings | null;
  #machines: MachinesAtWork | null = null;
  #collection: ServerCollection | null = null;
  /** Base URL of the embedded image service; null without one. */
  #images: string | null = null;
  #state: RunState = 'starting';
  readonly #judgement: Judgement;
  #endedAt: Date | null = null;
  /** Simulated and wall-clock time stop counting when the last life ends. */
  #measuredUntil: { wall: number; simulated: number } | null = null;
  #budget: ConnectionBudget | null = null;
  #store: RunStoreWriter | null = null;
  /** In the order in which they were started. */
  readonly #embedded: EmbeddedProcess[] = [];
  #summary: RunSummary | null = null;
  #readableAt = Number.NEGATIVE_INFINITY;
  #lastReadable: ReadTargets = { clusters: [], infraEnvs: [] };
  /** Knows the plan's secrets; everything that is told or kept passes it. */
  readonly #redactor: Redactor;

  constructor(options: RunOptions) {
    this.id = options.id;
    this.plan = options.plan;
    this.#redactor = Redactor.of(options.plan);
    this.#parts = options.parts;
    this.#soakSeconds = options.soakSeconds ?? options.plan.phases.soakSeconds;
    this.#percentiles = options.percentiles ?? [];
    this.#startAt = options.startAt ?? null;
    this.workers = options.workers ?? usualWorkers(options.plan.clusters.length);
    this.index = new RunIndex(options.plan);
    this.#lives = new ClusterLives(options.plan.clusters);
    this.#clockSpec = startClock(options.plan.clockSpeed);
    this.#clock = new ScaledClock(this.#clockSpec);
    this.#measurements = new Measurements(options.plan, this.workers, this.#clockSpec, () => this.#lives.counts);
    this.#judgement = new Judgement(this.#measurements, this.#redactor, (one) => this.#thresholds.crossedSinceMs(one));
    this.#hopeless = new HopelessWatch(this.reader, options.plan);
    this.#thresholds = new ThresholdWatch({
      lostSeconds: options.plan.lostSeconds ?? null,
      thresholds: () => this.#judgement.thresholds(this.#lives),
      ageMs: (time) => this.#measurements.ageMs(time),
      abort: (crossed) => this.#abortFor(crossed),
    });
    this.#traffic = new RunTraffic(options.plan, (message) => this.#warn(message));
    this.#programs = options.plan.programs && new ProgramWarnings((message) => this.#warn(message));
  }

  /** Shared memory of its counters. */
  get telemetry(): SharedArrayBuffer {
    return this.#measurements.telemetry;
  }

  get reader(): TelemetryReader {
    return this.#measurements.reader;
  }

  /** Of clusters that were made anew, and of readers. */
  get background(): { churn: ChurnCounts | null; readers: ReaderFigures } {
    const { churn, readers } = this.#measurements;
    return { churn: this.plan.churnPerHour === null ? null : churn, readers };
  }

  get hubRequests(): HubRequestCounts {
    return this.#measurements.hubRequests;
  }

  /** Of no-op hosts. */
  get processes(): ProcessFigures {
    return this.#measurements.processes;
  }

  get answers(): AnswerMonitor {
    return this.#measurements.answers;
  }

  get clusterDurations(): ClusterDurations {
    return this.#measurements.clusterDurations;
  }

  /** Of hosts, clusters and custom resources. */
  get states(): { times: StateTimes; look: StateLook } {
    const { stateTimes: times, stateLook: look } = this.#measurements;
    return { times, look };
  }

  get saturation(): SaturationMonitor {
    return this.#measurements.saturation;
  }

  get state(): RunState {
    return this.#state;
  }

  get verdict(): Verdict | null {
    return this.#judgement.verdict;
  }

  get reasons(): readonly string[] {
    return this.#judgement.reasons;
  }

  get endedAt(): Date | null {
    return this.#endedAt;
  }

  /** Null while nothing is written. */
  get directory(): string | null {
    return this.#store?.directory ?? null;
  }

  /** The phase and step that lasts; null before the first and after the last one. */
  get part(): WindowName | null {
    return this.#measurements.windows.current;
  }

  /** Simulated milliseconds until a phase ends that lasts as long as the plan says; null of the others. */
  get partRemainingMs(): number | null {
    return this.#passedAt === null ? null : Math.max(0, this.#passedAt - this.#clock.now());
  }

  /** So many times as fast as planned clusters arrive; null where none is to come. */
  get pace(): number | null {
    return this.#stop.signal.aborted ? null : (this.#lives.pace?.factor ?? null);
  }

  /**
   * Lets the clusters that are still to come arrive faster, slower, or not at all (0).
   * @throws RangeError for what is no pace, and when none is to come
   */
  setPace(factor: number): void {
    if (this.pace === null) throw new RangeError('no cluster is to come any more');
    this.#lives.pace!.set(factor);
    this.#emit({ time: this.#clock.now(), type: 'run.pace', factor });
  }

  /** Ends the run early: lives are cancelled, then everything goes its normal way, clean-up included. */
  stop(): void {
    if (this.#state === 'starting' || this.#state === 'running') this.#state = 'stopping';
    else if (this.#state === 'cleaning') this.#judgement.hold(this.#lives);
    this.#stop.abort(new Error('the run was stopped'));
  }

  /** Ends the run early as {@link stop} does, and lets it fail with this reason. Nothing happens after its end. */
  fail(reason: string): void {
    if (this.#state === 'ended') return;
    this.#judgement.fail(reason);
    this.stop();
  }

  /** Gives up at once, without clean-up. Returns what is left on the service. The process should end after it. */
  abort(): LeftBehind[] {
    this.stop();
    this.#abandon.abort(new Error('the run was abandoned'));
    for (const embedded of this.#embedded) embedded.kill();
    this.#store?.ledger.flush();
    return this.leftBehind();
  }

  /** What stands, or may stand, on the service because of this run, now. Nothing when the service is our own: it goes with the run. */
  leftBehind(): LeftBehind[] {
    if (this.plan.service.url === 'embedded') return [];
    return leftBehindOf(this.#store?.ledger.open() ?? []);
  }

  /** Events of one host, oldest first. */
  async history(host: number): Promise<RunEvent[]> {
    return (await this.#store?.history(host)) ?? [];
  }

  /** Events of one cluster itself, oldest first. */
  async clusterHistory(cluster: number): Promise<RunEvent[]> {
    return (await this.#store?.clusterHistory(cluster)) ?? [];
  }

  /** Text without the plan's secrets. */
  redact(text: string): string {
    return this.#redactor.text(text);
  }

  /** As things stand; after the end as they stood then. */
  summary(): RunSummary {
    return this.#summary ?? this.#summarize();
  }

  /** Runs to the end. Call once. */
  async execute(): Promise<RunSummary> {
    let pool: RunPool | null = null;
    let user: RunUser | null = null;
    let noop: NoopClusters | null = null;
    let endReaders: () => Promise<void> = async () => {};
    const { failures } = this.#measurements;
    const telemetry = new SharedTelemetry(this.#measurements.telemetry, 0, (sample) => failures.add(sample));
    const loop = new LoopMonitor(telemetry);
    this.#measurements.start();
    this.#hopeless.start(wallNow, (cause) => this.#giveUp(cause));
    this.#thresholds.start();
    for (const { index } of this.plan.clusters) telemetry.clusterPhase(index, 'planned');
    for (let slot = 0; slot < this.plan.hostCount; slot++) telemetry.hostPhase(slot, 'planned');
    try {
      this.#store = await this.#parts.openStore(this.id, this.plan);
      this.#emit({
        time: this.#clock.now(),
        type: 'run.started',
        run: this.id,
        plan: this.plan.name,
        seed: this.plan.seed,
        clusters: this.plan.clusters.length,
        hosts: this.plan.hostCount,
      });
      this.#tellOfLateStart();
      this.#budget = connectionBudget(this.plan, await readConnectionLimits(), this.workers);
      if (this.#budget.refusal !== null) throw new Error(this.#budget.refusal);
      if (this.#budget.warning !== null) this.#warn(this.#budget.warning);
      const hub = await this.#hub();
      const baseUrl = await this.#serviceUrl(hub?.text ?? null);
      this.#collection = await this.#collect(hub, baseUrl);
      for (const notice of proxyNotices(addressees(this.plan, baseUrl))) this.#warn(notice);
      this.#traffic.keepDocument(this.#store, baseUrl);
      user = await this.#parts.createUser({
        plan: this.plan,
        baseUrl,
        hub,
        clock: this.#clock,
        telemetry,
        hubRequests: this.#measurements.hubRequests,
        divergence: this.#measurements.divergence,
        readers: this.#measurements.readers,
        warn: (message) => this.#warn(message),
        emit: (event) => this.#emit(event),
        ledger: this.#store.ledger,
      });
      noop = this.plan.programs && (await this.#noopClusters());
      pool = await this.#parts.createPool({
        workers: this.workers,
        clock: this.#clockSpec,
        boot: this.plan.boot,
        ...(this.plan.links && { links: this.plan.links.map(({ figures }) => figures) }),
        noop: noop && noopSetup(this.#noopMeans, this.directory, noop.access),
        transport: { ...transportOptions(this.plan, this.#budget, this.workers), ...environmentProxy() },
        telemetry: this.#measurements.telemetry,
        onEvents: (events) => {
          for (const event of events) {
            this.#emit(event);
            user?.apply(event);
            noop?.apply(event);
            this.#programs?.apply(event);
            this.#lookForStuck(event);
          }
        },
        onFailure: (sample) => failures.add(sample),
        onWorkerLost: (lost) => this.#workerLost(lost),
        onLabLost: (message) => this.#judgement.fail(message),
        onProcesses: (report) => this.processes.apply(report),
        onInstallation: (cluster, installation) => noop?.installing(cluster, installation),
        onClusterIdle: (cluster) => {
          noop?.left(cluster);
          this.#machines?.left(cluster);
        },
      });
      noop?.serve(pool);
      this.#machines = new MachinesAtWork(this.#traffic.mark(pool));
      if (this.#state === 'starting') this.#state = 'running';
      this.#measurements.startLoad();
      const machines = await user.attend(this.#machines);
      endReaders = await user.read(() => this.#readable());
      await this.#live(this.#context(user, machines, telemetry), this.#machines);
    } catch (error) {
      this.#judgement.fail(error instanceof Error ? error.message : String(error));
    }
    this.#hopeless.stop();
    this.#thresholds.stop();
    if (!this.#stop.signal.aborted) this.#conclude();
    this.#measuredUntil = { wall: wallNow(), simulated: this.#clock.now() };
    this.#measurements.endLoad();
    await this.#traffic.keep(pool, this.#store);
    if (this.#stop.signal.aborted) this.#judgement.hold(this.#lives);
    await this.#cleanUp(user);
    await endReaders();
    const unclean = (whose: string) => (error: Error) =>
      this.#judgement.fail(`${whose} did not end cleanly: ${error.message}`);
    await this.#collection?.stop();
    await pool?.stop().catch(unclean('workers'));
    await noop?.close().catch(unclean('the kube-apis of no-op clusters'));
    await user?.close().catch(unclean("the user's connections"));
    for (const embedded of this.#embedded.toReversed()) await embedded.stop().catch(unclean('an embedded process'));
    this.#measurements.stop();
    loop.stop();
    return this.#end();
  }

  #tellOfLateStart(): void {
    const start = { startAt: this.#startAt, startedAt: this.startedAt };
    const late = lateStart({ startAt: this.#startAt?.toISOString() ?? null, startedLateSeconds: lateSeconds(start) });
    if (late !== null) this.#warn(`the run ${late}`);
  }

  /** Of a plan with no-op hosts, whose programs are where they can be run. */
  get #noopMeans(): NoopMeans {
    const { programs, noopOutside } = this.plan;
    return { programs: stockPrograms(programs!), outside: noopOutside === true };
  }

  #noopClusters(): Promise<NoopClusters> {
    return NoopClusters.start({
      clock: this.#clock,
      openshiftVersion: this.plan.openshiftVersion,
      warn: (message) => this.#warn(message),
    });
  }

  #context(user: RunUser, machines: Machines, telemetry: SharedTelemetry): LifeContext {
    const { seed, limits, spokeProfile } = this.plan;
    return {
      seed,
      limits,
      spokeProfile,
      adapterOf: ({ api }) => user.adapterOf(api),
      machines,
      clock: this.#clock,
      telemetry,
      emit: (event) => this.#emit(event),
      pace: new PollPacer(this.#clock, this.plan.userPollSeconds, this.plan.shard.count),
      mayCreate: this.#lookBeforeCreating(user),
      identify: (cluster, host) => {
        const { identity, installationDisk } = buildHost(seed, cluster, host);
        return { id: identity.id, hostname: identity.hostname, installationDisk };
      },
    };
  }

  /** A plan whose seed lives on the service already would meet hosts of its own identities: the run ends before it makes anything. */
  async #lookBeforeCreating(user: RunUser): Promise<void> {
    for (const api of new Set(this.plan.clusters.map((cluster) => cluster.api))) {
      const look = await lookForTakenSeed(this.plan, api, user.adapterOf(api), this.#stop.signal);
      if (look === null) continue;
      if ('unknown' in look) this.#warn(look.unknown);
      else {
        this.#judgement.fail(look.taken);
        this.#stop.abort(new Error(look.taken));
      }
    }
  }

  /** Lets the clusters arrive and live, and the installed ones send their last words. */
  async #live(context: LifeContext, machines: MachinesAtWork): Promise<void> {
    const { signal } = this.#stop;
    const { phases, steps } = this.plan;
    if (phases.idleSeconds > 0) {
      this.#enter('idle');
      await this.#pass(phases.idleSeconds);
    }
    // The first step begins with the phase.
    if (steps.length === 0) this.#enter('deploy');
    const ended = ({ cluster, outcome }: ClusterLife) => {
      // Machines of a cluster that did not get there would go on for ever, and those that failed in one that did; the others have an
      // end of their own.
      const goesOn = outcome?.result !== 'complete' || cluster.justInfraEnv || cluster.hosts.some(({ fault }) => fault);
      if (goesOn) machines.done(cluster.index);
    };
    const churn = this.#churn(context, machines);
    churn?.start(signal);
    try {
      await this.#lives.live(context, signal, ended, steps, (step, level) => this.#enter('deploy', step, level));
      await this.#soak(machines);
    } finally {
      await churn?.end();
    }
  }

  /** The machines come to their end, and everything stays in place. */
  async #soak(machines: MachinesAtWork): Promise<void> {
    const { signal } = this.#stop;
    const unsettled = await machines.settle(this.#clock, signal);
    if (unsettled !== null) this.#warn(unsettled);
    if (this.#soakSeconds === 0 || signal.aborted) return;
    this.#enter('soak');
    await this.#pass(this.#soakSeconds);
  }

  /** Simulated seconds, or until the run is stopped. */
  async #pass(seconds: number): Promise<void> {
    this.#passedAt = this.#clock.now() + seconds * 1000;
    await this.#clock.sleep(seconds * 1000, this.#stop.signal).catch(() => {});
    this.#passedAt = null;
  }

  /** Null for a plan whose clusters stay. */
  #churn(context: LifeContext, machines: MachinesAtWork): Churn | null {
    const { plan } = this;
    if (plan.churnPerHour === null) return null;
    return new Churn({
      ...{ plan, perHour: plan.churnPerHour, lives: this.#lives, context, machines },
      counts: this.#measurements.churn,
      warn: (message) => this.#warn(message),
    });
  }

  /** What is there for readers: the service's ids. */
  #readable(): ReadTargets {
    const now = wallNow();
    // Many look in one second at what thousands of clusters are.
    if (now - this.#readableAt < READABLE_MS) return this.#lastReadable;
    this.#readableAt = now;
    const ids = this.#lives.standing.map((life) => life.onService);
    const known = (id: string | null) => id !== null;
    this.#lastReadable = {
      clusters: ids.map(({ clusterId }) => clusterId).filter(known),
      infraEnvs: ids.map(({ infraEnvId }) => infraEnvId).filter(known),
    };
    return this.#lastReadable;
  }

  /** A part of the run begins. */
  #enter(phase: RunPhase, step: number | null = null, level: LoadLevel | null = null): void {
    this.#measurements.windows.begin({ phase, step, level });
    void this.#collection?.window({ phase, step });
    this.#emit({ time: this.#clock.now(), type: 'run.phase', phase, step, level });
  }

  /** Null when nothing is made by custom resources. */
  async #hub(): Promise<KubeconfigSource | null> {
    const { hub } = this.plan;
    if (hub === null) return null;
    const { kubeconfig, context } = hub;
    if (kubeconfig !== 'embedded') return { file: kubeconfig, ...(context !== null && { context }) };
    const embedded = await this.#parts.startEmbeddedHub(this.#clockSpec);
    this.#watch(embedded);
    return { text: embedded.kubeconfig };
  }

  /** '' when only the hub knows it. @param hub text of the kubeconfig of the embedded hub, or null */
  async #serviceUrl(hub: string | null): Promise<string> {
    const { url, agentToken } = this.plan.service;
    if (url === SERVICE_OF_HUB) return '';
    if (url !== 'embedded') return url;
    const embedded = await this.#parts.startEmbedded(this.#clockSpec, agentToken, hub, this.plan.boot !== null);
    this.#watch(embedded);
    this.#images = embedded.imagesUrl ?? null;
    return embedded.url;
  }

  /** Begins to read the servers. */
  async #collect(hub: KubeconfigSource | null, service: string): Promise<ServerCollection> {
    const sources = await this.#parts.createCollectors(this.plan, { service, hub, images: this.#images });
    const collection = new ServerCollection(
      {
        ...sources,
        intervalMs: this.plan.collect.intervalSeconds * 1000,
        now: wallNow,
        warn: (message) => this.#warn(message),
      },
      this.#measurements.servers,
    );
    collection.start();
    return collection;
  }

  #watch(embedded: EmbeddedProcess): void {
    this.#embedded.push(embedded);
    void embedded.died.then((how) => {
      this.#judgement.fail(how);
      this.#lives.fail(how);
      this.#stop.abort(new Error(how));
    });
  }

  #workerLost({ worker, message, clusters }: LostWorker): void {
    this.#judgement.fail(`worker ${worker} was lost: ${message}`);
    this.#measurements.workerLost(worker);
    for (const cluster of clusters) {
      this.#lives.of(cluster)?.fail(`its worker thread was lost: ${message}`);
      this.#machines?.left(cluster);
    }
  }

  async #cleanUp(user: RunUser | null): Promise<void> {
    this.#state = 'cleaning';
    const embedded = this.plan.service.url === 'embedded';
    // Nothing of an embedded service outlives the run: when it is dead or nobody waits, removals would only take time.
    const end = embedded ? AbortSignal.any([this.#abandon.signal, this.#stop.signal]) : this.#abandon.signal;
    if (this.plan.keep || end.aborted || this.#lives.arrived.length === 0) {
      this.#measurements.windows.end();
      return;
    }
    this.#enter('remove');
    const notRemoved = await cleanUp({
      lives: this.#lives.standing,
      removeShared: (signal) => user?.removeShared(signal),
      signal: end,
      // Whoever stops a run waits for its end.
      perHour: this.#stop.signal.aborted ? null : this.plan.phases.removePerHour,
      clock: this.#clock,
    });
    this.#measurements.windows.end();
    if (notRemoved !== null && !(embedded && end.aborted)) this.#judgement.notRemoved(notRemoved);
  }

  async #end(): Promise<RunSummary> {
    const { startedAt } = this;
    const nameOf = (cluster: number, host: number | null) => this.#nameOf(cluster, host);
    const unexpected = unexpectedOf(this.#measurements.faultFacts, nameOf);
    const verdict = this.#judgement.reach(this.#lives, { stopped: this.#stop.signal.aborted, startedAt, unexpected });
    const { reasons } = this.#judgement;
    this.#endedAt = new Date();
    this.#emit({ time: this.#clock.now(), type: 'run.ended', run: this.id, verdict, reasons: [...reasons] });
    this.#summary = this.#summarize();
    this.#state = 'ended';
    this.events.end();
    await this.#store?.finish(this.#summary, this.#figures(this.#summary));
    this.#store?.ledger.end({ ended: this.#endedAt.toISOString(), verdict, reasons });
    return this.#summary;
  }

  #summarize(): RunSummary {
    return this.#redactor.data(summarize(this.reader, this.#facts(), wallNow()));
  }

  /** Null unless others have the rest of the plan. */
  #figures(summary: RunSummary): KeptFigures | null {
    if (this.plan.shard.count === 1) return null;
    return this.#redactor.data(
      keepFigures({
        ...{ plan: this.plan, summary, facts: this.#facts(), measurements: this.#measurements },
        spoilt: this.#judgement.spoilt,
      }),
    );
  }

  #facts(): RunFacts {
    const until = this.#measuredUntil ?? { wall: wallNow(), simulated: this.#clock.now() };
    const wallMs = until.wall - this.#clockSpec.originWall;
    return {
      run: this.id,
      plan: this.plan,
      percentiles: this.#percentiles,
      verdict: this.#judgement.verdict,
      reasons: [...this.#judgement.reasons],
      thresholds: this.#judgement.thresholds(this.#lives),
      crossedSinceMs: (threshold) => this.#thresholds.crossedSinceMs(threshold),
      ...this.#measurements.facts(this.#percentiles),
      startedAt: this.startedAt,
      startAt: this.#startAt,
      wallSeconds: wallMs / 1000,
      simulatedSeconds: (until.simulated - this.#clockSpec.originSimulated) / 1000,
      nameOf: (cluster, host) => this.#nameOf(cluster, host),
      funnel: this.index.funnel(),
      failures: this.index.failures().map((one) => this.#programs?.explain(one) ?? one),
      failedAsExpected: this.#lives.failedAsExpected,
      cancelled: this.#lives.cancelled,
      idleSeconds: this.#budget?.idleSeconds ?? this.plan.connections.idleSeconds,
      leftBehind: this.leftBehind(),
      drift: this.#traffic.drift,
      servers: summarizeServers(this.#collection?.summaries() ?? [], this.#measurements.servers, this.startedAt),
    };
  }

  #nameOf(index: number, hostIndex: number | null): { name: string; id: string } {
    const cluster = this.plan.clusters.find((one) => one.index === index)!;
    const host = cluster.hosts.find((one) => one.index === hostIndex);
    if (!host) return { name: cluster.name, id: this.index.clusterId(index) ?? '' };
    const { identity } = buildHost(this.plan.seed, cluster, host);
    return { name: `${identity.hostname} of ${cluster.name}`, id: identity.id };
  }

  /** Ends the run, which cannot succeed any more. */
  #giveUp(cause: string): void {
    if (this.#stop.signal.aborted) return;
    this.#judgement.giveUp(cause);
    this.#warn(`the run is given up: ${cause}`);
    this.stop();
  }

  /** Ends the run for a threshold that says so, as things stand. */
  #abortFor(crossed: Evaluated<RunThreshold>): void {
    if (this.#stop.signal.aborted) return;
    this.#judgement.hold(this.#lives);
    this.#warn(`the run is ended: ${formatFigure(crossed.figure, crossed.labels)} has crossed ${crossed.expression}`);
    this.stop();
  }

  /** A run whose clusters have all failed for one lasting cause says that cause once. */
  #conclude(): void {
    const cause = this.#hopeless.conclude();
    if (cause !== null) this.#judgement.giveUp(cause);
  }

  /** A host that will never say anything more fails its cluster, instead of the limit on waiting for it. */
  #lookForStuck(event: RunEvent): void {
    const silent =
      (event.type === 'host.phase' && event.phase === 'frozen') ||
      (event.type === 'host.error' && event.kind === 'host-lost');
    if (!silent) return;
    const life = this.#lives.of(event.cluster);
    const host = life?.cluster.hosts.find(({ index }) => index === event.host);
    const stuck = life && host ? clusterStuck(event, life.phase, host.ordinal) : null;
    if (stuck !== null) life!.fail(stuck);
  }

  #warn(message: string): void {
    this.#emit({ time: this.#clock.now(), type: 'run.warning', message });
  }

  #emit(given: RunEvent): void {
    const event = this.#redactor.data(given);
    this.index.apply(event);
    this.#hopeless.apply(event);
    this.#measurements.apply(event);
    this.#store?.write(event);
    this.events.publish(event);
  }
}

/** @param baseUrl of the service; '' where InfraEnvs name it */
function addressees({ hub, programs }: ExpandedPlan, baseUrl: string): Addressees {
  const own = hub !== null && hub.kubeconfig !== 'embedded';
  return { service: baseUrl || null, hub: own ? hub.kubeconfig : null, noop: programs !== null };
}
