/**
 * Connections that wait for a next request, in the order in which they began to: as all of them may wait equally long, the
 * first is always the next whose time is over, and one timer serves all.
 *
 *   first ── … ── last        take: out of the middle        timer: when the first one's time is over
 */
import { wallNow } from '../../../model/time/clock.ts';

interface Waiting {
  idleSince: number;
  retire(): void;
}

export class IdleConnections {
  readonly #timeoutMs: number;
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | null = null;

  /** @param timeoutMs wall-clock milliseconds until a connection that waits is retired */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  add(connection: Waiting): void {
    connection.idleSince = wallNow();
    this.#waiting.add(connection);
    if (this.#timer === null) this.#wait(this.#timeoutMs);
  }

  remove(connection: Waiting): void {
    this.#waiting.delete(connection);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(this.#check, ms).unref();
  }

  readonly #check = (): void => {
    this.#timer = null;
    const now = wallNow();
    for (const connection of this.#waiting) {
      const left = connection.idleSince + this.#timeoutMs - now;
      if (left > 0) {
        this.#wait(Math.ceil(left));
        return;
      }
      this.#waiting.delete(connection);
      connection.retire();
    }
  };
}
