/** Subresources: parts of the object, such as its status, and what has code of its own, such as logs. */
import type { ResourceType, Subresource, SubresourceRequest } from '../../api/resource-type.ts';
import { methodNotAllowed, unknownPath } from '../../api/status.ts';
import { SCALE_KIND, scaleOf } from '../../registry/scale.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { get } from './get.ts';
import { patch } from './patch.ts';
import { sentObjectOrNone } from './sent-object.ts';
import { updatePart } from './update.ts';

/** @throws ApiStatusError; what happens after the body has arrived is answered here. */
export function serveSubresource(request: ResourceRequest, type: ResourceType, subresource: Subresource): void {
  const { namespace, name } = request.info;
  // Also below an object a POST creates something: a binding, a token.
  const verb = request.method === 'POST' ? 'create' : request.verb;
  if (!verb || !subresource.verbs.includes(verb)) throw methodNotAllowed(undefined, request.method);
  if (type.namespaced && namespace === '') throw unknownPath();
  if (subresource.handle) {
    const handle = subresource.handle.bind(subresource);
    request.withBody((body) => handleWith(request, type, handle, verb as SubresourceRequest['verb'], body));
    return;
  }
  if (verb === 'get') {
    request.dropBody();
    if (!subresource.scale) get(request, type);
    else request.sendObject(200, SCALE_KIND, scaleOf(request.cluster.live(type, namespace, name), subresource.scale));
    return;
  }
  request.withBody((body) => {
    if (verb === 'patch') patch(request, type, subresource, body);
    else updatePart(request, type, subresource, body);
  });
}

async function handleWith(
  request: ResourceRequest,
  type: ResourceType,
  handle: NonNullable<Subresource['handle']>,
  verb: SubresourceRequest['verb'],
  body: Buffer,
): Promise<void> {
  const { namespace, name } = request.info;
  const { query, response } = request;
  request.readDryRun();
  const parent = request.cluster.live(type, namespace, name);
  const object = sentObjectOrNone(request, body, type.kind);
  const reply = await handle({ verb, namespace, name, parent, query, body: object, context: request });
  if ('object' in reply) {
    request.represent(reply.code, JSON.stringify(reply.object), request.representation());
  } else if (typeof reply.text === 'string') {
    response.send(reply.code, reply.text, reply.contentType);
  } else {
    await response.stream(reply.code, reply.text, reply.contentType);
  }
}
