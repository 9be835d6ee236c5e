/**
 * Connections that wait for a next request, in the order in which they began to: as all of them may wait equally long, the
 * first is always the next whose time is over, and one timer serves all. They are linked to each other: a set would make and
 * forget an entry at each poll.
 *
 *   first ⇄ … ⇄ last        remove: out of the middle        timer: when the first one's time is over
 */
import { wallNow } from '../../../model/time/clock.ts';

/** What may wait. Only {@link IdleConnections} writes what links it. */
export interface Waiting {
  /** Wall-clock milliseconds (see wallNow) since when it waits, or waited last. */
  idleSince: number;
  before: Waiting | null;
  after: Waiting | null;
  retire(): void;
}

export class IdleConnections {
  readonly #timeoutMs: number;
  #first: Waiting | null = null;
  #last: Waiting | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param timeoutMs wall-clock milliseconds until a connection that waits is retired */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** @param connection that does not wait */
  add(connection: Waiting): void {
    connection.idleSince = wallNow();
    connection.before = this.#last;
    if (this.#last === null) this.#first = connection;
    else this.#last.after = connection;
    this.#last = connection;
    if (this.#timer === null) this.#wait(this.#timeoutMs);
  }

  /** @param connection that may wait or not */
  remove(connection: Waiting): void {
    const { before, after } = connection;
    if (before === null && this.#first !== connection) return;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    connection.before = null;
    connection.after = null;
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(this.#check, ms).unref();
  }

  readonly #check = (): void => {
    this.#timer = null;
    const now = wallNow();
    for (let connection = this.#first; connection !== null; connection = this.#first) {
      const left = connection.idleSince + this.#timeoutMs - now;
      if (left > 0) {
        this.#wait(Math.ceil(left));
        return;
      }
      this.remove(connection);
      connection.retire();
    }
  };
}
