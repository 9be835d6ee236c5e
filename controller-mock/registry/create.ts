import { randomUUID } from 'node:crypto';
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { ApiStatusError, alreadyExists } from '../api/status.ts';
import { admit } from './admission/admission.ts';
import { checkNamespaceAccepts } from './admission/namespace-lifecycle.ts';
import { setDefaults } from './defaulting.ts';
import { freeName } from './generated-name.ts';
import { managersOf } from './ownership.ts';
import { readObject } from './read-object.ts';
import { fitIntoStore } from './stored-size.ts';
import { hasStatus } from './subresources.ts';
import { dropDoubledOwners } from './validation/object-meta.ts';
import { nameFaults, validateObject } from './validation/validate-object.ts';
import type { WritableCluster } from './writable-cluster.ts';
import type { WriteOptions } from './write-options.ts';

/**
 * Stores a new object: kubernetes/apiserver, pkg/registry/generic/registry/store.go Store.Create, pkg/registry/rest/create.go BeforeCreate.
 *
 *   read → names → namespace → defaults → managedFields → code of the kind → admission → validation → store
 *
 * @param body owned by this call from now on.
 * @throws ApiStatusError 400, 403, 404, 409, 422
 */
export function createObject(
  cluster: WritableCluster,
  type: ResourceType,
  namespace: string,
  body: KubeObject,
  options: WriteOptions,
): KubeObject {
  const { context } = options;
  const { objects } = cluster;
  const object = readObject(type, namespace, body, options);
  const metadata = object.metadata;
  if (metadata.resourceVersion) {
    // Upstream's storage gives an error of its own, which has no reason.
    throw new ApiStatusError(500, '', 'resourceVersion should not be set on objects to be created');
  }
  const clientManagedFields = metadata.managedFields;
  dropServerFields(object);
  dropDoubledOwners(metadata, options.reading !== undefined, context);
  if (!options.trusted && hasStatus(type) && !type.keepsStatusAtCreation) delete object.status;
  if (!metadata.name && metadata.generateName) {
    metadata.name = freeName(objects, type, namespace, metadata.generateName);
  }
  metadata.uid = randomUUID();
  metadata.creationTimestamp = rfc3339(cluster.clock.now());
  if (type.generation) metadata.generation = 1;
  else if (!metadata.generation) delete metadata.generation;
  if (namespace !== '') checkNamespaceAccepts(cluster, type, namespace, metadata.name ?? '');
  setDefaults(type, object, options);
  if (clientManagedFields) metadata.managedFields = clientManagedFields;
  const managers = managersOf(type, undefined, object, '', options);
  type.prepareCreate?.(object, context);
  admit(cluster.admission, type, object, undefined, '', options);
  metadata.managedFields = managers;
  validateObject(type, { object, old: undefined, subresource: '' }, nameFaults(type, metadata), context);
  const name = metadata.name!;
  if (objects.collection(type).get(namespace, name)) throw alreadyExists(type, name);
  fitIntoStore(type, object);
  return context.dryRun ? object : objects.put(type, object);
}

/** What the server alone says of an object. */
function dropServerFields({ metadata }: KubeObject): void {
  delete metadata.resourceVersion;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  delete metadata.managedFields;
}
