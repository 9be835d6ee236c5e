/**
 * The course of one load that several generators made together. Their points lie at moments of their own; those of the one with the longest
 * points are the grid, and what another one counted in a point falls into the grid's in proportion:
 *
 *    grid       [     ][     ][     ]
 *    shard 0    [     ][     ][     ]
 *    shard 1      [  ][  ][  ][  ]          half of its second point falls into the grid's first, half into its second
 *
 * No count is lost or doubled by it, and points of the same moments are added up exactly.
 */
import { CLUSTER_PHASES, HOST_PHASES } from '../../model/protocol/phases.ts';
import { Distribution } from './histogram.ts';
import type { SeriesPoint } from './time-series.ts';

/** Beyond so many, as of generators that ran one after the other, the grid is made of this many points of one length. */
const MOST_POINTS = 240;

const COUNTS = ['requests', 'refused', 'failed', 'own'] as const;

/** @param series of each generator, in the order of time; wall clocks of all generators are taken to agree */
export function mergedSeries(series: readonly (readonly SeriesPoint[])[]): SeriesPoint[] {
  const told = series.filter((points) => points.length > 0);
  if (told.length === 0) return [];
  const merged = gridOf(told).map(
    ([startMs, endMs]): SeriesPoint => ({
      ...{ startMs, endMs, requests: 0, refused: 0, failed: 0, own: 0, underWay: 0, oldestMs: 0 },
      latency: new Distribution(),
      hosts: zeros(HOST_PHASES),
      clusters: zeros(CLUSTER_PHASES),
    }),
  );
  for (const points of told) addSeries(merged, points);
  return merged;
}

/** Beginnings and ends of the points to be. */
function gridOf(told: readonly (readonly SeriesPoint[])[]): [startMs: number, endMs: number][] {
  const startMs = Math.min(...told.map((points) => points[0]!.startMs));
  const endMs = Math.max(...told.map((points) => points.at(-1)!.endMs));
  // The last point may be shorter than the others.
  const lengthOf = ([first]: readonly SeriesPoint[]) => first!.endMs - first!.startMs;
  const longest = told.reduce((one, next) => (lengthOf(next) > lengthOf(one) ? next : one));
  const step = Math.max(1, lengthOf(longest));
  const edges = [...longest.map((point) => point.startMs), longest.at(-1)!.endMs];
  const further = (edges[0]! - startMs + endMs - edges.at(-1)!) / step;
  if (edges.length + further > MOST_POINTS) {
    const length = (endMs - startMs) / (MOST_POINTS / 2);
    const even = Array.from({ length: MOST_POINTS / 2 }, (_, at) => startMs + at * length);
    return pairs([...even, endMs]);
  }
  while (edges[0]! > startMs) edges.unshift(Math.max(startMs, edges[0]! - step));
  while (edges.at(-1)! < endMs) edges.push(Math.min(endMs, edges.at(-1)! + step));
  return pairs(edges);
}

function pairs(edges: readonly number[]): [number, number][] {
  return edges.slice(1).map((end, at) => [edges[at]!, end]);
}

function addSeries(merged: readonly SeriesPoint[], points: readonly SeriesPoint[]): void {
  let first = 0;
  for (const [place, bin] of merged.entries()) {
    const isLast = place === merged.length - 1;
    let underWay = 0;
    while (first < points.length && points[first]!.endMs <= bin.startMs && !isEmpty(points[first]!)) first++;
    for (let at = first; at < points.length; at++) {
      const point = points[at]!;
      if (point.startMs >= bin.endMs && !(isLast && isEmpty(point))) break;
      if (isEmpty(point) && point.startMs < bin.startMs) continue;
      addPart(bin, point);
      underWay = Math.max(underWay, point.underWay);
    }
    bin.underWay += underWay;
    addPhases(bin, points);
  }
}

/** Of a generator that looked twice in one moment. */
const isEmpty = ({ startMs, endMs }: SeriesPoint) => endMs <= startMs;

/** Adds what of a point fell into another one. */
function addPart(bin: SeriesPoint, point: SeriesPoint): void {
  const length = point.endMs - point.startMs;
  const from = Math.max(bin.startMs, point.startMs);
  const to = Math.min(bin.endMs, point.endMs);
  // Rounded at both ends, so that the parts of a point add up to it.
  const until = (count: number, moment: number) =>
    length <= 0 ? count : Math.round((count * (moment - point.startMs)) / length);
  for (const name of COUNTS) bin[name] += until(point[name], to) - (length <= 0 ? 0 : until(point[name], from));
  if (length <= 0 || to - from === length) bin.latency.add(point.latency);
  else bin.latency.addShare(point.latency, (to - from) / length);
  bin.oldestMs = Math.max(bin.oldestMs, point.oldestMs);
}

/** How many were in each phase at the end: as the point says in which that lies, or the last one. */
function addPhases(bin: SeriesPoint, points: readonly SeriesPoint[]): void {
  if (bin.endMs <= points[0]!.startMs) return;
  const then = points.find((point) => point.endMs >= bin.endMs) ?? points.at(-1)!;
  addCounts(bin.hosts, then.hosts);
  addCounts(bin.clusters, then.clusters);
}

function addCounts<T extends string>(into: Record<T, number>, from: Readonly<Record<T, number>>): void {
  for (const phase of Object.keys(into) as T[]) into[phase] += from[phase] ?? 0;
}

function zeros<T extends string>(phases: readonly T[]): Record<T, number> {
  return Object.fromEntries(phases.map((phase) => [phase, 0])) as Record<T, number>;
}
