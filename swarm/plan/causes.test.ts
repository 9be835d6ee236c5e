import { expect, test } from 'vitest';
import { type Crossing, compareCauses } from './causes.ts';
import { FIGURES } from './figures.ts';
import { SERVER_FIGURES } from './server-figures.ts';
import { formatFigure, parseFigure } from './thresholds.ts';

const crossing = (text: string, since: number | null = 1): Crossing => {
  const { figure, labels } = parseFigure(text);
  return { figure: figure.name, labels, since };
};
const sorted = (...crossings: Crossing[]) =>
  crossings.toSorted(compareCauses).map(({ figure, labels }) => formatFigure(figure, labels));

test('a cause comes before what follows from it, whichever was crossed first', () => {
  const chain = [
    'generator_saturation',
    'machine_cpu_share',
    'database_connections_busy',
    'service_monitor_period{what:hosts}',
    'workqueue_wait',
    'etcd_fsync_duration',
    'image_request_duration',
    'service_request_duration',
    'request_errors{kind:reset}',
    'request_duration{client:agent}',
    'service_outage',
    'reaction_duration',
    'clusters_failed',
  ];
  expect(sorted(...chain.map((one, at) => crossing(one, chain.length - at)).reverse())).toEqual(chain);
});

test('in a layer the kind of a failure explains all of them, and what was crossed first the rest', () => {
  expect(
    sorted(
      crossing('request_errors{client:user}', 1),
      crossing('request_errors{kind:refused}', 3),
      crossing('request_errors{kind:reset}', 2),
    ),
  ).toEqual(['request_errors{kind:reset}', 'request_errors{kind:refused}', 'request_errors{client:user}']);
  expect(sorted(crossing('service_restarts', null), crossing('service_monitor_period', 5))).toEqual([
    'service_monitor_period',
    'service_restarts',
  ]);
  expect(sorted(crossing('database_lock_waits', null), crossing('database_connections_share', null))).toEqual([
    'database_connections_share',
    'database_lock_waits',
  ]);
});

test('every figure has its place', () => {
  const last = crossing('clusters_failed');
  for (const { name } of [...FIGURES, ...SERVER_FIGURES]) {
    expect(compareCauses({ figure: name, labels: {}, since: 2 }, { ...last, since: 3 })).toBeLessThan(0);
  }
});
