import fc from 'fast-check';
import { expect, it } from 'vitest';
import { goDurationMs } from './go-duration.ts';

it.each([
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1500],
  ['.5m', 30_000],
  ['-2ms', -2],
  ['250us', 0.25],
  ['0', 0],
  ['+0', 0],
])('reads %s', (text, ms) => {
  expect(goDurationMs(text)).toBeCloseTo(ms, 9);
});

it.each(['', '10', '1d', '5 m', 'm', '1h-30m', '1.s.', 'ten minutes', '0x1s'])('refuses %j', (text) => {
  expect(goDurationMs(text)).toBeNull();
});

it('reads what Go prints of whole seconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (seconds) => {
      const text = `${Math.floor(seconds / 3600)}h${Math.floor(seconds / 60) % 60}m${seconds % 60}s`;
      expect(goDurationMs(text)).toBe(seconds * 1000);
    }),
  );
});
