/**
 * The reading end of the shared telemetry, on the main thread. Everything it gives is a copy.
 */
import { BOOT_KINDS, type BootKind } from '../../model/protocol/boot-kinds.ts';
import { CLIENT_KINDS, type ClientKind, ENDPOINTS, type EndpointName } from '../../model/protocol/endpoints.ts';
import { isGeneratorError, type TransportErrorKind } from '../../model/protocol/outcomes.ts';
import { CLUSTER_PHASES, type ClusterPhase, HOST_PHASES, type HostPhase } from '../../model/protocol/phases.ts';
import { HOST_STAGES, type HostRole, type HostStage, type StepType } from '../../model/protocol/states.ts';
import { Distribution, HISTOGRAM_WORDS } from './histogram.ts';
import type { ThreadGauges } from './shared-telemetry.ts';
import { ERROR_KINDS, type ErrorKind, REPEATS, RESULTS, type Repeat, type RequestResult } from './telemetry.ts';
import { TelemetryCapture } from './telemetry-capture.ts';
import {
  ANSWERS,
  AT,
  codeOf,
  HOST_ROLES,
  OUTCOMES,
  PAIRS,
  REPLY_FATES,
  STEP_NAMES,
  type TelemetryViews,
  THREAD_GAUGES,
  viewTelemetry,
} from './telemetry-layout.ts';

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
  fate: (typeof REPLY_FATES)[number];
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

/** All counters at one moment. */
export interface TelemetrySnapshot {
  /** Caller's wall-clock milliseconds. */
  wallMs: number;
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
  connections: { opened: number; closed: number; open: number };
  /** Requests that were sent once more inside their attempt. */
  repeats: Record<Repeat, number>;
  hosts: {
    /** Hosts that have a phase: the denominator of the counts. */
    total: number;
    phases: Record<HostPhase, number>;
    /** Hosts in an installation stage. */
    stages: Record<HostStage, number>;
  };
  clusters: { total: number; phases: Record<ClusterPhase, number> };
  underWay: UnderWayNow[];
  /** Only those that occurred. */
  stepReplies: ReplyCount[];
  errors: Record<ErrorKind, number>;
  /** Only threads that have a heartbeat. */
  threads: ThreadState[];
}

/** Which latencies to merge; absent = all. */
export interface LatencyFilter {
  client?: ClientKind;
  endpoint?: EndpointName;
  /** Default `answered`. */
  result?: RequestResult;
}

/** The latencies of a client and endpoint. */
export interface PairLatency {
  client: ClientKind;
  endpoint: EndpointName;
  distribution: Distribution;
}

/** Counts slots by name; byte 0 is an unused slot. */
function tally<T extends string>(bytes: Uint8Array, names: readonly T[]): { total: number; counts: Record<T, number> } {
  const numbers = new Uint32Array(names.length + 1);
  for (let i = 0; i < bytes.length; i++) numbers[bytes[i]!]!++;
  const counts = Object.fromEntries(names.map((name, i) => [name, numbers[i + 1]!])) as Record<T, number>;
  return { total: bytes.length - numbers[0]!, counts };
}

/** The time that a reader is about: between two captures, or from one until now. */
export interface TelemetryWindow {
  from: TelemetryCapture;
  to?: TelemetryCapture;
}

export class TelemetryReader {
  readonly #buffer: SharedArrayBuffer;
  readonly #views: TelemetryViews;
  readonly #window: TelemetryWindow | null;

  /**
   * @param window counters and distributions are of this time alone; what tells of a moment (phases, threads, what is under way or open)
   *   is of now all the same. Absent: since the start.
   * @throws TypeError when `buffer` is not from createTelemetryBuffer.
   */
  constructor(buffer: SharedArrayBuffer, window: TelemetryWindow | null = null) {
    this.#buffer = buffer;
    this.#views = viewTelemetry(buffer);
    this.#window = window;
  }

  /** All counters and distributions as they stand, to begin or end a {@link within} with. */
  capture(): TelemetryCapture {
    return TelemetryCapture.of(this.#views);
  }

  /** The same telemetry, of a time alone. */
  within(window: TelemetryWindow): TelemetryReader {
    return new TelemetryReader(this.#buffer, window);
  }

  snapshot(wallMs: number): TelemetrySnapshot {
    const open = this.connectionsOpen();
    const closed = this.#sum(AT.connections + 1);
    const opened = this.#window === null ? closed + open : this.#sum(AT.connections);
    const requests = this.requests();
    const bytes = this.#bytes();
    const totals: TelemetrySnapshot['totals'] = {
      requests: 0,
      answered: 0,
      unanswered: 0,
      aborted: 0,
      own: 0,
      refused: 0,
      polls: this.pollLateness().count,
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
    const { hosts, clusters } = this.#phases();
    return {
      wallMs,
      requests,
      bytes,
      totals,
      connections: { opened, closed, open },
      repeats: this.#repeats(),
      hosts: {
        total: hosts.total,
        phases: hosts.counts,
        stages: tally(this.#views.hostStages, HOST_STAGES).counts,
      },
      clusters: { total: clusters.total, phases: clusters.counts },
      underWay: this.underWay(),
      stepReplies: this.#stepReplies(),
      errors: this.errors(),
      threads: this.threads(),
    };
  }

  /** How many hosts and clusters are in each phase now. */
  phases(): { hosts: Record<HostPhase, number>; clusters: Record<ClusterPhase, number> } {
    const { hosts, clusters } = this.#phases();
    return { hosts: hosts.counts, clusters: clusters.counts };
  }

  #phases() {
    return {
      hosts: tally(this.#views.hostPhases, HOST_PHASES),
      clusters: tally(this.#views.clusterPhases, CLUSTER_PHASES),
    };
  }

  /** Attempts by client, endpoint and outcome, those that occurred. */
  requests(): RequestCount[] {
    const list: RequestCount[] = [];
    for (const [client, endpoint, pair] of pairs()) {
      const first = AT.requests + pair * OUTCOMES;
      for (let outcome = 0; outcome < OUTCOMES; outcome++) {
        const count = this.#sum(first + outcome);
        if (count === 0) continue;
        list.push({ client, endpoint: endpoint.name, method: endpoint.method, code: codeOf(outcome), count });
      }
    }
    return list;
  }

  /** Wall-clock milliseconds from the moment an attempt was due (`due`) or handed to the socket (`sent`) to its end. */
  latency(from: 'due' | 'sent', { client, endpoint, result = 'answered' }: LatencyFilter = {}): Distribution {
    return this.#merged(AT[from === 'due' ? 'sinceDue' : 'sinceSent'], result, { client, endpoint });
  }

  /** The latencies of each client and endpoint that has any with this result. */
  latencies(from: 'due' | 'sent', result: RequestResult): PairLatency[] {
    return this.#each(AT[from === 'due' ? 'sinceDue' : 'sinceSent'], result);
  }

  /**
   * Wall-clock milliseconds from the moment a request was first due to the answer that it wanted, with the retries between them. Polls and
   * registrations of agents are tried until they succeed; other requests as often as their program does below itself.
   */
  untilSuccess(filter: Pick<LatencyFilter, 'client' | 'endpoint'> = {}): Distribution {
    return this.#merged(AT.untilSuccess, 'answered', filter);
  }

  /** As {@link untilSuccess}, of each client and endpoint that had a success. */
  untilSuccesses(): PairLatency[] {
    return this.#each(AT.untilSuccess, 'answered');
  }

  /** Wall-clock milliseconds since due of everything that was answered. */
  answered(): Distribution {
    const merged = new Distribution();
    this.#merge(merged, AT.answered);
    return merged;
  }

  /**
   * What polls waited for their answer since they were first due, as an open loop would have measured it: those that were never sent
   * because the one before had no answer are counted with the wait that they would have had. Wall-clock milliseconds.
   */
  openLoop(): Distribution {
    const merged = new Distribution();
    this.#merge(merged, AT.openLoop);
    return merged;
  }

  /** Polls that were never sent because the one before had no answer. */
  missedPolls(): number {
    return this.#sum(AT.missedPolls);
  }

  /** Wall-clock milliseconds that polls were started late. */
  pollLateness(): Distribution {
    const merged = new Distribution();
    this.#merge(merged, AT.lateness);
    return merged;
  }

  /** Simulated milliseconds in stages, for each role and stage that was left at least once. */
  stageDurations(): { role: HostRole; stage: HostStage; distribution: Distribution }[] {
    const list = [];
    for (const [r, role] of HOST_ROLES.entries()) {
      for (const [s, stage] of HOST_STAGES.entries()) {
        const at = AT.stages + (r * HOST_STAGES.length + s) * HISTOGRAM_WORDS;
        if (this.#sum(at) === 0) continue;
        const distribution = new Distribution();
        this.#merge(distribution, at);
        list.push({ role, stage, distribution });
      }
    }
    return list;
  }

  /** Where one host is; null for an unused slot. @throws RangeError for a slot that does not exist. */
  hostPhase(host: number): HostPhase | null {
    const byte = this.#views.hostPhases[host];
    if (byte === undefined) {
      throw new RangeError(`telemetry has ${this.#views.hostSlots} host slots; ${host} is out of range`);
    }
    return HOST_PHASES[byte - 1] ?? null;
  }

  /** Threads that have said something of themselves. */
  threads(): ThreadState[] {
    const list: ThreadState[] = [];
    for (const [writer, section] of this.#views.sections.entries()) {
      const gauges = Object.fromEntries(
        THREAD_GAUGES.map((name, i) => [name, section[AT.thread + i]!]),
      ) as ThreadGauges;
      if (gauges.heartbeatMs === 0) continue;
      list.push({ thread: writer === 0 ? 'main' : `worker-${writer - 1}`, ...gauges });
    }
    return list;
  }

  /** Kinds that were asked for. */
  bootDownloads(): BootDownloads[] {
    const list: BootDownloads[] = [];
    for (const [number, kind] of BOOT_KINDS.entries()) {
      const requests: Record<string, number> = {};
      for (let outcome = 0; outcome < OUTCOMES; outcome++) {
        const count = this.#sum(AT.bootRequests + number * OUTCOMES + outcome);
        if (count > 0) requests[codeOf(outcome)] = count;
      }
      if (Object.keys(requests).length === 0) continue;
      const durations = new Distribution();
      this.#merge(durations, AT.bootDurations + number * HISTOGRAM_WORDS);
      const waits = new Distribution();
      this.#merge(waits, AT.bootWaits + number * HISTOGRAM_WORDS);
      list.push({ kind, requests, bytes: this.#sum(AT.bootBytes + number), durations, waits });
    }
    return list;
  }

  /** Of every kind, also those that never occurred. */
  errors(): Record<ErrorKind, number> {
    const counts = ERROR_KINDS.map((kind, i) => [kind, this.#sum(AT.errors + i)]);
    return Object.fromEntries(counts) as Record<ErrorKind, number>;
  }

  /** Of every kind of client, in the order of CLIENT_KINDS. */
  underWay(): UnderWayNow[] {
    return CLIENT_KINDS.map((client, kind) => {
      const at = AT.underWay + kind * 2;
      let sinceMs = 0;
      for (const section of this.#views.sections) {
        const since = section[at + 1]!;
        if (since > 0 && (sinceMs === 0 || since < sinceMs)) sinceMs = since;
      }
      return { client, count: this.#sumNow(at), sinceMs };
    });
  }

  /** Of every kind of client, in the order of CLIENT_KINDS. */
  answers(): AnswerCount[] {
    return CLIENT_KINDS.map((client, kind) => {
      const at = AT.answers + kind * ANSWERS.length;
      const counts = ANSWERS.map((name, i) => [name, this.#sum(at + i)]);
      return { client, ...(Object.fromEntries(counts) as Record<(typeof ANSWERS)[number], number>) };
    });
  }

  /** Attempts that ended with this outcome, over all clients and endpoints. */
  countOf(code: string): number {
    return this.requests().reduce((sum, request) => (request.code === code ? sum + request.count : sum), 0);
  }

  /** Connections open now. */
  connectionsOpen(): number {
    // Closed before opened, so that a connection that ends meanwhile cannot make the difference negative.
    const closed = this.#sumNow(AT.connections + 1);
    return this.#sumNow(AT.connections) - closed;
  }

  #bytes(): PairBytes[] {
    const list: PairBytes[] = [];
    for (const [client, endpoint, pair] of pairs()) {
      const sent = this.#sum(AT.sent + pair);
      const received = this.#sum(AT.received + pair);
      if (sent > 0 || received > 0) list.push({ client, endpoint: endpoint.name, sent, received });
    }
    return list;
  }

  #stepReplies(): ReplyCount[] {
    const list: ReplyCount[] = [];
    for (const [s, step] of STEP_NAMES.entries()) {
      for (const [f, fate] of REPLY_FATES.entries()) {
        const count = this.#sum(AT.replies + s * REPLY_FATES.length + f);
        if (count > 0) list.push({ step, fate, count });
      }
    }
    return list;
  }

  #repeats(): Record<Repeat, number> {
    return Object.fromEntries(REPEATS.map((how, i) => [how, this.#sum(AT.repeats + i)])) as Record<Repeat, number>;
  }

  /** Merges histograms of pairs of a client and an endpoint. */
  #merged(
    at: number,
    result: RequestResult,
    filter: { client?: ClientKind | undefined; endpoint?: EndpointName | undefined },
  ) {
    const first = at + RESULTS.indexOf(result) * PAIRS * HISTOGRAM_WORDS;
    const merged = new Distribution();
    for (const [client, endpoint, pair] of pairs()) {
      if ((filter.client ?? client) !== client || (filter.endpoint ?? endpoint.name) !== endpoint.name) continue;
      this.#merge(merged, first + pair * HISTOGRAM_WORDS);
    }
    return merged;
  }

  #each(at: number, result: RequestResult): PairLatency[] {
    const first = at + RESULTS.indexOf(result) * PAIRS * HISTOGRAM_WORDS;
    const list: PairLatency[] = [];
    for (const [client, endpoint, pair] of pairs()) {
      // The first word of a histogram is its count.
      if (this.#sum(first + pair * HISTOGRAM_WORDS) === 0) continue;
      const distribution = new Distribution();
      this.#merge(distribution, first + pair * HISTOGRAM_WORDS);
      list.push({ client, endpoint: endpoint.name, distribution });
    }
    return list;
  }

  #sumNow(at: number): number {
    let sum = 0;
    for (const section of this.#views.sections) sum += section[at]!;
    return sum;
  }

  #sum(at: number): number {
    if (this.#window === null) return this.#sumNow(at);
    const { from, to } = this.#window;
    return (to === undefined ? this.#sumNow(at) : to.sum(at)) - from.sum(at);
  }

  #merge(into: Distribution, at: number): void {
    if (this.#window === null) {
      for (const section of this.#views.sections) into.addWords(section, at);
      return;
    }
    // Most pairs of a client and an endpoint have nothing, and a copy of a histogram is 17 KiB.
    if (this.#sum(at) === 0) return;
    const { from, to } = this.#window;
    let until = to?.distribution(at);
    if (until === undefined) {
      until = new Distribution();
      for (const section of this.#views.sections) until.addWords(section, at);
    }
    into.add(until.since(from.distribution(at)));
  }
}

function* pairs(): Generator<[ClientKind, (typeof ENDPOINTS)[number], number]> {
  let pair = 0;
  for (const client of CLIENT_KINDS) {
    for (const endpoint of ENDPOINTS) yield [client, endpoint, pair++];
  }
}
