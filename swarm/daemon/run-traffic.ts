/** What a run keeps of the traffic of both kinds of hosts, where it has both, to be compared. */
import type { Machines } from '../cluster/cluster-life.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { driftSummary } from '../report/drift-text.ts';
import type { DriftSummary } from '../report/summary.ts';
import { keepApiDocument } from './api-document.ts';
import type { RunPool, RunStoreWriter } from './run-parts.ts';
import { TrafficSample } from './traffic-sample.ts';

export class RunTraffic {
  readonly #plan: ExpandedPlan;
  readonly #sample: TrafficSample;
  readonly #warn: (message: string) => void;
  /** Null until {@link keep} has found something to compare. */
  drift: DriftSummary | null = null;

  constructor(plan: ExpandedPlan, warn: (message: string) => void) {
    this.#plan = plan;
    this.#sample = new TrafficSample(plan);
    this.#warn = warn;
  }

  /** Machines whose traffic is recorded as far as it is wanted. */
  mark(machines: Machines): Machines {
    return this.#sample.mark(machines);
  }

  /** Keeps what the service publishes of its API, beside everything else: a comparison can do without it. @param baseUrl '' when only the hub knows it */
  keepDocument({ directory }: RunStoreWriter, baseUrl: string): void {
    if (this.#sample.empty || directory === null || baseUrl === '') return;
    keepApiDocument(directory, baseUrl, this.#plan.service.tls).catch((error: Error) =>
      this.#warn(`the service's OpenAPI document was not kept: ${error.message}`),
    );
  }

  /** Keeps what was recorded until now. Never throws. */
  async keep(pool: RunPool | null, store: RunStoreWriter | null): Promise<void> {
    if (!pool || this.#sample.empty) return;
    try {
      const profiles = await pool.traffic();
      this.drift = driftSummary(profiles);
      await store?.traffic(profiles);
    } catch (error) {
      this.#warn(`the record of traffic was not kept: ${(error as Error).message}`);
    }
  }
}
