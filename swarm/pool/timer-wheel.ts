/**
 * Signature only; see the implementation's drawing below once written.
 */
import type { Clock } from '../protocol/clock.ts';

/** Called with the argument given at scheduling and the simulated moment at which it was due. */
export type TimerCallback = (argument: number, dueMs: number) => void;

/** Identifies a scheduled entry; 0 is never a valid id. */
export type TimerId = number;

export interface TimerWheel {
  readonly clock: Clock;
  /** Runs `callback(argument, dueMs)` at simulated time `dueMs` (at once on the next turn when past). */
  schedule(dueMs: number, callback: TimerCallback, argument: number): TimerId;
  /** False when it already ran or was cancelled. */
  cancel(id: TimerId): boolean;
  /** Entries that wait. */
  readonly size: number;
  /** Stops firing; entries are dropped. */
  close(): void;
}
