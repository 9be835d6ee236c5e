/** What the commands share that run plans: a manager of runs, the HTTP side when it is wanted, and the way out. */
import type { FastifyInstance } from 'fastify';
import { boundHeapGrowth } from '../../model/memory/heap-growth.ts';
import { AgentFiles } from '../daemon/agent-files.ts';
import { BackupManager } from '../daemon/backup-manager.ts';
import type { LaunchSource } from '../daemon/launch-routes.ts';
import type { NoopMeans } from '../daemon/noop-setup.ts';
import { realParts } from '../daemon/parts.ts';
import { PoolLoneAgents } from '../daemon/pool-lone-agents.ts';
import type { Run } from '../daemon/run.ts';
import { RunManager } from '../daemon/run-manager.ts';
import { Progress } from '../report/progress.ts';
import { createStyle, shellWord, wantsColour } from '../report/style.ts';
import type { RunSummary } from '../report/summary.ts';
import { leftBehind, renderSummary } from '../report/summary-text.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import type { ListenSettings } from './access-options.ts';
import { EXIT, InputError } from './exit.ts';
import { catchFaults } from './faults.ts';
import { catchInterrupts, type Interrupts } from './interrupt.ts';
import { listenFailure } from './listen-failure.ts';
import { note } from './note.ts';
import { prepareOutputFolder } from './output-folder.ts';
import { waitForMoment } from './wait-for-moment.ts';

export interface SessionOptions {
  /** What the API tells and measures beside runs. */
  launch?: LaunchSource;
  /** Folder for the runs' folders. */
  directory: string;
  /** What no-op agents run that clients of the API attach; they cannot when null or absent. */
  noop?: NoopMeans | null;
  /** Folder for the files that clients of the public tool's API name; the system's temporary folder when absent. */
  agentFiles?: string;
}

/** Warnings of one run that are printed; its events have all of them. */
const TOLD_WARNINGS = 20;

/** Milliseconds that the server has to close, beside its own limit for connections. */
const CLOSE_LIMIT_MS = 3_000;

export class DaemonSession {
  readonly runs: RunManager;
  readonly backups: BackupManager;
  readonly agents: PoolLoneAgents;
  readonly #exitAsked = Promise.withResolvers<void>();
  readonly #interrupts: Interrupts;
  readonly #releaseFaults: () => void;
  #server: FastifyInstance | null = null;
  readonly #launch: LaunchSource | undefined;
  readonly #noop: NoopMeans | null;

  /** @throws InputError when a folder cannot be used. */
  constructor({ directory, agentFiles, launch, noop = null }: SessionOptions) {
    this.#launch = launch;
    this.#noop = noop;
    boundHeapGrowth();
    prepareOutputFolder(directory);
    try {
      this.agents = new PoolLoneAgents({
        files: new AgentFiles(agentFiles),
        noop: noop && { ...noop, folder: directory },
        warn: (message) => note(`warning: ${message}`),
      });
    } catch (error) {
      throw new InputError(`--agent-files ${agentFiles} ${(error as Error).message}; give a folder`, { cause: error });
    }
    const parts = realParts({ directory, warn: (message) => note(`warning: ${message}`) });
    this.runs = new RunManager(parts, new RunArchive(directory));
    this.backups = new BackupManager(directory);
    this.#interrupts = catchInterrupts(() => this.#leave());
    this.#releaseFaults = catchFaults({
      note: (text) => note(this.runs.current?.redact(text) ?? text),
      onFault: (reason) => this.runs.current?.fail(reason),
    });
  }

  /** Resolves at the first Ctrl-C. */
  get interrupted(): Promise<void> {
    return this.#interrupts.first;
  }

  /** Resolves when a client of the control API asks the daemon to end. */
  get exitAsked(): Promise<void> {
    return this.#exitAsked.promise;
  }

  /**
   * Serves API, metrics and page. Returns the base URL.
   * @throws InputError when the address cannot be listened on.
   */
  async listen({ host, port, access, certificate }: ListenSettings): Promise<string> {
    const { createServer } = await import('../daemon/server.ts');
    const server = await createServer({
      runs: this.runs,
      backups: this.backups,
      agents: this.agents,
      exit: this.#exitAsked.resolve,
      noop: this.#noop,
      ...(this.#launch && { launch: this.#launch }),
      access,
      ...(certificate && { certificate }),
    });
    try {
      await server.listen({ host, port });
    } catch (error) {
      const why = listenFailure(error as NodeJS.ErrnoException);
      throw new InputError(`cannot listen on ${host}:${port}: ${why}`, { cause: error });
    }
    this.#server = server;
    const address = server.server.address();
    const shown = typeof address === 'object' && address ? address.port : port;
    return `${certificate ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${shown}`;
  }

  /**
   * Waits for a moment; a client that asks for the exit, or Ctrl-C, ends it.
   * @returns false when it was ended: nothing was made
   */
  async waitUntil(moment: Date, { progress }: { progress: boolean }): Promise<boolean> {
    const came = await waitForMoment(moment, {
      ended: Promise.race([this.interrupted, this.exitAsked]),
      tell: progress ? note : () => {},
    });
    if (!came) note(`ended before ${moment.toISOString()}; nothing was made`);
    return came;
  }

  /** Waits for the end of a run, showing how it goes. The first Ctrl-C, or a client that asks for the exit, ends it gracefully. */
  async watch(run: Run, { progress }: { progress: boolean }): Promise<RunSummary> {
    const display = progress ? new Progress({ source: run, stream: process.stderr }) : null;
    display?.start();
    const say = (text: string) => (display ? display.interrupt(() => note(text)) : note(text));
    let warnings = 0;
    const stopListening = run.events.listen((event) => {
      if (event.type !== 'run.warning') return;
      warnings++;
      if (warnings <= TOLD_WARNINGS) say(`warning: ${event.message}`);
      else if (warnings === TOLD_WARNINGS + 1)
        say('warning: there are more of these; events.ndjson of the run has all');
    });
    let over = false;
    void this.interrupted.then(() => {
      if (over) return;
      say('stopping: machines are powered off and the service is cleaned up; press Ctrl-C again to leave at once');
      run.stop();
    });
    void this.exitAsked.then(() => {
      if (over) return;
      say('stopping, because a client of the API asked for it');
      run.stop();
    });
    await this.runs.idle();
    over = true;
    stopListening();
    display?.stop();
    return run.summary();
  }

  /** Ends everything: run, backup load, agents, server. No client can hold it up. */
  async close(): Promise<void> {
    await Promise.all([this.runs.stop(), this.backups.close()]);
    await this.agents.stop();
    await this.#closeServer();
    this.#interrupts.release();
    this.#releaseFaults();
  }

  async #closeServer(): Promise<void> {
    if (!this.#server) return;
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    // Not unreferenced: it is what keeps the process alive when the sockets alone do not.
    const timer = setTimeout(resolve, CLOSE_LIMIT_MS);
    await Promise.race([this.#server.close(), tooLong]).catch((error: Error) => note(`warning: ${error.message}`));
    clearTimeout(timer);
  }

  #leave(): never {
    const run = this.runs.current;
    const lines = leftBehind(
      { leftBehind: run?.abort() ?? [] },
      'ledger.ndjson in the folder of the run names all of them',
    );
    if (lines.length > 0 && run?.directory) lines.push(`remove it with: swarm clean ${shellWord(run.directory)}`);
    const load = this.backups.current;
    if (load?.directory && load.state !== 'ended') {
      note(`backup load ${load.id} is not put back; do it with: swarm clean ${shellWord(load.directory)}`);
    }
    note(
      lines.length === 0
        ? 'left at once; nothing is left behind on the service'
        : `left at once; this is left behind on the service:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    );
    process.exit(EXIT.interrupted);
  }
}

/** Prints the summary for people, or as JSON. @param folder the run's, null when nothing is kept */
export function printSummary(summary: RunSummary, { json, folder }: { json: boolean; folder: string | null }): void {
  const text = json
    ? `${JSON.stringify(summary, null, 2)}\n`
    : `${renderSummary(summary, createStyle(wantsColour(process.stdout, process.env)), folder)}\n`;
  process.stdout.write(text);
}

/** Exit code for a run's verdict. */
export function exitCodeOf(summary: RunSummary): number {
  if (summary.verdict === 'passed') return EXIT.ok;
  return summary.verdict === 'interrupted' ? EXIT.interrupted : EXIT.failed;
}
