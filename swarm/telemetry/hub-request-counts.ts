/** Requests of a run to its hub, counted where they end: all of them are the main thread's. */
import type { KubeCall } from '../../model/kube/kube-client.ts';
import { Distribution, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';

/** Who of a run asks the hub: the user who makes clusters, who stands in for the Bare Metal Operator, or somebody who only looks. */
export const HUB_CLIENTS = ['user', 'baremetal-operator', 'reader'] as const;
export type HubClient = (typeof HUB_CLIENTS)[number];

/** Requests of one verb on one resource. */
export interface HubRequestRow {
  client: HubClient;
  verb: string;
  /** Plural, with `/status` behind it for the sub-resource. */
  resource: string;
  count: number;
  /** By HTTP status; `none` for those without a response. */
  codes: Record<string, number>;
  /** Wall-clock milliseconds until a response below 500 was read; of a watch until it began. */
  latency: Distribution;
  /** Until it was known that there is no such response. */
  failedLatency: Distribution;
}

interface Counted {
  client: HubClient;
  verb: string;
  resource: string;
  codes: Map<string, number>;
  answered: Float64Array;
  failed: Float64Array;
}

export class HubRequestCounts {
  /** All requests. */
  total = 0;
  /** Answered 429, 5xx or not at all. */
  failed = 0;
  readonly #counted = new Map<string, Counted>();

  record(client: HubClient, { verb, resource, status, milliseconds }: KubeCall): void {
    const key = `${client} ${verb} ${resource}`;
    let row = this.#counted.get(key);
    if (!row) {
      const [answered, failed] = [new Float64Array(HISTOGRAM_WORDS), new Float64Array(HISTOGRAM_WORDS)];
      row = { client, verb, resource, codes: new Map(), answered, failed };
      this.#counted.set(key, row);
    }
    this.total++;
    if (status === 0 || status === 429 || status >= 500) this.failed++;
    const code = status === 0 ? 'none' : String(status);
    row.codes.set(code, (row.codes.get(code) ?? 0) + 1);
    recordDuration(status === 0 || status >= 500 ? row.failed : row.answered, 0, milliseconds);
  }

  /** Totals, and how many of each verb and resource whoever asked, for outputs in JSON. */
  summary(): { total: number; failed: number; by: Record<string, number> } {
    const by = new Map<string, number>();
    for (const { verb, resource, codes } of this.#counted.values()) {
      const name = `${verb} ${resource}`;
      const count = [...codes.values()].reduce((sum, one) => sum + one, 0);
      by.set(name, (by.get(name) ?? 0) + count);
    }
    const sorted = [...by].sort(([a], [b]) => compare(a, b));
    return { total: this.total, failed: this.failed, by: Object.fromEntries(sorted) };
  }

  /** By client, resource, then verb. */
  rows(): HubRequestRow[] {
    return [...this.#counted.entries()]
      .sort(([, a], [, b]) => compare(b.client, a.client) || compare(a.resource, b.resource) || compare(a.verb, b.verb))
      .map(([, { client, verb, resource, codes, answered, failed }]) => {
        const [latency, failedLatency] = [new Distribution(), new Distribution()];
        latency.addWords(answered, 0);
        failedLatency.addWords(failed, 0);
        const count = latency.count + failedLatency.count;
        return { client, verb, resource, count, codes: Object.fromEntries(codes), latency, failedLatency };
      });
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
