import { expect, it } from 'vitest';
import { validationResult } from './results.ts';

it('keeps equal results once, and only so many different ones', () => {
  const make = (message: string) => validationResult('one', 'network', 'success', message);
  expect(make('a')).toBe(make('a'));
  expect(validationResult('one', 'network', 'failure', 'a')).toEqual({
    id: 'one',
    category: 'network',
    status: 'failure',
    message: 'a',
  });
  for (let host = 0; host < 100; host++) make(`host ${host}`);
  expect(make('host 99')).not.toBe(make('host 99'));
  expect(make('host 99')).toEqual(make('host 99'));
  expect(make('a')).toBe(make('a'));
});
