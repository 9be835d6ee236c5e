/** What became of a run's requests to the service, and how long they took. */
import type { FaultKind } from '../../model/faults/faults.ts';
import {
  CLIENT_KINDS,
  type ClientKind,
  ENDPOINTS,
  type EndpointName,
  endpointNumber,
} from '../../model/protocol/endpoints.ts';
import { isGeneratorError } from '../../model/protocol/outcomes.ts';
import type { FailureSamples } from '../telemetry/failure-samples.ts';
import type { Distribution } from '../telemetry/histogram.ts';
import type { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import type { TelemetrySnapshot } from '../telemetry/telemetry-snapshot.ts';
import { isError } from './figures.ts';
import { knownRefusal, refusalOfFault } from './known-refusals.ts';
import { NO_QUANTILES, type Quantiles, quantiles } from './quantiles.ts';

/** How long requests took, in wall-clock milliseconds. Attempts that we aborted or could not send are in none of them. */
export interface RequestLatencies {
  /** Attempts that were answered with a status below 500, from the moment they were due. */
  sinceDue: Quantiles;
  /** The same from the moment they were handed to the socket. */
  sinceSent: Quantiles;
  /** Attempts that were answered with 500 or more, or not at all, from the moment they were due until that was known. */
  failedSinceDue: Quantiles;
  /** From the moment a request was first due to the answer it wanted, retries included. */
  untilSuccess: Quantiles;
}

export interface RequestSummary extends RequestLatencies {
  client: ClientKind;
  endpoint: EndpointName;
  method: string;
  count: number;
  /** Per wall-clock second of the run, clean-up included. */
  rate: number;
  /** Attempts that the service refused (400 or more) or did not answer. */
  errors: number;
  /** Attempts that this machine had no means for. */
  ownErrors: number;
  /** Attempts by outcome (status or error kind). */
  outcomes: Record<string, number>;
}

export interface RequestTotals extends RequestLatencies {
  requests: number;
  rate: number;
  errors: number;
  ownErrors: number;
  /** Requests that went out once more inside their attempt: a server counts these beside `requests`. */
  replayed: number;
  redirected: number;
}

/** Polls of native agents. */
export interface PollSummary {
  /**
   * From the moment a poll was first due to its answer, as an open loop would have measured it: an agent whose poll has no answer sends no
   * further one, and those that it did not send are counted with the wait that they would have had. Wall-clock milliseconds.
   */
  openLoop: Quantiles;
  /** Polls that were never sent because the one before had no answer. */
  missed: number;
}

/** One way in which requests went wrong. */
export interface RequestErrorSummary {
  client: ClientKind;
  endpoint: EndpointName;
  /** HTTP status, or why there was none. */
  code: string;
  count: number;
  /** Whether this machine is to blame, and not the service. */
  own: boolean;
  /** Of the first one, in the words of whoever refused or failed; null where they are not known. */
  message: string | null;
  /** When it happened; null where that is not known. */
  firstAt: string | null;
  /** Why a service that is well answers so; null where it should not. */
  expected: string | null;
}

/**
 * @param seconds wall-clock seconds in which requests were counted
 * @param percentiles further ones, beside the usual
 */
export function summarizeRequests(
  reader: TelemetryReader,
  seconds: number,
  percentiles: readonly number[] = [],
): RequestSummary[] {
  const rows = new Map<string, RequestSummary>();
  for (const { client, endpoint, method, code, count } of reader.requests()) {
    const key = `${client} ${endpoint}`;
    const row: RequestSummary = rows.get(key) ?? {
      ...{ client, endpoint, method, count: 0, rate: 0, errors: 0, ownErrors: 0, outcomes: {} },
      ...{ sinceDue: NO_QUANTILES, sinceSent: NO_QUANTILES, failedSinceDue: NO_QUANTILES, untilSuccess: NO_QUANTILES },
    };
    row.count += count;
    row.outcomes[code] = (row.outcomes[code] ?? 0) + count;
    if (isError(code)) row.errors += count;
    if (isGeneratorError(code)) row.ownErrors += count;
    rows.set(key, row);
  }
  const put = (
    name: keyof RequestLatencies,
    list: { client: ClientKind; endpoint: EndpointName; distribution: Distribution }[],
  ) => {
    for (const { client, endpoint, distribution } of list) {
      const row = rows.get(`${client} ${endpoint}`);
      if (row) row[name] = quantiles(distribution, percentiles);
    }
  };
  put('sinceDue', reader.latencies('due', 'answered'));
  put('sinceSent', reader.latencies('sent', 'answered'));
  put('failedSinceDue', reader.latencies('due', 'failed'));
  put('untilSuccess', reader.untilSuccesses());
  for (const row of rows.values()) row.rate = row.count / seconds;
  return [...rows.values()].sort((a, b) => place(a) - place(b));
}

function place({ client, endpoint }: Pick<RequestSummary, 'client' | 'endpoint'>): number {
  return CLIENT_KINDS.indexOf(client) * ENDPOINTS.length + endpointNumber(endpoint);
}

export function summarizeTotals(
  reader: TelemetryReader,
  { totals, repeats }: Pick<TelemetrySnapshot, 'totals' | 'repeats'>,
  seconds: number,
  percentiles: readonly number[] = [],
): RequestTotals {
  return {
    requests: totals.requests,
    rate: totals.requests / seconds,
    errors: totals.unanswered + totals.refused,
    ownErrors: totals.own,
    ...repeats,
    sinceDue: quantiles(reader.latency('due'), percentiles),
    sinceSent: quantiles(reader.latency('sent'), percentiles),
    failedSinceDue: quantiles(reader.latency('due', { result: 'failed' }), percentiles),
    untilSuccess: quantiles(reader.untilSuccess(), percentiles),
  };
}

/** Kinds of errors in a summary: more than a service has that does not make its statuses up. */
const MOST_ERRORS = 1000;

/** What went wrong, the most frequent first, and no more than a thousand kinds. */
export function summarizeErrors(
  reader: TelemetryReader,
  samples: Pick<FailureSamples, 'of'>,
  faults: ReadonlySet<FaultKind> = new Set(),
): RequestErrorSummary[] {
  return reader
    .requests()
    .filter(({ code }) => isError(code) || isGeneratorError(code))
    .map(({ client, endpoint, code, count }) => {
      const sample = samples.of({ client, endpoint, code });
      return {
        ...{ client, endpoint, code, count, own: isGeneratorError(code) },
        message: sample?.message ?? null,
        firstAt: sample ? new Date(sample.atMs).toISOString() : null,
        expected: knownRefusal({ client, endpoint, code }) ?? refusalOfFault({ client, endpoint, code }, faults),
      };
    })
    .sort((a, b) => b.count - a.count || place(a) - place(b))
    .slice(0, MOST_ERRORS);
}

export function summarizePolls(reader: TelemetryReader, percentiles: readonly number[] = []): PollSummary {
  return { openLoop: quantiles(reader.openLoop(), percentiles), missed: reader.missedPolls() };
}
