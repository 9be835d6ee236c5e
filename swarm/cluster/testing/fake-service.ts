/** A service and machines in miniature, for tests of what stands above them: they do what a script says, at once. */

import type { ClusterStatus, HostStatus } from '../../../model/protocol/states.ts';
import type { ClusterPlan, HostPlan } from '../../plan/expanded-plan.ts';
import type { ClusterLaunch } from '../../pool/messages.ts';
import type { ServiceAccess } from '../../service/runtime.ts';
import type { Ledger, LedgerEntry } from '../../telemetry/ledger.ts';
import {
  type ClusterAdapter,
  ClusterAdapterError,
  type ClusterObjects,
  type ClusterView,
  type DiscoveredHost,
  type FailingValidation,
  type HostSetup,
  type HostView,
  hostSettings,
  type PlannedObject,
} from '../cluster-adapter.ts';
import type { Machines } from '../cluster-life.ts';

/** A small cluster plan; hosts are numbered from `firstHost`. */
export function clusterPlan(overrides: Partial<ClusterPlan> = {}, firstHost = 0): ClusterPlan {
  const { index = 0, controlPlanes = 1, arbiters = 0, workers = 0, day2Workers = 0 } = overrides;
  const roles: HostPlan['role'][] = [
    ...Array<'master'>(controlPlanes).fill('master'),
    ...Array<'arbiter'>(arbiters).fill('arbiter'),
    ...Array<'worker'>(workers + day2Workers).fill('worker'),
  ];
  return {
    index,
    name: `cluster-${index}`,
    baseDomain: 'example.com',
    api: 'rest',
    platform: 'none',
    controlPlanes,
    arbiters,
    workers,
    day2Workers,
    olmOperators: [],
    justInfraEnv: false,
    infraEnvLabels: {},
    withNmstate: false,
    flow: {},
    machineNetwork: '10.1.0.0/24',
    gateway: '10.1.0.1',
    apiVip: null,
    ingressVip: null,
    arrivalMs: 0,
    assignRoles: false,
    setHostnames: false,
    hosts: roles.map((role, ordinal) => ({
      index: firstHost + ordinal,
      clusterIndex: index,
      ordinal,
      role,
      day2: ordinal >= controlPlanes + arbiters + workers,
      profile: 'small',
      kind: 'native',
      bootDelayMs: 0,
    })),
    ...overrides,
  };
}

/** What identities of hosts are in tests. */
export function fakeIdentity(
  cluster: ClusterPlan,
  host: HostPlan,
): { id: string; hostname: string; installationDisk: string } {
  const hostname = `${cluster.name}-${host.ordinal}.example.com`;
  return { id: `host-${host.index}`, hostname, installationDisk: '/dev/disk/by-id/wwn-1' };
}

interface FakeHost {
  id: string;
  status: HostStatus;
  statusInfo: string;
  day2: boolean;
  failing: FailingValidation[];
}

/**
 * Plays the service and the machines together: each look at a cluster moves it one step along its script. Tests change the
 * public fields to make it go wrong.
 */
export class FakeService implements ClusterAdapter, Machines {
  /** Every call in order, e.g. `createCluster cluster-0`. */
  readonly calls: string[] = [];
  readonly launches: ClusterLaunch[] = [];
  readonly live = { clusters: new Set<string>(), infraEnvs: new Set<string>() };
  /** What the cluster's status is at each further look after its installation began; the last one stays. */
  script: ClusterStatus[] = ['preparing-for-installation', 'installing', 'finalizing', 'installed'];
  /** What a day-1 host becomes once it has an inventory. */
  discovered: HostStatus = 'known';
  /** Cluster's status as long as no installation began. */
  readiness: ClusterStatus = 'ready';
  failing: FailingValidation[] = [];
  hostFailing: FailingValidation[] = [];
  statusInfo = 'all is as the script says';
  preparationFailure = '';
  /** Host status by id that overrides everything. */
  readonly forcedStatus = new Map<string, { status: HostStatus; info: string }>();
  /** Errors to throw, by method name, one a call. */
  readonly errors = new Map<string, Error[]>();
  /** What hosts register as. */
  identify = fakeIdentity;
  /** Hosts that never boot, by ordinal. */
  readonly dead = new Set<number>();
  /** Where creations are written down, as the real adapters do; null for tests that do not look. */
  ledger: Ledger | null = null;
  /** Names that stand on the service before the run. */
  readonly strangers: PlannedObject[] = [];
  reached = true;
  access: ServiceAccess = { baseUrl: 'http://service', token: '', pollIntervalSeconds: null };
  readonly #clusters = new Map<string, { step: number; hosts: FakeHost[]; infraEnv: string }>();
  #ids = 0;

  launch(launch: ClusterLaunch): void {
    this.#called(`launch ${launch.start.join(',')}`);
    this.launches.push(launch);
    this.#boot(launch.cluster, this.#ownerOf(launch.infraEnvId), launch.start);
  }

  startHosts(cluster: number, infraEnvId: string, start: number[]): void {
    this.#called(`startHosts ${start.join(',')}`);
    this.#boot(this.launches.find((one) => one.cluster.index === cluster)!.cluster, this.#ownerOf(infraEnvId), start);
  }

  /** The cluster that an infra-env was made for, or itself. */
  #ownerOf(infraEnvId: string): string {
    return [...this.#clusters].find(([, { infraEnv }]) => infraEnv === infraEnvId)![0];
  }

  stopCluster(cluster: number): void {
    this.#called(`stopCluster ${cluster}`);
  }

  readonly startsByItself = false;

  async prepare(): Promise<void> {
    this.#called('agentVersion');
  }

  async setup(_cluster: ClusterPlan, infraEnvId: string): Promise<HostSetup> {
    return { infraEnvId, agentVersion: 'quay.io/agent:1', access: this.access };
  }

  async enroll(): Promise<void> {}

  onService(_cluster: ClusterPlan, objects: ClusterObjects): ClusterObjects {
    return objects;
  }

  changed(): null {
    return null;
  }

  async alreadyThere(clusters: readonly ClusterPlan[]): Promise<PlannedObject[]> {
    this.calls.push('alreadyThere');
    return this.strangers.filter(({ name }) => clusters.some((cluster) => name.startsWith(cluster.name)));
  }

  async createCluster(cluster: ClusterPlan): Promise<string> {
    const entry = await this.#intend('cluster', cluster, cluster.name);
    this.#called(`createCluster ${cluster.name}`, entry);
    const id = `c${++this.#ids}`;
    entry?.made(id);
    this.live.clusters.add(id);
    this.#clusters.set(id, { step: -1, hosts: [], infraEnv: '' });
    return id;
  }

  async createInfraEnv(cluster: ClusterPlan, clusterId: string | null): Promise<string> {
    const entry = await this.#intend('infra-env', cluster, `${cluster.name}-infra-env`);
    this.#called(`createInfraEnv ${cluster.name}`, entry);
    const id = `i${++this.#ids}`;
    entry?.made(id);
    this.live.infraEnvs.add(id);
    if (clusterId === null) this.#clusters.set(id, { step: -1, hosts: [], infraEnv: id });
    else this.#clusters.get(clusterId)!.infraEnv = id;
    return id;
  }

  async cluster(clusterId: string): Promise<ClusterView> {
    this.#called('cluster');
    const cluster = this.#clusters.get(clusterId)!;
    if (cluster.step >= 0 && cluster.step < this.script.length - 1) cluster.step++;
    const status = cluster.step < 0 ? this.readiness : this.script[cluster.step]!;
    return {
      status,
      statusInfo: this.statusInfo,
      finalizingStage: null,
      preparationFailure: this.preparationFailure,
      failing: () => this.failing,
    };
  }

  async hosts(objects: ClusterObjects): Promise<HostView[]> {
    this.#called('hosts');
    return this.#clusters.get(objects.clusterId ?? objects.infraEnvId!)!.hosts.map((host) => {
      const forced = this.forcedStatus.get(host.id);
      return {
        id: host.id,
        status: forced?.status ?? host.status,
        statusInfo: forced?.info ?? host.statusInfo,
        role: 'auto-assign',
        stage: null,
        day2: host.day2,
        failing: () => this.hostFailing,
      };
    });
  }

  async settle(cluster: ClusterPlan, _infraEnvId: string, host: DiscoveredHost): Promise<void> {
    const settings = hostSettings(cluster, host);
    if (Object.keys(settings).length > 0) this.#called(`updateHost ${host.id} ${JSON.stringify(settings)}`);
  }

  async install(clusterId: string): Promise<void> {
    this.#called('install');
    this.#clusters.get(clusterId)!.step = 0;
  }

  async allowAddHosts(): Promise<void> {
    this.#called('allowAddHosts');
  }

  async installHost(_cluster: ClusterPlan, _infraEnvId: string, hostId: string): Promise<void> {
    this.#called(`installHost ${hostId}`);
    for (const cluster of this.#clusters.values()) {
      for (const host of cluster.hosts) if (host.id === hostId) host.status = 'added-to-existing-cluster';
    }
  }

  async remove(cluster: ClusterPlan, objects: ClusterObjects): Promise<boolean> {
    const any = objects.clusterId !== null || objects.infraEnvId !== null;
    if (objects.clusterId !== null) {
      this.#called(`removeCluster ${objects.clusterId}`);
      this.live.clusters.delete(objects.clusterId);
      objects.clusterId = null;
    }
    this.ledger?.find('cluster', cluster.name)?.gone();
    if (objects.infraEnvId !== null) {
      this.#called(`removeInfraEnv ${objects.infraEnvId}`);
      this.live.infraEnvs.delete(objects.infraEnvId);
      objects.infraEnvId = null;
    }
    this.ledger?.find('infra-env', `${cluster.name}-infra-env`)?.gone();
    return any;
  }

  async #intend(kind: string, cluster: ClusterPlan, name: string): Promise<LedgerEntry | undefined> {
    return this.ledger?.find(kind, name) ?? (await this.ledger?.intend(kind, name, { cluster: cluster.index }));
  }

  #boot(cluster: ClusterPlan, owner: string, start: readonly number[]): void {
    for (const ordinal of start) {
      if (this.dead.has(ordinal)) continue;
      const plan = cluster.hosts[ordinal]!;
      this.#clusters.get(owner)!.hosts.push({
        id: this.identify(cluster, plan).id,
        status: this.discovered,
        statusInfo: 'Host is ready to be installed',
        day2: plan.day2,
        failing: [],
      });
    }
  }

  /** @param entry of what the call was to make: nothing, when it fails. */
  #called(call: string, entry?: LedgerEntry): void {
    this.calls.push(call);
    const error = this.errors.get(call.split(' ')[0]!)?.shift();
    if (!error) return;
    entry?.gone();
    throw error;
  }
}

/** An error of the adapter that may pass (overload) or not. */
export function adapterError(message: string, passing: boolean, conflict = false): ClusterAdapterError {
  return new ClusterAdapterError(message, { passing, conflict });
}
