/**
 * Who owns which field after a write that is no apply: kubernetes/apimachinery,
 * pkg/util/managedfields/internal/structuredmerge.go Update.
 */
import { equalJson, isPlainObject } from '../api/json.ts';
import type { KubeObject, ManagedFieldsEntry } from '../api/object.ts';
import type { Schema } from '../api/schema.ts';
import { type FieldOwnership, updateKey } from './field-ownership.ts';
import { isEmptySet } from './field-set.ts';
import {
  addFields,
  capManagers,
  type Managers,
  readManagers,
  takeFromOthers,
  writeManagers,
} from './managed-fields.ts';
import { isGoStruct, objectShapeOf } from './merge-shape.ts';
import { compareObjects } from './typed-compare.ts';
import { TypedValueError } from './typed-value.ts';

/**
 * managedFields after a create or update by any operation but apply: the manager owns what it changed, others lose it.
 * What only went away takes no part in the manager's time. Neither object is changed; unchanged entries are shared. Runs at
 * every write, so it must be fast (10 µs for a small object).
 * @param live undefined at creation.
 * @param updated what is going to be stored but for what the server itself is still to set. Its `managedFields` are what the
 * client sent: an explicit empty list or `[{}]` resets all ownership; otherwise ownership continues from `live`.
 * @returns entries in the API server's order; empty when nothing is tracked.
 */
export function trackUpdate(
  live: KubeObject | undefined,
  updated: KubeObject,
  ownership: FieldOwnership,
): ManagedFieldsEntry[] {
  const managers = managersBefore(live, updated, ownership);
  // An object whose ownership was reset is not tracked any more until someone applies it.
  if (managers.size === 0 && live !== undefined) return [];
  try {
    const comparison = compareObjects(live ?? {}, updated, objectShapeOf(ownership.schema));
    takeFromOthers(managers, comparison);
    if (!isEmptySet(comparison.changed)) addFields(managers, updateKey(ownership), ownership.time, comparison.changed);
  } catch (error) {
    // Lists whose items cannot be told from each other cannot be tracked; validation has the say about them.
    if (error instanceof TypedValueError) return [];
    throw error;
  }
  capManagers(managers);
  return writeManagers(managers);
}

function managersBefore(
  live: KubeObject | undefined,
  updated: KubeObject,
  { subresource, schema }: FieldOwnership,
): Managers {
  const before = live?.metadata.managedFields;
  const sent = updated.metadata.managedFields as unknown;
  // Subresources cannot set managedFields.
  if (subresource === '' && sent !== before && sent !== undefined && sent !== null) {
    if (isReset(sent, schema)) return new Map();
    if (!equalJson(sent, before)) {
      const managers = readManagers(sent);
      if (managers && managers.size > 0) return managers;
    }
  }
  return readManagers(before) ?? new Map();
}

/** `[{}]`, and for built-in kinds `[]`; the API server takes an empty list of a custom resource for an absent one. */
function isReset(sent: unknown, schema: Schema): boolean {
  if (!Array.isArray(sent)) return false;
  return (
    (sent.length === 0 && isGoStruct(schema)) ||
    (sent.length === 1 && isPlainObject(sent[0]) && Object.keys(sent[0]).length === 0)
  );
}
