/** What a write expects of the live object. */
import { causeInvalid } from '../api/causes.ts';
import { GoLiteral } from '../api/go-values.ts';
import type { KubeObject, ObjectMeta } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { conflict, invalid } from '../api/status.ts';

/** The version that is not there, as Go writes unsigned numbers. */
const NO_VERSION = new GoLiteral('0x0');

/** What a client has read, and bases its write upon. */
export interface Preconditions {
  uid?: string;
  resourceVersion?: string;
}

/** kubernetes/apiserver, pkg/registry/rest/delete.go BeforeDelete, whose message names the kind. @throws ApiStatusError 409 */
export function checkDeletionPreconditions(type: ResourceType, { metadata }: KubeObject, sent: Preconditions): void {
  const named = { ...type, plural: type.kind };
  const refuse = (field: string, wanted: string, found: string | undefined, how: string) =>
    conflict(
      named,
      metadata.name ?? '',
      `the ${field} in the precondition (${wanted}) does not match the ${field} in record (${found}). The object might have been ${how}`,
    );
  if (sent.uid && sent.uid !== metadata.uid) {
    throw refuse('UID', sent.uid, metadata.uid, 'deleted and then recreated');
  }
  if (sent.resourceVersion && sent.resourceVersion !== metadata.resourceVersion) {
    throw refuse('ResourceVersion', sent.resourceVersion, metadata.resourceVersion, 'modified');
  }
}

/** The version that an update is based upon. @throws ApiStatusError 409, 422 */
export function checkUpdatePreconditions(type: ResourceType, live: KubeObject, sent: ObjectMeta): void {
  const name = live.metadata.name ?? '';
  if (!sent.resourceVersion) {
    if (type.versionedUpdates) {
      const named = { ...type, kind: type.plural };
      throw invalid(named, name, [
        causeInvalid('metadata.resourceVersion', NO_VERSION, 'must be specified for an update'),
      ]);
    }
  } else if (sent.resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(type, name);
  }
}

/**
 * The uid of an object that is put, which the storage compares even where nothing is (pkg/storage/interfaces.go Preconditions.Check).
 * @param live undefined where there is no such object
 * @throws ApiStatusError 409
 */
export function checkPutUid(
  type: ResourceType,
  { namespace = '', name = '', uid }: ObjectMeta,
  live: KubeObject | undefined,
): void {
  if (!uid || uid === live?.metadata.uid) return;
  const key = [
    '',
    'registry',
    ...(type.builtin ? [] : [type.group]),
    type.plural,
    ...(namespace ? [namespace] : []),
    name,
  ];
  const found = live?.metadata.uid ?? '';
  throw conflict(
    type,
    name,
    `StorageError: invalid object, Code: 4, Key: ${key.join('/')}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${found}`,
  );
}
