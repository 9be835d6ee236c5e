/** What a run is made of: interfaces only, so that tests can bring parts of their own. `parts.ts` has the real ones. */
import type { KubeconfigSource } from '../../model/kube/kubeconfig.ts';
import type { ClockSpec, ScaledClock } from '../../model/time/clock.ts';
import type { ClusterAdapter } from '../cluster/cluster-adapter.ts';
import type { Machines } from '../cluster/cluster-life.ts';
import type { ClusterApi, ExpandedPlan } from '../plan/expanded-plan.ts';
import type { PoolOptions } from '../pool/pool.ts';
import type { RunSummary } from '../report/summary.ts';
import type { Divergence } from '../telemetry/divergence.ts';
import type { HubRequestCounts } from '../telemetry/hub-request-counts.ts';
import type { Ledger } from '../telemetry/ledger.ts';
import type { ReaderFigures } from '../telemetry/reader-figures.ts';
import type { EventSink, RunEvent } from '../telemetry/run-event.ts';
import type { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import type { TrafficProfile } from '../telemetry/traffic/traffic-profile.ts';
import type { CollectedSources, RunningServers } from './collectors-of.ts';
import type { EmbeddedHub, EmbeddedService } from './embedded.ts';
import type { KeptFigures } from './merge/figures-file.ts';
import type { NoopMachines } from './noop-clusters.ts';
import type { ReadTargets } from './rest-looks.ts';

/** The worker threads of a run. */
export interface RunPool extends Machines, NoopMachines {
  /** What was recorded of the traffic of launches that say so, as things stand. */
  traffic(): Promise<TrafficProfile[]>;
  /** Ends all machines and threads. */
  stop(): Promise<void>;
}

/** The user's side of a run: clients of service and hub with their own connections. */
export interface RunUser {
  /** By how clusters are made. */
  adapterOf(api: ClusterApi): ClusterAdapter;
  /**
   * Begins to act on the hub for others than the user. Returns the machines as lives are to have them: where there are
   * BareMetalHosts, these decide when a machine boots. @throws Error when somebody else acts there already.
   */
  attend(machines: Machines): Promise<Machines>;
  /**
   * Lets the plan's readers look at what is there. Returns what ends them, which is to be called before {@link close}.
   * @param targets what the run has made and is there
   */
  read(targets: () => ReadTargets): Promise<() => Promise<void>>;
  /** Told of everything that happens in the run. */
  apply(event: RunEvent): void;
  /** Removes what clusters shared, when none of them is left. @throws ClusterAdapterError when something stays. */
  removeShared(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** One side of a user. */
export interface UserSide<Adapter> {
  adapter: Adapter;
  close(): Promise<void>;
}

export interface UserOptions {
  plan: ExpandedPlan;
  /** Of the service; '' when only the hub knows it. */
  baseUrl: string;
  /** Null when no cluster is made by custom resources. */
  hub: KubeconfigSource | null;
  clock: ScaledClock;
  telemetry: SharedTelemetry;
  hubRequests: HubRequestCounts;
  divergence: Divergence;
  readers: ReaderFigures;
  /** Told of what goes wrong and does not end the run. */
  warn: (message: string) => void;
  /** Told of what the user sees happen, beside what lives tell. */
  emit: EventSink;
  ledger: Ledger;
}

/** What a run is made of; the daemon gives the real parts, tests give others. */
export interface RunParts {
  /** @param hub text of the kubeconfig of a hub that it reconciles, or null */
  startEmbedded(clock: ClockSpec, agentToken: string, hub: string | null, images: boolean): Promise<EmbeddedService>;
  startEmbeddedHub(clock: ClockSpec): Promise<EmbeddedHub>;
  /** @throws Error for a profile or kubeconfig that cannot be used. */
  createCollectors(plan: ExpandedPlan, servers: RunningServers): Promise<CollectedSources>;
  createPool(options: PoolOptions): Promise<RunPool>;
  createUser(options: UserOptions): RunUser | Promise<RunUser>;
  /** Where events and summary are kept. */
  openStore(run: string, plan: ExpandedPlan): Promise<RunStoreWriter>;
}

/** The run's folder. */
export interface RunStoreWriter {
  /** Null when nothing is kept. */
  readonly directory: string | null;
  /** What the run makes on the service. */
  readonly ledger: Ledger;
  write(event: RunEvent): void;
  /** Events of one host so far, oldest first. */
  history(host: number): Promise<RunEvent[]>;
  /** The same of one cluster itself, without those of its hosts. */
  clusterHistory(cluster: number): Promise<RunEvent[]>;
  /** Keeps what was recorded of traffic. */
  traffic(profiles: readonly TrafficProfile[]): Promise<void>;
  /** @param figures for who merges shards; null of a run that is none */
  finish(summary: RunSummary, figures: KeptFigures | null): Promise<void>;
}
