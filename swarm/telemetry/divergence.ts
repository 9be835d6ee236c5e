/**
 * Whether custom resources say the same as the service's own API of the same hosts and clusters, and for how long they did not. Their
 * controllers copy the state: one that lost a conflict, or its turn, leaves the copy behind.
 */
import { Distribution, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import { Survival } from './survival.ts';

export const COMPARED_KINDS = ['host', 'cluster'] as const;
export type ComparedKind = (typeof COMPARED_KINDS)[number];

interface Kind {
  compared: number;
  differed: number;
  ended: Float64Array;
  /** Those of which the end was not seen. */
  unseen: Float64Array;
  /** Since when, by name; as few as are compared at a time. */
  open: Map<string, number>;
}

export interface DivergenceTime {
  of: ComparedKind;
  /** Comparisons, and those of them that found a difference. */
  compared: number;
  differed: number;
  /** Simulated milliseconds for which a difference lasted. */
  survival: Survival;
}

export class Divergence {
  readonly #kinds = Object.fromEntries(
    COMPARED_KINDS.map((of) => [
      of,
      {
        compared: 0,
        differed: 0,
        ended: new Float64Array(HISTOGRAM_WORDS),
        unseen: new Float64Array(HISTOGRAM_WORDS),
        open: new Map(),
      },
    ]),
  ) as Record<ComparedKind, Kind>;

  /** Both were read. @param differsSince null when they say the same; else since when, if it was not known. @param at in simulated epoch milliseconds */
  compared(of: ComparedKind, name: string, differsSince: number | null, at: number): void {
    const kind = this.#kinds[of];
    kind.compared++;
    if (differsSince === null) {
      this.agreed(of, name, at);
      return;
    }
    kind.differed++;
    if (!kind.open.has(name)) kind.open.set(name, Math.min(differsSince, at));
  }

  /** The resource has caught up. */
  agreed(of: ComparedKind, name: string, at: number): void {
    this.#close(of, name, at, this.#kinds[of].ended);
  }

  /** Nobody looks any more. */
  left(of: ComparedKind, name: string, at: number): void {
    this.#close(of, name, at, this.#kinds[of].unseen);
  }

  /** Of each kind that was compared. @param now simulated epoch milliseconds */
  times(now: number): DivergenceTime[] {
    return COMPARED_KINDS.filter((of) => this.#kinds[of].compared > 0).map((of) => {
      const { compared, differed, ended, unseen, open } = this.#kinds[of];
      const lasting = unseen.slice();
      for (const since of open.values()) recordDuration(lasting, 0, now - since);
      return { of, compared, differed, survival: new Survival(distributionOf(ended), distributionOf(lasting)) };
    });
  }

  #close(of: ComparedKind, name: string, at: number, into: Float64Array): void {
    const { open } = this.#kinds[of];
    const since = open.get(name);
    if (since === undefined) return;
    open.delete(name);
    recordDuration(into, 0, at - since);
  }
}

function distributionOf(words: Float64Array): Distribution {
  const distribution = new Distribution();
  distribution.addWords(words, 0);
  return distribution;
}
