/** One backup load as the command line runs it: progress, Ctrl-C, exit code. */
import { BackupInputError } from '../backup/backup-error.ts';
import type { BackupEvent } from '../backup/backup-event.ts';
import type { PhaseFigures } from '../backup/backup-figures.ts';
import type { BackupRequest } from '../backup/backup-request.ts';
import type { BackupVerdict } from '../backup/backup-verdict.ts';
import { credentialsOf } from '../backup/registry-secret.ts';
import { BackupLoad, type BackupOutcome } from '../daemon/backup-load.ts';
import { formatCount, formatMs, shellWord } from '../report/style.ts';
import { WorkProgress } from '../report/work-progress.ts';
import { type AccessFlags, listenSettings } from './access-options.ts';
import { openTarget, type TargetFlags } from './backup-target.ts';
import type { DaemonSession } from './daemon-session.ts';
import { EXIT, InputError } from './exit.ts';
import { catchInterrupts } from './interrupt.ts';
import { note } from './note.ts';
import type { ListenAddress } from './options.ts';
import { prepareOutputFolder } from './output-folder.ts';

export interface SessionFlags extends TargetFlags, Partial<AccessFlags> {
  out: string;
  quiet?: boolean;
  /** Serve API, metrics and page meanwhile. */
  listen?: ListenAddress;
}

/**
 * @param interrupts stays the caller's, who releases it
 * @param test name of the load in its suite; '' outside of one
 * @returns null when it was interrupted before anything was made
 * @throws InputError when nothing was made, as nothing could be
 */
export async function runBackup(
  request: BackupRequest,
  flags: SessionFlags,
  interrupts: BackupInterrupts,
  test = '',
): Promise<BackupOutcome | null> {
  prepareOutputFolder(flags.out);
  const screen = new Screen(flags.quiet === true);
  const served = await serve(flags);
  try {
    const load = new BackupLoad({
      request,
      open: () => openTarget(flags, request),
      credentials: credentialsOf(process.env),
      out: flags.out,
      test,
      tell: note,
    });
    load.events.listen((event) => screen.take(event, load));
    interrupts.follow(load, flags.embedded !== true);
    if (flags.embedded && flags.quiet !== true) note('starting a cluster in this process');
    void served?.exitAsked.then(() => load.stop());
    const outcome = await (served ? served.backups.execute(load) : load.execute());
    if (outcome === null) note('interrupted; nothing was created');
    return outcome;
  } catch (error) {
    if (!(error instanceof BackupInputError)) throw error;
    throw new InputError(error.message, { cause: error });
  } finally {
    interrupts.follow(null, false);
    screen.stop();
    await served?.close();
  }
}

/** Ctrl-C for one load after another: between two it ends what would come. */
export class BackupInterrupts {
  readonly #interrupts = catchInterrupts(() => this.#leave());
  #load: BackupLoad | null = null;
  #stays = false;
  #isOver = false;

  constructor() {
    void this.#interrupts.first.then(() => {
      this.#isOver = true;
      if (!this.#load) return;
      note('stopping: what was changed is put back and what was made is removed; Ctrl-C again leaves at once');
      this.#load.stop();
    });
  }

  /** It was asked for the end. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param load that is to end then; null for none; @param stays whether its cluster outlives this process */
  follow(load: BackupLoad | null, stays: boolean): void {
    this.#load = load;
    this.#stays = stays;
    if (this.#isOver) load?.stop();
  }

  release(): void {
    this.#interrupts.release();
  }

  #leave(): never {
    const { directory } = this.#load ?? { directory: null };
    if (directory !== null && this.#stays)
      note(`left at once; put back and remove what is left with: swarm clean ${shellWord(directory)}`);
    process.exit(EXIT.interrupted);
  }
}

/** Null when nothing is to be served. */
async function serve(flags: SessionFlags): Promise<DaemonSession | null> {
  if (!flags.listen) return null;
  const { DaemonSession } = await import('./daemon-session.ts');
  const session = new DaemonSession({
    directory: flags.out,
    ...(flags.agentFiles !== undefined && { agentFiles: flags.agentFiles }),
  });
  try {
    const settings = await listenSettings(flags.listen, { allowHost: [], ...flags }, flags.out);
    note(`page, API and metrics: ${await session.listen(settings)}`);
    for (const line of settings.notes) note(line);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

export function exitCodeOfBackup({ verdict }: BackupVerdict): number {
  return { passed: EXIT.ok, failed: EXIT.failed, interrupted: EXIT.interrupted }[verdict];
}

const UNITS: Readonly<Partial<Record<PhaseFigures['phase'], string>>> = {
  create: 'workspaces',
  ready: 'workspaces ready',
  stop: 'workspaces stopped',
  watch: 'workspaces whose backup has ended',
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

  take(event: BackupEvent, load: BackupLoad): void {
    if (event.type === 'warning') this.#say(`warning: ${event.message}`);
    if (this.#quiet) return;
    if (event.type === 'note') this.#say(event.message);
    else if (event.type === 'phase.started') this.#follow(event.phase, load);
    else if (event.type === 'phase.ended') {
      this.stop();
      note(phaseLine(event.figures));
    }
  }

  stop(): void {
    this.#progress?.stop();
    this.#progress = null;
  }

  #follow(phase: PhaseFigures['phase'], load: BackupLoad): void {
    this.stop();
    const unit = UNITS[phase];
    if (!unit) return;
    const work = {
      title: phase,
      unit,
      get done() {
        return load.progress?.done ?? 0;
      },
      get of() {
        return load.progress?.of ?? 0;
      },
      details: () => [...(load.progress?.details ?? [])],
      warning: () => '',
    };
    this.#progress = new WorkProgress({ work, stream: process.stderr, now: () => load.now() });
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
