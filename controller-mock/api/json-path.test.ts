import { describe, expect, it } from 'vitest';
import { humanDuration } from './human-duration.ts';
import { parseJsonPath } from './json-path.ts';

const object = {
  spec: {
    size: 3,
    list: [
      { name: 'a', on: true },
      { name: 'b', on: false },
    ],
    'odd.name': 'o',
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Failed', status: 'False' },
    ],
  },
};

describe('parseJsonPath', () => {
  it.each([
    ['.spec.size', [3]],
    ['$.spec.size', [3]],
    ['{.spec.size}', [3]],
    ['.spec.none', []],
    ['.spec.size.none', []],
    ['.spec.odd\\.name', ['o']],
    [".spec['odd.name']", ['o']],
    ['.spec.list[0].name', ['a']],
    ['.spec.list[-1].name', ['b']],
    ['.spec.list[*].name', ['a', 'b']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type=='Failed')].status", ['False']],
    ['.status.conditions[?(@.type!="Ready")].type', ['Failed']],
    ['.spec.list[?(@.on==true)].name', ['a']],
    ['.spec.list[?(@.name)].name', ['a', 'b']],
  ])('%s', (path, expected) => {
    expect(parseJsonPath(path)?.(object)).toEqual(expected);
  });

  it.each(['', 'spec', '.', '.a[', '.a[b c]', '$'])('cannot read %j', (path) => {
    expect(parseJsonPath(path)).toBeUndefined();
  });
});

describe('humanDuration', () => {
  it.each([
    [-5, '<invalid>'],
    [-1, '0s'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [192, '3m12s'],
    [600, '10m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 300, '3h5m'],
    [8 * 3600 + 300, '8h'],
    [52 * 3600, '2d4h'],
    [9 * 86_400, '9d'],
    [800 * 86_400, '2y70d'],
    [9 * 365 * 86_400, '9y'],
  ])('%i seconds are %s', (seconds, text) => {
    expect(humanDuration(seconds * 1000)).toBe(text);
  });
});
