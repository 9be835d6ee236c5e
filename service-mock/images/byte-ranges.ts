/** The header `Range`, as Go's net/http reads it: fs.go, parseRange. */

export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** A range that cannot be served; the message is the server's. */
export class UnservableRange extends Error {
  /** Whether the client should be told the size, as nothing of it was asked for. */
  readonly tellSize: boolean;

  constructor(message: string, tellSize: boolean) {
    super(message);
    this.name = 'UnservableRange';
    this.tellSize = tellSize;
  }
}

const invalid = () => new UnservableRange('invalid range', false);
const DIGITS = /^\d{1,18}$/;

/**
 * Parts of something that are asked for; none for all of it.
 * @throws UnservableRange for a header that is not valid, or when all its ranges begin after the end
 */
export function parseByteRanges(header: string, size: number): ByteRange[] {
  if (header === '') return [];
  if (!header.startsWith('bytes=')) throw invalid();
  const ranges: ByteRange[] = [];
  let beyond = false;
  for (const piece of header.slice('bytes='.length).split(',')) {
    const text = piece.trim();
    if (text === '') continue;
    const dash = text.indexOf('-');
    if (dash < 0) throw invalid();
    const range = rangeOf(text.slice(0, dash).trim(), text.slice(dash + 1).trim(), size);
    if (range) ranges.push(range);
    else beyond = true;
  }
  if (beyond && ranges.length === 0) throw new UnservableRange('invalid range: failed to overlap', true);
  return ranges;
}

/** Null when it begins after the end. */
function rangeOf(first: string, last: string, size: number): ByteRange | null {
  if (first === '') {
    if (!DIGITS.test(last)) throw invalid();
    const length = Math.min(Number(last), size);
    return { start: size - length, length };
  }
  if (!DIGITS.test(first)) throw invalid();
  const start = Number(first);
  if (start >= size) return null;
  if (last === '') return { start, length: size - start };
  if (!DIGITS.test(last) || start > Number(last)) throw invalid();
  return { start, length: Math.min(Number(last), size - 1) - start + 1 };
}
