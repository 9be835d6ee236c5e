/**
 * The cluster being installed, as far as its own programs can see it. It does not exist: a table of durations says when
 * nodes appear, become ready, when operators are available. One per cluster, shared by its installers and its controller.
 *
 *   installer starts bootkube ──kubeApi──▶ API and machine-config-server answer
 *   host reboots ──boot──▶ ignition fetched ──nodeJoin──▶ node ──nodeReady──▶ Ready      (single node: no ignition)
 *   enough masters Ready ──bootkube──▶ .bootkube.done ──etcdBootstrap──▶ progress.service ends ──machineConfigs──▶ consistent
 *   first Ready master that is not the bootstrap ──controllerStart──▶ controller
 *   nodes for the ingress Ready ─▶ tables of operators, ingress certificate and CSVs count from here
 */

import type { HostRole, OperatorStatus } from '../../model/protocol/states.ts';
import { INGRESS_CA_BUNDLE } from '../../model/spoke/ingress-certificate.ts';
import {
  CLUSTER_OPERATORS,
  type ClusterDuration,
  type CsvPhase,
  hostDurationMs,
  type OperatorPhase,
  type SpokeProfile,
} from '../../model/spoke/profiles.ts';
import type { Clock, ClockTimer } from '../../model/time/clock.ts';
import { type Span, spanMs } from '../../model/time/span.ts';
import type { Host } from '../host/host.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import type { OperatorReport } from '../service/inventory-client.ts';

export interface SpokeNode {
  host: Host;
  ready: boolean;
}

/** What installers and the controller may ask. */
export interface SpokeView {
  /** Nodes that exist now; the bootstrap's node is a `master`. */
  nodes(role?: HostRole): readonly SpokeNode[];
  /** Hosts whose address stands in the machine-config-server's log of the last `windowMs` simulated milliseconds. */
  ignitionFetched(windowMs: number): readonly Host[];
  bootkubeDone(): boolean;
  etcdBootstrapDone(): boolean;
  /** The controller's pod has sent its ready event. */
  controllerReady(): boolean;
  /** The controller's pod runs, so that its log can be read. */
  controllerRunning(): boolean;
  /** The kube-apiserver answers; the machine-config-server is as old as it. */
  apiReachable(): boolean;
  /** Replicas of the install-config. */
  readonly controlPlaneReplicas: number;
  readonly arbiterReplicas: number;
  /** All master nodes carry existing MachineConfigs in their annotations. */
  machineConfigsConsistent(): boolean;
}

export interface OperatorState {
  status: OperatorStatus;
  message: string;
  version: string;
}

export interface CsvState {
  phase: CsvPhase['phase'];
  message: string;
  version: string;
}

export interface SpokeOptions {
  clock: Clock;
  profile: SpokeProfile;
  topology: Pick<ClusterPlan, 'controlPlanes' | 'arbiters' | 'workers'>;
  /** The host whose draws the cluster-wide durations come from. */
  seedHost: Host;
  /** The controller's process starts. */
  startController: () => void;
  /** A node object appears (ready false), then turns Ready. */
  onNode?: (node: SpokeNode) => void;
  /** {@link Spoke.busy} turned false. */
  onIdle?: () => void;
}

/** Masters that a bootstrap waits for at most (installer facts 1.6 E5). */
const MIN_MASTER_NODES = 2;
/** Workers on which two routers run. */
const ROUTER_REPLICAS = 2;

interface Member {
  host: Host;
  role: HostRole;
  bootstrap: boolean;
  node: SpokeNode | null;
  labels: Map<string, string>;
  timer: ClockTimer | null;
}

export class Spoke implements SpokeView {
  readonly controlPlaneReplicas: number;
  readonly arbiterReplicas: number;
  readonly #clock: Clock;
  readonly #profile: SpokeProfile;
  readonly #workerReplicas: number;
  readonly #seedHost: Host;
  readonly #startController: () => void;
  readonly #onNode: (node: SpokeNode) => void;
  readonly #onIdle: () => void;
  readonly #members = new Map<string, Member>();
  readonly #timers = new Set<ClockTimer>();
  #version = '';
  #api = false;
  #waitingForApi: (() => void)[] = [];
  #fetches: { at: number; host: Host }[] = [];
  #bootkubeScheduled = false;
  #bootkubeDone = false;
  #etcdDone = false;
  #machineConfigs = false;
  #controllerScheduled = false;
  #controllerRunning = false;
  #readyEvent = false;
  /** When the operators got nodes to run on. */
  #operatorsSince: number | null = null;
  #closed = false;

  constructor(options: SpokeOptions) {
    this.#clock = options.clock;
    this.#profile = options.profile;
    this.controlPlaneReplicas = options.topology.controlPlanes;
    this.arbiterReplicas = options.topology.arbiters;
    this.#workerReplicas = options.topology.workers;
    this.#seedHost = options.seedHost;
    this.#startController = options.startController;
    this.#onNode = options.onNode ?? (() => {});
    this.#onIdle = options.onIdle ?? (() => {});
  }

  /** An installer runs on the host: whatever node it was before is gone. */
  installerStarted(host: Host, role: HostRole): void {
    this.#members.get(host.identity.id)?.timer?.cancel();
    this.#members.set(host.identity.id, {
      host,
      role: role === 'bootstrap' ? 'master' : role,
      bootstrap: role === 'bootstrap',
      node: null,
      labels: new Map(),
      timer: null,
    });
  }

  /** The bootstrap started bootkube: a new cluster begins. */
  bootstrapStarted(openshiftVersion: string): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#version = openshiftVersion;
    this.#api = false;
    this.#fetches = [];
    this.#bootkubeScheduled = false;
    this.#bootkubeDone = false;
    this.#etcdDone = false;
    this.#machineConfigs = false;
    this.#controllerScheduled = false;
    this.#controllerRunning = false;
    this.#readyEvent = false;
    this.#operatorsSince = null;
    this.#after('kubeApi', () => {
      this.#api = true;
      for (const go of this.#waitingForApi.splice(0)) go();
    });
    if (this.#singleNode) this.#scheduleBootkube('bootkubeSingleNode');
  }

  /** The machine is silent and boots from its disk. */
  hostRebooted(host: Host): void {
    const member = this.#members.get(host.identity.id);
    if (!member || this.#closed) return;
    this.#step(member, 'boot', () => {
      if (member.host.plan.day2) {
        this.#join(member);
      } else if (this.#singleNode) {
        this.#join(member);
      } else if (this.#api) {
        this.#fetchIgnition(member);
      } else {
        this.#waitingForApi.push(() => this.#fetchIgnition(member));
      }
    });
  }

  /** The controller's process runs or ended. */
  setControllerRunning(running: boolean): void {
    this.#controllerRunning = running;
  }

  /** The controller created its ready event. */
  createReadyEvent(): void {
    this.#readyEvent = true;
  }

  nodes(role?: HostRole): readonly SpokeNode[] {
    const nodes: SpokeNode[] = [];
    for (const member of this.#members.values()) {
      if (member.node && (role === undefined || member.role === role)) nodes.push(member.node);
    }
    return nodes;
  }

  ignitionFetched(windowMs: number): readonly Host[] {
    const since = this.#clock.now() - windowMs;
    return this.#fetches.filter((fetch) => fetch.at >= since).map((fetch) => fetch.host);
  }

  bootkubeDone(): boolean {
    return this.#bootkubeDone;
  }

  etcdBootstrapDone(): boolean {
    return this.#etcdDone;
  }

  controllerReady(): boolean {
    return this.#readyEvent;
  }

  controllerRunning(): boolean {
    return this.#controllerRunning;
  }

  apiReachable(): boolean {
    return this.#api;
  }

  machineConfigsConsistent(): boolean {
    return this.#machineConfigs;
  }

  /** Conditions of `clusteroperators/console` or of the ClusterVersion. */
  operator(name: 'console' | 'cvo'): OperatorState {
    const phases = this.#profile.operators[name];
    const phase = this.#current(phases, `operator/${name}`) ?? (phases[0] as OperatorPhase);
    return {
      status: phase.status,
      message: phase.message.replaceAll('{version}', this.#version),
      version: this.#version,
    };
  }

  /** All cluster operators, for the report of a failed installation. */
  clusterOperators(): OperatorReport[] {
    const console = this.operator('console');
    return CLUSTER_OPERATORS.map((name) => {
      if (name === 'console') return { name, status: console.status, status_info: console.message };
      const settled = this.#operatorsSince !== null;
      return settled ? { name, status: 'available', status_info: 'All is well' } : { name, status: 'progressing' };
    });
  }

  /** `ca-bundle.crt` of `default-ingress-cert`; null while the ConfigMap does not exist. */
  ingressCaBundle(): string | null {
    if (this.#operatorsSince === null) return null;
    const ready = this.#operatorsSince + this.#clusterMs('ingressCertificate');
    return this.#clock.now() >= ready ? INGRESS_CA_BUNDLE : null;
  }

  /** State of an OLM operator's ClusterServiceVersion; null while its subscription has none. */
  csv(operator: string): CsvState | null {
    const phase = this.#current(this.#profile.csv, `csv/${operator}`);
    return phase && { phase: phase.phase, message: phase.message, version: `${this.#version.split('-')[0]}` };
  }

  /**
   * Sets labels on a node.
   * @returns false when they were there already
   */
  labelNode(node: SpokeNode, labels: Readonly<Record<string, string>>): boolean {
    const member = this.#members.get(node.host.identity.id);
    if (!member) return false;
    let changed = false;
    for (const [key, value] of Object.entries(labels)) {
      if (member.labels.get(key) === value) continue;
      member.labels.set(key, value);
      changed = true;
    }
    return changed;
  }

  /** Simulated milliseconds of a cluster-wide duration. */
  durationMs(name: ClusterDuration): number {
    return this.#clusterMs(name);
  }

  /** Something will still happen by itself. */
  get busy(): boolean {
    if (this.#timers.size > 0) return true;
    for (const member of this.#members.values()) if (member.timer) return true;
    return false;
  }

  /** Ends all timers; nothing happens any more. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    for (const member of this.#members.values()) {
      member.timer?.cancel();
      member.timer = null;
    }
    this.#waitingForApi = [];
  }

  get #singleNode(): boolean {
    return this.controlPlaneReplicas === 1;
  }

  #fetchIgnition(member: Member): void {
    this.#fetches.push({ at: this.#clock.now(), host: member.host });
    this.#join(member);
  }

  #join(member: Member): void {
    this.#step(member, 'nodeJoin', () => {
      const node: SpokeNode = { host: member.host, ready: false };
      member.node = node;
      this.#onNode(node);
      this.#step(member, 'nodeReady', () => {
        node.ready = true;
        this.#onNode(node);
        this.#nodeTurnedReady();
      });
    });
  }

  #nodeTurnedReady(): void {
    let ownMasters = 0;
    let masters = 0;
    let workers = 0;
    for (const member of this.#members.values()) {
      if (!member.node?.ready || member.host.plan.day2) continue;
      if (member.role === 'worker') workers += 1;
      if (member.role !== 'master') continue;
      masters += 1;
      if (!member.bootstrap || this.#singleNode) ownMasters += 1;
    }
    if (ownMasters >= 1 && !this.#controllerScheduled) {
      this.#controllerScheduled = true;
      this.#after('controllerStart', this.#startController);
    }
    if (!this.#singleNode && ownMasters >= Math.min(this.controlPlaneReplicas - 1, MIN_MASTER_NODES)) {
      this.#scheduleBootkube('bootkube');
    }
    const routable =
      this.#workerReplicas > 0
        ? workers >= Math.min(this.#workerReplicas, ROUTER_REPLICAS)
        : masters >= Math.min(this.controlPlaneReplicas, ROUTER_REPLICAS);
    if (routable) this.#operatorsSince ??= this.#clock.now();
  }

  #scheduleBootkube(duration: 'bootkube' | 'bootkubeSingleNode'): void {
    if (this.#bootkubeScheduled) return;
    this.#bootkubeScheduled = true;
    this.#after(duration, () => {
      this.#bootkubeDone = true;
      this.#after('etcdBootstrap', () => {
        this.#etcdDone = true;
        this.#after('machineConfigs', () => {
          this.#machineConfigs = true;
        });
      });
    });
  }

  /** The last phase that has begun, or null. One draw a table keeps its phases in order. */
  #current<T extends { after: Span }>(phases: readonly T[], purpose: string): T | null {
    if (this.#operatorsSince === null) return null;
    const elapsed = this.#clock.now() - this.#operatorsSince;
    const draw = this.#seedHost.random(`spoke/${purpose}`, 0);
    return phases.findLast((phase) => spanMs(phase.after, draw) <= elapsed) ?? null;
  }

  #clusterMs(name: ClusterDuration): number {
    return spanMs(this.#profile.cluster[name], this.#seedHost.random(`spoke/${name}`, 0));
  }

  #after(name: ClusterDuration, fn: () => void): void {
    if (this.#closed) return;
    const timer = this.#clock.setTimer(this.#clusterMs(name), () => {
      this.#timers.delete(timer);
      fn();
      if (!this.busy) this.#onIdle();
    });
    this.#timers.add(timer);
  }

  #step(member: Member, name: 'boot' | 'nodeJoin' | 'nodeReady', fn: () => void): void {
    if (this.#closed) return;
    member.timer = this.#clock.setTimer(hostDurationMs(this.#profile, member.host, name), () => {
      member.timer = null;
      fn();
      if (!this.busy) this.#onIdle();
    });
  }
}
