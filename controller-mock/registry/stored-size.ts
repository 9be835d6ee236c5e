/** The limits of the store behind a real API server: etcd's server/embed/config.go DefaultMaxRequestBytes, client/v3/options.go defaultMaxCallSendMsgSize. */
import type { KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { ApiStatusError } from '../api/status.ts';

/** As etcd counts it, with what its log says about the request. */
const REQUEST_LIMIT_BYTES = 1.5 * 1024 * 1024 - 29;
const MESSAGE_LIMIT_BYTES = 2 * 1024 * 1024;

/** A transaction names the key twice, and has some bytes of its own. */
const overheadOf = ({ metadata: { namespace = '', name = '' } }: KubeObject, { group, plural }: ResourceType) =>
  2 * `/registry/${group}/${plural}/${namespace}/${name}`.length + 14;

/**
 * Refuses what etcd would not take. Who has written what is left out where that is what makes the object too large
 * (kubernetes/apiserver, pkg/endpoints/handlers/create.go).
 * @param object its managedFields may be taken away
 * @throws ApiStatusError 500
 */
export function fitIntoStore(type: ResourceType, object: KubeObject): void {
  if (storedBytes(type, object) <= REQUEST_LIMIT_BYTES) return;
  delete object.metadata.managedFields;
  const size = storedBytes(type, object);
  if (size <= REQUEST_LIMIT_BYTES) return;
  throw new ApiStatusError(
    500,
    '',
    size > MESSAGE_LIMIT_BYTES
      ? `rpc error: code = ResourceExhausted desc = trying to send message larger than max (${size} vs. ${MESSAGE_LIMIT_BYTES})`
      : 'etcdserver: request is too large',
  );
}

/** Custom objects are stored as JSON, built-in ones as protobuf, which has numbers for the names of fields. */
function storedBytes(type: ResourceType, object: KubeObject): number {
  const least = textBytes(object, !type.builtin);
  if (type.builtin || least <= REQUEST_LIMIT_BYTES / 2) return least;
  return Buffer.byteLength(JSON.stringify(object)) + overheadOf(object, type);
}

/** Texts of a value, and the names of its fields if they count. */
function textBytes(value: unknown, withNames: boolean): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 2;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textBytes(item, withNames), 0);
  let sum = 0;
  for (const key in value) {
    sum += (withNames ? key.length + 3 : 2) + textBytes((value as Record<string, unknown>)[key], withNames);
  }
  return sum;
}
