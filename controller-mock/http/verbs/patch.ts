import { causeForbidden, causeInvalid } from '../../api/causes.ts';
import { goText, jsonType } from '../../api/go-values.ts';
import { cloneJson, isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ResourceType, Subresource } from '../../api/resource-type.ts';
import { badRequest, invalid } from '../../api/status.ts';
import { applyJsonPatch, applyMergePatch } from '../../patch/json-patch.ts';
import { strategicMergePatch } from '../../patch/strategic-merge.ts';
import { scaleOf } from '../../registry/scale.ts';
import type { Reading } from '../../registry/write-options.ts';
import { decodePatch, PATCH_TYPES, type PatchType, patchTypeOf } from '../request-body.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { PATCH_OPTIONS } from '../write-parameters.ts';
import { apply } from './apply.ts';
import { replace } from './update.ts';

const APPLY = 'application/apply-patch+yaml';
const STRATEGIC = 'application/strategic-merge-patch+json';

/**
 * @param subresource undefined for the main resource
 * @throws ApiStatusError 400, 404, 409, 415, 422, 500
 */
export function patch(
  request: ResourceRequest,
  type: ResourceType,
  subresource: Subresource | undefined,
  body: Buffer,
): void {
  const { namespace, name } = request.info;
  const types = type.builtin ? PATCH_TYPES : PATCH_TYPES.filter((entry) => entry !== STRATEGIC);
  const patchType = patchTypeOf(request.contentType, types);
  if (patchType === APPLY) {
    apply(request, type, subresource, body);
    return;
  }
  const sent = decodePatch(body);
  if (request.query.has('force')) {
    throw invalid(PATCH_OPTIONS, '', [causeForbidden('force', 'may not be specified for non-apply patch')]);
  }
  const live = request.cluster.live(type, namespace, name);
  const base = subresource?.scale ? scaleOf(live, subresource.scale) : live;
  const patched = patchedObject(base, patchType, sent, type, subresource?.scale !== undefined);
  const object = cloneJson(patched) as KubeObject;
  replace(request, type, subresource, live, object, readingOf(patchType, sent, patched));
}

function patchedObject(
  base: KubeObject,
  patchType: PatchType,
  sent: unknown,
  type: ResourceType,
  isScale: boolean,
): Record<string, unknown> {
  let patched: unknown;
  if (patchType === 'application/json-patch+json') patched = applyJsonPatch(base, sent);
  else if (!isPlainObject(sent)) {
    const type = 'map[string]interface {}';
    throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonType(sent)} into Go value of type ${type}`);
  } else if (patchType === 'application/merge-patch+json' || isScale) patched = applyMergePatch(base, sent);
  else patched = strategicMergePatch(base, sent, type.schema);
  if (!isPlainObject(patched)) throw badRequest('the patch turns the object into something that is no object');
  return patched;
}

/** How the patched object is read, and refused. */
function readingOf(patchType: PatchType, sent: unknown, patched: unknown): Reading {
  const isStrategic = patchType === STRATEGIC;
  return {
    decoding: isStrategic ? 'converted' : 'json',
    refuse: (why) => {
      const shown = isStrategic ? goText(sent) : JSON.stringify(patched);
      return invalid({ group: '', kind: '' }, '', [causeInvalid('patch', shown, why)]);
    },
  };
}
