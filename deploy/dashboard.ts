/**
 * Dashboards of Grafana 10 and later, from rows of panels. Model: grafana/grafana, kinds/dashboard/dashboard_kind.cue; schema version 39
 * is that of Grafana 10.3 to 11.1, which older 10 read and newer migrate.
 */
import type { Query } from './queries.ts';

/** Columns of the grid. */
const COLUMNS = 24;
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in.
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLOURS = { plain: 'text', good: 'green', warn: 'orange', bad: 'red' } as const;

export interface Target {
  readonly query: Query;
  /** Legend, such as `{{client}} p99`; a space where a panel has one series. */
  readonly legend: string;
}

export interface PanelSpec {
  readonly title: string;
  readonly targets: readonly Target[];
  /** Lines over time unless given. `states` are bands that are coloured where the value is 1; a table shows labels as they are now. */
  readonly as?: 'lines' | 'stacked' | 'stat' | 'states' | 'table';
  /** Columns of 24; 8 unless given. */
  readonly width?: number;
  /** More than the help of its metrics says. */
  readonly note?: string;
  /** Of a stat: orange, then red, from these values on. */
  readonly warnAt?: readonly [number, number];
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
  /** Closed at first: its panels ask nothing before somebody opens it. */
  readonly closed?: boolean;
}

/** A choice above the dashboard, from the values of a label. */
export interface VariableSpec {
  readonly name: string;
  readonly label: string;
  /** `label_values(selector, label)`. */
  readonly query: string;
  /** What All stands for where that is more than all known values. */
  readonly all?: string;
}

export interface AnnotationSpec {
  readonly name: string;
  readonly query: Query;
  /** Text, with labels in double braces. */
  readonly text: string;
  readonly colour: string;
}

export interface DashboardSpec {
  /** Stable address of the dashboard; at most 40 characters. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly VariableSpec[];
  readonly annotations: readonly AnnotationSpec[];
  readonly rows: readonly RowSpec[];
}

/** As Grafana imports it. */
export function dashboard({ uid, title, description, variables, annotations, rows }: DashboardSpec): object {
  return {
    uid,
    title,
    description,
    tags: ['assisted-swarm'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    refresh: '10s',
    time: { from: 'now-30m', to: 'now' },
    links: [
      {
        type: 'dashboards',
        title: 'assisted-swarm',
        tags: ['assisted-swarm'],
        asDropdown: false,
        includeVars: true,
        keepTime: true,
        icon: 'external link',
        targetBlank: false,
        tooltip: '',
        url: '',
      },
    ],
    annotations: { list: annotations.map(annotation) },
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', refresh: 1, hide: 0 },
        ...variables.map(variable),
      ],
    },
    panels: laidOut(rows),
  };
}

/** Rows one below another, in each the panels from left to right. @throws Error for a panel wider than the grid */
function laidOut(rows: readonly RowSpec[]): object[] {
  let id = 0;
  let y = 0;
  return rows.flatMap(({ title, panels, closed = false }) => {
    const row = { id: ++id, type: 'row', title, collapsed: closed, gridPos: { x: 0, y: y++, w: COLUMNS, h: 1 } };
    let x = 0;
    let lineHeight = 0;
    const placed = panels.map((spec) => {
      const { w, h } = { w: spec.width ?? 8, h: heightOf(spec) };
      if (w > COLUMNS) throw new Error(`panel ${spec.title} is ${w} columns wide; allowed: ${COLUMNS}`);
      if (x + w > COLUMNS) {
        y += lineHeight;
        x = 0;
        lineHeight = 0;
      }
      const made = panel(spec, ++id, { x, y, w, h });
      x += w;
      lineHeight = Math.max(lineHeight, h);
      return made;
    });
    y += lineHeight;
    return closed ? [{ ...row, panels: placed }] : [{ ...row, panels: [] }, ...placed];
  });
}

const heightOf = ({ as }: PanelSpec): number => (as === 'stat' ? 4 : as === 'table' ? 5 : 8);

function panel(spec: PanelSpec, id: number, gridPos: object): object {
  const { title, targets, as = 'lines', note } = spec;
  const units = [...new Set(targets.map(({ query }) => query.unit))];
  if (units.length !== 1) throw new Error(`panel ${title} mixes units: ${units.join(', ')}`);
  const helps = new Set(targets.flatMap(({ query }) => query.metrics.map(({ help }) => help)));
  const instant = as === 'table';
  return {
    id,
    type: TYPES[as],
    title,
    description: [...helps, ...(note === undefined ? [] : [note])].join('\n\n'),
    datasource: DATASOURCE,
    gridPos,
    ...(as === 'table' && { transformations: TABLE_OF_LABELS }),
    fieldConfig: { defaults: fieldDefaults(spec, units[0]!), overrides: [] },
    options: optionsOf(as),
    targets: targets.map(({ query, legend }, i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: DATASOURCE,
      editorMode: 'code',
      expr: query.expr,
      legendFormat: legend,
      range: !instant,
      instant,
      ...(instant && { format: 'table' }),
    })),
  };
}

const TYPES = {
  lines: 'timeseries',
  stacked: 'timeseries',
  stat: 'stat',
  states: 'state-timeline',
  table: 'table',
} as const;

/** What of a series is no label. */
const TABLE_OF_LABELS = [
  { id: 'organize', options: { excludeByName: { Time: true, Value: true, __name__: true, job: true } } },
];

function fieldDefaults({ as = 'lines', warnAt }: PanelSpec, unit: string): object {
  if (as === 'table') return {};
  if (as === 'states') {
    return {
      mappings: [
        { type: 'value', options: { 0: { text: ' ', color: 'transparent' }, 1: { text: 'yes', color: COLOURS.warn } } },
      ],
      custom: { fillOpacity: 80, lineWidth: 0 },
    };
  }
  if (as === 'stat') {
    const steps = [
      { value: null, color: warnAt ? COLOURS.good : COLOURS.plain },
      ...(warnAt
        ? [
            { value: warnAt[0], color: COLOURS.warn },
            { value: warnAt[1], color: COLOURS.bad },
          ]
        : []),
    ];
    return { unit, color: { mode: 'thresholds' }, thresholds: { mode: 'absolute', steps } };
  }
  const stacked = as === 'stacked';
  return {
    unit,
    min: 0,
    custom: {
      drawStyle: 'line',
      lineWidth: 1,
      fillOpacity: stacked ? 40 : 5,
      showPoints: 'auto',
      // A gap is a gap: nothing was scraped, or nothing is known.
      spanNulls: false,
      stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
    },
  };
}

function optionsOf(as: NonNullable<PanelSpec['as']>): object {
  const legend = { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] };
  const tooltip = { mode: 'multi', sort: 'desc' };
  switch (as) {
    case 'stat':
      return {
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
        colorMode: 'value',
        graphMode: 'area',
        textMode: 'auto',
      };
    case 'states':
      return {
        showValue: 'never',
        rowHeight: 0.8,
        mergeValues: true,
        legend: { ...legend, showLegend: false },
        tooltip,
      };
    case 'table':
      return { showHeader: true };
    default:
      return { legend: { ...legend, displayMode: 'table', calcs: ['lastNotNull', 'max'] }, tooltip };
  }
}

function variable({ name, label, query, all }: VariableSpec): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { qryType: 1, query, refId: 'PrometheusVariableQueryEditor-VariableQuery' },
    // On a change of the time range, as runs of the past are chosen too.
    refresh: 2,
    // Newest first: ids of runs begin with their time.
    sort: 2,
    multi: true,
    includeAll: true,
    ...(all !== undefined && { allValue: all }),
    current: { text: ['All'], value: ['$__all'] },
    hide: 0,
  };
}

function annotation({ name, query, text, colour }: AnnotationSpec): object {
  return {
    name,
    datasource: DATASOURCE,
    enable: true,
    hide: false,
    iconColor: colour,
    expr: query.expr,
    step: '5s',
    titleFormat: name,
    textFormat: text,
  };
}
