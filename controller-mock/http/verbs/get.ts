import type { ResourceType } from '../../api/resource-type.ts';
import { notFound } from '../../api/status.ts';
import type { ResourceRequest } from '../resource-request.ts';

/** @throws ApiStatusError 400, 404, 406 */
export function get(request: ResourceRequest, type: ResourceType): void {
  const { namespace, name } = request.info;
  const representation = request.representation();
  const record = request.cluster.collection(type).get(namespace, name);
  if (!record) throw notFound(type, name);
  request.represent(200, request.encoder(type, representation).bytes(record), representation);
}
