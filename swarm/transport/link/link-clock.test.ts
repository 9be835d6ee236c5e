import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WaitRounding, WallLinkClock } from './link-clock.ts';

describe('rounding of waits', () => {
  it('makes the sum of waits right, whatever fractions they are and however late timers are', () => {
    const waits = fc.array(fc.double({ min: 0, max: 60, noNaN: true }), { minLength: 100, maxLength: 200 });
    fc.assert(
      fc.property(waits, fc.double({ min: 0.05, max: 1.5, noNaN: true }), (wanted, late) => {
        const rounding = new WaitRounding();
        const took = (ms: number) => {
          const timer = rounding.round(ms);
          if (!Number.isInteger(timer)) throw new Error(`${timer} is no timer`);
          if (timer > 0) rounding.rang(timer, timer + late);
          return timer === 0 ? 0 : timer + late;
        };
        // Until it knows how late timers are.
        for (let i = 0; i < 500; i++) took(1.5);
        const sum = wanted.reduce((all, ms) => all + took(ms), 0);
        const mean = sum / wanted.length;
        expect(Math.abs(mean - wanted.reduce((all, ms) => all + ms, 0) / wanted.length)).toBeLessThan(0.05);
      }),
    );
  });

  it('keeps a wait of less than a millisecond right on the average', () => {
    const rounding = new WaitRounding();
    let sum = 0;
    for (let i = 0; i < 10_000; i++) {
      const timer = rounding.round(0.42);
      if (timer > 0) rounding.rang(timer, timer + 0.6);
      sum += timer === 0 ? 0 : timer + 0.6;
    }
    expect(sum / 10_000).toBeCloseTo(0.42, 2);
  });

  it('does not make good what a busy thread takes', () => {
    const rounding = new WaitRounding();
    for (let i = 0; i < 1000; i++) rounding.rang(10, 500);
    expect(rounding.round(25)).toBeGreaterThanOrEqual(23);
  });
});

describe('the wall clock of links', () => {
  it('waits, never ends a wait at once, and not when it was cancelled', async () => {
    const clock = new WallLinkClock();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      clock.wait(0, () => order.push('none'));
      clock.wait(0, () => order.push('cancelled')).cancel();
      clock.wait(5, () => order.push('cancelled too')).cancel();
      clock.wait(20, resolve);
      order.push('begun');
    });
    expect(order).toEqual(['begun', 'none']);
  });
});
