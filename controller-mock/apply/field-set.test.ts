import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  difference,
  differenceBelow,
  eachPath,
  type FieldSet,
  insertPath,
  intersection,
  keyElement,
  parseFieldSet,
  shownPath,
  sortedSet,
  union,
  valueElement,
} from './field-set.ts';

const element = fc.oneof(
  fc.constantFrom('f:a', 'f:b', 'f:c', 'f:metadata', 'f:__proto__', 'f:constructor'),
  fc.string({ maxLength: 5 }).map((name) => `f:${name}`),
  fc.oneof(fc.string({ maxLength: 3 }), fc.integer(), fc.boolean()).map(valueElement),
  fc.tuple(fc.integer({ min: 0, max: 99 }), fc.constantFrom('TCP', 'UDP')).map(([port, protocol]) =>
    keyElement([
      ['containerPort', port],
      ['protocol', protocol],
    ]),
  ),
);
const path = fc.array(element, { minLength: 1, maxLength: 4 });
const paths = fc.array(path, { maxLength: 12 });

function setOf(list: readonly (readonly string[])[]): FieldSet {
  const set: FieldSet = {};
  for (const entry of list) insertPath(set, entry);
  return set;
}

function pathsOf(set: FieldSet): Set<string> {
  const found = new Set<string>();
  eachPath(set, (entry) => found.add(entry.join('\n')));
  return found;
}

const keysOf = (list: readonly (readonly string[])[]) => new Set(list.map((entry) => entry.join('\n')));

describe('field sets', () => {
  it('have exactly the paths that were inserted', () => {
    fc.assert(
      fc.property(paths, (list) => {
        expect(pathsOf(setOf(list))).toEqual(keysOf(list));
      }),
    );
  });

  it('survive being printed and parsed', () => {
    fc.assert(
      fc.property(paths, (list) => {
        const set = sortedSet(setOf(list));
        const text = JSON.stringify(set);
        expect(JSON.stringify(parseFieldSet(JSON.parse(text)))).toBe(text);
      }),
    );
  });

  it('are joined, cut and subtracted as sets of paths are', () => {
    fc.assert(
      fc.property(paths, paths, (listA, listB) => {
        const a = setOf(listA);
        const b = setOf(listB);
        const before = JSON.stringify([a, b]);
        const [pathsA, pathsB] = [keysOf(listA), keysOf(listB)];
        expect(pathsOf(union(a, b))).toEqual(new Set([...pathsA, ...pathsB]));
        expect(pathsOf(intersection(a, b))).toEqual(new Set([...pathsA].filter((entry) => pathsB.has(entry))));
        expect(pathsOf(difference(a, b))).toEqual(new Set([...pathsA].filter((entry) => !pathsB.has(entry))));
        expect(JSON.stringify([a, b])).toBe(before);
      }),
    );
  });

  it('share what an operation leaves as it is', () => {
    fc.assert(
      fc.property(paths, paths, (listA, listB) => {
        const a = setOf(listA);
        expect(union(a, a)).toBe(a);
        expect(union(a, intersection(a, setOf(listB)))).toBe(a);
        const rest = difference(a, setOf(listB));
        expect(difference(rest, setOf(listB))).toBe(rest);
      }),
    );
  });

  it('lose what is below a member with a recursive difference', () => {
    const set = setOf([['f:a'], ['f:a', 'f:b'], ['f:a', 'f:b', 'f:c'], ['f:d']]);
    expect(differenceBelow(set, setOf([['f:a', 'f:b']]))).toEqual({ 'f:a': {}, 'f:d': {} });
    expect(differenceBelow(set, setOf([['f:a']]))).toEqual({ 'f:d': {} });
  });

  it('are written in the order of the API server', () => {
    const set = setOf([
      ['f:ports', keyElement([['port', 10]])],
      ['f:ports', keyElement([['port', 9]])],
      ['f:ports'],
      ['f:b'],
      ['f:a', 'v:2'],
      ['f:a', 'v:"x"'],
      ['f:a', 'v:10'],
      ['f:a', 'f:z'],
    ]);
    expect(JSON.stringify(sortedSet(set))).toBe(
      '{"f:a":{"f:z":{},"v:2":{},"v:10":{},"v:\\"x\\"":{}},"f:b":{},' +
        '"f:ports":{".":{},"k:{\\"port\\":9}":{},"k:{\\"port\\":10}":{}}}',
    );
  });

  it('are parsed whatever the spelling of keys, without elements of unknown kinds', () => {
    expect(parseFieldSet({ 'f:p': { 'k:{"b": 1, "a":"x"}': {}, 'q:later': {} } })).toEqual({
      'f:p': { 'k:{"a":"x","b":1}': {} },
    });
  });

  it.each([
    ['x'],
    [{ f: {} }],
    [{ 'f:a': 1 }],
    [{ 'k:[1]': {} }],
    [{ 'k:{': {} }],
    [{ 'v:': {} }],
    [{ 'i:x': {} }],
    [[]],
    [null],
  ])('refuse %j', (fields) => expect(parseFieldSet(fields)).toBeUndefined());

  it('show a path as conflicts do', () => {
    expect(shownPath(['f:spec', 'f:ports', 'k:{"containerPort":80,"protocol":"TCP"}', 'f:name'])).toBe(
      '.spec.ports[containerPort=80,protocol="TCP"].name',
    );
    expect(shownPath(['f:metadata', 'f:finalizers', 'v:"a/b"'])).toBe('.metadata.finalizers[="a/b"]');
  });
});
