/**
 * Reads the folders of shards, one after the other, and adds up what they kept:
 *
 *    folder ──► figures.json.gz ──► the same plan, seed, version? ──► added
 *       └─────► ledger without an end ──► lost: what its events tell
 *
 * Nothing is held of a shard but what its sums are made of, so that the memory it takes does not grow with their number.
 */
import { basename, dirname, resolve } from 'node:path';
import type { ExpandedPlan } from '../../plan/expanded-plan.ts';
import { readLedger } from '../../telemetry/ledger.ts';
import { RunArchive, type RunRecord } from '../../telemetry/run-archive.ts';
import { addParts, noParts, type SummedParts } from './figure-parts.ts';
import { damaged, FIGURES_FILE, type KeptFigures, type PlanHeader, readFigures } from './figures-file.ts';
import { type LostShard, lookAtLost } from './lost-shard.ts';

/** One shard that ended in order, without its figures. */
export interface EndedShard
  extends Pick<KeptFigures, 'run' | 'shard' | 'machine' | 'startedAt' | 'planned' | 'load' | 'percentiles'> {
  folder: string;
}

export interface MergedShards {
  plan: PlanHeader;
  /** In the order of their indexes. */
  ended: EndedShard[];
  lost: LostShard[];
  /** Indexes of which nothing was given. */
  missing: number[];
  sums: SummedParts;
  /** What was left out, in a sentence each. */
  notes: string[];
}

/** Something that cannot be merged. The message says what was given, what is allowed and what to do. */
export class MergeError extends Error {}

/** @param folders of runs @throws MergeError, FiguresError */
export async function mergeRuns(folders: readonly string[]): Promise<MergedShards> {
  const ended: EndedShard[] = [];
  const lost: LostShard[] = [];
  let first: { folder: string; figures: Omit<KeptFigures, 'parts'> } | null = null;
  let sums: SummedParts | null = null;
  const unended: { folder: string; record: RunRecord }[] = [];
  for (const folder of folders) {
    const figures = await readFigures(folder);
    if (figures === null) {
      unended.push({ folder, record: withoutFigures(folder) });
      continue;
    }
    const { parts, ...identity } = figures;
    if (first !== null) refuseOther(first, folder, identity);
    const twin = ended.find(({ shard }) => shard.index === figures.shard.index);
    if (twin) throw twice(figures.shard, twin.folder, folder);
    first ??= { folder, figures: identity };
    sums ??= noParts(identity.plan);
    try {
      addParts(sums, parts, { index: figures.shard.index, startMs: Date.parse(figures.startedAt) });
    } catch (cause) {
      throw damaged(`${folder}/${FIGURES_FILE}`, (cause as Error).message, cause);
    }
    const { run, shard, machine, startedAt, planned, load, percentiles } = figures;
    ended.push({ folder, run, shard, machine, startedAt, planned, load, percentiles });
  }
  if (first === null || sums === null) throw new MergeError(nothingEnded(unended));
  const notes: string[] = [];
  for (const { folder, record } of unended) {
    const { shard, seed, plan } = readLedger(folder).header;
    refuseOther(first, folder, { shard, plan: { name: plan, seed } });
    const better = ended.find((one) => one.shard.index === shard.index);
    if (better) {
      notes.push(`${folder} did not end and is left out: ${better.folder} is the same shard, and did`);
      continue;
    }
    const twin = lost.find(({ index }) => index === shard.index);
    if (twin) throw twice(shard, twin.folder, folder);
    lost.push(await lookAtLost(record, shard.index, first.figures.plan.clockSpeed));
  }
  const known = new Set([...ended.map(({ shard }) => shard.index), ...lost.map(({ index }) => index)]);
  return {
    plan: first.figures.plan,
    ended: ended.sort((a, b) => a.shard.index - b.shard.index),
    lost: lost.sort((a, b) => a.index - b.index),
    missing: Array.from({ length: first.figures.shard.count }, (_, index) => index).filter(
      (index) => !known.has(index),
    ),
    ...{ sums, notes },
  };
}

const shardName = ({ index, count }: ExpandedPlan['shard']) => `shard ${index} of ${count}`;

function twice(shard: ExpandedPlan['shard'], one: string, other: string): MergeError {
  return new MergeError(`${one} and ${other} are both ${shardName(shard)}; give one of them, as hosts count once`);
}

function nothingEnded(unended: readonly { folder: string }[]): string {
  const which = unended.map(({ folder }) => folder).join(', ');
  return `no shard that was given has ended (${which}), so there is nothing to merge; run them again`;
}

/** A run that keeps no figures. @throws MergeError unless it is a shard that was killed */
function withoutFigures(folder: string): RunRecord {
  const archive = new RunArchive(dirname(resolve(folder)));
  const record = archive.get(basename(resolve(folder)));
  if (record === null)
    throw new MergeError(
      `${folder} is no folder of a run: it has neither ${FIGURES_FILE} nor a ledger that can be read`,
    );
  const { id, backup, state, process } = record;
  if (backup)
    throw new MergeError(`run ${id} is a backup load, which has no shards; merge takes runs of swarm run --shard`);
  const summary = archive.summary(id) as { shards?: unknown[] } | null;
  if ((summary?.shards?.length ?? 0) > 0)
    throw new MergeError(`${folder} is merged already; give the folders of its shards`);
  const shard = shardOf(folder);
  if (shard === null || shard.count === 1) {
    throw new MergeError(
      `run ${id} is not a shard: it ran its whole plan, and its summary says all of it; merge takes runs of swarm run --shard`,
    );
  }
  if (state === 'running') {
    throw new MergeError(
      `run ${id} (${shardName(shard)}) still goes on, in process ${process!.pid} on ${process!.host}; merge when it has ended, or stop it`,
    );
  }
  if (state === 'ended') {
    throw new MergeError(
      `run ${id} (${shardName(shard)}) has ended, and ${folder} has no ${FIGURES_FILE}; copy the whole folder of the run, or run the shard again with this version`,
    );
  }
  return record;
}

function shardOf(folder: string): ExpandedPlan['shard'] | null {
  try {
    return readLedger(folder).header.shard;
  } catch {
    return null;
  }
}

interface Identity {
  shard: ExpandedPlan['shard'];
  version?: string;
  plan: Partial<PlanHeader> & Pick<PlanHeader, 'name' | 'seed'>;
}

/** What shards of one plan may have each for itself: where servers are, and with which machine and programs it is done. */
const OWN_OF_SHARD: ReadonlySet<string> = new Set([
  ...[
    'shard',
    'hostCount',
    'readers',
    'service',
    'hub',
    'manifests',
    'programs',
    'collect',
    'noopOutside',
    'pullSecret',
  ],
  ...['sshPublicKey', 'seed', 'name', 'whole', 'connections', 'links'],
]);

/** @throws MergeError where both cannot be shards of one load */
function refuseOther(first: { folder: string; figures: Identity }, folder: string, other: Identity): void {
  const one = first.figures;
  const refuse = (what: string) => {
    throw new MergeError(`${first.folder} and ${folder} are not shards of one run: ${what}`);
  };
  if (one.plan.name !== other.plan.name)
    refuse(`their plans are ${quote(one.plan.name)} and ${quote(other.plan.name)}`);
  if (one.plan.seed !== other.plan.seed) {
    refuse(`their seeds are ${quote(one.plan.seed)} and ${quote(other.plan.seed)}; give all shards the same --seed`);
  }
  if (one.shard.count !== other.shard.count) {
    refuse(`one is ${shardName(one.shard)}, the other ${shardName(other.shard)}; give all shards the same count`);
  }
  // Of one that was killed no more is known.
  if (other.version === undefined) return;
  if (one.version !== other.version) {
    refuse(`they were run by versions ${one.version} and ${other.version}; run all shards with one version`);
  }
  const differences = differencesOf(one.plan, other.plan);
  if (differences.length > 0) refuse(`their plans differ in ${differences.join(', ')}; run all shards with one plan`);
}

function differencesOf(one: Identity['plan'], other: Identity['plan']): string[] {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof PlanHeader>;
  const differing = [...keys].filter((key) => !OWN_OF_SHARD.has(key) && !same(one[key], other[key]));
  const { connections, whole } = one;
  const idle = (plan: Identity['plan']) => [plan.connections?.mode, plan.connections?.idleSeconds];
  return [
    ...differing.map((key) => `${key} (${shown(one[key])} and ${shown(other[key])})`),
    ...(connections && !same(idle(one), idle(other)) ? ['connections'] : []),
    ...(whole?.digest !== other.whole?.digest ? ['their clusters and arrival'] : []),
  ];
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const quote = (text: string) => JSON.stringify(text);
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
