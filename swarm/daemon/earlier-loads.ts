/** What killed backup loads have left on a cluster goes before another one begins there. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { BackupInputError } from '../backup/backup-error.ts';
import { formatCount, shellWord } from '../report/style.ts';
import { LEDGER_FILE, Ledger, type LedgerContents, readLedger } from '../telemetry/ledger.ts';
import { RunArchive, type RunRecord } from '../telemetry/run-archive.ts';
import { cleanBackup } from './backup-cleaner.ts';

/**
 * @param out folder of the runs' folders
 * @param server URL of the API server, without credentials
 * @param tell takes lines for people
 * @throws BackupInputError while one goes on there, or when something stays
 */
export async function clearEarlierLoads(
  out: string,
  server: string,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const record of new RunArchive(out).list()) {
    if (record.hub?.server !== server || !record.backup) continue;
    if (record.state === 'running') {
      throw new BackupInputError(
        `run ${record.id} goes on in process ${record.process?.pid} on the same cluster, whose operator has one configuration for all; wait for its end, or stop it (Ctrl-C there)`,
      );
    }
    const contents = readLedger(record.folder);
    if (record.state === 'unknown' || contents.open.length === 0) continue;
    await clear(record, contents, tell, signal);
  }
}

/** Says of a cluster that does not answer what is still there. @throws Error, the given one or one that says more */
export function refuseWithEarlier(error: unknown, out: string, server: string): never {
  if (!(error instanceof BackupInputError)) throw error;
  const ids = new RunArchive(out)
    .list()
    .filter(({ hub, backup, state }) => backup && hub?.server === server && (state === 'killed' || state === 'ended'))
    .filter(({ folder }) => readLedger(folder).open.length > 0)
    .map(({ id }) => id);
  if (ids.length === 0) throw error;
  const left = `${ids.length === 1 ? 'run' : 'runs'} ${ids.join(', ')} left something on it, which the next run or swarm clean removes when it answers again`;
  throw new BackupInputError(`${error.message}; ${left}`, { cause: error });
}

async function clear(
  { id, folder, hub }: RunRecord,
  contents: LedgerContents,
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  tell(`run ${id} has left something on this cluster; it is removed first`);
  const ledger = Ledger.reopen(folder, contents, (error) => tell(`warning: ${folder}: ${error.message}`));
  const { left } = await cleanBackup(
    {
      run: id,
      folder,
      hub: hub!,
      chosen: false,
      entries: ledger.open(),
      lastWordAt: statSync(join(folder, LEDGER_FILE)).mtimeMs,
    },
    signal,
    ({ done, of, unit }) => {
      if (done === of) tell(`removed ${formatCount(done)} ${unit} of run ${id}`);
    },
  );
  ledger.end(contents.end ?? undefined);
  const [first] = left;
  if (first) {
    throw new BackupInputError(
      `what run ${id} has left cannot be removed (${first.kind} ${first.name}: ${first.reason}); remove it with: swarm clean ${shellWord(folder)}`,
    );
  }
}
