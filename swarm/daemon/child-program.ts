/** A program of ours as a child process: it is told once how to start and says once that it listens, or why not. */
import { type ChildProcess, fork } from 'node:child_process';

/** A process that loads its program, or has, and waits to be told how to start. */
export interface LoadedProgram {
  /** What messages call it. */
  name: string;
  child: ChildProcess;
  /** Settles when the process has ended, with a sentence that says so. */
  exit: Promise<string>;
}

export interface ChildProgram<Report> {
  /** What it said when it listened. */
  readonly report: Report;
  readonly pid: number;
  /** Settles when the process ended without being asked to, with a sentence that says so. */
  readonly died: Promise<string>;
  /** Ends the process and waits for it. */
  stop(): Promise<void>;
  /** Ends the process at once, for a way out that cannot wait. */
  kill(): void;
}

type FromChild<Report> = ({ type: 'listening' } & Report) | { type: 'failed'; message: string };

/** Wall-clock milliseconds for the process to listen, and to end when asked. */
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 3_000;
/** Characters of the process' error output that are kept for the message when it dies. */
const KEPT_OUTPUT = 2_000;

/** Where a program stands beside us, as source or compiled, as we do. @param path from the root, without extension */
export function programAt(path: string): URL {
  return new URL(`../../${path}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}

/** Begins to load a program. @param name what messages call it: `the embedded service` */
export function loadProgram(program: string | URL, name: string): LoadedProgram {
  // In a process group of its own: Ctrl-C is ours to handle, and agents still need the service while the run ends. It goes
  // by itself when we do, because its channel to us closes.
  const child = fork(program, [], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [], detached: true });
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT);
  });
  const exit = new Promise<string>((resolve) => {
    const ended = (how: string) => resolve(`${name} ${how}${output ? `: ${lastLines(output)}` : ''}`);
    child.once('error', (error) => ended(`cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => ended(signal ? `was killed by ${signal}` : `ended with exit code ${code}`));
  });
  return { name, child, exit };
}

/** @throws Error that says why it does not listen. */
export async function startProgram<Report>(loaded: LoadedProgram, options: object): Promise<ChildProgram<Report>> {
  const { child, exit } = loaded;
  let stopping = false;
  const report = await listening<Report>(loaded, { type: 'start', options });
  return {
    report,
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

async function listening<Report>({ child, exit, name }: LoadedProgram, start: object): Promise<Report> {
  let limit: NodeJS.Timeout | undefined;
  const answer = new Promise<Report>((resolve, reject) => {
    limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${name} did not listen within ${START_LIMIT_MS / 1000} s`));
    }, START_LIMIT_MS);
    child.on('message', (message: FromChild<Report>) => {
      if (message.type === 'listening') resolve(message);
      else if (message.type === 'failed') reject(new Error(`${name} does not start: ${message.message}`));
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
