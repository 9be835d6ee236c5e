import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { writeImage } from './image-writer.ts';

interface Report {
  percent: number;
  at: number;
}

async function write(durationMs: number, lineMs: number, putMs: number, accept = true): Promise<Report[]> {
  const clock = new ManualClock(0);
  const reports: Report[] = [];
  let ended = -1;
  const writing = writeImage({
    clock,
    durationMs,
    lineMs,
    report: async (percent) => {
      reports.push({ percent, at: clock.now() });
      if (putMs > 0) await clock.sleep(putMs);
      return accept;
    },
    signal: new AbortController().signal,
  }).then(() => {
    ended = clock.now();
  });
  await clock.advance(durationMs + lineMs + 101 * putMs + 1);
  await writing;
  expect(ended).toBeGreaterThan(durationMs - 1);
  return reports;
}

describe('writeImage', () => {
  it('reports every fifth percent when lines are fine and answers quick', async () => {
    const reports = await write(300_000, 1_000, 0);
    expect(reports.map((report) => report.percent)).toEqual(Array.from({ length: 20 }, (_, n) => (n + 1) * 5));
    expect(reports.map((report) => report.at)).toEqual(Array.from({ length: 20 }, (_, n) => (n + 1) * 15_000));
  });

  it('reports what there is when lines are coarse', async () => {
    const reports = await write(7_000, 1_000, 0);
    expect(reports.map((report) => report.percent)).toEqual([14, 28, 42, 57, 71, 85, 100]);
  });

  it('loses lines that were printed while a report was under way', async () => {
    // A report takes 30 lines: the next chunk begins with one that is not worth a report and hides the others.
    const reports = await write(300_000, 1_000, 30_000);
    expect(reports.map((report) => report.percent)).toEqual([5, 15, 25, 36, 46, 56, 67, 77, 87, 98]);
  });

  it('reports every line again while reports are refused', async () => {
    const reports = await write(20_000, 1_000, 0, false);
    expect(reports).toHaveLength(20);
  });

  it('keeps the rule for all durations and answer times', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 60 }),
        async (seconds, lineSeconds, putSeconds) => {
          const reports = await write(seconds * 1000, lineSeconds * 1000, putSeconds * 1000);
          const percents = reports.map((report) => report.percent);
          expect(percents.length).toBeLessThanOrEqual(20);
          for (const [n, percent] of percents.entries()) {
            expect(percent).toBeLessThanOrEqual(100);
            const before = percents[n - 1] ?? 0;
            expect(percent >= before + 5 || (percent === 100 && before !== 100)).toBe(true);
            if (n > 0) expect(reports[n]!.at - reports[n - 1]!.at).toBeGreaterThan(putSeconds * 1000 - 1);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
