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

/** What one look has seen; it does not change. */
export class SeenStates {
  readonly states: readonly StateTime[];
  readonly reactions: readonly ReactionTime[];
  readonly stuck: StuckThings;

  constructor(states: readonly StateTime[], reactions: readonly ReactionTime[], stuck: StuckThings) {
    this.states = states;
    this.reactions = reactions;
    this.stuck = stuck;
  }

  /** Times in the states that match, together. */
  durations({ of, state }: { of?: string; state?: string }): Survival {
    const all = new Survival();
    for (const one of this.states) {
      if ((of ?? one.of) === one.of && (state ?? one.state) === one.state) all.add(one.survival);
    }
    return all;
  }

  /** What has ended since an earlier look, and what is open now, whenever it began. */
  since(earlier: SeenStates): SeenStates {
    const states = this.states.map((one) => {
      const before = earlier.states.find(({ of, state }) => of === one.of && state === one.state);
      return { ...one, survival: endedSince(one.survival, before?.survival) };
    });
    const reactions = this.reactions.map((one) => {
      const before = earlier.reactions.find(({ reaction }) => reaction === one.reaction);
      return { ...one, survival: endedSince(one.survival, before?.survival) };
    });
    return new SeenStates(states, reactions, this.stuck);
  }
}

function endedSince({ ended, open }: Survival, earlier: Survival | undefined): Survival {
  return new Survival(earlier ? ended.since(earlier.ended) : ended, open);
}

export class StateLook {
  readonly #times: StateTimes;
  readonly #now: () => number;
  #seen: SeenStates | null = null;
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

  get seen(): SeenStates {
    const startedAt = performance.now();
    if (this.#seen && startedAt < this.#servesUntil) return this.#seen;
    const now = this.#now();
    const times = this.#times;
    this.#seen = new SeenStates(times.states(now), times.reactions(now), times.stuck(now, NAMED_STUCK));
    const took = performance.now() - startedAt;
    this.#servesUntil = startedAt + took * SPARE;
    return this.#seen;
  }
}
