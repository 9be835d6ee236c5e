/**
 * How long hosts, clusters and their custom resources stay in their states, how long reactions take, and what is stuck: on the main
 * thread, from the run's events. A host takes at most 40 bytes, with everything that can be known of it, and a cluster 90.
 *
 *   event ──► Dwells of its kind ── before, after ──► Reactions
 *
 * A life is seen until its cluster has come to its end, good or bad: what is in some state then has been in it at least so long.
 */
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { Dwells } from './dwells.ts';
import type { Distribution } from './histogram.ts';
import {
  type Reaction,
  type ReactionKind,
  Reactions,
  type ReactionTime,
  STATEFUL_KINDS,
  type StatefulKind,
} from './reactions.ts';
import type { RunEvent } from './run-event.ts';
import type { Survival } from './survival.ts';

/** States in which things may stay for ever. */
const FINAL: Readonly<Record<StatefulKind, readonly string[]>> = {
  host: ['installed', 'added-to-existing-cluster', 'error', 'cancelled', 'disabled', 'disabled-unbound'],
  cluster: ['installed', 'adding-hosts', 'error', 'cancelled'],
  agent: ['installed', 'failed'],
  agentclusterinstall: ['completed', 'failed', 'cancelled'],
  baremetalhost: ['provisioned', 'externally provisioned', 'unmanaged'],
};

/** Whether things may stay in a state for ever. */
export function isFinalState(of: StatefulKind, state: string): boolean {
  return FINAL[of].includes(state);
}

/** So many times as long as 99 % of the others. */
const STUCK_TIMES = 3;
/** Others that must have left a state before they say anything of it. */
const STUCK_LEAST = 10;
/** Simulated milliseconds before which nothing is stuck, and after which all is that nobody else says anything of. */
const STUCK_SOONEST_MS = 2 * 60_000;
const STUCK_ALONE_MS = 3 * 3_600_000;

export interface StateTime {
  of: StatefulKind;
  state: string;
  survival: Survival;
  /** Things that are in it. */
  now: number;
}

/** A thing that has been in its state for far too long. */
export interface Stuck {
  of: StatefulKind;
  /** Indexes in the plan; `host` is null of what a cluster has one of. */
  cluster: number;
  host: number | null;
  state: string;
  /** Simulated milliseconds so far, or until its cluster had failed. */
  ms: number;
  /** What 99 % of the others needed; null where too few have left that state. */
  usualMs: number | null;
}

export interface StuckThings {
  count: number;
  /** Of each kind and state. */
  counts: { of: StatefulKind; state: string; count: number }[];
  /** The longest first. */
  longest: Stuck[];
}

type Slots = Pick<ExpandedPlan, 'clusters'>;

/** Alive, came to its planned end, came to another one. */
const ALIVE = 0;
const COMPLETE = 1;
const OVER = 2;

export class StateTimes {
  /** By cluster: its index, its first host's index and slot, how many hosts it has, and how many it is installed with. */
  readonly #indexes: Int32Array;
  readonly #firstHosts: Int32Array;
  readonly #firstSlots: Int32Array;
  readonly #installed: Int32Array;
  readonly #onHub: Uint8Array;
  readonly #ends: Float64Array;
  readonly #fates: Uint8Array;
  /** By index of the cluster; -1 for none. */
  readonly #positions: Int32Array;
  /** By slot of a host. */
  readonly #clusterOf: Int32Array;
  readonly #dwells: Record<StatefulKind, Dwells>;
  readonly #reactions: Reactions;
  #origin: number | null = null;

  constructor({ clusters }: Slots) {
    const count = clusters.length;
    this.#indexes = Int32Array.from(clusters, ({ index }) => index);
    this.#firstHosts = Int32Array.from(clusters, ({ hosts }) => hosts[0]?.index ?? 0);
    this.#firstSlots = new Int32Array(count + 1);
    this.#installed = Int32Array.from(clusters, ({ hosts }) => hosts.filter(({ day2 }) => !day2).length);
    this.#onHub = Uint8Array.from(clusters, ({ api }) => (api === 'kube' ? 1 : 0));
    this.#ends = new Float64Array(count);
    this.#fates = new Uint8Array(count);
    this.#positions = new Int32Array(clusters.reduce((most, { index }) => Math.max(most, index + 1), 0)).fill(-1);
    for (const [at, { index, hosts }] of clusters.entries()) {
      this.#positions[index] = at;
      this.#firstSlots[at + 1] = this.#firstSlots[at]! + hosts.length;
    }
    const hosts = this.#firstSlots[count]!;
    this.#clusterOf = new Int32Array(hosts);
    for (let at = 0; at < count; at++) this.#clusterOf.fill(at, this.#firstSlots[at]!, this.#firstSlots[at + 1]!);
    this.#dwells = {
      host: new Dwells(hosts),
      cluster: new Dwells(count),
      agent: new Dwells(hosts),
      agentclusterinstall: new Dwells(count),
      baremetalhost: new Dwells(hosts),
    };
    this.#reactions = new Reactions(hosts, count, (cluster) => this.#installed[cluster]!);
  }

  /** Takes note of an event; most say nothing of a state. */
  apply(event: RunEvent): void {
    this.#origin ??= event.time;
    if (!('cluster' in event)) return;
    const cluster = this.#positions[event.cluster] ?? -1;
    if (cluster < 0) return;
    const at = event.time - this.#origin;
    if (event.type === 'cluster.phase') {
      this.#live(cluster, event.phase, at);
      this.#moved('user', cluster, null, null, event.phase, at);
    }
    // What is seen after the end is the removal.
    if (this.#fates[cluster] !== ALIVE) return;
    const host = 'host' in event ? this.#firstSlots[cluster]! + event.host - this.#firstHosts[cluster]! : null;
    switch (event.type) {
      case 'cluster.status':
        this.#enter('cluster', cluster, null, event.status, at);
        break;
      case 'host.status':
        this.#enter('host', cluster, host, event.status, at);
        break;
      case 'agent.state':
        this.#enter('agent', cluster, host, event.state, at);
        break;
      case 'agentclusterinstall.state':
        this.#enter('agentclusterinstall', cluster, null, event.state, at);
        break;
      case 'baremetalhost.state':
        this.#enter('baremetalhost', cluster, host, event.state, at);
        break;
      case 'host.phase':
        this.#moved('machine', cluster, host, null, event.phase, at);
        break;
      case 'host.stage':
        this.#moved('machine', cluster, host, null, event.stage, at);
    }
  }

  /** Each state that something was in. @param now simulated epoch milliseconds */
  states(now: number): StateTime[] {
    const { host, cluster } = this.#untils(now);
    return STATEFUL_KINDS.flatMap((of) =>
      this.#dwells[of]
        .survivals(ONE_A_CLUSTER.has(of) ? cluster : host)
        .map(({ state, survival, now: there }) => ({ of, state, survival, now: there })),
    );
  }

  reactions(now: number): ReactionTime[] {
    const { host, cluster } = this.#untils(now);
    return this.#reactions.times(host, cluster);
  }

  /** Only what is over, for counters that never go back. */
  ended(): { of: StatefulKind; state: string; distribution: Distribution }[] {
    return STATEFUL_KINDS.flatMap((of) =>
      this.#dwells[of].ended().map(({ state, distribution }) => ({ of, state, distribution })),
    );
  }

  endedReactions(): { reaction: Reaction; distribution: Distribution }[] {
    return this.#reactions.ended();
  }

  /**
   * What has been in its state for more than three times as long as 99 % of those that have left it (where ten have, and for two
   * simulated minutes at least), or for three simulated hours where nobody knows what is usual. What a cluster that failed left behind is
   * among it, as it was then. @param most how many are named
   */
  stuck(now: number, most: number): StuckThings {
    const found: StuckThings = { count: 0, counts: [], longest: [] };
    const untils = this.#untils(now);
    for (const of of STATEFUL_KINDS) {
      const own = ONE_A_CLUSTER.has(of);
      const usual = new Map<string, number | null>();
      for (const { state, distribution } of this.#dwells[of].ended()) {
        usual.set(state, distribution.count < STUCK_LEAST ? null : distribution.quantile(0.99));
      }
      const counts = new Map<string, number>();
      this.#dwells[of].longer(
        (state) => limitOf(isFinalState(of, state), usual.get(state) ?? null),
        own ? untils.cluster : untils.host,
        ({ slot, state, ms }) => {
          const cluster = own ? slot : this.#clusterOf[slot]!;
          if (this.#fates[cluster] === COMPLETE) return;
          counts.set(state, (counts.get(state) ?? 0) + 1);
          keepLongest(found.longest, most, {
            of,
            cluster: this.#indexes[cluster]!,
            host: own ? null : this.#firstHosts[cluster]! + slot - this.#firstSlots[cluster]!,
            state,
            ms,
            usualMs: usual.get(state) ?? null,
          });
        },
      );
      for (const [state, count] of counts) {
        found.counts.push({ of, state, count });
        found.count += count;
      }
    }
    return found;
  }

  #live(cluster: number, phase: string, at: number): void {
    if (phase === 'creating' && this.#fates[cluster] !== ALIVE) this.#reset(cluster);
    const fate =
      phase === 'complete'
        ? COMPLETE
        : phase === 'failed' || phase === 'cancelled' || phase === 'deleted'
          ? OVER
          : ALIVE;
    if (fate === ALIVE || this.#fates[cluster] !== ALIVE) return;
    this.#fates[cluster] = fate;
    this.#ends[cluster] = at;
  }

  /** A cluster is made anew. */
  #reset(cluster: number): void {
    const end = this.#ends[cluster]!;
    const hosts: number[] = [];
    for (let slot = this.#firstSlots[cluster]!; slot < this.#firstSlots[cluster + 1]!; slot++) hosts.push(slot);
    for (const of of STATEFUL_KINDS) {
      for (const slot of ONE_A_CLUSTER.has(of) ? [cluster] : hosts) this.#dwells[of].leave(slot, end);
    }
    this.#reactions.reset(cluster, hosts, end);
    this.#fates[cluster] = ALIVE;
  }

  /** @param state null when the thing is gone */
  #enter(of: StatefulKind, cluster: number, host: number | null, state: string | null, at: number): void {
    const slot = host ?? cluster;
    const dwells = this.#dwells[of];
    const before = dwells.stateOf(slot);
    if (state === null) dwells.leave(slot, at);
    else dwells.enter(slot, state, at);
    if (before !== state) this.#moved(of, cluster, host, before, state, at);
  }

  #moved(
    of: ReactionKind,
    cluster: number,
    host: number | null,
    before: string | null,
    after: string | null,
    at: number,
  ): void {
    const counts = host !== null && host - this.#firstSlots[cluster]! < this.#installed[cluster]!;
    const onHub = this.#onHub[cluster] === 1;
    this.#reactions.moved({ of, before, after, cluster, host, counts, onHub, at });
  }

  /** Until when each was seen. */
  #untils(now: number) {
    const until = now - (this.#origin ?? now);
    const cluster = (at: number) => (this.#fates[at] === ALIVE ? until : this.#ends[at]!);
    return { cluster, host: (slot: number) => cluster(this.#clusterOf[slot]!) };
  }
}

const ONE_A_CLUSTER: ReadonlySet<StatefulKind> = new Set(['cluster', 'agentclusterinstall']);

function limitOf(final: boolean, usualMs: number | null): number {
  if (final) return Number.POSITIVE_INFINITY;
  return usualMs === null ? STUCK_ALONE_MS : Math.max(STUCK_TIMES * usualMs, STUCK_SOONEST_MS);
}

/** Sorted by length, the longest first. */
function keepLongest(list: Stuck[], most: number, one: Stuck): void {
  if (list.length === most && (most === 0 || list[most - 1]!.ms >= one.ms)) return;
  let at = list.length;
  while (at > 0 && list[at - 1]!.ms < one.ms) at--;
  list.splice(at, 0, one);
  if (list.length > most) list.pop();
}
