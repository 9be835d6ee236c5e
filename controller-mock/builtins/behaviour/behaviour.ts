import { causeInvalid, type StatusCause } from '../../api/causes.ts';
import { equalJson } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ResourceType, Subresource } from '../../api/resource-type.ts';
import { at } from '../fields.ts';

/** What a kind does beyond its names, schema and table. */
export type Behaviour = Partial<
  Pick<
    ResourceType,
    | 'selectableFields'
    | 'storedAs'
    | 'virtual'
    | 'setDefaults'
    | 'prepareCreate'
    | 'prepareUpdate'
    | 'validate'
    | 'keepsStatusAtCreation'
    | 'deletionFinalizer'
    | 'gracePeriodSeconds'
  >
> & {
  /** Besides status. */
  subresources?: readonly Subresource[];
};

/** By apiVersion and kind. */
export type Behaviours = Readonly<Record<string, Behaviour>>;

/** A kind with defaults. */
export const defaulted = (setDefaults: (object: KubeObject) => void): Behaviour => ({ setDefaults });

export const READ_AND_WRITE = ['get', 'patch', 'update'] as const;

/** A cause when a field that must not change has changed. @param path of the field. */
export function immutable(object: KubeObject, old: KubeObject, path: string): StatusCause[] {
  const value = at(object, ...path.split('.'));
  const before = at(old, ...path.split('.'));
  return equalJson(value, before) ? [] : [causeInvalid(path, value ?? null, 'field is immutable')];
}
