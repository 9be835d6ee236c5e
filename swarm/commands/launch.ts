import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import type { LaunchEvent } from '../cluster/launch/launch-event.ts';
import type { HubLaunch } from '../daemon/hub-launch.ts';
import type { NoopMeans } from '../daemon/noop-setup.ts';
import { ACCESS_HELP, type AccessFlags, addAccessOptions, listenSettings } from './access-options.ts';
import { addBootOptions, type BootFlags, bootOf } from './boot-options.ts';
import { EXIT, InputError } from './exit.ts';
import { LaunchProgress, launchLine } from './launch-progress.ts';
import { note } from './note.ts';
import {
  count,
  duration,
  durationOption,
  ipAddress,
  type ListenAddress,
  listenOption,
  repeatableOption,
  wholeNumber,
} from './options.ts';
import { addProgramOptions, noopMeansOf, type ProgramFlags } from './program-options.ts';
import { readCa } from './read-ca.ts';

interface LaunchFlags extends AccessFlags, BootFlags, ProgramFlags {
  agent: 'native' | 'noop';
  kubeconfig?: string;
  context?: string;
  namespace: string[];
  selector?: string;
  seed: string;
  agents: number;
  approve?: true;
  bmh?: true;
  converged?: boolean;
  ca?: string;
  insecure?: true;
  bootSpread: number;
  pollInterval?: number;
  spokeProfile: 'typical' | 'quick';
  spokeAddress: string;
  workers?: number;
  out: string;
  listen: ListenAddress;
  json?: true;
  quiet?: true;
}

const MOST_AGENTS = 10_000;

/** `swarm launch` */
export function launchCommand(finish: (code: number) => void): Command {
  const command = new Command('launch')
    .description(
      'Follows the InfraEnvs of a hub, whoever made them, and keeps for each as many hosts alive as its AgentClusterInstall requires; they boot, are discovered and install. Hosts reach the service as the discovery ignition of their InfraEnv says. Goes on until Ctrl-C.',
    )
    .option('--kubeconfig <file>', 'kubeconfig of the hub (default: the one that kubectl takes)')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .addOption(repeatableOption('--namespace <name>', 'follow this namespace only', 'all'))
    .option('--selector <labels>', 'follow only InfraEnvs with these labels, for example team=a,env!=prod')
    .option('--seed <text>', 'of identities; the same seed gives an InfraEnv the same hosts', 'swarm')
    .option(
      '--agents <n>',
      'hosts of an InfraEnv without a cluster, unless its annotation assisted-swarm/agents says how many',
      count(MOST_AGENTS),
      0,
    )
    .addOption(
      new Option('--agent <kind>', 'noop: hosts run the stock programs that --programs names')
        .choices(['native', 'noop'])
        .default('native'),
    )
    .option('--approve', 'approve the Agents of these hosts, and give those of a cluster their roles')
    .option('--bmh', 'act as the operator of BareMetalHosts: hosts boot when theirs are provisioned')
    .option('--converged', 'with --bmh: the service makes the ramdisks (ALLOW_CONVERGED_FLOW; default: as the hub is)')
    .option('--no-converged', 'with --bmh: the service has that switched off')
    .option('--ca <file>', 'PEM certificates to trust beside those of the system when ignitions are downloaded')
    .option('--insecure', "do not verify the service's certificate when ignitions are downloaded")
    .addOption(durationOption('--boot-spread <duration>', 'time over which the hosts of an InfraEnv boot', '30s'))
    .option('--poll-interval <duration>', 'pace of polls in place of what the service asks for', duration)
    .addOption(
      new Option('--spoke-profile <name>', 'how long installations take')
        .choices(['typical', 'quick'])
        .default('typical'),
    )
    .option(
      '--spoke-address <ip>',
      'address of this machine by which the service reaches installed clusters, to follow hosts of day 2',
      ipAddress,
      '127.0.0.1',
    )
    .option('--workers <n>', 'worker threads (default: one less than processors)', wholeNumber(256))
    .addOption(listenOption('--listen <address>', 'address and port of API, metrics and page', '127.0.0.1:5566'))
    .option('--out <dir>', 'folder for the token, and for folders of runs that clients start', 'runs')
    .option('--json', 'print events as lines of JSON')
    .option('--quiet', 'no progress lines');
  return addAccessOptions(addBootOptions(addProgramOptions(command)))
    .addHelpText(
      'after',
      `
How many hosts: annotation assisted-swarm/agents of the InfraEnv, else with --bmh its BareMetalHosts that are on, else what the
AgentClusterInstall requires, else one for each NMStateConfig, else --agents. Hosts take the MACs of BareMetalHosts and NMStateConfigs.

Exit codes: 0 ended by Ctrl-C, 1 it could not go on, 2 wrong input.
${ACCESS_HELP}

Examples:
  swarm launch --kubeconfig hub.kubeconfig --approve
  swarm launch --namespace ztp-1 --namespace ztp-2 --agents 3
  swarm launch --selector assisted-swarm/run --bmh --boot iso --boot-rate-total 1GB/s
  swarm launch --approve --agent noop --programs stock.yaml
  swarm launch --json | jq -c 'select(.type == "infra-env.hosts")'`,
    )
    .action(async (flags: LaunchFlags) => finish(await keepAlive(flags)));
}

/** Launches until Ctrl-C. @returns the exit code. @throws InputError for what cannot be worked with */
async function keepAlive(flags: LaunchFlags): Promise<number> {
  const { DaemonSession } = await import('./daemon-session.ts');
  const noop = await noopMeansOf(flags);
  const launch = await createLaunch(flags, noop);
  const session = new DaemonSession({
    directory: flags.out,
    launch,
    noop,
    ...(flags.agentFiles !== undefined && { agentFiles: flags.agentFiles }),
  });
  const settings = await listenSettings(flags.listen, flags, flags.out);
  note(`page, API and metrics: ${await session.listen(settings)}; Ctrl-C ends`);
  for (const line of settings.notes) note(line);
  const progress = new LaunchProgress(launch, note);
  let code: number = EXIT.ok;
  try {
    const ended = Promise.race([session.interrupted, session.exitAsked, launch.failed]);
    const started = launch.start().catch((error: Error) => {
      throw new InputError(error.message, { cause: error });
    });
    await Promise.race([started, ended]);
    if (!flags.quiet) progress.start();
    const failure = await ended;
    if (failure) {
      note(`the launch cannot go on: ${failure.message}`);
      code = EXIT.failed;
    } else note('stopping: hosts are powered off, the hub stays as it is; press Ctrl-C again to leave at once');
  } finally {
    progress.stop();
    await launch.stop();
    await session.close();
  }
  return code;
}

/** @throws InputError for a kubeconfig, a file or a name that cannot be used */
async function createLaunch(flags: LaunchFlags, noop: NoopMeans | null): Promise<HubLaunch> {
  const { HubLaunch } = await import('../daemon/hub-launch.ts');
  const { loadKubeconfig } = await import('../../model/kube/kubeconfig.ts');
  if (flags.converged !== undefined && !flags.bmh) {
    const given = flags.converged ? '--converged' : '--no-converged';
    throw new InputError(`${given} says how BareMetalHosts boot; give --bmh too`);
  }
  if (flags.agent === 'noop' && noop === null)
    throw new InputError('--agent noop needs the stock programs; name them with --programs FILE');
  const { kubeconfig: file, context } = flags;
  try {
    return new HubLaunch({
      kubeconfig: loadKubeconfig({ ...(file !== undefined && { file }), ...(context !== undefined && { context }) }),
      namespaces: flags.namespace,
      selector: flags.selector ?? null,
      seed: flags.seed,
      agents: flags.agents,
      approve: flags.approve === true,
      bmh: flags.bmh === true,
      converged: flags.converged ?? null,
      tls: { ...(flags.ca !== undefined && { ca: readCa(flags.ca) }), ...(flags.insecure && { insecure: true }) },
      spokeProfile: flags.spokeProfile,
      spokeAddress: flags.spokeAddress,
      bootSpreadMs: flags.bootSpread * 1000,
      pollIntervalSeconds: flags.pollInterval ?? null,
      boot: await bootOf(flags),
      noop: flags.agent === 'noop' && noop ? { ...noop, folder: flags.out } : null,
      workers: flags.workers ?? Math.max(1, availableParallelism() - 1),
      emit: (event) => show(event, flags),
    });
  } catch (error) {
    throw error instanceof InputError ? error : new InputError((error as Error).message, { cause: error });
  }
}

function show(event: LaunchEvent, { json, quiet }: LaunchFlags): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(event)}\n`);
    return;
  }
  const line = launchLine(event);
  if (line !== null && (!quiet || event.type === 'launch.warning')) note(line);
}
