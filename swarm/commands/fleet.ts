import { Command, InvalidArgumentError, Option } from 'commander';
import { duration, durationOption, moment, percentiles, serviceUrl, wholeNumber } from './options.ts';
import type { RenderFleetFlags } from './render-fleet.ts';

/** As in the plan's schema, which is not loaded for help. */
const MOST_SHARDS = 1000;
/** Jobs, their pods and the pods' host names are called by it, with a number behind. */
const NAME = /^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$/;
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const DNS_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const QUANTITY = /^[1-9]\d{0,5}(Mi|Gi|Ti)$/;
const IMAGE = /^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,510}$/;

/** `swarm fleet` and what is below it. */
export function fleetCommand(finish: (code: number) => void): Command {
  const fleet = new Command('fleet')
    .description('Puts the shards of one plan on the machines of a Kubernetes cluster.')
    .addHelpText(
      'after',
      '\nExamples:\n  swarm fleet render plan.yaml --shards 10 --image registry.example.com/assisted-swarm:1 | kubectl apply -f -',
    );
  addRender(fleet, finish);
  return fleet;
}

function addRender(fleet: Command, finish: (code: number) => void): void {
  fleet
    .command('render')
    .summary('print what kubectl apply starts: an Indexed Job, one shard a pod')
    .description(
      'Prints a Job with one shard of the plan a pod, the plan as ConfigMap, what is secret as Secret, and a claim for a volume with the results. All shards begin at one moment.',
    )
    .argument('<plan...>', 'plan files (YAML or JSON); several give one plan together')
    .requiredOption('--shards <n>', 'into how many parts, each a pod', wholeNumber(MOST_SHARDS))
    .requiredOption(
      '--image <reference>',
      'image of this program (see Dockerfile)',
      form(IMAGE, 'the reference of an image such as registry.example.com/assisted-swarm:1'),
    )
    .option(
      '--name <name>',
      'name of the Job (default: of plan and start)',
      form(NAME, 'up to 52 lower-case letters, digits and inner hyphens, the first a letter'),
    )
    .option(
      '--namespace <name>',
      'namespace of all objects (default: the one in which they are applied)',
      form(DNS_LABEL, 'the name of a namespace'),
    )
    .option('--start-at <time>', 'when all shards begin, such as 2026-12-01T10:00:00Z', (text) => moment(text))
    .addOption(durationOption('--start-in <duration>', 'or so long after now; pods must be up by then', '3m'))
    .option('--seed <text>', "replaces the plan's seed; where neither is given one is invented and written down")
    .option('--service <url>', 'address of the service, as pods reach it', serviceUrl)
    .option('--insecure', "do not verify the service's certificate")
    .option('--ca <file>', 'PEM certificates to trust beside those of the system')
    .option('--hold <duration>', 'let hosts that never finish go on so long after everything is done', duration)
    .option('--keep', 'keep what the shards made on the service')
    .option('--percentiles <list>', 'percentiles that are kept beside 50, 95 and 99, such as 90,99.9', percentiles)
    .option('--workers <n>', 'worker threads of each pod (default: by the load)', wholeNumber(64))
    .option(
      '--claim <name>',
      'PersistentVolumeClaim that is there, for the results',
      form(DNS_NAME, 'the name of a PersistentVolumeClaim'),
    )
    .option(
      '--storage-class <name>',
      "StorageClass of the claim that is made (default: the cluster's)",
      form(DNS_NAME, 'the name of a StorageClass'),
    )
    .addOption(
      new Option('--storage-size <quantity>', 'its size')
        .argParser(form(QUANTITY, 'a whole number with Mi, Gi or Ti, such as 20Gi'))
        .default('20Gi'),
    )
    .addOption(
      new Option('--access-mode <mode>', 'how pods mount it')
        .choices(['ReadWriteMany', 'ReadWriteOnce'] as const)
        .default('ReadWriteMany'),
    )
    .option(
      '--fs-group <gid|none>',
      'group that may write to the volume; none where the cluster chooses it, as OpenShift does',
      fsGroup,
      10_001,
    )
    .option(
      '--grace <duration>',
      'how long a pod may clean up when it is asked to end (default: by its clusters)',
      grace,
    )
    .option('--out <file>', 'write it into this file, which only its owner may read')
    .addHelpText(
      'after',
      `
Exit codes: 0 printed, 2 wrong input.
What is printed holds secrets. Its first lines say how to apply, watch and end it, and how to fetch and merge the results.
A pod that is lost is not made anew, and the others go on: swarm merge names the shard that is missing.

Examples:
  swarm fleet render plan.yaml --shards 10 --image registry.example.com/assisted-swarm:1 | kubectl apply -f -
  swarm fleet render plan.yaml --shards 50 --image IMAGE --namespace load --start-in 10m --out fleet.yaml
  swarm fleet render plan.yaml --shards 4 --image IMAGE --claim results --start-at 2026-12-01T10:00:00Z
  swarm fleet render plan.yaml --shards 4 --image IMAGE --fs-group none          for OpenShift`,
    )
    .action(async (files: string[], flags: RenderFleetFlags, command: Command) => {
      const { renderFleet } = await import('./render-fleet.ts');
      const isGiven = (option: string) => command.getOptionValueSource(option) === 'cli';
      finish(await renderFleet(files, flags, isGiven));
    });
}

function form(pattern: RegExp, allowed: string): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw new InvalidArgumentError(`Allowed: ${allowed}.`);
    return text;
  };
}

/** Not null for none: commander makes an empty text of it. */
function fsGroup(text: string): number | 'none' {
  if (text === 'none') return text;
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value > 2 ** 31 - 1) {
    throw new InvalidArgumentError('Allowed: the number of a group, or none.');
  }
  return value;
}

/** Seconds. */
function grace(text: string): number {
  const seconds = Math.ceil(duration(text));
  if (seconds < 1 || seconds > 86_400) throw new InvalidArgumentError('Allowed: from 1s to 1d.');
  return seconds;
}
