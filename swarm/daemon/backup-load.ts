/**
 * One backup load with all that belongs to it: what earlier ones have left, its folder and ledger, the engine, diagnosis and verdict.
 *
 *    starting ──> running ──> (stopping) ──> cleaning ──> ended
 *       └─ nothing is created yet: what is refused here leaves no folder
 */
import { accessSync, constants, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isKubeError } from '../../model/kube/kube-error.ts';
import type { Clock } from '../../model/time/clock.ts';
import { BackupInputError } from '../backup/backup-error.ts';
import type { BackupEvent } from '../backup/backup-event.ts';
import type { BackupFigures, PhaseFigures } from '../backup/backup-figures.ts';
import type { MeasuredBackup } from '../backup/backup-metrics.ts';
import { BackupOutput } from '../backup/backup-output.ts';
import type { BackupRequest } from '../backup/backup-request.ts';
import type { BackupRun } from '../backup/backup-run.ts';
import type { BackupResult } from '../backup/backup-run-options.ts';
import { type BackupVerdict, judgeBackup } from '../backup/backup-verdict.ts';
import type { Finding } from '../backup/finding.ts';
import type { PhaseProgress } from '../backup/phases.ts';
import type { Credentials } from '../backup/registry-login.ts';
import { redactUrl } from '../plan/redact.ts';
import { Ledger, type LedgerHeader, type LedgerHub } from '../telemetry/ledger.ts';
import { ownIdentity } from '../telemetry/process-identity.ts';
import { newRunId } from '../telemetry/run-archive.ts';
import { ApiError } from './api-error.ts';
import type { BackupTarget } from './backup-target.ts';
import { EventStream } from './event-stream.ts';
import type { RunState } from './run.ts';

export interface BackupLoadOptions {
  request: BackupRequest;
  /** Opens the cluster; the load closes it. */
  open: () => BackupTarget | Promise<BackupTarget>;
  /** Of the registry; null to use a secret that is there. */
  credentials: Credentials | null;
  /** Folder of the runs' folders; it is there. */
  out: string;
  /** Name of the load in its suite. */
  test?: string;
  /** Takes lines for people that are no events. */
  tell?: (line: string) => void;
}

/** What a load came to. */
export interface BackupOutcome {
  readonly run: string;
  readonly folder: string;
  readonly result: BackupResult;
  readonly verdict: BackupVerdict;
  /** What a diagnosis found while everything was still there. */
  readonly findings: readonly Finding[];
  /** Folder of the document's files. */
  readonly logs: string;
}

export class BackupLoad {
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  readonly startedAt = new Date();
  readonly events = new EventStream<BackupEvent>();
  readonly #options: BackupLoadOptions;
  readonly #test: string;
  readonly #tell: (line: string) => void;
  readonly #stop = new AbortController();
  /** Events of the time without a folder. */
  readonly #early: BackupEvent[] = [];
  #state: RunState = 'starting';
  #endedAt: Date | null = null;
  #folder: string | null = null;
  #output: BackupOutput | null = null;
  #run: BackupRun | null = null;
  #clock: Clock | null = null;
  #result: BackupFigures | null = null;
  #last: MeasuredBackup | null = null;
  #findings: readonly Finding[] | null = null;
  #end: Pick<BackupVerdict, 'verdict' | 'reasons'> | null = null;

  constructor(options: BackupLoadOptions) {
    const { test = '', request, tell } = options;
    this.#options = options;
    this.#test = test;
    this.#tell = tell ?? ((message) => this.events.publish({ at: this.now(), type: 'note', message }));
    this.id = runId(test);
    const { workspaces, backup } = request.options;
    this.name = test || `backup of ${workspaces}${backup ? `, ${backup.configType}` : ''}`;
  }

  /** Milliseconds of the load's clock, which is that of its cluster where the cluster is embedded. */
  now(): number {
    return this.#clock?.now() ?? Date.now();
  }

  get state(): RunState {
    return this.#state;
  }

  get endedAt(): Date | null {
    return this.#endedAt;
  }

  /** Null before its end. */
  get verdict(): BackupVerdict['verdict'] | null {
    return this.#end?.verdict ?? null;
  }

  get reasons(): readonly string[] {
    return this.#end?.reasons ?? [];
  }

  /** Null until something may be created. */
  get directory(): string | null {
    return this.#folder;
  }

  get findings(): readonly Finding[] {
    return this.#findings ?? [];
  }

  /** What is known now, and after the end what was known then. */
  get measured(): MeasuredBackup {
    if (this.#last) return this.#last;
    const run = this.#run;
    return {
      progress: this.progress,
      phases: this.phases,
      figures: this.#result ?? run?.standing ?? null,
      durations: run?.durations ?? null,
      requests: run?.requests.counts ?? [],
    };
  }

  /** The phase under way; null between two, before the first and after the last. */
  get progress(): PhaseProgress | null {
    return this.#run?.progress.current ?? null;
  }

  /** Phases that are over. */
  get phases(): readonly PhaseFigures[] {
    return this.#run?.progress.figures ?? this.#last?.phases ?? [];
  }

  get figures(): BackupFigures | null {
    return this.measured.figures;
  }

  /** What {@link BackupOutput} keeps of it. @throws ApiError 404 before the first figures */
  summary(): object {
    const { figures, verdict, reasons, findings } = this;
    if (figures) return { verdict, reasons, findings, figures };
    throw new ApiError(404, 'no-summary', `run ${this.id} has no summary: nothing is measured yet`, { given: this.id });
  }

  /** Ends it early: what was changed is put back, and what was made is removed. */
  stop(): void {
    if (this.#state === 'starting' || this.#state === 'running') this.#state = 'stopping';
    this.#stop.abort(new Error('interrupted'));
  }

  /**
   * Runs to the end. Call once.
   * @returns null when it was stopped before anything was made
   * @throws BackupInputError when nothing was made, as nothing could be; what {@link BackupLoadOptions.open} throws
   */
  async execute(): Promise<BackupOutcome | null> {
    let target: BackupTarget | null = null;
    try {
      target = await this.#options.open();
      const outcome = await this.#work(target);
      const { verdict, reasons } = outcome.verdict;
      this.#end = { verdict, reasons };
      return outcome;
    } catch (cause) {
      if (this.#output === null && this.#stop.signal.aborted) {
        this.#end = { verdict: 'interrupted', reasons: ['it was stopped before anything was created'] };
        return null;
      }
      const error = this.#output === null ? asRefusal(cause) : cause;
      this.#end = { verdict: 'failed', reasons: [(error as Error).message] };
      throw error;
    } finally {
      await this.#run?.close();
      // What the engine holds of each workspace goes with it.
      this.#last = this.measured;
      this.#run = null;
      await target?.close();
      this.#state = 'ended';
      this.#endedAt ??= new Date();
      this.events.end();
    }
  }

  async #work(target: BackupTarget): Promise<BackupOutcome> {
    const { request, credentials, out } = this.#options;
    const { kubeconfig, clock } = target;
    this.#clock = clock;
    const { signal } = this.#stop;
    void target.died?.then((error) => {
      this.#tell(`warning: ${error.message}`);
      this.#stop.abort(error);
    });
    // Who starts no load does not wait for what they need.
    const { BackupRun } = await import('../backup/backup-run.ts');
    const { tryLogin } = await import('../backup/registry-login.ts');
    const { contact } = await import('../backup/preflight.ts');
    const { clearEarlierLoads, refuseWithEarlier } = await import('./earlier-loads.ts');
    const run = new BackupRun({
      run: this.id,
      options: request.options,
      credentials,
      replaceSecret: request.replaceSecret,
      // An embedded cluster has a registry of its own, whatever its name.
      ...(target.hub && { login: tryLogin }),
      kubeconfig,
      clock,
      onEvent: (event) => this.#take(event),
    });
    this.#run = run;
    const server = redactUrl(run.requests.server);
    if (target.hub) {
      await contact(run.requests, signal).catch((error: unknown) => refuseWithEarlier(error, out, server));
      await clearEarlierLoads(out, server, this.#tell, signal);
    }
    const found = await run.prepare(signal);
    const folder = this.#makeFolder();
    const hub = target.hub && { ...target.hub, server, label: this.id };
    let ledgerFailure: Error | null = null;
    const ledger = Ledger.create(folder, this.#header(server, hub), (error) => {
      this.#tell(`warning: ${error.message}`);
      ledgerFailure ??= error;
      this.#stop.abort(error);
    });
    this.#folder = folder;
    const { logsDirectory } = request;
    const output = new BackupOutput({ folder, logsDirectory, startedAt: clock.now(), test: this.#test });
    for (const event of this.#early.splice(0)) output.take(event);
    this.#output = output;
    if (this.#state === 'starting') this.#state = 'running';
    const { server: shown, operatorNamespace } = found.cluster;
    const compressed =
      clock.speed === 1 ? '' : ` in compressed time (×${clock.speed}; times shown are those of its clock)`;
    this.#tell(`run ${this.id}: ${shown}${compressed}, operator in ${operatorNamespace}, files in ${folder}`);
    const onCollected = async (figures: BackupFigures) => {
      if (this.#findings !== null) return;
      this.#findings = await this.#diagnose(figures, run);
      output.keep(figures, this.findings);
    };
    const executed = await run.execute({ ledger, folder, stop: signal, onCollected });
    const result = ledgerFailure === null ? executed : withFailure(executed, ledgerFailure);
    this.#result = result.figures;
    const judged = judgeBackup(result);
    const { reasons: why } = judged;
    this.#take({ at: clock.now(), type: 'run.ended', run: this.id, verdict: judged.verdict, reasons: why });
    output.end(result.figures, { ...judged, findings: this.findings });
    const verdict = output.problem === null ? judged : withoutFiles(judged, output.problem);
    const { reasons } = verdict;
    this.#endedAt = new Date();
    ledger.end({ ended: this.#endedAt.toISOString(), verdict: verdict.verdict, reasons });
    return { run: this.id, folder, result, verdict, findings: this.findings, logs: output.logs };
  }

  /** @throws BackupInputError when the document's files could not be written */
  #makeFolder(): string {
    const folder = join(this.#options.out, this.id);
    mkdirSync(folder);
    const { logsDirectory } = this.#options.request;
    try {
      const logs = resolve(folder, logsDirectory);
      mkdirSync(logs, { recursive: true });
      accessSync(logs, constants.W_OK | constants.X_OK);
      return folder;
    } catch (cause) {
      rmSync(folder, { recursive: true });
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new BackupInputError(
        `--logs-dir ${logsDirectory} cannot be written to (${code ?? message}); give a folder that can, or leave it out`,
        { cause },
      );
    }
  }

  #take(event: BackupEvent): void {
    if (this.#output) this.#output.take(event);
    else this.#early.push(event);
    const putsBack = event.type === 'phase.started' && (event.phase === 'reset' || event.phase === 'cleanup');
    if (putsBack) this.#state = 'cleaning';
    this.events.publish(event);
  }

  /** A diagnosis is worth no run: what goes wrong with it is told. */
  async #diagnose(figures: BackupFigures, { requests }: BackupRun): Promise<readonly Finding[]> {
    const { signal } = this.#stop;
    if (signal.aborted) return [];
    try {
      const { diagnose } = await import('../backup/diagnosis.ts');
      return await diagnose(figures, this.#options.request.options, requests, signal);
    } catch (error) {
      if (!signal.aborted) this.#tell(`warning: the diagnosis ended early: ${(error as Error).message}`);
      return [];
    }
  }

  #header(server: string, hub: LedgerHub | null): LedgerHeader {
    return {
      ledger: 1,
      run: this.id,
      plan: this.name,
      seed: this.id,
      shard: { index: 0, count: 1 },
      service: hub ? server : 'embedded',
      tls: {},
      ...(hub && { hub }),
      backup: true,
      clusters: 0,
      hosts: 0,
      startedAt: this.startedAt.toISOString(),
      process: ownIdentity(),
    };
  }
}

/** Nobody has asked for the end of a load that cannot write down any more what it makes. */
function withFailure(result: BackupResult, { message }: Error): BackupResult {
  return { ...result, interrupted: false, failure: `the run was ended, as its ledger cannot be written: ${message}` };
}

/** Who reads its files afterwards must not take what there is of them for all. */
function withoutFiles({ thresholds, reasons }: BackupVerdict, { message }: Error): BackupVerdict {
  return { verdict: 'failed', reasons: [...reasons, `not all files could be written: ${message}`], thresholds };
}

/** Of a test its name is in that of the run; both are the value of a label. */
function runId(test: string): string {
  const name = test.slice(0, 40).replace(/[^a-zA-Z0-9]+$/, '');
  return name === '' ? newRunId() : `${newRunId()}-${name}`;
}

/** What the cluster says before anything is made is for people, too. */
function asRefusal(error: unknown): unknown {
  if (!(error instanceof BackupInputError || isKubeError(error))) return error;
  return new BackupInputError(`${error.message}; nothing was created`, { cause: error });
}
