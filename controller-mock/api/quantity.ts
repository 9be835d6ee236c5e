/** Quantities such as `500m`, `1.5Gi` or `2e3`, brought into the one form in which the API server answers them. */
const SYNTAX = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([KMGTPE]i)|([numkMGTPE])|([eE][+-]?\d{1,2}))?$/;

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
/** Everything is counted in nano units, the finest a quantity has. */
const NANO = 10n ** 9n;
/** Longer numbers than any honest quantity has. */
const LENGTH_LIMIT = 100;

/** Sizes of a quantity in nano units; what is finer is rounded up, away from zero. */
function nanosOf([, , digits = '', binary, decimal, exponent]: RegExpExecArray): bigint {
  const [whole = '', fraction = ''] = digits.split('.');
  let numerator = BigInt(`${whole}${fraction}` || '0') * NANO;
  let denominator = 10n ** BigInt(fraction.length);
  if (binary) numerator *= 1024n ** BigInt(BINARY.indexOf(binary));
  const power = exponent ? Number(exponent.slice(1)) : decimal ? 3 * (DECIMAL.indexOf(decimal) - 3) : 0;
  if (power > 0) numerator *= 10n ** BigInt(power);
  else denominator *= 10n ** BigInt(-power);
  return (numerator + denominator - 1n) / denominator;
}

/** The exact value in nano units; 0 for what is no quantity. */
export function quantityNanos(quantity: unknown): bigint {
  const parts = SYNTAX.exec(String(quantity));
  return parts ? (parts[1] === '-' ? -nanosOf(parts) : nanosOf(parts)) : 0n;
}

/** @returns undefined when the text is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  const parts = text.length <= LENGTH_LIMIT ? SYNTAX.exec(text) : null;
  if (!parts) return undefined;
  const [, sign, , binary, , exponent] = parts;
  const nanos = nanosOf(parts);
  if (nanos === 0n) return '0';
  const prefix = sign === '-' ? '-' : '';
  if (binary && nanos % NANO === 0n) {
    let value = nanos / NANO;
    let index = 0;
    while (value % 1024n === 0n && index < BINARY.length - 1) {
      value /= 1024n;
      index++;
    }
    return `${prefix}${value}${BINARY[index]}`;
  }
  let value = nanos;
  let index = 0;
  while (value % 1000n === 0n && index < DECIMAL.length - 1) {
    value /= 1000n;
    index++;
  }
  const tens = 3 * (index - 3);
  return `${prefix}${value}${exponent ? (tens === 0 ? '' : `e${tens}`) : DECIMAL[index]}`;
}

const UNIT: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
};

/** The value as a number; 0 for what is no quantity. */
export function quantityValue(quantity: unknown): number {
  const parts = SYNTAX.exec(String(quantity));
  if (!parts) return 0;
  const [, sign, digits, binary, decimal, exponent] = parts;
  const unit = binary
    ? 1024 ** BINARY.indexOf(binary)
    : decimal
      ? UNIT[decimal]!
      : exponent
        ? Number(`1${exponent}`)
        : 1;
  return (sign === '-' ? -1 : 1) * Number(digits) * unit;
}
