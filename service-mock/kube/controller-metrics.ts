/**
 * What controller-runtime tells of controllers and their queues, under its names: kubernetes-sigs/controller-runtime,
 * pkg/metrics/workqueue.go and pkg/internal/controller/metrics/metrics.go. The real service's listen at port 8080.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { WorkQueueObserver } from '../../model/kube/work-queue.ts';
import { wallNow } from '../../model/time/clock.ts';

/** prometheus.ExponentialBuckets(10e-9, 10, 10) */
const QUEUE_SECONDS = Array.from({ length: 10 }, (_, power) => Number(`1e${power - 8}`));
const RECONCILE_SECONDS = [
  ...[0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  ...[1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60],
];

export class ControllerMetrics {
  readonly #queues: { name: string; waiting: () => number; active: Set<number> }[] = [];
  readonly #adds: Counter<'name'>;
  readonly #waits: Histogram<'name'>;
  readonly #works: Histogram<'name'>;
  readonly #retries: Counter<'name'>;
  readonly #reconciles: Counter<'controller' | 'result'>;
  readonly #errors: Counter<'controller'>;
  readonly #reconcileTime: Histogram<'controller'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const name = ['name'] as const;
    const controller = ['controller'] as const;
    const queues = this.#queues;
    new Gauge({
      name: 'workqueue_depth',
      help: 'Current depth of workqueue',
      labelNames: name,
      registers,
      collect() {
        for (const queue of queues) this.set({ name: queue.name }, queue.waiting());
      },
    });
    new Gauge({
      name: 'workqueue_longest_running_processor_seconds',
      help: 'How many seconds has the longest running processor for workqueue been running.',
      labelNames: name,
      registers,
      collect() {
        for (const queue of queues) {
          const since = Math.min(...queue.active);
          this.set({ name: queue.name }, queue.active.size === 0 ? 0 : (wallNow() - since) / 1000);
        }
      },
    });
    this.#adds = new Counter({
      name: 'workqueue_adds_total',
      help: 'Total number of adds handled by workqueue',
      labelNames: name,
      registers,
    });
    this.#retries = new Counter({
      name: 'workqueue_retries_total',
      help: 'Total number of retries handled by workqueue',
      labelNames: name,
      registers,
    });
    this.#waits = new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long in seconds an item stays in workqueue before being requested',
      labelNames: name,
      buckets: QUEUE_SECONDS,
      registers,
    });
    this.#works = new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long in seconds processing an item from workqueue takes.',
      labelNames: name,
      buckets: QUEUE_SECONDS,
      registers,
    });
    this.#reconciles = new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Total number of reconciliations per controller',
      labelNames: ['controller', 'result'] as const,
      registers,
    });
    this.#errors = new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Total number of reconciliation errors per controller',
      labelNames: controller,
      registers,
    });
    this.#reconcileTime = new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Length of time per reconciliation per controller',
      labelNames: controller,
      buckets: RECONCILE_SECONDS,
      registers,
    });
  }

  /** @param waiting keys in the queue, asked when somebody reads */
  queue(name: string, waiting: () => number): WorkQueueObserver {
    const active = new Set<number>();
    this.#queues.push({ name, waiting, active });
    this.#adds.inc({ name }, 0);
    this.#retries.inc({ name }, 0);
    return {
      added: () => this.#adds.inc({ name }),
      retried: () => this.#retries.inc({ name }),
      begun: (waitedMs, startedAt) => {
        active.add(startedAt);
        this.#waits.observe({ name }, waitedMs / 1000);
      },
      ended: (startedAt, result) => {
        active.delete(startedAt);
        const seconds = (wallNow() - startedAt) / 1000;
        this.#works.observe({ name }, seconds);
        this.#reconcileTime.observe({ controller: name }, seconds);
        this.#reconciles.inc({ controller: name, result });
        if (result === 'error') this.#errors.inc({ controller: name });
      },
    };
  }
}
