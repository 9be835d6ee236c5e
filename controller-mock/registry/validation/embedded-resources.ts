/**
 * Objects within custom objects, such as templates: kubernetes/apiextensions-apiserver, pkg/apiserver/schema/objectmeta/validation.go
 * validateEmbeddedResource.
 */
import { causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { isPlainObject } from '../../api/json.ts';
import { nameFault } from '../../api/names.ts';
import type { ObjectMeta } from '../../api/object.ts';
import type { Schema } from '../../api/schema.ts';
import { decodingFault } from '../../schema/go-decoding.ts';
import { OBJECT_META_SCHEMA } from '../../schema/object-meta-schema.ts';
import { anywhereBelow } from '../../schema/subtree.ts';
import { type Holder, SchemaVisitor } from '../../schema/visitor.ts';
import { metadataFaults } from './object-meta.ts';

const hasEmbedded = anywhereBelow((schema) => schema['x-kubernetes-embedded-resource'] === true);

/** Faults of apiVersion, kind and metadata, wherever a schema says that an object is. */
export function embeddedFaults(object: Record<string, unknown>, schema: Schema): StatusCause[] {
  if (!hasEmbedded(schema)) return [];
  finder.causes = [];
  finder.start(object, schema);
  return finder.causes;
}

class EmbeddedFinder extends SchemaVisitor {
  causes: StatusCause[] = [];

  protected override descend(value: unknown, schema: Schema): void {
    if (hasEmbedded(schema)) super.descend(value, schema);
  }

  protected override fields(object: Holder, schema: Schema): void {
    if (schema['x-kubernetes-embedded-resource']) this.causes.push(...resourceFaults(object, this.pathText));
    super.fields(object, schema);
  }

  protected override entry(holder: Holder, key: string | number, schema: Schema): void {
    this.descend(holder[key], schema);
  }
}

const finder = new EmbeddedFinder();

function resourceFaults(object: Holder, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const key of ['apiVersion', 'kind'] as const) {
    const at = `${path}.${key}`;
    const value = object[key];
    if (value === undefined) causes.push(causeRequired(at, 'must not be empty'));
    else if (typeof value !== 'string') causes.push(causeInvalid(at, value, 'must be a string'));
    else if (value === '') causes.push(causeInvalid(at, value, 'must not be empty'));
    else {
      const fault = key === 'kind' ? kindFault(value) : versionFault(value);
      if (fault) causes.push(causeInvalid(at, value, fault));
    }
  }
  const { metadata } = object;
  if (metadata === undefined) return causes;
  const at = `${path}.metadata`;
  const fault = isPlainObject(metadata)
    ? decodingFault(metadata, OBJECT_META_SCHEMA)
    : 'json: cannot unmarshal into Go value of type v1.ObjectMeta';
  if (fault !== undefined) causes.push(causeInvalid(at, metadata, fault));
  else causes.push(...metadataFaults(metadata as ObjectMeta, false, at));
  return causes;
}

function kindFault(kind: string): string | undefined {
  const fault = nameFault(kind.toLowerCase(), 'dns-1035-label');
  return fault && `may have mixed case, but should otherwise match: ${fault}`;
}

const versionFault = (text: string) =>
  text.split('/').length > 2 ? `unexpected GroupVersion string: ${text}` : undefined;
