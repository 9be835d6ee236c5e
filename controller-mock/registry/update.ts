import { cloneJson, equalJson } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import type { ResourceType, Subresource } from '../api/resource-type.ts';
import { badRequest } from '../api/status.ts';
import { admit } from './admission/admission.ts';
import { setDefaults } from './defaulting.ts';
import { isFinished } from './finalizers.ts';
import { changedServerFields, keepServerFields } from './live-fields.ts';
import { managersOf } from './ownership.ts';
import { checkUpdatePreconditions } from './preconditions.ts';
import { readObject } from './read-object.ts';
import { fitIntoStore } from './stored-size.ts';
import { hasStatus } from './subresources.ts';
import { addedFinalizerFaults, dropDoubledOwners } from './validation/object-meta.ts';
import { validateObject } from './validation/validate-object.ts';
import type { WritableCluster } from './writable-cluster.ts';
import type { WriteOptions } from './write-options.ts';

/**
 * Stores another state of a live object, or takes it away when that was all it waited for: kubernetes/apiserver,
 * pkg/registry/generic/registry/store.go Store.Update, pkg/registry/rest/update.go BeforeUpdate.
 *
 *   read → preconditions → part of the subresource → defaults → managedFields → code of the kind → admission → validation
 *     → store
 *
 * @param body a whole object, owned by this call from now on.
 * @param subresource whose part alone is taken from `body`.
 * @returns the live object itself when nothing changes.
 * @throws ApiStatusError 400, 404, 409, 422
 */
export function updateObject(
  cluster: WritableCluster,
  type: ResourceType,
  namespace: string,
  name: string,
  body: KubeObject,
  subresource: Subresource | undefined,
  options: WriteOptions,
): KubeObject {
  const { context } = options;
  const { objects } = cluster;
  const part = subresource?.name ?? '';
  const read = readObject(type, namespace, body, options);
  const live = objects.live(type, namespace, name);
  checkSentName(read, name);
  checkUpdatePreconditions(type, live, read.metadata);
  const clientManagedFields = read.metadata.managedFields;
  const object = subresource?.merge ? cloneJson(subresource.merge(live, read)) : read;
  const metadata = object.metadata;
  if (!options.trusted && !subresource && hasStatus(type)) {
    if (live.status === undefined) delete object.status;
    else object.status = cloneJson(live.status);
  }
  dropDoubledOwners(metadata, options.reading !== undefined, context);
  const changes = options.trusted ? [] : changedServerFields(metadata, live.metadata);
  keepServerFields(metadata, live.metadata);
  setDefaults(type, object, options);
  if (clientManagedFields) metadata.managedFields = clientManagedFields;
  else delete metadata.managedFields;
  const managers = managersOf(type, live, object, part, options);
  if (!subresource) type.prepareUpdate?.(object, live, context);
  admit(cluster.admission, type, object, live, part, options);
  const changed = type.generation && !equalJson(desiredState(object, type), desiredState(live, type));
  if (changed) metadata.generation = (live.metadata.generation ?? 0) + 1;
  const faults = [...addedFinalizerFaults(metadata, live.metadata), ...changes];
  metadata.managedFields = managers;
  validateObject(type, { object, old: live, subresource: part }, faults, context);
  if (sameButManagers(object, live)) return live;
  if (!isFinished(object)) fitIntoStore(type, object);
  if (context.dryRun) return object;
  return isFinished(object) ? objects.remove(type, object) : objects.put(type, object);
}

/** That an object is the one that the path names. @throws ApiStatusError 400 */
export function checkSentName(read: KubeObject, name: string): void {
  const { metadata } = read;
  if (metadata.name === name) return;
  if (metadata.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
}

/** A change of this bumps the generation. */
function desiredState(object: KubeObject, type: ResourceType): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...state } = object;
  if (hasStatus(type)) delete state.status;
  return state;
}

/** Timestamps and the order of managers alone are no change. */
function sameButManagers(object: KubeObject, live: KubeObject): boolean {
  const content = ({ metadata, ...rest }: KubeObject) => {
    const { managedFields, ...others } = metadata;
    return { ...rest, metadata: others, managers: managedFields?.map(({ time: _time, ...entry }) => entry) };
  };
  return equalJson(content(object), content(live));
}
