/** Where hosts and clusters are, in our own words: in events, metrics, the API and the summary. */

/** Where a simulated host is, seen from the machine itself. In the order a healthy host passes through. */
export const HOST_PHASES = [
  'planned',
  'booting',
  'registering',
  'polling',
  'discovered',
  'installing',
  'writing',
  'rebooted',
  'joined',
  'done',
  'frozen',
  'failed',
  'stopped',
] as const;
export type HostPhase = (typeof HOST_PHASES)[number];

export const CLUSTER_PHASES = [
  'planned',
  'creating',
  'discovering',
  'preparing',
  'installing',
  'finalizing',
  'installed',
  'day2',
  'complete',
  'failed',
  'cancelled',
  'deleted',
] as const;
/** Where the life of a cluster is, seen from the simulated user; `complete` is the last good one. */
export type ClusterPhase = (typeof CLUSTER_PHASES)[number];
