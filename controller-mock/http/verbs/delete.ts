import type { ResourceType } from '../../api/resource-type.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { readDeleteOptions } from './delete-options.ts';

/** @throws ApiStatusError 400, 403, 404, 409, 415, 422 */
export function deleteOne(request: ResourceRequest, type: ResourceType, body: Buffer): void {
  const { namespace, name } = request.info;
  const options = readDeleteOptions(request, body);
  const { object, gone } = request.cluster.deleteObject(type, namespace, name, options, request.dryRun);
  if (!gone) {
    request.sendObject(200, type, object);
    return;
  }
  request.response.json(200, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(type.group && { group: type.group }), kind: type.plural, uid: object.metadata.uid },
  });
}
