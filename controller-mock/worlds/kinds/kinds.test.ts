/** What holds for every kind of the worlds, whatever its fields are. */
import { describe, expect, it } from 'vitest';
import { parseJsonPath } from '../../api/json-path.ts';
import type { Schema } from '../../api/schema.ts';
import { applyDefaults } from '../../schema/defaults.ts';
import { prune } from '../../schema/prune.ts';
import { validateSchema } from '../../schema/validate.ts';
import { HUB_KINDS } from '../hub.ts';
import { openshiftTypes } from '../spoke/kinds.ts';
import { resourceTypes } from './definition.ts';
import { DEV_WORKSPACE_KINDS } from './devworkspace.ts';
import { OLM_KINDS } from './olm.ts';
import { OPENSHIFT_MACHINE_KINDS } from './openshift-machines.ts';

/** Every version of every kind once. */
const types = [
  ...new Map(
    [...resourceTypes([...HUB_KINDS, ...DEV_WORKSPACE_KINDS]), ...openshiftTypes()].map((type) => [
      `${type.group}/${type.version} ${type.kind}`,
      type,
    ]),
  ),
];

interface Node {
  path: string;
  schema: Schema;
}

/** All nodes below a field, itself among them. */
function* nodesOf(schema: Schema, path: string): Generator<Node> {
  yield { path, schema };
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* nodesOf(child, `${path}.${name}`);
  if (schema.items) yield* nodesOf(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === 'object') yield* nodesOf(schema.additionalProperties, `${path}{}`);
}

describe.each(types)('%s', (_, type) => {
  const nodes = Object.entries(type.schema.properties ?? {})
    .filter(([name]) => !['apiVersion', 'kind', 'metadata'].includes(name))
    .flatMap(([name, schema]) => [...nodesOf(schema, name)]);
  /** Paths of nodes for which something does not hold. */
  const where = (wrong: (schema: Schema) => unknown) =>
    nodes.filter(({ schema }) => wrong(schema)).map(({ path }) => path);

  it('is structural', () => {
    expect(where((schema) => !schema.type && !schema['x-kubernetes-int-or-string'])).toEqual([]);
    expect(where(({ type, items }) => (type === 'array') !== (items !== undefined))).toEqual([]);
    expect(where(({ properties, additionalProperties }) => properties && additionalProperties)).toEqual([]);
    expect(where((schema) => schema['x-kubernetes-embedded-resource'] && schema.type !== 'object')).toEqual([]);
  });

  it('requires fields that there are', () => {
    expect(
      where(({ required, properties = {} }) => required?.some((name) => !Object.hasOwn(properties, name))),
    ).toEqual([]);
  });

  it('has patterns that can be used', () => {
    const usable = (pattern: string) => {
      try {
        return new RegExp(pattern) instanceof RegExp;
      } catch {
        return false;
      }
    };
    expect(where(({ pattern }) => pattern !== undefined && !usable(pattern))).toEqual([]);
  });

  it('has limits that leave something', () => {
    const crossed = (least: number | undefined, most: number | undefined) =>
      Number.isNaN(least) || Number.isNaN(most) || (least ?? 0) > (most ?? Number.POSITIVE_INFINITY);
    expect(where((schema) => crossed(schema.minLength, schema.maxLength))).toEqual([]);
    expect(where((schema) => crossed(schema.minItems, schema.maxItems))).toEqual([]);
    expect(where((schema) => crossed(schema.minimum ?? Number.NEGATIVE_INFINITY, schema.maximum))).toEqual([]);
    expect(where((schema) => schema.enum && new Set(schema.enum).size !== schema.enum.length)).toEqual([]);
  });

  it('has defaults and choices that its own schema allows', () => {
    const faults = (value: unknown, schema: Schema) => {
      const object = { value: structuredClone(value) };
      const root: Schema = { type: 'object', properties: { value: schema } };
      applyDefaults(object, root);
      return prune(object, root).length > 0 || validateSchema(object, root).length > 0;
    };
    expect(where((schema) => schema.default !== undefined && faults(schema.default, schema))).toEqual([]);
    expect(
      where(({ enum: choices, allOf: _allOf, ...schema }) => choices?.some((choice) => faults(choice, schema))),
    ).toEqual([]);
  });

  it('has lists whose items can be told apart', () => {
    expect(
      where((schema) => {
        if (schema['x-kubernetes-list-type'] !== 'map') return schema['x-kubernetes-list-map-keys'];
        const { type, properties = {}, required = [] } = schema.items ?? {};
        return (
          type !== 'object' ||
          schema['x-kubernetes-list-map-keys']!.some(
            (key) => !required.includes(key) && properties[key]?.default === undefined,
          )
        );
      }),
    ).toEqual([]);
    expect(
      where(
        ({ 'x-kubernetes-list-type': kind, items }) =>
          kind === 'set' && (items?.type === 'object' || items?.type === 'array') && !items['x-kubernetes-map-type'],
      ),
    ).toEqual([]);
  });

  it('has alternatives that name its own fields', () => {
    expect(
      where(({ oneOf = [], properties = {} }) =>
        oneOf.some(({ required = [] }) => required.some((name) => !Object.hasOwn(properties, name))),
      ),
    ).toEqual([]);
  });

  it('has rules with an expression', () => {
    expect(
      where((schema) =>
        schema['x-kubernetes-validations']?.some((rule) => !(rule as { rule?: string }).rule?.includes('self')),
      ),
    ).toEqual([]);
  });
});

it('has columns whose paths can be read', () => {
  const definitions = [...HUB_KINDS, ...DEV_WORKSPACE_KINDS, ...OPENSHIFT_MACHINE_KINDS, ...OLM_KINDS];
  const faults = definitions.flatMap(({ kind, versions }) =>
    versions.flatMap(({ columns = [] }) =>
      columns.filter(({ jsonPath }) => !parseJsonPath(jsonPath)).map(({ name }) => `${kind}: ${name}`),
    ),
  );
  expect(faults).toEqual([]);
});
