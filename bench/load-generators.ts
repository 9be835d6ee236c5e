/** Other load generators as they come, on one core, asking one URL as fast as they can with so many requests at a time. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closed, start } from './started.ts';
import { endedChildrenCpuSeconds } from './usage.ts';

export type Scheme = 'http' | 'https';
/** Connections: a new one for each request, or kept ones. */
export type Way = 'new' | 'kept';

/** Of one way to send, over all its requests. */
export interface Measured {
  /** Requests a second. */
  rate: number;
  /** Processor time of a request, user and system. */
  cpuMicros: number;
}

export interface Attack {
  /** File of the program. */
  program: string;
  url: string;
  way: Way;
  /** Requests under way at once. */
  lanes: number;
  /** Lengths of a short and a long run, whole seconds; the difference of their processor times counts, so that starting up is in no figure. */
  seconds: readonly [number, number];
  /** For files that it needs. */
  folder: string;
}

interface Generator {
  name: string;
  /** Argument that makes it tell its version. */
  version: string;
  /** What it can do. */
  ways: readonly `${Scheme} ${Way}`[];
  /** Of the seconds of new connections, what it gets. */
  shareOfNew?: number;
  args(attack: Attack, seconds: number): string[];
  /** The number of requests that were answered, from what it printed. */
  requests(output: string, attack: Attack): Promise<number>;
}

const ALL = ['http kept', 'http new', 'https kept', 'https new'] as const;
/**
 * vegeta binds each socket before it dials, so that a port is not used again for a minute: each of its runs has an address of its own. All of 127/8 is
 * this machine.
 */
let vegetaRuns = 0;
const vegetaAddress = () => `127.0.${1 + (vegetaRuns >> 7)}.${1 + (vegetaRuns++ & 127)}`;
const vegetaFile = (folder: string, name: string) => join(folder, `vegeta.${name}`);

/** Share of requests that must be answered: what fails costs time too. */
const LEAST_SUCCESS = 0.99;

interface VegetaReport {
  status_codes: Record<string, number>;
  /** Share. */
  success: number;
  errors: string[];
}

export const GENERATORS: readonly Generator[] = [
  {
    name: 'autocannon',
    version: '--version',
    ways: ['http kept'],
    args: ({ lanes, url }, seconds) => ['-c', `${lanes}`, '-d', `${seconds}`, '-j', url],
    requests: async (output) => Number(/"2xx":(\d+)/.exec(output)?.[1] ?? 0),
  },
  {
    name: 'wrk',
    version: '-v',
    ways: ['http kept', 'https kept'],
    args: ({ lanes, url }, seconds) => ['-t', '1', '-c', `${lanes}`, '-d', `${seconds}s`, url],
    requests: async (output) => Number(/(\d+) requests in/.exec(output)?.[1] ?? 0),
  },
  {
    name: 'k6',
    version: 'version',
    ways: ALL,
    args: ({ lanes, url, way, folder }, seconds) => {
      const file = join(folder, 'k6.js');
      const options = { noConnectionReuse: way === 'new', insecureSkipTLSVerify: true };
      writeFileSync(
        file,
        `import http from 'k6/http';\nexport const options = ${JSON.stringify(options)};\nexport default function () { http.get('${url}'); }\n`,
      );
      return [...K6_ALONE, '--vus', `${lanes}`, '--duration', `${seconds}s`, file];
    },
    requests: async (output) => Number(/http_reqs\D+(\d+)/.exec(output)?.[1] ?? 0),
  },
  {
    name: 'vegeta',
    version: '-version',
    ways: ALL,
    // Bound sockets have 14,000 ports of an address, which last for less than a second.
    shareOfNew: 1 / 3,
    args: ({ lanes, url, way, folder }, seconds) => {
      writeFileSync(vegetaFile(folder, 'targets'), `GET ${url}\n`);
      const load = [
        '-rate=0',
        `-max-workers=${lanes}`,
        `-workers=${lanes}`,
        `-duration=${Math.round(seconds * 1000)}ms`,
      ];
      const files = [`-targets=${vegetaFile(folder, 'targets')}`, `-output=${vegetaFile(folder, 'results')}`];
      return ['attack', ...load, ...files, `-keepalive=${way === 'kept'}`, '-insecure', `-laddr=${vegetaAddress()}`];
    },
    requests: async (_, { program, folder }) => {
      const file = vegetaFile(folder, 'report');
      await closed(
        start(program, ['report', '-type=json', `-output=${file}`, vegetaFile(folder, 'results')], { stdio: 'ignore' }),
      );
      const report = JSON.parse(readFileSync(file, 'utf8')) as VegetaReport;
      if (report.success < LEAST_SUCCESS) {
        throw new Error(
          `vegeta had ${(report.success * 100).toFixed(1)} % of its requests answered: ${report.errors[0]}`,
        );
      }
      return report.status_codes['200'] ?? 0;
    },
  },
];

/** It sends no usage report and listens on no port. */
export const K6_ALONE = ['run', '--no-usage-report', '--address', '', '--quiet'];

/** k6 and vegeta have as many threads as there are cores otherwise. */
export const ONE_CORE = { ...process.env, GOMAXPROCS: '1' };

/** As the program tells it; some that were built from source do not. */
export async function versionOf(program: string, argument: string): Promise<string> {
  const child = start(program, [argument], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = outputOf(child);
  await closed(child);
  return /\d+\.\d+\.\d+/.exec(output().replace(/go\d[\d.]*/g, ''))?.[0] ?? 'of unknown version';
}

/** What a process has written so far. */
function outputOf(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  return () => output;
}

/** A long run must have made so many times the requests of the short one for their difference to say something. */
const LEAST_RATIO = 1.5;
const ATTEMPTS = 3;

/** @throws Error when the program did not do it, or this machine was too busy for it */
export async function measureGenerator(name: string, attack: Attack): Promise<Measured> {
  const generator = GENERATORS.find((one) => one.name === name)!;
  const share = attack.way === 'new' ? (generator.shareOfNew ?? 1) : 1;
  const seconds = attack.seconds.map((one) => one * share) as [number, number];
  const counts: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const [short, long] = [
      await attacked(generator, attack, seconds[0]),
      await attacked(generator, attack, seconds[1]),
    ];
    counts.push(short.requests, long.requests);
    if (long.requests <= short.requests * LEAST_RATIO || long.cpuSeconds <= short.cpuSeconds) continue;
    return {
      rate: long.requests / seconds[1],
      cpuMicros: ((long.cpuSeconds - short.cpuSeconds) * 1e6) / (long.requests - short.requests),
    };
  }
  throw new Error(
    `${name} had ${counts.join(', ')} requests answered in ${seconds.map((one) => one.toFixed(1)).join(' and ')} s by turns: this machine is too busy to measure it`,
  );
}

async function attacked(generator: Generator, attack: Attack, seconds: number) {
  const args = generator.args(attack, seconds);
  const before = endedChildrenCpuSeconds();
  const child = start(attack.program, args, { env: ONE_CORE, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = outputOf(child);
  const code = await closed(child);
  const cpuSeconds = endedChildrenCpuSeconds() - before;
  if (code !== 0) throw new Error(`${generator.name} ended with exit code ${code}: ${output().trim().slice(-300)}`);
  return { requests: await generator.requests(output(), attack), cpuSeconds };
}
