/**
 * How often the simulated users look at their clusters. One look costs the service a cluster row and a row a host, so the
 * interval grows with what is being followed: the users of 1,000 clusters together stay under a fixed budget.
 */
import type { Clock } from '../../model/time/clock.ts';

/** Numbers of the pace where nobody asks for another. A look at a cluster costs 1, each host of it `hostCost`. */
const PACE = {
  /** Simulated milliseconds between two looks when few clusters are followed. */
  intervalMs: 10_000,
  hostCost: 0.05,
  /** Cost of all looks together in one wall-clock second. */
  budgetPerSecond: 50,
  /** Share of the interval by which looks scatter, so that clusters created together do not stay in step. */
  scatter: 0.2,
} as const;

export class PollPacer {
  readonly #clock: Clock;
  readonly #givenMs: number | null;
  readonly #random: () => number;
  #cost = 0;

  /** @param givenSeconds simulated seconds between two looks, however many clusters are followed; null for the usual pace */
  constructor(clock: Clock, givenSeconds: number | null = null, random: () => number = Math.random) {
    this.#clock = clock;
    this.#givenMs = givenSeconds === null ? null : givenSeconds * 1000;
    this.#random = random;
  }

  /** A cluster with this many hosts is followed from now on; the result ends that. */
  enter(hosts: number): () => void {
    const cost = 1 + hosts * PACE.hostCost;
    this.#cost += cost;
    return () => {
      this.#cost -= cost;
    };
  }

  /** Simulated milliseconds until the next look. */
  delay(): number {
    const affordable = (this.#cost / PACE.budgetPerSecond) * 1000 * this.#clock.speed;
    const scatter = 1 + PACE.scatter * (this.#random() - 0.5);
    return (this.#givenMs ?? Math.max(PACE.intervalMs, affordable)) * scatter;
  }
}
