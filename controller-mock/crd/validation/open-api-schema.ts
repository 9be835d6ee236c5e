/**
 * What an OpenAPI schema of a definition may say: kubernetes/apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go
 * ValidateCustomResourceDefinitionOpenAPISchema.
 */
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { stringsLiteral } from '../../api/go-values.ts';
import { elementSchema, indexed, itemSchema, type JsonSchema, keyed } from './json-schema.ts';
import type { RuleScope } from './rule-scope.ts';
import { checkRules, expressionFaults } from './rules.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const RESOURCE_FIELDS: readonly string[] = ['apiVersion', 'kind', 'metadata'];

/** Where in a definition a schema is. */
interface Place {
  isRoot: boolean;
  /** Within apiVersion, kind or metadata of the object or of an embedded one. */
  inResourceMeta: boolean;
  /** Why there must be no defaults; undefined where there may be. */
  noDefaults: string | undefined;
  /** Path of what is around whose values are not found again after an update; undefined for nothing. */
  uncorrelatable: string | undefined;
  /** Undefined where expressions are not looked at. */
  scope: RuleScope | undefined;
}

/** Causes found so far: those of expressions come after all others. */
interface Found {
  readonly causes: StatusCause[];
  readonly ofExpressions: StatusCause[];
}

/** @param scope undefined for a schema that is no good for types */
export function openApiFaults(schema: JsonSchema, path: string, scope: RuleScope | undefined): StatusCause[] {
  const found: Found = { causes: [], ofExpressions: [] };
  const place = { isRoot: true, inResourceMeta: false, noDefaults: undefined, uncorrelatable: undefined, scope };
  check(schema, path, place, found);
  return [...found.causes, ...found.ofExpressions];
}

function check(schema: JsonSchema, path: string, place: Place, found: Found): void {
  const { causes } = found;
  const known = causes.length;
  checkVocabulary(schema, path, place, causes);
  if (schema.uniqueItems) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    causes.push(causeForbidden(`${path}.uniqueItems`, detail));
  }
  const below: Place = { ...place, isRoot: false, scope: undefined };
  checkProperties(schema, path, place, found);
  const parts: [JsonSchema, string][] = [
    ...(schema.not ? [[schema.not, `${path}.not`] as [JsonSchema, string]] : []),
    ...indexed(schema.allOf, `${path}.allOf`),
    ...indexed(schema.oneOf, `${path}.oneOf`),
    ...indexed(schema.anyOf, `${path}.anyOf`),
    ...keyed(schema.definitions, `${path}.definitions`).map(([part, at]) => [part, at] as [JsonSchema, string]),
    ...(Array.isArray(schema.items) ? indexed(schema.items as JsonSchema[], `${path}.items`) : []),
  ];
  for (const [part, at] of parts) check(part, at, below, found);
  const item = itemSchema(schema);
  if (item) {
    const uncorrelatable =
      schema['x-kubernetes-list-type'] === 'map' ? place.uncorrelatable : (place.uncorrelatable ?? path);
    check(item, `${path}.items`, { ...below, uncorrelatable, scope: place.scope?.below(item, 'items') }, found);
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    causes.push(causeInvalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  checkMapType(schema, path, causes);
  checkListType(schema, path, causes);
  checkListKeys(schema, path, causes);
  checkItemsOfSetsAndMaps(schema, path, causes);
  checkRules(schema, path, causes);
  if (place.scope && causes.length === known && schema['x-kubernetes-validations']?.length) {
    found.ofExpressions.push(...expressionFaults(schema, path, place.scope, place.uncorrelatable));
  }
}

function checkProperties(schema: JsonSchema, path: string, place: Place, found: Found): void {
  const { properties = {}, additionalProperties } = schema;
  const element = elementSchema(schema);
  if (additionalProperties !== undefined && additionalProperties !== true && Object.keys(properties).length > 0) {
    const detail = 'additionalProperties and properties are mutual exclusive';
    found.causes.push(causeForbidden(`${path}.additionalProperties`, detail));
  }
  if (element) {
    const reason = 'inside additionalProperties applying to object metadata';
    const noDefaults = place.inResourceMeta ? reason : place.noDefaults;
    const scope = place.scope?.below(element, 'values');
    check(element, `${path}.additionalProperties`, { ...place, isRoot: false, noDefaults, scope }, found);
  }
  for (const [child, at, key] of keyed(properties, `${path}.properties`)) {
    const isMeta = (place.isRoot || schema['x-kubernetes-embedded-resource'] === true) && RESOURCE_FIELDS.includes(key);
    const noDefaults = isMeta && place.isRoot ? `in top-level ${key}` : place.noDefaults;
    const inResourceMeta = place.inResourceMeta || isMeta;
    const scope = place.scope?.below(child, { property: key });
    check(child, at, { ...place, isRoot: false, inResourceMeta, noDefaults, scope }, found);
  }
}

/** Words of JSON schema that Kubernetes does not take. */
const UNSUPPORTED: readonly (keyof JsonSchema)[] = [
  'id',
  'additionalItems',
  'patternProperties',
  'definitions',
  'dependencies',
  '$ref',
];

function checkVocabulary(schema: JsonSchema, path: string, place: Place, causes: StatusCause[]): void {
  const { type = '' } = schema;
  if (type !== '' && !TYPES.includes(type)) causes.push(causeNotSupported(`${path}.type`, type, TYPES));
  if (schema.default !== undefined && schema.default !== null && place.noDefaults !== undefined) {
    causes.push(causeForbidden(`${path}.default`, `must not be set ${place.noDefaults}`));
  }
  for (const word of UNSUPPORTED) {
    const value = schema[word];
    const isEmpty = value === undefined || value === '' || (word !== 'dependencies' && isEmptyRecord(value));
    if (!isEmpty) causes.push(causeForbidden(`${path}.${word}`, `${word} is not supported`));
  }
  if (type === 'null') {
    causes.push(causeForbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  }
  if (Array.isArray(schema.items) && schema.items.length > 0) {
    causes.push(causeForbidden(`${path}.items`, 'items must be a schema object and not an array'));
  }
  if (place.inResourceMeta && schema['x-kubernetes-embedded-resource']) {
    causes.push(causeForbidden(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'));
  }
}

const isEmptyRecord = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

function checkMapType(schema: JsonSchema, path: string, causes: StatusCause[]): void {
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType === undefined) return;
  wrongType(schema, 'object', 'x-kubernetes-map-type', path, causes);
  if (mapType !== 'atomic' && mapType !== 'granular') {
    causes.push(causeNotSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  }
}

/** @returns whether it was wrong. */
function wrongType(schema: JsonSchema, type: string, word: string, path: string, causes: StatusCause[]): boolean {
  if (schema.type === type) return false;
  const detail = `must be ${type} if ${word} is specified`;
  causes.push(schema.type ? causeInvalid(`${path}.type`, schema.type, detail) : causeRequired(`${path}.type`, detail));
  return true;
}

const LIST_TYPES = ['atomic', 'set', 'map'];

function checkListType(schema: JsonSchema, path: string, causes: StatusCause[]): void {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === undefined) return;
  const item = itemSchema(schema);
  if (!wrongType(schema, 'array', 'x-kubernetes-list-type', path, causes) && listType === 'set' && item) {
    const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
    const itemListType = item['x-kubernetes-list-type'];
    if (item.type === 'array' && itemListType !== undefined && itemListType !== 'atomic') {
      causes.push(causeInvalid(`${path}.items.x-kubernetes-list-type`, itemListType, detail));
    }
    if (item.type === 'object' && item['x-kubernetes-map-type'] !== 'atomic') {
      causes.push(causeInvalid(`${path}.items.x-kubernetes-map-type`, itemListType, detail));
    }
  }
  if (!LIST_TYPES.includes(listType)) {
    causes.push(causeNotSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES));
  }
}

function checkListKeys(schema: JsonSchema, path: string, causes: StatusCause[]): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const keysAt = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length > 0 && listType !== 'map') {
    const at = `${path}.x-kubernetes-list-type`;
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
    causes.push(listType === undefined ? causeRequired(at, detail) : causeInvalid(at, listType, detail));
  }
  if (listType !== 'map') return;
  if (keys.length === 0) causes.push(causeRequired(keysAt, 'must not be empty if x-kubernetes-list-type is map'));
  const item = itemSchema(schema);
  if (schema.items === undefined) {
    causes.push(causeRequired(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'));
  }
  if (!item) return;
  if (item.type !== 'object') {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    causes.push(causeInvalid(`${path}.items.type`, item.type ?? '', detail));
    return;
  }
  const seen = new Set<string>();
  for (const key of keys) {
    const property = item.properties?.[key];
    if (!property) {
      causes.push(causeInvalid(keysAt, stringsLiteral(keys), 'entries must all be names of item properties'));
    } else if (property.type === 'array' || property.type === 'object') {
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      causes.push(causeInvalid(`${path}.items.properties[${key}].type`, item.type, detail));
    }
    if (seen.has(key)) causes.push(causeInvalid(keysAt, stringsLiteral(keys), 'must not contain duplicate entries'));
    seen.add(key);
  }
}

/** validateMapListKeysMapSet */
function checkItemsOfSetsAndMaps(schema: JsonSchema, path: string, causes: StatusCause[]): void {
  const listType = schema['x-kubernetes-list-type'];
  const item = itemSchema(schema);
  if (!item || (listType !== 'set' && listType !== 'map')) return;
  if (item.nullable) {
    const detail = `cannot be nullable when x-kubernetes-list-type is ${listType}`;
    causes.push(causeForbidden(`${path}.items.nullable`, detail));
  }
  if (listType !== 'map') return;
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = item.properties?.[key];
    if (!property) continue;
    const at = `${path}.items.properties[${key}]`;
    const because = 'this property is in x-kubernetes-list-map-keys, so it';
    if (!item.required?.includes(key) && (property.default === undefined || property.default === null)) {
      causes.push(causeRequired(`${at}.default`, `${because} must have a default or be a required property`));
    }
    if (property.nullable) causes.push(causeForbidden(`${at}.nullable`, `${because} cannot be nullable`));
  }
}
