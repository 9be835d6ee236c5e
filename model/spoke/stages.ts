/**
 * The one timeline of a cluster that is being installed, as rows of the lifecycle: what follows from what, and how long it
 * takes. The view of it (in memory, or as Kubernetes objects) is told by {@link SpokeMoves}.
 *
 *   bootkube starts ──kubeApi──▶ API and machine-config-server answer
 *   host reboots ──boot──▶ ignition fetched ──nodeJoin──▶ certificate (client) ──▶ node: joined
 *                            └ not by a single node                                 ├─▶ certificate (serving) ─┐
 *                                                                                   └──nodeReady───────────────┴─▶ ready
 *   certificate requested ──approval──▶ approved ──▶ issued      (approved by a client: no row; by nobody: issued at once)
 *   enough own masters ready ──bootkube──▶ .bootkube.done ──etcdBootstrap──▶ progress.service ends ──machineConfigs──▶ consistent
 *   single node: bootkube starts ──bootkubeSingleNode──▶ .bootkube.done, at the latest when it reboots
 *   first own master ready ──controllerStart──▶ controller
 *   nodes for the ingress ready ─▶ phases of operators, ingress certificate and CSVs count from here (operators.ts)
 *
 * Own masters are those that are not the bootstrap. Hosts of day 2 go the same way and count for nothing.
 */
import type { HostFault } from '../faults/faults.ts';
import { type Lifecycle, type Stage, stageTable } from '../lifecycle/lifecycle.ts';
import type { HostRole } from '../protocol/states.ts';
import type { Draws } from '../time/random.ts';
import { type Span, seconds } from '../time/span.ts';
import type { HostStep, SpokeFault } from './faults.ts';
import type { ClusterDuration, HostDuration, SpokeProfile } from './profiles.ts';

/** What the timeline has to know of a machine. */
export interface SpokeHost extends Draws {
  readonly identity: { readonly id: string };
  readonly plan: { readonly day2: boolean; readonly fault?: HostFault };
}

/** How many hosts of which role a cluster is installed with. */
export interface SpokeTopology {
  readonly controlPlanes: number;
  readonly arbiters: number;
  readonly workers: number;
}

/** How far a host is. */
export type HostState = 'off' | 'booting' | 'ignition' | 'requested' | 'joined' | 'ready' | 'failed';

export interface SpokeNode<H extends SpokeHost = SpokeHost> {
  readonly host: H;
  ready: boolean;
}

/** A host on its way into the cluster. */
export interface Member<H extends SpokeHost = SpokeHost> {
  readonly host: H;
  readonly cluster: SpokeCluster<H>;
  /** The bootstrap is a `master`. */
  readonly role: HostRole;
  readonly bootstrap: boolean;
  /** A step this host never gets to. */
  readonly neverReaches: HostStep | undefined;
  state: HostState;
  /** Firmware and kernel are through. */
  booted: boolean;
  /** The certificate that is asked for and not there yet. */
  request: CertificateRequest<H> | null;
  /** The last certificate the kubelet got: first the client's, then the serving one. */
  certificate: CertificatePurpose | null;
  /** The kubelet's node could be Ready. */
  warm: boolean;
  /** From `joined` on, until the host reboots. */
  node: SpokeNode<H> | null;
  /** Somebody deleted the node: a kubelet does not make it again before it is restarted. */
  nodeDeleted: boolean;
}

export type CertificatePurpose = 'client' | 'serving';

export interface CertificateRequest<H extends SpokeHost = SpokeHost> {
  readonly purpose: CertificatePurpose;
  readonly cluster: SpokeCluster<H>;
  /** Who waits for it; null for a stranger's, and once its host has begun anew. */
  member: Member<H> | null;
  /** Whose approval is waited for, or that it is there. */
  approval: 'cluster' | 'client' | 'given';
}

/**
 * `at-once`: nobody looks at requests; `automatic`: the cluster approves each; `as-installed`: the bootstrap approves those of
 * the first masters, clients all others.
 */
export type CertificateApproval = 'at-once' | 'automatic' | 'as-installed';

/** The cluster as a whole. */
export interface SpokeCluster<H extends SpokeHost = SpokeHost> {
  readonly profile: SpokeProfile;
  readonly topology: SpokeTopology;
  readonly faults: readonly SpokeFault[];
  readonly approval: CertificateApproval;
  readonly moves: SpokeMoves<H>;
  /** By id. */
  readonly members: Map<string, Member<H>>;
  /** `running` from its start on, `done` with `.bootkube.done`. */
  bootkube: 'off' | 'running' | 'done';
  api: boolean;
  /** Nodes of day 1 that are ready: the bootstrap's is a master, an own one only on a single node. */
  ready: { masters: number; ownMasters: number; workers: number };
  /** As many own masters are (or were) ready as the bootstrap waits for. */
  quorum: boolean;
  etcdBootstrapped: boolean;
  machineConfigs: boolean;
  controller: 'off' | 'scheduled' | 'started';
  /** When the operators got nodes to run on: simulated milliseconds since the Unix epoch. */
  operatorsSince: number | null;
  /** Who has the address of the cluster's DNS: its service, another one, nobody. */
  dns: 'served' | 'taken' | 'free';
}

/** What a view is told. All at the moment it happens, after the state has changed. */
export interface SpokeMoves<H extends SpokeHost = SpokeHost> {
  /** The host asked the machine-config-server for its ignition. */
  ignitionFetched?(host: H): void;
  certificateRequested?(request: CertificateRequest<H>): void;
  /** The cluster wants to approve; the view answers with `certificateApproved`, unless the request is gone. */
  approveCertificate?(request: CertificateRequest<H>): void;
  certificateIssued?(request: CertificateRequest<H>): void;
  nodeJoined?(node: SpokeNode<H>, member: Member<H>): void;
  nodeReady?(node: SpokeNode<H>, member: Member<H>): void;
  /** `.bootkube.done` is there. */
  bootkubeDone?(): void;
  machineConfigsRendered?(): void;
  /** The moment at which a real cluster would start the controller's pod. */
  controllerStarted?(): void;
  operatorsStarted?(): void;
  /** The DNS operator has made its service. */
  dnsServed?(): void;
}

/** Masters that a bootstrap waits for at most: openshift/assisted-installer, src/installer/installer.go, minMasterNodes. */
const MIN_MASTER_NODES = 2;
/** Workers on which two routers run. */
const ROUTER_REPLICAS = 2;
/** Between two looks of the bootstrap: openshift/installer, data/data/bootstrap/files/usr/local/bin/approve-csr.sh. */
const BOOTSTRAP_APPROVAL: Span = seconds(0, 20);
const NO_DELAY: Span = seconds(0, 0);
/** How soon operators react to a change. */
const REACTION: Span = seconds(5, 0);

/** A single node has its configuration on the disk. */
function needsIgnition({ role, cluster }: Member): boolean {
  return !(cluster.topology.controlPlanes === 1 && role === 'master');
}

const STEPS: readonly HostStep[] = ['ignition', 'node', 'ready'];

/** No fault keeps the host from a step, nor from one before it. */
function reaches({ neverReaches }: Member, step: HostStep): boolean {
  return neverReaches === undefined || STEPS.indexOf(neverReaches) > STEPS.indexOf(step);
}

function hostStep(name: HostDuration, rest: Pick<Stage<Member>, 'when' | 'effect'>): Stage<Member> {
  return { name, delay: ({ cluster }) => cluster.profile.host[name], draw: `spoke/${name}`, ...rest };
}

export const HOST_STAGES = stageTable<Member>([
  hostStep('boot', {
    when: ({ state, booted }) => state === 'booting' && !booted,
    effect: (member) => {
      member.booted = true;
    },
  }),
  {
    name: 'ignition',
    when: (member) =>
      member.state === 'booting' &&
      member.booted &&
      needsIgnition(member) &&
      reaches(member, 'ignition') &&
      // The cluster that hosts of day 2 join is installed, wherever that was.
      (member.cluster.api || member.host.plan.day2),
    effect: (member) => {
      member.state = 'ignition';
      member.cluster.moves.ignitionFetched?.(member.host);
    },
  },
  hostStep('nodeJoin', {
    when: (member) =>
      (member.state === 'ignition' || (member.state === 'booting' && member.booted && !needsIgnition(member))) &&
      reaches(member, 'node'),
    effect: (member, lifecycle) => {
      member.state = 'requested';
      requestCertificate(member, 'client', lifecycle);
    },
  }),
  {
    name: 'joined',
    when: ({ state, certificate }) => state === 'requested' && certificate === 'client',
    effect: (member, lifecycle) => {
      member.state = 'joined';
      member.node = { host: member.host, ready: false };
      member.cluster.moves.nodeJoined?.(member.node, member);
      requestCertificate(member, 'serving', lifecycle);
    },
  },
  hostStep('nodeReady', {
    when: (member) => member.state === 'joined' && !member.warm && reaches(member, 'ready'),
    effect: (member) => {
      member.warm = true;
    },
  }),
  {
    name: 'ready',
    when: ({ state, warm, certificate, nodeDeleted }) =>
      state === 'joined' && warm && certificate === 'serving' && !nodeDeleted,
    effect: (member, lifecycle) => {
      const { cluster, node } = member;
      member.state = 'ready';
      if (!node) return;
      node.ready = true;
      cluster.moves.nodeReady?.(node, member);
      lifecycle.change(cluster, countReady);
    },
  },
]);

function requestCertificate(member: Member, purpose: CertificatePurpose, lifecycle: Lifecycle): void {
  const { cluster } = member;
  if (cluster.approval === 'at-once') {
    member.certificate = purpose;
    return;
  }
  const approval = cluster.approval === 'automatic' || bootstrapApproves(member) ? 'cluster' : 'client';
  const request: CertificateRequest = { purpose, cluster, member, approval };
  member.request = request;
  cluster.moves.certificateRequested?.(request);
  lifecycle.add(request, CERTIFICATE_STAGES, member.host);
}

/** Until it becomes a node itself, and so neither for workers nor on day 2. */
function bootstrapApproves({ cluster, role, bootstrap, host }: Member): boolean {
  if (host.plan.day2) return false;
  return cluster.topology.controlPlanes === 1 || (role !== 'worker' && !bootstrap);
}

export const CERTIFICATE_STAGES = stageTable<CertificateRequest>([
  {
    name: 'approval',
    when: ({ approval }) => approval === 'cluster',
    delay: ({ cluster }) => (cluster.approval === 'automatic' ? NO_DELAY : BOOTSTRAP_APPROVAL),
    effect: (request) => {
      request.approval = 'client';
      request.cluster.moves.approveCertificate?.(request);
    },
  },
  {
    name: 'issue',
    when: ({ approval }) => approval === 'given',
    delay: NO_DELAY,
    effect: (request, lifecycle) => {
      lifecycle.remove(request);
      request.cluster.moves.certificateIssued?.(request);
      const { member } = request;
      if (!member) return;
      lifecycle.change(member, () => {
        member.request = null;
        member.certificate = request.purpose;
      });
    },
  },
]);

function countReady(cluster: SpokeCluster): void {
  const ready = { masters: 0, ownMasters: 0, workers: 0 };
  for (const { state, role, bootstrap, host } of cluster.members.values()) {
    if (state !== 'ready' || host.plan.day2) continue;
    if (role === 'worker') ready.workers += 1;
    if (role !== 'master') continue;
    ready.masters += 1;
    if (!bootstrap || cluster.topology.controlPlanes === 1) ready.ownMasters += 1;
  }
  cluster.ready = ready;
}

function hasQuorum({ topology, ready }: SpokeCluster): boolean {
  return ready.ownMasters >= Math.max(1, Math.min(topology.controlPlanes - 1, MIN_MASTER_NODES));
}

function hasRouters({ topology, ready }: SpokeCluster): boolean {
  const [wanted, there] =
    topology.workers > 0 ? [topology.workers, ready.workers] : [topology.controlPlanes, ready.masters];
  return there >= Math.max(1, Math.min(wanted, ROUTER_REPLICAS));
}

function clusterStep(
  name: ClusterDuration,
  rest: Pick<Stage<SpokeCluster>, 'when' | 'effect' | 'group'>,
): Stage<SpokeCluster> {
  return { name, delay: ({ profile }) => profile.cluster[name], draw: `spoke/${name}`, ...rest };
}

/** What once began goes on, also when a node is lost meanwhile: rows without a delay keep the moment, others count from it. */
export const CLUSTER_STAGES = stageTable<SpokeCluster>([
  clusterStep('kubeApi', {
    when: ({ bootkube, api }) => bootkube !== 'off' && !api,
    effect: (cluster, lifecycle) => {
      cluster.api = true;
      for (const member of cluster.members.values()) lifecycle.look(member);
    },
  }),
  {
    name: 'quorum',
    when: (cluster) => !cluster.quorum && hasQuorum(cluster),
    effect: (cluster) => {
      cluster.quorum = true;
    },
  },
  clusterStep('bootkube', {
    when: ({ bootkube, topology, quorum }) => bootkube !== 'done' && topology.controlPlanes !== 1 && quorum,
    effect: (cluster) => {
      cluster.bootkube = 'done';
      cluster.moves.bootkubeDone?.();
    },
  }),
  clusterStep('bootkubeSingleNode', {
    when: ({ bootkube, topology }) => bootkube === 'running' && topology.controlPlanes === 1,
    effect: (cluster) => {
      cluster.bootkube = 'done';
      cluster.moves.bootkubeDone?.();
    },
  }),
  clusterStep('etcdBootstrap', {
    when: ({ bootkube, etcdBootstrapped }) => bootkube === 'done' && !etcdBootstrapped,
    effect: (cluster) => {
      cluster.etcdBootstrapped = true;
    },
  }),
  clusterStep('machineConfigs', {
    when: ({ etcdBootstrapped, machineConfigs }) => etcdBootstrapped && !machineConfigs,
    effect: (cluster) => {
      cluster.machineConfigs = true;
      cluster.moves.machineConfigsRendered?.();
    },
  }),
  {
    name: 'first own master',
    when: ({ controller, ready }) => controller === 'off' && ready.ownMasters > 0,
    effect: (cluster) => {
      cluster.controller = 'scheduled';
    },
  },
  clusterStep('controllerStart', {
    when: ({ controller }) => controller === 'scheduled',
    effect: (cluster) => {
      cluster.controller = 'started';
      cluster.moves.controllerStarted?.();
    },
  }),
  {
    name: 'routers',
    when: (cluster) => cluster.operatorsSince === null && hasRouters(cluster),
    effect: (cluster, lifecycle) => {
      cluster.operatorsSince = lifecycle.now();
      cluster.moves.operatorsStarted?.();
    },
  },
  {
    name: 'dns',
    when: ({ dns }) => dns === 'free',
    delay: REACTION,
    effect: (cluster) => {
      cluster.dns = 'served';
      cluster.moves.dnsServed?.();
    },
  },
]);

/** Something that an operator of the cluster does once, some time after a client gave the reason. */
export interface Reaction {
  readonly react: () => void;
}

export const REACTION_STAGES = stageTable<Reaction>([
  {
    name: 'reaction',
    when: () => true,
    delay: REACTION,
    effect: (reaction, lifecycle) => {
      lifecycle.remove(reaction);
      reaction.react();
    },
  },
]);
