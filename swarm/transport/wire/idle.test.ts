import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IdleConnections, type Waiting } from './idle.ts';

const TIMEOUT_MS = 100;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const step = fc.oneof(
  fc.record({ act: fc.constantFrom('toggle' as const), which: fc.nat(7) }),
  fc.record({ act: fc.constantFrom('remove' as const), which: fc.nat(7) }),
  fc.record({ act: fc.constantFrom('pass' as const), which: fc.integer({ min: 0, max: 150 }) }),
);

it('retires what has waited its time, in order, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const retired: number[] = [];
      const idle = new IdleConnections(TIMEOUT_MS);
      const connections = Array.from(
        { length: 8 },
        (_, number): Waiting => ({ idleSince: 0, before: null, after: null, retire: () => retired.push(number) }),
      );
      // The same in the simplest way: number → when its time is over, in the order of their beginning.
      const waiting = new Map<number, number>();
      const expected: number[] = [];
      let now = 0;
      for (const { act, which } of steps) {
        if (act === 'pass') {
          now += which;
          vi.advanceTimersByTime(which);
          for (const [number, over] of waiting) {
            if (over > now) continue;
            expected.push(number);
            waiting.delete(number);
          }
        } else if (act === 'toggle' && !waiting.has(which)) {
          idle.add(connections[which]!);
          waiting.set(which, now + TIMEOUT_MS);
        } else {
          idle.remove(connections[which]!);
          waiting.delete(which);
        }
        expect(retired).toEqual(expected);
      }
      vi.advanceTimersByTime(TIMEOUT_MS);
      expect(retired).toEqual([...expected, ...waiting.keys()]);
    }),
  );
});
