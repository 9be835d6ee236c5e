import { dirname } from 'node:path';
import { Command } from 'commander';
import { firstLines, shellWord, table } from '../report/style.ts';
import type { LedgerRecord } from '../telemetry/ledger.ts';
import { RunArchive, type RunRecord } from '../telemetry/run-archive.ts';
import { EXIT } from './exit.ts';
import { note } from './note.ts';

/** What stands on the service because of a run. */
interface OnService {
  /** Objects that were made, by kind. */
  made: Record<string, number>;
  /** Objects whose creation was not answered. */
  unconfirmed: number;
}

/** Runs that are listed, the newest ones. */
const LISTED = 40;

/** `swarm runs` */
export function runsCommand(finish: (code: number) => void): Command {
  return new Command('runs')
    .description(
      'Lists the runs whose folders stand in one place, the 40 newest first, those of other processes too: how they stand, their verdict, and what is on the service because of them.',
    )
    .option('--out <dir>', "folder of the runs' folders", 'runs')
    .option('--json', 'print all of them as JSON')
    .addHelpText('after', '\nExamples:\n  swarm runs\n  swarm runs --out /var/lib/swarm --json')
    .action((flags: { out: string; json?: boolean }) => {
      const archive = new RunArchive(flags.out);
      const rows = archive.list().map((record) => ({ record, onService: onServiceOf(archive, record) }));
      if (flags.json) {
        const list = rows.map(({ record: { folder, ...record }, onService }) => ({
          ...record,
          directory: folder,
          onService,
        }));
        process.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
      } else if (rows.length === 0) note(`there are no runs in ${flags.out}`);
      else print(rows, flags.out);
      finish(EXIT.ok);
    });
}

/** Null when it is not known: the run kept no ledger. */
function onServiceOf(archive: RunArchive, record: RunRecord): OnService | null {
  if (record.service === 'embedded' && record.state !== 'running') return { made: {}, unconfirmed: 0 };
  let open: LedgerRecord[];
  try {
    ({ open } = archive.ledger(record.id));
  } catch {
    return null;
  }
  const made: Record<string, number> = {};
  for (const { kind, id } of open) if (id !== null) made[kind] = (made[kind] ?? 0) + 1;
  return { made, unconfirmed: open.filter(({ id }) => id === null).length };
}

function print(rows: readonly { record: RunRecord; onService: OnService | null }[], out: string): void {
  const head = ['run', 'state', 'verdict', 'plan', 'seed', 'service', 'clusters', 'hosts', 'on the service'];
  const cells = rows.map(({ record, onService }) => [
    record.id,
    record.state,
    record.verdict ?? '-',
    record.plan,
    record.seed,
    record.service,
    String(record.clusters),
    String(record.hosts),
    onService === null ? (isMerged(record) ? 'see its shards' : 'not known') : described(onService),
  ]);
  const lines = firstLines(table([head, ...cells], [6, 7]), LISTED + 1, 'older ones are listed by --json');
  process.stdout.write(`${lines.join('\n')}\n`);
  const left = rows.filter(({ record, onService }) => record.state !== 'running' && onService && hasAny(onService));
  if (left.length === 0) return;
  const what = left.length === 1 ? left[0]!.record.id : '--all';
  const where = out === 'runs' ? '' : ` --out ${shellWord(out)}`;
  note(`remove what is left with: swarm clean ${what}${where}`);
}

/** What it is the sum of has ledgers of its own. */
function isMerged({ id, folder }: RunRecord): boolean {
  const summary = new RunArchive(dirname(folder)).summary(id) as { shards?: unknown[] } | null;
  return (summary?.shards?.length ?? 0) > 0;
}

const hasAny = ({ made, unconfirmed }: OnService) => unconfirmed > 0 || Object.keys(made).length > 0;

function described(onService: OnService): string {
  if (!hasAny(onService)) return 'nothing';
  const counts = Object.entries(onService.made).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
  if (onService.unconfirmed > 0) counts.push(`perhaps ${onService.unconfirmed} more`);
  return counts.join(', ');
}
