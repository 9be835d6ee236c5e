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

/**
 * What to try next, from what was tried. A level holds that held once, until it is to be confirmed: then it takes a second time, and of
 * three times two where the second one failed.
 */
export function nextTrial({ from, to, precision }: SearchLimits, tried: readonly TriedLevel[]): NextTrial {
  if (tried.length === 0) return { level: Math.min(from, to), confirmation: false };
  const times = (level: number, held: boolean) =>
    tried.filter((one) => one.level === level && one.held === held).length;
  const doubtful = tried.findLast(({ level }) => times(level, true) === 1 && times(level, false) === 1);
  if (doubtful) return { level: doubtful.level, confirmation: true };
  const fails = ({ level }: TriedLevel) => times(level, false) > times(level, true);
  const failed = Math.min(...tried.filter(fails).map(({ level }) => level));
  const held = tried.filter((one) => !fails(one) && one.level < failed);
  const best = Math.max(0, ...held.map(({ level }) => level));
  const confirmOrEnd = (): NextTrial =>
    times(best, true) >= 2
      ? { end: true, held: best, failed: failed === Number.POSITIVE_INFINITY ? null : failed }
      : { level: best, confirmation: true };
  if (failed === Number.POSITIVE_INFINITY) {
    return best >= to ? confirmOrEnd() : { level: Math.min(best * 2, to), confirmation: false };
  }
  if (best === 0) {
    if (failed <= 1) return { end: true, held: null, failed };
    return { level: Math.floor(failed / 2), confirmation: false };
  }
  const gap = failed - best;
  if (gap <= 1 || gap / best <= precision) return confirmOrEnd();
  return { level: best + Math.floor(gap / 2), confirmation: false };
}
