import { Command } from 'commander';
import { EXIT, InputError } from './exit.ts';
import { mockKubeCommand } from './mock-kube.ts';
import { note } from './note.ts';
import { clockSpeed, type ListenAddress, listenOption } from './options.ts';

/** `swarm mock` and what is below it. */
export function mockCommand(finish: (code: number) => void): Command {
  const mock = new Command('mock')
    .summary('start one of the built-in services alone')
    .description('Starts one of the built-in services alone, for programs that want to talk to it.')
    .addHelpText('after', '\nExamples:\n  swarm mock service\n  swarm mock kube --world hub');
  mock
    .command('service')
    .summary('serve the embedded assisted-service')
    .description(
      "Serves the embedded assisted-service until Ctrl-C. Its settings come from the real service's environment variables.",
    )
    .addOption(listenOption('--listen <address>', 'address and port to listen on', '127.0.0.1:8090'))
    .option('--speed <factor>', 'simulated seconds in one second', clockSpeed, 1)
    .addHelpText(
      'after',
      '\nExamples:\n  swarm mock service\n  swarm mock service --listen 127.0.0.1:0 --speed 60\n  ENABLE_UPGRADE_AGENT=false swarm mock service',
    )
    .action(async (flags: { listen: ListenAddress; speed: number }) => {
      const { settingsFromEnv, startServiceMock } = await import('../../service-mock/index.ts');
      const { startClock } = await import('../../model/time/clock.ts');
      const { catchInterrupts } = await import('./interrupt.ts');
      const { host, port } = flags.listen;
      const interrupts = catchInterrupts(() => process.exit(EXIT.interrupted));
      const service = await startServiceMock({
        host,
        port,
        clock: startClock(flags.speed),
        settings: settingsFromEnv(process.env),
      }).catch((error: Error) => {
        throw new InputError(`the service does not start on ${host}:${port}: ${error.message}`, { cause: error });
      });
      process.stdout.write(`${service.url}\n`);
      note('Ctrl-C ends');
      await interrupts.first;
      await service.close();
      finish(EXIT.ok);
    });
  mock.addCommand(mockKubeCommand(finish));
  return mock;
}
