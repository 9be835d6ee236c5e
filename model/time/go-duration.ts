/** Durations as Go programs write them in their settings: Go, time/format.go, ParseDuration. */

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const FORM = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** Milliseconds that none has: they are counted in nanoseconds of 64 bits. */
export const TOO_LONG_MS = 2 ** 63 / 1e6;

/** Milliseconds of a text such as `1h30m` or `1.5s`; null when Go would refuse it. */
export function goDurationMs(text: string): number | null {
  if (/^[-+]?0$/.test(text)) return 0;
  const match = FORM.exec(text);
  if (!match) return null;
  let ms = 0;
  for (const [, amount, unit] of match[2]!.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    ms += Number(amount) * UNITS[unit!]!;
  }
  if (ms >= TOO_LONG_MS) return null;
  return match[1] === '-' ? -ms : ms;
}
