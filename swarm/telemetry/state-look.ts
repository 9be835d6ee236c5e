/**
 * States as they are now, for whoever asks: summaries, metrics, thresholds. A look at a million hosts takes a tenth of a second of the main
 * thread, so its result serves everybody for twenty times as long as it took.
 */
import type { ReactionTime } from './reactions.ts';
import type { StateTime, StateTimes, StuckThings } from './state-times.ts';
import { Survival } from './survival.ts';

/** The share of the main thread that looks may take is one of so many. */
const SPARE = 20;
/** Stuck things named in full. */
const NAMED_STUCK = 20;

interface Seen {
  states: StateTime[];
  reactions: ReactionTime[];
  stuck: StuckThings;
}

export class StateLook {
  readonly #times: StateTimes;
  readonly #now: () => number;
  #seen: Seen | null = null;
  /** Until when it serves, in wall-clock milliseconds. */
  #servesUntil = 0;

  /** @param now simulated epoch milliseconds until which things are seen */
  constructor(times: StateTimes, now: () => number) {
    this.#times = times;
    this.#now = now;
  }

  /** The next one looks anew: something has happened that must not be missed. */
  forget(): void {
    this.#seen = null;
  }

  get states(): readonly StateTime[] {
    return this.#look().states;
  }

  get reactions(): readonly ReactionTime[] {
    return this.#look().reactions;
  }

  get stuck(): StuckThings {
    return this.#look().stuck;
  }

  /** Times in the states that match, together. */
  durations({ of, state }: { of?: string; state?: string }): Survival {
    const all = new Survival();
    for (const one of this.states) {
      if ((of ?? one.of) === one.of && (state ?? one.state) === one.state) all.add(one.survival);
    }
    return all;
  }

  #look(): Seen {
    const startedAt = performance.now();
    if (this.#seen && startedAt < this.#servesUntil) return this.#seen;
    const now = this.#now();
    this.#seen = {
      states: this.#times.states(now),
      reactions: this.#times.reactions(now),
      stuck: this.#times.stuck(now, NAMED_STUCK),
    };
    const took = performance.now() - startedAt;
    this.#servesUntil = startedAt + took * SPARE;
    return this.#seen;
  }
}
