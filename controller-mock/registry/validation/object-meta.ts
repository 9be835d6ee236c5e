/** Rules for the metadata of every kind (kubernetes/apimachinery, pkg/api/validation/objectmeta.go). */
import { causeForbidden, causeInvalid, causeTooLong, type StatusCause } from '../../api/causes.ts';
import type { RequestContext } from '../../api/cluster-access.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import { annotationFaults, labelFaults, labelKeyFaults } from '../../api/names.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../../api/object.ts';

/** Finalizers of Kubernetes itself; all others are to have a domain and a path. */
const STANDARD_FINALIZERS = new Set(['foregroundDeletion', 'kubernetes', 'orphan']);

/** What of metadata is checked. */
type Metadata = Pick<
  ObjectMeta,
  'labels' | 'annotations' | 'finalizers' | 'ownerReferences' | 'managedFields' | 'generation'
>;

/**
 * Faults of all but the name; JSON types have been checked before.
 * @param standardFinalizers whether finalizers without a domain must be those of Kubernetes (pkg/apis/core/validation/validation.go
 *   validateKubeFinalizerName)
 * @param path of the metadata
 */
export function metadataFaults(metadata: Metadata, standardFinalizers: boolean, path = 'metadata'): StatusCause[] {
  const causes: StatusCause[] = [];
  const { generation = 0 } = metadata;
  if (generation < 0) causes.push(causeInvalid(`${path}.generation`, generation, 'must be greater than or equal to 0'));
  if (metadata.labels) causes.push(...labelFaults(metadata.labels, `${path}.labels`));
  if (metadata.annotations) causes.push(...annotationFaults(metadata.annotations, `${path}.annotations`));
  if (metadata.ownerReferences) causes.push(...ownerFaults(metadata.ownerReferences, `${path}.ownerReferences`));
  if (metadata.finalizers)
    causes.push(...finalizerFaults(metadata.finalizers, `${path}.finalizers`, standardFinalizers));
  if (metadata.managedFields) causes.push(...managerFaults(metadata.managedFields, `${path}.managedFields`));
  return causes;
}

function ownerFaults(owners: readonly OwnerReference[], path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  let first = '';
  for (const owner of owners) {
    const { apiVersion = '', kind = '', name = '', uid = '', controller } = owner;
    const version = apiVersion.split('/').length > 2 ? '' : apiVersion.slice(apiVersion.indexOf('/') + 1);
    if (version === '') causes.push(causeInvalid(`${path}.apiVersion`, apiVersion, 'version must not be empty'));
    if (kind === '') causes.push(causeInvalid(`${path}.kind`, kind, 'kind must not be empty'));
    if (name === '') causes.push(causeInvalid(`${path}.name`, name, 'name must not be empty'));
    if (uid === '') causes.push(causeInvalid(`${path}.uid`, uid, 'uid must not be empty'));
    if (apiVersion === 'v1' && kind === 'Event') {
      causes.push(causeInvalid(path, ownerLiteral(owner), '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (!controller) continue;
    if (first === '') first = `${kind}/${name}`;
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${kind}/${name}`;
      const list = owners.map((entry) => ownerLiteral(entry).text).join(', ');
      causes.push(causeInvalid(path, new GoLiteral(`[]v1.OwnerReference{${list}}`), detail));
    }
  }
  return causes;
}

function ownerLiteral({ apiVersion, kind, name, uid, controller, blockOwnerDeletion }: OwnerReference): GoLiteral {
  // Go shows where a value is, not what it is.
  const pointer = (value: boolean | undefined) => (value === undefined ? '(*bool)(nil)' : '(*bool)(0xc000000000)');
  const texts = { APIVersion: apiVersion, Kind: kind, Name: name, UID: uid };
  const fields = Object.entries(texts).map(([key, text = '']) => `${key}:${JSON.stringify(text)}`);
  fields.push(`Controller:${pointer(controller)}`, `BlockOwnerDeletion:${pointer(blockOwnerDeletion)}`);
  return new GoLiteral(`v1.OwnerReference{${fields.join(', ')}}`);
}

function finalizerFaults(finalizers: readonly string[], path: string, standard: boolean): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const name of finalizers) {
    for (const fault of labelKeyFaults(name)) causes.push(causeInvalid(path, name, fault));
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const detail = 'finalizer orphan and foregroundDeletion cannot be both set';
    causes.push(causeInvalid(path, stringsLiteral(finalizers), detail));
  }
  if (!standard) return causes;
  for (const [index, name] of finalizers.entries()) {
    if (name.includes('/') || STANDARD_FINALIZERS.has(name)) continue;
    const detail = 'name is neither a standard finalizer name nor is it fully qualified';
    causes.push(causeInvalid(`${path}[${index}]`, name, detail));
  }
  return causes;
}

/** Longest names of managers and of subresources in managedFields (FieldManagerMaxLength, MaxSubresourceNameLength). */
const MANAGER_LIMIT = 128;
const SUBRESOURCE_LIMIT = 256;

/** pkg/apis/meta/v1/validation/validation.go ValidateManagedFields */
function managerFaults(entries: readonly ManagedFieldsEntry[], path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const [index, { manager, subresource }] of entries.entries()) {
    if (manager.length > MANAGER_LIMIT) causes.push(causeTooLong(`${path}[${index}].manager`, MANAGER_LIMIT));
    if ((subresource?.length ?? 0) > SUBRESOURCE_LIMIT) {
      causes.push(causeTooLong(`${path}[${index}].subresource`, SUBRESOURCE_LIMIT));
    }
  }
  return causes;
}

/**
 * Leaves each owner reference in once: kubernetes/apiserver, pkg/endpoints/handlers/rest.go dedupOwnerReferencesAndAddWarning.
 * @param patched whether the object was put together by the server: then it says so otherwise
 */
export function dropDoubledOwners(metadata: ObjectMeta, patched: boolean, context: RequestContext): void {
  const owners = metadata.ownerReferences;
  if (!owners || owners.length < 2) return;
  const kept: OwnerReference[] = [];
  const doubled: string[] = [];
  for (const owner of owners) {
    if (kept.some((other) => other.uid === owner.uid && equalJson(other, owner))) doubled.push(owner.uid);
    else kept.push(owner);
  }
  if (doubled.length === 0) return;
  metadata.ownerReferences = kept;
  const when = patched ? ' after mutating admission happens' : '';
  context.warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${doubled.join(', ')}`,
  );
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
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${stringsLiteral(added.sort()).text}`;
  return [causeForbidden('metadata.finalizers', detail)];
}
