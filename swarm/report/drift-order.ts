/** What comes first on every host of one kind, and later on every host of the other. */
import type { Program } from '../telemetry/traffic/program.ts';
import type { FirstTimes } from '../telemetry/traffic/traffic-profile.ts';
import { type FoundDifference, type Pair, TOLERANCES } from './difference.ts';

/** Whether one thing comes before the other (-1) or after it (1) on all sources that did both; 0 for neither, or none. */
function order(firsts: readonly FirstTimes[], one: string, other: string): -1 | 0 | 1 {
  let before = 0;
  let after = 0;
  let both = 0;
  for (const times of firsts) {
    const [a, b] = [times[one], times[other]];
    if (a === undefined || b === undefined) continue;
    both++;
    if (a + TOLERANCES.orderMs <= b) before++;
    if (b + TOLERANCES.orderMs <= a) after++;
  }
  if (both === 0) return 0;
  return before === both ? -1 : after === both ? 1 : 0;
}

/** Things that were done by a program, in an order that is the other kind's the other way round; each pair is told once, of what is most displaced. */
export function orderDifferences({ stock, native }: Pair): FoundDifference[] {
  const names = (firsts: readonly FirstTimes[]) => new Set(firsts.flatMap((times) => Object.keys(times)));
  const ofNative = names(native.firsts);
  const common = [...names(stock.firsts)].filter((name) => ofNative.has(name));
  const swapped: [string, string][] = [];
  for (const [at, one] of common.entries()) {
    for (const other of common.slice(at + 1)) {
      const inStock = order(stock.firsts, one, other);
      if (inStock !== 0 && order(native.firsts, one, other) === -inStock)
        swapped.push(inStock < 0 ? [one, other] : [other, one]);
    }
  }
  return displaced(swapped);
}

/** @param swapped pairs as stock programs have them */
function displaced(swapped: readonly [string, string][]): FoundDifference[] {
  const found: FoundDifference[] = [];
  let left = swapped;
  while (left.length > 0) {
    const counts = new Map<string, number>();
    for (const name of left.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
    const [worst] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most));
    const its = left.filter((pair) => pair.includes(worst));
    const before = its.filter(([, second]) => second === worst).map(([first]) => first);
    const after = its.filter(([first]) => first === worst).map(([, second]) => second);
    found.push({
      kind: 'order',
      program: worst.split(' ', 1)[0] as Program,
      where: worst.slice(worst.indexOf(' ') + 1),
      stock: wordsOf(before, after),
      native: wordsOf(after, before),
    });
    left = left.filter((pair) => !pair.includes(worst));
  }
  return found;
}

function wordsOf(before: readonly string[], after: readonly string[]): string {
  return [
    ...(before.length > 0 ? [`after ${before.join(', ')}`] : []),
    ...(after.length > 0 ? [`before ${after.join(', ')}`] : []),
  ].join('; ');
}
