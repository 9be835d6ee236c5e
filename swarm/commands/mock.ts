import { Command } from 'commander';
import { EXIT, InputError } from './exit.ts';
import { listenFailure } from './listen-failure.ts';
import { mockKubeCommand } from './mock-kube.ts';
import { note } from './note.ts';
import { clockSpeed, count, type ListenAddress, listenOption, repeatableOption } from './options.ts';

async function readKubeconfig(file: string): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new InputError(`--kubeconfig ${file} cannot be read: ${why}`, { cause: error });
  }
}

/** @throws InputError for variables that cannot be read */
async function settingsOf(environment: NodeJS.ProcessEnv) {
  const { SettingsError, settingsFromEnv } = await import('../../service-mock/index.ts');
  try {
    return settingsFromEnv(environment);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new InputError(error.message, { cause: error });
  }
}

/** @throws InputError for what is no fault */
async function plantedOf(texts: readonly string[]) {
  const { PlantedFaultError, parsePlantedFault } = await import('../../service-mock/index.ts');
  try {
    return texts.map(parsePlantedFault);
  } catch (error) {
    if (!(error instanceof PlantedFaultError)) throw error;
    throw new InputError(`--fault: ${error.message}`, { cause: error });
  }
}

interface ServiceFlags {
  listen: ListenAddress;
  speed: number;
  kubeconfig?: string;
  imagePort?: number;
  fault: string[];
}

/** `swarm mock` and what is below it. */
export function mockCommand(finish: (code: number) => void): Command {
  const mock = new Command('mock')
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
    .option('--kubeconfig <file>', 'reconcile the custom resources of the hub that this kubeconfig names')
    .option('--image-port <port>', 'serve images and boot artefacts on this port too, 0 for a free one', count(65_535))
    .addOption(repeatableOption('--fault <kind>', 'plant a fault, such as slow-sql or slow-sql=500', 'none'))
    .addHelpText(
      'after',
      '\nExamples:\n  swarm mock service\n  swarm mock service --listen 127.0.0.1:0 --speed 60\n  ENABLE_UPGRADE_AGENT=false swarm mock service\n  swarm mock service --kubeconfig hub.kubeconfig',
    )
    .action(async (flags: ServiceFlags) => {
      const { boundHeapGrowth } = await import('../../model/memory/heap-growth.ts');
      boundHeapGrowth();
      const { startServiceMock } = await import('../../service-mock/index.ts');
      const { startClock } = await import('../../model/time/clock.ts');
      const { catchInterrupts } = await import('./interrupt.ts');
      const { host, port } = flags.listen;
      const planted = await plantedOf(flags.fault);
      const kubeconfig = flags.kubeconfig === undefined ? undefined : await readKubeconfig(flags.kubeconfig);
      const settings = await settingsOf({
        ...process.env,
        ...(kubeconfig !== undefined && { ENABLE_KUBE_API: 'true' }),
      });
      const interrupts = catchInterrupts(() => process.exit(EXIT.interrupted));
      const service = await startServiceMock({
        host,
        port,
        clock: startClock(flags.speed),
        settings,
        ...(kubeconfig !== undefined && { kube: { kubeconfig } }),
        ...(flags.imagePort !== undefined && { images: { port: flags.imagePort } }),
        planted,
        onProblem: note,
      }).catch((error: NodeJS.ErrnoException & { port?: number }) => {
        const images = error.port !== undefined && error.port !== port;
        const why = listenFailure(error, images ? '--image-port' : '--listen');
        throw new InputError(`the service does not start on ${host}:${error.port ?? port}: ${why}`, { cause: error });
      });
      process.stdout.write(`${service.url}\n`);
      if (service.imagesUrl !== undefined) note(`images at ${service.imagesUrl}`);
      note('Ctrl-C ends');
      await interrupts.first;
      await service.close();
      finish(EXIT.ok);
    });
  mock.addCommand(mockKubeCommand(finish));
  return mock;
}
