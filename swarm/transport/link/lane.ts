/** What is under way in one direction of a connection, in order. One timer while there is something, none otherwise. */
import type { LinkWait } from './link-clock.ts';
import type { LinkDirection, LinkPath } from './link-path.ts';

/** Bytes, the end of what one side sends, or what the connection failed of. */
export type Cargo = Buffer | null | Error;

interface Item {
  cargo: Cargo;
  atMs: number;
}

/** Milliseconds: what arrives so soon after something arrives with it. */
const TOGETHER_MS = 0.25;

export class Lane {
  readonly #path: LinkPath;
  readonly #direction: LinkDirection;
  readonly #deliver: (cargo: Cargo) => boolean;
  /** Null while nothing is under way: most connections are idle most of the time. */
  #items: Item[] | null = null;
  #wait: LinkWait | null = null;
  #isFull = false;
  #isDropped = false;
  #bytes = 0;
  /** A packet was lost as often as it is sent: nothing behind it arrives. */
  givenUp = false;

  /** @param deliver takes what has arrived; false when it can take no more until {@link resume} */
  constructor(path: LinkPath, direction: LinkDirection, deliver: (cargo: Cargo) => boolean) {
    this.#path = path;
    this.#direction = direction;
    this.#deliver = deliver;
  }

  /** Bytes that are under way, or have arrived and cannot be taken. */
  get bytes(): number {
    return this.#bytes;
  }

  send(flight: Buffer): void {
    if (this.givenUp || this.#isDropped) return;
    let at = 0;
    const givenUpAt = this.#direction.send(flight.length, this.#now(), (bytes, atMs) => {
      this.#put(flight.subarray(at, at + bytes), atMs);
      at += bytes;
    });
    if (givenUpAt === null) return;
    this.givenUp = true;
    this.#put(new LinkGivenUp(), givenUpAt);
  }

  /** The end of it, or a failure, behind all that was sent. */
  end(last: null | Error): void {
    if (this.givenUp || this.#isDropped) return;
    this.#put(last, this.#direction.end(this.#now()));
  }

  /** More can be taken. */
  resume(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#arm();
  }

  /** Nothing arrives any more, and nothing is sent. */
  drop(): void {
    this.#isDropped = true;
    this.#wait?.cancel();
    this.#wait = null;
    this.#bytes = 0;
    if (this.#items === null) return;
    this.#items = null;
    this.#path.free();
  }

  #now(): number {
    return this.#path.link.kind.clock.now();
  }

  #put(cargo: Cargo, atMs: number): void {
    if (cargo instanceof Buffer) this.#bytes += cargo.length;
    const item = { cargo, atMs };
    if (this.#items !== null) {
      this.#items.push(item);
      return;
    }
    this.#items = [item];
    this.#path.busy();
    this.#arm();
  }

  #arm(): void {
    const first = this.#items?.[0];
    if (!first || this.#wait !== null || this.#isFull) return;
    this.#wait = this.#path.link.kind.clock.wait(Math.max(0, first.atMs - this.#now()), this.#arrived);
  }

  readonly #arrived = (): void => {
    this.#wait = null;
    // The first one's time is now, by the clock that told so.
    const until = Math.max(this.#items?.[0]?.atMs ?? 0, this.#now() + TOGETHER_MS);
    for (let items = this.#items; items !== null && !this.#isFull; items = this.#items) {
      const { cargo, atMs } = items[0]!;
      if (atMs > until) break;
      items.shift();
      if (cargo instanceof Buffer) this.#bytes -= cargo.length;
      if (items.length === 0) {
        // Before it is delivered: whoever gets it may ask how long it was under way, and may drop what follows.
        this.#items = null;
        this.#path.free();
      }
      this.#isFull = !this.#deliver(cargo);
    }
    this.#arm();
  };
}

/** TCP has sent a packet as often as it does (tcp_write_err). */
export class LinkGivenUp extends Error {
  readonly code = 'ETIMEDOUT';
  readonly syscall = 'read';

  constructor() {
    super('read ETIMEDOUT');
  }
}
