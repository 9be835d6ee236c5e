import { join } from 'node:path';
import { Command } from 'commander';
import { type AccessFlags, addAccessOptions, listenSettings } from './access-options.ts';
import { EXIT, InputError } from './exit.ts';
import { note } from './note.ts';
import { type ListenAddress, listenAddress } from './options.ts';

const DEFAULT_LISTEN = listenAddress('127.0.0.1:5566');

/** `swarm demo` */
export function demoCommand(finish: (code: number) => void): Command {
  const command = new Command('demo')
    .description(
      'Runs examples/demo.yaml with everything built in: the embedded service, compressed time, hosts of mixed topology. Prints live progress and a summary, and keeps serving page and metrics until Ctrl-C.',
    )
    .option(
      '--listen <address>',
      'address and port of the page (default: 127.0.0.1:5566, or a free port)',
      listenAddress,
    )
    .option('--out <dir>', "folder for the runs' folders", 'runs');
  return addAccessOptions(command)
    .addHelpText('after', '\nExamples:\n  swarm demo\n  swarm demo --listen 127.0.0.1:8080')
    .action(async (flags: AccessFlags & { listen?: ListenAddress; out: string }) => {
      const { readPlanFiles, runnablePlan } = await import('./read-plan.ts');
      const { packageRoot } = await import('../package-root.ts');
      const plan = await runnablePlan(readPlanFiles([join(packageRoot(), 'examples', 'demo.yaml')], note), {});
      const { loadEmbedded } = await import('../daemon/embedded.ts');
      loadEmbedded(plan);
      const { DaemonSession, exitCodeOf, printSummary } = await import('./daemon-session.ts');
      const session = new DaemonSession({
        directory: flags.out,
        ...(flags.agentFiles !== undefined && { agentFiles: flags.agentFiles }),
      });
      const settings = await listenSettings(flags.listen ?? DEFAULT_LISTEN, flags, flags.out);
      // A newcomer's first command must not fail because something else has the usual port.
      const url = await session.listen(settings).catch((error: unknown) => {
        if (flags.listen || !(error instanceof InputError)) throw error;
        return session.listen({ ...settings, port: 0 });
      });
      note(`page     ${url}/\nmetrics  ${url}/metrics`);
      note(`${settings.notes.map((line) => `${line}\n`).join('')}`);
      const run = session.runs.start(plan);
      const summary = await session.watch(run, { progress: true });
      printSummary(summary, { json: false, folder: run.directory });
      finish(summary.verdict === 'failed' ? EXIT.failed : exitCodeOf(summary));
      if (run.directory) note(`kept in ${run.directory}`);
      if (summary.verdict !== 'interrupted') {
        note(`still serving ${url}/ and ${url}/metrics; Ctrl-C ends`);
        await Promise.race([session.interrupted, session.exitAsked]);
      }
      await session.close();
    });
}
