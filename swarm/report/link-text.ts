/** Slow links, in the terminal's summary. */
import type { LinkSummary } from './link-summary.ts';
import { quantileTexts } from './quantiles.ts';
import { countOf, formatCount, type Style, table } from './style.ts';

export function linkLines({ links }: { links: readonly LinkSummary[] }, style: Style): string[] {
  if (links.length === 0) return [];
  const rows = links.flatMap(({ name, share, hosts, connections, connect, requests, stalls, resets }) => [
    [
      `${name}: ${countOf(hosts, 'host')} (${Number((share * 100).toPrecision(5))}%)`,
      'connections',
      formatCount(connections),
      ...quantileTexts(connect, ['p50', 'p95', 'p99', 'max']),
      formatCount(stalls),
      formatCount(resets),
    ],
    ['', 'requests', formatCount(requests.count), ...quantileTexts(requests, ['p50', 'p95', 'p99', 'max']), '', ''],
  ]);
  const lines = table(
    [['hosts over', '', 'count', 'p50', 'p95', 'p99', 'max', 'lost packets', 'resets'], ...rows],
    [2, 3, 4, 5, 6, 7, 8],
  );
  return [style.dim(lines[0]!), ...lines.slice(1)];
}
