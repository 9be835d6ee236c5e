/** Which of the workspaces that are backed up are restored: drawn by a seed, the same for the same workspaces. */
import { hashWords, unitNumber } from '../../model/time/random.ts';
import type { RestoreSample } from './backup-options.ts';

interface Named {
  readonly namespace: string;
  readonly name: string;
}

/** @returns those that are drawn, in the order of the draw, and after them all others in theirs */
export function drawSample<T extends Named>(
  candidates: readonly T[],
  sample: RestoreSample | null,
  seed: string,
): { chosen: T[]; others: T[] } {
  const lot = ({ namespace, name }: Named) => unitNumber(hashWords(`${seed}\n${namespace}/${name}`));
  const drawn = candidates
    .map((one) => ({ one, lot: lot(one) }))
    .sort((a, b) => a.lot - b.lot)
    .map(({ one }) => one);
  const size = sampleSize(candidates.length, sample);
  return { chosen: drawn.slice(0, size), others: drawn.slice(size) };
}

/** Of a share what is over is rounded up, so that a small one still restores something. */
function sampleSize(of: number, sample: RestoreSample | null): number {
  if (sample === null) return 0;
  return Math.min(of, 'count' in sample ? sample.count : Math.ceil((of * sample.percent) / 100));
}

/** As it was asked for: `10`, `10%`; '' for none. */
export function sampleText(sample: RestoreSample | null): string {
  if (sample === null) return '';
  return 'count' in sample ? String(sample.count) : `${sample.percent}%`;
}
