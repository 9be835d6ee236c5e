/**
 * What objects within custom objects must satisfy: kubernetes/apiextensions-apiserver, pkg/apiserver/schema/objectmeta/validation.go
 * validateEmbeddedResource.
 */
import { causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { nameFault } from '../../api/names.ts';
import type { ObjectMeta } from '../../api/object.ts';
import type { Schema } from '../../api/schema.ts';
import { EmbeddedVisitor } from '../../schema/embedded.ts';
import type { Holder } from '../../schema/visitor.ts';
import { metadataFaults } from './object-meta.ts';

/** Faults of apiVersion, kind and metadata, wherever a schema says that an object is. Their JSON types have been checked before. */
export function embeddedFaults(object: Record<string, unknown>, schema: Schema): StatusCause[] {
  finder.causes = [];
  finder.start(object, schema);
  return finder.causes;
}

class EmbeddedFinder extends EmbeddedVisitor {
  causes: StatusCause[] = [];

  protected override embedded(object: Holder): void {
    this.causes.push(...resourceFaults(object, this.pathText));
  }
}

const finder = new EmbeddedFinder();

function resourceFaults(object: Holder, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const key of ['apiVersion', 'kind'] as const) {
    const at = `${path}.${key}`;
    const value = object[key];
    if (typeof value !== 'string') causes.push(causeRequired(at, 'must not be empty'));
    else if (value === '') causes.push(causeInvalid(at, value, 'must not be empty'));
    else {
      const fault = key === 'kind' ? kindFault(value) : versionFault(value);
      if (fault) causes.push(causeInvalid(at, value, fault));
    }
  }
  if (object.metadata === undefined) return causes;
  const metadata = object.metadata as ObjectMeta;
  const at = `${path}.metadata`;
  const names = [
    ['name', metadata.name && nameFault(metadata.name, 'path-segment')],
    ['namespace', metadata.namespace && nameFault(metadata.namespace, 'dns-label')],
  ] as const;
  for (const [key, fault] of names) if (fault) causes.push(causeInvalid(`${at}.${key}`, metadata[key], fault));
  return [...causes, ...metadataFaults(metadata, false, at)];
}

function kindFault(kind: string): string | undefined {
  const fault = nameFault(kind.toLowerCase(), 'dns-1035-label');
  return fault && `may have mixed case, but should otherwise match: ${fault}`;
}

const versionFault = (text: string) =>
  text.split('/').length > 2 ? `unexpected GroupVersion string: ${text}` : undefined;
