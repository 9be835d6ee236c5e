/** What the load saw, over time: states of hosts and clusters, requests, latency, errors, waits. */
import { background, Chart } from './charts.js';
import { byId, show } from './dom.js';
import { partName, span } from './words.js';

/** Phases on the good way and off it, with the colors of their parts; the order is that of the stack. */
const HOST_PHASES = [
  ['done', 'c3'],
  ['joined', 'c9'],
  ['rebooted', 'c8'],
  ['writing', 'c5'],
  ['installing', 'c1'],
  ['discovered', 'c2'],
  ['polling', 'c7'],
  ['registering', 'c4'],
  ['booting', 'c6'],
  ['frozen', 'c10'],
  ['failed', 'bad'],
];
const CLUSTER_PHASES = [
  ['complete', 'c3'],
  ['day2', 'c9'],
  ['installed', 'c8'],
  ['finalizing', 'c5'],
  ['installing', 'c1'],
  ['preparing', 'c2'],
  ['discovering', 'c7'],
  ['creating', 'c4'],
  ['failed', 'bad'],
  ['cancelled', 'c10'],
  ['deleted', 'c6'],
];
const lines = (pairs) => pairs.map(([name, color]) => ({ name, color }));
const perSecond = (name) => (point) => (point.seconds > 0 ? point[name] / point.seconds : null);
const phases = (of, pairs) =>
  pairs.map(
    ([name]) =>
      (point) =>
        point[of]?.[name] ?? 0,
  );

const CHARTS = [
  {
    shape: { title: 'Hosts by state', unit: '', lines: lines(HOST_PHASES), stacked: true },
    of: phases('hosts', HOST_PHASES),
  },
  {
    shape: { title: 'Clusters by state', unit: '', lines: lines(CLUSTER_PHASES), stacked: true },
    of: phases('clusters', CLUSTER_PHASES),
  },
  { shape: { title: 'Requests', unit: '/s', lines: lines([['requests', 'c1']]) }, of: [perSecond('requests')] },
  {
    shape: {
      title: 'Latency since due, of what was answered',
      unit: 'ms',
      log: true,
      lines: lines([
        ['p50', 'c3'],
        ['p99', 'c1'],
        ['max', 'c2'],
      ]),
      bands: [
        { from: 1, to: 0, color: 'c1', part: 0.22 },
        { from: 2, to: 1, color: 'c2', part: 0.14 },
      ],
    },
    // 0 stands for "nothing was answered".
    of: ['p50', 'p99', 'max'].map((name) => (point) => point[name] || null),
  },
  {
    shape: {
      title: 'Errors by kind',
      unit: '/s',
      lines: lines([
        ['refused (4xx)', 'c2'],
        ['failed (5xx, no answer)', 'bad'],
        ["the generator's own", 'c5'],
      ]),
    },
    of: ['refused', 'failed', 'ownErrors'].map(perSecond),
  },
  {
    shape: { title: 'Requests in flight, most at once', unit: '', lines: lines([['in flight', 'c1']]) },
    of: [(point) => point.underWay],
  },
  {
    shape: { title: 'Oldest request without an answer', unit: 'seconds', lines: lines([['its age', 'c4']]) },
    of: [(point) => point.oldestSeconds],
  },
].map(({ shape, of }) => ({ chart: new Chart(shape), of }));

/** What lies behind all curves from now on. */
export function setBackground({ series, phases: parts, outages = [], wallSeconds }) {
  const all = [...(series ?? []), ...(parts ?? [])];
  background.seconds = all.reduce(
    (most, one) => Math.max(most, one.afterSeconds + one.seconds),
    Math.max(1, wallSeconds),
  );
  const band = (kind, label) => (one) => ({
    from: one.afterSeconds,
    to: one.afterSeconds + one.seconds,
    kind,
    label: label(one),
  });
  background.bands = [...(parts ?? []).map(band('phase', partName)), ...outages.map(band('outage', () => ''))];
}

/** Shows a run's curves. @returns whether it has any */
export function showLoad(summary) {
  const { series = [], phases: parts = [], outages = [] } = summary;
  const has = series.length > 1;
  const behind = [
    ...(parts.length
      ? [`Behind the curves: ${parts.map((one) => `${partName(one)} from ${span(one.afterSeconds)}`).join(', ')}.`]
      : []),
    ...(outages.length ? ['Red: outages.'] : []),
  ];
  show(byId('bands'), behind.join(' '));
  const place = byId('load');
  if (place.childElementCount === 0) place.append(...CHARTS.map(({ chart }) => chart.node));
  if (!has) return false;
  // A point stands at the end of its stretch: what is counted in it is known then.
  const seconds = series.map((point) => point.afterSeconds + point.seconds);
  for (const [at, { chart, of }] of CHARTS.entries()) {
    // Summaries of earlier versions have no states over time.
    chart.node.hidden = at < 2 && !series.some((point) => point.hosts);
    if (!chart.node.hidden)
      chart.set(
        seconds,
        of.map((value) => series.map(value)),
      );
  }
  return true;
}
