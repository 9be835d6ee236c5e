/** A comparison of two runs as a person reads it in a terminal. */
import { formatValue } from './chart-scale.ts';
import { type ComparedFigure, type Comparison, figureName, isWorse, type MissingFigure } from './comparison.ts';
import { countOf, createStyle, firstLines, formatCount, type Style, table } from './style.ts';

const MOST_ROWS = 40;
const MOST_MISSING = 10;

export function renderComparison(comparison: Comparison, style: Style = createStyle(false)): string {
  const { a, b, warnings, figures, missing, worse } = comparison;
  const lines = [
    '',
    `${style.bold('A')}  ${a.run}  ${a.plan}, seed ${a.seed}, ${a.verdict ?? 'not ended'}`,
    `${style.bold('B')}  ${b.run}  ${b.plan}, seed ${b.seed}, ${b.verdict ?? 'not ended'}`,
    '',
    ...firstLines(warnings, MOST_ROWS, '--json has all of them').map((text) => style.warn(`warning: ${text}`)),
    ...(warnings.length > 0 ? [''] : []),
  ];
  const changed = changedFirst(figures).filter(({ level }) => level !== null && level !== 'same');
  if (changed.length > 0) {
    const rows = [
      ['', 'A', 'B', 'change', 'of A', 'of B', ''],
      ...changed.map((one) => [figureName(one), ...cellsOf(one)]),
    ];
    const [head = '', ...body] = table(rows, [1, 2, 3, 4, 5]);
    const painted = body.map((line, at) => paint(changed[at]!, line, style));
    lines.push(style.dim(head), ...firstLines(painted, MOST_ROWS, '--json and --html have all of them'), '');
  }
  lines.push(...countLines(comparison));
  if (missing.length > 0) {
    lines.push('', style.bold('Not on both sides'));
    lines.push(
      ...firstLines(missing.map(missingText), MOST_MISSING, '--json has all of them').map((line) => `  ${line}`),
    );
  }
  lines.push(
    '',
    worse.length === 0
      ? style.good('✓ nothing is significantly worse in B')
      : style.bad(`✗ significantly worse in B: ${countOf(worse.length, 'figure')}`),
    '',
  );
  return lines.join('\n');
}

/** `+12.3%`; a change from 0 has no share. */
export function changeText({ change, a, b }: Pick<ComparedFigure, 'change' | 'a' | 'b'>): string {
  if (a === null || b === null) return '-';
  if (change === null) return 'from 0';
  const percent = change * 100;
  return `${percent >= 0 ? '+' : '−'}${Math.abs(percent).toFixed(Math.abs(percent) < 100 ? 1 : 0)}%`;
}

/** A, B, change, denominators, judgement. */
export function cellsOf(one: ComparedFigure): string[] {
  const value = (given: number | null) => (given === null ? '-' : formatValue(given, one.unit));
  const samples = (given: number | null) => (given === null ? '' : formatCount(given));
  return [
    value(one.a),
    value(one.b),
    changeText(one),
    samples(one.samplesA),
    samples(one.samplesB),
    judgementText(one),
  ];
}

/** `significantly worse`, `notably better`, `same`, `not judged: fewer than 300 samples`. */
export function judgementText({ level, direction, notJudged }: ComparedFigure): string {
  if (level === null) return `not judged: ${notJudged}`;
  if (level === 'same') return 'same';
  const adverb = { minor: 'slightly', notable: 'notably', significant: 'significantly' }[level];
  return direction === 'neither' ? `${adverb} changed` : `${adverb} ${direction}`;
}

/** What is worse, then what is better, each with sums before their parts and the greatest change first; then what is neither, the same, or not judged. */
export function changedFirst(figures: readonly ComparedFigure[]): ComparedFigure[] {
  const place = ({ direction }: ComparedFigure) => {
    const at = ['worse', 'better', 'neither', 'same'].indexOf(direction ?? '');
    return at < 0 ? 4 : at;
  };
  const size = ({ change, level }: ComparedFigure) =>
    level === null ? 0 : change === null ? Number.MAX_VALUE : Math.abs(change);
  const parts = ({ labels }: ComparedFigure) => Math.min(1, Object.keys(labels).length);
  return figures.toSorted((x, y) => place(x) - place(y) || parts(x) - parts(y) || size(y) - size(x));
}

/** How many figures there are of each kind, and what the words mean. */
export function countLines({ figures, bands }: Comparison): string[] {
  const count = (is: (one: ComparedFigure) => boolean) => figures.filter(is).length;
  const { resources, times } = bands;
  return [
    `${countOf(figures.length, 'figure')} on both sides: ${count(isWorse)} significantly worse, ${count(({ direction }) => direction === 'worse')} worse in all, ${count(({ direction }) => direction === 'better')} better, ${count(({ level }) => level === 'same')} the same, ${count(({ level }) => level === null)} not judged`,
    `bands: times notable from ${times[0]}%, significant above ${times[1]}%; everything else slight from ${resources[0]}%, notable from ${resources[1]}%, significant above ${resources[2]}%`,
  ];
}

export function missingText(one: MissingFigure): string {
  return `${figureName({ ...one, statistic: '' })}: not in ${one.missingIn.toUpperCase()}`;
}

function paint(one: ComparedFigure, line: string, style: Style): string {
  if (isWorse(one)) return style.bad(line);
  if (one.direction === 'worse') return style.warn(line);
  return one.direction === 'better' ? style.good(line) : line;
}
