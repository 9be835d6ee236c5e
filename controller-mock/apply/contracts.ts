/** Function types of the modules that the request handler puts together, so that each can be written by itself. */
import type { KubeObject, ManagedFieldsEntry } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import type { Schema } from '../api/schema.ts';

/**
 * Strategic merge patch of built-in kinds, with `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…` and
 * `$setElementOrder/…` directives; list keys and strategies come from the schema. Exported by `strategic-merge.ts`.
 * @param live is not changed; unchanged parts may be shared with the result.
 * @throws ApiStatusError 400 when the patch is malformed, 422 when it cannot be applied.
 */
export type StrategicMergePatch = (live: KubeObject, patch: Record<string, unknown>, schema: Schema) => KubeObject;

/** What both managedFields functions of `apply.ts` need to know. */
export interface FieldOwnership {
  /** Name of the manager. */
  manager: string;
  /** apiVersion of the request. */
  apiVersion: string;
  /** '' for the main resource. */
  subresource: string;
  /** RFC 3339, seconds. */
  time: string;
  schema: Schema;
}

/**
 * Server-side apply. Returns the merged object with `metadata.managedFields` set: fields of `applied` win, fields this
 * manager applied before and now leaves out go unless another manager holds them. Exported by `apply.ts`.
 * @param live undefined when the object does not exist. Not changed.
 * @returns `live` itself (same reference) when nothing but a timestamp would change.
 * @throws ApiStatusError 409 with causes FieldManagerConflict unless `force`; 400 if `applied` has managedFields.
 */
export type ServerSideApply = (
  live: KubeObject | undefined,
  applied: KubeObject,
  ownership: FieldOwnership & { force: boolean },
) => KubeObject;

/**
 * managedFields after a create or update by any other operation: the manager owns what it changed, others lose it.
 * Exported by `apply.ts`. Runs at every write, so it must be fast (10 µs for a small object).
 * @param live undefined at creation. Neither object is changed. `updated.metadata.managedFields` is what the client
 * sent: an explicit empty list or `[{}]` resets all ownership; otherwise ownership continues from `live`.
 */
export type TrackUpdate = (
  live: KubeObject | undefined,
  updated: KubeObject,
  ownership: FieldOwnership,
) => ManagedFieldsEntry[];

/**
 * Decodes an `application/vnd.kubernetes.protobuf` body (Installer facts 3.3) to the JSON form of the object, with
 * apiVersion and kind. Exported by `../protobuf/decode.ts`.
 * @throws ApiStatusError 400 when malformed, 415 for a kind without decoder.
 */
export type DecodeProtobuf = (body: Uint8Array) => KubeObject;

/** All built-in types, made once for a process and shared by all clusters. Exported by `../builtins/index.ts`. */
export type BuiltinTypes = () => readonly ResourceType[];
