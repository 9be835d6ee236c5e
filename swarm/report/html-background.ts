/** Readers and clusters that are made anew, in a report. Each gives '' where there is nothing to show. */
import { churnLines } from './background-text.ts';
import { escapeText, htmlList, htmlTable } from './html-text.ts';
import type { KeptSummary } from './kept-summary.ts';
import { percentileOf } from './quantiles.ts';
import { formatCount, formatMs, formatShare } from './style.ts';

/** Users who looked at things all the time. @param percentiles 100 for the highest value */
export function readerTable({ readers }: KeptSummary, percentiles: readonly number[]): string {
  if (readers.length === 0) return '';
  const heads = percentiles.map((one) => (one === 100 ? 'max' : `p${one}`));
  const rows = readers.map(({ load, amount, everySeconds, requests, looks, failed, missed, duration }) => {
    const times = percentiles.map((one) => {
      const value = duration.count === 0 ? null : percentileOf(duration, one);
      return value === null ? '-' : formatMs(value);
    });
    const counts = [requests, looks].map((count) => formatCount(count));
    const texts = [load, formatCount(amount), `${everySeconds} s`, ...counts, formatShare(failed, looks)];
    return [...texts, formatCount(missed), ...times].map((text) => escapeText(text));
  });
  const head = ['looks at', 'users', 'every', 'requests', 'looks', 'failed', 'missed', ...heads];
  return htmlTable(
    head,
    rows,
    head.map((_, i) => i).filter((i) => i > 0),
  );
}

/** Clusters that were removed and made anew. */
export function churnTable(summary: KeptSummary): string {
  const lines = churnLines(summary);
  return lines.length === 0 ? '' : `<div class="card">${htmlList(lines.map((line) => escapeText(line)))}</div>`;
}
