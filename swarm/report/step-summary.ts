/** What became of the steps that the service told agents to do. */
import type { TelemetrySnapshot } from '../telemetry/telemetry-snapshot.ts';

/** Steps of one type; the counts after `received` add up to it. */
export interface StepSummary {
  step: string;
  received: number;
  posted: number;
  /** The reply would have been what the service has already: the stock agent sends none. */
  deduplicated: number;
  /** The service refused the reply, or it did not reach it. */
  failed: number;
  /** The program that ran it ended before its reply was answered, as with a reboot. */
  dropped: number;
  /** They run, or their reply is under way. */
  inFlight: number;
}

export function summarizeSteps({ stepReplies }: Pick<TelemetrySnapshot, 'stepReplies'>): StepSummary[] {
  const rows = new Map<string, StepSummary>();
  for (const { step, fate, count } of stepReplies) {
    const row = rows.get(step) ?? {
      ...{ step, received: 0, posted: 0, deduplicated: 0, failed: 0 },
      ...{ dropped: 0, inFlight: 0 },
    };
    row[fate] += count;
    rows.set(step, row);
  }
  for (const row of rows.values()) {
    row.inFlight = row.received - row.posted - row.deduplicated - row.failed - row.dropped;
  }
  return [...rows.values()];
}
