/** One connection over a machine's link: when what is sent over it arrives, and how long it had something under way. */
import { type HostLink, type Line, PACKET_BYTES } from './host-link.ts';

/** What a direction tells of a flight: so many of its next bytes arrive at this wall-clock millisecond. */
export type Arrive = (bytes: number, atMs: number) => void;

/** One direction of a connection. What arrives does so in order, whatever was lost on the way. */
export class LinkDirection {
  readonly #link: HostLink;
  readonly #line: Line;
  /** When the last byte so far has arrived. */
  #arrivedAt = 0;

  constructor(link: HostLink, line: Line) {
    this.#link = link;
    this.#line = line;
  }

  /**
   * A flight: what was handed to the socket at once.
   *
   *     packets   1  2  3  4  5  6  7       sent one after the other by the bandwidth
   *                     x                   lost: 4 to 7 have arrived before it is there again, and wait
   *     arrive    1  2              3–7
   *
   * @param arrive called in order, for all bytes unless a packet is given up
   * @returns null, or when the connection is given up
   */
  send(bytes: number, nowMs: number, arrive: Arrive): number | null {
    const { kind } = this.#link;
    const sentAt = Math.max(nowMs, this.#line.freeAt);
    this.#line.freeAt = sentAt + bytes / kind.bytesPerMs;
    const way = this.#link.wayMs();
    const packets = Math.ceil(bytes / PACKET_BYTES);
    const goneAt = (packet: number) => sentAt + Math.min(bytes, packet * PACKET_BYTES) / kind.bytesPerMs;
    for (let from = 0; from < packets; ) {
      const until = from + this.#link.passing(packets - from);
      while (from < until) {
        const next = Math.min(until, from + kind.group);
        this.#arrive(from, next, bytes, goneAt(next) + way, arrive);
        from = next;
      }
      if (from === packets) break;
      const { ms, givenUp } = this.#link.stallMs(packets - from - 1);
      const again = goneAt(from + 1) + ms;
      if (givenUp) return again;
      this.#arrive(from, from + 1, bytes, again + way, arrive);
      from++;
    }
    return null;
  }

  /** When the end arrives of what is sent: behind all before it. A lost one costs nobody anything here. */
  end(nowMs: number): number {
    const sentAt = Math.max(nowMs, this.#line.freeAt);
    this.#arrivedAt = Math.max(this.#arrivedAt, sentAt + this.#link.kind.delay);
    return this.#arrivedAt;
  }

  #arrive(from: number, until: number, bytes: number, atMs: number, arrive: Arrive): void {
    this.#arrivedAt = Math.max(this.#arrivedAt, atMs);
    arrive(Math.min(bytes, until * PACKET_BYTES) - from * PACKET_BYTES, this.#arrivedAt);
  }
}

export class LinkPath {
  readonly link: HostLink;
  readonly up: LinkDirection;
  readonly down: LinkDirection;
  readonly #begunAt: number;
  #knocked = false;
  /** Directions with something under way. */
  #busy = 0;
  #busySince = 0;
  #heldMs = 0;

  constructor(link: HostLink) {
    this.link = link;
    this.up = new LinkDirection(link, link.isManys ? { freeAt: 0 } : link.up);
    this.down = new LinkDirection(link, link.isManys ? { freeAt: 0 } : link.down);
    this.#begunAt = link.kind.clock.now();
  }

  /** As {@link HostLink.synMs}, once: a dial that takes another local port when one is in use has not sent anything yet. */
  knock(): { ms: number; givenUp: boolean } {
    if (this.#knocked) return { ms: 0, givenUp: false };
    this.#knocked = true;
    return this.link.synMs();
  }

  /** The connection can be used. */
  connected(): void {
    const { clock, told } = this.link.kind;
    told.connected(clock.now() - this.#begunAt);
  }

  /** A direction has something under way, and had nothing before. */
  busy(): void {
    if (this.#busy++ === 0) this.#busySince = this.link.kind.clock.now();
  }

  /** A direction has nothing under way any more. */
  free(): void {
    if (--this.#busy === 0) this.#heldMs += this.link.kind.clock.now() - this.#busySince;
  }

  /** Wall-clock milliseconds in which something was under way, so far. */
  get heldMs(): number {
    return this.#busy === 0 ? this.#heldMs : this.#heldMs + this.link.kind.clock.now() - this.#busySince;
  }
}
