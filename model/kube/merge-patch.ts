/** RFC 7386 merge patches. */
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from './kube-object.ts';

type Fields = Record<string, unknown>;

/**
 * The merge patch that makes `after` of `before`; `{}` when they are equal. Lists are replaced whole.
 * Upstream: controller-runtime, pkg/client/patch.go, MergeFrom.
 */
export function mergePatch(before: object, after: object): Fields {
  const patch: Fields = {};
  const [from, to] = [before as Fields, after as Fields];
  for (const [key, value] of Object.entries(to)) {
    if (value === undefined) continue;
    const old = from[key];
    if (isFields(old) && isFields(value)) {
      const inner = mergePatch(old, value);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!isDeepStrictEqual(old, value)) patch[key] = value;
  }
  for (const [key, value] of Object.entries(from)) if (value !== undefined && to[key] === undefined) patch[key] = null;
  return patch;
}

/**
 * The same for an object that nobody else must have changed meanwhile; undefined when there is nothing to change.
 * Upstream: controller-runtime, pkg/client/patch.go, MergeFromWithOptimisticLock; assisted-service, internal/controller/patch.
 */
export function lockedMergePatch(before: KubeObject, after: KubeObject): Fields | undefined {
  const patch = mergePatch(before, after);
  if (Object.keys(patch).length === 0) return undefined;
  const { resourceVersion } = before.metadata;
  return { ...patch, metadata: { ...(patch.metadata as Fields | undefined), resourceVersion } };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
