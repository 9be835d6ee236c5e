/**
 * A cluster being installed, in memory: what installers and the controller of the native kind may ask and do, without objects
 * and without a server. Phases of operators are computed when somebody asks, so that they cost no timers.
 */
import type { HostRole, OperatorStatus } from '../protocol/states.ts';
import type { Clock } from '../time/clock.ts';
import { spanMs } from '../time/span.ts';
import type { SpokeFaultName } from './faults.ts';
import { INGRESS_CA_BUNDLE } from './ingress-certificate.ts';
import { type ClusterOperatorName, csvPhases, ingressCertificatePhases, operatorPhases } from './operators.ts';
import { CLUSTER_OPERATORS, type ClusterDuration, type CsvPhase, type SpokeProfile } from './profiles.ts';
import type { HostState, SpokeHost, SpokeNode, SpokeTopology } from './stages.ts';
import { SpokeTimeline } from './timeline.ts';

/** What installers and the controller may ask. */
export interface SpokeView<H extends SpokeHost> {
  /** Nodes that exist now; the bootstrap's node is a `master`. */
  nodes(role?: HostRole): readonly SpokeNode<H>[];
  /** Hosts whose address stands in the machine-config-server's log of the last `windowMs` simulated milliseconds. */
  ignitionFetched(windowMs: number): readonly H[];
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

/** A cluster operator as a report of a failed installation names it. */
export interface ClusterOperatorReport {
  name: string;
  status: OperatorStatus;
  status_info: string;
}

export interface MemorySpokeOptions<H extends SpokeHost> {
  clock: Clock;
  profile: SpokeProfile;
  /** Read whenever it counts: it may grow while hosts are placed. */
  topology: SpokeTopology;
  /** All hosts of the cluster, at least one: the durations of the cluster are drawn with the numbers of the first. */
  hosts: readonly H[];
  /** What goes wrong in this cluster; nothing unless given. */
  faults?: readonly SpokeFaultName[];
  /** The controller's process starts. */
  startController: () => void;
  /** A node object appears (ready false), then turns Ready. */
  onNode?: (node: SpokeNode<H>) => void;
  /** {@link MemorySpoke.busy} turned false by itself. */
  onIdle?: () => void;
}

export class MemorySpoke<H extends SpokeHost> implements SpokeView<H> {
  readonly #clock: Clock;
  readonly #timeline: SpokeTimeline<H>;
  /** The host whose draws the durations of the cluster come from. */
  readonly #seedHost: H;
  #version = '';
  #fetches: { at: number; host: H }[] = [];
  #controllerRunning = false;
  #readyEvent = false;
  /** Absent until somebody wants labels. */
  #labels: WeakMap<SpokeNode<H>, Map<string, string>> | undefined;
  /** When the obstacles of OLM operators were gone; null while OLM has not noticed. Absent while none was deleted. */
  #olmReleased: Map<string, number | null> | undefined;

  /** @throws Error without hosts */
  constructor(options: MemorySpokeOptions<H>) {
    const { clock, topology, hosts, startController, onNode } = options;
    const [seedHost] = hosts;
    if (!seedHost) throw new Error('a spoke needs at least one host');
    this.#clock = clock;
    this.#seedHost = seedHost;
    this.#timeline = new SpokeTimeline<H>({
      clock,
      profile: options.profile,
      topology,
      hosts,
      faults: options.faults ?? [],
      draws: seedHost,
      // Nobody is here to see certificate requests: the native controller sends nothing but what the service sees.
      approval: 'at-once',
      apiFromStart: false,
      moves: {
        ignitionFetched: (host) => this.#fetches.push({ at: clock.now(), host }),
        controllerStarted: startController,
        ...(onNode && { nodeJoined: onNode, nodeReady: onNode }),
      },
      ...(options.onIdle && { onIdle: options.onIdle }),
    });
  }

  get controlPlaneReplicas(): number {
    return this.#timeline.cluster.topology.controlPlanes;
  }

  get arbiterReplicas(): number {
    return this.#timeline.cluster.topology.arbiters;
  }

  /** An installer runs on the host: whatever node it was before is gone. */
  installerStarted(host: H, role: HostRole): void {
    this.#timeline.place(host, role);
  }

  /** The bootstrap started bootkube: a new cluster begins. */
  bootstrapStarted(openshiftVersion: string): void {
    this.#version = openshiftVersion;
    this.#fetches = [];
    this.#controllerRunning = false;
    this.#readyEvent = false;
    this.#olmReleased = undefined;
    this.#timeline.bootstrapStarted();
  }

  /** The machine is silent and boots from its disk; again: as a new node. Ignored for a host without an installer. */
  hostRebooted(host: H): void {
    const member = this.#timeline.member(host.identity.id);
    if (member) this.#timeline.reboot(member);
  }

  /** The machine is dead: its node stays and is not ready. Ignored for a host without an installer. */
  hostFailed(host: H): void {
    const member = this.#timeline.member(host.identity.id);
    if (member) this.#timeline.fail(member);
  }

  /** How far a host is; `off` before its installer. */
  hostState(host: H): HostState {
    return this.#timeline.member(host.identity.id)?.state ?? 'off';
  }

  /** The controller's process runs or ended. */
  setControllerRunning(running: boolean): void {
    this.#controllerRunning = running;
  }

  /** The controller created its ready event. */
  createReadyEvent(): void {
    this.#readyEvent = true;
  }

  nodes(role?: HostRole): readonly SpokeNode<H>[] {
    const nodes: SpokeNode<H>[] = [];
    for (const member of this.#timeline.cluster.members.values()) {
      if (member.node && (role === undefined || member.role === role)) nodes.push(member.node);
    }
    return nodes;
  }

  ignitionFetched(windowMs: number): readonly H[] {
    const since = this.#clock.now() - windowMs;
    return this.#fetches.filter((fetch) => fetch.at >= since).map((fetch) => fetch.host);
  }

  bootkubeDone(): boolean {
    return this.#timeline.cluster.bootkube === 'done';
  }

  etcdBootstrapDone(): boolean {
    return this.#timeline.cluster.etcdBootstrapped;
  }

  controllerReady(): boolean {
    return this.#readyEvent;
  }

  controllerRunning(): boolean {
    return this.#controllerRunning;
  }

  apiReachable(): boolean {
    return this.#timeline.cluster.api;
  }

  machineConfigsConsistent(): boolean {
    return this.#timeline.cluster.machineConfigs;
  }

  /** Conditions of a cluster operator, or of the ClusterVersion (`cvo`): the first phase before operators have nodes. */
  operator(name: ClusterOperatorName | 'cvo'): OperatorState {
    const { cluster } = this.#timeline;
    const sequence = operatorPhases(cluster.profile, this.#seedHost, name);
    const phase = this.#timeline.phaseSince(sequence, cluster.operatorsSince) ?? sequence.phases[0];
    return {
      status: phase?.status ?? 'progressing',
      message: phase?.message.replaceAll('{version}', this.#version) ?? '',
      version: this.#version,
    };
  }

  /** All cluster operators, for the report of a failed installation. */
  clusterOperators(): ClusterOperatorReport[] {
    return CLUSTER_OPERATORS.map((name) => {
      const { status, message } = this.operator(name);
      return { name, status, status_info: message };
    });
  }

  /** `ca-bundle.crt` of `default-ingress-cert`; null while the ConfigMap does not exist. */
  ingressCaBundle(): string | null {
    const { cluster } = this.#timeline;
    const sequence = ingressCertificatePhases(cluster, this.#seedHost);
    return this.#timeline.phaseSince(sequence, cluster.operatorsSince) && INGRESS_CA_BUNDLE;
  }

  /** State of an OLM operator's ClusterServiceVersion; null while its subscription has none. */
  csv(operator: string): CsvState | null {
    const { cluster, olmBlockedBy } = this.#timeline;
    const since = olmBlockedBy ? (this.#olmReleased?.get(operator) ?? null) : cluster.operatorsSince;
    const phase = this.#timeline.phaseSince(csvPhases(cluster.profile, this.#seedHost, operator), since);
    return phase && { phase: phase.phase, message: phase.message, version: `${this.#version.split('-')[0]}` };
  }

  /**
   * Deletes the failed unpack job or install plan of an OLM operator, as the controller does in each pass: the operator's
   * installation begins a little later. Without one nothing happens.
   */
  deleteOlmObstacle(operator: string): void {
    const { cluster, olmBlockedBy } = this.#timeline;
    if (!olmBlockedBy || cluster.operatorsSince === null || this.#olmReleased?.has(operator)) return;
    this.#olmReleased ??= new Map();
    const released = this.#olmReleased;
    released.set(operator, null);
    this.#timeline.react(() => released.set(operator, this.#clock.now()));
  }

  /** Who has the address of the cluster's DNS: its service, another one, nobody yet. */
  get dnsAddress(): 'served' | 'taken' | 'free' {
    return this.#timeline.cluster.dns;
  }

  /** Deletes the service that has the address of the cluster's DNS; the DNS operator takes it a little later. */
  deleteDnsAddressHolder(): void {
    this.#timeline.dnsAddressFreed();
  }

  /**
   * Sets labels on a node.
   * @returns false when they were there already, or the node is gone
   */
  labelNode(node: SpokeNode<H>, labels: Readonly<Record<string, string>>): boolean {
    if (this.#timeline.member(node.host.identity.id)?.node !== node) return false;
    this.#labels ??= new WeakMap();
    const known = this.#labels.get(node) ?? new Map<string, string>();
    this.#labels.set(node, known);
    let changed = false;
    for (const [key, value] of Object.entries(labels)) {
      if (known.get(key) === value) continue;
      known.set(key, value);
      changed = true;
    }
    return changed;
  }

  /** Simulated milliseconds of a cluster-wide duration. */
  durationMs(name: ClusterDuration): number {
    return spanMs(this.#timeline.cluster.profile.cluster[name], this.#seedHost.random(`spoke/${name}`, 0));
  }

  /** Something will still happen by itself. */
  get busy(): boolean {
    return this.#timeline.busy;
  }

  /** Ends all timers; nothing happens any more. */
  close(): void {
    this.#timeline.close();
  }
}
