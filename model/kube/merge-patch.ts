/** RFC 7386 merge patches. */
import { isDeepStrictEqual } from 'node:util';

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

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
