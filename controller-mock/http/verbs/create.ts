import type { ResourceType } from '../../api/resource-type.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { sentObjectOf } from './sent-object.ts';

/** @throws ApiStatusError 400, 403, 404, 409, 415, 422 */
export function create(request: ResourceRequest, type: ResourceType, body: Buffer): void {
  const object = sentObjectOf(request, type, body);
  const created = request.cluster.createObject(type, request.info.namespace, object, request.writeOptions());
  request.sendObject(201, type, created);
}
