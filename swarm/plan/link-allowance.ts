/**
 * What slow links cost by themselves in figures that the defaults are about, and that tell of waits and failures and not of durations alone:
 * whoever plans links does not want a run to fail of them. Where nothing is lost and bytes are not few, next to nothing.
 */
import type { ExpandedPlan, LinkFigures } from './expanded-plan.ts';

export interface LinkAllowance {
  /** Simulated milliseconds that hardly a request waits longer for the worst link, that of its connection included. */
  readonly waitMs: number;
  /** The same of a request where nothing is lost. */
  readonly roundsMs: number;
  /** Simulated milliseconds that a long body is on its way when the service has begun to read it. */
  readonly bodyMs: number;
  /** Expected shares of all connections that fail to be made in time, by what they fail of. */
  readonly failures: Readonly<Record<string, number>>;
}

export const NO_LINKS: LinkAllowance = { waitMs: 0, roundsMs: 0, bodyMs: 0, failures: {} };

/** A wait that is longer comes to one request of so many. */
const HARDLY = 1e-6;
/** Round trips until a new connection has its answer: TCP, TLS 1.3 or 1.2, the request. */
const ROUNDS = 4;
/** Packets whose loss keeps a handshake of TLS waiting. */
const HANDSHAKE_PACKETS = 8;
/** Of inventories and of most logs. */
const LONG_BODY_BYTES = 256_000;
const SYN_MS = 1000;
const LEAST_RTO_MS = 200;
/** As stock programs give up (see TransportOptions), simulated. */
const DIAL_MS = 30_000;
const HANDSHAKE_MS = 10_000;

export function linkAllowance({ links = [], hostCount }: Pick<ExpandedPlan, 'links' | 'hostCount'>): LinkAllowance {
  if (links.length === 0) return NO_LINKS;
  const worst = (of: (figures: LinkFigures) => number) => Math.max(...links.map(({ figures }) => of(figures)));
  const failing = (of: (figures: LinkFigures) => number) =>
    links.reduce((sum, { figures, hosts }) => sum + (of(figures) * hosts) / Math.max(1, hostCount), 0);
  return {
    waitMs: worst((one) => rounds(one) + body(one) + streak(rto(one), one.loss) + streak(SYN_MS, lostSyn(one))),
    roundsMs: worst(rounds),
    bodyMs: worst(body),
    failures: {
      'dial-timeout': failing((one) => lostSyn(one) ** losses(SYN_MS, DIAL_MS)),
      'tls-timeout': failing((one) => HANDSHAKE_PACKETS * one.loss ** losses(rto(one), HANDSHAKE_MS)),
    },
  };
}

const roundTrip = ({ delayMs, jitterMs }: LinkFigures) => 2 * (delayMs + jitterMs);
const rounds = (figures: LinkFigures) => ROUNDS * roundTrip(figures);
const body = ({ bytesPerSecond }: LinkFigures) =>
  bytesPerSecond === null ? 0 : (LONG_BODY_BYTES / bytesPerSecond) * 1000;
const rto = (figures: LinkFigures) => roundTrip(figures) + LEAST_RTO_MS + figures.jitterMs;
/** It, or its answer. */
const lostSyn = ({ loss }: LinkFigures) => 1 - (1 - loss) ** 2;

/** Milliseconds of as many losses in a row as hardly ever occur, each of which waits for twice as long as the one before. */
function streak(timeOutMs: number, loss: number): number {
  return loss === 0 ? 0 : timeOutMs * (2 ** Math.ceil(Math.log(HARDLY) / Math.log(loss)) - 1);
}

/** Losses in a row that take longer than something may. */
function losses(timeOutMs: number, limitMs: number): number {
  return Math.ceil(Math.log2(limitMs / timeOutMs + 1));
}
