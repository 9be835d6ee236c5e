import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

test.each([
  ['90s', 90],
  ['5m', 300],
  ['1h30m', 5400],
  ['250ms', 0.25],
  ['1.5h', 5400],
  ['1d', 86_400],
  ['1m500ms', 60.5],
])('%s is %d s', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(['', '5', 'm', '5 m', '-5m', '5m ', '5M', '1e3s'])('%j is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow(`"${text}" is no duration; allowed: numbers with units`);
});

test.each([
  [0, '0s'],
  [0.25, '0.25s'],
  [59.9, '59.9s'],
  [60, '1m'],
  [5400, '1h30m'],
  [3661, '1h1m1s'],
  [90_000, '1d1h'],
])('%d s reads %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
