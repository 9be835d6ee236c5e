/** The process of one part: is told over IPC what to measure, and answers with progress and figures. */
import type { PartModule, PartOrder, PartReport } from './part.ts';
import { endStarted } from './started.ts';

const report = (message: PartReport) => process.send?.(message);

process.once('message', async ({ module, options, folder }: PartOrder) => {
  try {
    const { measure } = (await import(`./parts/${module}.ts`)) as PartModule;
    const figures = await measure({ ...options, folder, progress: (text) => report({ type: 'progress', text }) });
    report({ type: 'figures', figures });
  } catch (error) {
    report({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
  await endStarted();
  process.disconnect?.();
});

// Who started us is gone, or wants us to end.
for (const reason of ['disconnect', 'SIGTERM'] as const) {
  process.on(reason, () => void endStarted().then(() => process.exit()));
}
// Ctrl-C at a terminal reaches all processes of the group; the one that started us says when we are to end.
process.on('SIGINT', () => {});
