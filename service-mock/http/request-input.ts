/** What comes with a request besides its parameters: a JSON body or an uploaded file. Upstream: go-openapi/runtime, middleware/context.go. */

import type { IncomingMessage } from 'node:http';
import { JsonSyntaxError } from '../../model/protocol/json-syntax.ts';
import { Hangup, type JsonObject } from '../service-api.ts';
import { DecodeError, decode, validate } from '../validations/schema.ts';
import { frameworkError, OCTETS_TYPE } from './answer.ts';
import { parseFirstValue } from './go-json.ts';
import { boundaryOf, FileMeter, MultipartError } from './multipart.ts';
import type { Operation } from './operations/operation.ts';
import { Refusal } from './refusal.ts';

/** Largest JSON body in bytes. The real service has no limit; this one protects the simulator's memory. */
export const BODY_LIMIT = 64 * 1024 * 1024;

const hasBody = (raw: IncomingMessage) =>
  raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0;

const MEDIA_PARAMETERS = /^(?:\s*;\s*[\w!#$%&'*+.^`|~-]+\s*=\s*(?:[\w!#$%&'*+.^`|~-]+|"(?:[^"\\]|\\.)*"))*\s*;?\s*$/;

export function checkContentType(operation: Operation, raw: IncomingMessage): void {
  if (!hasBody(raw)) return;
  const header = raw.headers['content-type'] || OCTETS_TYPE;
  const typeEnd = header.indexOf(';');
  const given = (typeEnd < 0 ? header : header.slice(0, typeEnd)).trim().toLowerCase();
  const malformed =
    given === ''
      ? 'no media type'
      : typeEnd >= 0 && !MEDIA_PARAMETERS.test(header.slice(typeEnd))
        ? 'invalid media parameter'
        : null;
  if (malformed !== null) {
    const quoted = JSON.stringify(header);
    throw new Refusal(
      frameworkError(400, `parsing Content-Type header from ${quoted} failed, because mime: ${malformed}`),
    );
  }
  const taken = operation.upload ? 'multipart/form-data' : 'application/json';
  if (given !== taken) {
    throw new Refusal(
      frameworkError(400, `unsupported media type ${JSON.stringify(given)}, only [${taken}] are allowed`),
    );
  }
}

/** Whether an `Accept` header takes a type; no header takes everything. */
export function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined || header === '' || header === '*/*' || header === type) return true;
  return header.split(',').some((part) => {
    const [range, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return range === type || range === '*/*' || range === `${type.split('/', 1)[0]}/*`;
  });
}

/** What came with a request besides its parameters. */
export interface Input {
  readonly body: JsonObject;
  readonly text: string;
  readonly uploaded: number;
  /** Why the body cannot be used, said when its turn among the parameters comes. */
  readonly violation: string | null;
  /** It has a null where the service needs an object. */
  readonly isFatal: boolean;
}
export const noInput: Input = { body: {}, text: '', uploaded: 0, violation: null, isFatal: false };

export async function receive(operation: Operation, raw: IncomingMessage, strict: boolean): Promise<Input> {
  if (operation.upload) return { ...noInput, uploaded: await receiveUpload(raw) };
  const { name, schema, optional } = operation.body!;
  const body = hasBody(raw) ? await readText(raw) : '';
  if (body.trim() === '') {
    if (optional) throw new Hangup();
    return { ...noInput, violation: `${name} in body is required` };
  }
  try {
    const { value, hasNullItem: isFatal } = decode(schema, parseFirstValue(body), strict);
    const violation = validate(schema, value);
    return typeof value === 'string'
      ? { ...noInput, text: value, violation }
      : { ...noInput, body: value as JsonObject, violation, isFatal };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError) && !(error instanceof DecodeError)) throw error;
    return { ...noInput, violation: `parsing ${name} body from "" failed, because ${error.message}` };
  }
}

const tooLarge = () =>
  new Refusal(frameworkError(413, `the body is larger than ${BODY_LIMIT} bytes`, { Connection: 'close' }));
/** For the books only: there is nobody left to answer. */
const clientGone = () => new Refusal(frameworkError(400, 'unexpected EOF'));

/** Reads a body to its end. */
export function readText(raw: IncomingMessage): Promise<string> {
  if (Number(raw.headers['content-length'] ?? 0) > BODY_LIMIT) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    raw.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_LIMIT) {
        chunks.push(chunk);
      } else {
        chunks.length = 0;
        reject(tooLarge());
      }
    });
    raw.on('end', () => resolve(chunks.length === 1 ? chunks[0]!.toString() : Buffer.concat(chunks).toString()));
    raw.on('error', () => reject(clientGone()));
  });
}

function receiveUpload(raw: IncomingMessage): Promise<number> {
  const unreadable = (why: string) => new Refusal(frameworkError(400, why));
  const contentType = raw.headers['content-type'] ?? '';
  if (!hasBody(raw))
    return Promise.reject(unreadable(`reading file "upfile" failed: request Content-Type isn't multipart/form-data`));
  const boundary = boundaryOf(contentType);
  if (boundary === null) return Promise.reject(unreadable('no multipart boundary param in Content-Type'));
  return new Promise((resolve, reject) => {
    const meter = new FileMeter(boundary, 'upfile');
    const attempt = (act: () => void) => {
      try {
        act();
      } catch (error) {
        reject(error instanceof MultipartError ? unreadable(error.message) : error);
        raw.removeAllListeners('data').resume();
      }
    };
    raw.on('data', (chunk: Buffer) => attempt(() => meter.push(chunk)));
    raw.on('end', () => attempt(() => resolve(meter.end())));
    raw.on('error', () => reject(clientGone()));
  });
}
