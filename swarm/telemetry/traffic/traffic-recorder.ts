/**
 * Makes profiles of the traffic of the hosts of one thread.
 *
 *   connection ── tap ──► exchange ──┬─► operation of (kind, shape): sizes, headers, words, fields
 *                                    └─► source (a host, or a cluster's controller): how often, how long after the last, what first
 */
import { gunzipSync } from 'node:zlib';
import { API_BASE, endpointOf } from '../../../model/protocol/endpoints.ts';
import { wallNow } from '../../../model/time/clock.ts';
import type { AgentKind } from '../../plan/expanded-plan.ts';
import { HttpTap, type KeptBodies, type TappedExchange } from './http-tap.ts';
import { fieldPaths, headerPattern, parsed, queryPattern, replaceIds } from './patterns.ts';
import { PROGRAMS, type Program, programOfHost } from './program.ts';
import { Spread } from './spread.ts';
import {
  type ConnectionRecord,
  type Counts,
  type FirstTimes,
  MOST_FIRSTS,
  type OperationRecord,
  operationKey,
  type TrafficProfile,
} from './traffic-profile.ts';
import { wordsOf } from './words.ts';

/** Whose connection it is. */
export interface TrafficSource {
  kind: AgentKind;
  /** Words for the cluster. */
  shape: string;
  cluster: number;
  /** Slot of a host; null for the controller. */
  host: number | null;
}

/** Enough for an inventory with many disks, and for what a poll is answered. */
export const RECORDED_BODIES: KeptBodies = { request: 512 * 1024, response: 128 * 1024 };

/** Different texts that are told apart; the others are counted together. */
const MOST_TEXTS = 60;
const MOST_FIELDS = 800;
const MORE = '(others)';

/** What is told of one connection. */
export interface ConnectionTraffic {
  exchange(exchange: TappedExchange): void;
  closed(): void;
}

/** A connection whose bytes are told, as far as they are HTTP. */
export function tapTraffic(traffic: ConnectionTraffic, now: () => number = wallNow) {
  const tap = new HttpTap(now, (exchange) => traffic.exchange(exchange), RECORDED_BODIES);
  return {
    sent: (chunk: Buffer) => tap.sent(chunk),
    received: (chunk: Buffer) => tap.received(chunk),
    closed: () => {
      tap.end();
      traffic.closed();
    },
  };
}

export class TrafficRecorder {
  readonly #profiles = new Map<string, ProfileBuilder>();

  /** A connection is opened. @param now wall-clock milliseconds */
  connection(source: TrafficSource, now: () => number = wallNow): ConnectionTraffic {
    const { kind, shape } = source;
    const key = JSON.stringify([kind, shape]);
    let profile = this.#profiles.get(key);
    if (!profile) {
      profile = new ProfileBuilder(kind, shape);
      this.#profiles.set(key, profile);
    }
    return profile.connection(source, now);
  }

  /** As things stand: one profile for each kind and shape that was seen. */
  profiles(): TrafficProfile[] {
    return [...this.#profiles.values()].map((profile) => profile.record());
  }
}

/** Of one host or controller. */
class Source {
  readonly counts = new Map<string, number>();
  readonly connections = new Map<Program, number>();
  readonly lastAt = new Map<string, number>();
  readonly firsts: FirstTimes = {};
  #startedAt: number | null = null;

  /** @returns milliseconds since the last of its kind; null for the first */
  sent(key: string, at: number): number | null {
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    const last = this.lastAt.get(key);
    this.lastAt.set(key, at);
    return last === undefined ? null : Math.max(0, at - last);
  }

  did(what: string, at: number): void {
    this.#startedAt ??= at;
    this.firsts[what] ??= Math.round(at - this.#startedAt);
  }
}

interface OpenConnection {
  program: Program | null;
  requests: number;
}

class ProfileBuilder {
  readonly #kind: AgentKind;
  readonly #shape: string;
  readonly #clusters = new Set<number>();
  readonly #hosts = new Set<number>();
  readonly #sources = new Map<string, Source>();
  readonly #operations = new Map<string, OperationBuilder>();
  readonly #closed: { program: Program; requests: number; idleMs: number }[] = [];
  readonly #open = new Set<OpenConnection>();

  constructor(kind: AgentKind, shape: string) {
    this.#kind = kind;
    this.#shape = shape;
  }

  connection({ cluster, host }: TrafficSource, now: () => number): ConnectionTraffic {
    const open: OpenConnection = { program: null, requests: 0 };
    this.#open.add(open);
    let lastAt = 0;
    return {
      exchange: (exchange) => {
        // The kube-api of the cluster is not the service.
        if (!exchange.target.includes(`${API_BASE}/`)) return;
        this.#clusters.add(cluster);
        if (host !== null) this.#hosts.add(host);
        const source = this.#sourceOf(host === null ? `cluster ${cluster}` : `host ${host}`);
        const program = this.#add(source, host, exchange);
        if (open.program === null) source.connections.set(program, (source.connections.get(program) ?? 0) + 1);
        open.program ??= program;
        open.requests++;
        lastAt = exchange.endAt;
      },
      closed: () => {
        this.#open.delete(open);
        const { program, requests } = open;
        if (program !== null) this.#closed.push({ program, requests, idleMs: Math.max(0, now() - lastAt) });
      },
    };
  }

  record(): TrafficProfile {
    const sources = [...this.#sources.values()];
    return {
      kind: this.#kind,
      shape: this.#shape,
      clusters: this.#clusters.size,
      hosts: this.#hosts.size,
      operations: [...this.#operations].map(([key, operation]) => operation.record(countsOf(sources, key))),
      connections: PROGRAMS.map((program) => this.#connectionsOf(program)).filter(({ count }) => count > 0),
      firsts: sources.slice(0, MOST_FIRSTS).map(({ firsts }) => ({ ...firsts })),
    };
  }

  #connectionsOf(program: Program): ConnectionRecord {
    const perSource = new Spread();
    for (const { connections } of this.#sources.values()) {
      const count = connections.get(program);
      if (count !== undefined) perSource.add(count);
    }
    const requests = new Spread();
    const idleMs = new Spread();
    for (const closed of this.#closed.filter((one) => one.program === program)) {
      requests.add(closed.requests);
      idleMs.add(closed.idleMs);
    }
    for (const open of this.#open) if (open.program === program) requests.add(open.requests);
    const records = { perSource: perSource.record(), requests: requests.record(), idleMs: idleMs.record() };
    return { program, count: requests.count, ...records };
  }

  #sourceOf(name: string): Source {
    let source = this.#sources.get(name);
    if (!source) {
      source = new Source();
      this.#sources.set(name, source);
    }
    return source;
  }

  #add(source: Source, host: number | null, exchange: TappedExchange): Program {
    const endpoint = endpointOf(exchange.method, exchange.target);
    const program = host === null ? 'controller' : programOfHost(endpoint, exchange.target);
    const operation = endpoint === 'other' ? `${exchange.method} ${pathOf(exchange.target)}` : endpoint;
    const { detail, words, stages } = wordsOf(endpoint, exchange, responseOf(exchange));
    const names: Pick<OperationRecord, 'program' | 'operation' | 'detail'> = { program, operation, detail };
    let key = operationKey(names);
    let builder = this.#operations.get(key);
    if (!builder) {
      if (this.#operations.size >= MOST_TEXTS * 2) names.operation = MORE;
      key = operationKey(names);
      builder = this.#operations.get(key) ?? new OperationBuilder(names);
      this.#operations.set(key, builder);
    }
    builder.add(exchange, words, source.sent(key, exchange.sentAt));
    source.did(`${program} ${operation}`, exchange.sentAt);
    for (const stage of stages) source.did(`${program} ${operation} ${stage}`, exchange.sentAt);
    return program;
  }
}

class OperationBuilder {
  readonly #names: Pick<OperationRecord, 'program' | 'operation' | 'detail'>;
  #count = 0;
  readonly #headBytes = new Spread();
  readonly #bodyBytes = new Spread();
  readonly #patternBytes = new Spread();
  readonly #responseBytes = new Spread();
  readonly #everyMs = new Spread();
  readonly #headers: Counts = {};
  readonly #values: Record<string, Counts> = {};
  readonly #queries: Counts = {};
  readonly #statuses: Counts = {};
  readonly #words: Counts = {};
  readonly #fields: Counts = {};

  constructor(names: Pick<OperationRecord, 'program' | 'operation' | 'detail'>) {
    this.#names = names;
  }

  add(exchange: TappedExchange, words: readonly string[], everyMs: number | null): void {
    const { headers, headBytesSent, bytesSent, bytesReceived, body, status, target } = exchange;
    this.#count++;
    this.#headBytes.add(headBytesSent);
    const bodyBytes = Math.max(0, bytesSent - headBytesSent);
    this.#bodyBytes.add(bodyBytes);
    // What is too long to be kept counts as it is.
    this.#patternBytes.add(body === '' ? bodyBytes : Buffer.byteLength(replaceIds(body)));
    this.#responseBytes.add(bytesReceived);
    if (everyMs !== null) this.#everyMs.add(everyMs);
    count(this.#headers, headers.filter((_, at) => at % 2 === 0).join(', '), MOST_TEXTS);
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at]!;
      this.#values[name] ??= {};
      count(this.#values[name], headerPattern(name, headers[at + 1]!), MOST_TEXTS);
    }
    count(this.#queries, queryPattern(target), MOST_TEXTS);
    count(this.#statuses, status === 0 ? 'no response' : String(status), MOST_TEXTS);
    for (const word of words) count(this.#words, word, MOST_TEXTS);
    if (body !== '') for (const path of fieldPaths(parsed(body))) count(this.#fields, path, MOST_FIELDS);
  }

  record(perSource: Spread): OperationRecord {
    return {
      ...this.#names,
      count: this.#count,
      perSource: perSource.record(),
      headBytes: this.#headBytes.record(),
      bodyBytes: this.#bodyBytes.record(),
      patternBytes: this.#patternBytes.record(),
      responseBytes: this.#responseBytes.record(),
      everyMs: this.#everyMs.record(),
      headers: { ...this.#headers },
      values: structuredClone(this.#values),
      queries: { ...this.#queries },
      statuses: { ...this.#statuses },
      words: { ...this.#words },
      fields: { ...this.#fields },
    };
  }
}

function count(counts: Counts, text: string, most: number): void {
  const key = text in counts || Object.keys(counts).length < most ? text : MORE;
  counts[key] = (counts[key] ?? 0) + 1;
}

function countsOf(sources: readonly Source[], key: string): Spread {
  const spread = new Spread();
  for (const { counts } of sources) {
    const sent = counts.get(key);
    if (sent !== undefined) spread.add(sent);
  }
  return spread;
}

function pathOf(target: string): string {
  const path = target.split('?', 1)[0]!;
  return replaceIds(path.slice(path.indexOf(API_BASE) + API_BASE.length));
}

/** What the service said, when it was JSON and short enough. */
function responseOf({ responseHeaders, responseBody }: TappedExchange): unknown {
  if (responseBody.length === 0) return undefined;
  const at = responseHeaders.findIndex((name, i) => i % 2 === 0 && /^content-encoding$/i.test(name));
  try {
    const text = at >= 0 && /gzip/i.test(responseHeaders[at + 1]!) ? gunzipSync(responseBody) : responseBody;
    return parsed(text.toString('utf8'));
  } catch {
    return undefined;
  }
}
