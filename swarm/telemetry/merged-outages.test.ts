import { expect, it } from 'vitest';
import { mergedOutages } from './merged-outages.ts';

const outage = (startMs: number, endMs: number, failed = 1, waiting = 0) => ({ startMs, endMs, failed, waiting });

it('keeps the outages of one generator as they are', () => {
  const outages = [outage(1000, 5000, 3, 2), outage(9000, 9500)];
  expect(mergedOutages([{ outages, answered: [0, 1000, 5000, 9000] }])).toEqual(outages);
});

it('takes that which all saw for one, from the last good answer to the next', () => {
  const merged = mergedOutages([
    { outages: [outage(1000, 9000, 5, 4)], answered: [0, 1000, 9000, 20_000] },
    { outages: [outage(2000, 8000, 7, 1)], answered: [0, 2000, 8000, 20_000] },
  ]);
  expect(merged).toEqual([outage(2000, 8000, 12, 5)]);
});

it('knows none of the service where others had good answers all the time', () => {
  const merged = mergedOutages([
    { outages: [outage(1000, 60_000, 5)], answered: [0, 1000] },
    { outages: [], answered: [0, 90_000] },
  ]);
  expect(merged).toEqual([]);
});

it('takes the word of those who asked: who asked nothing has no good answer and no failure', () => {
  const merged = mergedOutages([
    { outages: [outage(1000, 60_000, 5)], answered: [0, 1000] },
    { outages: [], answered: [0, 2000, 70_000, 90_000] },
  ]);
  expect(merged).toEqual([outage(2000, 60_000, 5)]);
});

it('cuts an outage where somebody had an answer, and counts its failures once', () => {
  const merged = mergedOutages([
    { outages: [outage(1000, 60_000, 5, 2)], answered: [0, 1000] },
    { outages: [outage(30_000, 40_000, 2)], answered: [10_000, 12_000, 28_000, 29_000, 41_000, 90_000] },
  ]);
  expect(merged.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
    [1000, 10_000],
    [12_000, 28_000],
    [29_000, 41_000],
  ]);
  expect(merged.reduce((sum, { failed }) => sum + failed, 0)).toBe(7);
});
