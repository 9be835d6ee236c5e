/**
 * When clusters start, as plans say it and as times.
 *
 *    all        ▌                  batches   ▌   ▌   ▌   ▌
 *    rate       ▏ ▏ ▏ ▏ ▏ ▏ ▏     steps     ▌   █   ██  ████      more hosts, or more clusters an hour, with every step
 *                                             └ 1 ┴ 2 ┴ 3 ┴ 4 …
 */
import { parseDuration } from './duration.ts';
import type { LoadLevel, LoadStep } from './expanded-plan.ts';
import type { Arrival } from './plan.ts';
import type { PlanFile } from './schema.ts';

/** More steps than anybody reads a table of; what a run keeps of each takes about a mebibyte. */
export const MOST_STEPS = 200;

type Refuse = (key: string | null, allowed: string) => void;
type GivenSteps = NonNullable<Exclude<PlanFile['arrival'], 'all' | undefined>['steps']>;

/** Reads `arrival` of a plan. @param refuse told of a key (null: of all) that cannot stand so, with what is allowed */
export function readArrival(given: PlanFile['arrival'], refuse: Refuse): Arrival {
  if (given === undefined || given === 'all') return { kind: 'all' };
  if ([given.rate, given.batches, given.steps].filter((one) => one !== undefined).length !== 1) {
    refuse(null, 'all, or a mapping with exactly one of the keys rate, batches, steps');
    return { kind: 'all' };
  }
  if (given.rate !== undefined) {
    const clustersPerHour = perHour(given.rate);
    if (clustersPerHour <= 0) refuse('rate', 'more than 0 clusters in a unit of time');
    return { kind: 'rate', clustersPerHour };
  }
  if (given.batches !== undefined) {
    const [size = '', every = ''] = given.batches.split(' every ');
    if (Number(size) === 0 || parseDuration(every) === 0) {
      refuse('batches', 'at least one cluster and a duration longer than 0s');
    }
    return { kind: 'batches', size: Number(size), everySeconds: parseDuration(every) };
  }
  return readSteps(given.steps!, (allowed) => refuse('steps', allowed));
}

function readSteps(given: GivenSteps, refuse: (allowed: string) => void): Arrival {
  const everySeconds = parseDuration(given.every);
  if (everySeconds < 1) refuse('every of at least 1s');
  if ((given.hosts === undefined) === (given.rate === undefined)) {
    refuse('exactly one of the keys hosts, rate: the first step');
  }
  if ((given.add === undefined) === (given.times === undefined)) {
    refuse('exactly one of the keys add (the same more with each step) and times (so many times as much)');
  }
  const unit = given.hosts === undefined ? 'clustersPerHour' : 'hosts';
  const amount = (value: number | string | undefined) => (typeof value === 'string' ? perHour(value) : (value ?? 0));
  if (given.add !== undefined && typeof given.add !== (unit === 'hosts' ? 'number' : 'string')) {
    refuse(unit === 'hosts' ? 'hosts beside add with a number of hosts' : 'rate beside add with a rate such as 50/h');
  }
  const first = amount(given.hosts ?? given.rate);
  const add = given.add === undefined ? null : amount(given.add);
  if (first <= 0 || (add ?? 1) <= 0) refuse('a first step and a raise of more than 0');
  return { kind: 'steps', unit, first, add, times: given.times ?? 1, everySeconds };
}

/** Clusters in an hour, of a text such as `5/m`. */
export function perHour(rate: string): number {
  const [amount = '', unit = ''] = rate.split('/');
  return (Number(amount) * 3600) / parseDuration(`1${unit}`);
}

/** What a step asks for. @param step from 0 */
function levelOf(arrival: Extract<Arrival, { kind: 'steps' }>, step: number): number {
  const { first, add, times } = arrival;
  return add === null ? first * times ** step : first + add * step;
}

export interface Schedule {
  /** Simulated milliseconds after the first arrival, of each turn. */
  arrivalMs: Float64Array;
  /** Empty unless the load is raised in steps. */
  steps: LoadStep[];
}

/**
 * Gives every turn its time. Steps go on until all have arrived.
 * @param hosts of the cluster with each turn, from the day of its arrival
 * @throws RangeError for more than {@link MOST_STEPS} steps
 */
export function schedule(arrival: Arrival, hosts: ArrayLike<number>): Schedule {
  const all = (at: (turn: number) => number) => ({
    arrivalMs: new Float64Array(hosts.length).map((_, turn) => Math.round(at(turn))),
    steps: [],
  });
  switch (arrival.kind) {
    case 'all':
      return all(() => 0);
    case 'rate':
      return all((turn) => (turn * 3_600_000) / arrival.clustersPerHour);
    case 'batches':
      return all((turn) => Math.floor(turn / arrival.size) * arrival.everySeconds * 1000);
    case 'steps':
      return scheduleSteps(arrival, hosts);
  }
}

function scheduleSteps(arrival: Extract<Arrival, { kind: 'steps' }>, hosts: ArrayLike<number>): Schedule {
  const stepMs = arrival.everySeconds * 1000;
  const arrivalMs = new Float64Array(hosts.length);
  let arrived = 0;
  const steps: LoadStep[] = [];
  let present = 0;
  for (let step = 0; arrived < hosts.length; step++) {
    if (step === MOST_STEPS) {
      throw new RangeError(
        `arrival.steps: ${arrived} of ${hosts.length} clusters arrive in ${MOST_STEPS} steps; allowed: at most ${MOST_STEPS} steps: raise more with each, or plan fewer clusters`,
      );
    }
    const level = levelOf(arrival, step);
    const atMs = step * stepMs;
    steps.push({ atMs, endMs: atMs + stepMs, level: { [arrival.unit]: level } as unknown as LoadLevel });
    if (arrival.unit === 'hosts') {
      // No more than asked for, but for a first cluster that has more hosts by itself.
      while (arrived < hosts.length && (present === 0 || present + hosts[arrived]! <= level)) {
        present += hosts[arrived]!;
        arrivalMs[arrived++] = atMs;
      }
    } else {
      const gapMs = 3_600_000 / level;
      for (let at = atMs; at < atMs + stepMs && arrived < hosts.length; at += gapMs) {
        arrivalMs[arrived++] = Math.round(at);
      }
    }
  }
  return { arrivalMs, steps };
}
