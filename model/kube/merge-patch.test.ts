import { describe, expect, it } from 'vitest';
import { lockedMergePatch, mergePatch } from './merge-patch.ts';

describe('a merge patch', () => {
  it.each([
    ['nothing of equal objects', { a: 1, b: { c: [1] } }, { a: 1, b: { c: [1] } }, {}],
    [
      'new and changed fields',
      { a: 1, b: { c: 1, d: 2 } },
      { a: 2, b: { c: 1, d: 3, e: 4 } },
      { a: 2, b: { d: 3, e: 4 } },
    ],
    ['null for fields that are gone', { a: 1, b: { c: 1 } }, { b: {} }, { a: null, b: { c: null } }],
    ['lists as a whole', { a: [1, 2] }, { a: [1, 2, 3] }, { a: [1, 2, 3] }],
    ['an object in place of a value', { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
    ['a value in place of an object', { a: { b: 1 } }, { a: [] }, { a: [] }],
    ['null for a field that became undefined', { a: 1 }, { a: undefined }, { a: null }],
  ])('holds %s', (_, before, after, expected) => {
    expect(mergePatch(before, after)).toEqual(expected);
  });

  it('may be for one version only, and is none when nothing changed', () => {
    const before = { apiVersion: 'v1', kind: 'X', metadata: { name: 'a', resourceVersion: '7', labels: { x: 'y' } } };
    const after = { ...before, metadata: { ...before.metadata, labels: {} }, spec: { a: 1 } };
    expect(lockedMergePatch(before, after)).toEqual({
      metadata: { labels: { x: null }, resourceVersion: '7' },
      spec: { a: 1 },
    });
    expect(lockedMergePatch(before, structuredClone(before))).toBeUndefined();
  });
});
