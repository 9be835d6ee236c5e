import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalJson, isPlainObject } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import type { Schema } from '../api/schema.ts';
import type { ApiStatusError } from '../api/status.ts';
import { OBJECT_META_SCHEMA } from '../schema/object-meta-schema.ts';
import { strategicMergePatch } from './strategic-merge.ts';

const strings: Schema = { type: 'object', additionalProperties: { type: 'string' } };

const keyedList = (key: string, properties: Record<string, Schema>, strategy = 'merge'): Schema => ({
  type: 'array',
  'x-kubernetes-patch-merge-key': key,
  'x-kubernetes-patch-strategy': strategy,
  items: { type: 'object', properties: { [key]: { type: 'string' }, ...properties } },
});

/** A pod, cut down. */
const POD: Schema = {
  type: 'object',
  properties: {
    metadata: OBJECT_META_SCHEMA,
    spec: {
      type: 'object',
      properties: {
        priority: { type: 'integer' },
        containers: keyedList('name', {
          image: { type: 'string' },
          env: keyedList('name', { value: { type: 'string' } }),
          args: { type: 'array', items: { type: 'string' } },
        }),
        volumes: keyedList('name', { emptyDir: strings, hostPath: strings }, 'merge,retainKeys'),
        strategy: {
          type: 'object',
          'x-kubernetes-patch-strategy': 'retainKeys',
          properties: { type: { type: 'string' }, rolling: strings },
        },
        whole: { type: 'object', 'x-kubernetes-patch-strategy': 'replace', additionalProperties: { type: 'string' } },
        tolerations: { type: 'array', items: { type: 'object', properties: { key: { type: 'string' } } } },
        selector: strings,
      },
    },
  },
};

const pod = (spec: Record<string, unknown>, metadata: KubeObject['metadata'] = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec,
});

const patched = (spec: Record<string, unknown>, patch: Record<string, unknown>) =>
  strategicMergePatch(pod(spec), { spec: patch }, POD).spec;

const items = (...list: string[]) => list.map((name) => ({ name }));

describe('strategicMergePatch', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>, unknown]>([
    [
      'sets, adds and deletes fields',
      { priority: 1, selector: { a: '1', b: '2' } },
      { priority: 2, selector: { a: null, c: '3' } },
      { priority: 2, selector: { b: '2', c: '3' } },
    ],
    ['drops nulls where nothing was', {}, { selector: { a: null, b: '1' }, priority: null }, { selector: { b: '1' } }],
    ['replaces what has another type', { selector: 'x' }, { selector: { a: '1' } }, { selector: { a: '1' } }],
    [
      'merges list items by key',
      { containers: [{ name: 'a', image: '1', args: ['x'] }, { name: 'b' }] },
      { containers: [{ name: 'a', image: '2' }] },
      { containers: [{ name: 'a', image: '2', args: ['x'] }, { name: 'b' }] },
    ],
    [
      'merges lists in list items',
      { containers: [{ name: 'a', env: [{ name: 'E', value: '1' }] }] },
      {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'F', value: '2' },
              { name: 'E', value: '3' },
            ],
          },
        ],
      },
      {
        containers: [
          {
            name: 'a',
            env: [
              { name: 'F', value: '2' },
              { name: 'E', value: '3' },
            ],
          },
        ],
      },
    ],
    [
      'replaces lists without strategy',
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }] },
    ],
    ['replaces maps whose strategy says so', { whole: { a: '1' } }, { whole: { b: '2' } }, { whole: { b: '2' } }],
    [
      'deletes an item',
      { containers: items('a', 'b') },
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: items('b') },
    ],
    [
      'deletes an item that is not there',
      { containers: items('a') },
      { containers: [{ name: 'z', $patch: 'delete' }] },
      { containers: items('a') },
    ],
    [
      'replaces a list',
      { containers: items('a', 'b') },
      { containers: [{ name: 'c' }, { $patch: 'replace' }] },
      { containers: items('c') },
    ],
    ['replaces a map', { selector: { a: '1' } }, { selector: { $patch: 'replace', b: '2' } }, { selector: { b: '2' } }],
    ['empties a map', { selector: { a: '1' } }, { selector: { $patch: 'delete' } }, { selector: {} }],
    ['leaves out a new map with a directive', {}, { selector: { $patch: 'delete' } }, {}],
    [
      'leaves out new items with a directive',
      {},
      { containers: [{ name: 'a', $patch: 'delete' }, { name: 'b' }] },
      { containers: items('b') },
    ],
    [
      'retains only the keys named',
      { strategy: { type: 'Rolling', rolling: { a: '1' } } },
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      { strategy: { type: 'Recreate' } },
    ],
    [
      'retains keys in list items',
      { volumes: [{ name: 'v', emptyDir: {} }] },
      { volumes: [{ name: 'v', hostPath: { path: '/' }, $retainKeys: ['name', 'hostPath'] }] },
      { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
    ],
    [
      'orders by the directive',
      { containers: items('a', 'b', 'c') },
      { '$setElementOrder/containers': items('c', 'a', 'b') },
      { containers: items('c', 'a', 'b') },
    ],
    [
      'keeps items the directive does not name beside their neighbours',
      { containers: items('a', 'x', 'b') },
      { '$setElementOrder/containers': items('b', 'a') },
      { containers: items('x', 'b', 'a') },
    ],
    [
      'orders new and old items',
      { containers: items('a', 'b') },
      { '$setElementOrder/containers': items('n', 'b'), containers: items('n') },
      { containers: items('n', 'a', 'b') },
    ],
    [
      'puts a new last item in the place of a deleted one',
      { containers: items('a', 'b') },
      { '$setElementOrder/containers': items('n'), containers: [{ name: 'b', $patch: 'delete' }, { name: 'n' }] },
      { containers: items('a', 'n') },
    ],
    ['ignores an order for a list that is not there', {}, { '$setElementOrder/containers': items('a') }, {}],
  ])('%s', (_, live, patch, expected) => expect(patched(live, patch)).toEqual(expected));

  it('merges, deletes and orders lists of scalars', () => {
    const live = pod({}, { finalizers: ['a', 'b', 'c'] });
    const finalizers = (metadata: Record<string, unknown>) =>
      strategicMergePatch(live, { metadata }, POD).metadata.finalizers;
    expect(finalizers({ finalizers: ['d', 'a'] })).toEqual(['d', 'a', 'b', 'c']);
    expect(finalizers({ '$deleteFromPrimitiveList/finalizers': ['b', 'z'] })).toEqual(['a', 'c']);
    expect(
      finalizers({
        '$setElementOrder/finalizers': ['c', 'd', 'a'],
        finalizers: ['d'],
        '$deleteFromPrimitiveList/finalizers': ['b'],
      }),
    ).toEqual(['c', 'd', 'a']);
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    [
      'an unknown directive',
      { selector: { $patch: 'nope' } },
      500,
      'unknown patch type: nope in map: map[$patch:nope]',
    ],
    [
      'an unknown directive of an item',
      { containers: [{ name: 'a', $patch: 'nope' }] },
      500,
      'unknown patch type: nope in map: map[$patch:nope name:a]',
    ],
    [
      'merge as directive of a list',
      { containers: [{ $patch: 'merge' }] },
      500,
      'merging lists cannot yet be specified in the patch',
    ],
    [
      'an item without key',
      { containers: [{ image: 'x' }] },
      500,
      'map: map[image:x] does not contain declared merge key: name',
    ],
    [
      'a deletion without key',
      { containers: [{ $patch: 'delete' }] },
      500,
      'map: map[$patch:delete] does not contain declared merge key: name',
    ],
    ['mixed items', { containers: ['a'] }, 500, 'list element types are not identical: [[map[name:a]] [a]]'],
    [
      'an order that does not name an item',
      { '$setElementOrder/containers': items('q'), containers: items('a') },
      500,
      "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:q]]\n",
    ],
    [
      'an order that is no list',
      { '$setElementOrder/containers': {} },
      500,
      'expected a []interface {}, but received a map[string]interface {}',
    ],
    ['an order of nothing', { $setElementOrder: [] }, 400, 'invalid patch format of setElementOrder list'],
    ['a deletion from nothing', { $deleteFromPrimitiveList: [] }, 400, 'invalid patch format of primitive list'],
    ['retained keys that are no list', { $retainKeys: 'a' }, 400, 'invalid patch format of retainKeys'],
    [
      'fields that are not retained',
      { $retainKeys: ['priority'], selector: {} },
      400,
      'invalid patch format of retainKeys',
    ],
  ])('refuses %s', (_, patch, code, message) => {
    let error: ApiStatusError | undefined;
    try {
      patched({ containers: items('a'), selector: { a: '1' } }, patch);
    } catch (thrown) {
      error = thrown as ApiStatusError;
    }
    expect({ code: error?.code, message: error?.message }).toEqual({ code, message });
  });

  it('refuses lists of lists', () => {
    expect(() => patched({ containers: [] }, { containers: [['a']] })).toThrow('lists of lists are not supported');
  });
});

/** A patch from one value to another, as kubectl makes it. */
function diff(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  schema: Schema | undefined,
): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    const field = schema?.properties?.[key] ?? (schema?.additionalProperties as Schema | undefined);
    if (equalJson(old, value)) continue;
    if (isPlainObject(old) && isPlainObject(value)) patch[key] = diff(old, value, field);
    else if (Array.isArray(old) && Array.isArray(value) && field?.['x-kubernetes-patch-strategy']) {
      diffList(patch, key, old, value, field);
    } else patch[key] = value;
  }
  return patch;
}

function diffList(
  patch: Record<string, unknown>,
  key: string,
  before: unknown[],
  after: unknown[],
  schema: Schema,
): void {
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  if (after.length === 0) {
    patch[key] = mergeKey ? [{ $patch: 'replace' }] : null;
    return;
  }
  if (mergeKey === undefined) {
    const added = after.filter((item) => !before.includes(item));
    const gone = before.filter((item) => !after.includes(item));
    if (added.length > 0) patch[key] = added;
    if (gone.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = gone;
    patch[`$setElementOrder/${key}`] = after;
    return;
  }
  const keyOf = (item: unknown) => (item as Record<string, unknown>)[mergeKey];
  const changes: unknown[] = [];
  for (const item of after as Record<string, unknown>[]) {
    const old = before.find((other) => keyOf(other) === keyOf(item)) as Record<string, unknown> | undefined;
    if (!old) changes.push(item);
    else if (!equalJson(old, item)) changes.push({ [mergeKey]: item[mergeKey], ...diff(old, item, schema.items) });
  }
  for (const item of before) {
    if (!after.some((other) => keyOf(other) === keyOf(item)))
      changes.push({ [mergeKey]: keyOf(item), $patch: 'delete' });
  }
  if (changes.length > 0) patch[key] = changes;
  patch[`$setElementOrder/${key}`] = after.map((item) => ({ [mergeKey]: keyOf(item) }));
}

const texts = fc.constantFrom('p', 'q', 'r');
const maps = fc.dictionary(texts, texts);
const listOf = (list: string[], rest: Record<string, fc.Arbitrary<unknown>>) =>
  fc
    .shuffledSubarray(list)
    .chain((names) =>
      fc.tuple(...names.map((name) => fc.record({ name: fc.constant(name), ...rest }, { requiredKeys: ['name'] }))),
    );
const specs = fc.record(
  {
    priority: fc.integer({ min: 0, max: 2 }),
    containers: listOf(['a', 'b', 'c', 'd'], {
      image: texts,
      args: fc.array(texts, { maxLength: 2 }),
      env: listOf(['E', 'F', 'G'], { value: texts }),
    }),
    volumes: listOf(['v', 'w'], { emptyDir: maps, hostPath: maps }),
    tolerations: fc.array(fc.record({ key: texts }), { maxLength: 2 }),
    selector: maps,
  },
  { requiredKeys: [] },
);
const pods = fc
  .tuple(
    specs,
    fc.record(
      { finalizers: fc.shuffledSubarray(['f', 'g', 'h', 'i'], { minLength: 1 }), labels: maps },
      { requiredKeys: [] },
    ),
  )
  .map(([spec, metadata]) => pod(spec, metadata as KubeObject['metadata']));

describe('strategicMergePatch, whatever the object', () => {
  it('leads to the target of a generated patch, and changes neither argument', () => {
    fc.assert(
      fc.property(pods, pods, (before, after) => {
        const patch = diff(before, after, POD);
        const texts = JSON.stringify([before, patch]);
        expect(strategicMergePatch(before, patch, POD)).toEqual(after);
        expect(JSON.stringify([before, patch])).toBe(texts);
      }),
    );
  });

  it('does nothing for an empty patch', () => {
    fc.assert(
      fc.property(pods, (live) => {
        expect(strategicMergePatch(live, {}, POD)).toEqual(live);
      }),
    );
  });

  it('answers any patch with an object or a Status', () => {
    const keys = fc.constantFrom(
      'metadata',
      'spec',
      'containers',
      'name',
      'env',
      'finalizers',
      '$patch',
      '$retainKeys',
      '$setElementOrder/containers',
      '$setElementOrder/finalizers',
      '$deleteFromPrimitiveList/finalizers',
      '$deleteFromPrimitiveList/containers',
      '$setElementOrder',
    );
    const leaves = fc.oneof(
      fc.constantFrom('a', 'replace', 'delete', 'merge', 1, null, true),
      fc.string({ maxLength: 2 }),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, leaves, fc.array(tie('value'), { maxLength: 3 }), tie('map')),
      map: fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    }));
    const patches = fc.record({ metadata: value, spec: value }, { requiredKeys: [] });
    fc.assert(
      fc.property(pods, patches, (live, patch) => {
        try {
          expect(isPlainObject(strategicMergePatch(live, patch, POD))).toBe(true);
        } catch (error) {
          expect((error as ApiStatusError).status?.kind).toBe('Status');
        }
      }),
      { numRuns: 300 },
    );
  });
});
