/**
 * Moments of a run as numbers that can be added to those of other runs: counters and distributions since the start, as a file keeps them.
 *
 *    windows   │ idle │ deploy 1 │ deploy 2 │ remove │
 *    moments   0      1          2          3        4      and the last one of the run
 *
 * A moment is kept as what differs from the one before it: most distributions stand still most of the time.
 */
import type { ClientKind } from '../../../model/protocol/endpoints.ts';
import { CLIENT_KINDS } from '../../../model/protocol/endpoints.ts';
import { type LoadStep, RUN_PHASES, type RunPhase } from '../../plan/expanded-plan.ts';
import { CLUSTER_SPANS } from '../../telemetry/cluster-durations.ts';
import { Distribution } from '../../telemetry/histogram.ts';
import type { Moment } from '../../telemetry/moment.ts';
import { REACTIONS, STATEFUL_KINDS, type StatefulKind } from '../../telemetry/reactions.ts';
import { SeenStates } from '../../telemetry/state-look.ts';
import type { StateTime, Stuck } from '../../telemetry/state-times.ts';
import { Survival } from '../../telemetry/survival.ts';
import { TelemetryCapture, TelemetrySum } from '../../telemetry/telemetry-capture.ts';
import type { EndedWindow, WindowName } from '../run-windows.ts';

/** {@link Distribution.pack} of what is over and what is not. */
export interface KeptSurvival {
  ended: number[];
  open: number[];
}

export interface KeptStates {
  states: ({ of: StatefulKind; state: string; now: number } & KeptSurvival)[];
  /** By place in the table of reactions. */
  reactions: ({ reaction: number } & KeptSurvival)[];
  stuck: { of: StatefulKind; state: string; count: number }[];
}

export interface KeptMoment {
  wallMs: number;
  simulatedMs: number;
  /** What differs from the moment before: see TelemetryCapture.pack. */
  telemetry: number[];
  ages: number[][];
  saturation: Moment['saturation'];
  clusterDurations: number[][];
  states: KeptStates;
  clusters: Moment['clusters'];
  faults: Moment['faults'];
  hosts: number;
}

export interface KeptMoments {
  moments: KeptMoment[];
  /** Moments by their place. */
  windows: (WindowName & { from: number; to: number })[];
  /** At the end of the run; `moments` has it last. */
  stuck: Stuck[];
}

export const keptSurvival = ({ ended, open }: Survival): KeptSurvival => ({ ended: ended.pack(), open: open.pack() });
export const survivalOf = ({ ended, open }: KeptSurvival) =>
  new Survival(Distribution.unpack(ended), Distribution.unpack(open));

/** @param last what stands at the end of the run */
export function keepMoments(windows: readonly EndedWindow[], last: Moment): KeptMoments {
  const moments = [...new Set([...windows.flatMap(({ from, to }) => [from, to]), last])];
  return {
    moments: moments.map((moment, at) => keepMoment(moment, moments[at - 1] ?? null)),
    windows: windows.map(({ phase, step, level, from, to }) => ({
      ...{ phase, step, level, from: moments.indexOf(from), to: moments.indexOf(to) },
    })),
    stuck: [...last.states.stuck.longest],
  };
}

function keepMoment(moment: Moment, before: Moment | null): KeptMoment {
  const { wallMs, simulatedMs, telemetry, ages, saturation, clusterDurations, states, clusters, faults, hosts } =
    moment;
  return {
    ...{ wallMs, simulatedMs, saturation, clusters, faults, hosts },
    telemetry: telemetry.pack(before?.telemetry ?? null),
    ages: ages.map((one) => one.pack()),
    clusterDurations: clusterDurations.map((one) => one.pack()),
    states: {
      states: states.states.map(({ of, state, now, survival }) => ({ of, state, now, ...keptSurvival(survival) })),
      reactions: states.reactions.map(({ reaction, survival }) => ({
        reaction: REACTIONS.indexOf(reaction),
        ...keptSurvival(survival),
      })),
      stuck: states.stuck.counts.map(({ of, state, count }) => ({ of, state, count })),
    },
  };
}

/** @throws Error for what {@link keepMoments} did not make */
function unpackMoments({ moments, stuck }: KeptMoments): Moment[] {
  let telemetry: TelemetryCapture | null = null;
  return moments.map((kept, at): Moment => {
    telemetry = TelemetryCapture.unpack(kept.telemetry, telemetry);
    const { states, reactions, stuck: counts } = kept.states;
    const { wallMs, simulatedMs, saturation, clusters, faults, hosts } = kept;
    return {
      ...{ wallMs, simulatedMs, saturation, clusters, faults, hosts, telemetry },
      ages: kept.ages.map((one) => Distribution.unpack(one)),
      clusterDurations: kept.clusterDurations.map((one) => Distribution.unpack(one)),
      states: new SeenStates(
        states.map(({ of, state, now, ...survival }) => ({ of, state, now, survival: survivalOf(survival) })),
        reactions.map(({ reaction, ...survival }) => ({
          reaction: REACTIONS[reaction]!,
          survival: survivalOf(survival),
        })),
        {
          count: counts.reduce((sum, { count }) => sum + count, 0),
          counts,
          longest: at === moments.length - 1 ? stuck : [],
        },
      ),
    };
  });
}

/** Stuck things named in full. */
const NAMED_STUCK = 20;

/** What several runs had counted at one moment of their plan. */
class MomentSum {
  readonly #telemetry = new TelemetrySum();
  readonly #ages = CLIENT_KINDS.map(() => new Distribution());
  readonly #saturation = { machines: 0, observedMs: 0, saturatedMs: 0, byReason: {} as Record<string, number> };
  readonly #durations = CLUSTER_SPANS.map(() => new Distribution());
  readonly #states = new Map<string, StateTime>();
  /** By place in the table; the few that a plan's hosts and clusters have. */
  readonly #reactions = new Map<number, Survival>();
  readonly #stuck = new Map<string, { of: StatefulKind; state: string; count: number }>();
  #longest: Stuck[] = [];
  readonly #clusters = { of: 0, failed: 0, complete: 0 };
  readonly #faults = { judged: 0, otherwise: 0 };

  add(moment: Moment): void {
    this.#telemetry.add(moment.telemetry);
    for (const [at, ages] of moment.ages.entries()) this.#ages[at]!.add(ages);
    for (const [at, durations] of moment.clusterDurations.entries()) this.#durations[at]!.add(durations);
    const { observedMs, saturatedMs, byReason } = moment.saturation;
    this.#saturation.machines++;
    this.#saturation.observedMs += observedMs;
    this.#saturation.saturatedMs += saturatedMs;
    addNumbers(this.#saturation.byReason, byReason);
    this.#addStates(moment.states);
    addNumbers(this.#clusters, moment.clusters);
    addNumbers(this.#faults, moment.faults);
  }

  /** @param missing clusters of which no run says anything */
  moment(time: Pick<Moment, 'wallMs' | 'simulatedMs' | 'hosts'>, missing: number): Moment {
    const order = ({ of }: { of: StatefulKind }) => STATEFUL_KINDS.indexOf(of);
    const counts = [...this.#stuck.values()];
    const reactions = [...this.#reactions].sort(([a], [b]) => a - b);
    return {
      ...time,
      telemetry: this.#telemetry.capture(),
      ages: this.#ages,
      saturation: this.#saturation,
      clusterDurations: this.#durations,
      states: new SeenStates(
        [...this.#states.values()].sort((a, b) => order(a) - order(b)),
        reactions.map(([at, survival]) => ({ reaction: REACTIONS[at]!, survival })),
        { count: counts.reduce((sum, { count }) => sum + count, 0), counts, longest: this.#longest },
      ),
      clusters: { ...this.#clusters, of: this.#clusters.of + missing },
      faults: this.#faults,
    };
  }

  #addStates({ states, reactions, stuck }: SeenStates): void {
    for (const { of, state, now, survival } of states) {
      const key = `${of} ${state}`;
      const sum = this.#states.get(key) ?? { of, state, now: 0, survival: new Survival() };
      this.#states.set(key, sum);
      sum.now += now;
      sum.survival.add(survival);
    }
    for (const { reaction, survival } of reactions) {
      const at = REACTIONS.indexOf(reaction);
      const sum = this.#reactions.get(at) ?? new Survival();
      this.#reactions.set(at, sum);
      sum.add(survival);
    }
    for (const { of, state, count } of stuck.counts) {
      const key = `${of} ${state}`;
      const sum = this.#stuck.get(key) ?? { of, state, count: 0 };
      this.#stuck.set(key, sum);
      sum.count += count;
    }
    this.#longest = [...this.#longest, ...stuck.longest].sort((a, b) => b.ms - a.ms).slice(0, NAMED_STUCK);
  }
}

export function addNumbers(into: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [key, value] of Object.entries(from)) into[key] = (into[key] ?? 0) + value;
}

type Time = Pick<Moment, 'wallMs' | 'simulatedMs' | 'hosts'>;

interface WindowTimes {
  readonly name: WindowName;
  /** The earliest beginning and the latest end; null before a run had the window. */
  from: Time | null;
  to: Time | null;
}

/** What the moments of several runs of one plan come to. */
export class MomentSums {
  readonly #windows: readonly WindowTimes[];
  /** A window lies between the sum of its place and the next. */
  readonly #edges: readonly MomentSum[];
  readonly #last = new MomentSum();
  #lastTime: Time | null = null;

  /** @param steps of the runs' plan */
  constructor(steps: readonly LoadStep[]) {
    const namesOf = (phase: RunPhase): WindowName[] =>
      phase === 'deploy' && steps.length > 0
        ? steps.map(({ level }, at) => ({ phase, step: at + 1, level }))
        : [{ phase, step: null, level: null }];
    this.#windows = RUN_PHASES.flatMap(namesOf).map((name) => ({ name, from: null, to: null }));
    this.#edges = Array.from({ length: this.#windows.length + 1 }, () => new MomentSum());
  }

  /**
   * A run that ended before others has nothing in their later windows, but all that it had counted until then stays counted.
   * @param startMs wall-clock start of the run, from which simulated time is counted
   * @throws Error for what {@link keepMoments} did not make
   */
  add(kept: KeptMoments, startMs: number): void {
    const moments = unpackMoments(kept);
    const last = moments.at(-1);
    if (last === undefined) throw new RangeError('a run has at least its last moment');
    this.#last.add(last);
    this.#lastTime = later(this.#lastTime, timeOf(last, startMs));
    if (kept.windows.length === 0) return;
    let now = moments[kept.windows[0]!.from]!;
    this.#edges[0]!.add(now);
    for (const [place, window] of this.#windows.entries()) {
      const own = kept.windows.find(({ phase, step }) => phase === window.name.phase && step === window.name.step);
      if (own) {
        now = moments[own.to]!;
        window.from = earlier(window.from, timeOf(moments[own.from]!, startMs));
        window.to = later(window.to, timeOf(now, startMs));
      }
      this.#edges[place + 1]!.add(now);
    }
  }

  /** Those that any run had, in the order of time. @param missing clusters of which no run says anything */
  windows(missing: number): EndedWindow[] {
    return this.#windows.flatMap(({ name, from, to }, place) => {
      if (from === null || to === null) return [];
      const [first, last] = [this.#edges[place]!.moment(from, missing), this.#edges[place + 1]!.moment(to, missing)];
      return [{ ...name, from: first, to: last }];
    });
  }

  /** The end of all runs; null before the first was added. */
  last(missing: number): Moment | null {
    return this.#lastTime && this.#last.moment(this.#lastTime, missing);
  }
}

function timeOf({ wallMs, simulatedMs, hosts }: Moment, startMs: number): Time {
  return { wallMs, simulatedMs: simulatedMs - startMs, hosts };
}

function joined(one: Time | null, next: Time, choose: (...values: number[]) => number): Time {
  if (one === null) return next;
  return {
    wallMs: choose(one.wallMs, next.wallMs),
    simulatedMs: choose(one.simulatedMs, next.simulatedMs),
    hosts: one.hosts + next.hosts,
  };
}
const earlier = (one: Time | null, next: Time) => joined(one, next, Math.min);
const later = (one: Time | null, next: Time) => joined(one, next, Math.max);

/** Ages of the oldest requests of a kind of client, or of any. */
export function agesOf({ ages }: Moment, client?: ClientKind): Distribution {
  const merged = new Distribution();
  for (const [at, one] of ages.entries()) if ((client ?? CLIENT_KINDS[at]) === CLIENT_KINDS[at]) merged.add(one);
  return merged;
}
