/**
 * The link of one machine, and what TCP makes of it (Linux; names of functions are those of its net/ipv4).
 *
 *     machine ──── up: Line ────> everything else        packets of 1448 bytes, one after the other by the bandwidth,
 *             <─── down: Line ───                        each `delay` ± jitter on its way, or lost
 *
 * All connections of a machine share the two lines, as they share the machine's cable.
 */
import type { LinkFigures } from '../../plan/expanded-plan.ts';
import type { LinkClock } from './link-clock.ts';
import type { LinkObserver } from './link-observer.ts';

/** What of a packet of 1500 bytes is data: less 20 bytes of IP, 20 of TCP and 12 of its time stamps. */
export const PACKET_BYTES = 1448;
/** Least part of a retransmission time-out that is beyond the round trip (TCP_RTO_MIN, __tcp_set_rto). */
const LEAST_RTO_MS = 200;
/** Longest retransmission time-out (TCP_RTO_MAX). */
const LONGEST_RTO_MS = 120_000;
/** First time-out of a SYN (TCP_TIMEOUT_INIT); it doubles with each. */
const SYN_RTO_MS = 1000;
/** As often a SYN is sent again (tcp_syn_retries), and a packet (tcp_retries2). */
const SYN_RETRIES = 6;
const RETRIES = 15;
/** So many packets behind a lost one tell its sender of it (tcp_reordering); fewer leave it to the time-out. */
const TELLING_PACKETS = 3;
/** Mean distance of a sum of two jitters from none, as a share of one. */
const MEAN_JITTER = 2 / 3;
/** Wall-clock milliseconds of a bandwidth that arrive together: a timer for each packet would cost more than the packet. */
const GROUP_MS = 4;

/** Links that are alike: their figures in wall-clock milliseconds, as connections see them. */
export class LinkKind {
  /** Among the links of a plan, from 0. */
  readonly number: number;
  readonly delay: number;
  readonly jitter: number;
  readonly loss: number;
  /** Infinity for as many as come. */
  readonly bytesPerMs: number;
  /** There and back. */
  readonly roundTrip: number;
  readonly rto: number;
  readonly longestRto: number;
  readonly synRto: number;
  /** Packets that arrive together. */
  readonly group: number;
  readonly told: LinkObserver;
  readonly clock: LinkClock;

  /** @param clockSpeed simulated milliseconds in one of the wall clock */
  constructor(number: number, figures: LinkFigures, clockSpeed: number, clock: LinkClock, told: LinkObserver) {
    const { delayMs, jitterMs, loss, bytesPerSecond } = figures;
    this.number = number;
    this.delay = delayMs / clockSpeed;
    this.jitter = jitterMs / clockSpeed;
    this.loss = loss;
    this.bytesPerMs = bytesPerSecond === null ? Number.POSITIVE_INFINITY : (bytesPerSecond / 1000) * clockSpeed;
    this.roundTrip = 2 * this.delay;
    this.rto = this.roundTrip + Math.max(LEAST_RTO_MS / clockSpeed, 4 * MEAN_JITTER * this.jitter);
    this.longestRto = LONGEST_RTO_MS / clockSpeed;
    this.synRto = SYN_RTO_MS / clockSpeed;
    this.group =
      bytesPerSecond === null
        ? Number.POSITIVE_INFINITY
        : Math.max(1, Math.floor((this.bytesPerMs * GROUP_MS) / PACKET_BYTES));
    this.told = told;
    this.clock = clock;
  }
}

/** One direction of a machine's link. */
export interface Line {
  /** Wall-clock milliseconds until when it sends what it was given. */
  freeAt: number;
}

export class HostLink {
  readonly kind: LinkKind;
  readonly up: Line = { freeAt: 0 };
  readonly down: Line = { freeAt: 0 };
  /** Each connection has lines of its own. */
  readonly isManys: boolean;
  readonly #random: () => number;
  /** Packets that pass until one is lost; -1 when that is not drawn yet. */
  #passing = -1;

  /** @param random draws of the machine's own, in [0, 1) */
  constructor(kind: LinkKind, random: () => number, isManys = false) {
    this.kind = kind;
    this.#random = random;
    this.isManys = isManys;
  }

  /** The links of many machines that use each other's connections: as many lines as connections. */
  ofMany(): HostLink {
    return new HostLink(this.kind, this.#random, true);
  }

  /** Milliseconds that a flight takes which is sent now. */
  wayMs(): number {
    const { delay, jitter } = this.kind;
    return jitter === 0 ? delay : Math.max(0, delay + jitter * (2 * this.#random() - 1));
  }

  /**
   * How many of so many packets pass before one is lost: all of them when none is. Losses are drawn by the gaps between them, which takes a
   * draw for each that is lost and none for the others.
   */
  passing(packets: number): number {
    const { loss } = this.kind;
    if (loss === 0) return packets;
    if (this.#passing < 0) this.#passing = Math.floor(Math.log(1 - this.#random()) / Math.log(1 - loss));
    const passing = Math.min(packets, this.#passing);
    this.#passing -= passing;
    if (passing < packets) this.#passing = -1;
    return passing;
  }

  /**
   * Milliseconds that a lost packet keeps those behind it waiting, beyond its way: until its sender notices, which is a round trip later when
   * enough of them follow and tell, else the time-out; and with each further loss of it twice the time-out before.
   * @param behind packets of its flight that follow
   * @returns Infinity when it is given up, after `RETRIES` (tcp_write_timeout)
   */
  stallMs(behind: number): { ms: number; givenUp: boolean } {
    const { kind } = this;
    const isTold = behind >= TELLING_PACKETS;
    kind.told.stalled();
    let ms = isTold ? kind.roundTrip : kind.rto;
    let timeOut = isTold ? kind.rto : Math.min(kind.longestRto, 2 * kind.rto);
    for (let retry = 1; this.passing(1) === 0; retry++) {
      ms += timeOut;
      if (retry === RETRIES) return { ms, givenUp: true };
      timeOut = Math.min(kind.longestRto, 2 * timeOut);
    }
    return { ms, givenUp: false };
  }

  /**
   * Milliseconds until the SYN arrives whose answer arrives too: the first, or the one sent 1, 3, 7 … seconds later. Whichever of both is lost, the
   * next comes when the time-out is over (tcp_retransmit_timer; inet_csk_reqsk_queue_rehash for answers).
   */
  synMs(): { ms: number; givenUp: boolean } {
    const { kind } = this;
    let waited = 0;
    let timeOut = kind.synRto;
    for (let retry = 0; this.passing(2) < 2; retry++) {
      kind.told.stalled();
      waited += timeOut;
      if (retry === SYN_RETRIES) return { ms: waited, givenUp: true };
      timeOut *= 2;
    }
    return { ms: waited + this.wayMs(), givenUp: false };
  }
}
