/** Figures of a run that another run's can be held against: for each the one statistic that says something of its kind, never a mean of times. */
import { unitOfPoints } from './chart-scale.ts';
import type { KeptSummary } from './kept-summary.ts';
import type { Quantiles } from './quantiles.ts';
import type { RequestSummary, RequestTotals } from './request-summary.ts';
import type { ServerFigureValues } from './server-summary.ts';

/** What bands a change is judged by. */
export type FigureClass = 'time' | 'resource';

export interface Measure {
  /** Name of a phase; `run` for what is of the whole run. */
  phase: string;
  step: number | null;
  figure: string;
  labels: Readonly<Record<string, string>>;
  /** `p99`, `rate`, `max` … */
  statistic: string;
  unit: string;
  judgedAs: FigureClass;
  /** What more of it is. */
  more: 'worse' | 'better' | 'neither';
  /** Null when nothing was measured. */
  value: number | null;
  /** What it was measured of; null where that is no count of samples, as of a highest value. */
  samples: number | null;
  /** Of a share of rare events: how many there were, which is what must be enough then. Null of everything else. */
  events: number | null;
  /** Samples, or events, that it takes to say anything. */
  needed: number;
}

/** Fewer are noise, whatever they are counted for. */
export const LEAST_SAMPLES = 30;
/** Samples that must lie beyond a percentile: with fewer it is the value of the one or two slowest. */
const BEYOND = 3;

type Place = Pick<Measure, 'phase' | 'step'>;
const RUN: Place = { phase: 'run', step: null };

/** @param byPhase requests and server figures of each phase; of the whole run otherwise */
export function measuresOf(summary: KeptSummary, byPhase: boolean): Measure[] {
  const parts = byPhase ? summary.phases : [{ ...RUN, totals: summary.totals, requests: summary.requests }];
  return [
    ...parts.flatMap(({ phase, step, totals, requests }) => requestMeasures({ phase, step }, totals, requests)),
    ...serverMeasures(summary, byPhase),
    ...lifeMeasures(summary),
    ...generatorMeasures(summary),
  ];
}

function requestMeasures(place: Place, totals: RequestTotals, requests: readonly RequestSummary[]): Measure[] {
  const { requests: of, rate, errors, ownErrors } = totals;
  return [
    {
      ...{ ...place, figure: 'requests', labels: {}, statistic: 'rate', unit: '/s', judgedAs: 'resource' },
      ...{ more: 'better', value: of === 0 ? null : rate, samples: of, events: null, needed: LEAST_SAMPLES },
    },
    share(place, 'request_errors', errors, of),
    share(place, 'generator_errors', ownErrors, of),
    ...times(place, 'request_duration', {}, totals.sinceDue, [50, 95, 99]),
    ...times(place, 'request_success_duration', {}, totals.untilSuccess, [99]),
    ...requests.flatMap(({ client, endpoint, sinceDue }) =>
      times(place, 'request_duration', { client, endpoint }, sinceDue, [50, 99]),
    ),
  ];
}

/** Rare events are counted themselves: one error more of a million requests is none. */
function share(place: Place, figure: string, hits: number, of: number): Measure {
  return {
    ...{ ...place, figure, labels: {}, statistic: 'share', unit: 'share', judgedAs: 'resource', more: 'worse' },
    ...{ value: of === 0 ? null : hits / of, samples: of, events: hits, needed: LEAST_SAMPLES },
  };
}

function times(
  place: Place,
  figure: string,
  labels: Measure['labels'],
  measured: Pick<Quantiles, 'count'> & { [name in 'p50' | 'p95' | 'p99']: number | null },
  percentiles: readonly (50 | 95 | 99)[],
): Measure[] {
  return percentiles.map((percentile) => ({
    ...{ ...place, figure, labels, statistic: `p${percentile}`, unit: 'ms', judgedAs: 'time', more: 'worse' },
    value: measured.count === 0 ? null : measured[`p${percentile}`],
    samples: measured.count,
    events: null,
    needed: neededFor(percentile),
  }));
}

function neededFor(percentile: number): number {
  return Math.max(LEAST_SAMPLES, Math.ceil((100 * BEYOND) / (100 - percentile)));
}

const TIME_UNITS: ReadonlySet<string> = new Set(['ms', 'seconds', 's']);

/** How busy processors are, is a rate too: the highest of many looks is a moment's. */
const BUSY: ReadonlySet<string> = new Set(['service_cpu_cores', 'machine_cpu_share']);

/** The highest value of what is held, p99 of what is measured a piece, the rate of what is counted. */
function serverMeasures({ servers }: KeptSummary, byPhase: boolean): Measure[] {
  return servers.figures.flatMap((one) => {
    const { figure, source, kind } = one;
    const unit = unitOfPoints(one);
    const statistic = kind === 'trend' ? 'p99' : kind === 'counter' ? 'rate' : BUSY.has(figure) ? 'avg' : 'max';
    const measure = (place: Place, values: ServerFigureValues): Measure => ({
      ...{
        ...place,
        figure,
        labels: { ...one.labels, source },
        unit,
        judgedAs: TIME_UNITS.has(unit) ? 'time' : 'resource',
      },
      statistic,
      // More of what a counter counts may be more work done.
      more: kind === 'counter' ? 'neither' : 'worse',
      value: statistic === 'p99' ? values.p99 : statistic === 'max' ? values.max : values.mean,
      samples: kind === 'gauge' ? null : (values.count ?? 0),
      events: kind === 'counter' ? (values.count ?? 0) : null,
      needed: kind === 'trend' ? neededFor(99) : LEAST_SAMPLES,
    });
    if (!byPhase) return [measure(RUN, one)];
    return (one.phases ?? []).map((values) => measure({ phase: values.phase, step: values.step }, values));
  });
}

/** What became of clusters and hosts, and how long it took them. */
function lifeMeasures({ clusters, clusterDurations, stages, states, outages }: KeptSummary): Measure[] {
  const of = clusters.planned + clusters.infraEnvs;
  return [
    {
      ...{ ...RUN, figure: 'clusters_complete', labels: {}, statistic: 'share', unit: 'share', judgedAs: 'resource' },
      ...{
        more: 'better',
        value: of === 0 ? null : clusters.complete / of,
        samples: of,
        events: null,
        needed: LEAST_SAMPLES,
      },
    },
    {
      ...{ ...RUN, figure: 'service_outage', labels: {}, statistic: 'sum', unit: 'seconds', judgedAs: 'time' },
      value: outages.reduce((sum, { seconds }) => sum + seconds, 0),
      ...{ more: 'worse', samples: null, events: null, needed: 0 },
    },
    ...clusterDurations.flatMap(({ from, to, duration }) =>
      times(RUN, 'cluster_duration', { from, to }, duration, [50, 95]),
    ),
    ...stages.flatMap(({ role, stage, duration }) => times(RUN, 'stage_duration', { role, stage }, duration, [50, 95])),
    ...states.flatMap((one) =>
      times(RUN, 'state_time', { of: one.of, state: one.state }, { ...one, count: one.ended + one.open }, [50, 95, 99]),
    ),
  ];
}

function generatorMeasures({ generator }: KeptSummary): Measure[] {
  const { cpuPercent, peakRssBytes, saturatedSeconds, watchedSeconds } = generator;
  const figures: [figure: string, statistic: string, unit: string, value: number | null][] = [
    ['generator_cpu', 'whole run', '%', cpuPercent || null],
    ['generator_memory', 'max', 'bytes', peakRssBytes || null],
    ['generator_saturation', 'share', 'share', watchedSeconds === 0 ? null : saturatedSeconds / watchedSeconds],
  ];
  return figures.map(([figure, statistic, unit, value]) => ({
    ...{ ...RUN, figure, labels: {}, statistic, unit, judgedAs: 'resource', more: 'neither', value },
    ...{ samples: null, events: null, needed: 0 },
  }));
}
