import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { CLUSTER_KEYS, valuesFileSchema, valuesJsonSchema } from './values-schema.ts';

const keys = Object.keys((valuesJsonSchema() as { properties: object }).properties);

it('is published as it is in use (after a change: node manifests/write-schema.ts)', () => {
  const published = JSON.parse(readFileSync(new URL('values.schema.json', import.meta.url), 'utf8'));
  expect(published).toEqual(JSON.parse(JSON.stringify(valuesJsonSchema())));
  expect(published).toMatchObject({ additionalProperties: false });
});

it('has every key explained in docs/manifests.md', () => {
  const page = readFileSync(new URL('../docs/manifests.md', import.meta.url), 'utf8');
  expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
});

it('accepts the example', () => {
  const example = parse(readFileSync(new URL('../examples/manifests-values.yaml', import.meta.url), 'utf8'));
  expect(valuesFileSchema.safeParse(example).success).toBe(true);
});

it('splits its keys into those of clusters and the others', () => {
  expect(CLUSTER_KEYS).toContain('swarm_size');
  expect(CLUSTER_KEYS).not.toContain('release_image');
});
