import { rfc3339 } from '../../model/protocol/go-time.ts';
import { apiVersionOf, type KubeObject, type ManagedFieldsEntry } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { trackUpdate } from '../apply/track-update.ts';
import { hasStatus } from './subresources.ts';
import type { WriteOptions } from './write-options.ts';

/**
 * managedFields of an object that is about to be stored.
 * @param live undefined at creation
 * @param object as the client sent it, with defaults, before the server adds its own: those fields are nobody's.
 * @param subresource '' for the main resource
 */
export function managersOf(
  type: ResourceType,
  live: KubeObject | undefined,
  object: KubeObject,
  subresource: string,
  options: WriteOptions,
): ManagedFieldsEntry[] {
  if (options.managedFields) return options.managedFields;
  // A new object comes without a status; what its defaults put there belongs to nobody.
  const isUnreported = !live && !options.trusted && hasStatus(type);
  return trackUpdate(live, isUnreported ? { ...object, status: undefined } : object, {
    manager: options.manager,
    apiVersion: apiVersionOf(type),
    subresource,
    time: rfc3339(options.context.clock.now()),
    schema: type.schema,
  });
}
