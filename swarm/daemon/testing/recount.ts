/**
 * What a run has to report, counted anew by somebody else: from the events that it told and from what a proxy before its service wrote
 * down, with nothing of the program's own measurements. Times are sorted lists, and percentiles are read off them.
 */
import { type EndpointName, endpointOf } from '../../../model/protocol/endpoints.ts';
import { CLUSTER_PHASES, HOST_PHASES } from '../../../model/protocol/phases.ts';
import type { RunEvent } from '../../telemetry/run-event.ts';
import type { RecordedRequest } from './recording-proxy.ts';

/** `collector` reads figures of the server, and is no part of the load. */
export type Program = 'agent' | 'installer' | 'controller' | 'user' | 'collector';

/** Stages that nobody but a controller reports of a host. */
const STAGES_OF_CONTROLLER = ['Configuring', 'Joined', 'Done'];

/** Who asks, of those that install single nodes: by the headers, the paths and the bodies that their programs send. */
export function programOf({ method, target, headers, body }: RecordedRequest): Program {
  const endpoint = endpointOf(method, target);
  if (headers['user-agent'] === 'assisted-swarm') return 'collector';
  if (headers.discovery_agent_version !== undefined) return 'agent';
  if (headers['x-secret-key'] === undefined) return 'user';
  if (endpoint === 'upload-logs') return target.includes('logs_type=controller') ? 'controller' : 'agent';
  // The agent's sender of logs names its requests, the installer does not.
  if (endpoint === 'host-logs-progress') return headers['x-request-id'] === undefined ? 'installer' : 'agent';
  if (endpoint === 'host-progress') {
    const { current_stage: stage } = JSON.parse(body) as { current_stage: string };
    return STAGES_OF_CONTROLLER.includes(stage) ? 'controller' : 'installer';
  }
  return endpoint === 'host-ignition' || endpoint === 'cluster-files' ? 'installer' : 'controller';
}

/** Bodies that {@link programOf} and {@link countSteps} read. */
export function needsBodies({ method, target }: RecordedRequest): boolean {
  return ['host-progress', 'get-instructions', 'post-step-reply'].includes(endpointOf(method, target));
}

/** Requests of one client to one endpoint. */
export interface RequestTally {
  client: Program;
  endpoint: EndpointName;
  method: string;
  count: number;
  /** Nobody on this side knows how these ended for their client. */
  cutOff: number;
  /** Of those that were answered in full, by status. */
  outcomes: Record<string, number>;
  /** Milliseconds from arrival to last byte of what was answered in full below 500, ascending. */
  times: number[];
}

/** By `client endpoint`. */
export function countRequests(requests: readonly RecordedRequest[]): Map<string, RequestTally> {
  const tallies = new Map<string, RequestTally>();
  for (const one of requests) {
    const client = programOf(one);
    const endpoint = endpointOf(one.method, one.target);
    const key = `${client} ${endpoint}`;
    const tally: RequestTally = tallies.get(key) ?? {
      ...{ client, endpoint, method: one.method, count: 0, cutOff: 0, outcomes: {}, times: [] },
    };
    tallies.set(key, tally);
    tally.count++;
    if (one.cutOff) tally.cutOff++;
    else {
      tally.outcomes[one.status] = (tally.outcomes[one.status] ?? 0) + 1;
      if (one.status < 500) tally.times.push(one.lastByteAt - one.arrivedAt);
    }
  }
  for (const { times } of tallies.values()) times.sort((a, b) => a - b);
  return tallies;
}

/** The nearest rank. @param sorted ascending, not empty @param q 0 to 1 */
export function percentile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(1, Math.ceil(q * sorted.length - 1e-9)) - 1]!;
}

/** Steps by type: those that agents were told to do, and the replies that the service took. */
export function countSteps(requests: readonly RecordedRequest[]): Map<string, { received: number; posted: number }> {
  const steps = new Map<string, { received: number; posted: number }>();
  const stepOf = (type: string) => {
    const step = steps.get(type) ?? { received: 0, posted: 0 };
    steps.set(type, step);
    return step;
  };
  for (const { method, target, status, cutOff, body, answer } of requests) {
    const endpoint = endpointOf(method, target);
    if (cutOff || status >= 300) continue;
    if (endpoint === 'get-instructions') {
      const { instructions } = JSON.parse(answer) as { instructions: { step_type: string }[] | null };
      for (const { step_type } of instructions ?? []) stepOf(step_type).received++;
    } else if (endpoint === 'post-step-reply') {
      stepOf((JSON.parse(body) as { step_type: string }).step_type).posted++;
    }
  }
  return steps;
}

/** Durations of which some are not over. Milliseconds. */
export interface OpenTimes {
  ended: number[];
  open: number[];
}

/** Kaplan and Meier's estimate over the times themselves; null where too many are open. */
export function openPercentile({ ended, open }: OpenTimes, q: number): number | null {
  let left = 1;
  // What a look brings together ends at one moment: each such moment counts once.
  for (const at of [...new Set(ended)].toSorted((a, b) => a - b)) {
    const over = ended.filter((one) => one === at).length;
    left *= 1 - over / [...ended, ...open].filter((one) => one >= at).length;
    if (left <= 1 - q + 1e-9) return at;
  }
  return null;
}

class TimesByName extends Map<string, OpenTimes> {
  of(name: string): OpenTimes {
    const times = this.get(name) ?? { ended: [], open: [] };
    this.set(name, times);
    return times;
  }
}

type ClusterEvent = Extract<RunEvent, { cluster: number }>;

/** Events up to the end of their cluster, good or bad: what comes later is the removal. */
function* ofLives(events: readonly RunEvent[], ends: Map<number, number>): Generator<ClusterEvent> {
  for (const event of events) {
    if (!('cluster' in event) || ends.has(event.cluster)) continue;
    if (event.type === 'cluster.phase' && ['complete', 'failed', 'cancelled'].includes(event.phase)) {
      ends.set(event.cluster, event.time);
    }
    yield event;
  }
}

/** Simulated milliseconds in states, by `kind state`, of hosts, clusters and their custom resources. */
export function timesInStates(events: readonly RunEvent[]): Map<string, OpenTimes> {
  const all = new TimesByName();
  const ends = new Map<number, number>();
  const present = new Map<string, { key: string; since: number; cluster: number }>();
  for (const event of ofLives(events, ends)) {
    if (!event.type.endsWith('.status') && !event.type.endsWith('.state')) continue;
    const of = event.type.split('.')[0]!;
    const state = 'status' in event ? event.status : 'state' in event ? event.state : null;
    const thing = `${of} ${'host' in event ? event.host : event.cluster}`;
    const before = present.get(thing);
    if (before?.key === `${of} ${state}`) continue;
    if (before) all.of(before.key)[state === null ? 'open' : 'ended'].push(event.time - before.since);
    if (state === null) present.delete(thing);
    else present.set(thing, { key: `${of} ${state}`, since: event.time, cluster: event.cluster });
  }
  for (const { key, since, cluster } of present.values()) all.of(key).open.push(ends.get(cluster)! - since);
  return all;
}

/** States of one thing that count as the beginning, or the end, of a reaction. */
interface Side {
  of: 'user' | 'machine' | 'host' | 'cluster';
  states: readonly string[];
}

/** Reactions of clusters of one host that are made by REST, as docs/operation.md has them: what is awaited after what. */
const STARTED = ['preparing-for-installation', 'installing', 'finalizing', 'installed'];
const REACTIONS: readonly { name: string; each: 'host' | 'cluster'; unordered: boolean; from: Side; to: Side }[] = [
  {
    ...{ name: 'user creating → user discovering', each: 'cluster', unordered: false },
    from: { of: 'user', states: ['creating'] },
    to: { of: 'user', states: ['discovering', 'preparing', 'installing', 'complete'] },
  },
  {
    ...{ name: 'machine registered → machine discovered', each: 'host', unordered: false },
    from: { of: 'machine', states: ['polling'] },
    to: { of: 'machine', states: ['discovered'] },
  },
  {
    ...{ name: 'machine discovered → host judged', each: 'host', unordered: true },
    from: { of: 'machine', states: ['discovered'] },
    to: {
      of: 'host',
      states: ['known', 'insufficient', 'pending-for-input', 'known-unbound', 'insufficient-unbound', ...STARTED],
    },
  },
  {
    ...{ name: 'machine done → host installed', each: 'host', unordered: true },
    from: { of: 'machine', states: ['Done'] },
    to: { of: 'host', states: ['installed'] },
  },
  {
    ...{ name: 'host known → cluster ready', each: 'cluster', unordered: true },
    from: { of: 'host', states: ['known'] },
    to: { of: 'cluster', states: ['ready', ...STARTED] },
  },
  {
    ...{ name: 'cluster ready → cluster preparing-for-installation', each: 'cluster', unordered: false },
    from: { of: 'cluster', states: ['ready'] },
    to: { of: 'cluster', states: STARTED },
  },
  {
    ...{ name: 'host preparing-successful → cluster installing', each: 'cluster', unordered: true },
    from: { of: 'host', states: ['preparing-successful'] },
    to: { of: 'cluster', states: STARTED.slice(1) },
  },
];

/** What an event says that something is in now; null for one that says nothing of it. */
function stateIn(event: ClusterEvent, of: Side['of']): string | null {
  if (of === 'user') return event.type === 'cluster.phase' ? event.phase : null;
  if (of === 'cluster') return event.type === 'cluster.status' ? event.status : null;
  if (of === 'host') return event.type === 'host.status' ? event.status : null;
  return event.type === 'host.phase' ? event.phase : event.type === 'host.stage' ? event.stage : null;
}

/** Simulated milliseconds of reactions, each once in a life, by name. */
export function reactionTimes(events: readonly RunEvent[]): Map<string, OpenTimes> {
  const all = new TimesByName();
  for (const { name, each, unordered, from, to } of REACTIONS) {
    const ends = new Map<number, number>();
    const things = new Map<number, { cluster: number; since?: number; came?: number; over?: boolean }>();
    for (const event of ofLives(events, ends)) {
      if (each === 'host' && !('host' in event)) continue;
      const number = each === 'host' && 'host' in event ? event.host : event.cluster;
      const thing = things.get(number) ?? { cluster: event.cluster };
      things.set(number, thing);
      if (thing.over) continue;
      const [begun, reached] = [stateIn(event, from.of), stateIn(event, to.of)];
      if (reached !== null && to.states.includes(reached) && thing.came === undefined) {
        if (thing.since !== undefined) all.of(name).ended.push(event.time - thing.since);
        thing.over = thing.since !== undefined || !unordered;
        thing.came = event.time;
      } else if (begun !== null && from.states.includes(begun)) {
        // It is told later than what followed from it.
        if (thing.came !== undefined) all.of(name).ended.push(Math.max(0, thing.came - event.time));
        thing.over = thing.came !== undefined;
        thing.since ??= event.time;
      } else if (begun !== null && thing.since !== undefined && (from.of === 'host' || from.of === 'cluster')) {
        // What machines and users have come to they have come to; a status can be left again.
        all.of(name).open.push(event.time - thing.since);
        delete thing.since;
      }
    }
    for (const { cluster, since, over } of things.values()) {
      if (!over && since !== undefined) all.of(name).open.push(ends.get(cluster)! - since);
    }
  }
  return all;
}

const MILESTONES = ['created', 'discovered', 'ready', 'installed'] as const;

/** Simulated milliseconds between milestones of clusters, by `from → to`. */
export function clusterDurations(events: readonly RunEvent[]): Map<string, number[]> {
  const durations = new Map<string, number[]>();
  for (const cluster of new Set(events.flatMap((event) => ('cluster' in event ? [event.cluster] : [])))) {
    const own = events.filter((event) => 'cluster' in event && event.cluster === cluster);
    const firstOf = (wanted: (event: RunEvent) => boolean) => own.find(wanted)?.time;
    const phase = (...names: string[]) =>
      firstOf((event) => event.type === 'cluster.phase' && names.includes(event.phase));
    const discovered = phase('preparing', 'complete');
    const moments = {
      created: phase('discovering'),
      discovered,
      // A readiness before all hosts are there counts for nothing.
      ready: firstOf(
        (event) =>
          event.time >= (discovered ?? Number.POSITIVE_INFINITY) &&
          ((event.type === 'cluster.status' && event.status === 'ready') ||
            (event.type === 'cluster.phase' && ['installing', 'finalizing', 'installed'].includes(event.phase))),
      ),
      installed: phase('installed'),
    };
    for (const [at, from] of MILESTONES.entries()) {
      for (const to of MILESTONES.slice(at + 1)) {
        const [begun, ended] = [moments[from], moments[to]];
        if (begun === undefined || ended === undefined) continue;
        const name = `${from} → ${to}`;
        durations.set(
          name,
          [...(durations.get(name) ?? []), ended - begun].toSorted((a, b) => a - b),
        );
      }
    }
  }
  return durations;
}

/** Simulated milliseconds in stages of the installation that hosts have left, by `role stage`, ascending. */
export function stageTimes(events: readonly RunEvent[]): Map<string, number[]> {
  const times = new Map<string, number[]>();
  const present = new Map<number, { name: string; since: number }>();
  for (const event of events) {
    if (event.type !== 'host.stage') continue;
    const name = `${event.role} ${event.stage}`;
    const before = present.get(event.host);
    if (before?.name === name) continue;
    if (before) times.set(before.name, [...(times.get(before.name) ?? []), event.time - before.since]);
    present.set(event.host, { name, since: event.time });
  }
  for (const list of times.values()) list.sort((a, b) => a - b);
  return times;
}

/** How many hosts, or clusters, ever came to a phase or to a later one. */
export function reached(events: readonly RunEvent[], of: 'host' | 'cluster', phase: string): number {
  const phases: readonly string[] = of === 'host' ? HOST_PHASES : CLUSTER_PHASES;
  const good = phases.slice(phases.indexOf(phase), phases.indexOf(of === 'host' ? 'frozen' : 'failed'));
  const there = events.flatMap((event) => {
    if (event.type !== `${of}.phase` || !('phase' in event) || !good.includes(event.phase)) return [];
    return ['host' in event ? event.host : 'cluster' in event ? event.cluster : -1];
  });
  return new Set(there).size;
}

/** Hosts that are up at a simulated moment. */
export function hostsUp(events: readonly RunEvent[], at: number): number {
  const up = new Set<number>();
  for (const event of events) {
    if (event.type !== 'host.phase' || event.time > at) continue;
    if (event.phase === 'stopped') up.delete(event.host);
    else up.add(event.host);
  }
  return up.size;
}

/** What a reader knows of a time that was printed for people, in milliseconds: `12 ms`, `1.2 s`, `3m20s`, `1h02m`. Null for none. */
export function printedTime(text: string): { from: number; to: number } | null {
  const plain = text.replace(/^≥ /, '');
  const short = /^([\d,]+(?:\.(\d+))?) (ms|s)$/.exec(plain);
  if (short) {
    const unit = short[3] === 's' ? 1000 : 1;
    const half = (unit * 10 ** -(short[2]?.length ?? 0)) / 2;
    const value = Number(short[1]!.replaceAll(',', '')) * unit;
    return { from: value - half, to: value + half };
  }
  const long = /^(\d+)(m|h)(\d\d)(s|m)$/.exec(plain);
  if (!long) return null;
  const [small, large] = long[2] === 'm' ? [1000, 60_000] : [60_000, 3_600_000];
  const value = Number(long[1]) * large + Number(long[3]) * small;
  // Seconds are rounded, minutes beside hours are those that are full.
  return long[2] === 'm' ? { from: value - 500, to: value + 500 } : { from: value - 500, to: value + 60_000 };
}
