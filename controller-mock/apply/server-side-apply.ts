/**
 * Server-side apply: kubernetes/apimachinery, pkg/util/managedfields/internal/structuredmerge.go Apply;
 * kubernetes-sigs/structured-merge-diff, merge/update.go.
 */
import { equalJson, isPlainObject } from '../api/json.ts';
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from '../api/object.ts';
import { ApiStatusError, badRequest } from '../api/status.ts';
import { decodingFault } from '../schema/go-decoding.ts';
import { withoutNulls } from '../schema/nulls.ts';
import { OBJECT_META_SCHEMA } from '../schema/object-meta-schema.ts';
import { type Conflict, conflictError } from './conflict-error.ts';
import { type FieldOwnership, updateKey } from './field-ownership.ts';
import {
  difference,
  EMPTY_SET,
  eachPath,
  type FieldSet,
  intersection,
  isEmptySet,
  shownPath,
  union,
} from './field-set.ts';
import { fittedFields } from './fitted-fields.ts';
import { lastAppliedText, withLastApplied } from './last-applied.ts';
import {
  addFields,
  equalButTimes,
  type ManagerKey,
  type Managers,
  managerId,
  newManager,
  readManagers,
  takeFromOthers,
  writeManagers,
} from './managed-fields.ts';
import { isGoStruct, type MapShape, objectShapeOf, type Shape } from './merge-shape.ts';
import { compareObjects, UNOWNED } from './typed-compare.ts';
import { fieldSetOf, mergeValues, TypedValueError, typeFaults, withNamedFields, withoutFields } from './typed-value.ts';

/** Of a request to apply. */
interface ApplyOwnership extends FieldOwnership {
  /** Takes fields over from other managers. */
  force: boolean;
}

/** Owner of what an object had before anything was tracked. */
const UNTRACKED_MANAGER = 'before-first-apply';

/** Metadata that the server sets; a client that applies leaves it out or sends null. */
const SERVER_METADATA = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
];

/**
 * Server-side apply: fields of `applied` win, fields this manager applied before and now leaves out go unless another
 * manager holds them. `live` is not changed, and unchanged parts are shared with the result.
 * @param applied without what the endpoint ignores, such as status at the main resource: all of it becomes owned.
 * @returns `live` itself when nothing but a timestamp would change; otherwise an object with managedFields set, not yet
 * defaulted. Nulls of `applied` are kept.
 * @throws ApiStatusError 409 with causes FieldManagerConflict unless `force`; 400 for another kind or version than the
 * endpoint's, or if `applied` has managedFields; 500 as the API server answers when `applied` does not fit the schema.
 */
export function serverSideApply(
  live: KubeObject | undefined,
  applied: KubeObject,
  ownership: ApplyOwnership,
): KubeObject {
  checkApplied(live, applied, ownership);
  const shape = objectShapeOf(ownership.schema);
  const before = readManagers(live?.metadata.managedFields);
  if (!before) throw serverError('failed to decode managed fields');
  try {
    return new Application(live, applied, ownership, shape, before).result();
  } catch (error) {
    if (error instanceof TypedValueError) throw serverError(`failed to merge config: ${error.message}`);
    throw error;
  }
}

/** A 500 without a reason, which is what the API server answers where it has no better error. */
const serverError = (message: string) => new ApiStatusError(500, '', message);

const shownKind = ({ apiVersion, kind }: { apiVersion: string; kind: string }) =>
  `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;

function checkApplied(live: KubeObject | undefined, applied: KubeObject, { apiVersion, schema }: FieldOwnership): void {
  if (applied.apiVersion !== apiVersion || (live && applied.kind !== live.kind)) {
    throw badRequest(`invalid object type: ${shownKind(applied)}`);
  }
  const managedFields = applied.metadata?.managedFields as unknown;
  // What is no list of managers counts as none here, and is found as any other value of a wrong type.
  if (
    managedFields !== undefined &&
    managedFields !== null &&
    decodingFault({ managedFields }, OBJECT_META_SCHEMA) === undefined
  ) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const shape = objectShapeOf(schema);
  const faults = typeFaults(applied, shape);
  if (faults.length > 0) throw serverError(`failed to create typed patch object ${untyped(applied, faults)}`);
  // The definition may have changed since the object was stored; items that are there twice do not matter.
  const old = live ? typeFaults(live, shape).filter((fault) => !fault.includes('duplicate entries')) : [];
  if (!live || old.length === 0) return;
  const isTracked = (live.metadata.managedFields ?? []).length > 0;
  throw serverError(
    isTracked
      ? `failed to create typed live object ${untyped(live, old)}`
      : `failed to create manager for existing fields: failed to convert new object ${untyped(live, old, ' to smd typed')}`,
  );
}

/** Which object does not fit its schema, and where. */
function untyped(object: KubeObject, faults: readonly string[], into = ''): string {
  const { namespace = '', name = '' } = object.metadata ?? {};
  const list = faults.length === 1 ? faults[0] : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
  return `(${namespace}/${name}; ${shownKind(object)})${into}: ${list}`;
}

/** One request to apply. */
class Application {
  readonly #live: KubeObject | undefined;
  readonly #applied: KubeObject;
  readonly #ownership: ApplyOwnership;
  readonly #shape: Shape & { map: MapShape };
  readonly #managers: Managers;
  readonly #key: ManagerKey;
  readonly #id: string;

  constructor(
    live: KubeObject | undefined,
    applied: KubeObject,
    ownership: ApplyOwnership,
    shape: Shape & { map: MapShape },
    managers: Managers,
  ) {
    this.#live = live;
    this.#applied = applied;
    this.#ownership = ownership;
    this.#shape = shape;
    this.#managers = managers;
    this.#key = { ...updateKey(ownership), operation: 'Apply' };
    this.#id = managerId(this.#key);
  }

  result(): KubeObject {
    const { time, force } = this.#ownership;
    const live = this.#live;
    if (live && this.#managers.size === 0) {
      const { changed } = compareObjects({}, live, this.#shape);
      addFields(this.#managers, { ...updateKey(this.#ownership), manager: UNTRACKED_MANAGER }, time, changed);
    }
    for (const [id, manager] of this.#managers) {
      const fields = fittedFields(manager.fields, this.#shape);
      if (fields !== manager.fields) this.#managers.set(id, { entry: manager.entry, fields });
    }
    const last = this.#managers.get(this.#id);
    const config = fieldSetOf(this.#applied, this.#shape);
    const merged = mergeValues(live, this.#applied, this.#shape) as KubeObject;
    const pruned = this.#restored(last ? (this.#pruned(merged, config, last.fields) as KubeObject) : merged);
    const comparison = compareObjects(live ?? {}, pruned, this.#shape);
    if (!force) this.#refuseConflicts(comparison.changed);
    takeFromOthers(this.#managers, comparison, this.#id);
    const settled = this.#settled(pruned);
    const isNoop = live !== undefined && equalJson(live, settled);
    const owned = difference(config, UNOWNED);
    this.#managers.delete(this.#id);
    if (!isEmptySet(owned))
      this.#managers.set(this.#id, newManager(this.#key, isNoop ? last?.entry.time : time, owned));
    const entries = writeManagers(this.#managers);
    const object = withLastApplied(settled, this.#applied, this.#ownership.manager);
    if (isNoop && object === settled && equalButTimes(entries, live.metadata.managedFields ?? [])) return live;
    return withManagedFields(object, entries);
  }

  /** The merged object with what the server sets put back, should the client have sent null or pruning have taken it. */
  #restored(merged: KubeObject): KubeObject {
    const live = this.#live?.metadata;
    if (!live) return merged;
    const missing = SERVER_METADATA.filter(
      (name) => (merged.metadata?.[name] ?? null) === null && (live[name] ?? null) !== null,
    );
    if (missing.length === 0) return merged;
    const metadata: ObjectMeta = { ...merged.metadata };
    for (const name of missing) metadata[name] = live[name];
    return { ...merged, metadata };
  }

  /**
   * As the API server holds it: metadata, and all of a built-in kind, have no nulls (those of labels and the like have
   * become empty), and metadata has no empty fields.
   * Custom resources keep the null that takes the place of a map whose last entry has gone, for validation to judge.
   */
  #settled(object: KubeObject): KubeObject {
    const { schema } = this.#ownership;
    const held = isGoStruct(schema) ? (withoutNulls(object, this.#live, schema) as KubeObject) : object;
    const metadata = withoutNulls(held.metadata ?? {}, this.#live?.metadata, OBJECT_META_SCHEMA) as ObjectMeta;
    const empty = Object.keys(metadata).filter((name) => isEmptyValue(metadata[name]));
    if (empty.length === 0 && metadata === held.metadata) return held;
    return {
      ...held,
      metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => !empty.includes(name))),
    };
  }

  /**
   * Without the fields that this manager applied last time and now leaves out. Kept is what anyone still owns, and what
   * the manager never owned although a field above it goes.
   */
  #pruned(merged: unknown, config: FieldSet, last: FieldSet): unknown {
    const named = (set: FieldSet) => withNamedFields(set, this.#shape);
    const shape = this.#shape;
    const mergedSet = named(fieldSetOf(merged, shape));
    const lastSet = named(last);
    let owned = config;
    for (const [id, { fields }] of this.#managers) if (id !== this.#id) owned = union(owned, fields);
    const without = (set: FieldSet) => withoutFields(merged, set, shape) ?? {};
    const remaining = (value: unknown) => named(fieldSetOf(value, shape));
    const bare = without(lastSet);
    const kept = without(difference(mergedSet, union(remaining(bare), named(owned))));
    return without(intersection(difference(mergedSet, remaining(kept)), lastSet));
  }

  #refuseConflicts(changed: FieldSet): void {
    const conflicts: Conflict[] = [];
    const allowed = this.#allowedConflicts();
    const ids = [...this.#managers.keys()].filter((id) => id !== this.#id).sort();
    for (const id of ids) {
      const { entry, fields } = this.#managers.get(id)!;
      const lost = difference(intersection(fields, changed), allowed);
      eachPath(lost, (path) => conflicts.push({ id, key: entry, path: shownPath(path) }));
    }
    if (conflicts.length > 0) throw conflictError(conflicts);
  }

  /**
   * kubectl takes over from its client-side apply without conflict: the fields of the last applied configuration that
   * still have its values.
   */
  #allowedConflicts(): FieldSet {
    const text = lastAppliedText(this.#live, this.#ownership.manager);
    if (!text) return EMPTY_SET;
    try {
      const lastApplied = JSON.parse(text) as unknown;
      if (!isPlainObject(lastApplied) || lastApplied.apiVersion !== this.#ownership.apiVersion) return EMPTY_SET;
      if (typeFaults(lastApplied, this.#shape).length > 0) return EMPTY_SET;
      const { changed, removed } = compareObjects(lastApplied, this.#live!, this.#shape);
      return difference(difference(fieldSetOf(lastApplied, this.#shape), changed), removed);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof TypedValueError) return EMPTY_SET;
      throw error;
    }
  }
}

const isEmptyValue = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

function withManagedFields(object: KubeObject, entries: ManagedFieldsEntry[]): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: entries.length > 0 ? { ...metadata, managedFields: entries } : metadata };
}
