/** Schemas as definitions may have them, before they are known to be structural. */
import type { Schema } from '../../api/schema.ts';

/** What the Go type JSONSchemaProps has beside {@link Schema}: all of it is refused. */
export interface JsonSchema extends Schema {
  id?: string;
  $schema?: string;
  $ref?: string;
  patternProperties?: Record<string, JsonSchema>;
  dependencies?: Record<string, unknown>;
  definitions?: Record<string, JsonSchema>;
  additionalItems?: JsonSchema | boolean;
}

/** Schemas of a record, each with the path that a cause about it names. */
export const keyed = (record: Record<string, JsonSchema> | undefined, path: string): [JsonSchema, string, string][] =>
  Object.entries(record ?? {}).map(([key, schema]) => [schema, `${path}[${key}]`, key]);

/** The same for a list. */
export const indexed = (list: readonly JsonSchema[] | undefined, path: string): [JsonSchema, string][] =>
  (list ?? []).map((schema, index) => [schema, `${path}[${index}]`]);

/** `additionalProperties` where it is a schema. */
export const elementSchema = ({ additionalProperties }: JsonSchema): JsonSchema | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;

/** `items` where it is one schema, which it must be. */
export const itemSchema = ({ items }: JsonSchema): JsonSchema | undefined =>
  items === undefined || Array.isArray(items) ? undefined : items;

/** Whether a schema has a default anywhere. */
export function anyDefaults(schema: JsonSchema): boolean {
  const { items, properties = {}, allOf = [], anyOf = [], oneOf = [], not } = schema;
  if (schema.default !== undefined && schema.default !== null) return true;
  const below = [items, elementSchema(schema), not, ...Object.values(properties), ...allOf, ...anyOf, ...oneOf];
  return below.some((part) => part !== undefined && anyDefaults(part));
}
