/**
 * Whether memory stays where it is while clusters come and go for 24 simulated hours: runs the command line on a plan whose
 * clusters and infra-envs are removed and made anew twice an hour, against the embedded service in its own process, and looks at
 * what both processes hold after a full garbage collection.
 *
 * The first quarter is left out: code is compiled, tables and histograms reach their size. Of the rest two things are said, and both must
 * be small: the slope of the straight line through all samples, and the difference between the medians of its first and last third.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { RunSummary } from '../swarm/report/summary.ts';
import { closed, start } from './started.ts';

const ROOT = join(import.meta.dirname, '..');
/**
 * Simulated seconds in one of the wall. A day at this speed takes 24 minutes: the generator's time series grow for ten, most of which lie
 * in the quarter that is left out.
 */
const USUAL_SPEED = 60;
const SAMPLE_MS = 2000;
/** Growth over the hours looked at that counts as none, as a share of the level. */
const FLAT = 0.05;

const PLAN = {
  name: 'day',
  seed: 'day',
  spoke_profile: 'quick',
  churn: '200%/h',
  clusters: [
    { topology: 'sno', amount: 10 },
    { topology: { control_planes: 3, workers: 7 }, just_infraenv: true, amount: 4 },
  ],
};

export interface Sample {
  at: number;
  pid: number;
  thread: number;
  bytes: number;
  /** Of main threads. */
  rss?: number;
  program?: string;
}

/** Memory of one process at a moment, all of its threads. */
interface Moment {
  hours: number;
  mib: number;
  rssMib: number;
}

export interface ProcessGrowth {
  program: string;
  samples: number;
  /** Median of what is held after a garbage collection, in MiB. */
  levelMib: number;
  /** Least squares, in MiB for each simulated hour. */
  slopeMibPerHour: number;
  /** What a day of that is, as a share of the level. */
  growthPerDay: number;
  /** What the slope comes to over the hours looked at, as a share of the level. */
  growthBySlope: number;
  /** Median of the last third of the samples beside that of the first, as a share of the level. */
  growthByMedians: number;
  /** Median of the resident memory of the first and of the last third, in MiB. */
  rssMib: [number, number];
  flat: boolean;
}

export interface DayOfChurn {
  /** Simulated, without the first quarter. */
  hours: number;
  removed: number;
  complete: number;
  failed: number;
  requests: number;
  errors: number;
  processes: ProcessGrowth[];
  flat: boolean;
}

/** Runs the plan. @param hours simulated @param speed simulated seconds in one of the wall @throws Error when the run fails */
export async function dayOfChurn(hours = 24, speed = USUAL_SPEED): Promise<DayOfChurn> {
  const folder = mkdtempSync(join(tmpdir(), 'day-of-churn-'));
  try {
    const file = join(folder, 'plan.yaml');
    const samplesFile = join(folder, 'samples.jsonl');
    writeFileSync(file, stringify({ ...PLAN, clock_speed: speed }));
    const begun = Date.now();
    const summary = await run(['run', file, '--hold', `${hours}h`, '--out', folder, '--json', '--quiet'], {
      NODE_OPTIONS: `--require ${join(import.meta.dirname, 'heap-samples.cjs')}`,
      HEAP_SAMPLES: samplesFile,
      HEAP_SAMPLES_EVERY_MS: String(SAMPLE_MS),
    });
    const until = begun + (hours * 3_600_000) / speed;
    const from = begun + (hours * 3_600_000) / speed / 4;
    const samples = readFileSync(samplesFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Sample)
      .filter(({ at }) => at >= from && at < until);
    const processes = [...new Set(samples.map(({ pid }) => pid))].map((pid) =>
      growthOf(
        samples.filter((sample) => sample.pid === pid),
        speed,
      ),
    );
    const { churn } = summary;
    return {
      hours: hours * 0.75,
      removed: churn?.removed ?? 0,
      complete: churn?.complete ?? 0,
      failed: churn?.failed ?? 0,
      requests: summary.totals.requests,
      errors: summary.totals.errors,
      processes,
      flat: processes.length > 1 && processes.every(({ flat }) => flat),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(args: string[], env: NodeJS.ProcessEnv): Promise<RunSummary> {
  const child = start(process.execPath, [join(ROOT, 'swarm/main.ts'), ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  const code = await closed(child);
  // 1 is the run's own verdict, which says nothing of memory.
  if (code !== 0 && code !== 1) throw new Error(`the run ended with exit code ${code}`);
  const summary = JSON.parse(output) as RunSummary;
  if (summary.totals.requests === 0) throw new Error(`nothing was run: ${summary.reasons.join('; ')}`);
  return summary;
}

/** @param samples of all threads of one process, in the order of their time */
export function growthOf(samples: readonly Sample[], speed: number): ProcessGrowth {
  const moments = momentsOf(samples, speed);
  const sizes = moments.map(({ mib }) => mib);
  const third = Math.floor(moments.length / 3);
  const first = moments.slice(0, third);
  const last = moments.slice(-third);
  const levelMib = median(sizes);
  const slopeMibPerHour = slope(moments);
  const span = moments.at(-1)!.hours - moments[0]!.hours;
  const growthBySlope = (slopeMibPerHour * span) / levelMib;
  const growthByMedians = (median(last.map(({ mib }) => mib)) - median(first.map(({ mib }) => mib))) / levelMib;
  const program = samples.find((sample) => sample.program !== undefined)?.program ?? '?';
  return {
    program: program.endsWith('swarm/main.ts') ? 'generator' : basename(dirname(program)),
    samples: moments.length,
    levelMib,
    slopeMibPerHour,
    growthPerDay: (slopeMibPerHour * 24) / levelMib,
    growthBySlope,
    growthByMedians,
    rssMib: [median(first.map(({ rssMib }) => rssMib)), median(last.map(({ rssMib }) => rssMib))],
    flat: growthBySlope < FLAT && growthByMedians < FLAT,
  };
}

/** One for each sample of the main thread: the others count with what they held last. */
function momentsOf(samples: readonly Sample[], speed: number): Moment[] {
  const held = new Map<number, number>();
  const threads = new Set(samples.map(({ thread }) => thread)).size;
  const moments: Moment[] = [];
  const begun = samples[0]!.at;
  for (const { at, thread, bytes, rss } of samples) {
    held.set(thread, bytes);
    if (rss === undefined || held.size < threads) continue;
    const sum = [...held.values()].reduce((all, one) => all + one, 0);
    moments.push({ hours: ((at - begun) * speed) / 3_600_000, mib: sum / 2 ** 20, rssMib: rss / 2 ** 20 });
  }
  return moments;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}

function slope(moments: readonly Moment[]): number {
  const mean = (of: (moment: Moment) => number) => moments.reduce((sum, one) => sum + of(one), 0) / moments.length;
  const hours = mean((moment) => moment.hours);
  const mib = mean((moment) => moment.mib);
  return mean((moment) => (moment.hours - hours) * (moment.mib - mib)) / mean((moment) => (moment.hours - hours) ** 2);
}
