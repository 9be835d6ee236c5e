/** Where it is written down what `swarm manifests apply` has made: a run's folder, which later calls go on with. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ledger, type LedgerContents, type LedgerHeader, type LedgerHub, readLedger } from '../telemetry/ledger.ts';
import { ownIdentity } from '../telemetry/process-identity.ts';
import { newRunId, RunArchive, type RunRecord } from '../telemetry/run-archive.ts';
import { InputError } from './exit.ts';
import type { ManifestFleet } from './manifest-fleet.ts';
import { note } from './note.ts';
import { prepareOutputFolder } from './output-folder.ts';

export interface HubRecord {
  id: string;
  folder: string;
  ledger: Ledger;
  /** Uids of what an earlier call that did not come to its end has made of the same manifests. */
  finished: ReadonlySet<string>;
}

/** Runs that made objects with this label on this hub, newest first. */
export function recordsOnHub(out: string, { server, label }: Pick<LedgerHub, 'server' | 'label'>): RunRecord[] {
  return new RunArchive(out).list().filter(({ hub }) => hub?.server === server && hub.label === label);
}

/**
 * The record of an earlier call with the same label on the same hub, or a new one.
 * @param digest of the manifests that are to be applied
 * @throws InputError while another process applies them, or when nothing can be written
 */
export function openHubRecord(out: string, fleet: ManifestFleet, hub: LedgerHub, digest: string): HubRecord {
  prepareOutputFolder(out);
  const header = (run: string): LedgerHeader => ({
    ledger: 1,
    run,
    plan: fleet.plan.name,
    seed: fleet.plan.seed,
    shard: fleet.plan.shard,
    service: hub.server,
    tls: {},
    hub,
    manifests: digest,
    clusters: fleet.plan.clusters.length,
    hosts: fleet.plan.hostCount,
    startedAt: new Date().toISOString(),
    process: ownIdentity(),
  });
  const onFailure = (error: Error) => note(`warning: ${error.message}`);
  const earlier = recordsOnHub(out, hub).find(({ folder }) => readLedger(folder).header.manifests !== undefined);
  try {
    if (earlier) {
      const { id, folder } = earlier;
      const { ledger, contents } = Ledger.takeOver(
        folder,
        () => header(id),
        () => isOver(out, hub),
        onFailure,
        ({ header: { manifests }, end }) => manifests !== digest || end?.verdict === 'passed',
      );
      return { id, folder, ledger, finished: finishedOf(contents) };
    }
    const id = newRunId();
    const folder = join(out, id);
    mkdirSync(folder);
    return { id, folder, ledger: Ledger.create(folder, header(id), onFailure), finished: new Set() };
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`what is made cannot be written down in ${out}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** @throws InputError while a process makes or removes these objects, or may do so. */
export function isOver(out: string, hub: Pick<LedgerHub, 'server' | 'label'>): void {
  for (const { id, state, process: owner } of recordsOnHub(out, hub)) {
    if (state === 'running') {
      throw new InputError(
        `run ${id} makes objects with this label in process ${owner?.pid}; wait until it is over, or end it (Ctrl-C there)`,
      );
    }
    if (state === 'unknown') {
      throw new InputError(
        `run ${id} made objects with this label on ${owner?.host} and left no end; go on there, or, when you know that it is over, give another folder with --out`,
      );
    }
  }
}

function finishedOf({ open }: LedgerContents): ReadonlySet<string> {
  return new Set(open.flatMap(({ id, unanswered, outdated }) => (id === null || unanswered || outdated ? [] : id)));
}
