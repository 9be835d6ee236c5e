/** A run of the command line against the embedded service, while somebody looks at both processes once a second. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse, stringify } from 'yaml';
import type { RunPhase } from '../swarm/plan/expanded-plan.ts';
import type { PhaseSummary } from '../swarm/report/phase-summary.ts';
import type { RunSummary } from '../swarm/report/summary.ts';
import { HOSTS_EACH } from './options.ts';
import { closed, start } from './started.ts';
import { childOf, processCpuSeconds, residentBytes, type ThreadSeconds, threadCpuSeconds } from './usage.ts';

const ROOT = join(import.meta.dirname, '..');
const LOOK_MS = 1000;
/** Characters of a line of progress that are passed on. */
const SHOWN = 110;

export interface SwarmRun {
  /** As in a file. */
  plan: object;
  /** Hosts wait so long after everything is done. */
  holdSeconds: number;
  workers?: number;
  folder: string;
  progress(text: string): void;
}

/** What both processes had taken at one moment. */
export interface Look {
  /** Wall-clock epoch milliseconds. */
  at: number;
  generatorCpu: number;
  threads: ThreadSeconds;
  generatorBytes: number;
  /** 0 as long as the service is not there. */
  serviceCpu: number;
  serviceBytes: number;
}

export interface SwarmOutcome {
  summary: RunSummary;
  looks: readonly Look[];
}

let runs = 0;

/** @throws Error when it gave no summary, with what it said. A verdict against it is in the summary: see {@link verdictNotes} */
export async function runSwarm({ plan, holdSeconds, workers, folder, progress }: SwarmRun): Promise<SwarmOutcome> {
  const file = join(folder, `plan-${++runs}.yaml`);
  writeFileSync(file, stringify(plan));
  const options = ['--hold', `${holdSeconds}s`, ...(workers === undefined ? [] : ['--workers', `${workers}`])];
  const args = [join(ROOT, 'swarm/main.ts'), 'run', file, ...options, '--out', join(folder, 'runs'), '--json'];
  const child = start(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  const said: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => {
    said.push(line);
    if (/^\d.* \| /.test(line)) progress(line.slice(0, SHOWN));
  });
  const looks: Look[] = [];
  let service: number | null = null;
  const timer = setInterval(() => {
    service ??= childOf(child.pid!, 'service-mock/main');
    const look = lookAt(child.pid!, service, looks.at(-1));
    if (look) looks.push(look);
  }, LOOK_MS);
  const code = await closed(child);
  clearInterval(timer);
  if (code === 2 || output === '') throw new Error(`a run ended with exit code ${code}: ${said.slice(-3).join(' ')}`);
  return { summary: JSON.parse(output) as RunSummary, looks };
}

/**
 * What both processes have taken so far; null when the generator is gone. The service ends before it: what that took is then what it had
 * taken at the look before.
 */
export function lookAt(generator: number, service: number | null, before?: Look): Look | null {
  const at = Date.now();
  const generatorCpu = processCpuSeconds(generator);
  const threads = threadCpuSeconds(generator);
  if (generatorCpu === null || threads === null) return null;
  return {
    ...{ at, generatorCpu, threads },
    generatorBytes: residentBytes(generator) ?? 0,
    serviceCpu: (service === null ? null : processCpuSeconds(service)) ?? before?.serviceCpu ?? 0,
    serviceBytes: (service === null ? null : residentBytes(service)) ?? 0,
  };
}

/** Sentences on a run that its own thresholds speak against: its figures are then those of a generator or service at its limit. */
export function verdictNotes(name: string, { verdict, reasons }: RunSummary): string[] {
  return verdict === 'passed' ? [] : [`The run of ${name} was judged ${verdict}: ${reasons.join('; ')}.`];
}

/** Processor seconds between two looks, and the memory that both processes had then, on the average. */
export interface Usage {
  seconds: number;
  generatorCpu: number;
  serviceCpu: number;
  threads: ThreadSeconds;
  generatorBytes: number;
  serviceBytes: number;
}

/** @throws RangeError for less than two looks */
export function usageOf(looks: readonly Look[]): Usage {
  const [first, last] = [looks[0], looks.at(-1)];
  if (!first || !last || first === last) throw new RangeError('the time that was to be measured is too short');
  const mean = (of: (look: Look) => number) => looks.reduce((sum, look) => sum + of(look), 0) / looks.length;
  const threads = { ...last.threads };
  for (const name of ['main', 'workers', 'shared'] as const) threads[name] -= first.threads[name];
  return {
    seconds: (last.at - first.at) / 1000,
    generatorCpu: last.generatorCpu - first.generatorCpu,
    serviceCpu: last.serviceCpu - first.serviceCpu,
    threads,
    generatorBytes: mean((look) => look.generatorBytes),
    serviceBytes: mean((look) => look.serviceBytes),
  };
}

/** A phase of a run, with what both processes took during it. @throws RangeError when it has not been, or was too short to be looked at */
export function phaseUsage({ summary, looks }: SwarmOutcome, name: RunPhase): Usage & { phase: PhaseSummary } {
  const phase = summary.phases.find((one) => one.phase === name);
  if (!phase) throw new RangeError(`the run had no phase ${name}`);
  const from = Date.parse(phase.startedAt);
  const to = from + phase.seconds * 1000;
  return { ...usageOf(looks.filter(({ at }) => at >= from && at <= to)), phase };
}

interface Steady {
  /** Multiples of {@link HOSTS_EACH}. */
  hosts: number;
  /** The first polls are spread over it. */
  spreadSeconds: number;
  /** Null for that which the service asks for, as with real agents. */
  pollSeconds: number | null;
}

/** `examples/steady-20000.yaml` with another amount of hosts, and from six addresses, so that ports suffice for 100,000. */
export function steadyPlan({ hosts, spreadSeconds, pollSeconds }: Steady): object {
  const plan = parse(readFileSync(join(ROOT, 'examples/steady-20000.yaml'), 'utf8'));
  const [entry] = plan.clusters;
  return {
    ...plan,
    name: `steady-${hosts}`,
    boot_spread: `${spreadSeconds}s`,
    ...(pollSeconds !== null && { poll_interval: `${pollSeconds}s` }),
    connections: { ...plan.connections, source_addresses: [1, 2, 3, 4, 5, 6].map((last) => `127.0.0.${last}`) },
    clusters: [{ ...entry, amount: hosts / HOSTS_EACH }],
  };
}
