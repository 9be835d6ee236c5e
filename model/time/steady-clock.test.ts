import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SteadyClock } from './steady-clock.ts';

/** Keeps the process busy. */
function stall(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('fires timers in their order, each at its moment, and none that was cancelled', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ ms: fc.integer({ min: -5, max: 5000 }), cancelled: fc.boolean() }), { maxLength: 60 }),
      async (plans) => {
        const clock = new SteadyClock(1000);
        const start = clock.now();
        const fired: { index: number; at: number }[] = [];
        const expected = plans
          .map(({ ms, cancelled }, index) => {
            const due = clock.now() + Math.max(0, ms);
            const timer = clock.setTimer(ms, () => fired.push({ index, at: clock.now() }));
            if (cancelled) timer.cancel();
            return { index, due, cancelled };
          })
          .filter(({ cancelled }) => !cancelled)
          .sort((a, b) => a.due - b.due || a.index - b.index);
        await clock.sleep(6000 + clock.now() - start);
        expect(fired.map(({ index }) => index).sort()).toEqual(expected.map(({ index }) => index).sort());
        for (let at = 1; at < fired.length; at++) expect(fired[at]!.at).toBeGreaterThanOrEqual(fired[at - 1]!.at);
      },
    ),
    { numRuns: 30 },
  );
});

it('counts nothing of what timers do, so that a chain of waits takes what it says', async () => {
  const clock = new SteadyClock(10_000);
  const start = clock.now();
  for (let step = 0; step < 50; step++) {
    await new Promise<void>((resolve) => {
      clock.setTimer(10, () => {
        stall(2);
        resolve();
      });
    });
  }
  const chain = await new Promise<number>((resolve) => {
    let left = 500;
    let begin = 0;
    const next = () => {
      // In a timer the clock shows its moment.
      begin ||= clock.now();
      if (left === 0) resolve(clock.now() - begin);
      else clock.setTimer(12, next);
      left -= 1;
    };
    clock.setTimer(12, next);
  });
  expect(chain).toBeCloseTo(500 * 12, 6);
  expect(clock.now()).toBeGreaterThan(start);
});

it('lets no time pass a timer that has not fired', async () => {
  const clock = new SteadyClock(1000);
  let fired = false;
  clock.setTimer(5000, () => {
    fired = true;
  });
  const due = clock.now() + 5000;
  for (let look = 0; look < 20 && !fired; look++) {
    stall(5);
    expect(clock.now()).toBeLessThanOrEqual(due + 0.001);
  }
  await clock.sleep(10_000);
  expect(fired).toBe(true);
  expect(clock.now()).toBeGreaterThanOrEqual(due);
});

it('lets time pass while nothing waits, and nobody looks', async () => {
  const clock = new SteadyClock(1000);
  await clock.sleep(10);
  const before = clock.now();
  const wall = performance.now();
  stall(50);
  const passed = performance.now() - wall;
  expect(clock.now() - before).toBeGreaterThanOrEqual(passed * 1000 - 0.01);
});
