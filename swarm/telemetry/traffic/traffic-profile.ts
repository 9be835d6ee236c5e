/**
 * What the HTTP traffic of some hosts was like: plain data, for one kind of host and one shape of cluster. Of a run with no-op
 * hosts it is kept for these and for a sample of native ones in `traffic.json` of its folder.
 */
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentKind } from '../../plan/expanded-plan.ts';
import type { Program } from './program.ts';
import { Spread, type SpreadRecord } from './spread.ts';

/** How often each of some texts was seen. */
export type Counts = Record<string, number>;

/** Requests of one operation by one program. Sizes in bytes, times in wall-clock milliseconds. */
export interface OperationRecord {
  program: Program;
  /** Name in the table of operations; method and path without ids for others. */
  operation: string;
  /** What of several things it is used for: step type of a reply, type of uploaded logs; '' for none. */
  detail: string;
  count: number;
  /** How often each host (or cluster, of its controller) sent it that sent it at all. */
  perSource: SpreadRecord;
  headBytes: SpreadRecord;
  /** Framing included. */
  bodyBytes: SpreadRecord;
  /** Of bodies in which ids, addresses and the like are words for them: what of their size does not depend on which host it is. */
  patternBytes: SpreadRecord;
  responseBytes: SpreadRecord;
  /** From one such request of a source to its next. */
  everyMs: SpreadRecord;
  /** Names of header fields as sent and in their order, with `, ` between them. */
  headers: Counts;
  /** By name of a header field: what of its value is the same for all hosts. */
  values: Record<string, Counts>;
  queries: Counts;
  statuses: Counts;
  /** What it is about: steps asked for, stages reported, states of logs and operators. */
  words: Counts;
  /** Paths of fields of JSON bodies. */
  fields: Counts;
}

/** Connections whose first request was one of this program's. */
export interface ConnectionRecord {
  program: Program;
  count: number;
  /** Of each source that opened any. */
  perSource: SpreadRecord;
  requests: SpreadRecord;
  /** From the last byte of the last response to the end; only of connections that had ended. */
  idleMs: SpreadRecord;
}

/** When a host, or a controller, did things first: milliseconds after its first request. */
export type FirstTimes = Record<string, number>;

export interface TrafficProfile {
  kind: AgentKind;
  /** Words for the clusters whose hosts these are. */
  shape: string;
  clusters: number;
  hosts: number;
  operations: OperationRecord[];
  connections: ConnectionRecord[];
  /** Of each host and each controller, as long as they are few. */
  firsts: FirstTimes[];
}

/** Sources whose order is kept. */
export const MOST_FIRSTS = 200;

/** Profiles of several threads as one for each kind and shape. */
export function mergeProfiles(profiles: readonly TrafficProfile[]): TrafficProfile[] {
  const merged = new Map<string, TrafficProfile>();
  for (const profile of profiles) {
    const key = JSON.stringify([profile.kind, profile.shape]);
    const known = merged.get(key);
    merged.set(key, known ? merge(known, profile) : profile);
  }
  return [...merged.values()];
}

function merge(one: TrafficProfile, other: TrafficProfile): TrafficProfile {
  return {
    kind: one.kind,
    shape: one.shape,
    clusters: one.clusters + other.clusters,
    hosts: one.hosts + other.hosts,
    operations: mergeRows(one.operations, other.operations, operationKey, mergeOperations),
    connections: mergeRows(one.connections, other.connections, ({ program }) => program, mergeConnections),
    firsts: [...one.firsts, ...other.firsts].slice(0, MOST_FIRSTS),
  };
}

/** Names an operation of a profile. */
export function operationKey({
  program,
  operation,
  detail,
}: Pick<OperationRecord, 'program' | 'operation' | 'detail'>): string {
  return `${program} ${operation}${detail === '' ? '' : ` ${detail}`}`;
}

function mergeRows<Row>(
  one: readonly Row[],
  other: readonly Row[],
  keyOf: (row: Row) => string,
  mergeTwo: (one: Row, other: Row) => Row,
): Row[] {
  const rows = new Map(one.map((row) => [keyOf(row), row]));
  for (const row of other) {
    const known = rows.get(keyOf(row));
    rows.set(keyOf(row), known ? mergeTwo(known, row) : row);
  }
  return [...rows.values()];
}

function mergeOperations(one: OperationRecord, other: OperationRecord): OperationRecord {
  const values: Record<string, Counts> = { ...one.values };
  for (const [name, counts] of Object.entries(other.values)) values[name] = mergeCounts(values[name] ?? {}, counts);
  return {
    program: one.program,
    operation: one.operation,
    detail: one.detail,
    count: one.count + other.count,
    perSource: mergeSpreads(one.perSource, other.perSource),
    headBytes: mergeSpreads(one.headBytes, other.headBytes),
    bodyBytes: mergeSpreads(one.bodyBytes, other.bodyBytes),
    patternBytes: mergeSpreads(one.patternBytes, other.patternBytes),
    responseBytes: mergeSpreads(one.responseBytes, other.responseBytes),
    everyMs: mergeSpreads(one.everyMs, other.everyMs),
    headers: mergeCounts(one.headers, other.headers),
    values,
    queries: mergeCounts(one.queries, other.queries),
    statuses: mergeCounts(one.statuses, other.statuses),
    words: mergeCounts(one.words, other.words),
    fields: mergeCounts(one.fields, other.fields),
  };
}

function mergeConnections(one: ConnectionRecord, other: ConnectionRecord): ConnectionRecord {
  return {
    program: one.program,
    count: one.count + other.count,
    perSource: mergeSpreads(one.perSource, other.perSource),
    requests: mergeSpreads(one.requests, other.requests),
    idleMs: mergeSpreads(one.idleMs, other.idleMs),
  };
}

function mergeSpreads(one: SpreadRecord, other: SpreadRecord): SpreadRecord {
  const spread = Spread.of(one);
  spread.merge(other);
  return spread.record();
}

function mergeCounts(one: Counts, other: Counts): Counts {
  const sum = { ...one };
  for (const [text, count] of Object.entries(other)) sum[text] = (sum[text] ?? 0) + count;
  return sum;
}

const TRAFFIC_FILE = 'traffic.json';
const VERSION = 1;

/** Keeps profiles in a run's folder. */
export async function writeTraffic(folder: string, profiles: readonly TrafficProfile[]): Promise<void> {
  const path = join(folder, TRAFFIC_FILE);
  await writeFile(`${path}.part`, `${JSON.stringify({ traffic: VERSION, profiles })}\n`);
  await rename(`${path}.part`, path);
}

/**
 * What a run has kept; null when it has kept nothing.
 * @throws RangeError when another version of the program has written it, or it is damaged
 */
export function readTraffic(folder: string): TrafficProfile[] | null {
  const path = join(folder, TRAFFIC_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  let contents: { traffic?: unknown; profiles?: unknown } | null;
  try {
    contents = JSON.parse(text) as typeof contents;
  } catch (cause) {
    throw new RangeError(`${path} is not valid JSON`, { cause });
  }
  const { traffic, profiles } = contents ?? {};
  if (traffic !== VERSION)
    throw new RangeError(`${path} is of version ${String(traffic)}; this program reads version ${VERSION}`);
  if (!Array.isArray(profiles) || !profiles.every(isProfile))
    throw new RangeError(`${path} is damaged: not all of its profiles are complete`);
  return profiles;
}

/** Whether its parts are there; what is in them this program has written. */
function isProfile(value: unknown): value is TrafficProfile {
  const { operations, connections, firsts } = (value ?? {}) as Partial<TrafficProfile>;
  return [operations, connections, firsts].every((rows) => Array.isArray(rows));
}
