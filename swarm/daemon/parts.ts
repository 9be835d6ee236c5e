/** The real parts of a run. */
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { redactUrl } from '../plan/redact.ts';
import { createPool } from '../pool/pool.ts';
import { writeReports } from '../report/report-files.ts';
import { Ledger, type LedgerHeader } from '../telemetry/ledger.ts';
import { ownIdentity } from '../telemetry/process-identity.ts';
import { RunStore } from '../telemetry/run-store.ts';
import { writeTraffic } from '../telemetry/traffic/traffic-profile.ts';
import { collectorsOf } from './collectors-of.ts';
import { startEmbedded, startEmbeddedHub } from './embedded.ts';
import { type KeptFigures, writeFigures } from './merge/figures-file.ts';
import { readClusterHistory, readHistory } from './past-run.ts';
import type { RunParts, RunStoreWriter } from './run-parts.ts';
import { createRunUser } from './run-user.ts';

export interface PartsOptions {
  /** Folder for the runs' folders. */
  directory: string;
  /** Told when something that does not stop a run goes wrong. */
  warn: (message: string) => void;
}

export function realParts({ directory, warn }: PartsOptions): RunParts {
  return {
    startEmbedded: (clock, agentToken, hub, images) =>
      startEmbedded({ clock, agentToken, images, ...(hub !== null && { kubeconfig: hub }) }),
    startEmbeddedHub,
    createCollectors: collectorsOf,
    createPool,
    createUser: createRunUser,

    openStore: async (run, plan): Promise<RunStoreWriter> => {
      const onFailure = (error: Error) => warn(error.message);
      const store = await RunStore.open({ root: directory, run, plan, onFailure }).catch((error: Error) => {
        throw new Error(`the run's folder cannot be made in ${directory}: ${error.message}`, { cause: error });
      });
      const ledger = openLedger(store, run, plan, await hubOf(plan), warn);
      let closed = false;
      return {
        directory: store.folder,
        ledger,
        write: (event) => store.append(event),
        history: async (host) => (closed ? readHistory(store.folder, host) : store.hostHistory(host)),
        clusterHistory: async (cluster) =>
          closed ? readClusterHistory(store.folder, cluster) : store.clusterHistory(cluster),
        traffic: (profiles) => writeTraffic(store.folder, profiles),
        finish: async (summary, figures) => {
          closed = true;
          // Before the summary, whose presence says that the run ended in order.
          if (figures !== null) await keepFigures(store.folder, figures, warn);
          await store
            .close(summary)
            .catch((error: Error) => warn(`the record in ${store.folder} is not complete: ${error.message}`));
          await writeReports(store.folder, summary).catch((error: Error) =>
            warn(`the report of the run cannot be written to ${store.folder}: ${error.message}`),
          );
        },
      };
    },
  };
}

async function keepFigures(folder: string, figures: KeptFigures, warn: (message: string) => void): Promise<void> {
  await writeFigures(folder, figures).catch((error: Error) =>
    warn(`the figures of the shard cannot be written to ${folder}, so that it cannot be merged: ${error.message}`),
  );
}

/** Where custom resources will stand when the run is over. @throws Error for a kubeconfig that cannot be used */
async function hubOf(plan: ExpandedPlan): Promise<Pick<LedgerHeader, 'hub'>> {
  const { hub } = plan;
  if (hub === null || hub.kubeconfig === 'embedded') return {};
  const { loadKubeconfig } = await import('../../model/kube/kubeconfig.ts');
  const { manifestRun } = await import('./manifest-source.ts');
  const kubeconfig = loadKubeconfig({ file: hub.kubeconfig, ...(hub.context !== null && { context: hub.context }) });
  return {
    hub: {
      server: redactUrl(kubeconfig.getCurrentCluster()!.server.replace(/\/+$/, '')),
      kubeconfig: hub.kubeconfig,
      context: kubeconfig.getCurrentContext() || null,
      label: manifestRun(plan).name,
    },
  };
}

/** @throws Error when the ledger cannot be written: without it nothing must be made. */
function openLedger(
  store: RunStore,
  run: string,
  plan: ExpandedPlan,
  hub: Pick<LedgerHeader, 'hub'>,
  warn: (message: string) => void,
): Ledger {
  const { name, seed, shard, service, clusters, hostCount } = plan;
  const header: LedgerHeader = {
    ledger: 1,
    run,
    plan: name,
    seed,
    shard,
    service: redactUrl(service.url),
    tls: service.tls,
    ...hub,
    clusters: clusters.length,
    hosts: hostCount,
    startedAt: new Date().toISOString(),
    process: ownIdentity(),
  };
  try {
    return Ledger.create(store.folder, header, (error) => warn(error.message));
  } catch (cause) {
    throw new Error(`the run's ledger cannot be written in ${store.folder}: ${(cause as Error).message}`, { cause });
  }
}
