/** Objects as clients send them in the bodies of writes. */
import { causeInvalid } from '../../api/causes.ts';
import { isPlainObject } from '../../api/json.ts';
import { apiVersionOf, type KubeObject } from '../../api/object.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import { badRequest, invalid, wrongKind } from '../../api/status.ts';
import type { Reading } from '../../registry/write-options.ts';
import { duplicateFields } from '../json-duplicates.ts';
import { decodeObject, mediaType, UnreadableBody } from '../request-body.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { fieldValidationOf } from '../write-parameters.ts';

/** @param kind that is expected. @returns undefined for an empty body. @throws ApiStatusError 400, 415 */
export function sentObjectOrNone(request: ResourceRequest, body: Buffer, kind: string): KubeObject | undefined {
  try {
    return decodeObject(body, request.contentType, request.decodeProtobuf);
  } catch (error) {
    if (error instanceof UnreadableBody) throw unrecognized(kind, error.message, body);
    throw error;
  }
}

/** kubernetes/apiserver, pkg/endpoints/handlers/rest.go transformDecodeError */
const unrecognized = (kind: string, why: string, body: Buffer) =>
  badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summaryOf(body)})`);

const SUMMARY_BYTES = 30;

/** The beginning of a body, in hexadecimal digits if it is no JSON object (pkg/endpoints/handlers/rest.go summarizeData). */
function summaryOf(body: Buffer): string {
  if (body.length === 0) return '<empty>';
  const text = body.subarray(0, SUMMARY_BYTES).toString(body[0] === 0x7b ? 'utf8' : 'hex');
  return body.length > SUMMARY_BYTES ? `${text} ...` : text;
}

/** @param kind that is expected. @throws ApiStatusError 400, 415 */
export function sentObject(request: ResourceRequest, body: Buffer, kind: string): KubeObject {
  const object = sentObjectOrNone(request, body, kind);
  if (!object) {
    const why = "couldn't get version/kind; json parse error: unexpected end of JSON input";
    throw unrecognized(kind, why, body);
  }
  return object;
}

/** An object of the kind that the path names. @throws ApiStatusError 400, 415, 422 */
export function sentObjectOf(request: ResourceRequest, type: ResourceType, body: Buffer): KubeObject {
  const object = sentObject(request, body, type.kind);
  if (type.builtin) {
    // Go decodes into the kind of the path when the body does not say.
    object.apiVersion ||= apiVersionOf(type);
    object.kind ||= type.kind;
    checkGoType(request, type, object, fromGoType(type, object));
  } else {
    if (!object.kind) throw unrecognized(type.kind, `Object 'Kind' is missing in '${body.toString()}'`, body);
    checkCustomType(type, object);
  }
  reportDuplicates(request, type, body);
  return object;
}

/** Go's internal packages are named by the first part of a group. */
const packageOf = (group: string) => (group === '' || group === 'events.k8s.io' ? 'core' : group.split('.')[0]);

/** How a body of another kind is refused: by its own name. */
const fromGoType = (type: ResourceType, { apiVersion = '', kind = '' }: KubeObject): Pick<Reading, 'refuse'> => ({
  refuse: (why) => {
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    return badRequest(`${kind} in version "${version}" cannot be handled as a ${type.kind}: ${why}`);
  },
});

/** An object that Go would decode into another type, or into none. @throws what `reading` refuses with */
export function checkGoType(
  { cluster }: ResourceRequest,
  type: ResourceType,
  { apiVersion = '', kind = '' }: KubeObject,
  { refuse }: Pick<Reading, 'refuse'>,
): void {
  if (kind === type.kind && apiVersion === apiVersionOf(type)) return;
  const slash = apiVersion.indexOf('/');
  const [group, version] = [apiVersion.slice(0, Math.max(0, slash)), apiVersion.slice(slash + 1)];
  const known = cluster.registry.ofKind(group, kind, version);
  throw refuse(
    known?.builtin && known.version === version
      ? `converting (${version}.${kind}) to (${packageOf(type.group)}.${type.kind}): unknown conversion`
      : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:100"`,
  );
}

/** @throws ApiStatusError 400, 422 */
export function checkCustomType(type: ResourceType, { apiVersion = '', kind = '', metadata }: KubeObject): void {
  const expected = apiVersionOf(type);
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (kind === type.kind) return;
  const name = isPlainObject(metadata) && typeof metadata.name === 'string' ? metadata.name : '';
  throw invalid({ group: type.group, kind }, name, [causeInvalid('kind', kind, `must be ${type.kind}`)]);
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
