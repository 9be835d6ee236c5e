/**
 * The requests of one thread that have no answer yet: how many there are, and since when the oldest waits. A request that a frozen
 * service never answers has no outcome that could be counted; here it is seen.
 *
 *    of each kind of client a list, oldest first, linked by tickets (0: none):
 *
 *                 #head[kind]                     #tail[kind]
 *                      │                               │
 *                   ticket 4 ◄─ #before │ #next ─► ticket 1        free tickets: 3 ─► 2 ─► 0, through #next
 *                      │
 *    shared section:   │ waiting │ since of the oldest │  a pair of words a kind, replaced at each start and end
 *
 * Requests start in the order of time, so the head is the oldest. Starting and ending write a few numbers into arrays that grow with
 * the highest number of requests ever under way at once; nothing is allocated for a request.
 */
import { CLIENT_KINDS } from '../../model/protocol/endpoints.ts';

/** Words of the shared section: of each kind of client the number of requests, and the start of the oldest. */
export const UNDER_WAY_WORDS = CLIENT_KINDS.length * 2;

const FIRST_CAPACITY = 64;
/** In place of a kind: nobody has this ticket. */
const FREE = 255;

export class UnderWay {
  readonly #words: Float64Array;
  readonly #at: number;
  readonly #head = new Int32Array(CLIENT_KINDS.length);
  readonly #tail = new Int32Array(CLIENT_KINDS.length);
  #before = new Int32Array(FIRST_CAPACITY);
  #next = new Int32Array(FIRST_CAPACITY);
  #since = new Float64Array(FIRST_CAPACITY);
  #kind = new Uint8Array(FIRST_CAPACITY).fill(FREE);
  #free = 0;
  /** Tickets below it have been given out before. */
  #fresh = 1;

  /** @param at first of {@link UNDER_WAY_WORDS} words of a section that this thread alone writes */
  constructor(words: Float64Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /**
   * @param kind position in CLIENT_KINDS
   * @param sinceMs wall-clock milliseconds; not before those of the last start
   * @returns the ticket that ends it
   */
  start(kind: number, sinceMs: number): number {
    let ticket = this.#free;
    if (ticket !== 0) this.#free = this.#next[ticket]!;
    else {
      ticket = this.#fresh++;
      if (ticket === this.#kind.length) this.#grow();
    }
    const last = this.#tail[kind]!;
    this.#kind[ticket] = kind;
    this.#since[ticket] = sinceMs;
    this.#before[ticket] = last;
    this.#next[ticket] = 0;
    this.#tail[kind] = ticket;
    const word = this.#at + kind * 2;
    if (last !== 0) this.#next[last] = ticket;
    else {
      this.#head[kind] = ticket;
      this.#words[word + 1] = sinceMs;
    }
    this.#words[word]!++;
    return ticket;
  }

  /** @throws RangeError for a ticket that nobody has. */
  end(ticket: number): void {
    const kind = this.#kind[ticket] ?? FREE;
    if (kind === FREE) throw new RangeError(`no request under way has the ticket ${ticket}`);
    const before = this.#before[ticket]!;
    const next = this.#next[ticket]!;
    const word = this.#at + kind * 2;
    if (next !== 0) this.#before[next] = before;
    else this.#tail[kind] = before;
    if (before !== 0) this.#next[before] = next;
    else {
      this.#head[kind] = next;
      this.#words[word + 1] = next === 0 ? 0 : this.#since[next]!;
    }
    this.#words[word]!--;
    this.#kind[ticket] = FREE;
    this.#next[ticket] = this.#free;
    this.#free = ticket;
  }

  /** Takes back what was published by a thread that has died: nobody waits for its requests any more. */
  static forget(words: Float64Array, at: number): void {
    words.fill(0, at, at + UNDER_WAY_WORDS);
  }

  #grow(): void {
    const capacity = this.#kind.length * 2;
    const copy = <T extends Int32Array | Float64Array | Uint8Array>(into: T, from: T): T => {
      into.set(from);
      return into;
    };
    this.#before = copy(new Int32Array(capacity), this.#before);
    this.#next = copy(new Int32Array(capacity), this.#next);
    this.#since = copy(new Float64Array(capacity), this.#since);
    this.#kind = copy(new Uint8Array(capacity).fill(FREE), this.#kind);
  }
}
