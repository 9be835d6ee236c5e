/** Metrics of the programs of no-op hosts; without such hosts they have no samples. */
import type { MetricRow, Sample, Scrape } from './metric-row.ts';
import type { HostProgram, HostRecord, ProcessMemory, ProgramFigures } from './process-figures.ts';

/** What is known of memory, by kind. */
function memoryKinds(memory: ProcessMemory | null): [string, number][] {
  return Object.entries(memory ?? {}).filter((entry): entry is [string, number] => entry[1] !== null);
}

/** Samples of each program of each no-op host. */
function ofPrograms(
  { processes }: Scrape,
  samples: (figures: ProgramFigures) => { value: number; labels?: Record<string, string> }[],
): Sample[] {
  if (!processes) return [];
  const { run, figures } = processes;
  return [...figures.hosts()].flatMap(({ cluster, host, programs }: HostRecord) =>
    (Object.entries(programs) as [HostProgram, ProgramFigures][]).flatMap(([program, one]) =>
      samples(one).map(({ value, labels }) => ({ labels: { run, cluster, host, program, ...labels }, value })),
    ),
  );
}

/** In the order of the page. */
export const PROCESS_METRICS: readonly MetricRow[] = [
  {
    name: 'swarm_noop_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of the programs of a no-op host since it first booted; commands are replaced commands and what lives as short, driver stands in for the machine.',
    run: (scrape) => ofPrograms(scrape, ({ cpuSeconds }) => [{ value: cpuSeconds }]),
  },
  {
    name: 'swarm_noop_memory_bytes',
    type: 'gauge',
    help: 'Memory of the programs of a no-op host that run now: resident, and proportional, in which shared pages are divided by those who share them.',
    run: (scrape) =>
      ofPrograms(scrape, ({ memory }) => memoryKinds(memory).map(([kind, value]) => ({ value, labels: { kind } }))),
  },
  {
    name: 'swarm_noop_restarts_total',
    type: 'counter',
    help: 'Starts of a program of a no-op host after the first of a boot; of a controller all but the first.',
    run: (scrape) => ofPrograms(scrape, ({ restarts }) => (restarts === null ? [] : [{ value: restarts }])),
  },
  {
    name: 'swarm_noop_exits_total',
    type: 'counter',
    help: 'Ends of programs of a no-op host that nobody asked for with its power; code is the exit code or the name of the signal.',
    run: (scrape) =>
      ofPrograms(scrape, ({ exits }) => Object.entries(exits).map(([code, value]) => ({ value, labels: { code } }))),
  },
  {
    name: 'swarm_noop_driver_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time that no-op hosts cost beside their own, by worker: of the lab they live in, and of the thread that relays their requests.',
    run: ({ processes }) =>
      (processes?.figures.drivers() ?? []).flatMap(([worker, { labCpuSeconds, relayCpuSeconds }]) =>
        Object.entries({ lab: labCpuSeconds, relay: relayCpuSeconds }).map(([part, value]) => ({
          labels: { run: processes!.run, worker: String(worker), part },
          value,
        })),
      ),
  },
  {
    name: 'swarm_noop_driver_memory_bytes',
    type: 'gauge',
    help: 'Memory of the lab that no-op hosts live in, by worker: resident and proportional.',
    run: ({ processes }) =>
      (processes?.figures.drivers() ?? []).flatMap(([worker, { labMemory }]) =>
        memoryKinds(labMemory).map(([kind, value]) => ({
          labels: { run: processes!.run, worker: String(worker), kind },
          value,
        })),
      ),
  },
];
