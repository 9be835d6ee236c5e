/** What a run is made of: interfaces only, so that tests can bring parts of their own. `parts.ts` has the real ones. */
import type { ClockSpec, ScaledClock } from '../../model/time/clock.ts';
import type { ClusterAdapter } from '../cluster/cluster-adapter.ts';
import type { Machines } from '../cluster/cluster-life.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import type { PoolOptions } from '../pool/pool.ts';
import type { RunSummary } from '../report/summary.ts';
import type { Ledger } from '../telemetry/ledger.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import type { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import type { EmbeddedService } from './embedded.ts';

/** The worker threads of a run. */
export interface RunPool extends Machines {
  /** Ends all machines and threads. */
  stop(): Promise<void>;
}

/** The user's side of a run: a client of the service with its own connections. */
export interface RunUser {
  adapter: ClusterAdapter;
  close(): Promise<void>;
}

/** What a run is made of; the daemon gives the real parts, tests give others. */
export interface RunParts {
  startEmbedded(clock: ClockSpec, agentToken: string): Promise<EmbeddedService>;
  createPool(options: PoolOptions): Promise<RunPool>;
  createUser(
    plan: ExpandedPlan,
    baseUrl: string,
    clock: ScaledClock,
    telemetry: SharedTelemetry,
    ledger: Ledger,
  ): RunUser;
  /** Where events and summary are kept. */
  openStore(run: string, plan: ExpandedPlan): Promise<RunStoreWriter>;
}

/** The run's folder. */
export interface RunStoreWriter {
  /** Null when nothing is kept. */
  readonly directory: string | null;
  /** What the run makes on the service. */
  readonly ledger: Ledger;
  write(event: RunEvent): void;
  /** Events of one host so far, oldest first. */
  history(host: number): Promise<RunEvent[]>;
  finish(summary: RunSummary): Promise<void>;
}
