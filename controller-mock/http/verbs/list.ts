import type { ResourceType } from '../../api/resource-type.ts';
import { parseListOptions } from '../list-options.ts';
import { listPage } from '../list-page.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { recordFilter } from './selection.ts';

/** @throws ApiStatusError 400, 406, 410, 422, 504 */
export function list(request: ResourceRequest, type: ResourceType): void {
  const { cluster, info } = request;
  const options = parseListOptions(request.query);
  const representation = request.representation();
  const matches = recordFilter(type, info, options);
  const encoder = request.encoder(type, representation);
  const page = listPage(cluster.collection(type), info.namespace, options, cluster.store.resourceVersion, matches);
  request.represent(200, encoder.list(page.records, page.metadata), representation);
}
