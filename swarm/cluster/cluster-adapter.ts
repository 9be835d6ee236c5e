/**
 * How the simulated user creates, installs and removes a cluster. `rest.ts` speaks the service's REST API; what speaks
 * custom resources on a hub stands beside it. Every method is one user action and at most a few requests.
 */

import type { ClusterStatus, FinalizingStage, HostRole, HostStage, HostStatus } from '../../model/protocol/states.ts';
import type { ProxySettings, TlsOptions } from '../plan/connections.ts';
import type { ClusterPlan, HostPlan } from '../plan/expanded-plan.ts';
import type { BootSource } from '../service/boot-source.ts';
import type { ServiceAccess } from '../service/runtime.ts';
import type { AgentState, ClusterInstallState } from '../telemetry/resource-states.ts';

/** Ids of what a run made on the service for one cluster; null = not there, no longer there, or not known. */
export interface ClusterObjects {
  clusterId: string | null;
  infraEnvId: string | null;
}

/** One validation of `validations_info` that does not pass: assisted-service, internal/host/validator.go and internal/cluster/validator.go. */
export interface FailingValidation {
  id: string;
  status: 'failure' | 'pending' | 'error';
  message: string;
}

/** A host as the service sees it, without its inventory. */
export interface HostView {
  id: string;
  status: HostStatus;
  statusInfo: string;
  role: HostRole;
  /** Stage as last reported; null before the installation. */
  stage: HostStage | null;
  day2: boolean;
  /** Parsed on demand: most looks at a host need only its status. Those that hold up a `known` host are not told. */
  failing(): FailingValidation[];
}

/** A cluster as the service sees it, without its hosts. */
export interface ClusterView {
  status: ClusterStatus;
  statusInfo: string;
  finalizingStage: FinalizingStage | null;
  /** Why the last preparation failed; '' when it did not. */
  preparationFailure: string;
  failing(): FailingValidation[];
}

/** A host that the service has discovered, as the plan has it. */
export interface DiscoveredHost {
  id: string;
  role: HostPlan['role'];
  hostname: string;
  /** `id` of the disk that is meant for the operating system. */
  installationDisk: string;
}

/** What a user says of a discovered host. */
export interface HostSettings {
  role?: HostPlan['role'];
  hostname?: string;
}

/** What a plan wants to be said of a host of this cluster; empty when the service is to decide. */
export function hostSettings(
  { assignRoles, setHostnames }: Pick<ClusterPlan, 'assignRoles' | 'setHostnames'>,
  { role, hostname }: DiscoveredHost,
): HostSettings {
  return { ...(assignRoles && { role }), ...(setHostnames && { hostname }) };
}

/** What hosts of an infra-env are booted with. */
export interface HostSetup {
  /** The service's id of the infra-env. */
  infraEnvId: string;
  /** The image that agents say they run until the service names another. */
  agentVersion: string;
  access: ServiceAccess;
  /** What hosts trust, in place of what the plan says. */
  tls?: TlsOptions;
  /** The proxies that their programs go through. */
  proxy?: ProxySettings;
  /** Where they download what they boot, where the plan wants it. */
  boot?: BootSource;
}

/** Told of each new state of a custom resource of a cluster; null when it is gone. */
export interface StateWatcher {
  /** @param id of the host */
  agent(id: string, state: AgentState | null): void;
  /** @param name namespace/name */
  clusterInstall(name: string, state: ClusterInstallState | null): void;
}

export class ClusterAdapterError extends Error {
  /** The same call may succeed later: overload, restart, lost connection. */
  readonly passing: boolean;
  /** The service refuses in the object's present state (409). */
  readonly conflict: boolean;

  constructor(message: string, kind: { passing: boolean; conflict: boolean }, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterAdapterError';
    this.passing = kind.passing;
    this.conflict = kind.conflict;
  }
}

/** An object by the name that a plan gives it. */
export interface PlannedObject {
  /** What it is, for people: `cluster`, `infra-env` … */
  kind: string;
  name: string;
}

/**
 * All methods throw {@link ClusterAdapterError}, or the signal's reason when aborted. What is created is written to the run's
 * ledger first. A creation that failed with a passing error may be called again: it takes what the earlier call made
 * without our being told, if there is such a thing.
 */
export interface ClusterAdapter {
  /** Something has succeeded before: the service is there, and an error that may pass is worth waiting for. */
  readonly reached: boolean;
  /** What stands on the service under the names that these clusters will have. */
  alreadyThere(clusters: readonly ClusterPlan[], signal: AbortSignal): Promise<PlannedObject[]>;
  /** Clusters that are ready are started by the service itself, and again after a preparation that failed. */
  readonly startsByItself: boolean;
  /** What must have been answered before anything is made. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Returns the new cluster's id, by which the other methods know it. */
  createCluster(cluster: ClusterPlan, signal: AbortSignal): Promise<string>;
  /** Returns the new infra-env's id, by which the other methods know it. `clusterId` null makes one whose hosts belong to no cluster. */
  createInfraEnv(cluster: ClusterPlan, clusterId: string | null, signal: AbortSignal): Promise<string>;
  /** What its hosts boot with, or a sentence that says why that is not known yet. */
  setup(cluster: ClusterPlan, infraEnvId: string, signal: AbortSignal): Promise<HostSetup | string>;
  /** Makes what represents machines by themselves, when they are there to be powered on. */
  enroll(cluster: ClusterPlan, signal: AbortSignal): Promise<void>;
  cluster(clusterId: string, signal: AbortSignal): Promise<ClusterView>;
  /** Hosts of the cluster, or of the infra-env when there is no cluster. */
  hosts(objects: ClusterObjects, signal: AbortSignal): Promise<HostView[]>;
  /** Says what the plan wants of a discovered host, and that it may be installed. */
  settle(cluster: ClusterPlan, infraEnvId: string, host: DiscoveredHost, signal: AbortSignal): Promise<void>;
  /** Starts the installation of a ready cluster, or lets the service start it: {@link startsByItself}. */
  install(clusterId: string, signal: AbortSignal): Promise<void>;
  allowAddHosts(cluster: ClusterPlan, clusterId: string, signal: AbortSignal): Promise<void>;
  /** Day 2: installs one host. */
  installHost(cluster: ClusterPlan, infraEnvId: string, hostId: string, signal: AbortSignal): Promise<void>;
  /** The service's ids of what stands on it, where they are known: what a reader of its REST API can ask for. */
  onService(cluster: ClusterPlan, objects: ClusterObjects): ClusterObjects;
  /** Resolves when a look at the cluster may show something new, or the signal aborts; null where only looking tells. */
  changed(cluster: ClusterPlan, signal: AbortSignal): Promise<void> | null;
  /** Tells of states of a cluster's custom resources until what it returns is called; absent where there are none. Costs no request. */
  watchStates?(cluster: ClusterPlan, watcher: StateWatcher): () => void;
  /** What hinders machines that others are to switch on, '' when that is not known; absent where nobody else does. One request. */
  describeProvisioning?(cluster: ClusterPlan, signal: AbortSignal): Promise<string>;
  /**
   * Removes what the run made for a cluster, and what it may have made: ends an installation under way, then cluster, hosts,
   * infra-env. Sets the fields of `objects` to null as each is gone, so that the caller knows what is left when this throws.
   * @returns whether there was anything to remove
   */
  remove(cluster: ClusterPlan, objects: ClusterObjects, signal: AbortSignal): Promise<boolean>;
}
