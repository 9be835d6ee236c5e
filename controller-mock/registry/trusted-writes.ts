/** Writes of programs of ours that keep to the form of the kind by themselves: many times cheaper than those of clients. */
import { randomUUID } from 'node:crypto';
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { RequestContext } from '../api/cluster-access.ts';
import { equalJson } from '../api/json.ts';
import type { KubeObject, ObjectMeta } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { alreadyExists } from '../api/status.ts';
import { applyDefaults } from '../schema/defaults.ts';
import { checkNamespaceAccepts } from './admission/namespace-lifecycle.ts';
import { isFinished } from './finalizers.ts';
import { freeName } from './generated-name.ts';
import { keepServerFields } from './live-fields.ts';
import type { ObjectStorage } from './object-storage.ts';
import type { WritableCluster } from './writable-cluster.ts';

/** Top-level fields of an object to replace; of its metadata the named ones. */
export interface ObjectParts {
  metadata?: ObjectMeta;
  [field: string]: unknown;
}

/**
 * Stores a new object with its defaults. Nothing is checked but its name and namespace, and nothing noted in managedFields.
 * @param body owned by this call from now on.
 * @throws ApiStatusError 403, 404, 409
 */
export function plantObject(
  cluster: WritableCluster,
  type: ResourceType,
  body: KubeObject,
  context: RequestContext,
): KubeObject {
  const { objects } = cluster;
  const { metadata } = body;
  const namespace = metadata.namespace ?? '';
  metadata.name ||= freeName(objects, type, namespace, metadata.generateName ?? '');
  metadata.uid = randomUUID();
  metadata.creationTimestamp = rfc3339(cluster.clock.now());
  if (type.generation) metadata.generation = 1;
  if (namespace !== '') checkNamespaceAccepts(cluster, type, namespace, metadata.name);
  applyDefaults(body, type.schema);
  type.setDefaults?.(body);
  type.prepareCreate?.(body, context);
  if (objects.collection(type).get(namespace, metadata.name)) throw alreadyExists(type, metadata.name);
  return objects.put(type, body);
}

/**
 * Stores a live object with some parts replaced, as they are given. Nothing is defaulted, checked or noted in managedFields.
 * @param parts top-level fields that change; of metadata the named fields alone. It must not change the live object.
 * @throws ApiStatusError 404
 */
export function amendObject(
  objects: ObjectStorage,
  type: ResourceType,
  namespace: string,
  name: string,
  parts: (live: KubeObject) => ObjectParts,
): KubeObject {
  const live = objects.live(type, namespace, name);
  const { metadata, ...rest } = parts(live);
  if (!metadata && Object.keys(rest).length === 0) return live;
  const object: KubeObject = { ...live, ...rest, metadata: { ...live.metadata, ...metadata } };
  keepServerFields(object.metadata, live.metadata);
  const { status: _status, ...desired } = rest;
  if (type.generation && Object.entries(desired).some(([field, value]) => !equalJson(value, live[field]))) {
    object.metadata.generation = (live.metadata.generation ?? 0) + 1;
  }
  return isFinished(object) ? objects.remove(type, object) : objects.put(type, object);
}
