import { expect, test } from 'vitest';
import { ENDPOINTS } from '../../model/protocol/endpoints.ts';
import { OPERATIONS } from './operations.ts';

test('every operation is there once', () => {
  expect(new Set(OPERATIONS.map(({ id }) => id)).size).toBe(OPERATIONS.length);
  expect(new Set(OPERATIONS.map(({ method, template }) => `${method} ${template}`)).size).toBe(OPERATIONS.length);
});

test('whatever the generator calls is served', () => {
  const served = OPERATIONS.map(({ method, template }) => `${method} ${template}`);
  expect(served).toEqual(
    expect.arrayContaining(
      ENDPOINTS.filter(({ name }) => name !== 'other').map(({ method, template }) => `${method} ${template}`),
    ),
  );
});

test('no content is only answered with no content', () => {
  expect(OPERATIONS.filter(({ status, answer }) => status === 204 && answer !== 'empty')).toEqual([]);
});
