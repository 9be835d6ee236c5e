/** How long things stayed in their states, which are stuck in one, and what clusters failed of. */

/** What has states. Those of the last three are conditions and states of custom resources. */
export type StatefulKind = 'host' | 'cluster' | 'agent' | 'agentclusterinstall' | 'baremetalhost';

export interface StateTimeSummary {
  of: StatefulKind;
  state: string;
  /** Intervals that have ended, and those that still went on when this was written: these count as at least so long. */
  ended: number;
  open: number;
  /** Simulated milliseconds; null where so many are still open that nobody knows. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
  /** The longest, open ones included. */
  max: number;
}

/** One that has been in a state for far longer than others were. */
export interface StuckSummary {
  of: StatefulKind;
  /** For people: host name and cluster, or kind namespace/name. */
  name: string;
  id: string;
  state: string;
  /** Simulated seconds so far. */
  seconds: number;
  /** What 99 % of the others needed, in simulated seconds. */
  usualSeconds: number;
}

/** What clusters and hosts failed of, alike causes together. */
export interface FailureCauseSummary {
  cause: string;
  count: number;
  /** Names of some of them. */
  names: string[];
}
