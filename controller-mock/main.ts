/**
 * The embedded hub as a process of its own. Forked, it takes its options as an IPC message `{type: 'start', options}` and
 * answers `{type: 'listening', url, kubeconfig}` or `{type: 'failed', message}`. It ends when its parent goes away and on
 * SIGTERM or SIGINT.
 */
import { type ClockSpec, ScaledClock } from '../model/time/clock.ts';
import { type KubeMock, NAMESPACE_GRACE_MS, seedHub, startKubeMock } from './index.ts';

/** From the parent. */
export interface StartMessage {
  type: 'start';
  options: {
    /** Simulated time of objects, shared with service and generator. */
    clock: ClockSpec;
    /** Address to listen on; 127.0.0.1 unless given. */
    host?: string;
  };
}
/** To the parent. */
export type ReportMessage =
  | { type: 'listening'; url: string; kubeconfig: string }
  | { type: 'failed'; message: string };

let running: Promise<KubeMock> | undefined;

async function start({ clock, host }: StartMessage['options']): Promise<ReportMessage> {
  // Plain HTTP: nobody but this machine's programs reaches it, and encryption would be most of its work.
  running ??= startKubeMock({
    clock: new ScaledClock(clock),
    tls: false,
    world: seedHub,
    namespaceGraceMs: NAMESPACE_GRACE_MS,
    ...(host && { host }),
  });
  try {
    const { url, kubeconfig } = await running;
    return { type: 'listening', url, kubeconfig };
  } catch (error) {
    return { type: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

async function stop(): Promise<void> {
  const hub = await running?.catch(() => undefined);
  await hub?.close();
  process.exit();
}

if (!process.send) {
  process.stderr.write('this program is started by swarm; a hub of your own is started by: swarm mock kube\n');
  process.exit(2);
}
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
process.once('disconnect', stop);
process.on('message', async (message: StartMessage) => {
  if (message.type !== 'start') return;
  const report = await start(message.options);
  if (!process.connected) return;
  process.send?.(report, () => {
    if (report.type === 'failed') process.exit(1);
  });
});
