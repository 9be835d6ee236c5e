import { expect, it } from 'vitest';
import { growthOf, type Sample } from './day-of-churn.ts';

const MIB = 2 ** 20;
/** Of a process with two threads, one of which holds 20 MiB, over the wall-clock time of 18 hours at 300 times. */
function samples(mibOf: (share: number) => number): Sample[] {
  return Array.from({ length: 100 }, (_, n): Sample[] => {
    const at = 1_000_000 + n * 2182;
    const noise = (((n * 7) % 11) - 5) / 5;
    return [
      { at, pid: 7, thread: 1, bytes: 20 * MIB },
      {
        at: at + 5,
        pid: 7,
        thread: 0,
        bytes: (mibOf(n / 99) + noise) * MIB,
        rss: 200 * MIB,
        program: '/x/swarm/main.ts',
      },
    ];
  }).flat();
}

it('memory that stays where it is is flat', () => {
  const growth = growthOf(
    samples(() => 80),
    300,
  );
  expect(growth).toMatchObject({ program: 'generator', flat: true, rssMib: [200, 200] });
  expect(growth.levelMib).toBeCloseTo(100, 0);
  expect(Math.abs(growth.growthBySlope)).toBeLessThan(0.01);
});

it('memory that grows steadily is told by slope and medians', () => {
  const growth = growthOf(
    samples((share) => 80 + share * 10),
    300,
  );
  expect(growth.flat).toBe(false);
  expect(growth.slopeMibPerHour).toBeCloseTo(10 / 18, 1);
  expect(growth.growthBySlope).toBeCloseTo(0.095, 1);
  expect(growth.growthPerDay).toBeCloseTo((growth.growthBySlope * 24) / 18, 2);
});

it('memory that jumps is told by the medians though it is level before and after', () => {
  const growth = growthOf(
    samples((share) => (share > 0.6 ? 92 : 80)),
    300,
  );
  expect(growth.growthByMedians).toBeGreaterThan(0.05);
  expect(growth.flat).toBe(false);
});

it('memory that falls is no growth', () => {
  expect(
    growthOf(
      samples((share) => 90 - share * 10),
      300,
    ).flat,
  ).toBe(true);
});
