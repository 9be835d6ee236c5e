/** What is known of states before anything has happened. */
import type { StateFacts } from '../state-summary.ts';

export const NO_STATES: StateFacts = {
  states: [],
  reactions: [],
  divergence: [],
  stuck: { count: 0, counts: [], longest: [] },
  hostCauses: [],
};
