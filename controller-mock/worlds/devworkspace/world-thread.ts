/** A world of developer workspaces in a thread of its own, for loads that need a core for themselves. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FollowedTime, FollowingClock } from '../../../model/time/followed-time.ts';
import type { DevWorkspaceWorldOptions } from './devworkspace-world.ts';

/** What can be told to another thread. */
export type WorldThreadOptions = Omit<DevWorkspaceWorldOptions, 'clock' | 'program'>;

export interface WorldThread {
  /** YAML. */
  readonly kubeconfig: string;
  /** The world's time, for this thread. It stands still while either thread is busy. */
  readonly clock: FollowingClock;
  /** Settles when the thread has ended by itself, with the reason. */
  readonly died: Promise<Error>;
  /** Ends everything: thread, timers, watches, port. */
  close(): Promise<void>;
}

/** What the thread is given. */
export interface WorldThreadData {
  readonly time: SharedArrayBuffer;
  readonly speed: number;
  readonly options: WorldThreadOptions;
}

/** What it says once. */
export type WorldThreadReport = { readonly kubeconfig: string } | { readonly failed: string };

/**
 * Megabytes for young objects: most of what a change of an object makes lives a little longer than the default would let it, and
 * clearing away what has grown old by mistake takes several times as long.
 */
const YOUNG_MB = 96;
/** Wall-clock milliseconds for the thread to end when asked. */
const END_MS = 3_000;

/**
 * @param speed simulated milliseconds that pass in one wall-clock millisecond
 * @throws Error when the world cannot be started: bad settings, a port that is taken, a kubeconfig that cannot be written
 */
export async function startWorldThread(speed: number, options: WorldThreadOptions = {}): Promise<WorldThread> {
  const time = new FollowedTime();
  const workerData: WorldThreadData = { time: time.buffer, speed, options };
  const worker = new Worker(new URL(`./world-worker${extname(import.meta.url)}`, import.meta.url), {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const clock = new FollowingClock(time, speed);
  const ended = new Promise<Error>((resolve) => {
    worker.once('error', (cause: Error) => {
      resolve(new Error(`the embedded cluster has failed: ${cause.message}`, { cause }));
    });
    worker.once('exit', (code) => resolve(new Error(`the embedded cluster has ended with code ${code}`)));
  });
  const report = await Promise.race([
    new Promise<WorldThreadReport>((resolve) => worker.once('message', resolve)),
    ended.then(({ message }): WorldThreadReport => ({ failed: message })),
  ]);
  if ('failed' in report) {
    clock.close();
    await worker.terminate();
    throw new Error(report.failed);
  }
  let closing = false;
  // Waits of this thread must end, so that somebody tells what has happened.
  void ended.then(() => clock.goOn());
  return {
    kubeconfig: report.kubeconfig,
    clock,
    // Never settles once it was asked to end.
    died: ended.then((error) => (closing ? new Promise<Error>(() => {}) : error)),
    close: async () => {
      closing = true;
      worker.postMessage('close');
      const patience = setTimeout(() => void worker.terminate(), END_MS);
      await ended;
      clearTimeout(patience);
      clock.close();
    },
  };
}
