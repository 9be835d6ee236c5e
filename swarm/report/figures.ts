/** The figures of a run, read from what it measured; `plan/figures.ts` is the table of them. */
import type { FaultKind } from '../../model/faults/faults.ts';
import type { ClientKind, EndpointName } from '../../model/protocol/endpoints.ts';
import { isGeneratorError } from '../../model/protocol/outcomes.ts';
import { FAILURE_KINDS, type FigureName, figureNamed } from '../plan/figures.ts';
import type { AnswerMonitor } from '../telemetry/answer-monitor.ts';
import type { ClusterDurations } from '../telemetry/cluster-durations.ts';
import { Distribution } from '../telemetry/histogram.ts';
import { sideName } from '../telemetry/reactions.ts';
import type { SaturationMonitor } from '../telemetry/saturation.ts';
import type { SeenStates } from '../telemetry/state-look.ts';
import { Survival } from '../telemetry/survival.ts';
import type { ErrorKind, RequestResult } from '../telemetry/telemetry.ts';
import type { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import type { RequestCount } from '../telemetry/telemetry-snapshot.ts';
import { knownRefusal, refusalOfFault } from './known-refusals.ts';
import type { FigurePart, FigureSource, Sample } from './thresholds.ts';

/** Wall-clock milliseconds of watching a generator before the share of saturated time says anything: one look is five seconds of it. */
const SATURATION_KNOWN_MS = 30_000;

/** What a run has measured so far. */
export interface Measured {
  reader: TelemetryReader;
  answers: Pick<AnswerMonitor, 'ages' | 'outageLengths'>;
  saturation: Pick<SaturationMonitor, 'totals'>;
  clusterDurations: Pick<ClusterDurations, 'of'>;
  states: Pick<SeenStates, 'durations' | 'reactions' | 'stuck'>;
  /** Of all clusters of the run. */
  clusters: { of: number; failed: number; complete: number };
  /** Of the plan's faults: those that could be judged, and those that led to something else than had to be expected. */
  faults: { judged: number; otherwise: number };
  /** What goes wrong with hosts of the plan: what they are refused for it counts as no request. */
  faultKinds: ReadonlySet<FaultKind>;
  /** Wall-clock seconds in which requests were counted. */
  seconds: number;
  /** Wall-clock milliseconds from an answer to the next poll of an agent, as planned. */
  pollMs: number;
}

type Labels = Readonly<Record<string, string>>;

/**
 * Whether the service is to blame. Requests that we aborted ourselves are nobody's errors, and those that this machine could not send its
 * own. @param code as in {@link RequestCount}
 */
export function isError(code: string): boolean {
  if (code === 'aborted' || isGeneratorError(code)) return false;
  return !(/^\d+$/.test(code) && Number(code) < 400);
}

/** @param code as in {@link RequestCount} @param kind of FAILURE_KINDS */
function isOfKind(code: string, kind: string): boolean {
  if (kind === '4xx') return /^4\d\d$/.test(code) && !FAILURE_KINDS.includes(code);
  return kind === '5xx' ? /^5\d\d$/.test(code) : code === kind;
}

/** Failures of an endpoint before their share says anything, and answers before their durations do. */
const TELLING_FAILURES = 3;
const TELLING_ANSWERS = 10;
const isTelling = ({ count }: { count: number }) => count >= TELLING_ANSWERS;

/** A part of a run, by the labels of time. */
export interface TimeOfRun {
  phase?: string;
  step?: string;
}

/** How a figure is read where that is not all the same. */
export interface FigureOptions {
  /** Durations of requests are less what slow links took of them: so the defaults are judged, for a link is no fault of the service. */
  withoutLinks?: boolean;
}

/** Reads each figure when it is asked for. */
export class RunFigures implements FigureSource {
  readonly #measured: Measured;
  readonly #within: (time: TimeOfRun) => Measured | null;
  readonly #options: FigureOptions;
  readonly #requests = new Map<Measured, RequestCount[]>();

  /** @param within what was measured in a part of the run; null for one that has not begun */
  constructor(
    measured: Measured,
    within: (time: TimeOfRun) => Measured | null = () => null,
    options: FigureOptions = {},
  ) {
    this.#measured = measured;
    this.#options = options;
    const known = new Map<string, Measured | null>();
    this.#within = (time) => {
      const key = `${time.phase} ${time.step}`;
      if (!known.has(key)) known.set(key, within(time));
      return known.get(key)!;
    };
  }

  read(figure: string, { phase, step, ...labels }: Labels): Sample | null {
    const read = READERS[figure as FigureName];
    if (!read) throw new RangeError(`a run has no figure ${figure}`);
    const measured = this.#at({ phase, step });
    return measured && read(measured, labels, () => this.#counted(measured, labels), this.#options);
  }

  /** Of figures of requests, and of boots: by client and endpoint, or by what is downloaded. */
  parts(figure: string, { phase, step, ...labels }: Labels): FigurePart[] {
    const measured = this.#at({ phase, step });
    const known = figureNamed(figure)?.labels;
    if (!known || measured === null) return [];
    if (known.download && labels.download === undefined) {
      const kinds = measured.reader.bootDownloads().map(({ kind }) => ({ download: kind }));
      return kinds.flatMap((part) => this.#part(figure, measured, labels, part));
    }
    const isOfWorst = Object.hasOwn(OF_ONE_ENDPOINT, figure);
    if ((!known.endpoint && !isOfWorst) || labels.endpoint !== undefined) return [];
    const rows = this.#counted(measured, labels);
    if (figure === 'endpoint_errors') {
      const worst = mostFailing(rows);
      return worst ? this.#part('request_errors', measured, labels, worst.pair) : [];
    }
    const ofEach = OF_ONE_ENDPOINT[figure] ?? figure;
    const pairs = new Map(rows.map(({ client, endpoint }) => [`${client} ${endpoint}`, { client, endpoint }]));
    const parts = [...pairs.values()].flatMap((part) => this.#part(ofEach, measured, labels, part));
    return isOfWorst ? parts.filter(({ sample }) => sample.kind !== 'trend' || isTelling(sample.distribution)) : parts;
  }

  #part(figure: string, measured: Measured, labels: Labels, part: Labels): FigurePart[] {
    const all = { ...labels, ...part };
    const counted = () => this.#counted(measured, all);
    const sample = READERS[figure as FigureName](measured, all, counted, this.#options);
    return sample === null ? [] : [{ labels: part, sample }];
  }

  /** Null for a part of the run that has not begun. */
  #at({ phase, step }: { phase: string | undefined; step: string | undefined }): Measured | null {
    if (phase === undefined && step === undefined) return this.#measured;
    return this.#within({ ...(phase !== undefined && { phase }), ...(step !== undefined && { step }) });
  }

  #counted(measured: Measured, { client, endpoint }: Labels): RequestCount[] {
    const requests = this.#requests.get(measured) ?? measured.reader.requests();
    this.#requests.set(measured, requests);
    return requests.filter(
      (row) =>
        (client ?? row.client) === row.client &&
        (endpoint ?? row.endpoint) === row.endpoint &&
        refusalOfFault(row, measured.faultKinds) === null,
    );
  }
}

/** Figures that choose the worst endpoint, and those that are the same of one that is named. */
const OF_ONE_ENDPOINT: Readonly<Record<string, FigureName>> = {
  endpoint_duration: 'request_duration',
  endpoint_errors: 'request_errors',
};

type Read = (
  measured: Measured,
  labels: Labels,
  requests: () => RequestCount[],
  options: FigureOptions,
) => Sample | null;

const total = (rows: readonly RequestCount[]) => rows.reduce((sum, { count }) => sum + count, 0);
const trend = (distribution: Distribution): Sample => ({ kind: 'trend', distribution });
/** Open ones count: what they hide is at least as long as the longest of them. */
const openTrend = (survival: Survival): Sample => ({
  kind: 'trend',
  distribution: {
    count: survival.count,
    mean: survival.mean,
    min: survival.min,
    max: survival.max,
    quantile: (q) => survival.quantileAtLeast(q),
  },
});
/** Whether a request failed though the service is well, as far as anybody knows, does not let such requests fail. */
const isFailure = (row: RequestCount) => isError(row.code) && knownRefusal(row) === null;

interface FailingEndpoint {
  pair: { client: ClientKind; endpoint: EndpointName };
  hits: number;
  of: number;
}

/** The endpoint of a client whose share of failures is the highest; undefined where none has enough of them. */
function mostFailing(rows: readonly RequestCount[]): FailingEndpoint | undefined {
  const pairs = new Map<string, FailingEndpoint>();
  for (const row of rows) {
    const { client, endpoint, count } = row;
    const name = `${client} ${endpoint}`;
    const sum = pairs.get(name) ?? { pair: { client, endpoint }, hits: 0, of: 0 };
    pairs.set(name, sum);
    sum.of += count;
    if (isFailure(row)) sum.hits += count;
  }
  const telling = [...pairs.values()].filter(({ hits }) => hits >= TELLING_FAILURES);
  return telling.sort((a, b) => b.hits / b.of - a.hits / a.of)[0];
}

const latency =
  (from: 'due' | 'sent'): Read =>
  ({ reader }, labels, _, { withoutLinks }) =>
    trend(
      withoutLinks && from === 'due' && labels.result !== 'failed'
        ? reader.withoutLinks(ofRequests(labels))
        : reader.latency(from, {
            ...ofRequests(labels),
            ...(labels.result !== undefined && { result: labels.result as RequestResult }),
          }),
    );
const ofRequests = ({ client, endpoint }: Labels) => ({
  ...(client !== undefined && { client: client as ClientKind }),
  ...(endpoint !== undefined && { endpoint: endpoint as EndpointName }),
});

const READERS: Record<FigureName, Read> = {
  clusters_failed: ({ clusters }) => ({ kind: 'rate', hits: clusters.failed, of: clusters.of }),
  clusters_complete: ({ clusters }) =>
    clusters.of === 0 ? null : { kind: 'gauge', value: clusters.complete / clusters.of },
  unexpected_outcomes: ({ faults }) => ({ kind: 'rate', hits: faults.otherwise, of: faults.judged }),
  requests: ({ seconds }, _, requests) => ({ kind: 'counter', count: total(requests()), seconds }),
  request_errors: (_, { kind }, requests) => {
    const rows = requests();
    // In compressed time those of a healthy service may be more than a tenth of what a controller asks.
    const errors = rows.filter((row) => isFailure(row) && (kind === undefined || isOfKind(row.code, kind)));
    return { kind: 'rate', hits: total(errors), of: total(rows) };
  },
  endpoint_errors: (_, __, requests) => {
    const { hits, of } = mostFailing(requests()) ?? { hits: 0, of: total(requests()) };
    return { kind: 'rate', hits, of };
  },
  request_duration: latency('due'),
  endpoint_duration: ({ reader }, { client }, _, { withoutLinks }) => {
    const each = reader
      .latencies('due', 'answered')
      .filter((one) => (client ?? one.client) === one.client && isTelling(one.distribution))
      .map((one) => (withoutLinks ? { ...one, distribution: reader.withoutLinks(one) } : one));
    const highest = (of: (distribution: Distribution) => number) =>
      each.reduce((most, { distribution }) => Math.max(most, of(distribution)), 0);
    return {
      kind: 'trend',
      distribution: {
        count: highest(({ count }) => count),
        mean: highest(({ mean }) => mean),
        min: highest(({ min }) => min),
        max: highest(({ max }) => max),
        quantile: (q) => highest((distribution) => distribution.quantile(q)),
      },
    };
  },
  request_send_duration: latency('sent'),
  request_success_duration: ({ reader }, labels) => trend(reader.untilSuccess(ofRequests(labels))),
  poll_wait: ({ reader }) => trend(reader.openLoop()),
  poll_pace: ({ reader, pollMs }) => {
    const wait = reader.openLoop();
    return wait.count === 0 ? null : { kind: 'gauge', value: pollMs / (pollMs + wait.mean) };
  },
  generator_errors: (_, __, requests) => {
    const rows = requests();
    return { kind: 'rate', hits: total(rows.filter(({ code }) => isGeneratorError(code))), of: total(rows) };
  },
  request_age: ({ answers }, { client }) => trend(answers.ages(client as ClientKind | undefined)),
  // That there was none is known as soon as anything was asked.
  service_outage: ({ answers }, _, requests) => ({
    kind: 'trend',
    distribution: answers.outageLengths(),
    ...(requests().length > 0 && { ifNone: 0 }),
  }),
  boot_wait: ({ reader }, { download }) => {
    const merged = new Distribution();
    for (const { kind, waits } of reader.bootDownloads()) if ((download ?? kind) === kind) merged.add(waits);
    return trend(merged);
  },
  boot_errors: ({ reader }, { download }) => {
    const rows = reader
      .bootDownloads()
      .filter(({ kind }) => (download ?? kind) === kind)
      .flatMap(({ requests }) => Object.entries(requests));
    const sum = (some: typeof rows) => some.reduce((all, [, count]) => all + count, 0);
    return { kind: 'rate', hits: sum(rows.filter(([code]) => isError(code))), of: sum(rows) };
  },
  cluster_duration: ({ clusterDurations }, { from = 'created', to = 'installed' }) =>
    trend(clusterDurations.of({ from, to })),
  state_duration: ({ states }, labels) => openTrend(states.durations(labels)),
  reaction_duration: ({ states }, { from, to }) => {
    const all = new Survival();
    for (const { reaction, survival } of states.reactions) {
      const wanted = (from ?? sideName(reaction.from)) === sideName(reaction.from);
      if (wanted && (to ?? sideName(reaction.to)) === sideName(reaction.to)) all.add(survival);
    }
    return openTrend(all);
  },
  stuck: ({ states }, { of }) => {
    const wanted = states.stuck.counts.filter((one) => (of ?? one.of) === one.of);
    return { kind: 'gauge', value: wanted.reduce((sum, { count }) => sum + count, 0) };
  },
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
    const { observedMs, saturatedMs, machines = 1 } = saturation.totals();
    return observedMs < SATURATION_KNOWN_MS * machines ? null : { kind: 'rate', hits: saturatedMs, of: observedMs };
  },
};
