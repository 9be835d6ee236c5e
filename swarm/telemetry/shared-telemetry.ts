/**
 * The writing end of the shared telemetry; one a thread. See the drawing in telemetry-layout.ts.
 */
import type { BootKind } from '../../model/protocol/boot-kinds.ts';
import type { ClientKind, EndpointName } from '../../model/protocol/endpoints.ts';
import { isGeneratorError } from '../../model/protocol/outcomes.ts';
import { CLUSTER_PHASES, type ClusterPhase, HOST_PHASES, type HostPhase } from '../../model/protocol/phases.ts';
import type { HostRole, HostStage, StepType } from '../../model/protocol/states.ts';
import { wallNow } from '../../model/time/clock.ts';
import {
  ANSWER,
  BOOT_KIND,
  CLIENT,
  CODE,
  CONNECTION_EVENT,
  codePosition,
  ENDPOINT,
  ERROR_KIND,
  FATE,
  REPEAT,
  RESULT,
  ROLE,
  STAGE,
  STEP,
  THREAD_GAUGES,
  type ThreadGauges,
} from './counted-metrics.ts';
import { HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import { type Cells, Dimension, type Dimensions, type Position, type Positions } from './metric-cells.ts';
import type { ErrorKind, OverLink, Repeat, ReplyFate, RequestOutcome, RequestRecord, Telemetry } from './telemetry.ts';
import { CELLS, type TelemetryViews, UNDER_WAY_AT, viewTelemetry } from './telemetry-layout.ts';
import { UnderWay } from './under-way.ts';

const HOST_PHASE = new Dimension('phase', HOST_PHASES);
const CLUSTER_PHASE = new Dimension('phase', CLUSTER_PHASES);
const GOOD = ANSWER.of('good');
const REFUSED = ANSWER.of('refused');
const FAILED = ANSWER.of('failed');
const OWN = ANSWER.of('own');
const ANSWERED_RESULT = RESULT.of('answered');
const FAILED_RESULT = RESULT.of('failed');
const OPENED = CONNECTION_EVENT.of('opened');
const CLOSED = CONNECTION_EVENT.of('closed');
/**
 * What `request` has to know of its metrics. It is the hottest of all writers, and numbers that never change are part of its machine
 * code: a fifth less time than with `add` and `record`, which look them up in an object.
 */
const { at: REQUESTS_AT, second: REQUESTS_OF_PAIR } = CELLS.requests;
const { at: SENT_AT, first: PAIRS_OF_CLIENT } = CELLS.sentBytes;
const { at: RECEIVED_AT } = CELLS.receivedBytes;
const { at: ANSWERS_AT, first: ANSWERS_OF_CLIENT } = CELLS.answers;
const { at: SINCE_DUE_AT, first: HISTOGRAMS_OF_RESULT } = CELLS.sinceDue;
const { at: SINCE_SENT_AT } = CELLS.sinceSent;
const { at: ANSWERED_AT } = CELLS.answered;
/** Polls that one wait made impossible and that are counted at most; a wait of a day at a pace of a second is shorter. */
const MOST_MISSED = 100_000;

/** Kinds of failures whose text is kept: more than a service has that does not make its statuses up. */
const MOST_TOLD = 1000;

/** Which of {@link ANSWER} it is. `aborted` is none. */
function answerPosition(outcome: RequestOutcome) {
  if (typeof outcome === 'number') return outcome >= 500 ? FAILED : outcome >= 400 ? REFUSED : GOOD;
  return isGeneratorError(outcome) ? OWN : FAILED;
}

/** The first failure of its kind. */
export interface FailureSample {
  client: ClientKind;
  endpoint: EndpointName;
  /** The HTTP status or the kind of a transport error, as labels of metrics have it. */
  code: string;
  /** In the words of the service, or of this machine. */
  message: string;
  /** Wall-clock milliseconds. */
  atMs: number;
}

/**
 * Counts an attempt once, whatever becomes of it. Latencies of what was answered and of what failed are apart, and leave out what we
 * aborted ourselves and what this machine could not send. An attempt that was never handed to a socket (`sentAt` 0) has a latency since
 * it was due, and none since it was sent.
 */
export class SharedTelemetry implements Telemetry {
  readonly #views: TelemetryViews;
  readonly #words: Float64Array;
  readonly #underWay: UnderWay;
  readonly #onFailure: ((sample: FailureSample) => void) | undefined;
  /** Failures that were told, by their word among the requests. */
  readonly #told = new Set<number>();

  /**
   * @param writer 0 on the main thread, 1 + number of the worker on a worker. Several instances on one thread may share it, but only
   * one of them may start requests.
   * @param onFailure told of the first failure of each client, endpoint and outcome
   * @throws RangeError when the buffer has no such section.
   */
  constructor(buffer: SharedArrayBuffer, writer: number, onFailure?: (sample: FailureSample) => void) {
    this.#onFailure = onFailure;
    this.#views = viewTelemetry(buffer);
    const section = this.#views.sections[writer];
    if (!section) throw new RangeError(`telemetry has ${this.#views.writers} writers; ${writer} is out of range`);
    this.#words = section;
    this.#underWay = new UnderWay(section, UNDER_WAY_AT);
  }

  add<D extends Dimensions>(cells: Cells<'counter', D>, amount: number, ...at: Positions<D>): void;
  add(cells: Cells<'counter'>, amount: number, first = 0, second = 0, third = 0): void {
    this.#words[cells.at + first * cells.first + second * cells.second + third]! += amount;
  }

  record<D extends Dimensions>(cells: Cells<'histogram', D>, ms: number, ...at: Positions<D>): void;
  record(cells: Cells<'histogram'>, ms: number, first = 0, second = 0, third = 0): void {
    const at = cells.at + first * cells.first + second * cells.second + third * HISTOGRAM_WORDS;
    recordDuration(this.#words, at, ms);
  }

  request(record: RequestRecord): void {
    const words = this.#words;
    const { outcome, sentAt, endAt } = record;
    const client = CLIENT.of(record.client);
    // Client and endpoint are next to each other in all metrics that have both: a pair has one number.
    const pair = client * PAIRS_OF_CLIENT + ENDPOINT.of(record.endpoint);
    words[REQUESTS_AT + pair * REQUESTS_OF_PAIR + codePosition(outcome)]!++;
    words[SENT_AT + pair]! += record.bytesSent;
    words[RECEIVED_AT + pair]! += record.bytesReceived;
    if (outcome === 'aborted') return;
    const answer = answerPosition(outcome);
    words[ANSWERS_AT + client * ANSWERS_OF_CLIENT + answer]!++;
    if (answer === OWN) return;
    const sinceDue = endAt - record.dueAt;
    const result = answer === FAILED ? FAILED_RESULT : ANSWERED_RESULT;
    const histogram = result * HISTOGRAMS_OF_RESULT + pair * HISTOGRAM_WORDS;
    recordDuration(words, SINCE_DUE_AT + histogram, sinceDue);
    if (sentAt > 0) recordDuration(words, SINCE_SENT_AT + histogram, endAt - sentAt);
    if (answer !== FAILED) recordDuration(words, ANSWERED_AT, sinceDue);
    if (record.overLink && answer !== FAILED) this.#overLink(record, record.overLink, sinceDue);
  }

  #overLink({ client, endpoint }: RequestRecord, { link, ms }: OverLink, sinceDue: number): void {
    this.record(CELLS.linkRequests, sinceDue, link as Position<'link'>);
    this.record(CELLS.linkedRequests, sinceDue, CLIENT.of(client), ENDPOINT.of(endpoint));
    this.record(CELLS.unlinkedRequests, Math.max(0, sinceDue - ms), CLIENT.of(client), ENDPOINT.of(endpoint));
  }

  requestFailed(client: ClientKind, endpoint: EndpointName, outcome: RequestOutcome, describe: () => string): void {
    if (!this.#onFailure) return;
    const position = codePosition(outcome);
    const { first, second } = CELLS.requests;
    const kind = CLIENT.of(client) * first + ENDPOINT.of(endpoint) * second + position;
    if (this.#told.has(kind) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(kind);
    const code = CODE.values[position]!;
    this.#onFailure({ client, endpoint, code, message: describe(), atMs: wallNow() });
  }

  requestSucceeded(client: ClientKind, endpoint: EndpointName, ms: number): void {
    this.record(CELLS.untilSuccess, ms, CLIENT.of(client), ENDPOINT.of(endpoint));
  }

  requestRepeated(how: Repeat): void {
    this.add(CELLS.repeats, 1, REPEAT.of(how));
  }

  /**
   * Beside the wait itself those are recorded that polls would have had which were due meanwhile and were never sent: one pace shorter,
   * two paces shorter … to the last, which may be shorter than the pace (HdrHistogram, recordValueWithExpectedInterval, leaves that out).
   */
  pollWaited(ms: number, paceMs: number, attempts: number): void {
    this.record(CELLS.openLoop, ms);
    if (!(paceMs > 0)) return;
    const meanwhile = Math.min(Math.floor(ms / paceMs), MOST_MISSED);
    for (let poll = 1; poll <= meanwhile; poll++) this.record(CELLS.openLoop, ms - poll * paceMs);
    this.add(CELLS.missedPolls, Math.max(0, meanwhile - (attempts - 1)));
  }

  requestStarted(client: ClientKind, atMs: number): number {
    return this.#underWay.start(CLIENT.of(client), atMs);
  }

  requestEnded(ticket: number): void {
    this.#underWay.end(ticket);
  }

  /** For a thread that has died, in the place of its own instance: the requests it had under way are gone. */
  requestsLost(): void {
    UnderWay.forget(this.#words, UNDER_WAY_AT);
  }

  pollLateness(ms: number): void {
    this.record(CELLS.lateness, ms);
  }

  hostPhase(host: number, phase: HostPhase): void {
    this.#checkHost(host);
    this.#views.hostPhases[host] = 1 + HOST_PHASE.of(phase);
  }

  hostStage(host: number, stage: HostStage | null): void {
    this.#checkHost(host);
    this.#views.hostStages[host] = stage === null ? 0 : 1 + STAGE.of(stage);
  }

  clusterPhase(cluster: number, phase: ClusterPhase): void {
    if (!(cluster >= 0 && cluster < this.#views.clusterSlots)) {
      throw new RangeError(`telemetry has ${this.#views.clusterSlots} cluster slots; ${cluster} is out of range`);
    }
    this.#views.clusterPhases[cluster] = 1 + CLUSTER_PHASE.of(phase);
  }

  stageDuration(role: HostRole, stage: HostStage, simulatedMs: number): void {
    this.record(CELLS.stages, simulatedMs, ROLE.of(role), STAGE.of(stage));
  }

  stepReply(step: StepType | 'unknown', fate: ReplyFate): void {
    if (fate === 'received') this.add(CELLS.stepsReceived, 1, STEP.of(step));
    else this.add(CELLS.stepReplies, 1, STEP.of(step), FATE.of(fate));
  }

  error(kind: ErrorKind): void {
    this.add(CELLS.errors, 1, ERROR_KIND.of(kind));
  }

  bootRequest(kind: BootKind, outcome: RequestOutcome, bytes: number): void {
    const position = BOOT_KIND.of(kind);
    this.add(CELLS.bootRequests, 1, position, codePosition(outcome));
    this.add(CELLS.bootBytes, bytes, position);
  }

  bootWait(kind: BootKind, wallMs: number): void {
    this.record(CELLS.bootWaits, wallMs, BOOT_KIND.of(kind));
  }

  bootDownload(kind: BootKind, simulatedMs: number): void {
    this.record(CELLS.bootDurations, simulatedMs, BOOT_KIND.of(kind));
  }

  connectionOpened(): void {
    this.add(CELLS.connections, 1, OPENED);
  }

  connectionClosed(): void {
    this.add(CELLS.connections, 1, CLOSED);
  }

  /** Replaces what is known of this thread; see loop-monitor.ts. */
  thread(gauges: ThreadGauges): void {
    for (const name of THREAD_GAUGES) this.#words[CELLS[name].at] = gauges[name];
  }

  #checkHost(host: number): void {
    if (!(host >= 0 && host < this.#views.hostSlots)) {
      throw new RangeError(`telemetry has ${this.#views.hostSlots} host slots; ${host} is out of range`);
    }
  }
}
