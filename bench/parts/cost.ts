/**
 * What a swarm of hosts that wait costs, small and large: the command line on examples/steady-20000.yaml with other amounts of hosts, against the
 * embedded service in its own process. Processor time is that of the phase in which all hosts wait, of generator and service apart.
 */
import type { RunSummary } from '../../swarm/report/summary.ts';
import type { BarGroup, Cell, Figures, PartContext } from '../part.ts';
import { phaseUsage, runSwarm, type SwarmOutcome, steadyPlan, usageOf, verdictNotes } from '../swarm-run.ts';
import { ratio } from '../table.ts';

/** Boots of 100,000 hosts take ten minutes. */
const BOOTS_PER_SECOND = 167;

interface Amounts {
  hosts: readonly number[];
  holdSeconds: number;
  pollSeconds: number | null;
  /** Boots are spread over multiples of it, so that polls are spread evenly over each interval. */
  spreadSeconds: number;
}

const AMOUNTS: Record<'full' | 'quick', Amounts> = {
  full: { hosts: [1000, 10_000, 100_000], holdSeconds: 600, pollSeconds: null, spreadSeconds: 60 },
  quick: { hosts: [200, 2000], holdSeconds: 20, pollSeconds: 5, spreadSeconds: 5 },
};

export interface CostFigures {
  hosts: number;
  /** Never discovered, or silent for ever after it. */
  lost: number;
  errors: number;
  /** In the time in which hosts wait: length, polls and their latency from due time. */
  holdSeconds: number;
  requests: number;
  pollP50Ms: number | null;
  pollP99Ms: number | null;
  /** Of the whole run: its lateness is not told by phase. */
  latenessMs: { p50: number; p99: number; max: number };
  /** While hosts wait. */
  generator: ProcessCost;
  service: ProcessCost;
  /** Processor time of the generator. */
  cpuMicrosPerRequest: number;
  saturatedSeconds: number;
  deviations: readonly string[];
  /** See {@link verdictNotes}. */
  verdict: readonly string[];
}

export interface ProcessCost {
  /** Processor seconds in a second while hosts wait, and over the whole run. */
  cores: number;
  coresOfRun: number;
  /** Milliseconds of processor time that a waiting host takes in a minute. */
  cpuMsPerHostMinute: number;
  /** Resident, at most, and of each host on the average while hosts wait. */
  peakBytes: number;
  bytesPerHost: number;
}

/** See {@link PartModule}. */
export async function measure({ quick, hosts, holdSeconds, folder, progress }: PartContext): Promise<Figures> {
  const amounts = quick ? AMOUNTS.quick : AMOUNTS.full;
  const hold = holdSeconds ?? amounts.holdSeconds;
  const costs: CostFigures[] = [];
  for (const amount of hosts ?? amounts.hosts) {
    const spreadSeconds = Math.ceil(amount / BOOTS_PER_SECOND / amounts.spreadSeconds) * amounts.spreadSeconds;
    const minutes = ((spreadSeconds + hold) / 60).toFixed(1);
    progress(`${amount} hosts: more than ${minutes} minutes`);
    const plan = steadyPlan({ hosts: amount, spreadSeconds, pollSeconds: amounts.pollSeconds });
    const outcome = await runSwarm({
      ...{ plan, holdSeconds: hold, folder },
      progress: (text) => progress(`${amount} hosts: ${text}`),
    });
    costs.push(costOf(outcome));
  }
  return figures(costs, hold, amounts.pollSeconds);
}

/** What a run took, of its hosts that waited. */
export function costOf(outcome: SwarmOutcome): CostFigures {
  const { summary, looks } = outcome;
  const { phase, ...used } = phaseUsage(outcome, 'soak');
  const whole = usageOf(looks);
  const hosts = summary.hostFunnel[0]!.of;
  const polls = phase.requests.find(({ endpoint }) => endpoint === 'get-instructions');
  const costOfProcess = (name: 'generator' | 'service'): ProcessCost => ({
    cores: used[`${name}Cpu`] / used.seconds,
    coresOfRun: whole[`${name}Cpu`] / whole.seconds,
    cpuMsPerHostMinute: (used[`${name}Cpu`] * 1000) / hosts / (used.seconds / 60),
    peakBytes: Math.max(...looks.map((look) => look[`${name}Bytes`])),
    bytesPerHost: used[`${name}Bytes`] / hosts,
  });
  const generator = costOfProcess('generator');
  return {
    ...{ hosts, lost: lostHosts(summary), errors: summary.totals.errors },
    holdSeconds: phase.seconds,
    requests: phase.totals.requests,
    pollP50Ms: polls?.sinceDue.p50 ?? null,
    pollP99Ms: polls?.sinceDue.p99 ?? null,
    latenessMs: summary.pollLateness,
    generator,
    service: costOfProcess('service'),
    cpuMicrosPerRequest: (generator.cores * 1e6) / (phase.totals.requests / phase.seconds),
    saturatedSeconds: summary.generator.saturatedSeconds,
    deviations: summary.deviations,
    verdict: verdictNotes(`${hosts.toLocaleString('en-US')} hosts`, summary),
  };
}

function lostHosts({ hostFunnel, errors }: RunSummary): number {
  const discovered = hostFunnel.find(({ name }) => name === 'discovered')?.count ?? 0;
  const silent = ['registration-frozen', 'poll-frozen', 'poll-given-up'] as const;
  return hostFunnel[0]!.of - discovered + silent.reduce((sum, kind) => sum + (errors[kind] ?? 0), 0);
}

const mib = (bytes: number) => bytes / 2 ** 20;

/** Names of rows, and what stands in them. */
const ROWS: readonly (readonly [string, (cost: CostFigures) => Cell])[] = [
  ['hosts lost', ({ lost }) => lost],
  ['errors of requests', ({ errors }) => errors],
  ['requests while hosts wait', ({ requests }) => requests],
  ['polls started late, p50 of the run, ms', ({ latenessMs }) => latenessMs.p50],
  ['… p99', ({ latenessMs }) => latenessMs.p99],
  ['… at most', ({ latenessMs }) => latenessMs.max],
  ['poll latency since due while hosts wait, p50, ms', ({ pollP50Ms }) => pollP50Ms],
  ['… p99', ({ pollP99Ms }) => pollP99Ms],
  ['generator: cores while hosts wait', ({ generator }) => generator.cores],
  ['… over the whole run', ({ generator }) => generator.coresOfRun],
  ['… CPU ms of a host in a minute', ({ generator }) => generator.cpuMsPerHostMinute],
  ['… CPU µs of a request', ({ cpuMicrosPerRequest }) => cpuMicrosPerRequest],
  ['… resident MiB, peak', ({ generator }) => mib(generator.peakBytes)],
  ['… resident KiB of a host', ({ generator }) => generator.bytesPerHost / 1024],
  ['… was saturated, s', ({ saturatedSeconds }) => saturatedSeconds],
  ['service: cores while hosts wait', ({ service }) => service.cores],
  ['… over the whole run', ({ service }) => service.coresOfRun],
  ['… CPU ms of a host in a minute', ({ service }) => service.cpuMsPerHostMinute],
  ['… resident MiB, peak', ({ service }) => mib(service.peakBytes)],
  ['… resident KiB of a host', ({ service }) => service.bytesPerHost / 1024],
];

function figures(costs: readonly CostFigures[], holdSeconds: number, pollSeconds: number | null): Figures {
  const names = costs.map(({ hosts }) => `${hosts.toLocaleString('en-US')} hosts`);
  const last = costs.at(-1)!;
  const before = costs.at(-2);
  const group = (title: string, of: (cost: CostFigures) => number, own: boolean): BarGroup => ({
    title,
    bars: costs.map((cost, at) => ({ label: names[at]!, value: of(cost), own })),
  });
  const cpu = (name: 'generator' | 'service') => (cost: CostFigures) => cost[name].cpuMsPerHostMinute;
  const bytes = (name: 'generator' | 'service') => (cost: CostFigures) => cost[name].bytesPerHost / 1024;
  const deviations = costs.flatMap((cost, at) => cost.deviations.map((text) => `${names[at]}: ${text}.`));
  const notes = before
    ? [
        `A host among ${last.hosts.toLocaleString('en-US')} takes ${ratio(cpu('generator')(last), cpu('generator')(before))?.toFixed(2)} times the processor time of one among ${before.hosts.toLocaleString('en-US')}. Each further host takes ${further(before, last, 'generator')} KiB of the generator and ${further(before, last, 'service')} KiB of the service.`,
      ]
    : [];
  return {
    tables: [
      {
        title: `hosts that wait for ${holdSeconds} s, polls every ${pollSeconds ?? 60} s on new connections; one run each`,
        head: ['', ...names],
        rows: ROWS.map(([name, of]) => [name, ...costs.map(of)]),
      },
    ],
    charts: [
      {
        name: 'cost-cpu',
        title: 'Processor time of a host that waits',
        unit: 'ms of a core in a minute, less is better',
        groups: [
          group('Load generator', cpu('generator'), true),
          group('Embedded service, for comparison', cpu('service'), false),
        ],
      },
      {
        name: 'cost-memory',
        title: 'Memory of a host that waits, of a whole swarm',
        unit: 'KiB of resident memory for each host, with what the program takes itself; less is better',
        groups: [
          group('Load generator', bytes('generator'), true),
          group('Embedded service, for comparison', bytes('service'), false),
        ],
      },
    ],
    notes: [...costs.flatMap(({ verdict }) => verdict), ...notes, ...deviations],
  };
}

/** Resident KiB of each host that the greater swarm has more. */
function further(few: CostFigures, many: CostFigures, name: 'generator' | 'service'): string {
  const more = many[name].bytesPerHost * many.hosts - few[name].bytesPerHost * few.hosts;
  return (more / (many.hosts - few.hosts) / 1024).toFixed(1);
}
