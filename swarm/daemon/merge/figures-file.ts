/**
 * The figures that a shard leaves in its folder, from which `swarm merge` makes those of the whole plan: `figures.json.gz`, written once, at
 * the end of the run. A run that is alone has nothing to be merged with, and keeps none: its summary is the whole.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { JudgedLoad } from '../../plan/default-thresholds.ts';
import type { ExpandedPlan } from '../../plan/expanded-plan.ts';
import { redactPlan } from '../../plan/redact.ts';
import { judgedLoad } from '../../plan/thresholds.ts';
import { layoutDigest } from '../../telemetry/telemetry-layout.ts';
import { programVersion } from '../program-version.ts';
import { type EndedRun, FIGURE_PARTS, type KeptParts, keepParts } from './figure-parts.ts';

export const FIGURES_FILE = 'figures.json.gz';

/** Form of the file; raised with each change of it. */
const FIGURES_VERSION = 1;
/** What the file of a large shard unpacks to is some ten megabytes. */
const MOST_BYTES = 1 << 30;

/** Of an expanded plan all but its clusters, without secrets. */
export type PlanHeader = Omit<ExpandedPlan, 'clusters'>;

export interface KeptFigures {
  /** {@link FIGURES_VERSION} of who wrote it. */
  figures: number;
  /** Of the program. */
  version: string;
  /** See layoutDigest. */
  layout: string;
  run: string;
  shard: ExpandedPlan['shard'];
  /** Host name. */
  machine: string;
  /** RFC 3339. */
  startedAt: string;
  /** Of this shard. */
  planned: { clusters: number; hosts: number };
  plan: PlanHeader;
  /** What limits depend on, of this shard. */
  load: JudgedLoad;
  /** That the run's distributions have beside the usual ones. */
  percentiles: readonly number[];
  parts: KeptParts;
}

export function keepFigures(run: EndedRun): KeptFigures {
  const { plan, facts } = run;
  const { clusters: _, ...header } = redactPlan({ ...plan, clusters: [] });
  return {
    figures: FIGURES_VERSION,
    version: programVersion(),
    layout: layoutDigest(),
    run: facts.run,
    shard: plan.shard,
    machine: hostname(),
    startedAt: facts.startedAt.toISOString(),
    planned: { clusters: plan.clusters.length, hosts: plan.hostCount },
    plan: header,
    load: judgedLoad(plan),
    percentiles: facts.percentiles ?? [],
    parts: keepParts(run),
  };
}

/** Whole or not at all. @throws Error of the file system */
export async function writeFigures(folder: string, figures: KeptFigures): Promise<void> {
  const path = join(folder, FIGURES_FILE);
  const draft = `${path}.part`;
  await writeFile(draft, await promisify(gzip)(JSON.stringify(figures)), { flush: true });
  await rename(draft, path);
}

/** Figures that cannot be read, in a sentence for whoever gave the folder. */
export class FiguresError extends Error {}

/** Null where the folder has none. @throws FiguresError */
export async function readFigures(folder: string): Promise<KeptFigures | null> {
  const path = join(folder, FIGURES_FILE);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new FiguresError(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  let figures: KeptFigures;
  try {
    figures = JSON.parse((await promisify(gunzip)(bytes, { maxOutputLength: MOST_BYTES })).toString());
  } catch (cause) {
    throw damaged(path, 'it is not whole', cause);
  }
  if (typeof figures !== 'object' || figures === null || typeof figures.figures !== 'number') {
    throw damaged(path, 'it holds something else');
  }
  const { version, layout } = figures;
  if (figures.figures !== FIGURES_VERSION || layout !== layoutDigest()) {
    const own = programVersion();
    const build = version === own ? `another build of version ${own}` : `version ${version}`;
    throw new FiguresError(
      `${path} was written by ${build}, and this is ${own}: figures are merged by the version that wrote them`,
    );
  }
  const lacking = Object.keys(FIGURE_PARTS).filter((name) => !Object.hasOwn(figures.parts ?? {}, name));
  if (lacking.length > 0) throw damaged(path, `it lacks ${lacking.join(', ')}`);
  return figures;
}

/** @param why in a few words */
export function damaged(path: string, why: string, cause?: unknown): FiguresError {
  return new FiguresError(
    `${path} is damaged: ${why}; copy it again from where the shard ran, or run the shard again`,
    { cause },
  );
}
