import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Collection } from './collection.ts';
import { Store } from './store.ts';

const object = (namespace: string, name: string, value: number) => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { namespace, name },
  value,
});

const change = fc.record({
  remove: fc.boolean(),
  namespace: fc.constantFrom('a', 'b', 'b-c'),
  name: fc.constantFrom('x', 'y', 'x-y', 'z'),
  value: fc.nat(),
});

describe('Collection', () => {
  it('shows every earlier version as it was, as long as history reaches', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('', 'a', 'b'),
        (changes, capacity, namespace) => {
          let version = 100;
          const collection = new Collection(() => ++version, 100, capacity);
          const states = new Map([[100, [] as string[]]]);
          const shown = () =>
            collection
              .list(namespace)
              .map((record) => `${record.namespace}/${record.name}=${record.object.value}@${record.resourceVersion}`);
          for (const { remove, namespace: ns, name, value } of changes) {
            if (remove) collection.remove(ns, name);
            else collection.put(object(ns, name, value));
            states.set(version, shown());
          }
          for (const [at, expected] of states) {
            const found = collection.listAt(at, namespace);
            if (at < collection.forgotten) expect(found).toBeUndefined();
            else {
              expect(
                found?.map(
                  (record) => `${record.namespace}/${record.name}=${record.object.value}@${record.resourceVersion}`,
                ),
              ).toEqual(expected);
            }
          }
          expect(
            states.size - 1 - [...states.keys()].filter((at) => at > 100 && at > collection.forgotten).length,
          ).toBe(Math.max(0, states.size - 1 - capacity));
        },
      ),
    );
  });

  it('replays history into the state it leads to', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60 }),
        fc.nat(60),
        fc.integer({ min: 1, max: 7 }),
        (changes, start, batch) => {
          let version = 0;
          const collection = new Collection(() => ++version, 0, 1000);
          let from = 0;
          let state = new Map<string, unknown>();
          changes.forEach(({ remove, namespace, name, value }, index) => {
            if (index === start) {
              from = version;
              state = new Map(
                collection.list().map((record) => [`${record.namespace}/${record.name}`, record.object.value]),
              );
            }
            if (remove) collection.remove(namespace, name);
            else collection.put(object(namespace, name, value));
          });
          if (start >= changes.length) from = 0;
          if (from === 0) state = new Map();
          for (let events = collection.after(from, batch); events.length > 0; events = collection.after(from, batch)) {
            for (const { type, record, resourceVersion } of events) {
              expect(resourceVersion).toBeGreaterThan(from);
              from = resourceVersion;
              const key = `${record.namespace}/${record.name}`;
              expect(state.has(key)).toBe(type !== 'ADDED');
              if (type === 'DELETED') state.delete(key);
              else state.set(key, record.object.value);
            }
          }
          expect([...state].sort()).toEqual(
            collection
              .list()
              .map((record) => [`${record.namespace}/${record.name}`, record.object.value])
              .sort(),
          );
        },
      ),
    );
  });

  it('serialises an object once', () => {
    let version = 0;
    const record = new Collection(() => ++version, 0, 10).put(object('a', 'x', 1));
    expect(JSON.parse(record.bytes().toString())).toEqual({
      ...object('a', 'x', 1),
      metadata: { namespace: 'a', name: 'x', resourceVersion: '1' },
    });
    expect(record.bytes()).toBe(record.bytes());
  });
});

describe('Store', () => {
  it('counts one version over all collections and tells observers of each change', () => {
    const store = new Store({ historyLength: 10, firstResourceVersion: 41 });
    const seen: string[] = [];
    const stop = store.observe(({ collection, type, resourceVersion }) =>
      seen.push(`${collection} ${type} ${resourceVersion}`),
    );
    store.collection('/a').put(object('', 'x', 1));
    store.collection('g/b').put(object('', 'x', 1));
    store.collection('/a').remove('', 'x');
    stop();
    store.collection('/a').put(object('', 'x', 2));
    expect(seen).toEqual(['/a ADDED 42', 'g/b ADDED 43', '/a DELETED 44']);
    expect(store.resourceVersion).toBe(45);
  });
});
