/** The one walk of a value beside its schema: checking, pruning, nulls and defaults are visitors of it. */
import type { Schema } from '../api/schema.ts';

/** How the schema of a holder comes to speak of an entry: by name, as any other value of a map, or as an item of a list. */
export type EntryKind = 'property' | 'value' | 'item';

/** An object or list, as entries are read from it and written to it. */
export type Holder = Record<string | number, unknown>;

/**
 * Visits what is below a value, depth first, in the order of the value:
 *
 *   descend(value, schema) ─┬─► items:  every item of a list    ──► entry(list, index, schema.items, 'item')
 *                           └─► fields: every key of an object ─┬─► entry(object, key, properties[key], 'property')
 *                                                               ├─► entry(object, key, additionalProperties, 'value')
 *                                                               └─► unknown(object, key, schema)
 *
 * A visitor decides in `entry` what becomes of the entry, and whether to descend into it. It may replace or delete the entry
 * that it is at, and no other. One visitor of each sort serves all values, one after the other: every write needs them all,
 * and making them anew would be most of what they allocate.
 */
export abstract class SchemaVisitor {
  /** Keys and indices from the root to the entry that is being visited. */
  protected readonly path: (string | number)[] = [];

  /** An entry that the schema of its holder describes. */
  protected abstract entry(holder: Holder, key: string | number, schema: Schema, kind: EntryKind): void;

  /** A key that the schema of its holder does not describe. */
  protected unknown(_holder: Holder, _key: string, _schema: Schema): void {}

  /** Begins at the root of a value. */
  start(value: unknown, schema: Schema): void {
    // An error may have left the last walk in the middle.
    this.path.length = 0;
    this.descend(value, schema);
  }

  /** Visits the entries of an object or list; other values have none. */
  protected descend(value: unknown, schema: Schema): void {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) this.items(value, schema);
    else this.fields(value as Holder, schema);
  }

  protected items(list: unknown[], { items }: Schema): void {
    if (!items) return;
    const { path } = this;
    const holder = list as unknown as Holder;
    const depth = path.push(0) - 1;
    for (let index = 0; index < list.length; index++) {
      path[depth] = index;
      this.entry(holder, index, items, 'item');
    }
    path.pop();
  }

  protected fields(object: Holder, schema: Schema): void {
    const { path } = this;
    const { properties, additionalProperties } = schema;
    const element = typeof additionalProperties === 'object' ? additionalProperties : undefined;
    const depth = path.push('') - 1;
    for (const key of Object.keys(object)) {
      path[depth] = key;
      if (properties && Object.hasOwn(properties, key)) this.entry(object, key, properties[key]!, 'property');
      else if (element) this.entry(object, key, element, 'value');
      else this.unknown(object, key, schema);
    }
    path.pop();
  }

  /** The path as the API server writes it, such as `spec.list[2].bar`; '' at the root. */
  protected get pathText(): string {
    let text = '';
    for (const element of this.path) {
      if (typeof element === 'number') text += `[${element}]`;
      else text = text === '' ? element : `${text}.${element}`;
    }
    return text;
  }
}
