import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { causeRequired } from '../../api/causes.ts';
import { cloneJson, isPlainObject } from '../../api/json.ts';
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import type { ResourceType, Subresource } from '../../api/resource-type.ts';
import { ApiStatusError, badRequest, conflict, invalid, notFound } from '../../api/status.ts';
import { serverSideApply } from '../../apply/server-side-apply.ts';
import { shownAs } from '../../registry/object-storage.ts';
import { hasStatus } from '../../registry/subresources.ts';
import type { Reading, WriteOptions } from '../../registry/write-options.ts';
import { decodeApplied } from '../request-body.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { PATCH_OPTIONS } from '../write-parameters.ts';
import { checkKind } from './sent-object.ts';

/** Subresources that are parts of the status; others are parts of the spec. */
const STATUS_PARTS = ['status', 'approval'];

/**
 * Server-side apply.
 * @param subresource undefined for the main resource
 * @throws ApiStatusError 400, 404, 409, 422, 500
 */
export function apply(
  request: ResourceRequest,
  type: ResourceType,
  subresource: Subresource | undefined,
  body: Buffer,
): void {
  const { namespace, name } = request.info;
  const manager = request.query.get('fieldManager') ?? '';
  const applied = appliedObject(type, name, manager, body);
  keepPart(type, subresource, applied);
  const options = request.writeOptions();
  const record = request.cluster.collection(type).get(namespace, name);
  if (!record && subresource) throw notFound(type, name);
  const live = record && shownAs(record, type);
  const merged = serverSideApply(live, applied, {
    manager,
    apiVersion: apiVersionOf(type),
    subresource: subresource?.name ?? '',
    time: rfc3339(request.clock.now()),
    schema: type.schema,
    force: request.query.get('force') === 'true',
  });
  if (live && merged === live) {
    request.sendObject(200, type, live);
    return;
  }
  const { managedFields } = merged.metadata;
  const withManagers = { ...options, reading: readingOf(type, applied), ...(managedFields && { managedFields }) };
  store(request, type, subresource, live, applied, cloneJson(merged), withManagers);
}

function store(
  request: ResourceRequest,
  type: ResourceType,
  subresource: Subresource | undefined,
  live: KubeObject | undefined,
  applied: KubeObject,
  body: KubeObject,
  options: WriteOptions,
): void {
  const { cluster, info } = request;
  const { namespace, name } = info;
  if (!live) {
    const uid = applied.metadata?.uid;
    if (uid) {
      const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
      throw conflict(type, name, why);
    }
    body.metadata = { name, ...body.metadata };
    request.sendObject(201, type, cluster.createObject(type, namespace, body, options));
    return;
  }
  if (applied.metadata?.resourceVersion === undefined) {
    body.metadata.resourceVersion = live.metadata.resourceVersion ?? '';
  }
  request.sendObject(200, type, cluster.updateObject(type, namespace, name, body, subresource, options));
}

/** @throws ApiStatusError 400, 422 */
function appliedObject(type: ResourceType, name: string, manager: string, body: Buffer): KubeObject {
  if (manager === '') {
    throw invalid(PATCH_OPTIONS, '', [causeRequired('fieldManager', 'is required for apply patch')]);
  }
  const sent = decodeApplied(body);
  if (!isPlainObject(sent)) throw badRequest('error decoding patch: an apply patch is an object');
  const applied = sent as KubeObject;
  checkKind(type, applied);
  const { name: named } = isPlainObject(applied.metadata) ? applied.metadata : {};
  if (typeof named === 'string' && named !== name) {
    throw badRequest(`the name of the object (${named}) does not match the name on the URL (${name})`);
  }
  return applied;
}

/** Leaves of an applied object, in place, what the path is about. */
function keepPart(type: ResourceType, subresource: Subresource | undefined, applied: KubeObject): void {
  if (!subresource) {
    if (hasStatus(type)) delete applied.status;
    return;
  }
  const part = STATUS_PARTS.includes(subresource.name) ? 'status' : 'spec';
  for (const key of Object.keys(applied)) {
    if (!['apiVersion', 'kind', 'metadata', part].includes(key)) delete applied[key];
  }
}

/** How the merged object is read, and refused. */
function readingOf(type: ResourceType, applied: KubeObject): Reading {
  return {
    decoding: 'converted',
    refuse: (why) => {
      const { namespace = '', name = '' } = applied.metadata ?? {};
      const kind = `${type.group}/${type.version}, Kind=${type.kind}`;
      const message = `failed to convert new object (${namespace}/${name}; ${kind}) to proper version: unable to convert unstructured object to ${kind}: ${why}`;
      return new ApiStatusError(500, '', message);
    },
  };
}
