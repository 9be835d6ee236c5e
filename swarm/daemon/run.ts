/**
 * One execution of a plan:
 *
 *   embedded service? → pool of workers → lives of clusters as they arrive → verdict → clean-up → summary
 *
 * A run never throws once it is started: whatever goes wrong becomes a reason of its verdict.
 */
import { availableParallelism } from 'node:os';
import { type ClockSpec, ScaledClock, startClock, wallNow } from '../../model/time/clock.ts';
import type { ClusterAdapter } from '../cluster/cluster-adapter.ts';
import { ClusterLife, type LifeContext, type Machines } from '../cluster/cluster-life.ts';
import { FollowPace } from '../cluster/follow-pace.ts';
import { buildHost } from '../host/build-host.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { Redactor } from '../plan/redact.ts';
import type { LostWorker, PoolOptions } from '../pool/pool.ts';
import { type LeftBehind, type RunSummary, summarize, type Verdict } from '../report/summary.ts';
import type { ServiceAccess } from '../service/runtime.ts';
import { LoopMonitor } from '../telemetry/loop-monitor.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { SaturationMonitor } from '../telemetry/saturation.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import type { TransportOptions } from '../transport/transport.ts';
import { type ConnectionBudget, connectionBudget, readConnectionLimits } from './connection-budget.ts';
import type { EmbeddedService } from './embedded.ts';
import { EventStream } from './event-stream.ts';
import { RunIndex } from './run-index.ts';

export type RunState = 'starting' | 'running' | 'stopping' | 'cleaning' | 'ended';

/** The worker threads of a run. */
export interface RunPool extends Machines {
  /** Ends all machines and threads. */
  stop(): Promise<void>;
}

/** The user's side of a run: a client of the service with its own connections. */
export interface RunUser {
  adapter: ClusterAdapter;
  close(): Promise<void>;
}

/** What a run is made of; the daemon gives the real parts, tests give others. */
export interface RunParts {
  startEmbedded(clock: ClockSpec, agentToken: string): Promise<EmbeddedService>;
  createPool(options: PoolOptions): Promise<RunPool>;
  createUser(plan: ExpandedPlan, baseUrl: string, clock: ScaledClock, telemetry: SharedTelemetry): RunUser;
  /** Where events and summary are kept. */
  openStore(run: string, plan: ExpandedPlan): Promise<RunStoreWriter>;
}

/** The run's folder. */
export interface RunStoreWriter {
  /** Null when nothing is kept. */
  readonly directory: string | null;
  write(event: RunEvent): void;
  /** Events of one host so far, oldest first. */
  history(host: number): Promise<RunEvent[]>;
  finish(summary: RunSummary): Promise<void>;
}

export interface RunOptions {
  id: string;
  plan: ExpandedPlan;
  parts: RunParts;
  /** Worker threads; default: one less than processors, at most one a cluster. */
  workers?: number;
  /** Simulated seconds that machines which have no end of their own go on after everything is done; default 0. */
  holdSeconds?: number;
}

/**
 * Simulated seconds for the machines of installed clusters to come to their own end: the last logs, and a day-2 worker that
 * counts as added when it reboots has yet to boot, join and become ready.
 */
const SETTLE_SECONDS = 1_200;
/** Wall-clock milliseconds that clean-up may take before the rest is reported as left behind. */
const CLEAN_UP_LIMIT_MS = 120_000;
/** Clusters removed at once. */
const REMOVALS_AT_ONCE = 16;
/** Reasons of single clusters repeated in the verdict. */
const NAMED_REASONS = 3;

export class Run {
  readonly id: string;
  readonly plan: ExpandedPlan;
  readonly index: RunIndex;
  readonly events = new EventStream();
  readonly startedAt = new Date();
  /** Shared memory of the run's counters. */
  readonly telemetry: SharedArrayBuffer;
  readonly reader: TelemetryReader;
  readonly saturation: SaturationMonitor;
  readonly workers: number;
  readonly #parts: RunParts;
  readonly #holdSeconds: number;
  readonly #clock: ScaledClock;
  readonly #clockSpec: ClockSpec;
  readonly #stop = new AbortController();
  readonly #abandon = new AbortController();
  readonly #lives: ClusterLife[] = [];
  readonly #busy = new Set<number>();
  #whenIdle: (() => void) | null = null;
  #state: RunState = 'starting';
  #verdict: Verdict | null = null;
  #reasons: string[] = [];
  #endedAt: Date | null = null;
  /** Simulated and wall-clock time stop counting when the last life ends. */
  #measuredUntil: { wall: number; simulated: number } | null = null;
  #budget: ConnectionBudget | null = null;
  #store: RunStoreWriter | null = null;
  #embedded: EmbeddedService | null = null;
  #summary: RunSummary | null = null;
  /** Knows the plan's secrets; everything that is told or kept passes it. */
  readonly #redactor: Redactor;
  readonly #cpuAtStart = process.cpuUsage();

  constructor(options: RunOptions) {
    this.id = options.id;
    this.plan = options.plan;
    this.#redactor = Redactor.of(options.plan);
    this.#parts = options.parts;
    this.#holdSeconds = options.holdSeconds ?? 0;
    this.workers = options.workers ?? Math.max(1, Math.min(availableParallelism() - 1, options.plan.clusters.length));
    this.index = new RunIndex(options.plan);
    this.#clockSpec = startClock(options.plan.clockSpeed);
    this.#clock = new ScaledClock(this.#clockSpec);
    this.telemetry = createTelemetryBuffer({
      writers: this.workers + 1,
      hostSlots: Math.max(1, options.plan.hostCount),
      clusterSlots: Math.max(1, ...options.plan.clusters.map((cluster) => cluster.index + 1)),
    });
    this.reader = new TelemetryReader(this.telemetry);
    this.saturation = new SaturationMonitor(this.reader);
  }

  get state(): RunState {
    return this.#state;
  }

  get verdict(): Verdict | null {
    return this.#verdict;
  }

  get reasons(): readonly string[] {
    return this.#reasons;
  }

  get endedAt(): Date | null {
    return this.#endedAt;
  }

  /** Null while nothing is written. */
  get directory(): string | null {
    return this.#store?.directory ?? null;
  }

  /** Ends the run early: lives are cancelled, then everything goes its normal way, clean-up included. */
  stop(): void {
    if (this.#state === 'starting' || this.#state === 'running') this.#state = 'stopping';
    this.#stop.abort(new Error('the run was stopped'));
  }

  /** Ends the run early as {@link stop} does, and lets it fail with this reason. Nothing happens after its end. */
  fail(reason: string): void {
    if (this.#state === 'ended') return;
    this.#fail(reason);
    this.stop();
  }

  /** Gives up at once, without clean-up. Returns what is left on the service. The process should end after it. */
  abort(): LeftBehind[] {
    this.stop();
    this.#abandon.abort(new Error('the run was abandoned'));
    this.#embedded?.kill();
    return this.leftBehind();
  }

  /** What stands on the service because of this run, now. Nothing when the service is our own: it goes with the run. */
  leftBehind(): LeftBehind[] {
    if (this.plan.service.url === 'embedded') return [];
    return this.#lives
      .filter(({ objects }) => objects.clusterId !== null || objects.infraEnvId !== null)
      .map(({ cluster, objects }) => ({ name: cluster.name, ...objects }));
  }

  /** Events of one host, oldest first. */
  async history(host: number): Promise<RunEvent[]> {
    return (await this.#store?.history(host)) ?? [];
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
    const telemetry = new SharedTelemetry(this.telemetry, 0);
    const loop = new LoopMonitor(telemetry);
    this.saturation.start();
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
      this.#budget = connectionBudget(this.plan, await readConnectionLimits());
      if (this.#budget.warning !== null) this.#warn(this.#budget.warning);
      const baseUrl = await this.#serviceUrl();
      user = this.#parts.createUser(this.plan, baseUrl, this.#clock, telemetry);
      pool = await this.#parts.createPool({
        workers: this.workers,
        clock: this.#clockSpec,
        transport: this.#transport(),
        telemetry: this.telemetry,
        onEvents: (events) => {
          for (const event of events) this.#emit(event);
        },
        onWorkerLost: (lost) => this.#workerLost(lost),
        onClusterIdle: (cluster) => {
          this.#busy.delete(cluster);
          if (this.#busy.size === 0) this.#whenIdle?.();
        },
      });
      if (this.#state === 'starting') this.#state = 'running';
      await this.#live(this.#context(baseUrl, user, pool, telemetry));
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
    this.#measuredUntil = { wall: wallNow(), simulated: this.#clock.now() };
    this.saturation.look(wallNow());
    await this.#cleanUp();
    const unclean = (whose: string) => (error: Error) => this.#fail(`${whose} did not end cleanly: ${error.message}`);
    await pool?.stop().catch(unclean('workers'));
    await user?.close().catch(unclean("the user's connections"));
    await this.#embedded?.stop().catch(unclean('the embedded service'));
    this.saturation.stop();
    loop.stop();
    return this.#end();
  }

  #context(baseUrl: string, user: RunUser, pool: RunPool, telemetry: SharedTelemetry): LifeContext {
    const { seed, service, pollIntervalSeconds, limits, spokeProfile } = this.plan;
    const access: ServiceAccess = { baseUrl, token: service.agentToken, pollIntervalSeconds };
    const machines: Machines = {
      launch: (launch) => {
        this.#busy.add(launch.cluster.index);
        pool.launch(launch);
      },
      startHosts: (cluster, infraEnvId, clusterId, start) => {
        this.#busy.add(cluster);
        pool.startHosts(cluster, infraEnvId, clusterId, start);
      },
      stopCluster: (cluster) => {
        this.#busy.delete(cluster);
        pool.stopCluster(cluster);
      },
    };
    return {
      seed,
      access,
      limits,
      spokeProfile,
      adapter: user.adapter,
      machines,
      clock: this.#clock,
      telemetry,
      emit: (event) => this.#emit(event),
      pace: new FollowPace(this.#clock),
      identify: (cluster, host) => buildHost(seed, cluster, host).identity,
    };
  }

  /** Lets the clusters arrive and live, and the installed ones send their last words. */
  async #live(context: LifeContext): Promise<void> {
    const origin = this.#clock.now();
    let firstHostSlot = 0;
    for (const cluster of this.plan.clusters) {
      this.#lives.push(new ClusterLife(context, cluster, cluster.index, firstHostSlot));
      firstHostSlot += cluster.hosts.length;
    }
    const lived = this.#lives.map(async (life) => {
      const wait = origin + life.cluster.arrivalMs - this.#clock.now();
      if (wait > 0) await this.#clock.sleep(wait, this.#stop.signal).catch(() => {});
      const { result } = await life.run(this.#stop.signal);
      // Machines of a cluster that did not get there would go on for ever; the others have an end of their own.
      if (result !== 'complete' || life.cluster.justInfraEnv) this.#busy.delete(life.cluster.index);
    });
    await Promise.all(lived);
    if (this.#busy.size > 0 && !this.#stop.signal.aborted) {
      const idle = new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
      await Promise.race([idle, this.#clock.sleep(SETTLE_SECONDS * 1000, this.#stop.signal).catch(() => {})]);
    }
    if (this.#holdSeconds > 0) await this.#clock.sleep(this.#holdSeconds * 1000, this.#stop.signal).catch(() => {});
  }

  async #serviceUrl(): Promise<string> {
    if (this.plan.service.url !== 'embedded') return this.plan.service.url;
    this.#embedded = await this.#parts.startEmbedded(this.#clockSpec, this.plan.service.agentToken);
    void this.#embedded.died.then((how) => {
      this.#fail(how);
      for (const life of this.#lives) life.fail(how);
      this.#stop.abort(new Error(how));
    });
    return this.#embedded.url;
  }

  #transport(): Omit<TransportOptions, 'observer'> {
    const { connections, service } = this.plan;
    const scaled = (seconds: number) => (seconds * 1000) / this.plan.clockSpeed;
    return {
      mode: connections.mode,
      tls: service.tls,
      sourceAddresses: connections.sourceAddresses,
      idleTimeoutMs: scaled(this.#budget!.idleSeconds),
      dialTimeoutMs: 30_000,
      tlsHandshakeTimeoutMs: 10_000,
    };
  }

  #workerLost({ worker, message, clusters }: LostWorker): void {
    this.#fail(`worker ${worker} was lost: ${message}`);
    for (const life of this.#lives) {
      if (clusters.includes(life.cluster.index)) life.fail(`its worker thread was lost: ${message}`);
    }
    for (const cluster of clusters) this.#busy.delete(cluster);
    if (this.#busy.size === 0) this.#whenIdle?.();
  }

  async #cleanUp(): Promise<void> {
    this.#state = 'cleaning';
    if (this.plan.keep || this.#abandon.signal.aborted) return;
    // Nothing of an embedded service outlives the run; removing it object by object would only take time.
    if (this.plan.service.url === 'embedded' && this.#stop.signal.aborted) return;
    const signal = AbortSignal.any([this.#abandon.signal, AbortSignal.timeout(CLEAN_UP_LIMIT_MS)]);
    // All of them first: what the service answers while it is busy with removals is no measure of anything.
    for (const life of this.#lives) life.powerOff();
    const queue = this.#lives.values();
    const failures: string[] = [];
    const work = async () => {
      for (const life of queue) {
        try {
          await life.remove(signal);
        } catch (error) {
          failures.push(`${life.cluster.name}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    };
    await Promise.all(Array.from({ length: REMOVALS_AT_ONCE }, work));
    if (failures.length > 0) {
      this.#fail(`${failures.length} clusters could not be removed from the service; first: ${failures[0]}`);
    }
  }

  async #end(): Promise<RunSummary> {
    const failed = this.#lives.filter((life) => life.outcome?.result === 'failed');
    if (failed.length > 0) {
      const named = failed.slice(0, NAMED_REASONS).map((life) => `${life.cluster.name}: ${life.outcome!.reason}`);
      this.#fail(`${failed.length} of ${this.#lives.length} clusters failed; ${named.join('; ')}`);
    }
    if (this.#reasons.length > 0) this.#verdict = 'failed';
    else if (this.#stop.signal.aborted) {
      this.#verdict = 'interrupted';
      this.#reasons.push('the run was stopped before its end');
    } else this.#verdict = 'passed';

    this.#endedAt = new Date();
    this.#emit({
      time: this.#clock.now(),
      type: 'run.ended',
      run: this.id,
      verdict: this.#verdict,
      reasons: this.#reasons,
    });
    this.#summary = this.#summarize();
    this.#state = 'ended';
    this.events.end();
    await this.#store?.finish(this.#summary);
    return this.#summary;
  }

  #summarize(): RunSummary {
    const until = this.#measuredUntil ?? { wall: wallNow(), simulated: this.#clock.now() };
    const wallMs = until.wall - this.#clockSpec.originWall;
    const cpu = process.cpuUsage(this.#cpuAtStart);
    const sinceStart = Math.max(1, wallNow() - this.#clockSpec.originWall);
    const summary = summarize(
      this.reader,
      {
        run: this.id,
        plan: this.plan,
        verdict: this.#verdict,
        reasons: [...this.#reasons],
        startedAt: this.startedAt,
        wallSeconds: wallMs / 1000,
        countedSeconds: sinceStart / 1000,
        simulatedSeconds: (until.simulated - this.#clockSpec.originSimulated) / 1000,
        funnel: this.index.funnel(),
        failures: this.index.failures(),
        cancelled: this.#lives.filter((life) => life.outcome?.result === 'cancelled').length,
        generator: {
          cpuPercent: (cpu.user + cpu.system) / 10 / sinceStart,
          rssBytes: process.memoryUsage.rss(),
          peakRssBytes: process.resourceUsage().maxRSS * 1024,
          workers: this.workers,
          ...saturationOf(this.saturation),
        },
        idleSeconds: this.#budget?.idleSeconds ?? this.plan.connections.idleSeconds,
        leftBehind: this.leftBehind(),
      },
      wallNow(),
    );
    return this.#redactor.data(summary);
  }

  #fail(cause: string): void {
    const reason = this.#redactor.text(cause);
    if (!this.#reasons.includes(reason)) this.#reasons.push(reason);
  }

  #warn(message: string): void {
    this.#emit({ time: this.#clock.now(), type: 'run.warning', message });
  }

  #emit(given: RunEvent): void {
    const event = this.#redactor.data(given);
    this.index.apply(event);
    this.#store?.write(event);
    this.events.publish(event);
  }
}

function saturationOf(monitor: SaturationMonitor) {
  const { observedMs, saturatedMs, byReason } = monitor.totals();
  return {
    saturated: saturatedMs > 0,
    saturatedSeconds: saturatedMs / 1000,
    watchedSeconds: observedMs / 1000,
    saturatedBy: Object.fromEntries(Object.entries(byReason).map(([reason, ms]) => [reason, ms / 1000])),
  };
}
