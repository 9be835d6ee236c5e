/**
 * The worker threads of a run. A cluster lives whole on the worker that had the fewest hosts when it was launched.
 *
 *    main thread                                            worker i
 *    launch, start-hosts, stop-cluster, stop ──── port ────► runWorker (worker.ts), one piscina task for the whole run
 *    onEvents, onClusterIdle ◄──────────────────── port ────┘        │
 *    onWorkerLost ◄─── the task ends although nobody stopped it ─────┘
 *    TelemetryReader ◄──── shared memory ◄──── SharedTelemetry
 */
import { extname } from 'node:path';
import { setTimeout as wallTimeout } from 'node:timers/promises';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { HostPhase } from '../../model/protocol/phases.ts';
import { type ClockSpec, ScaledClock } from '../../model/time/clock.ts';
import type { HostFile } from '../noop/lab-protocol.ts';
import type { StockInstallation } from '../noop/stock-installation.ts';
import type { BootLoad, LinkFigures } from '../plan/expanded-plan.ts';
import type { ProcessReport } from '../telemetry/process-figures.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { type FailureSample, SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { mergeProfiles, type TrafficProfile } from '../telemetry/traffic/traffic-profile.ts';
import type { TransportOptions } from '../transport/transport.ts';
import type { AddedHost, ClusterLaunch, FromWorker, NoopSetup, ToWorker, WorkerTask } from './messages.ts';

export interface LostWorker {
  worker: number;
  message: string;
  /** Indices of the clusters whose machines died with it. */
  clusters: number[];
}

export interface PoolOptions {
  /** Number of worker threads. */
  workers: number;
  clock: ClockSpec;
  transport: Omit<TransportOptions, 'observer'>;
  /** What booting hosts download; null or absent for nothing. The total rate is divided among the workers. */
  boot?: BootLoad | null;
  /** Slow links, as clusters name them by their place; absent where no host has one. */
  links?: readonly LinkFigures[];
  /** What no-op hosts run; null or absent when there are none. */
  noop?: NoopSetup | null;
  /** From createTelemetryBuffer, with one writer more than there are workers. */
  telemetry: SharedArrayBuffer;
  /** Several times a second; in order for each cluster. */
  onEvents: (events: RunEvent[]) => void;
  /** The first failure, on its thread, of a client, endpoint and outcome. */
  onFailure?: (sample: FailureSample) => void;
  /** The installer of a no-op host starts. */
  onInstallation?: (cluster: number, installation: StockInstallation) => void;
  /** All no-op hosts of a thread are gone though nobody ended them. */
  onLabLost?: (message: string) => void;
  /** What the programs of a thread's no-op hosts took so far. */
  onProcesses?: (report: ProcessReport) => void;
  /** No machine of the cluster will send anything any more. */
  onClusterIdle?: (cluster: number) => void;
  /** A thread ended by itself. The run cannot be trusted any more. */
  onWorkerLost: (lost: LostWorker) => void;
}

/** Wall-clock milliseconds that workers get to close their connections before they are ended. */
const STOP_GRACE_MS = 5000;
/** Mebibytes of short-lived objects of a worker, half of what V8 takes by itself: collected twice as often, which costs nothing measurable. */
const YOUNG_MIB = 24;
/** A dead worker's hosts in these phases are not disturbed by its death. */
const UNAFFECTED: ReadonlySet<HostPhase> = new Set(['done', 'frozen', 'failed', 'stopped']);

interface Member {
  port: MessagePort;
  task: Promise<void>;
  alive: boolean;
  /** 0 until it is ready. */
  threadId: number;
  /** Hosts started and not known to be gone. */
  load: number;
  /** Waits for what was recorded of traffic; null when nobody does. */
  onTraffic: ((profiles: TrafficProfile[]) => void) | null;
}

interface Launched {
  worker: number;
  /** Null for a launch that may go anywhere. */
  placement: string | null;
  firstSlot: number;
  /** Slots in the telemetry's host table, by ordinal. */
  started: Map<number, number>;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #piscina: Piscina;
  readonly #telemetry: SharedTelemetry;
  readonly #reader: TelemetryReader;
  readonly #clock: ScaledClock;
  readonly #members: Member[] = [];
  readonly #clusters = new Map<number, Launched>();
  #stopping: Promise<void> | null = null;

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.#telemetry = new SharedTelemetry(options.telemetry, 0);
    this.#reader = new TelemetryReader(options.telemetry);
    this.#clock = new ScaledClock(options.clock);
    this.#piscina = new Piscina({
      // The same extension as this file: .ts from the sources, .js from the package.
      filename: new URL(`./worker${extname(import.meta.url)}`, import.meta.url).href,
      name: 'runWorker',
      minThreads: options.workers,
      maxThreads: options.workers,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A task that lives as long as the run needs no fast hand-over, and its thread must never block in Atomics.wait.
      atomics: 'disabled',
      recordTiming: false,
      trackUnmanagedFds: false,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    // Only threads without a task get here: replacements of lost ones, which are never used.
    this.#piscina.on('error', (error: Error) => this.#warn(`a spare worker thread failed: ${error.message}`));
  }

  /**
   * Starts the workers and waits until they are ready.
   * @throws RangeError when the telemetry has too few writers, Error when a worker does not come up.
   */
  static async create(options: PoolOptions): Promise<Pool> {
    if (!Number.isSafeInteger(options.workers) || options.workers < 1) {
      throw new RangeError(`a pool needs a whole number of at least 1 worker, not ${options.workers}`);
    }
    // Fails here rather than in a thread when the buffer has no section for the last worker.
    new SharedTelemetry(options.telemetry, options.workers);
    const pool = new Pool(options);
    try {
      await Promise.all(Array.from({ length: options.workers }, (_, worker) => pool.#startWorker(worker)));
    } catch (error) {
      pool.#stopping = pool.#piscina.destroy();
      await pool.#stopping;
      throw new Error(`worker threads did not start: ${(error as Error).message}`, { cause: error });
    }
    return pool;
  }

  /** The thread of a worker, for failure injection; undefined when it is gone. */
  thread(worker: number): Worker | undefined {
    const { threadId } = this.#members[worker]!;
    return this.#piscina.threads.find((thread) => thread.threadId === threadId);
  }

  /** Lets the machines of a cluster live on the least-loaded worker. @throws Error when it is running, or no worker is left. */
  launch(launch: ClusterLaunch): void {
    const cluster = launch.cluster.index;
    if (this.#clusters.has(cluster)) throw new Error(`cluster ${launch.cluster.name} was launched already`);
    const { placement = null, firstSlot } = launch;
    const worker = this.#placed(placement) ?? this.#leastLoaded();
    if (worker < 0) throw new Error(`cluster ${launch.cluster.name} cannot be launched: no worker thread is left`);
    this.#clusters.set(cluster, { worker, placement, firstSlot, started: new Map() });
    this.#noteStarted(cluster, launch.start, firstSlot);
    this.#post(worker, { type: 'launch', launch });
  }

  /** Starts further hosts of a launched cluster. @throws Error when its machines are gone. */
  startHosts(cluster: number, infraEnvId: string, start: number[]): void {
    const launched = this.#clusters.get(cluster);
    if (!launched) throw new Error(`cluster ${cluster} has no machines any more: launch it anew`);
    this.#noteStarted(cluster, start, launched.firstSlot);
    this.#post(launched.worker, { type: 'start-hosts', cluster, infraEnvId, start });
  }

  /** The cluster, by its id, that no-op machines become would start its controller's pod now. Nothing happens when they are gone. */
  controllerDue(cluster: number, clusterId: string): void {
    const launched = this.#clusters.get(cluster);
    if (launched) this.#post(launched.worker, { type: 'controller-due', clusterId });
  }

  /** That cluster writes to a file of its bootstrap: appends. Nothing happens when they are gone. */
  bootstrapWrites(cluster: number, clusterId: string, file: HostFile): void {
    const launched = this.#clusters.get(cluster);
    if (launched) this.#post(launched.worker, { type: 'bootstrap-file', clusterId, file });
  }

  /** A no-op host of day 2, by its id, has become a node. Nothing happens when its machine is gone. */
  nodeOfDay2(cluster: number, host: string, ready: boolean): void {
    const launched = this.#clusters.get(cluster);
    if (launched) this.#post(launched.worker, { type: 'node-of-day2', cluster, host, ready });
  }

  /** Boots further hosts of an attached launch. Nothing happens when it is gone. */
  addHosts(cluster: number, hosts: AddedHost[]): void {
    const launched = this.#clusters.get(cluster);
    if (!launched) return;
    for (const { plan, slot } of hosts) this.#noteStarted(cluster, [plan.ordinal], slot - plan.ordinal);
    this.#post(launched.worker, { type: 'add-hosts', cluster, hosts });
  }

  /** Unplugs hosts of an attached launch, by ordinal. */
  removeHosts(cluster: number, hosts: number[]): void {
    const launched = this.#clusters.get(cluster);
    if (!launched) return;
    for (const ordinal of hosts) {
      if (launched.started.delete(ordinal)) this.#members[launched.worker]!.load--;
    }
    this.#post(launched.worker, { type: 'remove-hosts', cluster, hosts });
  }

  /** Unplugs the machines of a cluster; `onClusterIdle` follows. Nothing happens when they are gone already. */
  stopCluster(cluster: number): void {
    const launched = this.#clusters.get(cluster);
    if (launched) this.#post(launched.worker, { type: 'stop-cluster', cluster });
  }

  /** What was recorded of the traffic of launches that say so, as things stand; nothing of a worker that is lost. */
  async traffic(): Promise<TrafficProfile[]> {
    const answers = this.#members.map((member, worker) => {
      if (!member.alive) return [];
      return new Promise<TrafficProfile[]>((resolve) => {
        member.onTraffic = resolve;
        this.#post(worker, { type: 'traffic' });
      });
    });
    return mergeProfiles((await Promise.all(answers)).flat());
  }

  /** Ends all machines and threads, after five seconds by force. Idempotent; never throws. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const [worker, member] of this.#members.entries()) if (member.alive) this.#post(worker, { type: 'stop' });
    const ended = Promise.allSettled(this.#members.map((member) => member.task));
    const grace = new AbortController();
    await Promise.race([ended, wallTimeout(STOP_GRACE_MS, undefined, { signal: grace.signal }).catch(() => {})]);
    grace.abort();
    await this.#piscina.destroy();
    for (const member of this.#members) member.port.close();
    this.#clusters.clear();
  }

  /** Resolves when the worker is ready. */
  #startWorker(worker: number): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const { clock, telemetry, workers, boot, links = [], noop = null } = this.#options;
    const transport = { ...this.#options.transport, sourcePorts: { index: worker, count: workers } };
    const rateTotal = boot?.rateTotal == null ? null : boot.rateTotal / workers;
    const setup = { worker, clock, transport, telemetry, boot: boot ? { ...boot, rateTotal } : null, links, noop };
    const task: WorkerTask = { setup, port: port2 };
    return new Promise((resolve, reject) => {
      port1.on('message', (message: FromWorker) => {
        if (message.type === 'ready') {
          this.#members[worker]!.threadId = message.threadId;
          resolve();
        } else {
          this.#receive(worker, message);
        }
      });
      // piscina's declarations infer the wrong overload of postMessage; at run time it demands an array.
      const options = { transferList: [port2] } as unknown as Parameters<Piscina['run']>[1];
      const running = this.#piscina.run(task, options).then(
        () => {
          this.#lost(worker, 'the thread ended by itself');
          reject(new Error('the thread ended before it was ready'));
        },
        (error: Error) => {
          this.#lost(worker, error.message);
          reject(error);
        },
      );
      this.#members[worker] = { port: port1, task: running, alive: true, threadId: 0, load: 0, onTraffic: null };
    });
  }

  #receive(worker: number, message: Exclude<FromWorker, { type: 'ready' }>): void {
    if (message.type === 'traffic') {
      this.#members[worker]!.onTraffic?.(message.profiles);
      return;
    }
    if (message.type === 'events') {
      this.#options.onEvents(message.events);
      return;
    }
    if (message.type === 'failure') {
      this.#options.onFailure?.(message.sample);
      return;
    }
    if (message.type === 'installation') {
      this.#options.onInstallation?.(message.cluster, message.installation);
      return;
    }
    if (message.type === 'processes') {
      this.#options.onProcesses?.(message.report);
      return;
    }
    if (message.type === 'lab-lost') {
      this.#options.onLabLost?.(message.message);
      return;
    }
    const launched = this.#clusters.get(message.cluster);
    if (!launched) return;
    this.#members[launched.worker]!.load -= launched.started.size;
    this.#clusters.delete(message.cluster);
    this.#options.onClusterIdle?.(message.cluster);
  }

  #lost(worker: number, message: string): void {
    const member = this.#members[worker]!;
    member.alive = false;
    member.onTraffic?.([]);
    // One that never came up is what create() throws.
    if (this.#stopping || member.threadId === 0) return;
    const clusters: number[] = [];
    for (const [cluster, launched] of this.#clusters) {
      if (launched.worker !== worker) continue;
      clusters.push(cluster);
      this.#clusters.delete(cluster);
      for (const slot of launched.started.values()) this.#failHost(slot);
    }
    this.#telemetry.error('worker-lost');
    this.#options.onEvents([{ type: 'worker.lost', time: this.#clock.now(), worker, message }]);
    this.#options.onWorkerLost({ worker, message, clusters });
  }

  #failHost(slot: number): void {
    const phase = this.#reader.hostPhase(slot);
    if (phase !== null && !UNAFFECTED.has(phase)) this.#telemetry.hostPhase(slot, 'failed');
  }

  #leastLoaded(): number {
    let best = -1;
    for (const [worker, member] of this.#members.entries()) {
      if (member.alive && (best < 0 || member.load < this.#members[best]!.load)) best = worker;
    }
    return best;
  }

  /** Where launches of this placement live; undefined when none does. */
  #placed(placement: string | null): number | undefined {
    if (placement === null) return undefined;
    for (const launched of this.#clusters.values()) if (launched.placement === placement) return launched.worker;
    return undefined;
  }

  #noteStarted(cluster: number, ordinals: readonly number[], firstSlot: number): void {
    const launched = this.#clusters.get(cluster)!;
    const member = this.#members[launched.worker]!;
    for (const ordinal of ordinals) {
      if (launched.started.has(ordinal)) continue;
      launched.started.set(ordinal, firstSlot + ordinal);
      member.load++;
    }
  }

  #post(worker: number, message: ToWorker): void {
    this.#members[worker]!.port.postMessage(message);
  }

  #warn(message: string): void {
    this.#options.onEvents([{ type: 'run.warning', time: this.#clock.now(), message }]);
  }
}

/** See {@link Pool.create}. */
export function createPool(options: PoolOptions): Promise<Pool> {
  return Pool.create(options);
}
