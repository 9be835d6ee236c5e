/** What the commands share that run plans: a manager of runs, the HTTP side when it is wanted, and the way out. */
import type { FastifyInstance } from 'fastify';
import { realParts } from '../daemon/parts.ts';
import { PoolLoneAgents } from '../daemon/pool-lone-agents.ts';
import type { Run } from '../daemon/run.ts';
import { RunManager } from '../daemon/run-manager.ts';
import { Progress } from '../report/progress.ts';
import { createStyle, wantsColour } from '../report/style.ts';
import type { RunSummary } from '../report/summary.ts';
import { leftBehind, renderSummary } from '../report/summary-text.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import { EXIT, InputError } from './exit.ts';
import { catchInterrupts, type Interrupts } from './interrupt.ts';
import { note } from './note.ts';
import type { ListenAddress } from './options.ts';
import { prepareOutputFolder } from './output-folder.ts';

export interface SessionOptions {
  /** Folder for the runs' folders. */
  directory: string;
}

export class DaemonSession {
  readonly runs: RunManager;
  readonly agents = new PoolLoneAgents();
  readonly #exitAsked = Promise.withResolvers<void>();
  readonly #interrupts: Interrupts;
  #server: FastifyInstance | null = null;

  /** @throws InputError when the folder cannot be written to. */
  constructor({ directory }: SessionOptions) {
    prepareOutputFolder(directory);
    const parts = realParts({ directory, warn: (message) => note(`warning: ${message}`) });
    this.runs = new RunManager(parts, new RunArchive(directory));
    this.#interrupts = catchInterrupts(() => this.#leave());
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
  async listen({ host, port }: ListenAddress): Promise<string> {
    const { createServer } = await import('../daemon/server.ts');
    const server = await createServer({ runs: this.runs, agents: this.agents, exit: this.#exitAsked.resolve });
    try {
      await server.listen({ host, port });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why =
        code === 'EADDRINUSE'
          ? 'the port is in use; is another daemon running? Choose another with --listen'
          : code === 'EADDRNOTAVAIL'
            ? 'this machine does not have the address; choose another with --listen'
            : code === 'EACCES'
              ? 'this user may not listen there; choose a port above 1023 with --listen'
              : (error as Error).message;
      throw new InputError(`cannot listen on ${host}:${port}: ${why}`, { cause: error });
    }
    this.#server = server;
    const address = server.server.address();
    const shown = typeof address === 'object' && address ? address.port : port;
    return `http://${host.includes(':') ? `[${host}]` : host}:${shown}`;
  }

  /** Waits for the end of a run, showing how it goes. The first Ctrl-C ends it gracefully. */
  async watch(run: Run, { progress }: { progress: boolean }): Promise<RunSummary> {
    const display = progress ? new Progress({ source: run, stream: process.stderr }) : null;
    display?.start();
    const stopListening = run.events.listen((event) => {
      if (event.type === 'run.warning') note(`warning: ${event.message}`);
    });
    let over = false;
    void this.interrupted.then(() => {
      if (over) return;
      note('stopping: machines are powered off and the service is cleaned up; press Ctrl-C again to leave at once');
      run.stop();
    });
    await this.runs.idle();
    over = true;
    stopListening();
    display?.stop();
    return run.summary();
  }

  /** Ends everything: run, agents, server. */
  async close(): Promise<void> {
    await this.runs.stop();
    await this.agents.stop();
    await this.#server?.close();
    this.#interrupts.release();
  }

  #leave(): never {
    const run = this.runs.current;
    const lines = leftBehind({ leftBehind: run?.abort() ?? [] });
    if (lines.length > 0 && run?.directory) lines.push(`remove it with: swarm clean ${run.directory}`);
    note(
      lines.length === 0
        ? 'left at once; nothing is left behind on the service'
        : `left at once; this is left behind on the service:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    );
    process.exit(EXIT.interrupted);
  }
}

/** Prints the summary for people, or as JSON. */
export function printSummary(summary: RunSummary, json: boolean): void {
  const text = json
    ? `${JSON.stringify(summary, null, 2)}\n`
    : `${renderSummary(summary, createStyle(wantsColour(process.stdout, process.env)))}\n`;
  process.stdout.write(text);
}

/** Exit code for a run's verdict. */
export function exitCodeOf(summary: RunSummary): number {
  if (summary.verdict === 'passed') return EXIT.ok;
  return summary.verdict === 'interrupted' ? EXIT.interrupted : EXIT.failed;
}
