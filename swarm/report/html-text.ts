/** Text for documents that others open: names, messages and causes come from servers, and may hold anything. */

/** What XML 1.0 (Char) has no place for, and what a reader would not see: control characters, halves of surrogate pairs, non-characters. */
const UNFIT = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text without what XML and HTML cannot hold; each such character becomes U+FFFD. */
export function fitText(text: string): string {
  return text.replace(UNFIT, '\ufffd');
}

/** Text for the inside of an element or of a quoted attribute of HTML, SVG or XML. */
export function escapeText(text: string | number): string {
  return fitText(String(text)).replace(/[&<>"']/g, (one) => ENTITIES[one]!);
}

/** A table; cells are markup already. @param right columns of numbers, by their place */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = head.map((_, at) => at).slice(1),
): string {
  if (rows.length === 0) return '';
  const cell = (tag: 'th' | 'td', extra: string) => (text: string, at: number) =>
    `<${tag}${extra}${right.includes(at) ? ' class="n"' : ''}>${text}</${tag}>`;
  const body = rows.map((row) => `<tr>${row.map(cell('td', '')).join('')}</tr>`);
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head.map(cell('th', ' scope="col"')).join('')}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}

/** A list of lines, markup already; '' when there are none. */
export function htmlList(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `<ul>${lines.map((line) => `<li>${line}</li>`).join('\n')}</ul>`;
}
