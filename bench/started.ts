/** Processes that a part starts: servers, other load generators, whole swarms. None of them outlives the part. */
import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Wall-clock milliseconds to end after SIGINT. */
const GRACE_MS = 20_000;

const running = new Set<ChildProcess>();
let ending = false;

/** @throws Error when everything is being ended: what begins then would stay */
function refuseAtEnd(): void {
  if (ending) throw new Error('the part is being ended');
}

function track<Child extends ChildProcess>(child: Child): Child {
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** Starts a program in a process group of its own, so that Ctrl-C at a terminal reaches it through us alone. @throws Error at the end of the part */
export function start(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  refuseAtEnd();
  return track(spawn(program, args, { ...options, detached: true }));
}

/** Starts a module of ours with a channel to it, and with these flags of Node alone. @throws Error at the end of the part */
export function startModule(
  module: string | URL,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): ChildProcess {
  refuseAtEnd();
  return track(fork(module, args, { execArgv: [...flags], detached: true }));
}

/** Resolves with the next message of a child. @throws Error when it ends before */
export function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('a process of the benchmark has ended before its time'));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message as Message);
    });
  });
}

/** Resolves with the exit code when a process has ended and its output is complete. @throws Error when it cannot be started */
export function closed(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** Asks a process to end, and ends it by force when it does not. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await gone;
  clearTimeout(force);
}

/** Ends whatever still runs, and lets nothing begin any more. */
export async function endStarted(): Promise<void> {
  ending = true;
  await Promise.all([...running].map((child) => end(child)));
}

/** The file that a program's name stands for on PATH; null when there is none that may be executed. */
export function findProgram(name: string, path: string = process.env.PATH ?? ''): string | null {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // The next folder may have it.
    }
  }
  return null;
}
