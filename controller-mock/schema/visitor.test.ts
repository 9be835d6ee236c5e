import { describe, expect, it } from 'vitest';
import type { Schema } from '../api/schema.ts';
import { applyDefaults } from './defaults.ts';
import { dropNulls, readNulls } from './nulls.ts';
import { prune } from './prune.ts';
import { validateSchema } from './validate.ts';
import { type EntryKind, type Holder, SchemaVisitor } from './visitor.ts';

const LEAF: Schema = { type: 'string' };
const SCHEMA: Schema = {
  type: 'object',
  properties: {
    name: LEAF,
    list: { type: 'array', items: { type: 'object', properties: { bar: LEAF } } },
    map: { type: 'object', additionalProperties: LEAF },
  },
};

class Recorder extends SchemaVisitor {
  readonly seen: string[] = [];

  protected override entry(holder: Holder, key: string | number, schema: Schema, kind: EntryKind): void {
    this.seen.push(`${kind} ${this.pathText}`);
    this.descend(holder[key], schema);
  }

  protected override unknown(): void {
    this.seen.push(`unknown ${this.pathText}`);
  }
}

/** A schema that is made when it is first read, and cannot be. */
const BROKEN: Schema = {
  type: 'object',
  properties: {
    deep: {
      type: 'object',
      get properties(): Record<string, Schema> {
        throw new Error('cannot be made');
      },
    },
  },
};

describe('the walk of a value beside its schema', () => {
  it('visits entries depth first, in the order of the value, and says how the schema knows them', () => {
    const recorder = new Recorder();
    recorder.start({ map: { k: 'v' }, other: {}, list: [{ bar: 'x' }, { baz: 1 }], name: 'n' }, SCHEMA);
    expect(recorder.seen).toEqual([
      'property map',
      'value map.k',
      'unknown other',
      'property list',
      'item list[0]',
      'property list[0].bar',
      'item list[1]',
      'unknown list[1].baz',
      'property name',
    ]);
  });

  it('has nothing to visit in scalars, and in lists without a schema of their items', () => {
    const recorder = new Recorder();
    for (const value of [null, 'text', 1, undefined]) recorder.start(value, SCHEMA);
    recorder.start([1, { a: 2 }], { type: 'array' });
    expect(recorder.seen).toEqual([]);
  });

  it('starts at the root again after an error in the middle', () => {
    const value = () => ({ deep: { a: null } });
    for (const walk of [prune, validateSchema, readNulls, dropNulls]) {
      expect(() => walk(value(), BROKEN)).toThrow('cannot be made');
    }
    expect(prune({ list: [{ baz: 1 }] }, SCHEMA)).toEqual(['list[0].baz']);
    expect(validateSchema({ name: 1 }, SCHEMA).map(({ field }) => field)).toEqual(['name']);
  });
});

describe('its visitors', () => {
  it('drop, empty and fill in place', () => {
    const object = { name: null, list: [null, { bar: null }], map: { k: null } };
    readNulls(object, SCHEMA);
    expect(object).toEqual({ list: [{}, {}], map: { k: '' } });
    const custom = { name: null, list: [null], map: { k: null }, other: null };
    dropNulls(custom, SCHEMA);
    expect(custom).toEqual({ list: [null], map: {}, other: null });
    const defaulted = { list: [{}], map: { k: null } };
    applyDefaults(defaulted, {
      properties: {
        name: { default: 'n' },
        list: { items: { properties: { bar: { default: 'b' } } } },
        map: { additionalProperties: { default: 'm' } },
      },
    });
    expect(defaulted).toEqual({ name: 'n', list: [{ bar: 'b' }], map: { k: 'm' } });
  });
});
