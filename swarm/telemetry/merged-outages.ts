/**
 * Outages of a service that several generators asked at the same time. It was out while one of them saw an outage and none of the others
 * had a good answer:
 *
 *    shard 0    ──good──┤ outage          ├─good──
 *    shard 1    ──good────────┤ outage ├────good──
 *    merged                   ├────────┤
 *
 * A generator that asked nothing says nothing. Looks are a second apart, so that ends are exact to a second or two.
 */
import type { Outage } from './answer-monitor.ts';

/** What one generator saw. Wall-clock milliseconds; the clocks of all are taken to agree. */
export interface SeenAnswers {
  outages: readonly Outage[];
  /** Beginnings and ends of times with good answers, in the order of time. */
  answered: readonly number[];
}

/** What is left of an outage of one generator. */
interface Piece {
  startMs: number;
  endMs: number;
  /** Zero but for the longest piece of an outage, so that nothing counts twice. */
  failed: number;
  waiting: number;
}

/** In the order of time. */
export function mergedOutages(seen: readonly SeenAnswers[]): Outage[] {
  const pieces = seen.flatMap(({ outages }, at) => {
    const others = seen.filter((_, other) => other !== at).map(({ answered }) => answered);
    return outages.flatMap((outage) => piecesOf(outage, others));
  });
  const merged: Outage[] = [];
  for (const piece of pieces.sort((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1);
    if (!last || piece.startMs >= last.endMs) {
      merged.push({ ...piece });
      continue;
    }
    last.endMs = Math.max(last.endMs, piece.endMs);
    last.failed += piece.failed;
    last.waiting += piece.waiting;
  }
  return merged;
}

/** The outage without the times in which somebody else had good answers. */
function piecesOf(outage: Outage, others: readonly (readonly number[])[]): Piece[] {
  let spans: [number, number][] = [[outage.startMs, outage.endMs]];
  for (const answered of others) {
    for (let at = firstEndAfter(answered, outage.startMs); at < answered.length; at += 2) {
      const [from, to] = [answered[at]!, answered[at + 1]!];
      if (from >= outage.endMs) break;
      spans = spans.flatMap(([start, end]): [number, number][] => {
        const left: [number, number][] = [
          [start, Math.min(end, from)],
          [Math.max(start, to), end],
        ];
        return left.filter(([one, other]) => other > one);
      });
    }
  }
  const lengths = spans.map(([start, end]) => end - start);
  const longest = lengths.indexOf(Math.max(...lengths));
  return spans.map(([startMs, endMs], at) => ({
    ...{ startMs, endMs, waiting: outage.waiting },
    failed: at === longest ? outage.failed : 0,
  }));
}

/** Place of the first time that ends after a moment. */
function firstEndAfter(answered: readonly number[], moment: number): number {
  let [low, high] = [0, answered.length / 2];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (answered[2 * middle + 1]! > moment) high = middle;
    else low = middle + 1;
  }
  return 2 * low;
}
