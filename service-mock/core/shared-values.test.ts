import { expect, test } from 'vitest';
import { SharedValues, sharedText, trimmed } from './shared-values.ts';

test('an equal value is the same object as long as it is asked for, others are forgotten', () => {
  const values = new SharedValues<{ key: string }>(3);
  const make = (key: string) => ({ key });
  const often = values.get('often', make);
  const once = values.get('once', make);
  for (let index = 0; index < 10; index++) {
    expect(values.get('often', make)).toBe(often);
    values.get(`own ${index}`, make);
  }
  expect(values.get('once', make)).not.toBe(once);
  expect(values.get('once', make)).toEqual(once);
});

test('texts and lists stay what they are', () => {
  expect(sharedText('a')).toBe('a');
  expect(trimmed([1, 2])).toEqual([1, 2]);
  expect(trimmed([])).toEqual([]);
  expect(trimmed([])).toBe(trimmed([]));
});
