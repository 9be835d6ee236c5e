import type { ResourceType, Subresource } from '../api/resource-type.ts';
import { notFound } from '../api/status.ts';

/** @throws ApiStatusError 404 */
export function subresourceOf(type: ResourceType, name: string): Subresource {
  const subresource = type.subresources.find((entry) => entry.name === name);
  if (!subresource) throw notFound({ group: type.group, plural: `${type.plural}/${name}` }, '');
  return subresource;
}

/** Whether the status of a kind is written through a subresource of its own. */
export function hasStatus(type: ResourceType): boolean {
  return type.subresources.some((subresource) => subresource.name === 'status');
}
