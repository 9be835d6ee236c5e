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
  const wrongType = (path: string, zero: unknown, value: unknown, wanted: string) => {
    const text = `${path} accessor error: ${goText(value)} is of the type ${goType(value)}, expected ${wanted}`;
    causes.push(causeInvalid(path, zero, text));
  };
  const read = (path: string) =>
    path
      .slice(1)
      .split('.')
      .reduce<unknown>((value, key) => (isPlainObject(value) ? value[key] : undefined), object);
  for (const path of [scale.specReplicasPath, scale.statusReplicasPath]) {
    const value = read(path);
    if (value === undefined) continue;
    if (!isInt64(value)) wrongType(path, 0, value, 'int64');
    else if (value < 0) causes.push(causeInvalid(path, value, 'should be a non-negative integer'));
    else if (value > MAX_REPLICAS) {
      causes.push(causeInvalid(path, value, `should be less than or equal to ${MAX_REPLICAS}`));
    }
  }
  const path = scale.labelSelectorPath;
  const selector = path ? read(path) : undefined;
  if (path && selector !== undefined && typeof selector !== 'string') wrongType(path, '', selector, 'string');
  return causes;
}
