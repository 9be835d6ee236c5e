/** Links for tests, with draws that are the same each time. */
import { hashWords, mixWords, unitNumber } from '../../../../model/time/random.ts';
import type { LinkFigures } from '../../../plan/expanded-plan.ts';
import { HostLink, LinkKind } from '../host-link.ts';
import type { LinkClock } from '../link-clock.ts';
import type { LinkObserver } from '../link-observer.ts';

export const NO_LINK: LinkFigures = { delayMs: 0, jitterMs: 0, loss: 0, bytesPerSecond: null };

/** Draws of a seed, in their order. */
export function draws(seed: string): () => number {
  const words = hashWords(seed);
  let drawn = 0;
  return () => unitNumber(mixWords(words, drawn++));
}

/** Counts what it is told. */
export class CountingObserver implements LinkObserver {
  readonly connects: number[] = [];
  stalls = 0;
  resets = 0;

  connected(ms: number): void {
    this.connects.push(ms);
  }

  stalled(): void {
    this.stalls++;
  }

  reset(): void {
    this.resets++;
  }
}

export interface TestLink {
  figures?: Partial<LinkFigures>;
  clockSpeed?: number;
  random?: () => number;
  observer?: LinkObserver;
}

export function testLink(clock: LinkClock, { figures, clockSpeed = 1, random, observer }: TestLink = {}): HostLink {
  const kind = new LinkKind(0, { ...NO_LINK, ...figures }, clockSpeed, clock, observer ?? new CountingObserver());
  return new HostLink(kind, random ?? draws('link'));
}
