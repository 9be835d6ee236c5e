/** Tables as text. */
import type { Cell, Table } from './part.ts';

/** `1,234`, `12.3`, `0.0456`: three digits of what is below 1000, and whole numbers above; '' for null. */
export function cellText(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell;
  if (!Number.isFinite(cell)) return '-';
  return cell.toLocaleString(
    'en-US',
    Math.abs(cell) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );
}

/** An aligned table under its title; the first column stands left, the others right. */
export function tableText({ title, head, rows }: Table): string {
  const texts = [head, ...rows.map((row) => row.map(cellText))];
  const widths = head.map((_, column) => Math.max(...texts.map((row) => (row[column] ?? '').length)));
  const lines = texts.map((row) =>
    widths
      .map((width, column) => (column === 0 ? (row[0] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)))
      .join('  ')
      .trimEnd(),
  );
  return [title, '', ...lines].join('\n');
}

/** The `share`-th of sorted values, 0 … 1; null of none. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? null;
}

/** Null where one of them was not measured. */
export function ratio(one: number | null | undefined, other: number | null | undefined): number | null {
  return one == null || other == null || other === 0 ? null : one / other;
}
