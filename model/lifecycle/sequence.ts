/**
 * Phases that follow one another by time alone, from one moment on. Nothing can come between, so what holds at any moment can be
 * computed, and whoever only asks needs no timer; whoever has to be told lets the lifecycle follow them, one timer at a time.
 *
 *   moment ──after──▶ phase 0 ── … ──▶ phase n          phaseAt(elapsed): lazily
 *                        └─ enter() ───────└─ enter()    followSequence(): told
 */
import { type Span, spanMs } from '../time/span.ts';
import { type Lifecycle, stageTable } from './lifecycle.ts';

/** What holds until the next phase begins. */
export interface Phase {
  /** From the sequence's moment, in simulated milliseconds. */
  readonly after: Span;
}

export interface Sequence<P extends Phase> {
  /** In order of time, whatever is drawn. */
  readonly phases: readonly P[];
  /** One number in [0, 1) for all phases, which keeps them in order. */
  readonly draw: number;
  /** Part of the table's times that it takes; 1 is all. */
  readonly share: number;
}

/** Simulated milliseconds from the sequence's moment to the beginning of a phase. */
function startMs(sequence: Sequence<Phase>, index: number): number {
  return spanMs(sequence.phases[index]!.after, sequence.draw) * sequence.share;
}

/** The last phase that has begun; null before the first. @param elapsedMs simulated milliseconds since the moment */
export function phaseAt<P extends Phase>(sequence: Sequence<P>, elapsedMs: number): P | null {
  return sequence.phases.findLast((_, index) => startMs(sequence, index) <= elapsedMs) ?? null;
}

interface Follower {
  readonly sequence: Sequence<Phase>;
  readonly enter: (index: number) => void;
  next: number;
}

const FOLLOWING = stageTable<Follower>([
  {
    name: 'next phase',
    when: ({ next, sequence }) => next < sequence.phases.length,
    delay: ({ next, sequence }) => {
      const sinceMs = next === 0 ? 0 : startMs(sequence, next - 1);
      return { delayMs: Math.max(0, startMs(sequence, next) - sinceMs), jitterMs: 0 };
    },
    effect: (follower, lifecycle) => {
      follower.enter(follower.next);
      follower.next += 1;
      if (follower.next === follower.sequence.phases.length) lifecycle.remove(follower);
    },
  },
]);

const NO_DRAWS = { random: () => 0 };

/** Tells of each phase when it begins; the sequence's moment is now. Never at once. */
export function followSequence<P extends Phase>(
  lifecycle: Lifecycle,
  sequence: Sequence<P>,
  enter: (phase: P) => void,
): void {
  const follower: Follower = { sequence, enter: (index) => enter(sequence.phases[index]!), next: 0 };
  lifecycle.add(follower, FOLLOWING, NO_DRAWS);
}
