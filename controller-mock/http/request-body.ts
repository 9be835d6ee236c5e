/**
 * Reads and decodes request bodies, JSON, YAML and protobuf: kubernetes/apiserver, pkg/endpoints/handlers/rest.go limitedReadBody,
 * pkg/endpoints/handlers/negotiation/negotiate.go NegotiateInputSerializer.
 */
import type { IncomingMessage } from 'node:http';
import { parseAllDocuments } from 'yaml';
import { jsonFault } from '../../model/protocol/json-syntax.ts';
import { jsonType } from '../api/go-values.ts';
import { hasLongIntegers, parseJsonExactly, withExactIntegers } from '../api/int64.ts';
import { isPlainObject, tooDeep } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import { badRequest, tooLarge, unsupportedMediaType } from '../api/status.ts';

/** Largest body (kubernetes/apiserver, pkg/server/config.go MaxRequestBodyBytes). */
export const BODY_LIMIT_BYTES = 3 * 1024 * 1024;

const OBJECT_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

export const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;

export type PatchType = (typeof PATCH_TYPES)[number];

/** @throws ApiStatusError 413; rejects when the client goes away in the middle. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > BODY_LIMIT_BYTES) return Promise.reject(tooLarge(BODY_LIMIT_BYTES));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_LIMIT_BYTES) {
        request.removeAllListeners('data');
        request.resume();
        reject(tooLarge(BODY_LIMIT_BYTES));
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the client went away')));
  });
}

/** Media type without parameters, lower case. */
export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]!.trim().toLowerCase();
}

/**
 * Decodes an `application/vnd.kubernetes.protobuf` body to the JSON form of the object, with apiVersion and kind.
 * @throws ApiStatusError 400 when malformed, 415 for a kind without decoder.
 */
export type DecodeProtobuf = (body: Uint8Array) => KubeObject;

/** Why a body is no object; whoever knows the kind that it should be tells the client. */
export class UnreadableBody extends Error {}

/**
 * @returns undefined for an empty body.
 * @throws UnreadableBody, and ApiStatusError 415
 */
export function decodeObject(
  body: Buffer,
  contentType: string | undefined,
  decodeProtobuf: DecodeProtobuf,
): KubeObject | undefined {
  if (body.length === 0) return undefined;
  const type = mediaType(contentType);
  switch (type) {
    case '':
    case 'application/json':
      return asObject(parseJson(body, (fault) => new UnreadableBody(`${UNREADABLE}: ${fault}`)));
    case 'application/yaml':
      return asObject(parseYaml(body));
    case 'application/vnd.kubernetes.protobuf':
      return decodeProtobuf(body);
    default:
      throw unsupportedMediaType(OBJECT_TYPES);
  }
}

const undecodable = (fault: string) => badRequest(`error decoding patch: ${fault}`);

/** @param types that the kind takes. @throws ApiStatusError 415 */
export function patchTypeOf(contentType: string | undefined, types: readonly PatchType[]): PatchType {
  const given = mediaType(contentType);
  const type = types.find((entry) => entry === given);
  if (!type) throw unsupportedMediaType(types);
  return type;
}

/** @throws ApiStatusError 400 */
export const decodePatch = (body: Buffer): unknown => parseJson(body, undecodable);

/** An object to be applied. @throws ApiStatusError 400 */
export const decodeApplied = (body: Buffer): unknown => parseYaml(body);

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeText(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw badRequest('the body of the request is not valid UTF-8');
  }
}

/** @param refuse makes an error of what Go says about the text */
function parseJson(body: Buffer, refuse: (fault: string) => Error): unknown {
  const text = decodeText(body);
  let value: unknown;
  try {
    value = parseJsonExactly(text);
  } catch {
    throw refuse(jsonFault(text) ?? '');
  }
  return shallowEnough(value);
}

/** A JSON document is YAML, too; only the first document counts. */
function parseYaml(body: Buffer): unknown {
  const text = decodeText(body);
  if (/^\s*[{[]/.test(text)) {
    try {
      return shallowEnough(parseJsonExactly(text));
    } catch {
      // Flow style YAML.
    }
  }
  try {
    const document = [
      parseAllDocuments(text, { uniqueKeys: true, logLevel: 'error', intAsBigInt: hasLongIntegers(text) }),
    ].flat()[0];
    if (document && 'errors' in document && document.errors.length > 0) throw document.errors[0];
    // Aliases are limited, or a few bytes could grow into gigabytes.
    return shallowEnough(
      document && 'toJS' in document ? withExactIntegers(document.toJS({ maxAliasCount: 100 })) : null,
    );
  } catch (error) {
    throw badRequest(`error decoding YAML: ${(error as Error).message.slice(0, 300)}`);
  }
}

function shallowEnough(value: unknown): unknown {
  if (tooDeep(value)) throw badRequest('the body of the request is nested too deep');
  return value;
}

const UNREADABLE = "couldn't get version/kind; json parse error";

/** @throws UnreadableBody */
function asObject(value: unknown): KubeObject {
  if (!isPlainObject(value)) {
    const type =
      'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    throw new UnreadableBody(`${UNREADABLE}: json: cannot unmarshal ${jsonType(value)} into Go value of type ${type}`);
  }
  for (const field of ['apiVersion', 'kind'] as const) {
    if (value[field] === undefined || value[field] === null || typeof value[field] === 'string') continue;
    const given = jsonType(value[field]);
    throw new UnreadableBody(
      `${UNREADABLE}: json: cannot unmarshal ${given} into Go struct field .${field} of type string`,
    );
  }
  return value as KubeObject;
}
