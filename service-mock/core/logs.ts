/** Logs that hosts and controllers send, and when they are no longer waited for. */

/** What a row knows of its logs. Times are simulated milliseconds, 0 = never. */
interface Logs {
  readonly info: string;
  readonly startedAt: number;
  readonly collectedAt: number;
}

/**
 * Whether logs did not begin to come, or stopped coming. Upstream: assisted-service, internal/host/transition.go and
 * internal/cluster/transition.go, IsLogCollectionTimedOut.
 * @param since when the row got its status
 * @param limits in simulated milliseconds
 */
export function logsTimedOut(
  { info, startedAt, collectedAt }: Logs,
  since: number,
  now: number,
  limits: { readonly collection: number; readonly pending: number },
): boolean {
  if (info === '' && startedAt === 0) return now - since > limits.pending;
  if (info === 'requested') return now - (collectedAt || startedAt) > limits.collection;
  return info === 'collecting' && now - collectedAt > limits.pending;
}
