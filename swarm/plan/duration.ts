/** Durations as plans write them: numbers with units, in a row. */

/** What {@link parseDuration} reads. */
export const DURATION_PATTERN = /^(\d{1,9}(\.\d{1,6})?(ms|s|m|h|d))+$/;

const SECONDS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Seconds of a text such as `1h30m` or `250ms`.
 * @throws RangeError when the text has another form.
 */
export function parseDuration(text: string): number {
  if (!DURATION_PATTERN.test(text)) {
    throw new RangeError(`"${text}" is no duration; allowed: numbers with units such as 90s, 5m or 1h30m`);
  }
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|s|m|h|d)/g)) seconds += Number(amount) * SECONDS[unit!]!;
  return seconds;
}

/** Days of the longest duration that a plan may name: what is longer is a slip of the pen. */
const LONGEST_DAYS = 365;

/** Whether a duration is one that a plan may name; of what is none its form is told. */
export function isPlanDuration(text: string): boolean {
  return !DURATION_PATTERN.test(text) || parseDuration(text) <= LONGEST_DAYS * 86_400;
}

/** Short text of a duration in seconds, e.g. `1h30m`, `45s`, `0.6s`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds * 1000) / 1000}s`;
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's'],
  ];
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join('');
}
