/** Metrics of the generator itself. */
import { type MetricRow, samplesBy } from './metric-row.ts';
import { SATURATION_RULES } from './saturation.ts';

/** Of its process; they need no run. In the order of the page. */
export function generatorMetrics(version: string): MetricRow[] {
  return [
    {
      name: 'swarm_build_info',
      type: 'gauge',
      help: 'Always 1; the labels name the version of the generator and of Node.js.',
      process: () => [{ labels: { version, node: process.versions.node }, value: 1 }],
    },
    {
      name: 'swarm_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time of the generator process, all threads, by mode.',
      process: () => {
        const usage = process.cpuUsage();
        return samplesBy('mode', { user: usage.user / 1e6, system: usage.system / 1e6 });
      },
    },
    {
      name: 'swarm_memory_bytes',
      type: 'gauge',
      help: 'Memory of the generator process: resident, and what buffers outside of JavaScript heaps hold.',
      process: () => {
        const usage = process.memoryUsage();
        return samplesBy('kind', { resident: usage.rss, external: usage.external });
      },
    },
  ];
}

/** Of how it fares with a run. In the order of the page. */
export const PACE_METRICS: readonly MetricRow[] = [
  {
    name: 'swarm_generator_saturated',
    type: 'gauge',
    help: '1 while the generator itself is the bottleneck for this reason, so that latencies say nothing about the service.',
    run: ({ saturation }) =>
      SATURATION_RULES.map((rule) => ({
        labels: { reason: rule.reason },
        value: saturation.findings.some((finding) => finding.rule.reason === rule.reason) ? 1 : 0,
      })),
  },
  {
    name: 'swarm_clock_speed',
    type: 'gauge',
    help: 'Simulated seconds that pass in one second; 1 is real time.',
    run: ({ clockSpeed }) => [{ labels: {}, value: clockSpeed }],
  },
];
