import { Command } from 'commander';
import { ACCESS_HELP, type AccessFlags, addAccessOptions, listenSettings } from './access-options.ts';
import { EXIT } from './exit.ts';
import { note } from './note.ts';
import { type ListenAddress, listenOption } from './options.ts';
import { addProgramOptions, noopMeansOf, type ProgramFlags } from './program-options.ts';

/** `swarm serve` */
export function serveCommand(finish: (code: number) => void): Command {
  const command = new Command('serve')
    .description(
      'Serves the API under /api/v1, the control API of the public Go tool under /api/assisted-swarm, /metrics and a status page until Ctrl-C.',
    )
    .addOption(listenOption('--listen <address>', 'address and port to listen on', '127.0.0.1:5566'))
    .option('--out <dir>', "folder for the runs' folders", 'runs');
  return addAccessOptions(addProgramOptions(command))
    .addHelpText(
      'after',
      `${ACCESS_HELP}

Examples:
  swarm serve
  swarm serve --listen 0.0.0.0:5566 --out /var/lib/swarm --tls-self-signed
  curl --data-binary @examples/demo.yaml -H 'content-type: application/yaml' http://127.0.0.1:5566/api/v1/runs`,
    )
    .action(async (flags: AccessFlags & ProgramFlags & { listen: ListenAddress; out: string }) => {
      const { DaemonSession } = await import('./daemon-session.ts');
      const session = new DaemonSession({
        directory: flags.out,
        noop: await noopMeansOf(flags),
        ...(flags.agentFiles !== undefined && { agentFiles: flags.agentFiles }),
      });
      const settings = await listenSettings(flags.listen, flags, flags.out);
      const url = await session.listen(settings);
      note(`listening on ${url} (API ${url}/api/v1, metrics ${url}/metrics); Ctrl-C ends`);
      for (const line of settings.notes) note(line);
      await Promise.race([session.interrupted, session.exitAsked]);
      for (const [what, run] of Object.entries({ run: session.runs.current, 'backup load': session.backups.current })) {
        if (run && run.state !== 'ended')
          note(`stopping the ${what} and cleaning up; press Ctrl-C again to leave at once`);
      }
      await session.close();
      finish(EXIT.ok);
    });
}
