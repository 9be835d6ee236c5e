/**
 * Fills in the `default`s of a structural schema: kubernetes/apiextensions-apiserver,
 * pkg/apiserver/schema/defaulting/algorithm.go Default.
 */
import { cloneJson } from '../api/json.ts';
import type { Schema } from '../api/schema.ts';
import { anywhereBelow } from './subtree.ts';
import { type Holder, SchemaVisitor } from './visitor.ts';

const hasDefaults = anywhereBelow((schema) => schema.default !== undefined);

/**
 * Sets missing fields that have a default in place. A null where null is not allowed counts as missing, also as an item
 * of a list.
 */
export function applyDefaults(value: unknown, schema: Schema): void {
  defaulter.start(value, schema);
}

class Defaulter extends SchemaVisitor {
  protected override descend(value: unknown, schema: Schema): void {
    if (typeof value === 'object' && value !== null && hasDefaults(schema)) super.descend(value, schema);
  }

  protected override fields(object: Holder, schema: Schema): void {
    const { properties } = schema;
    if (properties) {
      for (const key of Object.keys(properties)) {
        const { default: value } = properties[key]!;
        if (value !== undefined && (!Object.hasOwn(object, key) || object[key] === undefined)) {
          object[key] = cloneJson(value);
        }
      }
    }
    super.fields(object, schema);
  }

  protected override entry(holder: Holder, key: string | number, schema: Schema): void {
    if (holder[key] === null && schema.default !== undefined && schema.nullable !== true) {
      holder[key] = cloneJson(schema.default);
    }
    this.descend(holder[key], schema);
  }
}

const defaulter = new Defaulter();
