/** The command line of `npm run bench`. */
import { Argument, Command, InvalidArgumentError } from 'commander';
import { duration, wholeNumber } from '../swarm/commands/options.ts';
import type { PartOptions } from './part.ts';
import { PARTS } from './parts.ts';

const MOST_HOSTS = 1_000_000;
/** `cost` makes infra-envs of so many hosts. */
export const HOSTS_EACH = 100;

export interface BenchOptions extends PartOptions {
  /** Names of {@link PARTS}, in their order. */
  parts: readonly string[];
  json: boolean;
  /** Folder for the plots; null for none. */
  plots: string | null;
  /** Tables go into bench/README.md, and plots into docs/bench. */
  updateDocs: boolean;
}

interface Flags {
  quick?: boolean;
  json?: boolean;
  plots?: string;
  updateDocs?: boolean;
  hosts?: number[];
  hold?: number;
  kubePeer?: string;
}

/**
 * @param args without program and script
 * @param write where help and errors go, for tests
 * @throws CommanderError, with exit code 0 for `--help` and 2 for what is wrong, after it was told
 */
export function parseOptions(args: readonly string[], write?: (text: string) => void): BenchOptions {
  const command = benchCommand();
  if (write) command.configureOutput({ writeOut: write, writeErr: write });
  command.exitOverride((error) => {
    error.exitCode = error.exitCode === 0 ? 0 : 2;
    throw error;
  });
  command.parse(args, { from: 'user' });
  const asked = new Set(command.processedArgs[0] as string[]);
  const { quick = false, json = false, plots, updateDocs = false, hosts, hold, kubePeer }: Flags = command.opts();
  return {
    parts: PARTS.map(({ name }) => name).filter((name) => asked.size === 0 || asked.has(name)),
    ...{ quick, json, updateDocs },
    plots: plots ?? null,
    ...(hosts && { hosts }),
    ...(hold !== undefined && { holdSeconds: hold }),
    ...(kubePeer !== undefined && { kubePeer }),
  };
}

function benchCommand(): Command {
  const width = Math.max(...PARTS.map(({ name }) => name.length)) + 2;
  return new Command('npm run bench --')
    .description('Measures what the load generator costs, beside peers and raw limits, on this machine.')
    .addArgument(
      new Argument('[part...]', 'what to measure (default: all of it)').argParser((name: string, before?: string[]) => [
        ...(before ?? []),
        partName(name),
      ]),
    )
    .option('--quick', 'smaller amounts and fewer rounds: some minutes instead of an hour or more')
    .option('--json', 'print the figures as JSON')
    .option('--plots <dir>', 'write a plot of each table into this folder')
    .option('--update-docs', 'write the tables into bench/README.md and the plots into docs/bench')
    .option(
      '--hosts <list>',
      `cost: hosts of each swarm, multiples of ${HOSTS_EACH}, such as 1000,10000 (default: 1000,10000,100000; --quick: 200,2000)`,
      hostAmounts,
    )
    .option('--hold <duration>', 'cost: how long hosts wait in each swarm (default: 10m; --quick: 20s)', duration)
    .option(
      '--kube-peer <url>',
      'kube-api: a real kube-apiserver; its token is read from BENCH_KUBE_TOKEN, and its namespace `bench` is filled',
    )
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `
Parts:
${PARTS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join('\n')}

Each part runs in a process of its own. autocannon, wrk, k6, vegeta and the stock agent (agent) are measured where they are on PATH.
Load goes to this machine alone, but for --kube-peer. Close other programs: ratios say more than numbers, and neither says much on a busy machine.
Exit codes: 0 all was measured, 1 a part failed, 2 wrong input, 130 interrupted.

Examples:
  npm run bench -- --quick
  npm run bench -- --update-docs
  npm run bench -- transport memory --json > figures.json
  npm run bench -- cost --hosts 1000,10000 --hold 5m`,
    );
}

function partName(name: string): string {
  if (PARTS.some((part) => part.name === name)) return name;
  throw new InvalidArgumentError(`Allowed: ${PARTS.map((part) => part.name).join(', ')}.`);
}

function hostAmounts(text: string): number[] {
  const amounts = text.split(',').map(wholeNumber(MOST_HOSTS));
  if (amounts.every((amount) => amount % HOSTS_EACH === 0)) return amounts;
  throw new InvalidArgumentError(`Allowed: multiples of ${HOSTS_EACH}.`);
}
