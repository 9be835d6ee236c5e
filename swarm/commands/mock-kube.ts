import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Flavour, OperatorVersion } from '../../controller-mock/index.ts';
import { EXIT, InputError } from './exit.ts';
import { listenFailure } from './listen-failure.ts';
import { note } from './note.ts';
import { clockSpeed, type ListenAddress, listenOption, wholeNumber } from './options.ts';

const WORLDS = ['spoke', 'hub', 'devworkspace', 'empty'] as const;

interface Flags {
  world: (typeof WORLDS)[number];
  listen: ListenAddress;
  plain?: true;
  token?: string;
  kubeconfig?: string;
  speed: number;
  spokes: number;
  topology: string;
  platform: 'none' | 'baremetal';
  profile: 'typical' | 'quick';
  operatorVersion: OperatorVersion;
  flavour: Flavour;
  operator: 'played' | 'external';
  ownPorts?: true;
  control: ListenAddress;
}

/** Options that mean something in some worlds only, by their name in {@link Flags}. */
const WORLDS_OF_OPTIONS: Readonly<Partial<Record<keyof Flags, readonly Flags['world'][]>>> = {
  spokes: ['spoke'],
  topology: ['spoke'],
  platform: ['spoke'],
  ownPorts: ['spoke'],
  control: ['spoke'],
  profile: ['spoke', 'devworkspace'],
  operatorVersion: ['devworkspace'],
  flavour: ['devworkspace'],
  operator: ['devworkspace'],
};

/** Those of the world; the mock itself is loaded when it is started. */
const OPERATOR_VERSIONS: readonly OperatorVersion[] = ['0.39', '0.40.0', '0.40.1', '0.41', '0.42', '0.43', '0.44'];
const FLAVOURS: readonly Flavour[] = ['openshift', 'kubernetes'];

/** Of the DevWorkspace Operator. */
const OPERATOR_OPTIONS = {
  version: new Option('--operator-version <version>', 'devworkspace world: release of the operator')
    .choices(OPERATOR_VERSIONS)
    .default('0.44'),
  flavour: new Option('--flavour <flavour>', 'devworkspace world: what kind of cluster')
    .choices(FLAVOURS)
    .default('openshift'),
  operator: new Option(
    '--operator <operator>',
    'devworkspace world: external leaves workspaces and backups to a real operator',
  )
    .choices(['played', 'external'])
    .default('played'),
};

/** What a started world tells its user. */
interface Started {
  url: string;
  kubeconfig: string;
  /** Lines for people. */
  notes: string[];
  close(): Promise<void>;
}

/** `swarm mock kube` */
export function mockKubeCommand(finish: (code: number) => void): Command {
  return new Command('kube')
    .summary('serve a Kubernetes API from memory')
    .description(
      `Serves a Kubernetes API from memory until Ctrl-C, prints its URL and writes a kubeconfig.

Worlds:
  spoke         clusters that are being installed, for the
                assisted-installer-controller; their hosts reboot or fail by
                the control API
  hub           the kinds assisted-service needs in kube-api mode
  devworkspace  a cluster with the DevWorkspace Operator: workspaces start and
                stop, backups run, restores bring back what was there
  empty         a bare cluster`,
    )
    .addOption(new Option('--world <world>', 'what is in it').choices(WORLDS).default('empty'))
    .addOption(listenOption('--listen <address>', 'address and port to listen on', '127.0.0.1:6443'))
    .option('--plain', 'serve plain HTTP instead of HTTPS')
    .option('--token <token>', 'bearer token; in the spoke world that of the control API (default: random)', token)
    .option('--kubeconfig <file>', 'where to write the kubeconfig (default: a temporary file)')
    .option('--speed <factor>', 'simulated seconds in one second', clockSpeed, 1)
    .option('--spokes <count>', 'spoke world: clusters to begin with', wholeNumber(2000), 1)
    .option('--topology <topology>', 'spoke world: sno, compact, MASTERS+WORKERS or MASTERS+ARBITERS+WORKERS', 'sno')
    .addOption(
      new Option('--platform <platform>', 'spoke world: platform of the clusters')
        .choices(['none', 'baremetal'])
        .default('none'),
    )
    .addOption(
      new Option('--profile <profile>', 'spoke and devworkspace world: how long things take')
        .choices(['typical', 'quick'])
        .default('typical'),
    )
    .option('--own-ports', 'spoke world: a port for each cluster, beside paths and tokens')
    .addOption(OPERATOR_OPTIONS.version)
    .addOption(OPERATOR_OPTIONS.flavour)
    .addOption(OPERATOR_OPTIONS.operator)
    .addOption(listenOption('--control <address>', 'spoke world: address of the control API', '127.0.0.1:0'))
    .addHelpText(
      'after',
      `
Examples:
  swarm mock kube
  swarm mock kube --world hub --kubeconfig hub.kubeconfig
  swarm mock kube --world devworkspace --speed 60
  swarm mock kube --world spoke --spokes 100 --topology 3+2 --profile quick --control 127.0.0.1:6480`,
    )
    .action(async (flags: Flags, command: Command) => {
      const { catchInterrupts } = await import('./interrupt.ts');
      for (const [name, worlds] of Object.entries(WORLDS_OF_OPTIONS)) {
        if (worlds.includes(flags.world) || command.getOptionValueSource(name) !== 'cli') continue;
        const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
        throw new InputError(`${option} needs --world ${worlds.join(' or ')}; the world is ${flags.world}`);
      }
      const interrupts = catchInterrupts(() => process.exit(EXIT.interrupted));
      const { host, port } = flags.listen;
      const started = await startWorld(flags).catch((error: NodeJS.ErrnoException) => {
        if (!error.code?.startsWith('E')) throw error;
        throw new InputError(`the Kubernetes API does not start on ${host}:${port}: ${listenFailure(error)}`, {
          cause: error,
        });
      });
      const file = writeKubeconfig(started.kubeconfig, flags.kubeconfig);
      process.stdout.write(`${started.url}\n`);
      note(`kubeconfig  ${file.path}`);
      for (const line of started.notes) note(line);
      note('Ctrl-C ends');
      await interrupts.first;
      await started.close();
      file.remove();
      finish(EXIT.ok);
    });
}

function startWorld(flags: Flags): Promise<Started> {
  switch (flags.world) {
    case 'spoke':
      return startSpokes(flags);
    case 'devworkspace':
      return startDevWorkspaces(flags);
    default:
      return startCluster(flags, flags.world);
  }
}

async function startDevWorkspaces(flags: Flags): Promise<Started> {
  const { startDevWorkspaceWorld } = await import('../../controller-mock/index.ts');
  const { ScaledClock, startClock } = await import('../../model/time/clock.ts');
  const { SteadyClock } = await import('../../model/time/steady-clock.ts');
  const world = await startDevWorkspaceWorld({
    ...flags.listen,
    tls: !flags.plain,
    // While this process is busy, no simulated time goes by in which the operator would fall behind.
    clock: flags.speed === 1 ? new ScaledClock(startClock(1)) : new SteadyClock(flags.speed),
    profile: flags.profile,
    version: flags.operatorVersion,
    flavour: flags.flavour,
    operator: flags.operator,
    ...(flags.token !== undefined && { token: flags.token }),
  });
  const { operator, version, operatorNamespace } = world.settings;
  const notes = [
    `operator    ${operator === 'played' ? version : 'none; start yours'} in namespace ${operatorNamespace}`,
  ];
  return { url: world.url, kubeconfig: world.kubeconfig, notes, close: () => world.close() };
}

async function startCluster(flags: Flags, world: 'hub' | 'empty'): Promise<Started> {
  const { NAMESPACE_GRACE_MS, seedHub, startKubeMock } = await import('../../controller-mock/index.ts');
  const { ScaledClock, startClock } = await import('../../model/time/clock.ts');
  const worlds = { hub: seedHub, empty: 'empty' } as const;
  const server = await startKubeMock({
    ...flags.listen,
    tls: !flags.plain,
    clock: new ScaledClock(startClock(flags.speed)),
    world: worlds[world],
    namespaceGraceMs: NAMESPACE_GRACE_MS,
    ...(flags.token !== undefined && { token: flags.token }),
  });
  return { url: server.url, kubeconfig: server.kubeconfig, notes: [], close: () => server.close() };
}

async function startSpokes(flags: Flags): Promise<Started> {
  const { SpokeSettingsError, SpokeWorld, startControlServer } = await import('../../controller-mock/index.ts');
  const { ScaledClock, startClock } = await import('../../model/time/clock.ts');
  const world = await SpokeWorld.start({
    ...flags.listen,
    tls: !flags.plain,
    clock: new ScaledClock(startClock(flags.speed)),
  });
  try {
    for (let index = 0; index < flags.spokes; index++) {
      await world.addSpoke({
        name: `spoke-${index}`,
        topology: flags.topology,
        platform: flags.platform,
        profile: flags.profile,
        ...(flags.ownPorts && { port: 0 }),
      });
    }
    const control = await startControlServer({
      world,
      ...flags.control,
      ...(flags.token !== undefined && { adminToken: flags.token }),
    });
    const [first] = world.spokes;
    const host = first && [...first.hosts.keys()][0];
    return {
      url: world.url,
      kubeconfig: await world.kubeconfig(),
      notes: [
        `control     ${control.url}/control/spokes`,
        `token       ${control.adminToken}`,
        `a host reboots:  curl -X POST -H "Authorization: Bearer ${control.adminToken}" ${control.url}/control/spokes/${first?.name}/hosts/${host}/rebooted`,
      ],
      close: async () => {
        await control.close();
        await world.close();
      },
    };
  } catch (error) {
    await world.close();
    if (error instanceof SpokeSettingsError) throw new InputError(error.message, { cause: error });
    throw error;
  }
}

function token(text: string): string {
  if (!/^[\w.~+/=-]{8,4096}$/.test(text)) {
    throw new InvalidArgumentError('Allowed: 8 or more letters, digits and -._~+/=.');
  }
  return text;
}

/** @throws InputError when the file cannot be written */
function writeKubeconfig(content: string, path: string | undefined): { path: string; remove(): void } {
  if (path !== undefined) {
    try {
      writeFileSync(path, content, { mode: 0o600 });
    } catch (error) {
      throw new InputError(`the kubeconfig cannot be written to ${path}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return { path, remove: () => {} };
  }
  const directory = mkdtempSync(join(tmpdir(), 'swarm-mock-'));
  const file = join(directory, 'kubeconfig');
  writeFileSync(file, content, { mode: 0o600 });
  return { path: file, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
