/**
 * How long things of one kind stay in their states. A thing has a number (its slot) and takes five bytes, whatever it is:
 *
 *    #code   [ 3 │ 0 │ 1 │ … ]      a byte: its present state's place in #states; 0 while it has none
 *    #since  [ … │ … │ … │ … ]      four bytes: since when, in simulated milliseconds from the start (up to 49 days)
 *
 * and a state two histograms: of the times that have ended, and of those whose end nobody saw.
 */
import { Distribution, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import { Survival } from './survival.ts';

/** States of a kind that are told apart, so that words of an unknown service cannot fill the memory; further ones are {@link OTHER}. */
const MOST_STATES = 60;
/** In place of a state that is one too many. */
export const OTHER = 'other';

interface State {
  name: string;
  ended: Float64Array;
  /** Of things that were taken away, or looked at no longer; null before the first. */
  unseen: Float64Array | null;
}

/** What is in a state now. */
export interface Dwelling {
  slot: number;
  state: string;
  /** Simulated milliseconds so far. */
  ms: number;
}

export class Dwells {
  readonly #slots: number;
  readonly #states: State[] = [];
  readonly #codes = new Map<string, number>();
  /** Made with the first thing: many runs have none of a kind. */
  #code: Uint8Array | null = null;
  #since: Uint32Array | null = null;

  /** @param slots how many things there may be */
  constructor(slots: number) {
    this.#slots = slots;
  }

  /** Null while it has none. */
  stateOf(slot: number): string | null {
    const code = this.#code?.[slot] ?? 0;
    return code === 0 ? null : this.#states[code - 1]!.name;
  }

  /** A thing is in a state from now on, if it was not before. @param at simulated milliseconds from the start */
  enter(slot: number, state: string, at: number): void {
    this.#code ??= new Uint8Array(this.#slots);
    this.#since ??= new Uint32Array(this.#slots);
    const code = this.#codeOf(state);
    const before = this.#code[slot]!;
    if (before === code) return;
    if (before !== 0) recordDuration(this.#states[before - 1]!.ended, 0, at - this.#since[slot]!);
    this.#code[slot] = code;
    this.#since[slot] = Math.max(0, Math.round(at));
  }

  /** A thing is gone, or nobody will see any more what becomes of it: its state lasted at least so long. */
  leave(slot: number, at: number): void {
    const code = this.#code?.[slot] ?? 0;
    if (code === 0) return;
    const state = this.#states[code - 1]!;
    state.unseen ??= new Float64Array(HISTOGRAM_WORDS);
    recordDuration(state.unseen, 0, at - this.#since![slot]!);
    this.#code![slot] = 0;
  }

  /**
   * Each state that something was in, in the order in which they were first seen.
   * @param untilOf simulated milliseconds from the start until when a thing was seen in its state
   */
  survivals(untilOf: (slot: number) => number): { state: string; survival: Survival; now: number }[] {
    const open = this.#states.map(() => new Float64Array(HISTOGRAM_WORDS));
    this.#eachDwelling(untilOf, (_, code, ms) => recordDuration(open[code - 1]!, 0, ms));
    return this.#states.map(({ name, ended, unseen }, at) => {
      const now = distributionOf(open[at]!);
      const { count } = now;
      if (unseen) now.addWords(unseen, 0);
      return { state: name, survival: new Survival(distributionOf(ended), now), now: count };
    });
  }

  /** Of one state only times that have ended. */
  ended(): { state: string; distribution: Distribution }[] {
    return this.#states.map(({ name, ended }) => ({ state: name, distribution: distributionOf(ended) }));
  }

  /** Calls back for what has been in its present state for longer than that state's limit. @param limitOf in milliseconds */
  longer(limitOf: (state: string) => number, untilOf: (slot: number) => number, told: (one: Dwelling) => void): void {
    const limits = this.#states.map(({ name }) => limitOf(name));
    this.#eachDwelling(untilOf, (slot, code, ms) => {
      if (ms > limits[code - 1]!) told({ slot, state: this.#states[code - 1]!.name, ms });
    });
  }

  #eachDwelling(untilOf: (slot: number) => number, told: (slot: number, code: number, ms: number) => void): void {
    if (this.#code === null) return;
    for (let slot = 0; slot < this.#code.length; slot++) {
      const code = this.#code[slot]!;
      if (code !== 0) told(slot, code, Math.max(0, untilOf(slot) - this.#since![slot]!));
    }
  }

  #codeOf(state: string): number {
    const name = this.#codes.has(state) || this.#states.length < MOST_STATES ? state : OTHER;
    let code = this.#codes.get(name);
    if (code === undefined) {
      this.#states.push({ name, ended: new Float64Array(HISTOGRAM_WORDS), unseen: null });
      code = this.#states.length;
      this.#codes.set(name, code);
    }
    return code;
  }
}

function distributionOf(words: Float64Array): Distribution {
  const distribution = new Distribution();
  distribution.addWords(words, 0);
  return distribution;
}
