import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { planJsonSchema } from './schema.ts';

interface SchemaNode {
  description?: string;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: unknown;
  enum?: unknown[];
}

test('the published JSON Schema is the one in use (after a change: node swarm/plan/write-schema.ts)', () => {
  const published = JSON.parse(readFileSync(new URL('plan.schema.json', import.meta.url), 'utf8'));
  expect(published).toEqual(JSON.parse(JSON.stringify(planJsonSchema())));
});

test('the JSON Schema refuses unknown keys and names what editors need', () => {
  const schema = planJsonSchema() as SchemaNode & { $schema: string };
  expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties!.platform).toMatchObject({ enum: ['none', 'baremetal'] });
  expect(schema.properties!.arrival!.description).toMatch(/at a rate/);
});

test('docs/plan.md names every key', () => {
  const page = readFileSync(new URL('../../docs/plan.md', import.meta.url), 'utf8');
  const keysOf = (node: unknown): string[] => {
    if (typeof node !== 'object' || node === null) return [];
    const own = Object.keys((node as SchemaNode).properties ?? {});
    return [...own, ...Object.values(node).flatMap(keysOf)];
  };
  const missing = [...new Set(keysOf(planJsonSchema()))].filter((key) => !new RegExp(`[\`{]${key}[\`:]`).test(page));
  expect(missing).toEqual([]);
});
