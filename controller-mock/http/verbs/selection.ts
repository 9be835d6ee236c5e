import type { KubeObject } from '../../api/object.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import { listFilter } from '../../registry/list-filter.ts';
import { shownAs } from '../../registry/object-storage.ts';
import type { StoredRecord } from '../../store/record.ts';
import type { ListOptions } from '../list-options.ts';
import type { ResourceInfo } from '../request-info.ts';

/** Which objects a list, watch or deletecollection is about; undefined for all. @throws ApiStatusError 400 */
export function objectFilter(
  type: ResourceType,
  { name }: ResourceInfo,
  { labelSelector, fieldSelector }: ListOptions,
): ((object: KubeObject) => boolean) | undefined {
  if (name === '' && labelSelector === '' && fieldSelector === '') return undefined;
  const filter = listFilter(type, labelSelector, fieldSelector);
  return name === '' ? filter : (object) => object.metadata.name === name && filter(object);
}

/** As {@link objectFilter}, of what is stored. @throws ApiStatusError 400 */
export function recordFilter(
  type: ResourceType,
  info: ResourceInfo,
  options: ListOptions,
): ((record: StoredRecord) => boolean) | undefined {
  const filter = objectFilter(type, info, options);
  return filter && ((record) => filter(shownAs(record, type)));
}
