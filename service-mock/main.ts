/**
 * The embedded assisted-service as a process of its own. Forked, it takes its options as an IPC message
 * `{type: 'start', options}` and answers `{type: 'listening', url, imagesUrl?}` or `{type: 'failed', message}`, and tells of its hub by
 * `{type: 'problem', message}`. Started by hand, it
 * serves port 8090 in real time with the settings of the real service's environment variables. It ends when its parent
 * goes away, on SIGTERM or SIGINT, and with exit code 1 when it could not start.
 */

import { boundHeapGrowth } from '../model/memory/heap-growth.ts';
import { startClock } from '../model/time/clock.ts';
import { settingsFromEnv } from './core/settings.ts';
import { type ServiceMock, type ServiceMockOptions, startServiceMock } from './index.ts';

/** From the parent. */
export interface StartMessage {
  type: 'start';
  options: ServiceMockOptions;
}
/** To the parent. */
export type ReportMessage =
  | { type: 'listening'; url: string; imagesUrl?: string }
  | { type: 'failed'; message: string };
/** To the parent: the hub cannot be worked with, or can again. */
export interface ProblemMessage {
  type: 'problem';
  message: string;
}

/** Port of the real service. */
const DEFAULT_PORT = 8090;

let running: Promise<ServiceMock> | undefined;

async function start(options: ServiceMockOptions): Promise<ReportMessage> {
  running ??= startServiceMock(options);
  try {
    const { url, imagesUrl } = await running;
    return { type: 'listening', url, ...(imagesUrl !== undefined && { imagesUrl }) };
  } catch (error) {
    return { type: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

function tellParent(message: string): void {
  if (process.connected) process.send?.({ type: 'problem', message } satisfies ProblemMessage);
}

async function stop(): Promise<void> {
  const mock = await running?.catch(() => undefined);
  await mock?.close();
  process.exit();
}

boundHeapGrowth();
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
if (process.send) {
  process.once('disconnect', stop);
  process.on('message', async (message: StartMessage) => {
    if (message.type !== 'start') return;
    const report = await start({ ...message.options, onProblem: tellParent });
    if (!process.connected) return;
    process.send?.(report, () => {
      if (report.type === 'failed') process.exit(1);
    });
  });
} else {
  const options = { port: DEFAULT_PORT, clock: startClock(1), settings: settingsFromEnv(process.env) };
  const report = await start(options);
  if (report.type === 'failed') {
    process.stderr.write(`${report.message}\n`);
    process.exit(1);
  }
  process.stdout.write(`${report.url}\n`);
}
