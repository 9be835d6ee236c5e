import type { KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { parseFieldSelector, parseLabelSelector } from '../api/selector.ts';
import { badRequest } from '../api/status.ts';

const EVERYTHING = () => true;

/**
 * Whether an object, in the form of `type`, is meant by a list, watch or deletecollection.
 * @throws ApiStatusError 400 for a selector that cannot be read or a field that cannot be selected by.
 */
export function listFilter(
  type: ResourceType,
  labelSelector: string,
  fieldSelector: string,
): (object: KubeObject) => boolean {
  if (labelSelector === '' && fieldSelector === '') return EVERYTHING;
  const labels = parseLabelSelector(labelSelector);
  const fields = parseFieldSelector(fieldSelector).map(({ field, equal, value }) => {
    const read = fieldReader(type, field);
    if (!read) {
      const allowed = ['metadata.name', 'metadata.namespace', ...Object.keys(type.selectableFields)];
      const shown = allowed.map((name) => JSON.stringify(name)).join(', ');
      throw badRequest(`${JSON.stringify(field)} is not a known field selector: only ${shown}`);
    }
    return (object: KubeObject) => (read(object) === value) === equal;
  });
  return (object) => labels(object.metadata.labels) && fields.every((field) => field(object));
}

function fieldReader(type: ResourceType, field: string): ((object: KubeObject) => string) | undefined {
  if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
  if (field === 'metadata.namespace') return (object) => object.metadata.namespace ?? '';
  return Object.hasOwn(type.selectableFields, field) ? type.selectableFields[field] : undefined;
}
