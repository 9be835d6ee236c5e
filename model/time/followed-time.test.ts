import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { FollowedTime, FollowingClock, LONGEST_STEP_MS } from './followed-time.ts';
import { SteadyClock } from './steady-clock.ts';

const SPEED = 1000;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Both ends, here in one thread. */
function pair(): { leader: SteadyClock; follower: FollowingClock; time: FollowedTime } {
  const time = new FollowedTime();
  const leader = new SteadyClock(SPEED, time);
  const follower = new FollowingClock(new FollowedTime(time.buffer), SPEED);
  closers.push(() => follower.close());
  return { leader, follower, time };
}

const wallMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a follower', () => {
  it('shows what the leader shows, and its time goes on when the leader waits for nothing', async () => {
    const { leader, follower } = pair();
    const start = follower.now();
    expect(start).toBeGreaterThan(Date.UTC(2026, 0, 1));
    await follower.sleep(20_000);
    expect(follower.now()).toBeGreaterThanOrEqual(start + 20_000);
    const now = leader.now();
    expect(follower.now()).toBe(now);
  });

  it('fires its timers in their order, none before its moment, and none that was cancelled', async () => {
    const { follower } = pair();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ ms: fc.integer({ min: -5, max: 5000 }), cancelled: fc.boolean() }), { maxLength: 60 }),
        async (plans) => {
          const fired: { index: number; due: number; at: number }[] = [];
          const kept = plans.flatMap(({ ms, cancelled }, index) => {
            const due = follower.now() + Math.max(0, ms);
            const timer = follower.setTimer(ms, () => fired.push({ index, due, at: follower.now() }));
            if (cancelled) timer.cancel();
            return cancelled ? [] : [index];
          });
          await follower.sleep(6000);
          expect(fired.map(({ index }) => index).sort()).toEqual(kept.sort());
          for (const { due, at } of fired) expect(at).toBeGreaterThanOrEqual(due);
          for (let next = 1; next < fired.length; next++) {
            expect(fired[next]!.due).toBeGreaterThanOrEqual(fired[next - 1]!.due);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('goes on by itself when told that there is no leader any more', async () => {
    const time = new FollowedTime();
    time.now = 1_000_000;
    const follower = new FollowingClock(time, SPEED);
    closers.push(() => follower.close());
    let fired = false;
    follower.setTimer(5000, () => {
      fired = true;
    });
    await wallMs(30);
    expect(fired).toBe(false);
    expect(follower.now()).toBe(1_000_000);
    follower.goOn();
    await follower.sleep(10_000);
    expect(fired).toBe(true);
  });

  it('fires nothing once it is closed', async () => {
    const { follower } = pair();
    let fired = false;
    follower.setTimer(0, () => {
      fired = true;
    });
    follower.close();
    await wallMs(20);
    expect(fired).toBe(false);
  });
});

describe('a leader', () => {
  it('lets no more time pass than its follower lives through, and a moment', async () => {
    const time = new FollowedTime();
    const leader = new SteadyClock(SPEED, time);
    const start = leader.now();
    await wallMs(60);
    expect(leader.now() - start).toBeLessThanOrEqual(LONGEST_STEP_MS * SPEED + 0.001);
    time.lived += 15;
    await wallMs(60);
    expect(leader.now() - start).toBeLessThanOrEqual((LONGEST_STEP_MS + 15) * SPEED + 0.001);
    expect(leader.now() - start).toBeGreaterThan(LONGEST_STEP_MS * SPEED);
  });

  it('makes up for nothing of what its follower lived through meanwhile', () => {
    const time = new FollowedTime();
    const leader = new SteadyClock(SPEED, time);
    const start = leader.now();
    time.lived += 1_000_000;
    const until = performance.now() + 40;
    while (performance.now() < until);
    expect(leader.now() - start).toBeLessThanOrEqual(LONGEST_STEP_MS * SPEED + 0.001);
  });
});
