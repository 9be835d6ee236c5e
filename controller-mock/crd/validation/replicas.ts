import { causeInvalid, type StatusCause } from '../../api/causes.ts';
import { goText, goType } from '../../api/go-values.ts';
import { isInt64 } from '../../api/int64.ts';
import { isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';

/** Where objects of a kind keep what the scale subresource shows, such as `.spec.replicas`. */
interface ScaleSubresource {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath?: string;
}

const MAX_REPLICAS = 2 ** 31 - 1;

/** Numbers and selector that the scale subresource reads (pkg/registry/customresource/validator.go ValidateScaleSpec, ValidateScaleStatus). */
export function replicaFaults(object: KubeObject, scale: ScaleSubresource | undefined): StatusCause[] {
  if (!scale) return [];
  const causes: StatusCause[] = [];
  for (const path of [scale.specReplicasPath, scale.statusReplicasPath]) {
    const { value, fault } = read(object, path, isInt64, 'int64');
    if (fault !== undefined) causes.push(causeInvalid(path, 0, fault));
    else if (value === undefined) continue;
    else if (value < 0) causes.push(causeInvalid(path, value, 'should be a non-negative integer'));
    else if (value > MAX_REPLICAS) {
      causes.push(causeInvalid(path, value, `should be less than or equal to ${MAX_REPLICAS}`));
    }
  }
  const path = scale.labelSelectorPath;
  if (path) {
    const { fault } = read(object, path, (value) => typeof value === 'string', 'string');
    if (fault !== undefined) causes.push(causeInvalid(path, '', fault));
  }
  return causes;
}

/** What stands at a path of fields (kubernetes/apimachinery, pkg/apis/meta/v1/unstructured/helpers.go NestedFieldNoCopy). */
function read<T>(
  object: KubeObject,
  path: string,
  isWanted: (value: unknown) => value is T,
  wanted: string,
): { value?: T; fault?: string } {
  const fault = (at: string, value: unknown, expected: string) =>
    `${at} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${expected}`;
  let value: unknown = object;
  let at = '';
  for (const key of path.slice(1).split('.')) {
    if (value === null || value === undefined) return {};
    if (!isPlainObject(value)) return { fault: fault(path, value, 'map[string]interface{}') };
    at += `.${key}`;
    value = value[key];
  }
  if (value === undefined) return {};
  return isWanted(value) ? { value } : { fault: fault(at, value, wanted) };
}
