/** Reading: from the body of a request to an object of a kind, with neither nulls nor fields that the kind does not know. */
import { jsonType } from '../api/go-values.ts';
import { isPlainObject } from '../api/json.ts';
import { apiVersionOf, type KubeObject, type ObjectMeta } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import type { Schema } from '../api/schema.ts';
import { badRequest } from '../api/status.ts';
import { readEmbedded } from '../schema/embedded.ts';
import { decodingFault } from '../schema/go-decoding.ts';
import { readNulls } from '../schema/nulls.ts';
import { OBJECT_META_SCHEMA } from '../schema/object-meta-schema.ts';
import { prune } from '../schema/prune.ts';
import { fromBody, type Reading, type WriteOptions } from './write-options.ts';

const METADATA_ONLY: Schema = { properties: { metadata: OBJECT_META_SCHEMA } };

/**
 * Checks JSON types and the namespace, and drops unknown fields as far as the options want.
 * @param body changed in place; parts are shared with the result.
 * @throws ApiStatusError 400, or what `options.reading` refuses with
 */
export function readObject(type: ResourceType, namespace: string, body: KubeObject, options: WriteOptions): KubeObject {
  const reading = options.reading ?? fromBody(type);
  body.metadata ??= {};
  const metadata = body.metadata;
  // What is not read into Go types of its own was checked against the schema when it was applied.
  if (type.builtin || !options.managedFields) checkDecoding(type, body, reading);
  if (type.namespaced) placeInNamespace(body, namespace);
  else delete metadata.namespace;
  // The metadata of every kind is read into the same Go type.
  if (type.builtin) readNulls(body, type.schema);
  else readNulls({ metadata }, METADATA_ONLY);
  dropEmpty(metadata);
  dropUnknown(type, body, reading, options);
  // In this order clients are used to read them.
  const head = { kind: type.kind, apiVersion: apiVersionOf(type), metadata };
  return { ...head, ...body, ...head };
}

/** Objects are in the namespace of their path, whether they say so or not. @throws ApiStatusError 400 */
export function placeInNamespace({ metadata }: KubeObject, namespace: string): void {
  if (metadata.namespace && metadata.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata.namespace = namespace;
}

function dropUnknown(type: ResourceType, body: KubeObject, reading: Reading, options: WriteOptions): void {
  const unknown = prune(body, type.schema);
  if (unknown.length === 0) return;
  const list = unknown.map((path) => `unknown field "${path}"`);
  if (options.fieldValidation === 'Strict') throw reading.refuse(`strict decoding error: ${list.join(', ')}`);
  if (options.fieldValidation === 'Warn') for (const text of list) options.context.warn(text);
}

/**
 * Code of one kind relies on the shapes its schema promises, so JSON types come first, as in Go's decoding. Of custom
 * resources only the metadata is read into a Go type.
 * @throws ApiStatusError
 */
export function checkDecoding(type: ResourceType, body: KubeObject, { decoding, refuse }: Reading): void {
  let fault: string | undefined;
  if (type.builtin) fault = decodingFault(body, type.schema, decoding);
  else if (!isPlainObject(body.metadata)) {
    fault = `json: cannot unmarshal ${jsonType(body.metadata)} into Go struct field .metadata of type v1.ObjectMeta`;
  } else if (decodingFault(body.metadata, OBJECT_META_SCHEMA) !== undefined) {
    fault = decodingFault(sorted(body.metadata), OBJECT_META_SCHEMA);
  } else fault = readEmbedded(body, type.schema);
  if (fault !== undefined) throw refuse(fault);
}

/** Metadata of custom resources is read from a map, whose keys Go writes in order. */
function sorted(metadata: ObjectMeta): ObjectMeta {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Go reads null as absent and writes no empty collections; an empty managedFields has a meaning of its own. */
function dropEmpty(metadata: ObjectMeta): void {
  for (const key of Object.keys(metadata)) {
    const value = metadata[key];
    if (value === null) delete metadata[key];
    else if (typeof value === 'object' && key !== 'managedFields' && Object.keys(value).length === 0)
      delete metadata[key];
  }
}
