/**
 * The reading end of the shared telemetry, on the main thread. Everything it gives is a copy.
 */
import { CLIENT_KINDS, type ClientKind, type EndpointName } from '../../model/protocol/endpoints.ts';
import { CLUSTER_PHASES, type ClusterPhase, HOST_PHASES, type HostPhase } from '../../model/protocol/phases.ts';
import { HOST_STAGES, type HostRole, type HostStage } from '../../model/protocol/states.ts';
import {
  ANSWER,
  ANSWERS,
  BOOT_KIND,
  CLIENT,
  CONNECTION_EVENT,
  ENDPOINT,
  FATE,
  LINK,
  STEP,
  THREAD_GAUGES,
  type ThreadGauges,
} from './counted-metrics.ts';
import { CountedReader, type TelemetryWindow } from './counted-reader.ts';
import type { Distribution } from './histogram.ts';
import type { Cells } from './metric-cells.ts';
import type { ErrorKind, ReplyFate, RequestResult } from './telemetry.ts';
import { TelemetryCapture } from './telemetry-capture.ts';
import { CELLS, type TelemetryViews, UNDER_WAY_AT, viewTelemetry } from './telemetry-layout.ts';
import {
  type AnswerCount,
  type BootDownloads,
  type PairBytes,
  type ReplyCount,
  type RequestCount,
  type TelemetryNow,
  type TelemetrySnapshot,
  type ThreadState,
  totalsOf,
  type UnderWayNow,
} from './telemetry-snapshot.ts';

/** Which latencies to merge; absent = all. */
export interface LatencyFilter {
  client?: ClientKind;
  endpoint?: EndpointName;
  /** Default `answered`. */
  result?: RequestResult;
}

/** What connections and requests over one kind of link met. */
export interface LinkFacts {
  connections: number;
  /** Packets lost. */
  stalls: number;
  resets: number;
  connects: Distribution;
  requests: Distribution;
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

const SINCE = { due: CELLS.sinceDue, sent: CELLS.sinceSent };
const OPENED = CONNECTION_EVENT.of('opened');
const CLOSED = CONNECTION_EVENT.of('closed');

/** {@link CountedReader} with what several metrics say together, or memory that is no metric. */
export class TelemetryReader extends CountedReader {
  readonly #buffer: SharedArrayBuffer;
  readonly #views: TelemetryViews;
  readonly #window: TelemetryWindow | null;

  /**
   * @param window counters and distributions are of this time alone; what tells of a moment (phases, threads, what is under way or open)
   *   is of now all the same. Absent: since the start.
   * @throws TypeError when `buffer` is not from createTelemetryBuffer.
   */
  constructor(buffer: SharedArrayBuffer, window: TelemetryWindow | null = null) {
    const views = viewTelemetry(buffer);
    super(views.sections, window);
    this.#buffer = buffer;
    this.#views = views;
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

  /** @param wallMs the caller's wall-clock milliseconds */
  now(wallMs: number): TelemetryNow {
    const open = this.connectionsOpen();
    const closed = this.count(CELLS.connections, CLOSED);
    const opened = this.#window === null ? closed + open : this.count(CELLS.connections, OPENED);
    const { hosts, clusters } = this.#phases();
    return {
      wallMs,
      connections: { opened, closed, open },
      hosts: {
        total: hosts.total,
        phases: hosts.counts,
        stages: tally(this.#views.hostStages, HOST_STAGES).counts,
      },
      clusters: { total: clusters.total, phases: clusters.counts },
      underWay: this.underWay(),
    };
  }

  /** @param wallMs the caller's wall-clock milliseconds */
  snapshot(wallMs: number): TelemetrySnapshot {
    const requests = this.requests();
    const bytes = this.#bytes();
    return {
      ...this.now(wallMs),
      requests,
      bytes,
      totals: totalsOf(requests, bytes, this.pollLateness().count),
      repeats: this.countsBy(CELLS.repeats),
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
    return this.counts(CELLS.requests);
  }

  /** Wall-clock milliseconds from the moment an attempt was due (`due`) or handed to the socket (`sent`) to its end. */
  latency(from: 'due' | 'sent', { client, endpoint, result = 'answered' }: LatencyFilter = {}): Distribution {
    return this.distribution(SINCE[from], { client, endpoint, result });
  }

  /**
   * Durations since due of what was answered, less what slow links took of them.
   *
   *     all ── those over links ──> the others ── those over links, less their links ──> all, less links
   */
  withoutLinks({ client, endpoint }: Pick<LatencyFilter, 'client' | 'endpoint'> = {}): Distribution {
    const filter = { client, endpoint };
    // Before all, so that it is never more: both grow meanwhile.
    const linked = this.distribution(CELLS.linkedRequests, filter);
    const all = this.distribution(CELLS.sinceDue, { ...filter, result: 'answered' });
    if (linked.count === 0) return all;
    const rest = all.since(linked);
    rest.add(this.distribution(CELLS.unlinkedRequests, filter));
    return rest;
  }

  /** What machines with a slow link met, by the place of the link in the plan, from 0. Wall-clock milliseconds. */
  overLink(place: number): LinkFacts {
    const link = LINK.values[place]!;
    const at = LINK.of(link);
    return {
      connections: this.count(CELLS.linkConnections, at),
      stalls: this.count(CELLS.linkStalls, at),
      resets: this.count(CELLS.linkResets, at),
      connects: this.distribution(CELLS.linkConnects, { link }),
      requests: this.distribution(CELLS.linkRequests, { link }),
    };
  }

  /** The latencies of each client and endpoint that has any with this result. */
  latencies(from: 'due' | 'sent', result: RequestResult): PairLatency[] {
    return this.distributions(SINCE[from], { result });
  }

  /**
   * Wall-clock milliseconds from the moment a request was first due to the answer that it wanted, with the retries between them. Polls and
   * registrations of agents are tried until they succeed; other requests as often as their program does below itself.
   */
  untilSuccess(filter: Pick<LatencyFilter, 'client' | 'endpoint'> = {}): Distribution {
    return this.distribution(CELLS.untilSuccess, filter);
  }

  /** As {@link untilSuccess}, of each client and endpoint that had a success. */
  untilSuccesses(): PairLatency[] {
    return this.distributions(CELLS.untilSuccess);
  }

  /** Wall-clock milliseconds since due of everything that was answered. */
  answered(): Distribution {
    return this.distribution(CELLS.answered);
  }

  /**
   * What polls waited for their answer since they were first due, as an open loop would have measured it: those that were never sent
   * because the one before had no answer are counted with the wait that they would have had. Wall-clock milliseconds.
   */
  openLoop(): Distribution {
    return this.distribution(CELLS.openLoop);
  }

  /** Polls that were never sent because the one before had no answer. */
  missedPolls(): number {
    return this.count(CELLS.missedPolls);
  }

  /** Wall-clock milliseconds that polls were started late. */
  pollLateness(): Distribution {
    return this.distribution(CELLS.lateness);
  }

  /** Simulated milliseconds in stages, for each role and stage that was left at least once. */
  stageDurations(): { role: HostRole; stage: HostStage; distribution: Distribution }[] {
    return this.distributions(CELLS.stages);
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
    return this.#threadSections().map(({ thread, section }) => {
      const gauges = THREAD_GAUGES.map((key) => [key, section[CELLS[key].at]!]);
      return { thread, ...(Object.fromEntries(gauges) as ThreadGauges) };
    });
  }

  /** What each of them said last. */
  gauge(cells: Cells): { thread: string; value: number }[] {
    return this.#threadSections().map(({ thread, section }) => ({ thread, value: section[cells.at]! }));
  }

  #threadSections(): { thread: string; section: Float64Array }[] {
    return this.#views.sections
      .map((section, writer) => ({ thread: writer === 0 ? 'main' : `worker-${writer - 1}`, section }))
      .filter(({ section }) => section[CELLS.heartbeatMs.at] !== 0);
  }

  /** Kinds that were asked for. */
  bootDownloads(): BootDownloads[] {
    const list: BootDownloads[] = [];
    const asked = Map.groupBy(this.counts(CELLS.bootRequests), ({ kind }) => kind);
    for (const [kind, requests] of asked) {
      list.push({
        kind,
        requests: Object.fromEntries(requests.map(({ code, count }) => [code, count])),
        bytes: this.count(CELLS.bootBytes, BOOT_KIND.of(kind)),
        durations: this.distribution(CELLS.bootDurations, { kind }),
        waits: this.distribution(CELLS.bootWaits, { kind }),
      });
    }
    return list;
  }

  /** Of every kind, also those that never occurred. */
  errors(): Record<ErrorKind, number> {
    return this.countsBy(CELLS.errors);
  }

  /** Of every kind of client, in the order of CLIENT_KINDS. */
  underWay(): UnderWayNow[] {
    return CLIENT_KINDS.map((client, kind) => {
      const at = UNDER_WAY_AT + kind * 2;
      let sinceMs = 0;
      for (const section of this.#views.sections) {
        const since = section[at + 1]!;
        if (since > 0 && (sinceMs === 0 || since < sinceMs)) sinceMs = since;
      }
      return { client, count: this.sumNow(at), sinceMs };
    });
  }

  /** Of every kind of client, in the order of CLIENT_KINDS. */
  answers(): AnswerCount[] {
    return CLIENT_KINDS.map((client) => {
      const counts = ANSWERS.map((name) => [name, this.count(CELLS.answers, CLIENT.of(client), ANSWER.of(name))]);
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
    const closed = this.sumNow(CELLS.connections.at + CLOSED);
    return this.sumNow(CELLS.connections.at + OPENED) - closed;
  }

  #bytes(): PairBytes[] {
    const list: PairBytes[] = [];
    for (const client of CLIENT.values) {
      for (const endpoint of ENDPOINT.values) {
        const at = [CLIENT.of(client), ENDPOINT.of(endpoint)] as const;
        const sent = this.count(CELLS.sentBytes, ...at);
        const received = this.count(CELLS.receivedBytes, ...at);
        if (sent > 0 || received > 0) list.push({ client, endpoint, sent, received });
      }
    }
    return list;
  }

  #stepReplies(): ReplyCount[] {
    const list: ReplyCount[] = [];
    for (const step of STEP.values) {
      const put = (fate: ReplyFate, count: number) => {
        if (count > 0) list.push({ step, fate, count });
      };
      for (const fate of FATE.values) put(fate, this.count(CELLS.stepReplies, STEP.of(step), FATE.of(fate)));
      // Read last, so that it is never less than the others together.
      put('received', this.count(CELLS.stepsReceived, STEP.of(step)));
    }
    return list;
  }
}
