/**
 * The writing end of the shared telemetry; one a thread. See the drawing in telemetry-layout.ts.
 */
import { BOOT_KINDS, type BootKind } from '../../model/protocol/boot-kinds.ts';
import {
  CLIENT_KINDS,
  type ClientKind,
  ENDPOINTS,
  type EndpointName,
  endpointNumber,
} from '../../model/protocol/endpoints.ts';
import { isGeneratorError, TRANSPORT_ERROR_KINDS } from '../../model/protocol/outcomes.ts';
import { CLUSTER_PHASES, type ClusterPhase, HOST_PHASES, type HostPhase } from '../../model/protocol/phases.ts';
import { HOST_STAGES, type HostRole, type HostStage, type StepType } from '../../model/protocol/states.ts';
import { wallNow } from '../../model/time/clock.ts';
import { HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import {
  ERROR_KINDS,
  type ErrorKind,
  REPEATS,
  type Repeat,
  type RequestOutcome,
  type RequestRecord,
  type Telemetry,
} from './telemetry.ts';
import {
  ANSWERS,
  AT,
  codeOf,
  FIRST_ERROR,
  FIRST_STATUS,
  HOST_ROLES,
  OTHER_STATUS,
  OUTCOMES,
  PAIRS,
  REPLY_FATES,
  STATUSES,
  STEP_NAMES,
  type TelemetryViews,
  THREAD_GAUGES,
  viewTelemetry,
} from './telemetry-layout.ts';
import { UnderWay } from './under-way.ts';

const numbered = <T extends string>(names: readonly T[]) => new Map<string, number>(names.map((name, i) => [name, i]));

const clientNumbers = numbered<ClientKind>(CLIENT_KINDS);
const errorOutcomes = numbered(TRANSPORT_ERROR_KINDS);
const stepNumbers = numbered(STEP_NAMES);
const fateNumbers = numbered(REPLY_FATES);
const errorNumbers = numbered(ERROR_KINDS);
const hostPhaseNumbers = numbered(HOST_PHASES);
const clusterPhaseNumbers = numbered(CLUSTER_PHASES);
const bootNumbers = numbered(BOOT_KINDS);
const roleNumbers = numbered(HOST_ROLES);
const stageNumbers = numbered(HOST_STAGES);
const repeatNumbers = numbered(REPEATS);
const [GOOD, REFUSED, FAILED, OWN] = ANSWERS.keys() as unknown as [number, number, number, number];
/** Polls that one wait made impossible and that are counted at most; a wait of a day at a pace of a second is shorter. */
const MOST_MISSED = 100_000;

function outcomeNumber(outcome: RequestOutcome): number {
  if (typeof outcome !== 'number') return FIRST_ERROR + errorOutcomes.get(outcome)!;
  const status = outcome - FIRST_STATUS;
  return status >= 0 && status < STATUSES ? status : OTHER_STATUS;
}

/** Kinds of failures whose text is kept: more than a service has that does not make its statuses up. */
const MOST_TOLD = 1000;

/** Which of {@link ANSWERS} it is. `aborted` is none. */
function answerNumber(outcome: RequestOutcome): number {
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

export type ThreadGauges = Record<(typeof THREAD_GAUGES)[number], number>;

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
  /** Failures that were told: pair × outcome. */
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
    this.#underWay = new UnderWay(section, AT.underWay);
  }

  request(record: RequestRecord): void {
    const words = this.#words;
    const client = clientNumbers.get(record.client)!;
    const pair = client * ENDPOINTS.length + endpointNumber(record.endpoint);
    words[AT.requests + pair * OUTCOMES + outcomeNumber(record.outcome)]!++;
    words[AT.sent + pair]! += record.bytesSent;
    words[AT.received + pair]! += record.bytesReceived;
    if (record.outcome === 'aborted') return;
    const answer = answerNumber(record.outcome);
    words[AT.answers + client * ANSWERS.length + answer]!++;
    if (answer === OWN) return;
    const sinceDue = record.endAt - record.dueAt;
    const histogram = ((answer === FAILED ? PAIRS : 0) + pair) * HISTOGRAM_WORDS;
    recordDuration(words, AT.sinceDue + histogram, sinceDue);
    if (record.sentAt > 0) recordDuration(words, AT.sinceSent + histogram, record.endAt - record.sentAt);
    if (answer !== FAILED) recordDuration(words, AT.answered, sinceDue);
  }

  requestFailed(client: ClientKind, endpoint: EndpointName, outcome: RequestOutcome, describe: () => string): void {
    if (!this.#onFailure) return;
    const pair = clientNumbers.get(client)! * ENDPOINTS.length + endpointNumber(endpoint);
    const kind = pair * OUTCOMES + outcomeNumber(outcome);
    if (this.#told.has(kind) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(kind);
    const code = codeOf(outcomeNumber(outcome));
    this.#onFailure({ client, endpoint, code, message: describe(), atMs: wallNow() });
  }

  requestSucceeded(client: ClientKind, endpoint: EndpointName, ms: number): void {
    const pair = clientNumbers.get(client)! * ENDPOINTS.length + endpointNumber(endpoint);
    recordDuration(this.#words, AT.untilSuccess + pair * HISTOGRAM_WORDS, ms);
  }

  requestRepeated(how: Repeat): void {
    this.#words[AT.repeats + repeatNumbers.get(how)!]!++;
  }

  /**
   * Beside the wait itself those are recorded that polls would have had which were due meanwhile and were never sent: one pace shorter,
   * two paces shorter … to the last, which may be shorter than the pace (HdrHistogram, recordValueWithExpectedInterval, leaves that out).
   */
  pollWaited(ms: number, paceMs: number, attempts: number): void {
    recordDuration(this.#words, AT.openLoop, ms);
    if (!(paceMs > 0)) return;
    const meanwhile = Math.min(Math.floor(ms / paceMs), MOST_MISSED);
    for (let poll = 1; poll <= meanwhile; poll++) recordDuration(this.#words, AT.openLoop, ms - poll * paceMs);
    this.#words[AT.missedPolls]! += Math.max(0, meanwhile - (attempts - 1));
  }

  requestStarted(client: ClientKind, atMs: number): number {
    return this.#underWay.start(clientNumbers.get(client)!, atMs);
  }

  requestEnded(ticket: number): void {
    this.#underWay.end(ticket);
  }

  /** For a thread that has died, in the place of its own instance: the requests it had under way are gone. */
  requestsLost(): void {
    UnderWay.forget(this.#words, AT.underWay);
  }

  pollLateness(ms: number): void {
    recordDuration(this.#words, AT.lateness, ms);
  }

  hostPhase(host: number, phase: HostPhase): void {
    this.#checkHost(host);
    this.#views.hostPhases[host] = 1 + hostPhaseNumbers.get(phase)!;
  }

  hostStage(host: number, stage: HostStage | null): void {
    this.#checkHost(host);
    this.#views.hostStages[host] = stage === null ? 0 : 1 + stageNumbers.get(stage)!;
  }

  clusterPhase(cluster: number, phase: ClusterPhase): void {
    if (!(cluster >= 0 && cluster < this.#views.clusterSlots)) {
      throw new RangeError(`telemetry has ${this.#views.clusterSlots} cluster slots; ${cluster} is out of range`);
    }
    this.#views.clusterPhases[cluster] = 1 + clusterPhaseNumbers.get(phase)!;
  }

  stageDuration(role: HostRole, stage: HostStage, simulatedMs: number): void {
    const number = roleNumbers.get(role)! * HOST_STAGES.length + stageNumbers.get(stage)!;
    recordDuration(this.#words, AT.stages + number * HISTOGRAM_WORDS, simulatedMs);
  }

  stepReply(step: StepType | 'unknown', fate: (typeof REPLY_FATES)[number]): void {
    this.#words[AT.replies + stepNumbers.get(step)! * REPLY_FATES.length + fateNumbers.get(fate)!]!++;
  }

  error(kind: ErrorKind): void {
    this.#words[AT.errors + errorNumbers.get(kind)!]!++;
  }

  bootRequest(kind: BootKind, outcome: RequestOutcome, bytes: number): void {
    const number = bootNumbers.get(kind)!;
    this.#words[AT.bootRequests + number * OUTCOMES + outcomeNumber(outcome)]!++;
    this.#words[AT.bootBytes + number]! += bytes;
  }

  bootWait(kind: BootKind, wallMs: number): void {
    recordDuration(this.#words, AT.bootWaits + bootNumbers.get(kind)! * HISTOGRAM_WORDS, wallMs);
  }

  bootDownload(kind: BootKind, simulatedMs: number): void {
    recordDuration(this.#words, AT.bootDurations + bootNumbers.get(kind)! * HISTOGRAM_WORDS, simulatedMs);
  }

  connectionOpened(): void {
    this.#words[AT.connections]!++;
  }

  connectionClosed(): void {
    this.#words[AT.connections + 1]!++;
  }

  /** Replaces what is known of this thread; see loop-monitor.ts. */
  thread(gauges: ThreadGauges): void {
    for (const [i, name] of THREAD_GAUGES.entries()) this.#words[AT.thread + i] = gauges[name];
  }

  #checkHost(host: number): void {
    if (!(host >= 0 && host < this.#views.hostSlots)) {
      throw new RangeError(`telemetry has ${this.#views.hostSlots} host slots; ${host} is out of range`);
    }
  }
}
