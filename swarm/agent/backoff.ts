/**
 * The waits between polls that fail, as the runner's vendored cenkalti/backoff/v4 with its defaults makes them
 * (assisted-installer-agent src/commands/step_processor.go ProcessSteps):
 *
 *   nominal  0.5 s ──× 1.5──> 0.75 ──> 1.125 ──> … ──> 60 ──> 60 …      each drawn from half to one and a half of it,
 *                                                                       until a wait would end after 15 minutes
 */

/** All in simulated milliseconds. */
export const BACKOFF = {
  firstMs: 500,
  factor: 1.5,
  maxMs: 60_000,
  /** Each wait is drawn from `1 - spread` to `1 + spread` of its nominal length. */
  spread: 0.5,
  giveUpMs: 15 * 60_000,
} as const;

/** One row of failed polls. Made with the first failure, dropped with the next success. */
export class Backoff {
  readonly #startMs: number;
  #nominalMs: number = BACKOFF.firstMs;

  /** @param startMs simulated moment at which the first poll of the row was due */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /**
   * Simulated milliseconds until the next poll, or null when it is time to give up.
   * @param nowMs simulated moment at which the last poll had failed
   * @param draw in [0, 1)
   */
  next(nowMs: number, draw: number): number | null {
    const waitMs = this.#nominalMs * (1 - BACKOFF.spread + 2 * BACKOFF.spread * draw);
    this.#nominalMs = Math.min(this.#nominalMs * BACKOFF.factor, BACKOFF.maxMs);
    return nowMs - this.#startMs + waitMs > BACKOFF.giveUpMs ? null : waitMs;
  }
}
