/** What a write expects of the live object (kubernetes/apiserver, pkg/storage/interfaces.go Preconditions.Check). */
import { causeInvalid } from '../api/causes.ts';
import type { KubeObject, ObjectMeta } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { conflict, invalid } from '../api/status.ts';

/** What a client has read, and bases its write upon. */
export interface Preconditions {
  uid?: string;
  resourceVersion?: string;
}

/** @throws ApiStatusError 409 */
export function checkDeletionPreconditions(type: ResourceType, live: KubeObject, sent: Preconditions): void {
  checkUid(type, live, sent.uid);
  const { resourceVersion } = sent;
  if (resourceVersion && resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(
      type,
      live.metadata.name ?? '',
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${live.metadata.resourceVersion}`,
    );
  }
}

/** @throws ApiStatusError 409, 422 */
export function checkUpdatePreconditions(type: ResourceType, live: KubeObject, sent: ObjectMeta): void {
  const name = live.metadata.name ?? '';
  checkUid(type, live, sent.uid);
  if (!sent.resourceVersion) {
    if (!type.builtin) {
      throw invalid(type, name, [causeInvalid('metadata.resourceVersion', 0, 'must be specified for an update')]);
    }
  } else if (sent.resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(type, name);
  }
}

function checkUid(type: ResourceType, live: KubeObject, uid: string | undefined): void {
  if (!uid || uid === live.metadata.uid) return;
  throw conflict(
    type,
    live.metadata.name ?? '',
    `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`,
  );
}
