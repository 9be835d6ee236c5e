/** Kinds that are answered and not stored, such as access reviews. */
import { isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ResourceType, VirtualResource } from '../../api/resource-type.ts';
import { methodNotAllowed, notFound } from '../../api/status.ts';
import { checkDecoding, placeInNamespace } from '../../registry/read-object.ts';
import { fromBody } from '../../registry/write-options.ts';
import { readNulls } from '../../schema/nulls.ts';
import { prune } from '../../schema/prune.ts';
import { parseListOptions } from '../list-options.ts';
import type { ResourceRequest } from '../resource-request.ts';
import type { Verb } from '../verb.ts';
import { objectFilter } from './selection.ts';
import { sentObjectOf } from './sent-object.ts';

/** @throws ApiStatusError; what happens after the body has arrived is answered here. */
export function serveVirtual(request: ResourceRequest, type: ResourceType, virtual: VirtualResource, verb: Verb): void {
  const { namespace, name } = request.info;
  if (verb === 'create' && virtual.create) {
    const create = virtual.create.bind(virtual);
    request.withBody((body) => {
      const object = sentObjectOf(request, type, body);
      // For the faults it may have: nothing is stored.
      request.writeOptions();
      if (!isPlainObject(object.metadata)) object.metadata = {};
      checkDecoding(type, object, fromBody(type));
      if (type.namespaced) placeInNamespace(object, namespace);
      readNulls(object, type.schema);
      prune(object, type.schema);
      request.sendObject(201, type, create(object, namespace, request));
    });
    return;
  }
  request.dropBody();
  if (verb === 'get' && virtual.get) {
    const object = virtual.get(namespace, name, request);
    if (!object) throw notFound(type, name);
    request.sendObject(200, type, object);
  } else if (verb === 'list' && virtual.list) {
    listVirtual(request, type, virtual.list(namespace, request));
  } else {
    throw methodNotAllowed(type, verb);
  }
}

function listVirtual(request: ResourceRequest, type: ResourceType, objects: KubeObject[]): void {
  const options = parseListOptions(request.query);
  const representation = request.representation();
  const filter = objectFilter(type, request.info, options);
  const shown = filter ? objects.filter(filter) : objects;
  const body = request.encoder(type, representation).listObjects(shown, {});
  request.represent(200, body, representation);
}
