/**
 * What happened, as counters and histograms. One writer per thread, all of them on shared memory: recording is a few
 * additions, never a message. `counted-metrics.ts` says what is counted, `shared-telemetry.ts` does it.
 */
import type { BootKind } from '../../model/protocol/boot-kinds.ts';
import type { ClientKind, EndpointName } from '../../model/protocol/endpoints.ts';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { ClusterPhase, HostPhase } from '../../model/protocol/phases.ts';
import type { HostRole, HostStage, StepType } from '../../model/protocol/states.ts';
import type { Cells, Dimensions, Positions } from './metric-cells.ts';

/** The part of a slow link in the duration of a request. */
export interface OverLink {
  /** Number among those of the plan, from 0. */
  readonly link: number;
  /** Wall-clock milliseconds in which bytes of the connection were under way, its making included. */
  readonly ms: number;
}

/** What became of a request: an HTTP status, or why there was none. */
export type RequestOutcome = number | TransportErrorKind;

/**
 * Whose latency an attempt counts for: `answered` by the service, with whatever status below 500, or `failed`: answered with 500 or more,
 * or not at all. What we aborted ourselves, and what this machine could not even try, says nothing of the service and counts for neither.
 */
export const RESULTS = ['answered', 'failed'] as const;
export type RequestResult = (typeof RESULTS)[number];

/** Requests that went over a connection once more, inside one attempt, as net/http of Go does by itself. */
export const REPEATS = ['replayed', 'redirected'] as const;
export type Repeat = (typeof REPEATS)[number];

export const ERROR_KINDS = [
  'registration-retry',
  'registration-frozen',
  'poll-error',
  'poll-frozen',
  'poll-given-up',
  'reply-lost',
  'step-failed',
  'malformed-answer',
  'installer-failed',
  'controller-failed',
  'boot-failed',
  'host-lost',
  'program-ended',
  'disk-full',
  'cluster-failed',
  'worker-lost',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** That a step was received, or what became of it: see REPLY_FATES of the metrics. */
export type ReplyFate = 'received' | 'posted' | 'deduplicated' | 'failed' | 'dropped';

export interface RequestRecord {
  client: ClientKind;
  endpoint: EndpointName;
  outcome: RequestOutcome;
  /** Wall-clock milliseconds (wallNow) when the request was due, i.e. when the imitated program would have sent it. */
  dueAt: number;
  /** 0 when nothing of it was handed to a socket. */
  sentAt: number;
  /** 0 when no response began. */
  firstByteAt: number;
  endAt: number;
  bytesSent: number;
  bytesReceived: number;
  /** What a slow link had to do with it; null, or absent, without one. */
  overLink?: OverLink | null | undefined;
}

export interface Telemetry {
  /**
   * Counts what has no method of its own: `telemetry.add(CELLS.repeats, 1, REPEAT.of('replayed'))`.
   * @param at the position of the label in each dimension of the metric
   */
  add<D extends Dimensions>(cells: Cells<'counter', D>, amount: number, ...at: Positions<D>): void;
  /** Records a duration that has no method of its own. @param ms as the unit of the metric says */
  record<D extends Dimensions>(cells: Cells<'histogram', D>, ms: number, ...at: Positions<D>): void;
  connectionOpened(): void;
  connectionClosed(): void;
  /** A request of an attempt under way was sent once more. */
  requestRepeated(how: Repeat): void;
  request(record: RequestRecord): void;
  /**
   * An attempt begins at this wall-clock moment (milliseconds). Returns the ticket to end it with, whatever becomes of it; an attempt
   * that never ends stays under way and grows old.
   */
  requestStarted(client: ClientKind, atMs: number): number;
  requestEnded(ticket: number): void;
  /**
   * An attempt went wrong: no answer, or one of 400 or more. Of each client, endpoint and outcome the first text is kept.
   * @param describe called only when the text is wanted
   */
  requestFailed(client: ClientKind, endpoint: EndpointName, outcome: RequestOutcome, describe: () => string): void;
  /** A request got in the end what it wanted (a status below 400), after so many wall-clock milliseconds since it was first due. */
  requestSucceeded(client: ClientKind, endpoint: EndpointName, ms: number): void;
  /**
   * A poll was answered, or its waiting ended with the program that waited.
   * @param ms wall-clock milliseconds since it was first due
   * @param paceMs wall-clock milliseconds between polls, had each been answered at once; 0 when nobody knows
   * @param attempts that were made for it
   */
  pollWaited(ms: number, paceMs: number, attempts: number): void;
  /** Wall-clock milliseconds between the moment a poll was due and the moment it was started. */
  pollLateness(ms: number): void;
  /** Moves one host between phases. `host` is its slot (0-based, dense over this generator's hosts). */
  hostPhase(host: number, phase: HostPhase): void;
  /** Enters an installation stage (as reported), null when there is none any more. */
  hostStage(host: number, stage: HostStage | null): void;
  clusterPhase(cluster: number, phase: ClusterPhase): void;
  /** Simulated milliseconds a host spent in a stage. */
  stageDuration(role: HostRole, stage: HostStage, simulatedMs: number): void;
  /** A step was `received`, and later what became of it. */
  stepReply(step: StepType | 'unknown', fate: ReplyFate): void;
  error(kind: ErrorKind): void;
  /** A request of a booting host has ended; `bytes` of the body have arrived. */
  bootRequest(kind: BootKind, outcome: RequestOutcome, bytes: number): void;
  /** The answer to a request of a booting host began, so many wall-clock milliseconds after it was sent. */
  bootWait(kind: BootKind, wallMs: number): void;
  /** A booting host has all of something, after so many simulated milliseconds. */
  bootDownload(kind: BootKind, simulatedMs: number): void;
}
