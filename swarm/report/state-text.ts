/** States, reactions and what is stuck, as a person reads them in a terminal: what takes longest, and nothing of what never ends. */
import { STATEFUL_KINDS } from '../telemetry/reactions.ts';
import { isFinalState } from '../telemetry/state-times.ts';
import type { OpenQuantiles } from './state-summary.ts';
import { countOf, firstLines, formatCount, formatMs, formatShare, table } from './style.ts';
import type { RunSummary } from './summary.ts';

/** States of each kind, those in which 99 % took longest. */
const NAMED_STATES = 3;
const NAMED_STUCK = 8;
const NAMED_CAUSES = 5;
/** Longest that a cause is here; summary.json has all of it. */
const CAUSE_CHARACTERS = 150;
const REST = 'summary.json has all of them';

const HEAD = ['ended', 'open', 'p50', 'p95', 'p99', 'max'];

/** `> 5m00s`: at least, as what is open hides it. */
function cells({ ended, open, p50, p95, p99, max }: OpenQuantiles): string[] {
  const text = (value: number | null) => (value === null ? `> ${formatMs(max)}` : formatMs(value));
  return [formatCount(ended), formatCount(open), ...[p50, p95, p99].map(text), formatMs(max)];
}

export function stateLines({ states }: Pick<RunSummary, 'states'>): string[] {
  const rows = STATEFUL_KINDS.flatMap((kind) =>
    states
      .filter(({ of, state, ended, open }) => of === kind && ended + open > 0 && !isFinalState(of, state))
      .sort((a, b) => (b.p99 ?? Number.POSITIVE_INFINITY) - (a.p99 ?? Number.POSITIVE_INFINITY) || b.max - a.max)
      .slice(0, NAMED_STATES)
      .map((row) => [row.of, row.state, ...cells(row)]),
  );
  return rows.length === 0 ? [] : table([['', 'state', ...HEAD], ...rows], [2, 3, 4, 5, 6, 7]);
}

export function reactionLines({ reactions }: Pick<RunSummary, 'reactions'>): string[] {
  if (reactions.length === 0) return [];
  const rows = reactions.map((row) => [
    `${row.all ? `all ${row.from.of}s` : row.from.of} ${row.from.state} → ${row.to.of} ${row.to.state}`,
    ...cells(row),
  ]);
  return table([['', ...HEAD], ...rows], [1, 2, 3, 4, 5, 6]);
}

export function divergenceLines({ divergence }: Pick<RunSummary, 'divergence'>): string[] {
  if (divergence.length === 0) return [];
  const rows = divergence.map((row) => [
    row.of,
    formatCount(row.compared),
    formatShare(row.differed, row.compared),
    ...(row.ended + row.open === 0 ? HEAD.map(() => '-') : cells(row)),
  ]);
  return table([['', 'compared', 'differed', ...HEAD], ...rows], [1, 2, 3, 4, 5, 6, 7, 8]);
}

export function stuckLines({ stuck: { count, oldest } }: Pick<RunSummary, 'stuck'>): string[] {
  if (count === 0) return [];
  const lines = oldest.map(({ of, name, id, state, seconds, usualSeconds }) => {
    const usual =
      usualSeconds === null
        ? 'nobody else tells what is usual'
        : `99 % of the others needed ${formatMs(usualSeconds * 1000)}`;
    return `${of} ${name}${of === 'host' || of === 'agent' ? ` (${id})` : ''}: ${state} for ${formatMs(seconds * 1000)}, ${usual}`;
  });
  const named = lines.slice(0, NAMED_STUCK);
  if (count <= named.length) return named;
  return [...named, `and ${formatCount(count - named.length)} more; summary.json names the ${oldest.length} oldest`];
}

export function causeLines({ failureCauses }: Pick<RunSummary, 'failureCauses'>): string[] {
  const lines = failureCauses.map(({ of, cause, count, names }) => {
    const short = cause.length > CAUSE_CHARACTERS ? `${cause.slice(0, CAUSE_CHARACTERS - 1)}…` : cause;
    return `${countOf(count, of)}: ${short} (${count === 1 ? '' : 'such as '}${names[0]})`;
  });
  return firstLines(lines, NAMED_CAUSES, REST);
}
