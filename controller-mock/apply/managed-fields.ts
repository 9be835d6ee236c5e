/** The managers of one object: reading, joining and writing `metadata.managedFields`. */

import { equalJson, isPlainObject } from '../api/json.ts';
import type { ManagedFieldsEntry } from '../api/object.ts';
import { difference, type FieldSet, isEmptySet, parseFieldSet, sortedSet, union } from './field-set.ts';
import type { Comparison } from './typed-compare.ts';

/** Managers by Update that one object keeps; the oldest beyond are joined. */
const UPDATE_MANAGERS_LIMIT = 10;
const JOINED_MANAGER = 'ancient-changes';

/** One manager. Immutable, as {@link ManagedFieldsEntry} objects are. */
export interface Manager {
  readonly entry: ManagedFieldsEntry;
  readonly fields: FieldSet;
}

/** By {@link managerId}. */
export type Managers = Map<string, Manager>;

export type ManagerKey = Pick<ManagedFieldsEntry, 'manager' | 'operation' | 'apiVersion' | 'subresource'>;

/** What makes a manager the same one. Those who apply keep their entry when they go on to another version. */
export function managerId({ manager, operation, apiVersion, subresource }: ManagerKey): string {
  return JSON.stringify({
    ...(manager && { manager }),
    operation,
    ...(operation === 'Update' && { apiVersion }),
    ...(subresource && { subresource }),
  });
}

/** Sets of an entry that has been read or made here. Entries are never changed, so a set is read once. */
const fieldsOfEntry = new WeakMap<ManagedFieldsEntry, FieldSet>();

/** @returns undefined when an entry is malformed. */
export function readManagers(entries: unknown): Managers | undefined {
  const managers: Managers = new Map();
  if (entries === undefined || entries === null) return managers;
  if (!Array.isArray(entries)) return undefined;
  for (const entry of entries as ManagedFieldsEntry[]) {
    const manager = isPlainObject(entry) ? readManager(entry) : undefined;
    if (!manager) return undefined;
    managers.set(managerId(manager.entry), manager);
  }
  return managers;
}

function readManager(entry: ManagedFieldsEntry): Manager | undefined {
  if (entry.operation !== 'Apply' && entry.operation !== 'Update') return undefined;
  if (typeof entry.apiVersion !== 'string' || entry.apiVersion === '' || entry.fieldsType !== 'FieldsV1')
    return undefined;
  let fields = fieldsOfEntry.get(entry);
  if (fields === undefined) {
    fields = parseFieldSet(entry.fieldsV1 ?? {});
    if (fields === undefined) return undefined;
    fieldsOfEntry.set(entry, fields);
  }
  return { entry, fields };
}

/** A manager whose entry is not written before {@link writeManagers}. @param time undefined if it never changed anything. */
export function newManager(key: ManagerKey, time: string | undefined, fields: FieldSet): Manager {
  return {
    entry: {
      manager: key.manager || 'unknown',
      operation: key.operation,
      apiVersion: key.apiVersion,
      ...(time !== undefined && { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: fields,
      ...(key.subresource && { subresource: key.subresource }),
    },
    fields,
  };
}

const withFields = (manager: Manager, fields: FieldSet): Manager => ({ entry: manager.entry, fields });

/** Takes fields that another manager has changed, or that are gone, from all managers but one. Drops who has none left. */
export function takeFromOthers(managers: Managers, { changed, removed }: Comparison, except?: string): void {
  for (const [id, manager] of managers) {
    const fields = id === except ? manager.fields : difference(difference(manager.fields, changed), removed);
    if (isEmptySet(fields)) managers.delete(id);
    else if (fields !== manager.fields) managers.set(id, withFields(manager, fields));
  }
}

/** Gives fields to a manager beside those it has. */
export function addFields(managers: Managers, key: ManagerKey, time: string, fields: FieldSet): void {
  const id = managerId(key);
  const known = managers.get(id);
  managers.set(id, newManager(key, time, known ? union(known.fields, fields) : fields));
}

/** Joins the oldest managers by Update, those of one version with each other, while there are too many. */
export function capManagers(managers: Managers): void {
  const updaters = [...managers].filter(([, { entry }]) => entry.operation === 'Update');
  let count = updaters.length;
  if (count <= UPDATE_MANAGERS_LIMIT) return;
  updaters.sort(([idA, a], [idB, b]) => compareTexts(a.entry.time ?? '', b.entry.time ?? '') || compareTexts(idA, idB));
  const firstOfVersion = new Map<string, string>();
  for (const [id, { entry, fields }] of updaters) {
    if (count <= UPDATE_MANAGERS_LIMIT) return;
    const { apiVersion } = entry;
    const first = firstOfVersion.get(apiVersion);
    if (first === undefined) {
      firstOfVersion.set(apiVersion, id);
      continue;
    }
    const key: ManagerKey = { manager: JOINED_MANAGER, operation: 'Update', apiVersion };
    const joinedId = managerId(key);
    const joined = managers.get(joinedId) ?? managers.get(first);
    if (!managers.has(joinedId)) managers.delete(first);
    managers.delete(id);
    managers.set(joinedId, newManager(key, entry.time, joined ? union(fields, joined.fields) : fields));
    count--;
  }
}

const compareTexts = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Entries in the order of the API server; those that have not changed are the very objects that were read. */
export function writeManagers(managers: Managers): ManagedFieldsEntry[] {
  const entries: ManagedFieldsEntry[] = [];
  for (const { entry, fields } of managers.values()) entries.push(writeEntry(entry, fields));
  return entries.sort(
    (a, b) =>
      compareTexts(a.operation, b.operation) ||
      compareTexts(a.time ?? '', b.time ?? '') ||
      compareTexts(a.manager, b.manager) ||
      compareTexts(a.apiVersion, b.apiVersion) ||
      compareTexts(a.subresource ?? '', b.subresource ?? ''),
  );
}

function writeEntry(entry: ManagedFieldsEntry, fields: FieldSet): ManagedFieldsEntry {
  if (fieldsOfEntry.get(entry) === fields) return entry;
  const sorted = sortedSet(fields);
  const written = { ...entry, fieldsV1: sorted };
  fieldsOfEntry.set(written, sorted);
  return written;
}

/** Equality of all but the times. */
export function equalButTimes(a: readonly ManagedFieldsEntry[], b: readonly ManagedFieldsEntry[]): boolean {
  return (
    a.length === b.length &&
    a.every((entry, index) => {
      const other = b[index]!;
      return entry === other || equalJson({ ...entry, time: '' }, { ...other, time: '' });
    })
  );
}
