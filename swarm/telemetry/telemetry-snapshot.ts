/** What the shared telemetry says at one moment, as copies. */
import type { BootKind } from '../../model/protocol/boot-kinds.ts';
import type { ClientKind, EndpointName } from '../../model/protocol/endpoints.ts';
import { isGeneratorError, type TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { ClusterPhase, HostPhase } from '../../model/protocol/phases.ts';
import type { HostStage, StepType } from '../../model/protocol/states.ts';
import type { ThreadGauges } from './counted-metrics.ts';
import type { Distribution } from './histogram.ts';
import type { ErrorKind, Repeat, ReplyFate } from './telemetry.ts';

export interface RequestCount {
  client: ClientKind;
  endpoint: EndpointName;
  method: string;
  /** The HTTP status, a TransportErrorKind, or `other` for statuses outside 100 … 599. */
  code: string;
  count: number;
}

export interface PairBytes {
  client: ClientKind;
  endpoint: EndpointName;
  sent: number;
  received: number;
}

export interface ReplyCount {
  step: StepType | 'unknown';
  fate: ReplyFate;
  count: number;
}

export interface ThreadState extends ThreadGauges {
  /** `main` or `worker-0`, `worker-1` … */
  thread: string;
}

/** Requests of a kind of client that have no answer yet. */
export interface UnderWayNow {
  client: ClientKind;
  count: number;
  /** Wall-clock milliseconds at which the oldest started; 0 when there is none. */
  sinceMs: number;
}

/** Attempts of a kind of client that have ended, those we aborted ourselves excluded. */
export interface AnswerCount {
  client: ClientKind;
  /** Answered with a status below 400. */
  good: number;
  /** Answered with 400 … 499: the service is there, and thinks nothing of the request. */
  refused: number;
  /** Answered with 500 or more, or not at all. */
  failed: number;
  /** Never sent, because this machine had no means left for it. */
  own: number;
}

/** What booting hosts have downloaded of one kind. */
export interface BootDownloads {
  kind: BootKind;
  /** Requests by status, or by why there was no answer. */
  requests: Record<string, number>;
  /** Of bodies. */
  bytes: number;
  /** Simulated milliseconds until all of it was there, of those that succeeded. */
  durations: Distribution;
  /** Wall-clock milliseconds from a request until its answer began. */
  waits: Distribution;
}

/** What tells of a moment. */
export interface TelemetryNow {
  /** Caller's wall-clock milliseconds. */
  wallMs: number;
  connections: { opened: number; closed: number; open: number };
  hosts: {
    /** Hosts that have a phase: the denominator of the counts. */
    total: number;
    phases: Record<HostPhase, number>;
    /** Hosts in an installation stage. */
    stages: Record<HostStage, number>;
  };
  clusters: { total: number; phases: Record<ClusterPhase, number> };
  underWay: UnderWayNow[];
}

/** All counters at one moment. */
export interface TelemetrySnapshot extends TelemetryNow {
  /** Only those that occurred. Each attempt is in exactly one. */
  requests: RequestCount[];
  bytes: PairBytes[];
  totals: {
    /** Attempts of any outcome. */
    requests: number;
    /** Attempts that got an HTTP status. */
    answered: number;
    /** Attempts that got none, those we aborted ourselves and {@link own} excluded. */
    unanswered: number;
    aborted: number;
    /** Attempts that this machine had no means for: an error of the generator, not of the service. */
    own: number;
    /** Answers with a status of 400 or more. */
    refused: number;
    /** Polls started. */
    polls: number;
    bytesSent: number;
    bytesReceived: number;
  };
  /** Requests that were sent once more inside their attempt. */
  repeats: Record<Repeat, number>;
  /** Only those that occurred. */
  stepReplies: ReplyCount[];
  errors: Record<ErrorKind, number>;
  /** Only threads that have a heartbeat. */
  threads: ThreadState[];
}

/** @param polls that were started */
export function totalsOf(
  requests: readonly RequestCount[],
  bytes: readonly PairBytes[],
  polls: number,
): TelemetrySnapshot['totals'] {
  const totals: TelemetrySnapshot['totals'] = {
    requests: 0,
    answered: 0,
    unanswered: 0,
    aborted: 0,
    own: 0,
    refused: 0,
    polls,
    bytesSent: bytes.reduce((sum, pair) => sum + pair.sent, 0),
    bytesReceived: bytes.reduce((sum, pair) => sum + pair.received, 0),
  };
  for (const { code, count } of requests) {
    totals.requests += count;
    const status = Number(code);
    if (code === 'aborted') {
      totals.aborted += count;
    } else if (isGeneratorError(code as TransportErrorKind)) {
      totals.own += count;
    } else if (Number.isNaN(status) && code !== 'other') {
      totals.unanswered += count;
    } else {
      totals.answered += count;
      if (status >= 400) totals.refused += count;
    }
  }
  return totals;
}
