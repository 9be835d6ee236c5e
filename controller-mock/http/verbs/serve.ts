/** Finds the verb that a request to a resource asks for, and lets it answer. */
import type { ResourceType } from '../../api/resource-type.ts';
import { methodNotAllowed, unknownPath } from '../../api/status.ts';
import { subresourceOf } from '../../registry/subresources.ts';
import type { ResourceRequest } from '../resource-request.ts';
import type { Verb } from '../verb.ts';
import { create } from './create.ts';
import { deleteOne } from './delete.ts';
import { deleteCollection } from './deletecollection.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { patch } from './patch.ts';
import { serveSubresource } from './subresource.ts';
import { update } from './update.ts';
import { serveVirtual } from './virtual.ts';
import { watch } from './watch.ts';

type Serve = (request: ResourceRequest, type: ResourceType) => void;

const withoutBody =
  (verb: Serve): Serve =>
  (request, type) => {
    request.dropBody();
    verb(request, type);
  };

const withBody =
  (verb: (request: ResourceRequest, type: ResourceType, body: Buffer) => void): Serve =>
  (request, type) =>
    request.withBody((body) => verb(request, type, body));

const VERBS: Readonly<Record<Verb, Serve>> = {
  get: withoutBody(get),
  list: withoutBody(list),
  watch: withoutBody(watch),
  create: withBody(create),
  update: withBody(update),
  patch: withBody((request, type, body) => patch(request, type, undefined, body)),
  delete: withBody(deleteOne),
  deletecollection: withBody(deleteCollection),
};

/** @throws ApiStatusError; what happens after the body has arrived is answered here. */
export function serve(request: ResourceRequest): void {
  const { name, namespace, subresource } = request.info;
  const type = typeOf(request);
  for (const text of type.warnings ?? []) request.warn(text);
  if (subresource !== '') {
    serveSubresource(request, type, subresourceOf(type, subresource));
    return;
  }
  const { verb } = request;
  if (!verb || !type.verbs.includes(verb)) throw methodNotAllowed(undefined, request.method);
  const spansNamespaces = name === '' && (verb === 'list' || verb === 'watch');
  if (type.namespaced && namespace === '' && !spansNamespaces) throw methodNotAllowed(undefined, request.method);
  if (verb === 'create' && type.terminating) {
    throw methodNotAllowed(type, verb, 'create not allowed while custom resource definition is terminating');
  }
  if (type.virtual) serveVirtual(request, type, type.virtual, verb);
  else VERBS[verb](request, type);
}

function typeOf({ cluster, info }: ResourceRequest): ResourceType {
  const { group, version, resource, namespace } = info;
  const type = cluster.registry.find(group, version, resource);
  if (!type || (namespace !== '' && !type.namespaced)) throw unknownPath();
  return type;
}
