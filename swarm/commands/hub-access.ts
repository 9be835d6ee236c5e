/** The hub that a command works on: which kubeconfig, which context, and what was asked of it. */
import { resolve } from 'node:path';
import { type KubeCall, KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { redactUrl } from '../plan/redact.ts';
import type { LedgerHub } from '../telemetry/ledger.ts';
import { InputError } from './exit.ts';

export interface HubFlags {
  kubeconfig?: string;
  context?: string;
}

/** Requests by verb and resource. */
export class CallCounts {
  readonly byName = new Map<string, number>();
  total = 0;
  /** Answered 429, 5xx or not at all. */
  failed = 0;

  count({ verb, resource, status }: KubeCall): void {
    const name = `${verb} ${resource}`;
    this.byName.set(name, (this.byName.get(name) ?? 0) + 1);
    this.total++;
    if (status === 0 || status === 429 || status >= 500) this.failed++;
  }

  /** For `--json`. */
  summary(): { total: number; failed: number; by: Record<string, number> } {
    const by = Object.fromEntries([...this.byName].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { total: this.total, failed: this.failed, by };
  }
}

export class HubAccess {
  readonly clock = new ScaledClock(startClock(1));
  readonly calls = new CallCounts();
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
        onCall: (call) => this.calls.count(call),
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

/** Null for none and for a list of files, which only the environment can give. */
function pathOf(file: string | undefined): string | null {
  return !file || file.includes(':') ? null : resolve(file);
}
