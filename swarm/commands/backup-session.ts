/** One backup load as the command line runs it: what earlier loads have left, ledger, files, progress, verdict. */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { BackupInputError } from '../backup/backup-error.ts';
import type { BackupEvent } from '../backup/backup-event.ts';
import type { BackupFigures, PhaseFigures } from '../backup/backup-figures.ts';
import { BackupOutput } from '../backup/backup-output.ts';
import type { BackupRequest } from '../backup/backup-request.ts';
import { type BackupResult, BackupRun } from '../backup/backup-run.ts';
import { type BackupVerdict, judgeBackup } from '../backup/backup-verdict.ts';
import { diagnose } from '../backup/diagnosis.ts';
import type { Finding } from '../backup/finding.ts';
import { tryLogin } from '../backup/registry-login.ts';
import { credentialsOf } from '../backup/registry-secret.ts';
import { redactUrl } from '../plan/redact.ts';
import { formatCount, formatMs } from '../report/style.ts';
import { WorkProgress } from '../report/work-progress.ts';
import { LEDGER_FILE, Ledger, type LedgerHeader, type LedgerHub, readLedger } from '../telemetry/ledger.ts';
import { ownIdentity } from '../telemetry/process-identity.ts';
import { newRunId, RunArchive, type RunRecord } from '../telemetry/run-archive.ts';
import type { BackupTarget } from './backup-target.ts';
import { cleanBackup } from './clean-backup.ts';
import { EXIT, InputError } from './exit.ts';
import { catchInterrupts } from './interrupt.ts';
import { note } from './note.ts';
import { prepareOutputFolder } from './output-folder.ts';

export interface SessionFlags {
  out: string;
  quiet?: boolean;
}

export interface SessionResult {
  readonly run: string;
  readonly folder: string;
  readonly result: BackupResult;
  readonly verdict: BackupVerdict;
  /** What a diagnosis found while everything was still there. */
  readonly findings: readonly Finding[];
  /** Folder of the document's files. */
  readonly logs: string;
}

/**
 * @param test name of the load in its suite; '' outside of one
 * @returns null when it was interrupted before anything was made
 * @throws InputError when nothing was made, as nothing could be
 */
export async function runBackup(
  request: BackupRequest,
  target: BackupTarget,
  flags: SessionFlags,
  test = '',
): Promise<SessionResult | null> {
  prepareOutputFolder(flags.out);
  const id = runId(test);
  const screen = new Screen(flags.quiet === true);
  const outputs: BackupOutput[] = [];
  const early: BackupEvent[] = [];
  const stop = new AbortController();
  const interrupts = catchInterrupts(() => process.exit(EXIT.interrupted));
  void interrupts.first.then(() => {
    note('stopping: what was changed is put back and what was made is removed; Ctrl-C again leaves at once');
    stop.abort(new Error('interrupted'));
  });
  const { kubeconfig, clock } = target;
  const run = new BackupRun({
    run: id,
    options: request.options,
    credentials: orInput(() => credentialsOf(process.env)),
    replaceSecret: request.replaceSecret,
    // An embedded cluster has a registry of its own, whatever its name.
    ...(target.hub && { login: tryLogin }),
    kubeconfig,
    clock,
    onEvent: (event) => {
      const [output] = outputs;
      if (output) output.take(event);
      else early.push(event);
      screen.take(event, run);
    },
  });
  try {
    const server = redactUrl(run.requests.server);
    if (target.hub) await clearEarlier(flags.out, server, stop.signal);
    const found = await run.prepare(stop.signal);
    const folder = join(flags.out, id);
    mkdirSync(folder);
    const hub = target.hub && { ...target.hub, server, label: id };
    const ledger = Ledger.create(folder, headerOf(id, test, server, hub, request), (error) => {
      note(`warning: ${error.message}`);
      stop.abort(error);
    });
    const output = new BackupOutput({ folder, logsDirectory: request.logsDirectory, startedAt: clock.now(), test });
    outputs.push(output);
    for (const event of early) output.take(event);
    note(`run ${id}: ${found.cluster.server}, operator in ${found.cluster.operatorNamespace}, files in ${folder}`);
    let findings: readonly Finding[] | null = null;
    const onCollected = async (figures: BackupFigures) => {
      findings ??= await findingsOf(figures, request, run, stop.signal);
    };
    const result = await run.execute({ ledger, folder, stop: stop.signal, onCollected });
    screen.stop();
    const verdict = judgeBackup(result);
    output.end(result.figures, { ...verdict, findings: findings ?? [] });
    if (output.problem) note(`warning: not all files could be written: ${output.problem.message}`);
    ledger.end({ ended: new Date().toISOString(), verdict: verdict.verdict, reasons: verdict.reasons });
    return { run: id, folder, result, verdict, findings: findings ?? [], logs: output.logs };
  } catch (error) {
    if (outputs.length > 0) throw error;
    if (stop.signal.aborted) {
      note('interrupted; nothing was created');
      return null;
    }
    if (!(error instanceof BackupInputError || isKubeError(error))) throw error;
    throw new InputError(`${error.message}; nothing was created`, { cause: error });
  } finally {
    screen.stop();
    interrupts.release();
    await run.close();
  }
}

/** A diagnosis is worth no run: what goes wrong with it is told. */
async function findingsOf(
  figures: BackupFigures,
  { options }: BackupRequest,
  { requests }: BackupRun,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (signal.aborted) return [];
  try {
    return await diagnose(figures, options, requests, signal);
  } catch (error) {
    if (!signal.aborted) note(`warning: the diagnosis ended early: ${(error as Error).message}`);
    return [];
  }
}

/** Of a test its name is in that of the run; both are the value of a label. */
function runId(test: string): string {
  const name = test.slice(0, 40).replace(/[^a-zA-Z0-9]+$/, '');
  return name === '' ? newRunId() : `${newRunId()}-${name}`;
}

export function exitCodeOfBackup({ verdict }: BackupVerdict): number {
  return { passed: EXIT.ok, failed: EXIT.failed, interrupted: EXIT.interrupted }[verdict];
}

/** Takes away what killed loads have left on this cluster. @throws InputError while one goes on there, or when something stays */
async function clearEarlier(out: string, server: string, signal: AbortSignal): Promise<void> {
  for (const record of new RunArchive(out).list()) {
    if (record.hub?.server !== server) continue;
    const contents = readLedger(record.folder);
    if (!contents.header.backup) continue;
    if (record.state === 'running') {
      throw new InputError(
        `run ${record.id} goes on in process ${record.process?.pid} on the same cluster, whose operator has one configuration for all; wait for its end, or stop it (Ctrl-C there)`,
      );
    }
    if (record.state === 'unknown' || contents.open.length === 0) continue;
    await clear(record, contents, signal);
  }
}

async function clear(record: RunRecord, contents: ReturnType<typeof readLedger>, signal: AbortSignal): Promise<void> {
  const { id, folder } = record;
  note(`run ${id} has left something on this cluster; it is removed first`);
  const ledger = Ledger.reopen(folder, contents, (error) => note(`warning: ${folder}: ${error.message}`));
  const { left } = await cleanBackup(
    {
      run: id,
      folder,
      hub: record.hub!,
      chosen: false,
      entries: ledger.open(),
      lastWordAt: statSync(join(folder, LEDGER_FILE)).mtimeMs,
    },
    signal,
    ({ done, of, unit }) => {
      if (done === of) note(`removed ${formatCount(done)} ${unit} of run ${id}`);
    },
  );
  ledger.end(contents.end ?? undefined);
  const [first] = left;
  if (first) {
    throw new InputError(
      `what run ${id} has left cannot be removed (${first.kind} ${first.name}: ${first.reason}); remove it with: swarm clean ${id}`,
    );
  }
}

function headerOf(
  id: string,
  test: string,
  server: string,
  hub: LedgerHub | null,
  { options }: BackupRequest,
): LedgerHeader {
  return {
    ledger: 1,
    run: id,
    plan: test || `backup of ${options.workspaces}${options.backup ? `, ${options.backup.configType}` : ''}`,
    seed: id,
    shard: { index: 0, count: 1 },
    service: hub ? server : 'embedded',
    tls: {},
    ...(hub && { hub }),
    backup: true,
    clusters: 0,
    hosts: 0,
    startedAt: new Date().toISOString(),
    process: ownIdentity(),
  };
}

const UNITS: Readonly<Partial<Record<PhaseFigures['phase'], string>>> = {
  create: 'workspaces',
  ready: 'workspaces ready',
  stop: 'workspaces stopped',
  watch: 'workspaces with a backup that has ended',
  restore: 'restores ended',
  cleanup: 'namespaces removed',
};

/** What people see: a picture or a line now and then of the phase under way, and a line when it is over. */
class Screen {
  readonly #quiet: boolean;
  #progress: WorkProgress | null = null;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  take(event: BackupEvent, run: BackupRun): void {
    if (event.type === 'warning') this.#say(`warning: ${event.message}`);
    if (this.#quiet) return;
    if (event.type === 'note') this.#say(event.message);
    else if (event.type === 'phase.started') this.#follow(event.phase, run);
    else if (event.type === 'phase.ended') {
      this.stop();
      note(phaseLine(event.figures));
    }
  }

  stop(): void {
    this.#progress?.stop();
    this.#progress = null;
  }

  #follow(phase: PhaseFigures['phase'], { progress }: BackupRun): void {
    this.stop();
    const unit = UNITS[phase];
    if (!unit) return;
    const work = {
      title: phase,
      unit,
      get done() {
        return progress.done;
      },
      get of() {
        return progress.of;
      },
      details: () => progress.details(),
      warning: () => '',
    };
    this.#progress = new WorkProgress({ work, stream: process.stderr });
    this.#progress.start();
  }

  #say(line: string): void {
    if (this.#progress) this.#progress.interrupt(() => note(line));
    else note(line);
  }
}

function phaseLine({ phase, startedAt, endedAt, timedOut, done, of }: PhaseFigures): string {
  const unit = UNITS[phase];
  const amount = unit ? `  ${formatCount(done)} of ${formatCount(of)} ${unit}` : '';
  return `${phase.padEnd(9)}  ${formatMs(endedAt - startedAt).padStart(7)}${amount}${timedOut ? '; the time was over' : ''}`;
}

function orInput<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof BackupInputError) throw new InputError(error.message, { cause: error });
    throw error;
  }
}
