/**
 * Whether a schema is structural: kubernetes/apiextensions-apiserver, pkg/apiserver/schema/validation.go ValidateStructural, complete.go
 * validateStructuralCompleteness. Everything that is said about a value must have a type outside of `allOf`, `anyOf`, `oneOf` and `not`.
 */
import { causeForbidden, causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { equalJson } from '../../api/json.ts';
import { goRegexpFault } from '../../schema/go-regexp.ts';
import { elementSchema, indexed, itemSchema, type JsonSchema, keyed } from './json-schema.ts';

type Level = 'root' | 'item' | 'field';

const INT_OR_STRING: readonly JsonSchema[] = [{ type: 'integer' }, { type: 'string' }];

/** @returns causes sorted as the API server sorts them. */
export function structuralFaults(schema: JsonSchema, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  checkInvariants(schema, 'root', path, causes);
  checkCompleteness(schema, schema, path, path, causes);
  const text = ({ field, message }: StatusCause) => `${field}: ${message}`;
  return causes.sort((a, b) => (text(a) < text(b) ? -1 : 1));
}

const TYPE_MISSING: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function checkInvariants(schema: JsonSchema, level: Level, path: string, causes: StatusCause[]): void {
  const item = itemSchema(schema);
  if (schema.type === 'array' && schema.items === undefined) {
    causes.push(causeRequired(`${path}.items`, 'must be specified'));
  }
  if (item) checkInvariants(item, 'item', `${path}.items`, causes);
  for (const [child, at] of keyed(schema.properties, `${path}.properties`)) checkInvariants(child, 'field', at, causes);
  if (schema.additionalProperties !== undefined && level === 'root') {
    causes.push(causeForbidden(`${path}.additionalProperties`, 'must not be used at the root'));
  }
  const element = elementSchema(schema);
  if (element) checkInvariants(element, 'field', `${path}.additionalProperties`, causes);
  checkExtensions(schema, path, causes);
  checkValueValidation(
    schema,
    { anyOf: isIntOrString(schema.anyOf), firstAllOf: isIntOrString(schema.allOf?.[0]?.anyOf) },
    path,
    causes,
  );
  checkType(schema, level, path, causes);
  checkResourceFields(schema, level, path, causes);
}

const isIntOrString = (parts: readonly JsonSchema[] | undefined) =>
  parts?.length === 2 && equalJson(parts, INT_OR_STRING);

function checkExtensions(schema: JsonSchema, path: string, causes: StatusCause[]): void {
  if (!schema['x-kubernetes-int-or-string']) return;
  for (const key of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const) {
    if (schema[key])
      causes.push(causeInvalid(`${path}.${key}`, true, 'must be false if x-kubernetes-int-or-string is true'));
  }
}

function checkType(schema: JsonSchema, level: Level, path: string, causes: StatusCause[]): void {
  const { type = '' } = schema;
  const at = `${path}.type`;
  if (schema['x-kubernetes-embedded-resource'] && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    causes.push(type === '' ? causeRequired(at, detail) : causeInvalid(at, type, detail));
  } else if (type === '' && !schema['x-kubernetes-int-or-string'] && !schema['x-kubernetes-preserve-unknown-fields']) {
    causes.push(causeRequired(at, TYPE_MISSING[level]));
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    causes.push(causeInvalid(at, type, 'must be object at the root'));
  }
}

/** apiVersion, kind and metadata of the object itself and of embedded ones. */
function checkResourceFields(schema: JsonSchema, level: Level, path: string, causes: StatusCause[]): void {
  const { properties = {} } = schema;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  if (isEmbedded && schema.additionalProperties !== undefined) {
    causes.push(
      causeForbidden(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'),
    );
  }
  const isResource = level === 'root' || isEmbedded;
  for (const key of ['kind', 'apiVersion']) {
    const type = properties[key]?.type ?? '';
    if (isResource && properties[key] && type !== 'string') {
      causes.push(causeInvalid(`${path}.properties[${key}].type`, type, 'must be string'));
    }
  }
  const { metadata } = properties;
  if (metadata) {
    const at = `${path}.properties[metadata]`;
    if (isResource && metadata.type !== 'object') {
      causes.push(causeInvalid(`${at}.type`, metadata.type ?? '', 'must be object'));
    }
    if (level === 'root' && saysMoreThanNames(metadata)) {
      const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
      causes.push(causeForbidden(at, detail));
    }
  }
  if (isEmbedded && !schema['x-kubernetes-preserve-unknown-fields'] && Object.keys(properties).length === 0) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    causes.push(causeRequired(`${path}.properties`, detail));
  }
}

function saysMoreThanNames({ type: _type, default: _default, properties, ...rest }: JsonSchema): boolean {
  const others = Object.keys(properties ?? {}).filter((key) => key !== 'name' && key !== 'generateName');
  const unset: readonly unknown[] = [undefined, false, ''];
  return others.length > 0 || Object.values(rest).some((value) => !unset.includes(value));
}

interface Skipped {
  anyOf: boolean;
  /** Of the first part of `allOf`, its `anyOf`. */
  firstAllOf: boolean;
}

const NOTHING_SKIPPED: Skipped = { anyOf: false, firstAllOf: false };

function checkValueValidation(schema: JsonSchema, skip: Skipped, path: string, causes: StatusCause[]): void {
  if (!skip.anyOf)
    for (const [part, at] of indexed(schema.anyOf, `${path}.anyOf`)) checkNested(part, NOTHING_SKIPPED, at, causes);
  for (const [index, [part, at]] of indexed(schema.allOf, `${path}.allOf`).entries()) {
    checkNested(part, { anyOf: skip.firstAllOf && index === 0, firstAllOf: false }, at, causes);
  }
  for (const [part, at] of indexed(schema.oneOf, `${path}.oneOf`)) checkNested(part, NOTHING_SKIPPED, at, causes);
  if (schema.not) checkNested(schema.not, NOTHING_SKIPPED, `${path}.not`, causes);
  const fault = schema.pattern ? goRegexpFault(schema.pattern) : undefined;
  if (fault !== undefined) {
    const detail = `must be a valid regular expression, but isn't: ${fault}`;
    causes.push(causeInvalid(`${path}.pattern`, schema.pattern, detail));
  }
}

/** What parts of `allOf` and the like must not say, and how it is put. */
const NOT_NESTED: readonly (readonly [keyof JsonSchema, string])[] = [
  ['type', 'must be empty to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['default', 'must be undefined to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['nullable', 'must be false to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
  ['x-kubernetes-validations', 'must be empty to be structural'],
];

function checkNested(schema: JsonSchema, skip: Skipped, path: string, causes: StatusCause[]): void {
  checkValueValidation(schema, skip, path, causes);
  const item = itemSchema(schema);
  if (item) checkNested(item, NOTHING_SKIPPED, `${path}.items`, causes);
  for (const [child, at] of keyed(schema.properties, `${path}.properties`))
    checkNested(child, NOTHING_SKIPPED, at, causes);
  for (const [key, detail] of NOT_NESTED) {
    const value = schema[key];
    const isUnset =
      value === undefined || value === '' || value === null || (Array.isArray(value) && value.length === 0);
    if (!isUnset && (value !== false || key === 'additionalProperties' || key === 'default')) {
      causes.push(causeForbidden(`${path}.${key}`, detail));
    }
  }
  if (schema.properties?.metadata) {
    causes.push(causeForbidden(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
  }
}

/**
 * @param said what is asked of values, at `saidAt`
 * @param known the structural schema of the same values, at `path`; undefined where there is none
 */
function checkCompleteness(
  said: JsonSchema,
  known: JsonSchema | undefined,
  path: string,
  saidAt: string,
  causes: StatusCause[],
): void {
  const parts: [JsonSchema, string][] = [
    ...(said.not ? [[said.not, `${saidAt}.not`] as [JsonSchema, string]] : []),
    ...indexed(said.allOf, `${saidAt}.allOf`),
    ...indexed(said.anyOf, `${saidAt}.anyOf`),
    ...indexed(said.oneOf, `${saidAt}.oneOf`),
  ];
  for (const [part, at] of parts) checkNestedCompleteness(part, known, path, at, causes);
}

function checkNestedCompleteness(
  said: JsonSchema,
  known: JsonSchema | undefined,
  path: string,
  saidAt: string,
  causes: StatusCause[],
): void {
  if (!known) {
    causes.push(causeRequired(path, `because it is defined in ${saidAt}`));
    return;
  }
  checkCompleteness(said, known, path, saidAt, causes);
  const item = itemSchema(said);
  if (item) checkNestedCompleteness(item, itemSchema(known), `${path}.items`, `${saidAt}.items`, causes);
  for (const [child, at, key] of keyed(said.properties, `${saidAt}.properties`)) {
    checkNestedCompleteness(child, known.properties?.[key], `${path}.properties[${key}]`, at, causes);
  }
}
