/** What restores have come to, in lines for a terminal and for the report. */
import { formatCount, formatShare } from '../report/style.ts';
import { CASE_EXPECTATIONS } from './restore-content.ts';
import type { RestoredFigures, RestoreFigures } from './restore-figures.ts';

/** Of the sample: `95.0% (19 of 20) …`. */
export function restoredLine({ mode, sample, candidates, restored, outcomes }: RestoreFigures): string {
  const lost = (['failed', 'timed-out', 'not-made', 'not-deleted', 'unfinished'] as const)
    .filter((name) => outcomes[name] > 0)
    .map((name) => `${formatCount(outcomes[name])} ${name.replace('-', ' ')}`);
  const share = `${formatShare(restored.hits, restored.of)} (${formatCount(restored.hits)} of ${formatCount(restored.of)})`;
  const asked = `${mode}, ${sample} of ${formatCount(candidates)} that are backed up`;
  return `${[`${share} are back with their content`, ...lost].join(', ')}; ${asked}`;
}

/** `missing-image: failed, as expected: …` */
export function caseLine({ case: kind, outcome, asExpected, message, failedContainer }: RestoredFigures): string {
  const judged = asExpected ? 'as expected' : `expected ${CASE_EXPECTATIONS[kind!]}`;
  const why = message === '' ? '' : `: ${message}`;
  return `${kind}: ${outcome}${failedContainer === '' ? '' : ` in ${failedContainer}`}, ${judged}${why}`;
}

/** Cases that did not end as they must. */
export const unexpectedCases = ({ cases }: RestoreFigures): RestoredFigures[] =>
  cases.filter(({ asExpected }) => !asExpected);
