/** Objects as clients send them in the bodies of writes. */
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import { badRequest, wrongKind } from '../../api/status.ts';
import { duplicateFields } from '../json-duplicates.ts';
import { decodeObject, mediaType } from '../request-body.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { fieldValidationOf } from '../write-parameters.ts';

/** @returns undefined for an empty body. @throws ApiStatusError 400, 415 */
export function sentObjectOrNone(request: ResourceRequest, body: Buffer): KubeObject | undefined {
  return decodeObject(body, request.contentType, request.decodeProtobuf);
}

/** @throws ApiStatusError 400, 415 */
export function sentObject(request: ResourceRequest, body: Buffer): KubeObject {
  const object = sentObjectOrNone(request, body);
  if (!object) throw badRequest('the body of the request is empty');
  return object;
}

/** An object of the kind that the path names. @throws ApiStatusError 400, 415, 422 */
export function sentObjectOf(request: ResourceRequest, type: ResourceType, body: Buffer): KubeObject {
  const object = sentObject(request, body);
  if (type.builtin) {
    // Go decodes into the kind of the path when the body does not say.
    object.apiVersion ??= apiVersionOf(type);
    object.kind ??= type.kind;
  }
  checkKind(type, object);
  reportDuplicates(request, type, body);
  return object;
}

/** @throws ApiStatusError 400 */
export function checkKind(type: ResourceType, object: KubeObject): void {
  if (object.kind !== type.kind || object.apiVersion !== apiVersionOf(type)) {
    throw wrongKind(type, { apiVersion: String(object.apiVersion ?? ''), kind: String(object.kind ?? '') });
  }
}

/** JSON that names a field twice was decoded to the last value; says so as far as fieldValidation wants. */
function reportDuplicates(request: ResourceRequest, type: ResourceType, body: Buffer): void {
  const validation = fieldValidationOf(request.query);
  if (validation === 'Ignore' || !/^(application\/json)?$/.test(mediaType(request.contentType))) return;
  const duplicates = duplicateFields(body.toString()).map((path) => `duplicate field "${path}"`);
  if (duplicates.length === 0) return;
  if (validation === 'Strict') {
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${duplicates.join(', ')}`,
    );
  }
  for (const text of duplicates) request.warn(text);
}
