/** Numbers as Go writes them: strconv.FormatFloat and the verbs of fmt. */

const named = (value: number): string | undefined => {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? undefined : value > 0 ? '+Inf' : '-Inf';
};

/** With an exponent of two digits at least. */
const withExponent = (text: string) => text.replace(/e([+-])(\d)$/, 'e$10$2');

/** `%g`: the shortest text that gives the number again, with an exponent below 1e-4 and from 1e6 on. */
export function goDouble(value: number): string {
  const special = named(value);
  if (special !== undefined) return special;
  const [mantissa = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6)
    return withExponent(`${mantissa}e${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** `%.Nf`, with separators of thousands as American English has them. */
export function goFixed(value: number, precision: number, grouped: boolean): string {
  const special = named(value);
  if (special !== undefined) return grouped ? special.replace('+Inf', '∞').replace('-Inf', '-∞') : special;
  return value.toLocaleString('en-US', {
    minimumFractionDigits: precision,
    maximumFractionDigits: precision,
    useGrouping: grouped,
    roundingMode: 'halfEven',
  });
}

/** `%.Ne` as x/text writes it in American English: `1.5 × 10³`. */
export function goScientific(value: number, precision: number): string {
  const special = named(value);
  if (special !== undefined) return special.replace('+Inf', '∞').replace('-Inf', '-∞');
  const [mantissa = '', power = '0'] = value.toExponential(precision).split('e');
  const exponent = String(Math.abs(Number(power))).padStart(2, '0');
  return `${mantissa}\u202f×\u202f10${power.startsWith('-') ? '⁻' : ''}${[...exponent].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`;
}
