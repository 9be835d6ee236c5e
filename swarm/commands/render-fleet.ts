/** The work of `swarm fleet render`. */
import { randomBytes } from 'node:crypto';
import { KubeconfigError } from '../../model/kube/kubeconfig.ts';
import { applyOverrides } from '../daemon/overrides.ts';
import { METRICS_TOKEN, PORTS_OF_POD } from '../fleet/fleet-objects.ts';
import { fleetRefusal, fleetWarnings } from '../fleet/fleet-refusal.ts';
import { type FleetSpec, type ResultsVolume, usualGraceSeconds } from '../fleet/fleet-spec.ts';
import { fleetYaml } from '../fleet/fleet-yaml.ts';
import { planForPods } from '../fleet/plan-files.ts';
import { largestShard, needsOf } from '../fleet/shard-needs.ts';
import { shardSizes } from '../plan/expand.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { type LoadedPlan, loadPlanFiles } from '../plan/load.ts';
import { formatProblem, PlanError } from '../plan/plan.ts';
import { countOf } from '../report/style.ts';
import { EXIT, InputError } from './exit.ts';
import { FileOutput } from './manifest-output.ts';
import { note } from './note.ts';
import { readCa } from './read-ca.ts';

export interface RenderFleetFlags {
  shards: number;
  image: string;
  name?: string;
  namespace?: string;
  startAt?: Date;
  /** Seconds. */
  startIn: number;
  seed?: string;
  service?: string;
  insecure?: true;
  ca?: string;
  /** Seconds. */
  hold?: number;
  keep?: true;
  percentiles?: number[];
  workers?: number;
  claim?: string;
  storageClass?: string;
  storageSize: string;
  accessMode: 'ReadWriteMany' | 'ReadWriteOnce';
  fsGroup: number | 'none';
  /** Seconds. */
  grace?: number;
  out?: string;
}

/** Bytes of randomness of the token that pods demand of who reads their metrics. */
const TOKEN_BYTES = 32;

/**
 * @param isGiven whether an option was given, and not left at its default
 * @returns the exit code. @throws InputError
 */
export async function renderFleet(
  files: readonly string[],
  flags: RenderFleetFlags,
  isGiven: (option: string) => boolean,
): Promise<number> {
  const spec = await asInput(() => fleetOf(files, flags, isGiven));
  const { text, serverSide } = await asInput(() => fleetYaml(spec));
  if (flags.out === undefined) process.stdout.write(text);
  else {
    const file = new FileOutput(flags.out, '--out');
    await file.write(null, text);
    await file.finish();
  }
  tellOf(spec, flags.out ?? 'what was printed', serverSide);
  return EXIT.ok;
}

/** What is wrong with files and values, as wrong input. */
async function asInput<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PlanError || error instanceof RangeError || error instanceof KubeconfigError) {
      throw new InputError(error.message, { cause: error });
    }
    throw error;
  }
}

async function fleetOf(
  files: readonly string[],
  flags: RenderFleetFlags,
  isGiven: (option: string) => boolean,
): Promise<FleetSpec> {
  const { shards, image } = flags;
  const results = resultsOf(flags, isGiven);
  const startAt = startOf(flags, isGiven);
  const loaded = loadPlanFiles(files);
  for (const warning of loaded.plan.warnings) note(`warning: ${formatProblem(warning)}`);
  const refusal = fleetRefusal(loaded, shards, flags.service ?? null);
  if (refusal !== null) throw new InputError(refusal);
  const seed = seedOf(loaded, flags);
  const ca = flags.ca === undefined ? null : readCa(flags.ca);
  const shard = applyOverrides(largestShard(loaded.plan, seed, shards), {
    ...(flags.service !== undefined && { service: flags.service }),
    ...(flags.keep && { keep: true }),
  });
  await checkValues(shard);
  const needs = needsOf(shard, flags.workers ?? null);
  const { files: podFiles, plan: planPath, hubServer } = planForPods(loaded, seed);
  for (const warning of fleetWarnings(shard, { hubServer, localPorts: needs.localPorts, portsOfPod: PORTS_OF_POD })) {
    note(`warning: ${warning}`);
  }
  podFiles.addSecret(METRICS_TOKEN, randomBytes(TOKEN_BYTES).toString('base64url'));
  const sizes = shardSizes(loaded.plan, seed, 1)[0]!;
  return {
    name: flags.name ?? usualName(loaded.plan.name, startAt),
    namespace: flags.namespace ?? null,
    ...{ image, shards, startAt, results, needs, planPath },
    fsGroup: flags.fsGroup === 'none' ? null : flags.fsGroup,
    graceSeconds: flags.grace ?? usualGraceSeconds(needs),
    plan: { name: loaded.plan.name, seed, ...sizes },
    runOptions: runOptions(flags, ca === null ? null : podFiles.addConfig('ca.pem', ca)),
    files: podFiles,
  };
}

/** Values of custom resources are read when a run begins: what is wrong with them is told now. */
async function checkValues(shard: ExpandedPlan): Promise<void> {
  if (shard.hub === null) return;
  const { plannedManifests } = await import('../daemon/manifest-source.ts');
  plannedManifests(shard);
}

function seedOf({ plan }: LoadedPlan, flags: RenderFleetFlags): string {
  const seed = flags.seed ?? plan.seed;
  if (flags.seed === undefined && !plan.seedGiven) {
    note(`the plan has no seed; invented: ${seed} (--seed ${seed} gives the same hosts again)`);
  }
  return seed;
}

function startOf({ startAt, startIn }: RenderFleetFlags, isGiven: (option: string) => boolean): Date {
  if (startAt && isGiven('startIn')) throw new InputError('--start-at and --start-in are both given; give one of them');
  // A whole second reads better.
  return startAt ?? new Date(Math.ceil(Date.now() / 1000 + startIn) * 1000);
}

function resultsOf(flags: RenderFleetFlags, isGiven: (option: string) => boolean): ResultsVolume {
  const { claim, storageClass = null, storageSize: size, accessMode } = flags;
  if (claim === undefined) return { size, storageClass, accessMode };
  const idle = [
    ['storageClass', '--storage-class'],
    ['storageSize', '--storage-size'],
    ['accessMode', '--access-mode'],
  ].find(([option]) => isGiven(option!));
  if (idle)
    throw new InputError(
      `${idle[1]} is of a claim that is made, and --claim ${claim} names one that is there; give one of them`,
    );
  return { claim };
}

/** `first-1201-1000`: a plan may be run again, and what an earlier Job has left stays apart. */
function usualName(plan: string, startAt: Date): string {
  const [, month, day, hour, minute, second] = /-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(startAt.toISOString())!;
  return `${plan}-${month}${day}-${hour}${minute}${second}`;
}

function runOptions(flags: RenderFleetFlags, ca: string | null): string[] {
  const { service, insecure, hold, keep, percentiles } = flags;
  return [
    ...(service === undefined ? [] : ['--service', service]),
    ...(insecure ? ['--insecure'] : []),
    ...(ca === null ? [] : ['--ca', ca]),
    ...(hold === undefined ? [] : ['--hold', `${hold}s`]),
    ...(keep ? ['--keep'] : []),
    ...(percentiles ? ['--percentiles', percentiles.join(',')] : []),
  ];
}

function tellOf({ files, shards, needs, plan, startAt }: FleetSpec, where: string, serverSide: boolean): void {
  const { hosts, clusters, memoryMiB, workers } = needs;
  note(
    `${countOf(shards, 'shard')} of plan ${plan.name}, begin at ${startAt.toISOString()}; the largest has ${countOf(hosts, 'host')} of ${countOf(clusters, 'cluster')} and takes about ${memoryMiB} MiB with ${countOf(workers, 'worker')}`,
  );
  if (serverSide) note('it is too large for a plain kubectl apply; give --server-side too');
  note(`warning: ${where} holds secrets (${files.secret.map(({ path }) => path).join(', ')})`);
}
