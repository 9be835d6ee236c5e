/** The hub that a command works on: which kubeconfig, which context, and what was asked of it. */
import { resolve } from 'node:path';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { ClusterAdapterError } from '../cluster/cluster-adapter.ts';
import { redactUrl } from '../plan/redact.ts';
import { HubRequestCounts } from '../telemetry/hub-request-counts.ts';
import type { LedgerHub } from '../telemetry/ledger.ts';
import { InputError } from './exit.ts';

export interface HubFlags {
  kubeconfig?: string;
  context?: string;
}

export class HubAccess {
  readonly clock = new ScaledClock(startClock(1));
  readonly calls = new HubRequestCounts();
  readonly client: KubeClient;
  /** How to come back to it. */
  readonly place: Omit<LedgerHub, 'label'>;

  /** @param connections requests under way at once. @throws InputError for a kubeconfig that cannot be used */
  constructor({ kubeconfig: file, context }: HubFlags, connections: number) {
    try {
      const kubeconfig = loadKubeconfig({
        ...(file !== undefined && { file }),
        ...(context !== undefined && { context }),
      });
      this.client = new KubeClient({
        kubeconfig,
        clock: this.clock,
        connections,
        retries: 0,
        onCall: (call) => this.calls.record('user', call),
      });
      this.place = {
        server: redactUrl(this.client.server),
        kubeconfig: pathOf(file ?? process.env.KUBECONFIG),
        context: kubeconfig.getCurrentContext() || null,
      };
    } catch (error) {
      throw new InputError((error as Error).message, { cause: error });
    }
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

/** What a hub refuses, or does not answer in time, before anything was done. @throws InputError that ends with `outcome` */
export async function orInput<T>(outcome: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ClusterAdapterError)) throw error;
    throw new InputError(`${error.message}; ${outcome}`, { cause: error });
  }
}

/** Null for none and for a list of files, which only the environment can give. */
function pathOf(file: string | undefined): string | null {
  return !file || file.includes(':') ? null : resolve(file);
}
