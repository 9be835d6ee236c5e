/** The embedded service as a child process: its own event loop, memory and file limit, as the real one has. */
import { type ChildProcess, fork } from 'node:child_process';
import type { ClockSpec } from '../../model/time/clock.ts';

export interface EmbeddedOptions {
  /** Both ends must live in the same simulated time. */
  clock: ClockSpec;
  host?: string;
  /** 0 = any free port. */
  port?: number;
  /** X-Secret-Key that agents have to send; '' for a service without authentication. */
  agentToken?: string;
  /** Program to run instead of the embedded service, for tests. */
  program?: string | URL;
}

export interface EmbeddedService {
  /** Base URL, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly pid: number;
  /** Settles when the process ended without being asked to, with a sentence that says so. */
  readonly died: Promise<string>;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
  /** Ends the process at once, for a way out that cannot wait. */
  kill(): void;
}

type FromService = { type: 'listening'; url: string } | { type: 'failed'; message: string };

/** The program stands beside us as source or compiled, as we do. */
const PROGRAM = new URL(`../../service-mock/main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
/** Wall-clock milliseconds for the process to listen, and to end when asked. */
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 3_000;
/** Characters of the process' error output that are kept for the message when it dies. */
const KEPT_OUTPUT = 2_000;

/** Starts the embedded service. @throws Error that says why it does not listen. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedService> {
  const { clock, host = '127.0.0.1', port = 0, agentToken = '', program = PROGRAM } = options;
  // In a process group of its own: Ctrl-C is ours to handle, and agents still need the service while the run ends. It goes
  // by itself when we do, because its channel to us closes.
  const child = fork(program, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], detached: true });
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT);
  });
  let stopping = false;
  const exit = new Promise<string>((resolve) => {
    const ended = (how: string) => resolve(`the embedded service ${how}${output ? `: ${lastLines(output)}` : ''}`);
    child.once('error', (error) => ended(`cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => ended(signal ? `was killed by ${signal}` : `ended with exit code ${code}`));
  });

  const url = await listening(child, exit, {
    type: 'start',
    options: { clock, host, port, ...(agentToken && { agentToken }) },
  });
  return {
    url,
    pid: child.pid!,
    // Never settles once a stop was asked for.
    died: exit.then((how) => (stopping ? new Promise<string>(() => {}) : how)),
    stop: async () => {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const forced = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await exit;
      clearTimeout(forced);
    },
    kill: () => {
      stopping = true;
      child.kill('SIGKILL');
    },
  };
}

async function listening(child: ChildProcess, exit: Promise<string>, start: object): Promise<string> {
  let limit: NodeJS.Timeout | undefined;
  const answer = new Promise<string>((resolve, reject) => {
    limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the embedded service did not listen within ${START_LIMIT_MS / 1000} s`));
    }, START_LIMIT_MS);
    child.on('message', (message: FromService) => {
      if (message.type === 'listening') resolve(message.url);
      else if (message.type === 'failed') reject(new Error(`the embedded service does not start: ${message.message}`));
    });
    void exit.then((how) => reject(new Error(how)));
  });
  child.send(start);
  try {
    return await answer;
  } finally {
    clearTimeout(limit);
  }
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join(' | ');
}
