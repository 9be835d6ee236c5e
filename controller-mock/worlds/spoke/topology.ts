/** How the shape of a spoke is written. */
import type { SpokeTopology } from '../../../model/spoke/stages.ts';

const NAMED: Readonly<Record<string, SpokeTopology>> = {
  sno: { controlPlanes: 1, arbiters: 0, workers: 0 },
  compact: { controlPlanes: 3, arbiters: 0, workers: 0 },
};

/**
 * `sno`, `compact`, `3+2` (control plane and workers) or `2+1+0` (control plane, arbiters, workers).
 * @throws Error that says what is allowed
 */
export function parseTopology(text: string): SpokeTopology {
  const named = Object.hasOwn(NAMED, text) ? NAMED[text] : undefined;
  if (named) return named;
  const match = /^([1-5])(?:\+([01]))?\+(\d{1,3})$/.exec(text);
  if (!match) {
    throw new Error(
      `unknown topology "${text}": use sno, compact, MASTERS+WORKERS such as 3+2, or MASTERS+ARBITERS+WORKERS such as 2+1+0`,
    );
  }
  return { controlPlanes: Number(match[1]), arbiters: Number(match[2] ?? 0), workers: Number(match[3]) };
}
