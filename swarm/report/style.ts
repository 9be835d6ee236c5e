/** Terminal words for numbers, and colours that go away when nobody sees them. */

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  accent(text: string): string;
}

const plain = (text: string) => text;
const paint = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`;

/** Colours for a terminal; without `colour` the text stays as it is. */
export function createStyle(colour: boolean): Style {
  if (!colour) return { bold: plain, dim: plain, good: plain, bad: plain, warn: plain, accent: plain };
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    good: paint(32, 39),
    bad: paint(31, 39),
    warn: paint(33, 39),
    accent: paint(36, 39),
  };
}

/** Whether to colour: a terminal that did not ask for NO_COLOR. */
export function wantsColour(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** `12,345`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `1 cluster`, `12,345 clusters`. @param many when it is not the word with an s */
export function countOf(amount: number, one: string, many = `${one}s`): string {
  return `${formatCount(amount)} ${amount === 1 ? one : many}`;
}

/** Three digits are enough: `0.4 ms`, `12 ms`, `1.2 s`, `3m20s`, `1h02m`. */
export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 9_950 ? 1 : 0)} s`;
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
}

/** `1.5 GB`, powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

/** Percent of a whole; '-' when the whole is 0. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '-';
  const percent = (100 * part) / whole;
  return `${percent !== 0 && percent < 10 ? percent.toFixed(2) : percent.toFixed(1)}%`;
}

/** A bar of `width` cells, at least one of them filled when there is anything to show. */
export function bar(part: number, whole: number, width: number): string {
  const share = whole === 0 ? 0 : Math.min(1, part / whole);
  const cells = part > 0 ? Math.max(1, Math.floor(share * width)) : 0;
  return '█'.repeat(cells) + '░'.repeat(width - cells);
}

const SPARKS = ' ▁▂▃▄▅▆▇█';

/** One cell a value, as high as its share of the highest; blank for 0. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(0, ...values);
  return values
    .map((value) => SPARKS[value > 0 && most > 0 ? Math.max(1, Math.round((value / most) * (SPARKS.length - 1))) : 0])
    .join('');
}

/** Columns padded to their widest cell; `right` names the columns aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, at) => (right.includes(at) ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd(),
  );
}

/**
 * The first of many lines, and how many more there are: what a terminal shows of a list that may have thousands.
 * @param rest where the others are, e.g. `--json prints all of them`
 */
export function firstLines(lines: readonly string[], most: number, rest: string): string[] {
  if (lines.length <= most) return [...lines];
  return [...lines.slice(0, most), `and ${formatCount(lines.length - most)} more; ${rest}`];
}

/** A word of a command that can be pasted into a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
