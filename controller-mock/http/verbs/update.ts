import type { KubeObject } from '../../api/object.ts';
import type { ResourceType, Subresource } from '../../api/resource-type.ts';
import { shownAs } from '../../registry/object-storage.ts';
import { checkPutUid } from '../../registry/preconditions.ts';
import { SCALE_KIND, scaleOf, withScale } from '../../registry/scale.ts';
import { checkSentName } from '../../registry/update.ts';
import { fromBody, type Reading } from '../../registry/write-options.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { checkCustomType, checkGoType, sentObject, sentObjectOf } from './sent-object.ts';

/** @throws ApiStatusError 400, 404, 409, 415, 422 */
export function update(request: ResourceRequest, type: ResourceType, body: Buffer): void {
  const { namespace, name } = request.info;
  const object = sentObjectOf(request, type, body);
  const record = request.cluster.collection(type).get(namespace, name);
  checkPutUid(type, { ...object.metadata, namespace, name }, record && shownAs(record, type));
  const { cluster } = request;
  if (record || !type.createsOnUpdate) {
    request.sendObject(
      200,
      type,
      cluster.updateObject(type, namespace, name, object, undefined, request.writeOptions()),
    );
    return;
  }
  checkSentName(object, name);
  request.sendObject(201, type, cluster.createObject(type, namespace, object, request.writeOptions()));
}

/** PUT to a subresource that is a part of the object. @throws ApiStatusError 400, 404, 409, 415, 422 */
export function updatePart(request: ResourceRequest, type: ResourceType, part: Subresource, body: Buffer): void {
  const { namespace, name } = request.info;
  const object = sentObject(request, body, part.kind ?? type.kind);
  replace(request, type, part, request.cluster.live(type, namespace, name), object);
}

/**
 * Stores a whole object, or the part of it a subresource is, and answers with it.
 * @param live as it was when `object` was made from it.
 * @throws ApiStatusError 400, 404, 409, 422
 */
export function replace(
  request: ResourceRequest,
  type: ResourceType,
  subresource: Subresource | undefined,
  live: KubeObject,
  object: KubeObject,
  reading: Reading = fromBody(type),
): void {
  const { namespace, name } = request.info;
  const options = { ...request.writeOptions(), reading };
  if (subresource?.scale) {
    const paths = subresource.scale;
    const whole = withScale(live, object, paths, type.builtin);
    const part: Subresource = { ...subresource, merge: (_live, body) => body };
    const updated = request.cluster.updateObject(type, namespace, name, whole, part, options);
    request.sendObject(200, SCALE_KIND, scaleOf(updated, paths));
    return;
  }
  if (type.builtin) checkGoType(request, type, object, reading);
  else checkCustomType(type, object);
  const updated = request.cluster.updateObject(type, namespace, name, object, subresource, options);
  request.sendObject(200, type, updated);
}
