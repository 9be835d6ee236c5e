/** What a plan says of the downloads of booting hosts. */
import type { BootLoad } from './expanded-plan.ts';
import type { PlanFile } from './schema.ts';

/** Bytes in a second: a gigabit port. */
const RATE_PER_HOST = 100e6;
const READ_BYTES = 1e6;
const LEAST_BYTES = 1000;
const FACTORS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/**
 * Null when nothing is downloaded.
 * @param refuse told of each value that is too small, with what is allowed
 */
export function bootLoad(
  given: PlanFile['boot'],
  refuse: (key: 'rate_per_host' | 'rate_total' | 'read_size', allowed: string) => void,
): BootLoad | null {
  if (given === undefined) return null;
  const amount = (key: Parameters<typeof refuse>[0]) => {
    const text = given[key];
    if (text === undefined) return null;
    const bytes = parseBytes(text);
    if (bytes < LEAST_BYTES) refuse(key, `at least 1kB${key === 'read_size' ? '' : '/s'}`);
    return bytes;
  };
  const { from = 'none', share = 1 } = given;
  const ratePerHost = amount('rate_per_host') ?? RATE_PER_HOST;
  const rateTotal = amount('rate_total');
  const readBytes = amount('read_size') ?? READ_BYTES;
  return from === 'none' ? null : { from, share, ratePerHost, rateTotal, readBytes };
}

/** Bytes of a text such as `1.5MB/s` or `64kB`: powers of 1000. */
export function parseBytes(text: string): number {
  const [, amount, unit] = /^([\d.]+)([kMG]?)B/.exec(text)!;
  return Math.round(Number(amount) * FACTORS[unit!]!);
}
