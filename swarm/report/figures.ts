/** The figures of a run, read from what it measured; `plan/figures.ts` is the table of them. */
import type { ClientKind, EndpointName } from '../../model/protocol/endpoints.ts';
import type { FigureName } from '../plan/figures.ts';
import type { AnswerMonitor } from '../telemetry/answer-monitor.ts';
import { Distribution } from '../telemetry/histogram.ts';
import type { SaturationMonitor } from '../telemetry/saturation.ts';
import type { ErrorKind } from '../telemetry/telemetry.ts';
import type { RequestCount, TelemetryReader } from '../telemetry/telemetry-reader.ts';
import type { FigureSource, Sample } from './thresholds.ts';

/** Wall-clock milliseconds of watching before the share of saturated time says anything: one look is five seconds of it. */
const SATURATION_KNOWN_MS = 30_000;

/** What a run has measured so far. */
export interface Measured {
  reader: TelemetryReader;
  answers: Pick<AnswerMonitor, 'ages' | 'outageLengths'>;
  saturation: Pick<SaturationMonitor, 'totals'>;
  /** Of all clusters of the run. */
  clusters: { of: number; failed: number; complete: number };
  /** Wall-clock seconds in which requests were counted. */
  seconds: number;
}

type Labels = Readonly<Record<string, string>>;

/** Requests that we aborted ourselves are no errors of anybody. @param code as in {@link RequestCount} */
export function isError(code: string): boolean {
  if (code === 'aborted') return false;
  return !(/^\d+$/.test(code) && Number(code) < 400);
}

/** Reads each figure when it is asked for. */
export class RunFigures implements FigureSource {
  readonly #measured: Measured;
  #requests: RequestCount[] | null = null;

  constructor(measured: Measured) {
    this.#measured = measured;
  }

  read(figure: string, labels: Labels): Sample | null {
    const read = READERS[figure as FigureName];
    if (!read) throw new RangeError(`a run has no figure ${figure}`);
    return read(this.#measured, labels, () => {
      this.#requests ??= this.#measured.reader.requests();
      return this.#requests.filter(
        ({ client, endpoint }) => (labels.client ?? client) === client && (labels.endpoint ?? endpoint) === endpoint,
      );
    });
  }
}

type Read = (measured: Measured, labels: Labels, requests: () => RequestCount[]) => Sample | null;

const total = (rows: readonly RequestCount[]) => rows.reduce((sum, { count }) => sum + count, 0);
const trend = (distribution: Distribution): Sample => ({ kind: 'trend', distribution });
const latency =
  (from: 'due' | 'sent'): Read =>
  ({ reader }, { client, endpoint }) =>
    trend(
      reader.latency(from, {
        ...(client !== undefined && { client: client as ClientKind }),
        ...(endpoint !== undefined && { endpoint: endpoint as EndpointName }),
      }),
    );

const READERS: Record<FigureName, Read> = {
  clusters_failed: ({ clusters }) => ({ kind: 'rate', hits: clusters.failed, of: clusters.of }),
  clusters_complete: ({ clusters }) =>
    clusters.of === 0 ? null : { kind: 'gauge', value: clusters.complete / clusters.of },
  requests: ({ seconds }, _, requests) => ({ kind: 'counter', count: total(requests()), seconds }),
  request_errors: (_, __, requests) => {
    const rows = requests();
    return { kind: 'rate', hits: total(rows.filter(({ code }) => isError(code))), of: total(rows) };
  },
  request_duration: latency('due'),
  request_send_duration: latency('sent'),
  request_age: ({ answers }, { client }) => trend(answers.ages(client as ClientKind | undefined)),
  // That there was none is known as soon as anything was asked.
  service_outage: ({ answers }, _, requests) => ({
    kind: 'trend',
    distribution: answers.outageLengths(),
    ...(requests().length > 0 && { ifNone: 0 }),
  }),
  poll_lateness: ({ reader }) => trend(reader.pollLateness()),
  stage_duration: ({ reader }, { stage }) => {
    const merged = new Distribution();
    for (const one of reader.stageDurations()) {
      if ((stage ?? one.stage) === one.stage) merged.add(one.distribution);
    }
    return trend(merged);
  },
  errors: ({ reader, seconds }, { kind }) => {
    const errors = reader.errors();
    const count =
      kind === undefined ? Object.values(errors).reduce((sum, one) => sum + one, 0) : errors[kind as ErrorKind];
    return { kind: 'counter', count, seconds };
  },
  generator_saturation: ({ saturation }) => {
    const { observedMs, saturatedMs } = saturation.totals();
    return observedMs < SATURATION_KNOWN_MS ? null : { kind: 'rate', hits: saturatedMs, of: observedMs };
  },
};
