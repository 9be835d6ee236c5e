/** When the simulated user looks at a cluster again. */
import type { Clock } from '../../model/time/clock.ts';
import { lookCost, lookIntervalMs } from '../plan/user-looks.ts';

/** Share of the interval by which looks scatter, so that clusters created together do not stay in step. */
const SCATTER = 0.2;

export class PollPacer {
  readonly #clock: Clock;
  readonly #givenMs: number | null;
  readonly #shards: number;
  readonly #random: () => number;
  #cost = 0;

  /**
   * @param givenSeconds simulated seconds between two looks, however many clusters are followed; null for the usual pace
   * @param shards parts of the plan, which follow as many clusters each and share the pace
   */
  constructor(clock: Clock, givenSeconds: number | null = null, shards = 1, random: () => number = Math.random) {
    this.#clock = clock;
    this.#shards = shards;
    this.#givenMs = givenSeconds === null ? null : givenSeconds * 1000;
    this.#random = random;
  }

  /** A cluster with this many hosts is followed from now on; the result ends that. */
  enter(hosts: number): () => void {
    const cost = lookCost(hosts) * this.#shards;
    this.#cost += cost;
    return () => {
      this.#cost -= cost;
    };
  }

  /** Simulated milliseconds until the next look. */
  delay(): number {
    const scatter = 1 + SCATTER * (this.#random() - 0.5);
    return (this.#givenMs ?? lookIntervalMs(this.#cost, this.#clock.speed)) * scatter;
  }
}
