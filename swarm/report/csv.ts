/** CSV as RFC 4180 has it, safe to open with a spreadsheet. */

/** What makes a spreadsheet take a text for a formula (OWASP, CSV Injection). */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * One line with its end. Numbers stand as they are, null is empty. A text that a spreadsheet would take for a formula gets an apostrophe
 * before it: names and messages come from servers.
 */
export function csvLine(cells: readonly (string | number | boolean | null)[]): string {
  return `${cells.map(cellText).join(',')}\r\n`;
}

function cellText(cell: string | number | boolean | null): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
