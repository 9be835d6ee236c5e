/**
 * What a large swarm of waiting hosts costs, beside a small one: runs the command line on `examples/steady-20000.yaml`
 * (20,000 hosts in 200 infra-envs, polls every 60 s, against the embedded service in its own process) and on a twentieth
 * of it, one after the other, each for the same time.
 *
 *   node bench/steady-swarm.ts [minutes, default 10]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { RunSummary } from '../swarm/report/summary.ts';
import { printTable } from './table.ts';

const root = join(import.meta.dirname, '..');
const minutes = Number(process.argv[2] ?? 10);
const folder = mkdtempSync(join(tmpdir(), 'steady-'));

interface Outcome {
  summary: RunSummary;
  serviceRssBytes: number;
}

/** Runs `amount` infra-envs of 100 hosts each. */
async function run(amount: number): Promise<Outcome> {
  const plan = parse(readFileSync(join(root, 'examples/steady-20000.yaml'), 'utf8'));
  plan.clusters[0].amount = amount;
  const file = join(folder, `steady-${amount}.yaml`);
  writeFileSync(file, stringify(plan));
  const args = ['swarm/main.ts', 'run', file, '--hold', `${minutes}m`, '--out', folder, '--json'];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  let serviceRssBytes = 0;
  const watch = setInterval(() => {
    for (const pid of childrenOf(child.pid!)) serviceRssBytes = Math.max(serviceRssBytes, rssBytes(pid));
  }, 2000);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`the run of ${amount * 100} hosts ended with exit code ${code}`);
  return { summary: JSON.parse(output) as RunSummary, serviceRssBytes };
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function rssBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
const ms = (value: number) => `${value.toFixed(1)} ms`;

try {
  const small = await run(10);
  const large = await run(200);
  const rows = [small, large].map(({ summary, serviceRssBytes }) => {
    const hosts = summary.hostFunnel[0]!.of;
    const polls = summary.requests.find(({ endpoint }) => endpoint === 'get-instructions');
    const { errors } = summary;
    const cpuSeconds = (summary.generator.cpuPercent / 100) * summary.wallSeconds;
    return {
      hosts,
      // Never discovered, or silent for ever after it.
      lost:
        hosts -
        (summary.hostFunnel.find(({ name }) => name === 'discovered')?.count ?? 0) +
        (errors['registration-frozen'] ?? 0) +
        (errors['poll-frozen'] ?? 0) +
        (errors['poll-given-up'] ?? 0),
      requests: summary.totals.requests,
      errors: summary.totals.errors,
      polls: polls?.count ?? 0,
      lateP50: ms(summary.pollLateness.p50),
      lateP99: ms(summary.pollLateness.p99),
      lateMax: ms(summary.pollLateness.max),
      pollP99: ms(polls?.sinceDue.p99 ?? 0),
      rss: mib(summary.generator.peakRssBytes),
      serviceRss: mib(serviceRssBytes),
      cpuMsPerRequest: (cpuSeconds * 1000) / summary.totals.requests,
      saturatedSeconds: summary.generator.saturatedSeconds,
      idle: summary.deviations.join('; ') || 'as real agents',
    };
  });
  const [few, many] = rows as [(typeof rows)[number], (typeof rows)[number]];
  printTable(
    `waiting hosts, ${minutes} minutes after the last was discovered`,
    ['', `${few.hosts} hosts`, `${many.hosts} hosts`],
    (Object.keys(few) as (keyof typeof few)[]).map((key) => [
      key,
      typeof few[key] === 'number' ? String(Math.round(few[key] * 1000) / 1000) : few[key],
      typeof many[key] === 'number' ? String(Math.round(many[key] * 1000) / 1000) : many[key],
    ]),
  );
  console.log(
    `\nCPU a request at ${many.hosts} hosts is ${(many.cpuMsPerRequest / few.cpuMsPerRequest).toFixed(2)} times that at ${few.hosts}.`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
