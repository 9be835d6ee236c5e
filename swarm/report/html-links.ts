/** Slow links, in a report; '' where no host had one. */
import { escapeText, htmlTable } from './html-text.ts';
import type { KeptSummary } from './kept-summary.ts';
import { percentileOf, type Quantiles } from './quantiles.ts';
import { formatCount, formatMs } from './style.ts';

/** @param percentiles 100 for the highest value */
export function linkTable({ links }: KeptSummary, percentiles: readonly number[]): string {
  if (links.length === 0) return '';
  const times = (measured: Quantiles) =>
    percentiles.map((one) => {
      const value = measured.count === 0 ? null : percentileOf(measured, one);
      return value === null ? '-' : formatMs(value);
    });
  const rows = links.flatMap(({ name, share, hosts, connections, connect, requests, stalls, resets }) => [
    [
      ...[name, `${formatCount(hosts)} (${Number((share * 100).toPrecision(5))}%)`, 'connections'],
      ...[formatCount(connections), ...times(connect), formatCount(stalls), formatCount(resets)],
    ],
    ['', '', 'requests', formatCount(requests.count), ...times(requests), '', ''],
  ]);
  const heads = percentiles.map((one) => (one === 100 ? 'max' : `p${one}`));
  const head = ['link', 'hosts', '', 'count', ...heads, 'lost packets', 'resets'];
  return htmlTable(
    head,
    rows.map((cells) => cells.map((text) => escapeText(text))),
    head.map((_, i) => i).filter((i) => i === 1 || i > 2),
  );
}
