/**
 * How long those who depend on a state take to react to it. A row of the table is one dependency, of a host or of a cluster; it is
 * measured once in a life:
 *
 *    from ──────────── measured ────────────► to
 *      └── left before `to` came, or nobody looks any more: lasted at least so long
 *
 * A moment takes four bytes a thing and row, and nothing while no thing has come to it.
 */
import { Distribution, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import { Survival } from './survival.ts';

/** What has states. Those of the last three are made from the conditions and states of custom resources. */
export const STATEFUL_KINDS = ['host', 'cluster', 'agent', 'agentclusterinstall', 'baremetalhost'] as const;
export type StatefulKind = (typeof STATEFUL_KINDS)[number];

/** `machine` is what a host reports of itself, before anybody has looked at it; `user` is what the user of a cluster is at. */
export const REACTION_KINDS = [...STATEFUL_KINDS, 'machine', 'user'] as const;
export type ReactionKind = (typeof REACTION_KINDS)[number];

interface Side {
  of: ReactionKind;
  /** For people. */
  state: string;
  /** States that count as it; all when absent. Of `to` the later ones as well: what is looked at now and then may miss some. */
  states?: readonly string[];
}

export interface Reaction {
  /** One a host, or one a cluster. */
  each: 'host' | 'cluster';
  /** It begins when all hosts that a cluster is installed with are in the state, not when one is. */
  all?: true;
  from: Side;
  to: Side;
}

const STARTED = ['preparing-for-installation', 'installing', 'finalizing', 'installed', 'adding-hosts'];
const INSTALLING = STARTED.slice(1);

/** A host whose inventory the service has judged. */
const JUDGED = ['known', 'insufficient', 'pending-for-input', 'known-unbound', 'insufficient-unbound'];

export const REACTIONS: readonly Reaction[] = [
  // The cluster and the InfraEnv with its image: of custom resources the controllers make them, one after the other.
  {
    each: 'cluster',
    from: { of: 'user', state: 'creating', states: ['creating'] },
    to: { of: 'user', state: 'discovering', states: ['discovering', 'preparing', 'installing', 'complete'] },
  },
  // Among the first instructions is that to tell the inventory: internal/host/hostcommands/instruction_manager.go.
  {
    each: 'host',
    from: { of: 'machine', state: 'registered', states: ['polling'] },
    to: { of: 'machine', state: 'discovered', states: ['discovered'] },
  },
  // The inventory was posted; the next cycle of the service's monitor judges it: internal/host/monitor.go.
  {
    each: 'host',
    from: { of: 'machine', state: 'discovered', states: ['discovered'] },
    to: { of: 'host', state: 'judged', states: [...JUDGED, ...STARTED] },
  },
  // internal/controller/controllers/crd_utils.go makes an Agent of each registration.
  {
    each: 'host',
    from: { of: 'machine', state: 'registered', states: ['polling'] },
    to: { of: 'agent', state: 'there' },
  },
  // internal/controller/controllers/bmh_agent_controller.go sets the image, one minute after the InfraEnv's was made.
  {
    each: 'host',
    from: { of: 'baremetalhost', state: 'available', states: ['ready', 'available', 'provisioning'] },
    to: { of: 'baremetalhost', state: 'provisioned', states: ['provisioned', 'externally provisioned'] },
  },
  {
    each: 'host',
    from: { of: 'baremetalhost', state: 'provisioned', states: ['provisioned', 'externally provisioned'] },
    to: { of: 'agent', state: 'there' },
  },
  {
    each: 'host',
    from: { of: 'agent', state: 'binding', states: ['binding'] },
    to: { of: 'agent', state: 'ready', states: ['ready', 'installing', 'installed'] },
  },
  {
    each: 'host',
    from: { of: 'machine', state: 'done', states: ['Done'] },
    to: { of: 'host', state: 'installed', states: ['installed', 'added-to-existing-cluster'] },
  },
  {
    each: 'cluster',
    all: true,
    from: { of: 'host', state: 'known', states: ['known'] },
    to: { of: 'cluster', state: 'ready', states: ['ready', ...STARTED] },
  },
  {
    each: 'cluster',
    from: { of: 'cluster', state: 'ready', states: ['ready'] },
    to: { of: 'cluster', state: 'preparing-for-installation', states: STARTED },
  },
  {
    each: 'cluster',
    all: true,
    from: { of: 'host', state: 'preparing-successful', states: ['preparing-successful'] },
    to: { of: 'cluster', state: 'installing', states: INSTALLING },
  },
  // internal/controller/controllers/clusterdeployments_controller.go counts the Agents that are ready.
  {
    each: 'cluster',
    all: true,
    from: { of: 'agent', state: 'ready', states: ['ready'] },
    to: {
      of: 'agentclusterinstall',
      state: 'requirements-met',
      states: ['requirements-met', 'on-hold', 'installing', 'completed'],
    },
  },
  {
    each: 'cluster',
    from: { of: 'agentclusterinstall', state: 'requirements-met', states: ['requirements-met'] },
    to: { of: 'agentclusterinstall', state: 'installing', states: ['installing', 'completed'] },
  },
  {
    each: 'cluster',
    all: true,
    from: { of: 'agent', state: 'installed', states: ['installed'] },
    to: { of: 'agentclusterinstall', state: 'completed', states: ['completed'] },
  },
];

/** `host known`, as labels and people write it. */
export const sideName = ({ of, state }: Pick<Side, 'of' | 'state'>) => `${of} ${state}`;

/** In place of a moment: it has been measured, or it never will be. */
const DONE = 0xffff_ffff;
/** A moment of `to`, of which `from` is still to be told. */
const TO_FIRST = 0x8000_0000;
const LATEST = TO_FIRST - 2;

const ON_HUB: ReadonlySet<ReactionKind> = new Set(['agent', 'agentclusterinstall', 'baremetalhost']);

class Row {
  readonly reaction: Reaction;
  readonly #things: number;
  readonly #clusters: number;
  /** Of each thing: 0, {@link DONE}, the moment of `from` plus 1, or that of `to` with {@link TO_FIRST}. */
  #moments: Uint32Array | null = null;
  /** Of each cluster the hosts that are in `from`. */
  #there: Uint32Array | null = null;
  readonly #ended = new Float64Array(HISTOGRAM_WORDS);
  readonly #unseen = new Float64Array(HISTOGRAM_WORDS);

  /** Both are seen by looks of their own, or told in batches: `to` may come first, though it followed. */
  readonly #unordered: boolean;

  constructor(reaction: Reaction, hosts: number, clusters: number) {
    this.reaction = reaction;
    this.#unordered = reaction.all === true || reaction.from.of === 'machine';
    this.#things = reaction.each === 'host' ? hosts : clusters;
    this.#clusters = clusters;
  }

  /** How many hosts of a cluster are in `from` now. */
  count(cluster: number, change: 1 | -1): number {
    this.#there ??= new Uint32Array(this.#clusters);
    this.#there[cluster]! += change;
    return this.#there[cluster]!;
  }

  began(thing: number, at: number): void {
    this.#moments ??= new Uint32Array(this.#things);
    const moment = this.#moments[thing]!;
    if (moment === 0) this.#moments[thing] = timely(at) + 1;
    else if (moment !== DONE && moment >= TO_FIRST) {
      recordDuration(this.#ended, 0, moment - TO_FIRST - at);
      this.#moments[thing] = DONE;
    }
  }

  came(thing: number, at: number): void {
    this.#moments ??= new Uint32Array(this.#things);
    const moment = this.#moments[thing]!;
    if (moment >= TO_FIRST) return;
    if (moment > 0) recordDuration(this.#ended, 0, at - (moment - 1));
    const later = moment === 0 && this.#unordered;
    this.#moments[thing] = later ? TO_FIRST + timely(at) : DONE;
  }

  /** `from` is over, and `to` has not come. */
  withdrawn(thing: number, at: number): void {
    const moment = this.#moments?.[thing] ?? 0;
    if (moment === 0 || moment >= TO_FIRST) return;
    recordDuration(this.#unseen, 0, at - (moment - 1));
    this.#moments![thing] = 0;
  }

  /** A thing begins a new life; the last one was seen until then. */
  reset(thing: number, at: number): void {
    this.withdrawn(thing, at);
    if (this.#moments) this.#moments[thing] = 0;
  }

  resetCount(cluster: number): void {
    if (this.#there) this.#there[cluster] = 0;
  }

  survival(untilOf: (thing: number) => number): Survival {
    const open = this.#unseen.slice();
    for (let thing = 0; this.#moments !== null && thing < this.#moments.length; thing++) {
      const moment = this.#moments[thing]!;
      if (moment > 0 && moment < TO_FIRST) recordDuration(open, 0, untilOf(thing) - (moment - 1));
    }
    return new Survival(distributionOf(this.#ended), distributionOf(open));
  }

  get ended(): Distribution {
    return distributionOf(this.#ended);
  }
}

/** What has moved from one state to another; null for none. */
export interface Move {
  of: ReactionKind;
  before: string | null;
  after: string | null;
  /** Positions. */
  cluster: number;
  host: number | null;
  /** One of the hosts that its cluster is installed with. */
  counts: boolean;
  /** Its cluster is made by custom resources: others have nobody who would react by one. */
  onHub: boolean;
  at: number;
}

export interface ReactionTime {
  reaction: Reaction;
  survival: Survival;
}

export class Reactions {
  readonly #rows: readonly Row[];
  readonly #expected: (cluster: number) => number;

  /** @param expected how many hosts a cluster is installed with */
  constructor(hosts: number, clusters: number, expected: (cluster: number) => number) {
    this.#rows = REACTIONS.map((reaction) => new Row(reaction, hosts, clusters));
    this.#expected = expected;
  }

  moved(move: Move): void {
    for (const row of this.#rows) {
      const { from, to, each, all } = row.reaction;
      const thing = each === 'host' ? move.host : move.cluster;
      if (thing === null || (!move.onHub && ON_HUB.has(to.of))) continue;
      if (to.of === move.of && has(to, move.after)) row.came(thing, move.at);
      if (from.of !== move.of) continue;
      const was = has(from, move.before);
      const is = has(from, move.after);
      if (was === is) continue;
      if (all) this.#counted(row, move, is);
      else if (is) row.began(thing, move.at);
      else row.withdrawn(thing, move.at);
    }
  }

  #counted(row: Row, { cluster, counts, at }: Move, is: boolean): void {
    if (!counts) return;
    const there = row.count(cluster, is ? 1 : -1);
    if (is && there === this.#expected(cluster)) row.began(cluster, at);
    else if (!is) row.withdrawn(cluster, at);
  }

  /** A cluster and its hosts begin a new life. */
  reset(cluster: number, hosts: Iterable<number>, at: number): void {
    const slots = [...hosts];
    for (const row of this.#rows) {
      row.resetCount(cluster);
      if (row.reaction.each === 'cluster') row.reset(cluster, at);
      else for (const host of slots) row.reset(host, at);
    }
  }

  /** All that anything has been measured of. */
  times(untilOfHost: (host: number) => number, untilOfCluster: (cluster: number) => number): ReactionTime[] {
    return this.#rows
      .map((row) => ({
        reaction: row.reaction,
        survival: row.survival(row.reaction.each === 'host' ? untilOfHost : untilOfCluster),
      }))
      .filter(({ survival }) => survival.count > 0);
  }

  /** Only what is over. */
  ended(): { reaction: Reaction; distribution: Distribution }[] {
    return this.#rows
      .map((row) => ({ reaction: row.reaction, distribution: row.ended }))
      .filter(({ distribution }) => distribution.count > 0);
  }
}

function has({ states }: Side, state: string | null): boolean {
  return state !== null && (states === undefined || states.includes(state));
}

function timely(at: number): number {
  return Math.min(LATEST, Math.max(0, Math.round(at)));
}

function distributionOf(words: Float64Array): Distribution {
  const distribution = new Distribution();
  distribution.addWords(words, 0);
  return distribution;
}
