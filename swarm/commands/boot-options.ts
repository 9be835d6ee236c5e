/** Options about what booting hosts download; each is the key of a plan's `boot` with that name, and allows the same. */
import { type Command, Option } from 'commander';
import { allowedWords } from '../../model/text/allowed-words.ts';
import { bootLoad } from '../plan/boot-load.ts';
import type { BootLoad } from '../plan/expanded-plan.ts';
import { InputError } from './exit.ts';

export interface BootFlags {
  boot?: 'iso' | 'ipxe';
  bootShare?: string;
  bootRatePerHost?: string;
  bootRateTotal?: string;
  bootReadSize?: string;
}

export function addBootOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--boot <from>',
        'hosts download what they boot, and it is thrown away: the ISO as a BMC does, or what iPXE loads (default: nothing is downloaded)',
      ).choices(['iso', 'ipxe']),
    )
    .option('--boot-share <share>', 'share of the hosts that download, from 0 to 1 (default: 1)')
    .option('--boot-rate-per-host <rate>', 'at most this much for each host (default: 100MB/s)')
    .option('--boot-rate-total <rate>', 'at most this much for all hosts together (default: no limit)')
    .option('--boot-read-size <size>', 'what a BMC asks for at once (default: 1MB)');
}

/** Null when nothing is downloaded. @throws InputError for a value that is not allowed */
export async function bootOf(flags: BootFlags): Promise<BootLoad | null> {
  const { boot: from, bootShare: share, bootRatePerHost, bootRateTotal, bootReadSize } = flags;
  const rest = { rate_per_host: bootRatePerHost, rate_total: bootRateTotal, read_size: bootReadSize };
  const given = Object.fromEntries(Object.entries({ share, ...rest }).filter(([, value]) => value !== undefined));
  const [first] = Object.keys(given);
  const refuse = (key: string, allowed: string) => {
    throw new InputError(`${flagOf(key)} ${given[key]} is not allowed; allowed: ${allowed}`);
  };
  if (from === undefined) {
    if (first !== undefined)
      throw new InputError(`${flagOf(first)} says how hosts download; give --boot iso or ipxe too`);
    return null;
  }
  const asked = { from, ...given, ...(share !== undefined && { share: share === '' ? Number.NaN : Number(share) }) };
  const { planFileSchema } = await import('../plan/schema.ts');
  const read = planFileSchema.safeParse({ boot: asked }, { error: allowedWords });
  if (!read.success) {
    const [{ path, message }] = read.error.issues as [(typeof read.error.issues)[number]];
    return refuse(String(path.at(-1)), message);
  }
  return bootLoad(read.data.boot, refuse);
}

function flagOf(key: string): string {
  return `--boot-${key.replaceAll('_', '-')}`;
}
