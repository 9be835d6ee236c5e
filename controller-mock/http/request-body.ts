/**
 * Reads and decodes request bodies, JSON, YAML and protobuf: kubernetes/apiserver, pkg/endpoints/handlers/rest.go limitedReadBody,
 * pkg/endpoints/handlers/negotiation/negotiate.go NegotiateInputSerializer.
 */
import type { IncomingMessage } from 'node:http';
import { parseAllDocuments } from 'yaml';
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

/**
 * @returns undefined for an empty body.
 * @throws ApiStatusError 400, 415
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
      return asObject(parseJson(body));
    case 'application/yaml':
      return asObject(parseYaml(body));
    case 'application/vnd.kubernetes.protobuf':
      return decodeProtobuf(body);
    default:
      throw unsupportedMediaType(type, OBJECT_TYPES);
  }
}

/** @throws ApiStatusError 400, 415 */
export function decodePatch(body: Buffer, contentType: string | undefined): { type: PatchType; patch: unknown } {
  const given = mediaType(contentType);
  const type = PATCH_TYPES.find((entry) => entry === given);
  if (!type) throw unsupportedMediaType(given, PATCH_TYPES);
  return { type, patch: type === 'application/apply-patch+yaml' ? parseYaml(body) : parseJson(body) };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeText(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw badRequest('the body of the request is not valid UTF-8');
  }
}

function parseJson(body: Buffer): unknown {
  let value: unknown;
  try {
    value = parseJsonExactly(decodeText(body));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw badRequest(`couldn't get version/kind; json parse error: ${error.message.slice(0, 200)}`);
    }
    throw error;
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

function asObject(value: unknown): KubeObject {
  if (!isPlainObject(value)) {
    throw badRequest(
      `the object provided is unrecognized: couldn't get version/kind; expected an object, got ${JSON.stringify(value)?.slice(0, 30)}`,
    );
  }
  for (const field of ['apiVersion', 'kind'] as const) {
    if (value[field] !== undefined && typeof value[field] !== 'string') {
      throw badRequest(`couldn't get version/kind; json parse error: ${field} must be a string`);
    }
  }
  return value as KubeObject;
}
