/**
 * Native agents beside the stock programs that they imitate: what of their traffic in one run is not alike. Stock programs are
 * the truth, so a difference is named from their side.
 */
import type { Program } from '../telemetry/traffic/program.ts';
import { Spread, type SpreadRecord } from '../telemetry/traffic/spread.ts';
import {
  type ConnectionRecord,
  type Counts,
  type OperationRecord,
  operationKey,
  type TrafficProfile,
} from '../telemetry/traffic/traffic-profile.ts';
import {
  DIFFERENCE_KINDS,
  type Difference,
  type DifferenceKind,
  type FoundDifference,
  LEAST_REPEATED,
  type Pair,
  TOLERANCES,
} from './difference.ts';
import { EXPLAINED } from './drift-explained.ts';
import { orderDifferences } from './drift-order.ts';

/** Figures of one operation, or null for a kind that never sent it. */
export interface OperationFigures {
  count: number;
  /** Of a host; of a cluster for its controller. */
  perSource: number;
  headBytes: number;
  bodyBytes: number;
  responseBytes: number;
  /** Median; null when it was seldom repeated. */
  everyMs: number | null;
}

export interface DriftRow {
  program: Program;
  operation: string;
  detail: string;
  stock: OperationFigures | null;
  native: OperationFigures | null;
  /** Kinds of the differences that count. */
  drift: DifferenceKind[];
}

export interface ShapeDrift {
  shape: string;
  hosts: { stock: number; native: number };
  clusters: { stock: number; native: number };
  rows: DriftRow[];
}

export interface Drift {
  shapes: ShapeDrift[];
  /** The gravest first. */
  differences: Difference[];
  /** Found too, and known to be no drift. */
  explained: Difference[];
}

/** Compares what a run has recorded. No shapes in the result: it has recorded nothing that could be compared. */
export function findDrift(profiles: readonly TrafficProfile[]): Drift {
  const pairs = pairsOf(profiles);
  const all: Difference[] = [];
  const shapes: ShapeDrift[] = [];
  for (const pair of pairs) {
    const { shape, stock, native } = pair;
    const operations = pairRows(stock.operations, native.operations, operationKey);
    const found: FoundDifference[] = [
      ...operations.flatMap(([one, other]) => compareOperation(pair, one, other)),
      ...pairRows(stock.connections, native.connections, ({ program }) => program).flatMap(([one, other]) =>
        compareConnections(pair, one, other),
      ),
      ...orderDifferences(pair),
    ];
    const differences = found.map((one) => ({
      ...one,
      shape,
      explained: EXPLAINED.find((known) => known.is(one))?.why ?? null,
    }));
    for (const one of differences) all.push(one);
    const counted = differences.filter(({ explained }) => explained === null);
    shapes.push({
      shape,
      hosts: { stock: stock.hosts, native: native.hosts },
      clusters: { stock: stock.clusters, native: native.clusters },
      rows: operations.map(([one, other]) => rowOf(pair, one, other, counted)),
    });
  }
  const rank = ({ kind }: Difference) => DIFFERENCE_KINDS.indexOf(kind);
  const ranked = all.sort((a, b) => rank(a) - rank(b));
  return {
    shapes,
    differences: ranked.filter(({ explained }) => explained === null),
    explained: ranked.filter(({ explained }) => explained !== null),
  };
}

function pairsOf(profiles: readonly TrafficProfile[]): Pair[] {
  return profiles.flatMap((stock) => {
    if (stock.kind !== 'noop') return [];
    const native = profiles.find((one) => one.kind === 'native' && one.shape === stock.shape);
    return native ? [{ shape: stock.shape, stock, native }] : [];
  });
}

/** Rows of the stock programs in their order, then those that only native ones have. */
function pairRows<Row>(
  stock: readonly Row[],
  native: readonly Row[],
  keyOf: (row: Row) => string,
): [stock: Row | null, native: Row | null][] {
  const others = new Map(native.map((row) => [keyOf(row), row]));
  const known = new Set(stock.map(keyOf));
  return [
    ...stock.map((row): [Row | null, Row | null] => [row, others.get(keyOf(row)) ?? null]),
    ...native.filter((row) => !known.has(keyOf(row))).map((row): [Row | null, Row | null] => [null, row]),
  ];
}

const sourcesOf = ({ hosts, clusters }: TrafficProfile, program: Program) =>
  Math.max(1, program === 'controller' ? clusters : hosts);

const meanOf = ({ sum, count }: SpreadRecord) => (count === 0 ? 0 : sum / count);
const medianOf = (record: SpreadRecord) => Spread.of(record).quantile(0.5);

function figuresOf(profile: TrafficProfile, row: OperationRecord | null): OperationFigures | null {
  if (!row) return null;
  const { count, program, headBytes, bodyBytes, responseBytes, everyMs } = row;
  return {
    count,
    perSource: count / sourcesOf(profile, program),
    headBytes: meanOf(headBytes),
    bodyBytes: meanOf(bodyBytes),
    responseBytes: meanOf(responseBytes),
    everyMs: everyMs.count < LEAST_REPEATED ? null : medianOf(everyMs),
  };
}

function rowOf(
  pair: Pair,
  stock: OperationRecord | null,
  native: OperationRecord | null,
  counted: readonly Difference[],
): DriftRow {
  const { program, operation, detail } = (stock ?? native)!;
  const where = whereOf({ operation, detail });
  const kinds = counted.filter((one) => one.program === program && one.where === where).map(({ kind }) => kind);
  return {
    ...{ program, operation, detail, drift: [...new Set(kinds)] },
    stock: figuresOf(pair.stock, stock),
    native: figuresOf(pair.native, native),
  };
}

/** How differences name an operation. */
function whereOf({ operation, detail }: Pick<OperationRecord, 'operation' | 'detail'>): string {
  return detail === '' ? operation : `${operation} ${detail}`;
}

function compareOperation(
  pair: Pair,
  stock: OperationRecord | null,
  native: OperationRecord | null,
): FoundDifference[] {
  const { program, operation, detail } = (stock ?? native)!;
  const where = whereOf({ operation, detail });
  const found: FoundDifference[] = [];
  const differ = (kind: DifferenceKind, ofStock: string, ofNative: string) =>
    found.push({ kind, program, where, stock: ofStock, native: ofNative });
  const one = figuresOf(pair.stock, stock);
  const other = figuresOf(pair.native, native);
  if (!stock || !native || !one || !other) {
    const words = (figures: OperationFigures | null) => (figures ? `${figures.count} times` : 'never');
    differ(operation === 'post-step-reply' ? 'step type' : 'operation', words(one), words(other));
    return found;
  }
  compareHeaders(stock.headers, native.headers, differ);
  compareValues(stock.values, native.values, differ);
  compareTexts('query', stock.queries, native.queries, differ);
  compareTexts('field', stock.fields, native.fields, differ);
  compareStatuses(stock, native, differ);
  compareTexts(STEPS_IN.has(operation) ? 'step type' : 'stage', stock.words, native.words, differ);
  compareSize('head', one.headBytes, other.headBytes, 0, differ);
  const patterns = [meanOf(stock.patternBytes), meanOf(native.patternBytes)] as const;
  if (!sameSize(...patterns, TOLERANCES.bytes))
    compareSize('body', one.bodyBytes, other.bodyBytes, TOLERANCES.bytes, differ);
  const pace = one.everyMs !== null && other.everyMs !== null ? { one: one.everyMs, other: other.everyMs } : null;
  const samePace = pace !== null && alike(pace.one, pace.other, TOLERANCES.cadence);
  if (pace && !samePace && isRegular(stock.everyMs))
    differ('cadence', `every ${secondsOf(pace.one)}`, `every ${secondsOf(pace.other)}`);
  const words = countsDiffer(pair, program, stock, native, samePace);
  if (words) differ('count', ...words);
  return found;
}

const STEPS_IN = new Set(['get-instructions', 'post-step-reply']);

type Differ = (kind: DifferenceKind, stock: string, native: string) => void;

/** Lists of names that only one kind sends, each named by how it comes closest to one of the other kind. */
function compareHeaders(stock: Counts, native: Counts, differ: Differ): void {
  const ofStock = Object.keys(stock).filter((list) => !(list in native));
  const ofNative = Object.keys(native).filter((list) => !(list in stock));
  const nearest = (list: string, others: readonly string[]) =>
    others.toSorted((a, b) => distance(list, a) - distance(list, b))[0]!;
  const told = new Set<string>();
  const tell = (one: string, other: string) => {
    const key = JSON.stringify([one, other]);
    if (told.has(key)) return;
    told.add(key);
    const names = [one, other].map((list) => list.split(', '));
    const sorted = names.map((list) => list.toSorted().join());
    const caseless = names.map((list) => list.map((name) => name.toLowerCase()));
    if (sorted[0] === sorted[1]) differ('header order', one, other);
    else if (caseless[0]!.toSorted().join() === caseless[1]!.toSorted().join()) differ('header case', one, other);
    else {
      const without = (at: number) => names[at]!.filter((name) => !caseless[1 - at]!.includes(name.toLowerCase()));
      differ('header', without(0).join(', ') || 'not sent', without(1).join(', ') || 'not sent');
    }
  };
  for (const list of ofStock) tell(list, nearest(list, ofNative.length > 0 ? ofNative : Object.keys(native)));
  for (const list of ofNative) tell(nearest(list, ofStock.length > 0 ? ofStock : Object.keys(stock)), list);
}

/** Names that only one of two lists has. */
function distance(one: string, other: string): number {
  const [names, others] = [one, other].map((list) => list.toLowerCase().split(', ')) as [string[], string[]];
  return names.filter((name) => !others.includes(name)).length + others.filter((name) => !names.includes(name)).length;
}

function compareValues(stock: Record<string, Counts>, native: Record<string, Counts>, differ: Differ): void {
  for (const [name, values] of Object.entries(stock)) {
    const others = native[name];
    if (!others) continue;
    compareTexts('header value', values, others, (kind, one, other) =>
      differ(kind, `${name}: ${one}`, `${name}: ${other}`),
    );
  }
}

/** Texts that only one kind has, all of them in one difference. */
function compareTexts(kind: DifferenceKind, stock: Counts, native: Counts, differ: Differ): void {
  const only = (one: Counts, other: Counts) => Object.keys(one).filter((text) => !(text in other));
  const ofStock = only(stock, native);
  const ofNative = only(native, stock);
  if (ofStock.length + ofNative.length > 0) differ(kind, listOf(ofStock), listOf(ofNative));
}

const NAMED = 6;

function listOf(texts: readonly string[]): string {
  if (texts.length === 0) return '-';
  const named = texts.slice(0, NAMED).map((text) => text || '(none)');
  return texts.length > NAMED ? `${named.join(', ')} and ${texts.length - NAMED} more` : named.join(', ');
}

function compareSize(what: string, stock: number, native: number, bytes: number, differ: Differ): void {
  if (sameSize(stock, native, bytes)) return;
  const words = (size: number, other: number) => {
    const share = other === 0 ? '' : ` (${size >= other ? '+' : ''}${((100 * (size - other)) / other).toFixed(0)}%)`;
    return `${Math.round(size)} bytes of ${what}${share}`;
  };
  differ('size', `${Math.round(stock)} bytes of ${what}`, words(native, stock));
}

function sameSize(one: number, other: number, bytes: number): boolean {
  return alike(one, other, TOLERANCES.size) || Math.abs(one - other) <= bytes;
}

/** What the service seldom answers depends on what else happens at that moment. */
function compareStatuses(stock: OperationRecord, native: OperationRecord, differ: Differ): void {
  const often = ({ statuses, count }: OperationRecord, others: Counts): Counts =>
    Object.fromEntries(
      Object.entries(statuses).filter(([status, times]) => status in others || times >= TOLERANCES.status * count),
    );
  const [one, other] = [often(stock, native.statuses), often(native, stock.statuses)];
  compareTexts('status', one, other, differ);
}

function compareConnections(
  pair: Pair,
  stock: ConnectionRecord | null,
  native: ConnectionRecord | null,
): FoundDifference[] {
  // Whose program sends nothing at all is told by its operations.
  if (!stock || !native) return [];
  const { program } = stock;
  const found: FoundDifference[] = [];
  const differ = (ofStock: string, ofNative: string) =>
    found.push({ kind: 'connections', program, where: 'connections', stock: ofStock, native: ofNative });
  const [one, other] = [meanOf(stock.requests), meanOf(native.requests)];
  // Programs that use one connection open a second when they have waited for long; how many requests it has is no matter of its use.
  const perSource = [meanOf(stock.perSource), meanOf(native.perSource)] as const;
  const reuse = Math.abs(perSource[0] - perSource[1]) <= 1 || alike(one, other, reuseTolerance(pair, program));
  if (!reuse) differ(`${numberOf(one)} requests a connection`, `${numberOf(other)} requests a connection`);
  // Who lives longer opens more; who uses them otherwise was named already.
  const words = reuse ? countsDiffer(pair, program, stock, native, true) : null;
  if (words) differ(`connections: ${words[0]}`, `connections: ${words[1]}`);
  if (stock.idleMs.count < LEAST_REPEATED || native.idleMs.count < LEAST_REPEATED) return found;
  const [idle, otherIdle] = [medianOf(stock.idleMs), medianOf(native.idleMs)];
  if (!alike(idle, otherIdle, TOLERANCES.idle) && Math.abs(idle - otherIdle) > TOLERANCES.orderMs)
    differ(
      `closed after ${secondsOf(idle)} without a request`,
      `closed after ${secondsOf(otherIdle)} without a request`,
    );
  return found;
}

/** Whether something has a pace of its own: half of the times between are about the same. */
function isRegular(record: SpreadRecord): boolean {
  const spread = Spread.of(record);
  return spread.quantile(0.75) - spread.quantile(0.25) <= TOLERANCES.regular * spread.quantile(0.5);
}

function alike(one: number, other: number, tolerance: number): boolean {
  return Math.abs(one - other) <= tolerance * Math.max(one, other);
}

interface Counted {
  count: number;
  perSource: SpreadRecord;
}

/**
 * How often sources of both kinds did something, in words; null where that is alike: what single sources of one kind differ by,
 * those of the other may too.
 * @param samePace it is repeated as quickly: only how long sources lived can make a difference
 */
function countsDiffer(
  pair: Pair,
  program: Program,
  stock: Counted,
  native: Counted,
  samePace: boolean,
): [stock: string, native: string] | null {
  const [one, other] = [
    { ...stock, profile: pair.stock },
    { ...native, profile: pair.native },
  ].map(({ count, perSource, profile }) => {
    const sources = sourcesOf(profile, program);
    return { mean: count / sources, min: perSource.count < sources ? 0 : perSource.min, max: perSource.max };
  }) as [Range, Range];
  if (one.min <= other.max && other.min <= one.max) return null;
  const repeated = samePace && Math.min(one.mean, other.mean) >= LEAST_REPEATED;
  const tolerance = repeated ? TOLERANCES.repeatedCount : TOLERANCES.count;
  if (Math.abs(one.mean - other.mean) <= leastDifference(pair, program)) return null;
  if (alike(one.mean, other.mean, tolerance)) return null;
  const whose = program === 'controller' ? 'cluster' : 'host';
  return [`${numberOf(one.mean)} a ${whose}`, `${numberOf(other.mean)} a ${whose}`];
}

/** Of few sources it is not known by how much they differ among themselves. */
function leastDifference({ stock, native }: Pair, program: Program): number {
  const few = Math.min(sourcesOf(stock, program), sourcesOf(native, program)) < TOLERANCES.fewSources;
  return few ? TOLERANCES.countOfFew : TOLERANCES.countOfMany;
}

function reuseTolerance({ stock, native }: Pair, program: Program): number {
  const few = Math.min(sourcesOf(stock, program), sourcesOf(native, program)) < TOLERANCES.fewSources;
  return few ? TOLERANCES.requestsPerConnectionOfFew : TOLERANCES.requestsPerConnection;
}

interface Range {
  mean: number;
  min: number;
  max: number;
}

const numberOf = (value: number) => value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0);
const secondsOf = (ms: number) => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
