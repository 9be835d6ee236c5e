/**
 * Integers of 64 bits, which the API server keeps whole: numbers as far as those are exact, BigInt beyond (sigs.k8s.io/json, json.go
 * convertInterfaceNumbers). What no int64 holds, and what is written with a point or an exponent, is a float as it is to Go.
 */

const LEAST = -(2n ** 63n);
const MOST = 2n ** 63n - 1n;

/** Written as it is, without quotes. Nothing else in this program has BigInts in JSON. */
Object.defineProperty(BigInt.prototype, 'toJSON', {
  value(this: bigint) {
    return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(this));
  },
});

/** Digits enough to be no exact number. */
const LONG_DIGITS = /\d{16}/;

const INTEGER = /^-?\d+$/;

/** Any integer as objects hold it; a number that is not exact for one that no int64 holds. */
export const integerOf = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) || value < LEAST || value > MOST ? number : value;
};

/** Whether text holds an integer that a number might not. */
export const hasLongIntegers = (text: string): boolean => LONG_DIGITS.test(text);

/** JSON.parse that keeps integers of 64 bits. @throws SyntaxError */
export function parseJsonExactly(text: string): unknown {
  return hasLongIntegers(text) ? JSON.parse(text, keepInteger) : JSON.parse(text);
}

function keepInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) && INTEGER.test(source)
    ? integerOf(BigInt(source))
    : value;
}

/** The same for what a parser has read with all integers as BigInt; changed in place. */
export function withExactIntegers(value: unknown): unknown {
  if (typeof value === 'bigint') return integerOf(value);
  if (typeof value !== 'object' || value === null) return value;
  const holder = value as Record<string, unknown>;
  for (const key of Object.keys(holder)) holder[key] = withExactIntegers(holder[key]);
  return value;
}

/** Whether Go would hold a value of an object as int64. */
export const isInt64 = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63);
