import { expect, it } from 'vitest';
import { parseTopology } from './topology.ts';

it.each([
  ['sno', 1, 0, 0],
  ['compact', 3, 0, 0],
  ['3+2', 3, 0, 2],
  ['5+100', 5, 0, 100],
  ['2+1+0', 2, 1, 0],
  ['1+0', 1, 0, 0],
])('reads %s', (text, controlPlanes, arbiters, workers) => {
  expect(parseTopology(text)).toEqual({ controlPlanes, arbiters, workers });
});

it.each(['', '3', '0+2', '6+2', '3+2+2', '3+-1', 'toString', 'sno '])('refuses %j', (text) => {
  expect(() => parseTopology(text)).toThrow(/use sno, compact/);
});
