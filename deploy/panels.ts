/** Panels that several dashboards have, and those that a metric without a panel of its own gets. */
import type { AnnotationSpec, PanelSpec, RowSpec, Target } from './dashboard.ts';
import type { Metric } from './metric.ts';
import { DAEMON_METRICS, metricNamed } from './metric-table.ts';
import type { Queries, Query, Question } from './queries.ts';
import { chosen, RUN } from './scopes.ts';
import { unitOf } from './units.ts';

export const target = (query: Query, legend = ' '): Target => ({ query, legend });

const PERCENTILES = [0.5, 0.95, 0.99];

/** Median, 95th and 99th percentile of what has come within the window. */
export function percentiles(scope: Queries, name: string, question: Question = {}, legend = ''): Target[] {
  const prefix = legend === '' ? '' : `${legend} `;
  return PERCENTILES.map((q) => target(scope.quantile(q, name, question), `${prefix}p${q * 100}`));
}

/** The same of all that has come since the load began. */
export function percentilesSoFar(scope: Queries, name: string, question: Question = {}, legend = ''): Target[] {
  const prefix = legend === '' ? '' : `${legend} `;
  return PERCENTILES.map((q) => target(scope.quantileSoFar(q, name, question), `${prefix}p${q * 100}`));
}

/** Which loads are looked at, and how they stand. */
export function loadTable(kind: 'run' | 'backup'): PanelSpec {
  const query: Query = { expr: chosen(kind), unit: 'short', metrics: [metricNamed('swarm_run_info')] };
  return { title: kind === 'run' ? 'Runs' : 'Backup loads', as: 'table', width: 24, targets: [target(query)] };
}

/** Marks on all panels: when the service gave no good answer, and when latencies say nothing of it. */
export const RUN_ANNOTATIONS: readonly AnnotationSpec[] = [
  {
    name: 'Outage of the service',
    query: above(RUN.most('swarm_service_outage_current_seconds', { by: ['instance'] })),
    text: 'requests failed or waited, and none got a good answer',
    colour: 'red',
  },
  {
    name: 'Generator saturated',
    query: above(RUN.most('swarm_generator_saturated', { by: ['reason'] })),
    text: '{{reason}}',
    colour: 'orange',
  },
];

/** Where it is above zero, and nothing elsewhere. */
function above(query: Query): Query {
  return { ...query, expr: `${query.expr} > 0` };
}

/** What nobody has drawn by hand: the metrics of a room of the table, by their type. */
export function furtherPanels(
  scope: Queries,
  rows: readonly RowSpec[],
  belongs: (metric: Metric) => boolean,
): RowSpec[] {
  const drawn = new Set(
    rows.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.flatMap(({ query }) => query.metrics))),
  );
  const panels = DAEMON_METRICS.filter((metric) => belongs(metric) && !drawn.has(metric)).map((metric) =>
    plainPanel(scope, metric),
  );
  return panels.length === 0 ? [] : [{ title: 'Further metrics', panels, closed: true }];
}

function plainPanel(scope: Queries, metric: Metric): PanelSpec {
  const { name, type } = metric;
  if (type === 'histogram') return { title: name, targets: percentiles(scope, name) };
  if (type === 'counter') return { title: name, targets: [target(scope.rate(name))] };
  // Amounts add up; times, shares and moments do not.
  const adds = ['short', 'bytes'].includes(unitOf(metric));
  return { title: name, targets: [target(adds ? scope.total(name) : scope.most(name))] };
}
