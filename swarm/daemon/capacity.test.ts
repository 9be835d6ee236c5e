/** The search for a capacity, with runs that only say how they ended. */
import { describe, expect, it } from 'vitest';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { renderCapacity } from '../report/capacity.ts';
import { createStyle } from '../report/style.ts';
import type { RunSummary } from '../report/summary.ts';
import { findCapacity } from './capacity.ts';

const PLAN = expandPlan(parsePlan({ clusters: [{ topology: 'sno', just_infraenv: true, amount: 400 }] }, 'plan'));

/** @param left objects that a trial of so many hosts leaves behind */
function search(holds: number, left: (hosts: number) => number = () => 0, interruptedAt = Infinity) {
  const levels: number[] = [];
  const lines: string[] = [];
  const found = findCapacity({
    ...{ plan: PLAN, unit: null, from: 50, to: null, times: { rampSeconds: 60, holdSeconds: 60 }, precision: 0.1 },
    tell: (line) => lines.push(line),
    run: async ({ hostCount, lostSeconds }) => {
      expect(lostSeconds).toBe(30);
      levels.push(hostCount);
      const passed = hostCount <= holds;
      const verdict = levels.length > interruptedAt ? 'interrupted' : passed ? 'passed' : 'failed';
      const summary = {
        ...{ run: `run-${levels.length}`, verdict, reasons: passed ? [] : ['too slow'], thresholds: [] },
        leftBehind: Array.from({ length: left(hostCount) }, (_, n) => ({ name: `x-${n}` })),
      };
      return { summary: summary as unknown as RunSummary, directory: null };
    },
  });
  return { found, levels, lines };
}

describe('the search for a capacity', () => {
  it('doubles, halves and confirms', async () => {
    const { found, levels } = search(230);
    expect(await found).toMatchObject({ held: 225, failed: 237, interrupted: false, gaveUp: null });
    expect(levels).toEqual([50, 100, 200, 400, 300, 250, 225, 237, 225]);
  });

  it('ends at a service that has not recovered: later trials would say nothing of their load', async () => {
    const { found, levels, lines } = search(230, (hosts) => (hosts > 350 ? 12 : 0));
    const result = await found;
    expect(levels).toEqual([50, 100, 200, 400]);
    expect(result).toMatchObject({ held: 200, failed: 400, interrupted: false });
    expect(result.gaveUp).toMatch(
      /has not recovered from 400 hosts: it does not remove 12 .* run-4; .*swarm clean run-4/,
    );
    expect(lines.at(-1)).toBe(result.gaveUp);
    expect(renderCapacity(result, createStyle(false))).toContain('Ended early\n  the service has not recovered');
  });

  it('says what is known when it is interrupted', async () => {
    const { found } = search(230, () => 0, 5);
    expect(await found).toMatchObject({ held: 200, failed: 300, interrupted: true, gaveUp: null });
    expect(await search(10, () => 0, 1).found).toMatchObject({ held: null, failed: 50, interrupted: true });
  });
});
