/** The scale subresource: a Scale object read from, and written to, the kind's own paths. */

import { causeInvalid } from '../api/causes.ts';
import { humanDuration } from '../api/human-duration.ts';
import { cloneJson, isPlainObject } from '../api/json.ts';
import { fieldsOfPath, parseJsonPath } from '../api/json-path.ts';
import type { KubeObject } from '../api/object.ts';
import type { EncodedType, Subresource } from '../api/resource-type.ts';
import { badRequest, invalid } from '../api/status.ts';

/** Kind of the subresource, and how `kubectl get --subresource=scale` shows it. */
export const SCALE_KIND: EncodedType = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  listKind: 'ScaleList',
  builtin: true,
  printer: {
    columns: [
      ['Name', 'string', 'name'] as const,
      ['Desired', 'integer', ''] as const,
      ['Available', 'integer', ''] as const,
      ['Age', 'string', ''] as const,
    ].map(([name, type, format]) => ({ name, type, format, description: '', priority: 0 })),
    cells({ metadata, spec, status }, nowMs) {
      const created = Date.parse(metadata.creationTimestamp ?? '');
      const age = Number.isNaN(created) ? '<unknown>' : humanDuration(nowMs - created);
      return [metadata.name ?? '', replicasIn(spec), replicasIn(status), age];
    },
  },
};

const replicasIn = (part: unknown) => (isPlainObject(part) && part.replicas) || 0;

type ScalePaths = NonNullable<Subresource['scale']>;

const first = (object: KubeObject, path: string | undefined): unknown =>
  path === undefined ? undefined : parseJsonPath(path)?.(object)[0];

export function scaleOf(object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = first(object, paths.specReplicasPath);
  const current = first(object, paths.statusReplicasPath);
  const selector = selectorText(first(object, paths.labelSelectorPath));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      ...(name !== undefined && { name }),
      ...(namespace !== undefined && { namespace }),
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
      creationTimestamp: creationTimestamp ?? null,
    },
    spec: typeof replicas === 'number' ? { replicas } : {},
    status: { replicas: typeof current === 'number' ? current : 0, ...(selector && { selector }) },
  };
}

/** @returns `object` with the replicas of `scale`; a copy. @throws ApiStatusError 400, 422 */
export function withScale(object: KubeObject, scale: KubeObject, paths: ScalePaths, isBuiltin: boolean): KubeObject {
  const spec = scale.spec;
  const replicas = isPlainObject(spec) ? (spec.replicas ?? 0) : 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) {
    throw badRequest('Scale in version "v1" cannot be handled as a Scale: spec.replicas must be an integer');
  }
  // Of custom objects the whole object is checked.
  if (isBuiltin && replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, object.metadata.name ?? '', [
      causeInvalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  }
  const result = cloneJson(object);
  const fields = fieldsOfPath(paths.specReplicasPath) ?? [];
  let target: Record<string, unknown> = result;
  for (const field of fields.slice(0, -1)) {
    if (!isPlainObject(target[field])) target[field] = {};
    target = target[field] as Record<string, unknown>;
  }
  const last = fields.at(-1);
  if (last !== undefined) target[last] = replicas;
  const sent = scale.metadata?.resourceVersion;
  if (sent) result.metadata.resourceVersion = sent;
  return result;
}

/** Selectors are text in custom resources and objects in built-in kinds. */
function selectorText(selector: unknown): string {
  if (typeof selector === 'string') return selector;
  if (!isPlainObject(selector)) return '';
  // A ReplicationController names the labels themselves.
  const isPlain = Object.values(selector).every((value) => typeof value === 'string');
  const { matchLabels = {}, matchExpressions = [] } = (isPlain ? { matchLabels: selector } : selector) as {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  };
  const terms = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of matchExpressions) {
    if (operator === 'Exists') terms.push(key);
    else if (operator === 'DoesNotExist') terms.push(`!${key}`);
    else terms.push(`${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`);
  }
  return terms.join(',');
}
