/**
 * The search for the highest load that a service holds: doubled until it fails, halved towards the border, confirmed there.
 *
 *    level    ▁▂▄█        █ failed          the same plan and seed take the same way, as long as the service answers alike
 *                   ▆ ▇ ▆▅ …                between the highest that held and the lowest that failed
 *                          ▆ ✓              once more, from an empty service
 */

export interface SearchLimits {
  /** The first level, and the highest that is tried. Whole numbers. */
  from: number;
  to: number;
  /** The border is known when it is known to this share of itself. */
  precision: number;
}

export interface TriedLevel {
  level: number;
  held: boolean;
  /** Tried to confirm what had held before. */
  confirmation: boolean;
}

export type NextTrial =
  | { level: number; confirmation: boolean }
  /** `held`: null when not even the lowest level was; `failed`: the lowest that did not hold, null when all did. */
  | { end: true; held: number | null; failed: number | null };

/** What to try next, from what was tried. */
export function nextTrial({ from, to, precision }: SearchLimits, tried: readonly TriedLevel[]): NextTrial {
  // A level that failed once is not held, whatever it did before.
  const failed = Math.min(...tried.filter(({ held }) => !held).map(({ level }) => level));
  const held = tried.filter((one) => one.held && one.level < failed);
  const best = Math.max(0, ...held.map(({ level }) => level));
  if (tried.length === 0) return { level: Math.min(from, to), confirmation: false };
  if (failed === Number.POSITIVE_INFINITY) {
    if (best >= to) return confirmOrEnd(held, best, null);
    return { level: Math.min(best * 2, to), confirmation: false };
  }
  if (best === 0) {
    if (failed <= 1) return { end: true, held: null, failed };
    return { level: Math.floor(failed / 2), confirmation: false };
  }
  const gap = failed - best;
  if (gap <= 1 || gap / best <= precision) return confirmOrEnd(held, best, failed);
  return { level: best + Math.floor(gap / 2), confirmation: false };
}

function confirmOrEnd(held: readonly TriedLevel[], best: number, failed: number | null): NextTrial {
  const times = held.filter(({ level }) => level === best).length;
  return times >= 2 ? { end: true, held: best, failed } : { level: best, confirmation: true };
}
