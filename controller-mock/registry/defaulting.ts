import type { KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { applyDefaults } from '../schema/defaults.ts';
import { dropNulls } from '../schema/nulls.ts';
import type { WriteOptions } from './write-options.ts';

/**
 * What comes between reading an object and checking it, in place: defaults of the schema, then those of the kind. Nulls of
 * built-in kinds went when they were read; nulls that were applied stay, and are refused.
 */
export function setDefaults(type: ResourceType, object: KubeObject, options: WriteOptions): void {
  applyDefaults(object, type.schema);
  if (!type.builtin && !options.managedFields) dropNulls(object, type.schema);
  type.setDefaults?.(object);
}
