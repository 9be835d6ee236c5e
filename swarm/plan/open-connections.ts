/**
 * How many connections the hosts of a plan have open at once in the worst moment.
 *
 *   hosts that boot, by second  ──┐
 *                                 ├──► sum over all ages ──► most at once
 *   what one has open, by age   ──┘
 *
 *   a stock agent's age     0 s ▕reg▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▏ 90 s
 *                             2 s ▕poll▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▏
 *                                              62 s ▕poll▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▏       three at once for half a minute
 *                                                                     122 s ▕poll▔▔▔▔▔
 *
 * Each of these is a session with connections of its own, which stay for the idle time after their last request
 * (assisted-installer-agent, src/session/inventory_session.go; net/http Transport.IdleConnTimeout).
 */

import type { SpokeProfileName } from '../../model/spoke/profiles.ts';
import { STOCK_IDLE_SECONDS } from './connections.ts';
import type { ExpandedPlan } from './expanded-plan.ts';

export type ConnectingPlan = Pick<
  ExpandedPlan,
  'clusters' | 'clockSpeed' | 'connections' | 'pollIntervalSeconds' | 'spokeProfile'
>;

/** Cadence when a plan does not say another (assisted-service, internal/host/hostcommands/instruction_manager.go). */
export const USUAL_POLL_SECONDS = 60;
/** From the registration to the first poll, on average: see RUNNER_START of the native agent. */
const FIRST_POLL_SECONDS = 2;
/** Replies to the first poll: names and clocks, then the inventory. */
const FIRST_REPLIES_SECONDS = [3, 6, 9];
/** Reply to the connectivity check, which hosts of clusters with several are asked for in every poll. */
const CONNECTIVITY_SECONDS = 10.5;
/** Wall-clock seconds that a request takes on a service that is busy. */
const REQUEST_SECONDS = 0.25;
/** Connections in a stretch of simulated seconds, since the boot into discovery. */
interface Stretch {
  from: number;
  to: number;
  connections: number;
}

/** How a cluster installs, as seen from its connections; from runs against the embedded service. */
interface Installation {
  /** Simulated seconds until a host reboots into the cluster, which ends all that it has. */
  reboot: number;
  /** Of each host beside its polls: steps that take long, installer, logs. */
  host: readonly Stretch[];
  /** Of the cluster: bootstrap, controller, logs. The last one ends with it. */
  cluster: readonly Stretch[];
}

const INSTALLATIONS: Readonly<Record<SpokeProfileName, Readonly<Record<'single' | 'several', Installation>>>> = {
  typical: {
    single: {
      reboot: 1390,
      host: [
        { from: 220, to: 340, connections: 1.45 },
        { from: 340, to: 500, connections: 0.9 },
        { from: 960, to: 1390, connections: 0.7 },
      ],
      cluster: [{ from: 1760, to: 2530, connections: 1.1 }],
    },
    several: {
      reboot: 760,
      host: [{ from: 200, to: 760, connections: 0.9 }],
      cluster: [
        { from: 760, to: 1340, connections: 1.7 },
        { from: 1340, to: 1800, connections: 4.8 },
        { from: 1800, to: 2450, connections: 1.8 },
      ],
    },
  },
  quick: {
    single: {
      reboot: 430,
      host: [{ from: 220, to: 430, connections: 1.2 }],
      cluster: [{ from: 500, to: 800, connections: 1.1 }],
    },
    several: {
      reboot: 520,
      host: [{ from: 200, to: 520, connections: 0.9 }],
      cluster: [
        { from: 520, to: 700, connections: 4 },
        { from: 700, to: 1100, connections: 2 },
      ],
    },
  },
};

/** Steps of time in which a plan is looked at; short plans are looked at by the second. */
const MAX_STEPS = 2048;
/** What comes after the last boot until nothing new happens to hosts that only wait. */
const SETTLING_SECONDS = 300;
/** Connections of one thread in mode `shared`. */
const SHARED_CONNECTIONS = 64;

/** What boots at the same time and lives alike: hosts, or clusters with the first of them. */
interface Generation {
  life: Life;
  /** How many boot in each step of time. */
  boots: Float64Array;
}

interface Life {
  of: 'host' | 'cluster';
  /** Whether it is asked for connectivity. */
  several: boolean;
  /** Null for hosts that wait for good. */
  installation: Installation | null;
}

export class OpenConnections {
  readonly #plan: ConnectingPlan;
  readonly #generations: Generation[];
  readonly #stepSeconds: number;
  readonly #steps: number;

  constructor(plan: ConnectingPlan) {
    this.#plan = plan;
    let last = 0;
    for (const { arrivalMs, hosts } of plan.clusters) {
      for (const { bootDelayMs } of hosts) last = Math.max(last, (arrivalMs + bootDelayMs) / 1000);
    }
    this.#stepSeconds = Math.max(1, Math.ceil((last + SETTLING_SECONDS) / MAX_STEPS));
    const bootSteps = Math.floor(last / this.#stepSeconds) + 1;
    this.#generations = generationsOf(plan, bootSteps, this.#stepSeconds);
    const lives = this.#generations.map(({ life }) => endOf(life));
    this.#steps = bootSteps + Math.ceil(Math.max(SETTLING_SECONDS, ...lives) / this.#stepSeconds);
  }

  /** Most hosts that are up at once: booted into discovery, and not rebooted into their clusters yet. */
  mostHosts(): number {
    return Math.round(
      this.#most(({ of, installation }) =>
        this.#covered(of === 'host' ? [{ from: 0, to: installation?.reboot ?? this.#seconds, connections: 1 }] : []),
      ),
    );
  }

  /** Most hosts at once of clusters that have not got to their ends, those that only wait left out. */
  mostInstalling(): number {
    return Math.round(
      this.#most(({ of, installation }) =>
        this.#covered(of === 'host' && installation ? [{ from: 0, to: endOf({ installation }), connections: 1 }] : []),
      ),
    );
  }

  /** Most connections open at once. @param idleSeconds simulated seconds that they linger after use @param workers threads */
  most(idleSeconds: number, workers: number): number {
    const { mode } = this.#plan.connections;
    if (mode === 'shared') return Math.min(this.mostHosts(), SHARED_CONNECTIONS * workers);
    if (mode === 'keep-alive') return this.mostHosts();
    return Math.ceil(this.#most((life) => this.#profile(life, idleSeconds)));
  }

  get #seconds(): number {
    return this.#steps * this.#stepSeconds;
  }

  /** What each host has, by the step of its age, added up over all hosts: the most at once. */
  #most(profileOf: (life: Life) => Float64Array): number {
    const sum = new Float64Array(this.#steps);
    for (const { life, boots } of this.#generations) {
      const profile = profileOf(life);
      for (const [step, hosts] of boots.entries()) {
        if (hosts === 0) continue;
        const end = Math.min(profile.length, sum.length - step);
        for (let age = 0; age < end; age++) sum[step + age]! += hosts * profile[age]!;
      }
    }
    return sum.reduce((most, one) => Math.max(most, one), 0);
  }

  /** Connections by the step of age. */
  #profile({ of, several, installation }: Life, idleSeconds: number): Float64Array {
    if (of === 'cluster') return this.#covered(scaled(installation?.cluster ?? [], idleSeconds));
    const { pollIntervalSeconds, clockSpeed } = this.#plan;
    const pace = pollIntervalSeconds ?? USUAL_POLL_SECONDS;
    // An agent waits for the answer before the time to its next poll begins. Where connections linger for longer than that time, most
    // are open when answers come at once, otherwise when they take long.
    const busy = idleSeconds > pace ? 0 : REQUEST_SECONDS * clockSpeed;
    const stays = idleSeconds + busy;
    const first = FIRST_POLL_SECONDS + busy;
    const interval = pace + busy;
    const end = Math.min(installation?.reboot ?? Infinity, this.#seconds);
    const connectivity = several ? [CONNECTIVITY_SECONDS] : [];
    // Polls that come several in a step are as many at any time, once the first of them are gone: a year has too many to look at each.
    const even = interval < this.#stepSeconds ? Math.min(end, first + stays) : end;
    const sessions = [session([0], stays)];
    for (let at = first; at < even; at += interval) {
      const replies = at === first ? FIRST_REPLIES_SECONDS : [];
      const requests = [0, ...replies, ...connectivity].map((after) => at + after);
      sessions.push(session(requests, stays).map((one) => ({ ...one, to: Math.min(one.to, even) })));
    }
    const lasting = session([0, ...connectivity], stays).reduce((sum, { from, to }) => sum + to - from, 0);
    sessions.push([{ from: even, to: end, connections: lasting / interval }]);
    // A machine that reboots takes its connections with it.
    const polls = sessions.flat().map((one) => ({ ...one, to: Math.min(one.to, end) }));
    return this.#covered([...polls, ...scaled(installation?.host ?? [], idleSeconds)]);
  }

  /** How many there are in each step, on average. */
  #covered(stretches: readonly Stretch[]): Float64Array {
    const profile = new Float64Array(this.#steps);
    const width = this.#stepSeconds;
    for (const { from, to, connections } of stretches) {
      for (let step = Math.floor(from / width); step < Math.min(to / width, profile.length); step++) {
        profile[step]! += (connections * (Math.min(to, (step + 1) * width) - Math.max(from, step * width))) / width;
      }
    }
    return profile;
  }
}

/** Connections of a session with requests at these seconds: one is used again unless it was idle for too long. */
function session(requests: readonly number[], stays: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (const at of requests) {
    const last = stretches.at(-1);
    if (last && at <= last.to) last.to = at + stays;
    else stretches.push({ from: at, to: at + stays, connections: 1 });
  }
  return stretches;
}

/** What was seen at the idle time of stock programs, at another one. */
function scaled(stretches: readonly Stretch[], idleSeconds: number): Stretch[] {
  // At the stock one the table of installations was seen.
  const share = (idleSeconds + 10) / (STOCK_IDLE_SECONDS + 10);
  return stretches.map((one) => ({ ...one, connections: one.connections * share }));
}

/** When nothing of it is there any more; 0 for hosts that wait. */
function endOf({ installation }: Pick<Life, 'installation'>): number {
  return installation?.cluster.at(-1)?.to ?? 0;
}

function generationsOf({ clusters, spokeProfile }: ConnectingPlan, steps: number, stepSeconds: number): Generation[] {
  const generations = new Map<string, Generation>();
  const bootsOf = (kind: 'waiting' | 'single' | 'several', of: 'host' | 'cluster') => {
    let generation = generations.get(kind + of);
    if (!generation) {
      const installation = kind === 'waiting' ? null : INSTALLATIONS[spokeProfile][kind];
      generation = { life: { of, several: kind === 'several', installation }, boots: new Float64Array(steps) };
      generations.set(kind + of, generation);
    }
    return generation.boots;
  };
  for (const { justInfraEnv, arrivalMs, hosts } of clusters) {
    const kind = justInfraEnv ? 'waiting' : hosts.length > 1 ? 'several' : 'single';
    const boots = bootsOf(kind, 'host');
    for (const { bootDelayMs } of hosts) boots[Math.floor((arrivalMs + bootDelayMs) / 1000 / stepSeconds)]!++;
    if (kind !== 'waiting') bootsOf(kind, 'cluster')[Math.floor(arrivalMs / 1000 / stepSeconds)]!++;
  }
  return [...generations.values()];
}
