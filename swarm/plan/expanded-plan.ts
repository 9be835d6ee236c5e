/**
 * What a plan expands to: plain data, the same for the same plan and seed, cheap to hand to worker threads.
 */
import type { ClusterFaultKind, HostFault } from '../../model/faults/faults.ts';
import type { SpokeProfileName } from '../../model/spoke/profiles.ts';
import type { ConnectionMode, TlsOptions } from './connections.ts';

export type AgentKind = 'native' | 'noop';
export type Platform = 'none' | 'baremetal';
export type ClusterApi = 'rest' | 'kube';

/** In place of a service's URL: each InfraEnv of the hub says how its hosts reach the service. */
export const SERVICE_OF_HUB = 'hub';

export interface ServiceTarget {
  /**
   * Base URL, or `embedded` for the simulator that the program starts itself, or {@link SERVICE_OF_HUB}.
   */
  url: string;
  tls: TlsOptions;
  /** Value of X-Secret-Key that agents send; '' when the service runs without authentication. */
  agentToken: string;
  /** Value of the Authorization header of the simulated user, e.g. `Bearer …`; '' for none. */
  userAuthorization: string;
}

/** The Kubernetes API that holds the custom resources of clusters with `api: kube`. */
export interface HubTarget {
  /** Absolute path of a kubeconfig, or `embedded` for the simulator that the program starts itself. */
  kubeconfig: string;
  /** Null for the file's current one. */
  context: string | null;
  /** The service makes the ramdisks of BareMetalHosts; null to find it out as the service does. */
  converged: boolean | null;
  /** Address of this machine by which the service reaches the kube-apis of installed clusters. */
  spokeAddress: string;
}

/** What a plan says about the looks of custom resources beside its clusters. */
export interface ManifestSources {
  /** Text of a values file and what messages call it; null for none. The text may hold secrets. */
  values: { file: string; text: string } | null;
  /** Absolute path of a folder; null for none. */
  templates: string | null;
  /** What of the values must not be shown, once they are read. */
  secrets?: readonly string[];
}

/** How a cluster made by custom resources gets its hosts and is started; what is absent is as the manifests' values say. */
export interface HubFlow {
  /** Hosts are BareMetalHosts and boot when these are provisioned. */
  bmh?: boolean;
  /** The InfraEnv has no cluster; Agents are bound once they are discovered. */
  lateBinding?: boolean;
  /** `holdInstallation` is set until all hosts are ready. */
  holdInstallation?: boolean;
}

/** Where figures of the servers under load are read; null for nowhere. Embedded servers are read whatever it says. */
export interface CollectTargets {
  /** Wall-clock seconds between two looks. */
  intervalSeconds: number;
  /** The service's own `/metrics`: true at its base URL, or another base URL. */
  service: boolean | string;
  /** Base URLs. */
  controllers: string | null;
  imageService: string | null;
  /** The hub's, with its kubeconfig. */
  hub: boolean;
  /** URL with user and password: secret. */
  database: string | null;
  prometheus: {
    url: string;
    /** Absolute path of a file with a bearer token, read at each look. */
    tokenFile: string | null;
    tls: TlsOptions;
    /** A built-in profile, or the absolute path of a YAML file. */
    profile: { name: 'openshift' } | { file: string };
  } | null;
}

export interface ExpandedPlan {
  name: string;
  seed: string;
  service: ServiceTarget;
  /** Null when no cluster is made by custom resources. */
  hub: HubTarget | null;
  manifests: ManifestSources;
  /** Simulated milliseconds per wall-clock millisecond; other than 1 only with the embedded service. */
  clockSpeed: number;
  connections: {
    mode: ConnectionMode;
    /** Simulated seconds an idle connection lingers (stock: 90). */
    idleSeconds: number;
    sourceAddresses: string[];
  };
  /** Replaces `next_instruction_seconds` of every poll answer; null obeys the service. */
  pollIntervalSeconds: number | null;
  /** Simulated seconds between two looks of the simulated user at a cluster; null for 10, or more where many clusters are followed. */
  userPollSeconds: number | null;
  /** How long things take in the clusters that are being installed. */
  spokeProfile: SpokeProfileName;
  openshiftVersion: string;
  /** A run that cannot pass any more ends after so many wall-clock seconds; absent: it goes on as planned, to be looked at. */
  lostSeconds?: number;
  /** Release image, or null for the service's choice for the version. */
  releaseImage: string | null;
  pullSecret: string;
  sshPublicKey: string;
  limits: WaitLimits;
  /** What booting hosts download; null for nothing. */
  boot: BootLoad | null;
  /** Slow links, with the number of this generator's hosts that have each. Absent where no host of the plan has one. */
  links?: (LinkPlan & { hosts: number })[];
  /** What no-op hosts run; null when there are none. Of a plan that is run all are paths. */
  programs: ProgramSources | null;
  /** The user lets them work for a service or hub that is not on this machine. */
  noopOutside?: true;
  collect: CollectTargets;
  /** What the plan says beside the defaults, or in their place. */
  thresholds: FigureThresholds[];
  /** What comes before and after the clusters are deployed. */
  phases: RunPhases;
  /** In the order of time; empty unless the load is raised in steps. */
  steps: LoadStep[];
  /** Users who look at things again and again, in every phase; those of this generator. */
  readers: ReaderLoad[];
  /** Share of the clusters, above 1 for more than all of them, that is removed and made anew in a simulated hour; null for none. */
  churnPerHour: number | null;
  /** Keep what the run made on the service. */
  keep: boolean;
  /** In the order in which they start. */
  clusters: ClusterPlan[];
  /** Number of hosts of all clusters, day-2 hosts included. */
  hostCount: number;
  /** This generator's part when several share one plan; {index: 0, count: 1} when alone. */
  shard: { index: number; count: number };
}

/** Parts of a run, in the order in which they come; all but `deploy` may be missing. */
export const RUN_PHASES = ['idle', 'deploy', 'soak', 'remove'] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

/** How long phases last beside `deploy`, which lasts as long as clusters take. */
export interface RunPhases {
  /** Simulated seconds before the first cluster arrives. */
  idleSeconds: number;
  /** Simulated seconds after the last one has come to its end. */
  soakSeconds: number;
  /** Clusters removed in a simulated hour; null: as fast as it goes. */
  removePerHour: number | null;
}

/**
 * What readers look at: the web page's list of clusters, or the page of one; the hosts of an infra-env; the events of a cluster from
 * where they were read before; Agents, AgentClusterInstalls and BareMetalHosts of all namespaces, as `kubectl get -A` lists them.
 */
export const READER_LOADS = ['cluster-list', 'cluster-page', 'host-list', 'events', 'hub-list'] as const;
export type ReaderLoadName = (typeof READER_LOADS)[number];

/** Users who do the same. */
export interface ReaderLoad {
  load: ReaderLoadName;
  amount: number;
  /** Simulated seconds from one look to the next, of each of them. */
  everySeconds: number;
}

/** What a link between a machine and everything else is like. Durations are simulated. */
export interface LinkFigures {
  /** Milliseconds that a packet takes from one end to the other. */
  readonly delayMs: number;
  /** By so many milliseconds at most a flight of packets takes more or less than that; all values are alike likely. */
  readonly jitterMs: number;
  /** Share of the packets that are lost, of each direction; 0 to less than 1. */
  readonly loss: number;
  /** Of each direction; null for as many as come. */
  readonly bytesPerSecond: number | null;
}

/** A slow link of a share of the hosts. */
export interface LinkPlan {
  /** Of all hosts, more than 0 to 1. */
  share: number;
  /** What its figures were taken from; null where all are the plan's own. */
  preset: string | null;
  figures: LinkFigures;
}

/** Hosts that are there, or clusters that arrive in a simulated hour. */
export type LoadLevel = { hosts: number } | { clustersPerHour: number };

/** A stretch of the deploy phase with one level of load. Simulated milliseconds after the phase's start. */
export interface LoadStep {
  atMs: number;
  endMs: number;
  level: LoadLevel;
}

/** What booting hosts download. Rates are bytes in a simulated second; null for no limit. */
export interface BootLoad {
  /** An ISO by the BMC's virtual media, or what iPXE and the live system fetch. */
  from: 'iso' | 'ipxe';
  /** Share of the hosts that do it, from 0 to 1. */
  share: number;
  ratePerHost: number | null;
  /** Of all hosts of this generator together. */
  rateTotal: number | null;
  /** Bytes that a BMC asks for at once. */
  readBytes: number;
}

/** A stock program: an absolute path, or the reference of an image that has it where upstream's images do. */
export type ProgramSource = string | { image: string };

/** {@link StockPrograms}, or where they come from. */
export interface ProgramSources {
  agent: ProgramSource;
  installer: ProgramSource | null;
  controller: ProgramSource | null;
  /** Null beside an installer in an image: the same image has them. */
  manifests: string | null;
}

/** Absolute paths of the stock programs; null for those that no host needs. */
export interface StockPrograms {
  /** Of assisted-installer-agent. */
  agent: string;
  /** Of assisted-installer. */
  installer: string | null;
  /** Of assisted-installer's controller. */
  controller: string | null;
  /** The folder with the controller's manifests that the installer's image carries. */
  manifests: string | null;
}

/** One expression about one figure of a run; see thresholds.ts. */
export interface Threshold {
  /** Name in the table of figures. */
  figure: string;
  /** What narrows the figure down; empty for all of it. */
  labels: Record<string, string>;
  /** In its normal form, such as `p(95)<500`. */
  expression: string;
  aggregation: 'avg' | 'min' | 'med' | 'max' | 'p' | 'count' | 'rate' | 'value';
  /** 0 to 100 beside `p`, else null. */
  percentile: number | null;
  operator: '<' | '<=' | '>' | '>=' | '==' | '!=';
  /** Milliseconds of a trend, a share from 0 to 1 of a rate or gauge, else a number. */
  limit: number;
  /** Ends the run when it is crossed, after so many wall-clock seconds of what it is about; null: it is judged at the end alone. */
  abortAfterSeconds: number | null;
}

/** What a plan says of one figure. */
export interface FigureThresholds {
  figure: string;
  labels: Record<string, string>;
  /** Empty where the plan takes the figure's defaults away. */
  thresholds: Threshold[];
}

/** Simulated seconds after which waiting is given up and the cluster counts as failed. */
export interface WaitLimits {
  discovery: number;
  ready: number;
  install: number;
  day2: number;
}

export interface ClusterPlan {
  /** Position in the unshared plan; unique over all shards. */
  index: number;
  name: string;
  baseDomain: string;
  api: ClusterApi;
  platform: Platform;
  controlPlanes: number;
  arbiters: number;
  workers: number;
  day2Workers: number;
  /** OLM operators to request, by the service's name for them. */
  olmOperators: string[];
  /** Only an infra-env with hosts; no cluster, no installation. */
  justInfraEnv: boolean;
  infraEnvLabels: Record<string, string>;
  withNmstate: boolean;
  /** Empty for clusters made by REST. */
  flow: HubFlow;
  /** IPv4 CIDR that all hosts of the cluster share, e.g. `10.3.1.0/24`. */
  machineNetwork: string;
  gateway: string;
  /** Null on platform none and on single-node clusters. */
  apiVip: string | null;
  ingressVip: string | null;
  /** Simulated milliseconds after the start of the run. */
  arrivalMs: number;
  /** Set roles by PATCH; false leaves them to the service. */
  assignRoles: boolean;
  /** Set host names by PATCH beside those the inventories carry. */
  setHostnames: boolean;
  /** What goes wrong with it as a whole; absent where nothing does. */
  fault?: ClusterFaultKind;
  /** Cluster's own hosts first (control planes, arbiters, workers), then day-2 workers. */
  hosts: HostPlan[];
  /** Of its hosts those with a slow link, and its place in the plan's list. Absent where none has. */
  links?: { ordinal: number; link: number }[];
}

export interface HostPlan {
  /** Position in the unshared plan; unique over all shards. */
  index: number;
  clusterIndex: number;
  /** Position in the cluster. */
  ordinal: number;
  role: 'master' | 'arbiter' | 'worker';
  day2: boolean;
  /** Name of a hardware profile. */
  profile: string;
  kind: AgentKind;
  /** Simulated milliseconds between the cluster's launch and this agent's first request. */
  bootDelayMs: number;
  /** What goes wrong with it; absent where nothing does. */
  fault?: HostFault;
}
