/** Moments as Go programs write them, from epoch milliseconds. */

/** The last answer of {@link rfc3339}: a busy server writes the same second thousands of times. */
let lastSecond = { second: Number.NaN, text: '' };

/** RFC 3339 in UTC with whole seconds, as metav1.Time is written (k8s.io/apimachinery, meta/v1/time.go, MarshalJSON). */
export function rfc3339(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== lastSecond.second) {
    lastSecond = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  }
  return lastSecond.text;
}
