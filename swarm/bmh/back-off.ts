/** When the operator tries again. Upstream: metal3-io/baremetal-operator, internal/controller/metal3.io/action_result.go. */

const MINUTE_MS = 60_000;
/** maxBackOffCount: from here on it waits for up to eight and a half hours. */
const MOST_COUNTED = 9;

/**
 * calculateBackoff: 2^errors minutes, less up to half of it.
 * @param draw 0 to 1
 * @returns simulated milliseconds
 */
export function backOffMs(errorCount: number, draw: number): number {
  return 2 ** Math.min(errorCount, MOST_COUNTED) * (1 - draw / 2) * MINUTE_MS;
}

/** hostErrorRetryDelay: after it a host is looked at again whose Secret does not exist. */
export const MISSING_SECRET_RETRY_MS = 10_000;

/** preprovImageRetryDelay: the longest wait for an image; changes of it are seen at once. */
export const IMAGE_RETRY_MS = 5 * MINUTE_MS;

/** First delay of controller-runtime's rate limit, which a result that only says "again" gets. */
export const AGAIN_MS = 5;
