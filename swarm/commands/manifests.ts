import { Command } from 'commander';
import type { ApplyFlags } from './apply-manifests.ts';
import type { DeleteFlags } from './delete-manifests.ts';
import type { DiffFlags } from './diff-manifests.ts';
import { EXIT, InputError } from './exit.ts';
import { durationOption, wholeNumber } from './options.ts';

/** Names of stdout; where that is a socket, nothing can be opened by them. */
const STDOUT: ReadonlySet<string> = new Set(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

interface RenderFlags {
  values?: string;
  templates?: string;
  seed?: string;
  output?: string;
  dir?: string;
  force?: true;
  json?: true;
}

/** `swarm manifests` and what is below it. */
export function manifestsCommand(finish: (code: number) => void): Command {
  const manifests = new Command('manifests')
    .description(
      'Renders the custom resources by which a hub is asked for clusters, those of a plan or of a values file, and makes or removes them on a hub.',
    )
    .addHelpText(
      'after',
      `
Examples:
  swarm manifests render plan.yaml | kubectl apply --server-side -f -
  swarm manifests apply plan.yaml --kubeconfig hub.kubeconfig
  swarm manifests delete plan.yaml --kubeconfig hub.kubeconfig
  swarm manifests schema > values.schema.json`,
    );

  addRender(manifests, finish);
  addApply(manifests, finish);
  addDiff(manifests, finish);
  addDelete(manifests, finish);
  addSchema(manifests, finish);
  return manifests;
}

function fleetOptions(command: Command): Command {
  return command
    .argument('[plan...]', 'plan files that say which clusters there are; without them the values file does')
    .option('--values <file>', 'values (YAML or JSON): how objects look, and without a plan which clusters there are')
    .option('--templates <folder>', 'your own templates: a file of the same name replaces ours, others are added')
    .option('--seed <text>', "replaces the plan's seed");
}

function hubOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', "kubeconfig of the hub (default: the plan's, else the one that kubectl takes)")
    .option('--context <name>', "context of the kubeconfig (default: the plan's, else its current one)");
}

function addRender(manifests: Command, finish: (code: number) => void): void {
  fleetOptions(
    manifests
      .command('render')
      .summary('render manifests of all clusters')
      .description(
        `Renders Namespace, pull Secret, ClusterImageSet, ClusterDeployment, AgentClusterInstall, InfraEnv and, where asked for, NMStateConfig, BareMetalHost and its Secret, for every cluster. The same input gives the same bytes.

The output holds the pull secret.`,
      ),
  )
    .option('--output <file>', 'write one file instead of stdout (-)')
    .option('--dir <folder>', 'write a file for each cluster and a kustomization.yaml')
    .option('--force', 'with --dir: write over an earlier rendering')
    .option('--json', 'with --output or --dir: print what was made as JSON')
    .addHelpText(
      'after',
      `
Examples:
  swarm manifests render plan.yaml --dir fleet
  swarm manifests render --values examples/manifests-values.yaml --output fleet.yaml
  swarm manifests render plan.yaml --values bmh.yaml | kubectl apply --server-side -f -
  swarm manifests render plan.yaml --templates my-templates | less`,
    )
    .action(async (files: string[], { output, ...others }: RenderFlags) => {
      const flags = { ...others, ...(output !== undefined && !STDOUT.has(output) && { output }) };
      if (flags.output !== undefined && flags.dir !== undefined) {
        throw new InputError('--output and --dir are both given; allowed: one of them');
      }
      if (flags.force && flags.dir === undefined)
        throw new InputError('--force needs --dir; --output always replaces its file');
      if (flags.json && flags.output === undefined && flags.dir === undefined) {
        throw new InputError('--json needs --output or --dir; otherwise the manifests are on stdout');
      }
      const { renderManifests } = await import('./render-manifests.ts');
      finish(await renderManifests(files, flags));
    });
}

function addApply(manifests: Command, finish: (code: number) => void): void {
  hubOptions(
    fleetOptions(
      manifests
        .command('apply')
        .summary('make the objects on a hub, or bring them up to date')
        .description(
          `Renders as \`swarm manifests render\` does and applies the objects to a hub by server-side apply, several clusters at once.
Nothing is written before the hub was found to serve the kinds, to permit them, and to have no namespaces of these names.

Objects that others made are left as they are. When it was interrupted or killed, the same command goes on where it ended:
what it makes is written down in a folder of --out, which \`swarm runs\`, \`swarm clean\` and \`swarm manifests delete\` know.`,
        ),
    ),
  )
    .option('--concurrency <count>', 'clusters under way at once', wholeNumber(500), 20)
    .addOption(durationOption('--timeout <duration>', 'how long requests are repeated that fail', '1m'))
    .option('--force-conflicts', 'take fields that others have changed since')
    .option('--out <dir>', "folder of the runs' folders", 'runs')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 everything is applied, 1 something was refused or not tried and is named, 2 wrong input and nothing applied,
130 interrupted.

Examples:
  swarm manifests apply plan.yaml --kubeconfig hub.kubeconfig
  swarm manifests apply --values fleet-values.yaml --context my-hub --concurrency 50
  swarm manifests apply plan.yaml --values bmh.yaml --json`,
    )
    .action(async (files: string[], flags: ApplyFlags) => {
      const { applyManifests } = await import('./apply-manifests.ts');
      finish(await applyManifests(files, flags));
    });
}

function addDiff(manifests: Command, finish: (code: number) => void): void {
  hubOptions(
    fleetOptions(
      manifests
        .command('diff')
        .summary('show what apply would change on a hub')
        .description(
          `Shows as a unified diff what \`swarm manifests apply\` would change: the objects of the hub beside what server-side apply
makes of them in a dry run. Status and what only the server writes are left out, values of Secrets are not shown.`,
        ),
    ),
  )
    .option('--concurrency <count>', 'clusters under way at once', wholeNumber(500), 20)
    .option('--force-conflicts', 'as apply would with this option')
    .option('--json', 'print which objects would be made or changed as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 no differences, 1 differences, 2 wrong input, or something that apply would refuse, 130 interrupted.

Examples:
  swarm manifests diff plan.yaml --kubeconfig hub.kubeconfig
  swarm manifests diff plan.yaml --values bmh.yaml --json`,
    )
    .action(async (files: string[], flags: DiffFlags) => {
      const { diffManifests } = await import('./diff-manifests.ts');
      finish(await diffManifests(files, flags));
    });
}

function addDelete(manifests: Command, finish: (code: number) => void): void {
  hubOptions(
    fleetOptions(
      manifests
        .command('delete')
        .summary("remove a run's objects from a hub")
        .description(
          `Removes the objects of a run from a hub, those with its label assisted-swarm/run, in the order that their finalizers need,
and waits until they are gone. Which run it is, the plan or the values file says as for \`swarm manifests apply\`, or --run.
What the service has made for them, such as Agents, goes too; nothing else is touched. It may be interrupted and repeated.`,
        ),
    ),
  )
    .option('--run <name>', 'the run: the value of its label, or the id of its folder (see: swarm runs)')
    // Most of the time is spent waiting for namespaces to be emptied.
    .option('--concurrency <count>', 'namespaces under way at once', wholeNumber(500), 100)
    .addOption(durationOption('--timeout <duration>', 'how long an object may wait for its finalizers', '10m'))
    .option('--strip-finalizers', 'take the finalizers off what is not gone after --timeout, and name it')
    .option('--dry-run', 'list what would be removed')
    .option('--out <dir>', "folder of the runs' folders", 'runs')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 nothing is left, 1 something is left and is named, 2 wrong input and nothing removed, 130 interrupted.

Examples:
  swarm manifests delete plan.yaml --kubeconfig hub.kubeconfig
  swarm manifests delete --run fleet-kvwcmf --dry-run
  swarm manifests delete --run fleet-kvwcmf --timeout 2m --strip-finalizers`,
    )
    .action(async (files: string[], flags: DeleteFlags) => {
      const { deleteManifests } = await import('./delete-manifests.ts');
      finish(await deleteManifests(files, flags));
    });
}

function addSchema(manifests: Command, finish: (code: number) => void): void {
  manifests
    .command('schema')
    .summary('print the JSON Schema of values files')
    .description('Prints the JSON Schema of values files, for editors that complete and check YAML.')
    .addHelpText('after', '\nExamples:\n  swarm manifests schema > values.schema.json')
    .action(async () => {
      const { valuesJsonSchema } = await import('../../manifests/index.ts');
      process.stdout.write(`${JSON.stringify(valuesJsonSchema(), null, 2)}\n`);
      finish(EXIT.ok);
    });
}
