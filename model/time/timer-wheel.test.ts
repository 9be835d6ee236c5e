import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BaseClock, type Clock, type ClockTimer, ScaledClock, startClock } from './clock.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { createTimerWheel, type TimerId } from './timer-wheel.ts';
import { WheelClock } from './wheel-clock.ts';

const START = Date.UTC(2026, 0, 1);

interface Firing {
  argument: number;
  due: number;
  at: number;
}

function recorder(clock: Clock) {
  const fired: Firing[] = [];
  const callback = (argument: number, due: number) => void fired.push({ argument, due, at: clock.now() });
  return { fired, callback };
}

describe('timer wheel', () => {
  it('runs an entry at its due time with its argument', async () => {
    const clock = new ManualClock(START);
    const wheel = createTimerWheel(clock);
    const { fired, callback } = recorder(clock);
    wheel.schedule(START + 60_000, callback, 4711);
    await clock.advance(59_999);
    expect(fired).toEqual([]);
    expect(wheel.size).toBe(1);
    await clock.advance(1);
    expect(fired).toEqual([{ argument: 4711, due: START + 60_000, at: START + 60_000 }]);
    expect(wheel.size).toBe(0);
  });

  it('runs entries of equal due time in the order of scheduling, past ones first', async () => {
    const clock = new ManualClock(START);
    const wheel = createTimerWheel(clock);
    const { fired, callback } = recorder(clock);
    for (let i = 0; i < 1000; i++) wheel.schedule(START + 500, callback, i);
    wheel.schedule(START - 5, callback, -1);
    await clock.advance(500);
    expect(fired.map((firing) => firing.argument)).toEqual([-1, ...Array.from({ length: 1000 }, (_, i) => i)]);
  });

  it('does not run what a callback schedules for the past in the same turn', async () => {
    const clock = new ManualClock(START);
    const wheel = createTimerWheel(clock);
    let depth = 0;
    let deepest = 0;
    let left = 10;
    const again = () => {
      deepest = Math.max(deepest, ++depth);
      if (left-- > 0) wheel.schedule(START - 1000, again, 0);
      queueMicrotask(() => depth--);
    };
    wheel.schedule(START, again, 0);
    await clock.advance(0);
    expect(left).toBe(-1);
    expect(deepest).toBe(1);
  });

  it('lets other work run during a burst', async () => {
    const clock = new ManualClock(START);
    const wheel = createTimerWheel(clock);
    let longest = 0;
    let streak = 0;
    for (let i = 0; i < 20_000; i++) {
      wheel.schedule(
        START + 10,
        () => {
          if (streak++ === 0) setImmediate(() => (streak = 0));
          longest = Math.max(longest, streak);
        },
        i,
      );
    }
    await clock.advance(10);
    expect(wheel.size).toBe(0);
    expect(longest).toBeLessThan(1000);
  });

  it('ignores a cancel with the id of a former owner of the row', async () => {
    const clock = new ManualClock(START);
    const wheel = createTimerWheel(clock);
    const { fired, callback } = recorder(clock);
    const old = wheel.schedule(START + 10, callback, 1);
    expect(wheel.cancel(old)).toBe(true);
    const fresh = wheel.schedule(START + 10, callback, 2);
    expect(fresh).not.toBe(old);
    expect(wheel.cancel(old)).toBe(false);
    expect(wheel.cancel(0)).toBe(false);
    await clock.advance(10);
    expect(fired.map((firing) => firing.argument)).toEqual([2]);
    expect(wheel.cancel(fresh)).toBe(false);
  });

  it('cancels an entry that is due in the same turn', async () => {
    const clock = new ManualClock(START);
    const wheel = createTimerWheel(clock);
    const { fired, callback } = recorder(clock);
    wheel.schedule(START + 10, () => expect(wheel.cancel(victim)).toBe(true), 0);
    const victim = wheel.schedule(START + 10, callback, 1);
    wheel.schedule(START + 10, callback, 2);
    await clock.advance(10);
    expect(fired.map((firing) => firing.argument)).toEqual([2]);
    expect(wheel.size).toBe(0);
  });

  it('keeps the rest of a batch when a callback throws', () => {
    const clock = new LeapClock();
    const wheel = createTimerWheel(clock);
    const { fired, callback } = recorder(clock);
    wheel.schedule(START + 1, callback, 1);
    wheel.schedule(
      START + 1,
      () => {
        throw new Error('broken agent');
      },
      2,
    );
    wheel.schedule(START + 1, callback, 3);
    expect(() => clock.leap(1)).toThrow('broken agent');
    expect(clock.pending).toBe(1);
    clock.leap(0);
    expect(fired.map((firing) => firing.argument)).toEqual([1, 3]);
  });

  it('drops everything on close', async () => {
    const clock = new ManualClock(START);
    const wheel = createTimerWheel(clock);
    const { fired, callback } = recorder(clock);
    const id = wheel.schedule(START + 10, callback, 1);
    wheel.schedule(START + 5, () => wheel.close(), 0);
    await clock.advance(100);
    expect(fired).toEqual([]);
    expect(wheel.size).toBe(0);
    expect(wheel.cancel(id)).toBe(false);
    expect(wheel.schedule(START + 200, callback, 2)).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it('holds no timer of the clock when nothing waits', () => {
    const clock = new ManualClock(START);
    const wheel = createTimerWheel(clock);
    const ids = Array.from({ length: 100 }, (_, i) => wheel.schedule(START + i * 1000, () => {}, i));
    expect(clock.pending).toBe(1);
    for (const id of ids) wheel.cancel(id);
    expect(clock.pending).toBe(0);
  });

  it('refuses a due time that is no number', () => {
    expect(() => createTimerWheel(new ManualClock()).schedule(Number.NaN, () => {}, 0)).toThrow(RangeError);
  });

  it('holds 100,000 entries at any distance, in order even when time leaps', () => {
    const clock = new LeapClock();
    const wheel = createTimerWheel(clock);
    let last = 0;
    let fired = 0;
    let early = 0;
    let disorder = 0;
    const callback = (_argument: number, due: number) => {
      fired++;
      if (due < last) disorder++;
      if (due > clock.now()) early++;
      last = due;
    };
    // Half of them within a minute, half over 190 days: all four levels.
    for (let i = 0; i < 100_000; i++) {
      wheel.schedule(START + ((i * 7919) % 100_000) * (i % 2 === 0 ? 0.6 : 164_160), callback, i);
    }
    expect(wheel.size).toBe(100_000);
    for (const leapMs of [1, 7, 1000, 59_000, 3_600_000, 20 * 86_400_000, 80 * 86_400_000, 100 * 86_400_000]) {
      clock.leap(leapMs);
    }
    expect({ fired, early, disorder, left: wheel.size }).toEqual({ fired: 100_000, early: 0, disorder: 0, left: 0 });
  });

  it('behaves as a sorted list does', async () => {
    const moment = fc.oneof(
      fc.integer({ min: -10, max: 50 }),
      fc.integer({ min: 0, max: 3_000_000 }),
      fc.double({ min: 0, max: 5000, noNaN: true }),
    );
    const operation = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ kind: fc.constant('schedule' as const), after: moment, respawn: fc.option(moment) }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat() }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('advance' as const),
          ms: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 2_000_000 })),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
        const clock = new ManualClock(START);
        const wheel = createTimerWheel(clock);
        const fired: number[] = [];
        const expected: number[] = [];
        let model: { due: number; order: number; argument: number; respawn: number | null }[] = [];
        const ids = new Map<number, TimerId>();
        const respawns = new Map<number, number | null>();
        let order = 0;
        const fire = (argument: number) => {
          fired.push(argument);
          ids.delete(argument);
          const respawn = respawns.get(argument);
          if (respawn != null) add(argument + 1_000_000, clock.now() + Math.max(1, respawn), null);
        };
        const add = (argument: number, due: number, respawn: number | null) => {
          respawns.set(argument, respawn);
          ids.set(argument, wheel.schedule(due, fire, argument));
          model.push({ due, order: order++, argument, respawn });
        };
        for (const [index, step] of operations.entries()) {
          if (step.kind === 'schedule') {
            add(index, clock.now() + step.after, step.respawn);
          } else if (step.kind === 'cancel') {
            const waiting = [...ids.keys()];
            const argument = waiting[step.which % Math.max(1, waiting.length)];
            if (argument === undefined) continue;
            expect(wheel.cancel(ids.get(argument)!)).toBe(true);
            ids.delete(argument);
            model = model.filter((entry) => entry.argument !== argument);
          } else {
            const before = fired.length;
            const until = clock.now() + step.ms;
            const run = clock.advance(step.ms);
            await run;
            // What fired must be the model's due entries in (due, order); respawned ones joined the model on the way.
            const due = model.filter((entry) => entry.due <= until).sort((a, b) => a.due - b.due || a.order - b.order);
            expected.push(...due.map((entry) => entry.argument));
            model = model.filter((entry) => entry.due > until);
            expect(fired.slice(before)).toEqual(expected.slice(before));
          }
          expect(wheel.size).toBe(model.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never runs an entry early on a scaled clock, whatever the speed', async () => {
    const clock = new ScaledClock(startClock(100));
    const wheel = createTimerWheel(clock);
    const { fired, callback } = recorder(clock);
    const origin = clock.now();
    for (let i = 0; i < 500; i++) wheel.schedule(origin + i * 40 + 0.3, callback, i);
    await new Promise<void>((resolve) => wheel.schedule(origin + 20_001, () => resolve(), 0));
    expect(fired.map((firing) => firing.argument)).toEqual(Array.from({ length: 500 }, (_, i) => i));
    expect(fired.every((firing) => firing.at >= firing.due)).toBe(true);
    wheel.close();
  });
});

describe('wheel clock', () => {
  it('sleeps on the wheel', async () => {
    const manual = new ManualClock(START);
    const wheel = createTimerWheel(manual);
    const clock = new WheelClock(wheel);
    let done = false;
    void clock.sleep(1000).then(() => (done = true));
    expect(wheel.size).toBe(1);
    await manual.advance(999);
    expect(done).toBe(false);
    await manual.advance(1);
    expect(done).toBe(true);
    expect(clock.now()).toBe(START + 1000);
  });

  it('takes a sleep off the wheel when its signal aborts, and rejects with the reason', async () => {
    const manual = new ManualClock(START);
    const wheel = createTimerWheel(manual);
    const clock = new WheelClock(wheel);
    const abort = new AbortController();
    const sleeping = clock.sleep(1000, abort.signal);
    abort.abort(new Error('unplugged'));
    await expect(sleeping).rejects.toThrow('unplugged');
    expect(wheel.size).toBe(0);
    await expect(clock.sleep(5, abort.signal)).rejects.toThrow('unplugged');
  });

  it('gives cancellable timers that never run synchronously', async () => {
    const manual = new ManualClock(START);
    const clock = new WheelClock(createTimerWheel(manual));
    const ran: string[] = [];
    clock.setTimer(0, () => ran.push('now'));
    const timer = clock.setTimer(10, () => ran.push('later'));
    expect(ran).toEqual([]);
    timer.cancel();
    await manual.advance(20);
    expect(ran).toEqual(['now']);
  });
});

/** A clock whose timers run only after it was moved, all of them at the far end of the leap. */
class LeapClock extends BaseClock {
  readonly speed = 1;
  #now = START;
  readonly #timers = new Map<() => void, number>();

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    this.#timers.set(fn, this.#now + ms);
    return { cancel: () => this.#timers.delete(fn) };
  }

  get pending(): number {
    return this.#timers.size;
  }

  leap(ms: number): void {
    this.#now += ms;
    for (let ran = true; ran; ) {
      ran = false;
      for (const [fn, due] of [...this.#timers]) {
        if (due > this.#now) continue;
        ran = true;
        this.#timers.delete(fn);
        fn();
      }
    }
  }
}
