import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { DeleteOptions } from '../api/cluster-access.ts';
import { equalJson, isPlainObject } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { checkDeletable } from './admission/namespace-lifecycle.ts';
import { finalizersFor, hasSpecFinalizers } from './finalizers.ts';
import { checkDeletionPreconditions } from './preconditions.ts';
import type { WritableCluster } from './writable-cluster.ts';

/** Outcome of a deletion: the object is gone, or it waits for finalizers or for its grace period. */
export interface Deletion {
  object: KubeObject;
  gone: boolean;
}

/**
 * Deletes an object, or begins to: kubernetes/apiserver, pkg/registry/generic/registry/store.go Store.Delete,
 * pkg/registry/rest/delete.go BeforeDelete.
 * @param dryRun decides and answers, changes nothing.
 * @throws ApiStatusError 403, 404, 409
 */
export function deleteObject(
  cluster: WritableCluster,
  type: ResourceType,
  namespace: string,
  name: string,
  options: DeleteOptions,
  dryRun: boolean,
): Deletion {
  const { objects } = cluster;
  const live = objects.live(type, namespace, name);
  checkDeletable(type, name);
  checkDeletionPreconditions(type, live, options.preconditions ?? {});
  const finalizers = finalizersFor(live, options);
  if (type.deletionFinalizer && !live.metadata.deletionTimestamp) finalizers.add(type.deletionFinalizer);
  const grace = type.gracePeriodSeconds ? Math.max(0, options.gracePeriodSeconds ?? type.gracePeriodSeconds(live)) : 0;
  if (finalizers.size === 0 && grace === 0 && !hasSpecFinalizers(live)) {
    return { object: dryRun ? live : objects.remove(type, live), gone: true };
  }
  const before = live.metadata.deletionTimestamp;
  const graceNow = before ? Math.min(grace, live.metadata.deletionGracePeriodSeconds ?? 0) : grace;
  const object = terminating(type, live, finalizers, graceNow, cluster.clock.now());
  if (dryRun || equalJson(object, live)) return { object, gone: false };
  const stored = objects.put(type, object);
  if (graceNow > 0) finishAfterGrace(cluster, type, stored, graceNow);
  return { object: stored, gone: false };
}

/** The object as it waits for its end. @param nowMs epoch milliseconds */
function terminating(
  type: ResourceType,
  live: KubeObject,
  finalizers: ReadonlySet<string>,
  graceSeconds: number,
  nowMs: number,
): KubeObject {
  const before = live.metadata.deletionTimestamp;
  const object: KubeObject = { ...live, metadata: { ...live.metadata } };
  if (finalizers.size > 0) object.metadata.finalizers = [...finalizers];
  else delete object.metadata.finalizers;
  if (!before || graceSeconds < (live.metadata.deletionGracePeriodSeconds ?? 0)) {
    object.metadata.deletionTimestamp = rfc3339(nowMs + graceSeconds * 1000);
    object.metadata.deletionGracePeriodSeconds = graceSeconds;
    if (!before && type.generation) object.metadata.generation = (live.metadata.generation ?? 0) + 1;
  }
  if (hasSpecFinalizers(live)) {
    object.status = { ...(isPlainObject(live.status) ? live.status : {}), phase: 'Terminating' };
  }
  return object;
}

/** The grace period of a pod: nobody reports its end, so the object goes by itself. */
function finishAfterGrace(
  { clock, objects }: WritableCluster,
  type: ResourceType,
  object: KubeObject,
  graceSeconds: number,
): void {
  const { namespace = '', name = '', uid } = object.metadata;
  clock.setTimer(graceSeconds * 1000, () => {
    const live = objects.collection(type).get(namespace, name)?.object;
    if (!live || live.metadata.uid !== uid) return;
    if (live.metadata.finalizers?.length) {
      objects.put(type, { ...live, metadata: { ...live.metadata, deletionGracePeriodSeconds: 0 } });
    } else {
      objects.remove(type, live);
    }
  });
}
