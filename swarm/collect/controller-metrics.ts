/**
 * What controllers tell. Names: kubernetes-sigs/controller-runtime, pkg/metrics/workqueue.go and
 * pkg/internal/controller/metrics/metrics.go. The service's own listen at port 8080.
 */
import type { Reading } from './collector.ts';
import { keep, type MetricRule } from './metric-rules.ts';
import type { DerivedFigures } from './metrics-collector.ts';
import type { PrometheusSample } from './prometheus-text.ts';

const queue = ({ name = '' }: Readonly<Record<string, string>>) => ({ queue: name });

export const CONTROLLER_RULES: readonly MetricRule[] = [
  { metric: 'workqueue_depth', figure: 'workqueue_depth', kind: 'gauge', labels: queue },
  {
    metric: 'workqueue_queue_duration_seconds',
    figure: 'workqueue_wait',
    kind: 'histogram',
    scale: 1000,
    labels: queue,
  },
  { metric: 'workqueue_retries_total', figure: 'workqueue_retries', kind: 'counter', labels: queue },
  {
    metric: 'workqueue_longest_running_processor_seconds',
    figure: 'workqueue_longest_work',
    kind: 'gauge',
    scale: 1000,
    labels: queue,
  },
  {
    metric: 'controller_runtime_reconcile_time_seconds',
    figure: 'reconcile_duration',
    kind: 'histogram',
    scale: 1000,
    labels: keep('controller'),
  },
  {
    metric: 'controller_runtime_reconcile_total',
    figure: 'reconciles',
    kind: 'counter',
    labels: keep('controller', 'result'),
  },
];

const ADDS = 'workqueue_adds_total';
const DEPTH = 'workqueue_depth';
const BEGUN = 'workqueue_queue_duration_seconds_count';

/**
 * Keys that a queue lost: each one that it took in waits or has left it to be worked on (client-go, util/workqueue/metrics.go: add, get).
 */
export class ControllerDerived implements DerivedFigures {
  readonly metrics = [ADDS, DEPTH, BEGUN];

  derive(samples: readonly PrometheusSample[]): Reading[] {
    const queues = new Map<string, Record<string, number>>();
    for (const { name, labels, value } of samples) {
      if (!this.metrics.includes(name)) continue;
      const known = queues.get(labels.name ?? '') ?? {};
      queues.set(labels.name ?? '', { ...known, [name]: value });
    }
    return [...queues].flatMap(([name, { [ADDS]: adds, [DEPTH]: depth, [BEGUN]: begun = 0 }]): Reading[] =>
      adds === undefined || depth === undefined
        ? []
        : [
            {
              figure: 'reconciles_lost',
              labels: { queue: name },
              kind: 'gauge',
              // The three are not read at one moment.
              value: Math.max(0, adds - depth - begun),
            },
          ],
    );
  }
}
