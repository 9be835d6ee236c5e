import { Command } from 'commander';
import { EXIT, InputError } from './exit.ts';

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
    .summary('render the custom resources of a whole fleet')
    .description(
      'Renders the custom resources by which a hub is asked for clusters: those of a plan, or of a values file.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  swarm manifests render plan.yaml | kubectl apply --server-side -f -\n  swarm manifests schema > values.schema.json',
    );

  manifests
    .command('render')
    .summary('render manifests of all clusters')
    .description(
      `Renders Namespace, pull Secret, ClusterImageSet, ClusterDeployment, AgentClusterInstall, InfraEnv and, where asked for, NMStateConfig, BareMetalHost and its Secret, for every cluster. The same input gives the same bytes.

The output holds the pull secret.`,
    )
    .argument('[plan...]', 'plan files that say which clusters there are; without them the values file does')
    .option('--values <file>', 'values (YAML or JSON): how objects look, and without a plan which clusters there are')
    .option('--templates <folder>', 'your own templates: a file of the same name replaces ours, others are added')
    .option('--seed <text>', "replaces the plan's seed")
    .option('--output <file>', 'write one file instead of stdout')
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
    .action(async (files: string[], flags: RenderFlags) => {
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
  return manifests;
}
