/** When an object that is being deleted may go. */
import type { DeleteOptions } from '../api/cluster-access.ts';
import type { KubeObject } from '../api/object.ts';

const ORPHAN = 'orphan';
const FOREGROUND = 'foregroundDeletion';

/** A namespace keeps finalizers in its spec as well. */
export function hasSpecFinalizers(object: KubeObject): boolean {
  const spec = object.spec as { finalizers?: unknown[] } | undefined;
  return object.kind === 'Namespace' && object.apiVersion === 'v1' && (spec?.finalizers?.length ?? 0) > 0;
}

/** Whether nothing holds an object any more that is being deleted. */
export function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  return !!deletionTimestamp && !finalizers?.length && !deletionGracePeriodSeconds && !hasSpecFinalizers(object);
}

/** Finalizers of an object with those that stand for how its dependents are to be treated. */
export function finalizersFor(live: KubeObject, options: DeleteOptions): Set<string> {
  const finalizers = new Set(live.metadata.finalizers ?? []);
  const policy = options.propagationPolicy ?? (options.orphanDependents ? 'Orphan' : undefined);
  if (policy) {
    finalizers.delete(ORPHAN);
    finalizers.delete(FOREGROUND);
    if (policy === 'Orphan') finalizers.add(ORPHAN);
    if (policy === 'Foreground') finalizers.add(FOREGROUND);
  }
  return finalizers;
}
