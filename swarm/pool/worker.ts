/**
 * A worker thread: builds what its machines share, lets whole clusters live, and tells the main thread what happened to them
 * ten times a second. Runs as one piscina task from the start of the pool to its end.
 */
import { type MessagePort, threadId } from 'node:worker_threads';
import { ScaledClock, wallTimes } from '../../model/time/clock.ts';
import { createTimerWheel, type TimerWheel } from '../../model/time/timer-wheel.ts';
import { WheelClock } from '../../model/time/wheel-clock.ts';
import { NativeAgent } from '../agent/native-agent.ts';
import { Lab } from '../noop/lab.ts';
import { hostPrograms } from '../noop/programs.ts';
import type { HostPlan } from '../plan/expanded-plan.ts';
import { BootDownloader } from '../service/boot-downloads.ts';
import type { Runtime } from '../service/runtime.ts';
import { LoopMonitor } from '../telemetry/loop-monitor.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { TrafficRecorder } from '../telemetry/traffic/traffic-recorder.ts';
import type { DialOptions } from '../transport/dialer.ts';
import type { Transport } from '../transport/transport.ts';
import { AttachedSites } from './attached-sites.ts';
import { type BootDownloads, ClusterMachines } from './cluster-machines.ts';
import { HostLinks } from './host-links.ts';
import type { ClusterLaunch, FromWorker, NoopSetup, ToWorker, WorkerSetup, WorkerTask } from './messages.ts';
import { NativeTraffic } from './native-traffic.ts';
import { NoopSites } from './noop-sites.ts';
import { TransportSet } from './transport-set.ts';

/** Wall-clock milliseconds that an event waits at most before it is handed to the main thread. */
const EVENT_BATCH_MS = 100;
const CROWDED =
  'idle connections are closed before their time, the oldest first: more would be open at once than this process has files or this machine has ports for (a slow service, or a fast clock); raise the limit of open files (ulimit -n), name more source addresses, or run fewer hosts at a time';

/** Collects events and posts them together. */
class EventBatch {
  readonly #port: MessagePort;
  #events: RunEvent[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  add(event: RunEvent): void {
    this.#events.push(event);
    this.#timer ??= setTimeout(() => this.flush(), EVENT_BATCH_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#events.length === 0) return;
    this.#port.postMessage({ type: 'events', events: this.#events } satisfies FromWorker);
    this.#events = [];
  }
}

function createRuntime(
  task: WorkerTask,
  transport: Transport,
  telemetry: SharedTelemetry,
  wheel: TimerWheel,
  batch: EventBatch,
): Runtime {
  return {
    clock: new WheelClock(wheel),
    wheel,
    transport,
    telemetry,
    emit: (event) => batch.add(event),
    wallOf: wallTimes(task.setup.clock),
  };
}

/**
 * Plans of hosts with the same few words in common. What comes from another thread has a copy of them in every host, and is of a shape that
 * takes more.
 */
class SharedWords {
  readonly #words = new Map<string, string>();

  shared({ index, clusterIndex, ordinal, role, day2, profile, kind, bootDelayMs, fault }: HostPlan): HostPlan {
    return {
      index,
      clusterIndex,
      ordinal,
      role: this.#word(role),
      day2,
      profile: this.#word(profile),
      kind: this.#word(kind),
      bootDelayMs,
      ...(fault && { fault }),
    };
  }

  #word<T extends string>(text: T): T {
    const known = this.#words.get(text);
    if (known !== undefined) return known as T;
    this.#words.set(text, text);
    return text;
  }
}

class Worker {
  readonly #number: number;
  readonly #port: MessagePort;
  readonly #runtime: Runtime;
  readonly #batch: EventBatch;
  readonly #transports: TransportSet;
  readonly #boot: BootDownloads | null;
  readonly #lab: Lab | null;
  readonly #noop: NoopSites | null;
  readonly #traffic: NativeTraffic;
  readonly #links: HostLinks | null;
  readonly #sites = new AttachedSites();
  readonly #words = new SharedWords();
  readonly #clusters = new Map<number, ClusterMachines>();

  constructor(
    { worker, noop }: Pick<WorkerSetup, 'worker' | 'noop'>,
    port: MessagePort,
    runtime: Runtime,
    transports: TransportSet,
    batch: EventBatch,
    boot: BootDownloads | null,
    dial: DialOptions,
    traffic: NativeTraffic,
    links: HostLinks | null,
  ) {
    this.#number = worker;
    this.#port = port;
    this.#transports = transports;
    this.#runtime = runtime;
    this.#boot = boot;
    this.#lab = noop && this.#openLab(noop, dial);
    this.#noop =
      noop &&
      new NoopSites({ lab: this.#lab!, spokes: noop.spokes, tls: dial.tls, stockInventory: noop.stockInventory });
    this.#batch = batch;
    this.#traffic = traffic;
    this.#links = links;
  }

  handle(message: Exclude<ToWorker, { type: 'stop' }>): void {
    if (message.type === 'launch') {
      this.#launch(message.launch);
      return;
    }
    if (message.type === 'controller-due') {
      this.#noop?.controllerDue(message.clusterId);
      return;
    }
    if (message.type === 'bootstrap-file') {
      this.#noop?.bootstrapWrites(message.clusterId, message.file);
      return;
    }
    if (message.type === 'traffic') {
      this.#port.postMessage({ type: 'traffic', profiles: this.#traffic.recorder.profiles() } satisfies FromWorker);
      return;
    }
    const cluster = this.#clusters.get(message.cluster);
    if (message.type === 'add-hosts') {
      this.#attempt(`hosts of cluster ${message.cluster} cannot be added`, () => cluster?.add(message.hosts));
    } else if (message.type === 'remove-hosts') {
      cluster?.remove(message.hosts);
    } else if (message.type === 'node-of-day2') {
      cluster?.nodeOfDay2(message.host, message.ready);
    } else if (message.type === 'start-hosts') {
      if (cluster) cluster.start(message.infraEnvId, message.start);
      else this.#warn(`cluster ${message.cluster} has no machines any more: its further hosts were not started`);
    } else if (cluster) {
      cluster.stop();
      this.#end(message.cluster);
    }
  }

  /** Ends all machines. Resolves when none of the no-op hosts' processes is left. */
  async stopAll(): Promise<void> {
    for (const cluster of this.#clusters.values()) cluster.stop();
    this.#clusters.clear();
    await this.#lab?.close();
    await this.#noop?.close();
  }

  /** Null for native machines. @throws Error when no stock programs were named */
  #noopOf({ agent, cluster }: ClusterLaunch): NoopSites | null {
    if ((agent ?? cluster.hosts[0]?.kind) !== 'noop') return null;
    if (!this.#noop) throw new Error('no stock programs are known: the plan names them under programs');
    return this.#noop;
  }

  #openLab({ programs, patches, logs, outside, watch = false }: NoopSetup, dial: DialOptions): Lab {
    return new Lab({
      patches,
      programs: hostPrograms(programs),
      manifests: programs.manifests,
      logs,
      outside,
      watch,
      warn: (message) => this.#warn(message),
      dial,
      onLost: (message) => this.#port.postMessage({ type: 'lab-lost', message } satisfies FromWorker),
      onFigures: ({ hosts, lab }) => {
        const { user, system } = process.threadCpuUsage();
        const driver = {
          labCpuSeconds: lab.cpuSeconds,
          labMemory: lab.memory,
          relayCpuSeconds: (user + system) / 1e6,
        };
        const report = { worker: this.#number, hosts, driver };
        this.#port.postMessage({ type: 'processes', report } satisfies FromWorker);
      },
    });
  }

  #launch(launch: ClusterLaunch): void {
    const { index, name } = launch.cluster;
    launch.cluster.hosts = launch.cluster.hosts.map((host) => this.#words.shared(host));
    const done = this.#attempt(`cluster ${name} cannot be launched`, () => {
      const transport = this.#transports.of(launch.tls, launch.proxy);
      this.#traffic.launched(launch);
      this.#links?.launched(launch);
      const machines = new ClusterMachines({
        runtime: { ...this.#runtime, transport },
        launch,
        sites: this.#sites,
        traffic: this.#traffic.recorder,
        ...(this.#links && { linkOf: this.#links.of }),
        createAgent: (machine, environment) => new NativeAgent(machine, environment),
        noop: this.#noopOf(launch),
        onInstallation: (installation) =>
          this.#port.postMessage({ type: 'installation', cluster: index, installation } satisfies FromWorker),
        ...(this.#boot && { boot: this.#boot }),
        onIdle: () => this.#end(index),
      });
      this.#clusters.set(index, machines);
    });
    if (!done) this.#end(index);
  }

  /** One cluster that cannot be must not take the others of this thread with it. */
  #attempt(failure: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#warn(`${failure}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }

  #end(cluster: number): void {
    this.#clusters.delete(cluster);
    this.#links?.ended(cluster);
    // What happened goes before the news that nothing more will.
    this.#batch.flush();
    this.#port.postMessage({ type: 'cluster-idle', cluster } satisfies FromWorker);
  }

  #warn(message: string): void {
    this.#runtime.emit({ type: 'run.warning', time: this.#runtime.clock.now(), message });
  }
}

/** The task of a worker thread. Resolves after `stop`, when every connection is closed. */
export async function runWorker(task: WorkerTask): Promise<void> {
  const { setup, port } = task;
  const telemetry = new SharedTelemetry(setup.telemetry, setup.worker + 1, (sample) =>
    port.postMessage({ type: 'failure', sample } satisfies FromWorker),
  );
  const monitor = new LoopMonitor(telemetry);
  const wheel = createTimerWheel(new ScaledClock(setup.clock));
  const batch = new EventBatch(port);
  const traffic = new NativeTraffic(new TrafficRecorder());
  // Without no-op hosts there is nothing to compare with, and no connection is asked about.
  const observer = setup.noop ? traffic.observer(telemetry) : telemetry;
  const onCrowded = () => batch.add({ type: 'run.warning', time: runtime.clock.now(), message: CROWDED });
  const links = setup.links.length > 0 ? new HostLinks(setup.links, setup.clock.speed, telemetry) : null;
  const transports = new TransportSet({
    ...setup.transport,
    ...(links && { linkOf: links.of }),
    ...{ observer, onCrowded },
  });
  const runtime = createRuntime(task, transports.of(undefined, undefined), telemetry, wheel, batch);
  const { boot: load } = setup;
  const boot = load && { share: load.share, downloader: new BootDownloader({ clock: runtime.clock, telemetry, load }) };
  const worker = new Worker(setup, port, runtime, transports, batch, boot, setup.transport, traffic, links);
  await new Promise<void>((resolve) => {
    port.on('message', (message: ToWorker) => {
      if (message.type === 'stop') resolve();
      else worker.handle(message);
    });
    port.postMessage({ type: 'ready', threadId } satisfies FromWorker);
  });
  await worker.stopAll();
  await transports.close();
  wheel.close();
  batch.flush();
  monitor.stop();
  port.close();
}
