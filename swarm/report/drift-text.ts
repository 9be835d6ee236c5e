/** The comparison of both kinds of hosts as a person reads it in a terminal. */

import type { TrafficProfile } from '../telemetry/traffic/traffic-profile.ts';
import type { DocumentDifference } from './api-document.ts';
import type { Difference } from './difference.ts';
import { type Drift, type DriftRow, findDrift, type OperationFigures, type ShapeDrift } from './drift.ts';
import { createStyle, firstLines, formatMs, type Style, table } from './style.ts';
import type { DriftSummary } from './summary.ts';

/** Differences named in full. */
const NAMED = 25;

/**
 * Lines of the comparison, joined. Figures are those of stock programs, with those of native ones behind an arrow where they differ.
 * @param document what came of the comparison with the service's own document; null where there is none
 */
export function renderDrift(
  drift: Drift,
  document: readonly DocumentDifference[] | null,
  style: Style = createStyle(false),
): string {
  const lines: string[] = [];
  for (const shape of drift.shapes) lines.push(...shapeTable(shape, style), '');
  lines.push(...differenceLines(drift.differences, style));
  if (drift.explained.length > 0) {
    lines.push('', style.bold('Not counted'));
    const explained = drift.explained.map((one) => `  ${described(one)}\n${style.dim(`    ${one.explained}`)}`);
    lines.push(...firstLines(explained, NAMED, 'all of them: --json'));
  }
  lines.push('', ...documentLines(document, style));
  return `${lines.join('\n')}\n`;
}

/** What a run's summary says of it; null where nothing could be compared. */
export function driftSummary(profiles: readonly TrafficProfile[]): DriftSummary | null {
  const drift = findDrift(profiles);
  return drift.shapes.length === 0 ? null : { differences: drift.differences.length, result: driftVerdict(drift) };
}

/** In one line what came out. */
export function driftVerdict({ differences, shapes }: Drift): string {
  if (shapes.length === 0) return 'nothing was recorded of both kinds of hosts';
  const count = differences.length;
  if (count === 0) return 'native agents sent what stock programs did';
  const [first] = differences;
  return `${count} difference${count === 1 ? '' : 's'} between native agents and stock programs${count === 1 ? ': ' : ', first of all: '}${described(first!)}`;
}

function shapeTable({ shape, hosts, clusters, rows }: ShapeDrift, style: Style): string[] {
  const head = ['', 'program', 'operation', 'times', 'head bytes', 'body bytes', 'response', 'every', 'drift'];
  const cells = rows.map((row) => [
    row.drift.length > 0 ? '✗' : '✓',
    row.program,
    row.detail === '' ? row.operation : `${row.operation} ${row.detail}`,
    cell(row, ({ perSource }) => trimmed(perSource)),
    cell(row, ({ headBytes }) => whole(headBytes)),
    cell(row, ({ bodyBytes }) => whole(bodyBytes)),
    cell(row, ({ responseBytes }) => whole(responseBytes)),
    cell(row, ({ everyMs }) => (everyMs === null ? '-' : formatMs(everyMs))),
    row.drift.join(', '),
  ]);
  const number = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
  const title = `${shape}: ${number(hosts.stock, 'stock host')} of ${number(clusters.stock, 'cluster')} → ${number(hosts.native, 'native host')} of ${number(clusters.native, 'cluster')}`;
  const body = table([head, ...cells], [3, 4, 5, 6, 7]);
  return [
    style.bold(title),
    ...body.map((line, at) => `  ${at === 0 ? style.dim(line) : line.startsWith('✗') ? style.bad(line) : line}`),
  ];
}

/** One value when both kinds are the same at this precision. */
function cell({ stock, native }: DriftRow, of: (figures: OperationFigures) => string): string {
  const one = stock ? of(stock) : 'none';
  const other = native ? of(native) : 'none';
  return one === other ? one : `${one} → ${other}`;
}

function differenceLines(differences: readonly Difference[], style: Style): string[] {
  if (differences.length === 0) return [style.good('✓ no drift')];
  return [
    style.bold(`Drift: ${differences.length} difference${differences.length === 1 ? '' : 's'}`),
    ...firstLines(
      differences.map((one) => `  ${described(one)}`),
      NAMED,
      'all of them: --json',
    ),
  ];
}

function documentLines(document: readonly DocumentDifference[] | null, style: Style): string[] {
  if (!document)
    return [
      style.dim(
        'OpenAPI: not compared, because the service published no document in this run (--service URL asks one)',
      ),
    ];
  if (document.length === 0) return [style.good("✓ OpenAPI: native agents agree with the service's document")];
  return [
    style.bold("OpenAPI: differences from the service's document"),
    ...firstLines(
      document.map(({ kind, names, of, missing }) => `  ${kind} of ${of}: not ${missing}: ${names.join(', ')}`),
      NAMED,
      'all of them: --json',
    ),
  ];
}

function described({ kind, program, where, stock, native }: Difference): string {
  return `${kind}: ${program} ${where}: stock ${stock}; native ${native}`;
}

const trimmed = (value: number) => value.toFixed(1).replace(/\.0$/, '');
const whole = (value: number) => Math.round(value).toString();
