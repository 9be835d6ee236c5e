/**
 * The timeline of one cluster (stages.ts), with what can be done to it from outside: hosts are placed, rebooted and lost,
 * bootkube is started, clients approve and delete. Its views are memory-spoke.ts and, as Kubernetes objects, the spoke of the
 * mock kube-api.
 */
import type { HostFaultKind } from '../faults/faults.ts';
import { Lifecycle } from '../lifecycle/lifecycle.ts';
import { followSequence, type Phase, phaseAt, type Sequence } from '../lifecycle/sequence.ts';
import type { HostRole } from '../protocol/states.ts';
import type { Clock } from '../time/clock.ts';
import type { Draws } from '../time/random.ts';
import { type HostStep, profileWith, SPOKE_FAULTS, type SpokeFault, type SpokeFaultName } from './faults.ts';
import type { SpokeProfile } from './profiles.ts';
import {
  CERTIFICATE_STAGES,
  type CertificateApproval,
  type CertificateRequest,
  CLUSTER_STAGES,
  HOST_STAGES,
  type Member,
  REACTION_STAGES,
  type Reaction,
  type SpokeCluster,
  type SpokeHost,
  type SpokeMoves,
  type SpokeTopology,
} from './stages.ts';

export interface TimelineOptions<H extends SpokeHost> {
  clock: Clock;
  profile: SpokeProfile;
  topology: SpokeTopology;
  /** All hosts of day 1 that are known, in the order of the plan: faults meet the last of them. Others are left out. */
  hosts: readonly H[];
  faults?: readonly SpokeFaultName[];
  /** Whose numbers the durations of the cluster are drawn with; each host has its own. */
  draws: Draws;
  approval: CertificateApproval;
  /** The API answers from the start, without a bootstrap. */
  apiFromStart: boolean;
  moves: SpokeMoves<H>;
  /** {@link SpokeTimeline.busy} turned false by itself. */
  onIdle?: () => void;
}

/** Steps that hosts with a fault of their own never get to. */
const NEVER_REACHES: Partial<Record<HostFaultKind, HostStep>> = {
  'no-ignition': 'ignition',
  'node-never-joins': 'node',
  'node-never-ready': 'ready',
};

export class SpokeTimeline<H extends SpokeHost> {
  readonly cluster: SpokeCluster<H>;
  readonly #lifecycle: Lifecycle;
  readonly #draws: Draws;
  readonly #apiFromStart: boolean;
  /** Hosts that a fault meets, and the step that they never get to. */
  readonly #stopped: readonly { host: H; before: HostStep }[];
  /** What operators are about to do. */
  #reactions: Reaction[] = [];

  constructor(options: TimelineOptions<H>) {
    const { clock, topology, hosts, approval, moves, onIdle } = options;
    this.#draws = options.draws;
    this.#apiFromStart = options.apiFromStart;
    this.#lifecycle = new Lifecycle({ clock, ...(onIdle && { onIdle }) });
    const faults = (options.faults ?? []).map((name): SpokeFault => SPOKE_FAULTS[name]);
    this.#stopped = faults.flatMap(({ hosts: met }) => {
      if (!met) return [];
      const dayOne = hosts.filter((host) => !host.plan.day2);
      return dayOne.slice(-met.count).map((host) => ({ host, before: met.neverReach }));
    });
    this.cluster = {
      profile: profileWith(options.profile, faults),
      topology,
      faults,
      approval,
      moves,
      members: new Map(),
      ...beginning(faults, options.apiFromStart),
    };
    this.#lifecycle.add(this.cluster, CLUSTER_STAGES, this.#draws);
  }

  /** Something will still happen by itself, beside phases that are only computed. */
  get busy(): boolean {
    return this.#lifecycle.busy;
  }

  get closed(): boolean {
    return this.#lifecycle.closed;
  }

  member(id: string): Member<H> | undefined {
    return this.cluster.members.get(id);
  }

  /** A machine that is off. One of its id is replaced; its place in the order stays. @param role a `bootstrap` is a master too */
  place(host: H, role: HostRole): Member<H> {
    const { id } = host.identity;
    const before = this.cluster.members.get(id);
    if (before) {
      this.#forgetRequest(before);
      this.#lifecycle.remove(before);
    }
    const member: Member<H> = {
      host,
      cluster: this.cluster,
      role: role === 'bootstrap' ? 'master' : role,
      bootstrap: role === 'bootstrap',
      neverReaches: this.#neverReaches(host),
      state: 'off',
      booted: false,
      request: null,
      certificate: null,
      warm: false,
      node: null,
      nodeDeleted: false,
    };
    this.cluster.members.set(id, member);
    this.#lifecycle.add<Member>(member, HOST_STAGES, host);
    return member;
  }

  /** Bootkube runs on the bootstrap: a new cluster begins. Hosts keep their places. */
  bootstrapStarted(): void {
    for (const reaction of this.#reactions) this.#lifecycle.remove(reaction);
    this.#reactions = [];
    this.#lifecycle.restart(this.cluster, (cluster) => {
      Object.assign(cluster, beginning(cluster.faults, this.#apiFromStart));
      cluster.bootkube = 'running';
    });
  }

  /** The machine is silent and boots from its disk. Again: whatever node it was before is gone. Ignored once closed. */
  reboot(member: Member<H>): void {
    if (this.closed) return;
    const { cluster, role, host } = member;
    this.#forgetRequest(member);
    this.#lifecycle.restart(member, () => {
      member.state = 'booting';
      member.booted = false;
      member.certificate = null;
      member.warm = false;
      member.node = null;
      member.nodeDeleted = false;
    });
    // A single node reboots when its bootkube is done, and not before.
    if (cluster.topology.controlPlanes === 1 && role === 'master' && !host.plan.day2) {
      this.#lifecycle.change(cluster, () => {
        cluster.bootkube = 'done';
      });
    }
  }

  /** The machine is dead: nothing more comes from it, its node is no longer ready. Ignored once closed. */
  fail(member: Member<H>): void {
    if (this.closed) return;
    this.#forgetRequest(member);
    this.#lifecycle.change(member, () => {
      member.state = 'failed';
      if (member.node) member.node.ready = false;
    });
  }

  /** A client deleted a node, or made it again. */
  setNodeDeleted(member: Member<H>, deleted: boolean): void {
    this.#lifecycle.change(member, () => {
      member.nodeDeleted = deleted;
    });
  }

  /** Somebody approved the request: its certificate is issued. */
  certificateApproved(request: CertificateRequest<H>): void {
    this.#lifecycle.change(request, () => {
      request.approval = 'given';
    });
  }

  /** A request that no host of the cluster waits for. */
  strangersRequest(): CertificateRequest<H> {
    const request: CertificateRequest<H> = {
      purpose: 'client',
      cluster: this.cluster,
      member: null,
      approval: 'client',
    };
    this.#lifecycle.add<CertificateRequest>(request, CERTIFICATE_STAGES, this.#draws);
    return request;
  }

  /** Nobody has the address of the cluster's DNS any more. */
  dnsAddressFreed(): void {
    this.#lifecycle.change(this.cluster, (cluster) => {
      cluster.dns = 'free';
    });
  }

  /** What keeps operators of OLM from being installed until it is deleted. */
  get olmBlockedBy(): SpokeFault['olmBlockedBy'] {
    return this.cluster.faults.find((fault) => fault.olmBlockedBy)?.olmBlockedBy;
  }

  /** An operator of the cluster does something, as soon as it has noticed what a client did. */
  react(react: () => void): void {
    const reaction: Reaction = {
      react: () => {
        this.#reactions = this.#reactions.filter((candidate) => candidate !== reaction);
        react();
      },
    };
    this.#reactions.push(reaction);
    this.#lifecycle.add(reaction, REACTION_STAGES, this.#draws);
  }

  /** Tells of each phase from now on. A view that only wants to know what holds computes it ({@link phaseSince}). */
  follow<P extends Phase>(sequence: Sequence<P>, enter: (phase: P) => void): void {
    followSequence(this.#lifecycle, sequence, enter);
  }

  /** The phase that holds now. @param since the sequence's moment; null when it has not come, and so has no phase */
  phaseSince<P extends Phase>(sequence: Sequence<P>, since: number | null): P | null {
    return since === null ? null : phaseAt(sequence, this.#lifecycle.now() - since);
  }

  /** Ends all timers; nothing happens any more. */
  close(): void {
    this.#reactions = [];
    this.#lifecycle.close();
  }

  /** Of several faults that meet a host the last counts. Hosts of day 2 are met by none, whatever they replace. */
  #neverReaches({ identity, plan }: H): HostStep | undefined {
    if (plan.day2) return undefined;
    const own = plan.fault && NEVER_REACHES[plan.fault.kind];
    if (own) return own;
    return this.#stopped.findLast(({ host }) => host.identity.id === identity.id)?.before;
  }

  /** A host that begins anew no longer waits for its certificate, nor does the cluster approve it any more. */
  #forgetRequest(member: Member<H>): void {
    const { request } = member;
    if (!request) return;
    member.request = null;
    this.#lifecycle.change(request, () => {
      request.member = null;
      if (request.approval === 'cluster') request.approval = 'client';
    });
  }
}

/** The state in which a cluster begins. */
function beginning(faults: readonly SpokeFault[], api: boolean) {
  return {
    bootkube: 'off',
    api,
    ready: { masters: 0, ownMasters: 0, workers: 0 },
    quorum: false,
    etcdBootstrapped: false,
    machineConfigs: false,
    controller: 'off',
    operatorsSince: null,
    dns: faults.some((fault) => fault.dnsAddressTaken) ? 'taken' : 'served',
  } satisfies Partial<SpokeCluster>;
}
