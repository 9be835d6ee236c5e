import type { ResourceType } from '../../api/resource-type.ts';
import { parseListOptions } from '../list-options.ts';
import { listPage } from '../list-page.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { readDeleteOptions } from './delete-options.ts';
import { recordFilter } from './selection.ts';

/** @throws ApiStatusError 400, 403, 406, 410, 415, 422 */
export function deleteCollection(request: ResourceRequest, type: ResourceType, body: Buffer): void {
  const { cluster, info } = request;
  const options = parseListOptions(request.query);
  const deleteOptions = readDeleteOptions(request, body);
  const matches = recordFilter(type, info, options);
  const page = listPage(cluster.collection(type), info.namespace, options, cluster.store.resourceVersion, matches);
  for (const record of page.records) {
    cluster.deleteObject(type, record.namespace, record.name, deleteOptions, request.dryRun);
  }
  const representation = request.representation();
  const encoder = request.encoder(type, representation);
  request.represent(200, encoder.list(page.records, page.metadata), representation);
}
