/** What a run was like in each of its phases, and in each step of its load: figures of that time alone, never since the start. */
import type { RunPhase } from '../plan/expanded-plan.ts';
import type { RequestSummary, RequestTotals } from './request-summary.ts';

export { RUN_PHASES, type RunPhase } from '../plan/expanded-plan.ts';

export interface PhaseSummary {
  phase: RunPhase;
  /** From 1, in a deploy phase whose load is raised in steps; else null. */
  step: number | null;
  /** What the step asks for: hosts that are there, or clusters that arrive in a simulated hour. Null without steps. */
  level: { hosts: number } | { clustersPerHour: number } | null;
  startedAt: string;
  /** Wall-clock seconds from the start of the run to its beginning, and its length. */
  afterSeconds: number;
  seconds: number;
  simulatedSeconds: number;
  /** That were up at its end. */
  hosts: number;
  totals: RequestTotals;
  requests: RequestSummary[];
}
