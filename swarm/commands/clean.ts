import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { targetOf } from '../cluster/hub-objects.ts';
import type { BackupCleanTask } from '../daemon/backup-cleaner.ts';
import type { CleanLeft, CleanProgress, CleanTask } from '../daemon/cleaner.ts';
import type { HubCleanTask } from '../daemon/hub-cleaner.ts';
import type { TlsOptions } from '../plan/connections.ts';
import { SERVICE_OF_HUB } from '../plan/expanded-plan.ts';
import { redactUrl } from '../plan/redact.ts';
import { firstLines } from '../report/style.ts';
import { LEDGER_FILE, Ledger, type LedgerContents, readLedger } from '../telemetry/ledger.ts';
import { RunArchive, type RunRecord } from '../telemetry/run-archive.ts';
import { EXIT, InputError } from './exit.ts';
import { findRun } from './find-run.ts';
import { catchInterrupts } from './interrupt.ts';
import { note } from './note.ts';
import { serviceUrl } from './options.ts';
import { readCa } from './read-ca.ts';
import { readAuthorization } from './user-authorization.ts';

interface CleanFlags {
  seed?: string;
  all?: boolean;
  over?: boolean;
  out: string;
  service?: string;
  insecure?: boolean;
  ca?: string;
  authorizationFile?: string;
  kubeconfig?: string;
  context?: string;
  json?: boolean;
}

/** A run that is over, with what its ledger says. */
interface FoundRun {
  record: RunRecord;
  contents: LedgerContents;
}

/** Objects that could not be removed, named in full. */
const TOLD_LEFT = 20;

/** `swarm clean` */
export function cleanCommand(finish: (code: number) => void): Command {
  return new Command('clean')
    .description(
      'Removes clusters, hosts and infra-envs that a run has left on the service, and its custom resources on the hub, because it was killed, left at the second Ctrl-C, or kept them. Of a backup load it also puts the configuration of the DevWorkspace Operator back. What exactly stands in the ledger of the run. Nothing of others is touched; it may be interrupted and repeated.',
    )
    .argument('[run...]', 'ids of runs, or their folders (see: swarm runs)')
    .option('--seed <text>', 'remove everything of this seed, by its names, also where no ledger is left')
    .option('--all', 'remove what all runs have left that are over')
    .option('--over', 'the runs that are named are over, although they ran where this machine cannot look')
    .option('--out <dir>', "folder of the runs' folders", 'runs')
    .option('--service <url>', 'address of the service (default: that of the run)', serviceUrl)
    .option('--insecure', "do not verify the service's certificate")
    .option('--ca <file>', 'PEM certificates to trust beside those of the system')
    .option(
      '--authorization-file <file>',
      "file with the Authorization header's value for the service (default: SWARM_USER_AUTHORIZATION of the environment)",
    )
    .option('--kubeconfig <file>', 'kubeconfig of the hub (default: that of the run)')
    .option('--context <name>', 'context of the kubeconfig (default: that of the run)')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing is left, 1 something could not be removed and is named, 2 wrong input, 130 interrupted.

Examples:
  swarm clean 20261121-143000-9f3a
  swarm clean --all --authorization-file token.txt
  swarm clean results/big/shard-3/20261121-143000-9f3a --over     # of a pod that was killed
  swarm clean --seed 7 --service https://assisted.example.com --ca ca.pem`,
    )
    .action(async (names: string[], flags: CleanFlags) => {
      const runs = chooseRuns(names, flags);
      const authorization = readAuthorization(flags.authorizationFile);
      const ledgers = new OpenLedgers();
      const tasks = tasksOf(runs, flags, authorization, ledgers);
      const hubTasks = hubTasksOf(runs, flags, ledgers);
      const backups = runs.filter(({ contents: { header, open } }) => header.backup && header.hub && open.length > 0);
      const stop = new AbortController();
      const interrupts = catchInterrupts(() => process.exit(EXIT.interrupted));
      void interrupts.first.then(() => stop.abort(new Error('interrupted')));
      const { clean } = await import('../daemon/cleaner.ts');
      const progress = showProgress();
      const removed: Record<string, number> = {};
      const left: CleanLeft[] = [];
      const work = [
        ...backups.map((run) => async () => {
          const { cleanBackup } = await import('../daemon/backup-cleaner.ts');
          return cleanBackup(ledgers.backup(run, flags), stop.signal, progress.show);
        }),
        ...hubTasks.map((task) => async () => {
          const { cleanHub } = await import('../daemon/hub-cleaner.ts');
          return cleanHub(task, stop.signal, progress.show);
        }),
        ...tasks.map((task) => () => clean(task, stop.signal, progress.show)),
      ];
      for (const next of work) {
        const result = await next();
        for (const [kind, count] of Object.entries(result.removed)) removed[kind] = (removed[kind] ?? 0) + count;
        for (const one of result.left) left.push(one);
      }
      ledgers.end();
      progress.stop();
      interrupts.release();
      const ids = runs.map(({ record }) => record.id);
      if (flags.json) process.stdout.write(`${JSON.stringify({ runs: ids, removed, left }, null, 2)}\n`);
      else process.stdout.write(`${report(removed, left).join('\n')}\n`);
      finish(stop.signal.aborted ? EXIT.interrupted : left.length > 0 ? EXIT.failed : EXIT.ok);
    });
}

/** @throws InputError when it is not clear what is meant, or it cannot be done now. */
function chooseRuns(names: readonly string[], flags: CleanFlags): FoundRun[] {
  const ways = [names.length > 0, flags.seed !== undefined, flags.all === true].filter(Boolean).length;
  if (ways !== 1) {
    throw new InputError(
      `${ways === 0 ? 'nothing is named that should be removed' : 'several ways are given to say what should be removed'}; give ids of runs, or --seed, or --all (\`swarm runs\` lists what runs have left)`,
    );
  }
  const archive = new RunArchive(flags.out);
  if (flags.over && names.length === 0) {
    throw new InputError('--over is about runs that are named; give their ids or folders');
  }
  if (names.length > 0)
    return names.map((name) => runWithLedger(archive, name)).filter((run) => isOver(run, flags.over));
  const { seed, service } = flags;
  const found = archive
    .list()
    .filter(
      (record) => seed === undefined || (record.seed === seed && (!service || sameService(record.service, service))),
    )
    .flatMap((record) => withLedger(record));
  // Names are no matter of ledgers: a run that goes on would lose what it needs.
  if (seed !== undefined) for (const { record } of found) if (record.state === 'running') isOver({ record });
  return found.filter(({ record: { id, state, process: owner } }) => {
    if (state === 'running') note(`run ${id} still goes on (process ${owner?.pid}); it is left alone`);
    if (state === 'unknown') note(`run ${id} has no recorded end and ran on ${owner?.host}; its ledger is left alone`);
    return state === 'ended' || state === 'killed';
  });
}

function runWithLedger(archive: RunArchive, name: string): FoundRun {
  const record = findRun(archive, name);
  const [found] = withLedger(record);
  if (!found) {
    throw new InputError(
      `run ${record.id} has no ledger, so it is not known what it made; use --seed ${record.seed} --service URL`,
    );
  }
  return found;
}

function withLedger(record: RunRecord): FoundRun[] {
  try {
    return [{ record, contents: readLedger(record.folder) }];
  } catch {
    return [];
  }
}

/** @param told the user knows that it is. @throws InputError for a run that is not over, or may not be. */
function isOver({ record: { id, state, process: owner } }: Pick<FoundRun, 'record'>, told = false): boolean {
  if (state === 'running') {
    throw new InputError(`run ${id} still goes on in process ${owner?.pid}; stop it first (Ctrl-C there cleans up)`);
  }
  if (state === 'unknown' && !told) {
    throw new InputError(
      `run ${id} has no recorded end and ran on ${owner?.host}, which cannot be looked into from here; run this there, or, when you know that it is over, name it with --over`,
    );
  }
  return true;
}

/** One task a service. */
function tasksOf(
  runs: readonly FoundRun[],
  flags: CleanFlags,
  authorization: string,
  ledgers: OpenLedgers,
): CleanTask[] {
  const services = new Map<string, { tls: TlsOptions; runs: FoundRun[] }>();
  const flagTls = {
    ...(flags.insecure && { insecure: true }),
    ...(flags.ca !== undefined && { ca: readCa(flags.ca) }),
  };
  for (const run of runs) {
    const { service, tls } = run.contents.header;
    // What an embedded service held is gone with its run.
    const { manifests, backup } = run.contents.header;
    if (service === 'embedded' || service === SERVICE_OF_HUB || manifests !== undefined || backup) continue;
    const url = flags.service ?? service;
    if (url.includes('(redacted)@')) {
      throw new InputError(
        `the address of run ${run.record.id}'s service held credentials, which are not written down; give it with --service`,
      );
    }
    const place = services.get(url) ?? { tls: { ...tls, ...flagTls }, runs: [] };
    place.runs.push(run);
    services.set(url, place);
  }
  if (flags.seed !== undefined && services.size === 0) {
    if (flags.service === undefined && runs.some(({ contents }) => contents.header.hub)) return [];
    if (flags.service === undefined) {
      throw new InputError(
        `no run with seed ${flags.seed} stands in ${flags.out}; say where to look with --service URL`,
      );
    }
    services.set(flags.service, { tls: flagTls, runs: [] });
  }
  return [...services].map(([url, place]) => taskOf(url, place, flags, authorization, ledgers));
}

function taskOf(
  url: string,
  { tls, runs }: { tls: TlsOptions; runs: FoundRun[] },
  flags: CleanFlags,
  authorization: string,
  ledgers: OpenLedgers,
): CleanTask {
  const open = runs.map((run) => ledgers.open(run));
  return {
    service: { url, tls, authorization },
    entries: open.flatMap(({ entries }) => entries.filter(({ entry }) => targetOf(entry) === null)),
    lastWordAt: Math.max(0, ...open.map((one) => one.lastWordAt)),
    seeds: flags.seed === undefined ? [] : [flags.seed],
    notOurs: flags.seed === undefined ? idsOfOthers(runs) : new Set(),
  };
}

/** One task for all runs with the same label on the same hub. */
function hubTasksOf(runs: readonly FoundRun[], flags: CleanFlags, ledgers: OpenLedgers): HubCleanTask[] {
  const tasks = new Map<string, HubCleanTask>();
  for (const run of runs) {
    const { hub, backup } = run.contents.header;
    if (!hub || backup) continue;
    const { entries, lastWordAt } = ledgers.open(run);
    const key = `${hub.server} ${hub.label}`;
    const task = tasks.get(key) ?? {
      hub: { ...hub, ...accessOf(flags) },
      chosen: flags.kubeconfig !== undefined || flags.context !== undefined,
      entries: [],
      lastWordAt: 0,
    };
    for (const one of entries) if (targetOf(one.entry) !== null) task.entries.push(one);
    task.lastWordAt = Math.max(task.lastWordAt, lastWordAt);
    tasks.set(key, task);
  }
  return [...tasks.values()].filter(({ entries }) => entries.length > 0);
}

/** What the command line says in place of what the run has written down. */
function accessOf({ kubeconfig, context }: CleanFlags): { kubeconfig?: string; context?: string | null } {
  if (kubeconfig !== undefined) return { kubeconfig, context: context ?? null };
  return context === undefined ? {} : { context };
}

/** Ledgers that are gone on with while what they tell of is removed; one for each run. */
class OpenLedgers {
  readonly #open = new Map<string, { ledger: Ledger; contents: LedgerContents; lastWordAt: number }>();

  /** Open entries of a run, and when it wrote its last line: wall-clock epoch milliseconds, 0 when it has none open. */
  open({ record, contents }: FoundRun): { entries: CleanTask['entries']; lastWordAt: number } {
    if (contents.open.length === 0) return { entries: [], lastWordAt: 0 };
    let open = this.#open.get(record.folder);
    if (!open) {
      const lastWordAt = statSync(join(record.folder, LEDGER_FILE)).mtimeMs;
      open = { ledger: reopen(record, contents), contents, lastWordAt };
      this.#open.set(record.folder, open);
    }
    const { ledger, lastWordAt } = open;
    return { entries: ledger.open().map((entry) => ({ run: record.id, entry })), lastWordAt };
  }

  /** A backup load, as it is cleaned. */
  backup(run: FoundRun, flags: CleanFlags): BackupCleanTask {
    const { entries, lastWordAt } = this.open(run);
    return {
      run: run.record.id,
      folder: run.record.folder,
      hub: { ...run.contents.header.hub!, ...accessOf(flags) },
      chosen: flags.kubeconfig !== undefined || flags.context !== undefined,
      entries: entries.map(({ entry }) => entry),
      lastWordAt,
    };
  }

  /** The end of the run stays the last line, where readers look for it. */
  end(): void {
    for (const { ledger, contents } of this.#open.values()) ledger.end(contents.end ?? undefined);
  }
}

function reopen({ folder }: RunRecord, contents: LedgerContents): Ledger {
  const warn = (error: Error) => note(`warning: ${folder}: ${error.message}`);
  try {
    return Ledger.reopen(folder, contents, warn);
  } catch (error) {
    warn(error as Error);
    return new Ledger({ sink: () => {}, onFailure: warn, from: contents });
  }
}

/**
 * What other runs have made that may bear the names which are looked for.
 * @throws InputError while one of them goes on: what it makes now is in no list.
 */
function idsOfOthers(runs: readonly FoundRun[]): Set<string> {
  const ids = new Set<string>();
  const chosen = new Set(runs.map(({ record }) => record.folder));
  const inDoubt = runs.flatMap(({ contents }) =>
    contents.open.filter(({ id, unanswered }) => id === null || unanswered),
  );
  const names = new Set(inDoubt.map(({ name }) => name));
  const seeds = new Set(runs.map(({ record }) => record.seed));
  if (names.size === 0) return ids;
  for (const root of new Set(runs.map(({ record }) => dirname(record.folder)))) {
    for (const record of new RunArchive(root).list()) {
      if (!seeds.has(record.seed) || chosen.has(record.folder) || record.service === 'embedded') continue;
      for (const { contents } of withLedger(record)) {
        const shared = contents.open.some(({ name }) => names.has(name));
        if (shared && record.state !== 'ended' && record.state !== 'killed') isOver({ record });
        for (const id of contents.madeIds) ids.add(id);
      }
    }
  }
  return ids;
}

function sameService(a: string, b: string): boolean {
  return a.replace(/\/+$/, '') === redactUrl(b.replace(/\/+$/, ''));
}

/** Tells every two seconds how far it is. */
function showProgress(): { show: (progress: CleanProgress) => void; stop: () => void } {
  let last: CleanProgress = { done: 0, of: 0 };
  // Nothing is known while what was asked for last may still be carried out.
  const timer = setInterval(() => {
    if (last.of > 0) note(`removed ${last.done} of ${last.of} ${last.unit ?? 'clusters'} …`);
  }, 2_000);
  return {
    show: (progress) => {
      last = progress;
    },
    stop: () => clearInterval(timer),
  };
}

/** `a, b and c`. */
function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function report(removed: Readonly<Record<string, number>>, left: readonly CleanLeft[]): string[] {
  const counts = Object.entries(removed).map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
  const first = counts.length === 0 ? 'nothing was removed' : `removed ${listed(counts)}`;
  if (left.length === 0) return [`${first}; nothing is left`];
  const lines = left.map(
    ({ run, kind, name, id, reason }) =>
      `  ${kind} ${name}${id ? ` ${id}` : ''}${run ? ` of run ${run}` : ''}: ${reason}`,
  );
  return [`${first}; this could not be removed:`, ...firstLines(lines, TOLD_LEFT, '--json prints all of them')];
}
