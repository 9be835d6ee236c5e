/** Indexes of pods of a Job as text, such as `1,3-5`: kubernetes, pkg/apis/batch/validation/validation.go validateIndexesFormat. */

interface Interval {
  readonly first: number;
  readonly last: number;
}

const LARGEST = 2 ** 63;

/** strconv.Atoi */
function integer(text: string): number | undefined {
  const value = /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Math.abs(value) < LARGEST ? value : undefined;
}

/** @returns the interval, or what is wrong with it. */
function interval(text: string, completions: number): Interval | string {
  const parts = text.split('-');
  if (parts.length > 2) {
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  }
  const numbers: number[] = [];
  for (const part of parts) {
    const value = integer(part);
    if (value === undefined) return `cannot convert string to integer for index: ${JSON.stringify(part)}`;
    if (value >= completions) return `too large index: ${JSON.stringify(part)}`;
    numbers.push(value);
  }
  const [first, last] = numbers as [number, number | undefined];
  if (last === undefined) return { first, last: first };
  return first >= last ? `non-increasing order, previous: ${first}, current: ${last}` : { first, last };
}

/** @returns how many indexes there are, or what is wrong. */
export function indexCount(text: string, completions: number): number | string {
  if (text === '') return 0;
  let total = 0;
  let previous: number | undefined;
  for (const part of text.split(',')) {
    const read = interval(part, completions);
    if (typeof read === 'string') return read;
    if (previous !== undefined && previous >= read.first) {
      return `non-increasing order, previous: ${previous}, current: ${read.first}`;
    }
    total += read.last - read.first + 1;
    previous = read.last;
  }
  return total;
}

/** @returns the first index that is in both; what cannot be read is in neither (validateFailedIndexesNotOverlapCompleted). */
export function commonIndex(completed: string, failed: string, completions: number): number | undefined {
  if (completed === '' || failed === '') return undefined;
  const read = (text: string) =>
    text
      .split(',')
      .map((part) => interval(part, completions))
      .filter((entry) => typeof entry !== 'string');
  const [done, lost] = [read(completed), read(failed)];
  let at = 0;
  let other = 0;
  while (at < done.length && other < lost.length) {
    const [left, right] = [done[at]!, lost[other]!];
    if (left.first <= right.last && right.first <= left.last) return Math.max(left.first, right.first);
    if (left.first <= right.first) at++;
    else other++;
  }
  return undefined;
}
