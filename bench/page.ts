/** The tables and plots of a part as a section of bench/README.md, between two comments that Markdown does not show. */
import type { Figures, Table } from './part.ts';
import { cellText } from './table.ts';

/** Where plots are, seen from the page. */
const PLOTS = '../docs/bench';

const marks = (name: string) => [`<!-- begin ${name} -->`, `<!-- end ${name} -->`] as const;

function tableMarkdown({ title, head, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
  const full = rows.map((row) => line(head.map((_, column) => cellText(row[column] ?? null))));
  const rule = `|${head.map((_, column) => (column === 0 ? '---|' : '---:|')).join('')}`;
  return [`${title[0]!.toUpperCase()}${title.slice(1)}:`, '', line(head), rule, ...full].join('\n');
}

/** @param measured when and on what, in a few words: parts may be of different runs */
export function partMarkdown({ tables, charts, notes }: Figures, measured: string): string {
  const plots = charts.map(({ name, title }) => `![${title}](${PLOTS}/${name}.svg)`);
  return [...tables.map(tableMarkdown), ...plots, ...notes, `*Measured ${measured}.*`].join('\n\n');
}

/** The page with the section of a part replaced. @throws Error when the page has none of it */
export function updatedPage(page: string, part: string, markdown: string): string {
  const [begin, end] = marks(part);
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no place for ${part}: ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n${markdown}\n${page.slice(to)}`;
}
