/** Rules for the metadata of every kind (kubernetes/apimachinery, pkg/api/validation/objectmeta.go). */
import { causeForbidden, causeInvalid, type StatusCause } from '../../api/causes.ts';
import { labelKeyFault, labelValueFault } from '../../api/names.ts';
import type { ObjectMeta } from '../../api/object.ts';

/** Finalizers of Kubernetes itself; all others are to have a domain and a path. */
const STANDARD_FINALIZERS = new Set(['foregroundDeletion', 'kubernetes', 'orphan']);

/** Total size of keys and values that annotations of one object may have. */
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

/** What an owner reference must have; the API server does not say which of the references it means. */
const OWNER_FIELDS = [
  ['apiVersion', 'version'],
  ['kind', 'kind'],
  ['name', 'name'],
  ['uid', 'uid'],
] as const;

/** Faults of labels, annotations, finalizers and owner references; their JSON types have been checked before. @param path of the metadata */
export function metadataFaults(
  metadata: {
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
  },
  isBuiltin: boolean,
  path = 'metadata',
): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    const keyFault = labelKeyFault(key);
    if (keyFault) causes.push(causeInvalid(`${path}.labels`, key, keyFault));
    const valueFault = labelValueFault(value);
    if (valueFault) causes.push(causeInvalid(`${path}.labels`, value, valueFault));
  }
  let size = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    const fault = labelKeyFault(key.toLowerCase());
    if (fault) causes.push(causeInvalid(`${path}.annotations`, key, fault));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > ANNOTATIONS_LIMIT_BYTES) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${ANNOTATIONS_LIMIT_BYTES} bytes`,
      field: `${path}.annotations`,
    });
  }
  for (const finalizer of metadata.finalizers ?? []) {
    const fault = labelKeyFault(finalizer);
    if (fault) causes.push(causeInvalid(`${path}.finalizers`, finalizer, fault));
  }
  if (isBuiltin) {
    for (const [index, finalizer] of (metadata.finalizers ?? []).entries()) {
      if (finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)) continue;
      const detail = 'name is neither a standard finalizer name nor is it fully qualified';
      causes.push(causeInvalid(`${path}.finalizers[${index}]`, finalizer, detail));
    }
  }
  let controllers = 0;
  for (const owner of metadata.ownerReferences ?? []) {
    for (const [key, what] of OWNER_FIELDS) {
      if (!owner[key]) causes.push(causeInvalid(`${path}.ownerReferences.${key}`, '', `${what} must not be empty`));
    }
    if (owner.controller) controllers++;
  }
  if (controllers > 1) {
    causes.push(
      causeInvalid(
        `${path}.ownerReferences`,
        metadata.ownerReferences,
        'Only one reference can have Controller set to true',
      ),
    );
  }
  return causes;
}

/**
 * What the API server warns of when a custom resource gets finalizers that could be anybody's (apiextensions-apiserver,
 * pkg/registry/customresource generateWarningsFromObj).
 */
export function finalizerWarnings(now: readonly string[] | undefined, before: readonly string[] | undefined): string[] {
  if (!now) return [];
  return now
    .filter((name) => !name.includes('/') && !STANDARD_FINALIZERS.has(name) && !before?.includes(name))
    .sort()
    .map((name) => {
      const path = name.includes('.') ? ' including a path (/)' : '';
      return `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`;
    });
}

/** An object that is being deleted gets no further finalizers (ValidateNoNewFinalizers). */
export function addedFinalizerFaults(now: ObjectMeta, before: ObjectMeta): StatusCause[] {
  if (!now.deletionTimestamp) return [];
  const added = (now.finalizers ?? []).filter((entry) => !before.finalizers?.includes(entry));
  if (added.length === 0) return [];
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  return [causeForbidden('metadata.finalizers', detail)];
}
