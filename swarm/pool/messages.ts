/**
 * Messages between the main thread and workers. Rare by design: launches, stops and batches of events; counters and
 * histograms go through shared memory.
 */
import type { MessagePort } from 'node:worker_threads';
import type { ClockSpec } from '../../model/time/clock.ts';
import type { ForcedIdentity } from '../host/host.ts';
import type { HostFile } from '../noop/lab-protocol.ts';
import type { SpokeAccess } from '../noop/spoke-access.ts';
import type { StockInstallation } from '../noop/stock-installation.ts';
import type { ProxySettings, TlsOptions } from '../plan/connections.ts';
import type { AgentKind, BootLoad, ClusterPlan, HostPlan, LinkFigures, StockPrograms } from '../plan/expanded-plan.ts';
import type { BootSource } from '../service/boot-source.ts';
import type { ServiceAccess } from '../service/runtime.ts';
import type { ProcessReport } from '../telemetry/process-figures.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import type { FailureSample } from '../telemetry/shared-telemetry.ts';
import type { TrafficProfile } from '../telemetry/traffic/traffic-profile.ts';
import type { TransportOptions } from '../transport/transport.ts';

/** Everything a worker needs to let the machines of one cluster live. */
export interface ClusterLaunch {
  seed: string;
  cluster: ClusterPlan;
  infraEnvId: string;
  /** The image that agents say they run until the service names another. */
  agentVersion: string;
  access: ServiceAccess;
  /** What these machines trust, where that is not what all of the pool do. */
  tls?: TlsOptions;
  /** Proxies in the environment of their programs. */
  proxy?: ProxySettings;
  /** Slot of the cluster's first host in the telemetry's host table; the others follow in order. */
  firstSlot: number;
  /** Hosts to start, by ordinal; others of the cluster exist but stay off (day-2 hosts come later). */
  start: number[];
  /** By ordinal. */
  forced?: Record<number, ForcedIdentity>;
  /** Where hosts that boot download their image from; nothing is downloaded when absent, or when the pool has no load for it. */
  boot?: BootSource;
  /** Whether the CVO is monitored, the console … comes from the service; what the spoke does is this table's name. */
  spokeProfile: string;
  /** The kind of agents, where a launch begins without hosts: that of its first by default. */
  agent?: AgentKind;
  /** Nobody has planned which cluster the hosts become: the service says it when it installs them. */
  attached?: true;
  /** Goes on without hosts: more may be added until it is stopped. */
  lasting?: true;
  /** What the traffic of these machines is recorded under: words for their cluster. Absent where it is not recorded. */
  traffic?: string;
  /** Launches of one placement live on one worker, as hosts must that may be installed into one cluster. */
  placement?: string;
}

/** A host that is added to an attached launch. */
export interface AddedHost {
  plan: HostPlan;
  /** In the telemetry's host table. */
  slot: number;
  /** Replaces the launch's. */
  seed?: string;
  forced?: ForcedIdentity;
}

export type ToWorker =
  | { type: 'launch'; launch: ClusterLaunch }
  /** Starts further hosts of a launched cluster (day 2). */
  | { type: 'start-hosts'; cluster: number; infraEnvId: string; start: number[] }
  /** A cluster that no-op machines become, by its id in the service, would start its controller's pod now. */
  | { type: 'controller-due'; clusterId: string }
  /** That cluster writes to a file of its bootstrap. */
  | { type: 'bootstrap-file'; clusterId: string; file: HostFile }
  /** A no-op host of day 2, by its id, has become a node. */
  | { type: 'node-of-day2'; cluster: number; host: string; ready: boolean }
  | { type: 'add-hosts'; cluster: number; hosts: AddedHost[] }
  /** Unplugs hosts, by ordinal. */
  | { type: 'remove-hosts'; cluster: number; hosts: number[] }
  /** Ends all machines of a cluster at once, as if unplugged. */
  | { type: 'stop-cluster'; cluster: number }
  /** Asks for what was recorded of traffic. */
  | { type: 'traffic' }
  | { type: 'stop' };

export type FromWorker =
  | { type: 'ready'; threadId: number }
  | { type: 'events'; events: RunEvent[] }
  /** The first failure of a client, endpoint and outcome. */
  | { type: 'failure'; sample: FailureSample }
  /** The installer of a no-op host of this cluster starts. */
  | { type: 'installation'; cluster: number; installation: StockInstallation }
  /** All of its no-op hosts are gone. */
  | { type: 'lab-lost'; message: string }
  /** What the programs of its no-op hosts took so far. */
  | { type: 'processes'; report: ProcessReport }
  /** The answer to {@link ToWorker} `traffic`, as things stand. */
  | { type: 'traffic'; profiles: TrafficProfile[] }
  /** No machine of this cluster will send anything any more: all fell silent and none is left to start, or it was stopped. */
  | { type: 'cluster-idle'; cluster: number };

export interface NoopSetup {
  programs: StockPrograms;
  /** Folder of the replaced commands. */
  patches: string;
  /** Folder for the output of hosts. */
  logs: string;
  /** How hosts reach the kube-apis of the clusters that they become; null when none is installed. */
  spokes: SpokeAccess | null;
  /** Hosts may reach a service that is not on this machine; false when absent. */
  outside?: boolean;
  /** Everything that hosts try to execute is written down beside their output. */
  watch?: boolean;
  /** The stock inventory program runs on each host, and finds what it reads. */
  stockInventory?: boolean;
}

export interface WorkerSetup {
  worker: number;
  clock: ClockSpec;
  transport: Omit<TransportOptions, 'observer'>;
  /** What booting hosts download, and this worker's part of its total rate; null for nothing. */
  boot: BootLoad | null;
  /** Slow links, as clusters name them by their place; empty where no host has one. */
  links: readonly LinkFigures[];
  /** What no-op hosts run, and where their output goes; null when there are none. */
  noop: NoopSetup | null;
  /** See telemetry-layout.ts; the worker writes the section after its number. */
  telemetry: SharedArrayBuffer;
}

/** What a worker thread is started with. */
export interface WorkerTask {
  setup: WorkerSetup;
  /** Carries {@link ToWorker} one way and {@link FromWorker} the other. */
  port: MessagePort;
}
