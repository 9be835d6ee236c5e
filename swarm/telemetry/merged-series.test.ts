import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CLUSTER_PHASES, type ClusterPhase, HOST_PHASES, type HostPhase } from '../../model/protocol/phases.ts';
import { Distribution, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import { mergedSeries } from './merged-series.ts';
import type { SeriesPoint } from './time-series.ts';

const phases = <T extends string>(names: readonly T[], count: number) =>
  Object.fromEntries(names.map((name, at) => [name, at === 0 ? count : 0])) as Record<T, number>;

function point(startMs: number, endMs: number, requests: number, ms = 10): SeriesPoint {
  const words = new Float64Array(HISTOGRAM_WORDS);
  for (let one = 0; one < requests; one++) recordDuration(words, 0, ms);
  const latency = new Distribution();
  latency.addWords(words, 0);
  return {
    ...{ startMs, endMs, requests, refused: Math.floor(requests / 2), failed: 1, own: 0, latency },
    ...{ underWay: 3, oldestMs: endMs - startMs },
    hosts: phases<HostPhase>(HOST_PHASES, requests),
    clusters: phases<ClusterPhase>(CLUSTER_PHASES, 1),
  };
}

/** Points of one length, one after the other. */
const course = (startMs: number, lengthMs: number, counts: readonly number[]) =>
  counts.map((requests, at) => point(startMs + at * lengthMs, startMs + (at + 1) * lengthMs, requests));

it('adds up points of the same moments exactly', () => {
  const merged = mergedSeries([course(0, 1000, [4, 6]), course(0, 1000, [10, 0])]);
  expect(
    merged.map(({ startMs, endMs, requests, refused, failed }) => [startMs, endMs, requests, refused, failed]),
  ).toEqual([
    [0, 1000, 14, 7, 2],
    [1000, 2000, 6, 3, 2],
  ]);
  expect(merged[0]!.latency.count).toBe(14);
  expect(merged[0]!.underWay).toBe(6);
  expect(merged.map(({ hosts, clusters }) => [hosts.planned, clusters.planned])).toEqual([
    [14, 2],
    [6, 2],
  ]);
});

it('gives one course back as it is', () => {
  const one = course(500, 2000, [1, 2, 3]);
  const [first] = mergedSeries([one]);
  expect(mergedSeries([one]).map(({ requests }) => requests)).toEqual([1, 2, 3]);
  expect(first!.latency.pack()).toEqual(one[0]!.latency.pack());
});

it('splits a point in proportion, on the grid of the longest', () => {
  const merged = mergedSeries([course(0, 4000, [0, 0]), course(2000, 2000, [8, 8])]);
  expect(merged.map(({ startMs, endMs, requests }) => [startMs, endMs, requests])).toEqual([
    [0, 4000, 8],
    [4000, 8000, 8],
  ]);
  const late = mergedSeries([course(0, 4000, [0, 0]), course(3000, 4000, [8])]);
  expect(late.map(({ requests }) => requests)).toEqual([2, 6]);
});

it('begins with the first and ends with the last', () => {
  const merged = mergedSeries([course(10_000, 1000, [1, 1]), course(8500, 500, [2]), course(13_000, 1000, [4])]);
  expect(merged[0]!.startMs).toBe(8500);
  expect(merged.at(-1)!.endMs).toBe(14_000);
  expect(merged.reduce((sum, { requests }) => sum + requests, 0)).toBe(8);
  // Who has ended stays where it was.
  expect(merged.at(-1)!.clusters.planned).toBe(3);
});

it('keeps to few points when generators ran one after the other', () => {
  const merged = mergedSeries([course(0, 1000, [5, 5]), course(86_400_000, 1000, [5, 5])]);
  expect(merged.length).toBeLessThanOrEqual(240);
  expect(merged.reduce((sum, { requests }) => sum + requests, 0)).toBe(20);
});

it('loses and doubles nothing', () => {
  const one = fc
    .tuple(
      fc.nat({ max: 50_000 }),
      fc.integer({ min: 1, max: 9000 }),
      fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 12 }),
    )
    .map(([start, length, counts]) => course(start, length, counts));
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 4 }), (all) => {
      const merged = mergedSeries(all);
      const sumOf = (points: readonly SeriesPoint[], key: 'requests' | 'refused' | 'failed') =>
        points.reduce((sum, next) => sum + next[key], 0);
      for (const key of ['requests', 'refused', 'failed'] as const) {
        expect(sumOf(merged, key)).toBe(all.reduce((sum, points) => sum + sumOf(points, key), 0));
      }
      const latencies = merged.reduce((sum, { latency }) => sum + latency.count, 0);
      expect(latencies).toBeCloseTo(sumOf(merged, 'requests'), 6);
      for (const [at, next] of merged.slice(1).entries()) expect(next.startMs).toBe(merged[at]!.endMs);
    }),
    { numRuns: 60 },
  );
});
