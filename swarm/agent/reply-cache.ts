/**
 * What the service already has from a runner: per step type the last output that was posted with success, for an hour.
 * Only a fingerprint is kept, three numbers a type, because 100,000 agents remember seven texts each
 * (assisted-installer-agent src/commands/reply_cache.go).
 */
import { crc32 } from 'node:zlib';
import { STEP_TYPES, type StepType } from '../../model/protocol/states.ts';
import type { Clock } from '../../model/time/clock.ts';

const EXPIRY_MS = 3_600_000;
const FIELDS = 3;

export class ReplyCache {
  /** Step number, fingerprint, expiry (simulated milliseconds), and so on. Null while empty. */
  #entries: number[] | null = null;

  /** Whether this very output is known. */
  has(clock: Clock, step: StepType, output: string): boolean {
    const at = this.#find(clock, step);
    return at >= 0 && this.#entries![at + 1] === fingerprint(output);
  }

  /** Whether some output of this type is known; enough for steps whose output never changes. */
  hasType(clock: Clock, step: StepType): boolean {
    return this.#find(clock, step) >= 0;
  }

  /** A reply was accepted. */
  store(clock: Clock, step: StepType, output: string): void {
    const number = STEP_TYPES.indexOf(step);
    const expiry = clock.now() + EXPIRY_MS;
    const at = this.#position(number);
    if (at >= 0) {
      this.#entries![at + 1] = fingerprint(output);
      this.#entries![at + 2] = expiry;
      return;
    }
    // An array that grows in place keeps room for as many entries again, and there are a dozen at most.
    this.#entries = [...(this.#entries ?? []), number, fingerprint(output), expiry];
  }

  clear(): void {
    this.#entries = null;
  }

  /** Position of an entry that has not expired, or -1. */
  #find(clock: Clock, step: StepType): number {
    const at = this.#position(STEP_TYPES.indexOf(step));
    return at >= 0 && clock.now() <= this.#entries![at + 2]! ? at : -1;
  }

  #position(number: number): number {
    const entries = this.#entries;
    if (!entries) return -1;
    for (let at = 0; at < entries.length; at += FIELDS) if (entries[at] === number) return at;
    return -1;
  }
}

/** CRC-32 and length of a text as one exact number. */
function fingerprint(output: string): number {
  return crc32(output) * 2 ** 20 + (output.length % 2 ** 20);
}
