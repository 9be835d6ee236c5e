import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextTrial, type SearchLimits, type TriedLevel } from './capacity-search.ts';

/** Searches a service that holds so many; @returns the end and what was tried. */
function search(limits: SearchLimits, holds: (level: number, attempt: number) => boolean) {
  const tried: TriedLevel[] = [];
  for (;;) {
    const next = nextTrial(limits, tried);
    if ('end' in next) return { ...next, tried };
    expect(tried.length).toBeLessThan(100);
    const attempt = tried.filter(({ level }) => level === next.level).length;
    tried.push({ ...next, held: holds(next.level, attempt) });
  }
}

const LIMITS = { from: 100, to: 100_000, precision: 0.05 };

describe('the search', () => {
  it('doubles, halves the rest, and confirms', () => {
    const { held, failed, tried } = search(LIMITS, (level) => level <= 700);
    expect(tried.map(({ level }) => level)).toEqual([100, 200, 400, 800, 600, 700, 750, 725, 700]);
    expect([held, failed, tried.at(-1)!.confirmation]).toEqual([700, 725, true]);
  });

  it('goes below its first level when that fails', () => {
    expect(search(LIMITS, (level) => level <= 9).held).toBe(9);
    expect(search(LIMITS, () => false)).toMatchObject({ held: null, failed: 1 });
  });

  it('says that all was held', () => {
    expect(search({ ...LIMITS, to: 300 }, () => true)).toMatchObject({ held: 300, failed: null });
    expect(search({ ...LIMITS, from: 500, to: 300 }, () => true)).toMatchObject({ held: 300, failed: null });
  });

  it('believes of what held once and failed once what the third time says', () => {
    const flaky = (third: boolean) => (level: number, attempt: number) =>
      level <= 600 || (level <= 700 && (attempt === 0 || (attempt >= 2 && third)));
    const yes = search(LIMITS, flaky(true));
    expect([yes.held, yes.tried.filter(({ level }) => level === 700).map(({ held }) => held)]).toEqual([
      700,
      [true, false, true],
    ]);
    const no = search(LIMITS, flaky(false));
    expect(no.held).toBeLessThan(700);
    expect(no.held).toBeGreaterThan(560);
    expect(no.failed).toBeGreaterThan(no.held!);
  });

  it('finds any border to its precision, in few trials', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 5000 }), (border, from) => {
        const { held, tried } = search({ ...LIMITS, from }, (level) => level <= border);
        expect(held).toBeLessThanOrEqual(border);
        expect(border - held!).toBeLessThanOrEqual(Math.max(1, held! * 0.05));
        expect(tried.length).toBeLessThanOrEqual(2 + 18 + 6);
      }),
    );
  });
});
