/** JSON patch (RFC 6902) and JSON merge patch (RFC 7386). */
import { jsonType } from '../api/go-values.ts';
import { cloneJson, equalJson, isPlainObject } from '../api/json.ts';
import { badRequest, unprocessable } from '../api/status.ts';

/** Operations one patch may have; a client that sends more is told so. */
const OPERATIONS_LIMIT = 10_000;

interface Operation {
  op: string;
  path: string;
  from?: string;
  value?: unknown;
}

function pointer(text: unknown, what: string): string[] {
  if (typeof text !== 'string') throw badRequest(`error decoding patch: ${what} of an operation must be a string`);
  if (text === '') return [];
  if (!text.startsWith('/')) throw inapplicable();
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** What the API server says of every patch that it can read and not apply; the reason stays in its log. */
const inapplicable = () => unprocessable('the server rejected our request due to an error in our request');

function arrayIndex(part: string, length: number): number {
  if (!/^(0|[1-9]\d*)$/.test(part) || Number(part) >= length) throw inapplicable();
  return Number(part);
}

function read(document: unknown, parts: string[]): unknown {
  let value = document;
  for (const part of parts) {
    if (Array.isArray(value)) value = value[arrayIndex(part, value.length)];
    else if (isPlainObject(value) && Object.hasOwn(value, part)) value = value[part];
    else throw inapplicable();
  }
  return value;
}

/** Changes `document` in place; @returns the document, which is another one when the path is the root. */
function add(document: unknown, parts: string[], value: unknown): unknown {
  if (parts.length === 0) return value;
  const parent = read(document, parts.slice(0, -1));
  const last = parts.at(-1)!;
  if (Array.isArray(parent)) {
    if (last === '-') parent.push(value);
    else parent.splice(arrayIndex(last, parent.length + 1), 0, value);
  } else if (isPlainObject(parent)) parent[last] = value;
  else throw inapplicable();
  return document;
}

/** As {@link add}, but within a list. A field need not be there, as in the API server. */
function replace(document: unknown, parts: string[], value: unknown): unknown {
  const parent = parts.length > 0 && read(document, parts.slice(0, -1));
  if (!Array.isArray(parent)) return add(document, parts, value);
  parent[arrayIndex(parts.at(-1)!, parent.length)] = value;
  return document;
}

function remove(document: unknown, parts: string[]): void {
  if (parts.length === 0) throw inapplicable();
  const parent = read(document, parts.slice(0, -1));
  const last = parts.at(-1)!;
  if (Array.isArray(parent)) parent.splice(arrayIndex(last, parent.length), 1);
  else if (isPlainObject(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else throw inapplicable();
}

/**
 * @param document is not changed.
 * @throws ApiStatusError 400 for a malformed patch, 422 for one that does not apply.
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) {
    const type = '[]handlers.jsonPatchOp';
    throw badRequest(`error decoding patch: json: cannot unmarshal ${jsonType(patch)} into Go value of type ${type}`);
  }
  if (patch.length > OPERATIONS_LIMIT) {
    throw unprocessable(`The allowed maximum operations in a JSON patch is ${OPERATIONS_LIMIT}, got ${patch.length}`);
  }
  let result = cloneJson(document);
  for (const entry of patch) {
    if (!isPlainObject(entry)) throw badRequest('error decoding patch: an operation must be an object');
    const { op, path, from, value } = entry as unknown as Operation;
    const parts = pointer(path, 'path');
    switch (op) {
      case 'add':
        result = add(result, parts, cloneJson(value ?? null));
        break;
      case 'remove':
        remove(result, parts);
        break;
      case 'replace':
        result = replace(result, parts, cloneJson(value ?? null));
        break;
      case 'move': {
        const source = pointer(from, 'from');
        const moved = read(result, source);
        if (parts.length > source.length && source.every((part, index) => part === parts[index])) {
          throw inapplicable();
        }
        remove(result, source);
        result = add(result, parts, moved);
        break;
      }
      case 'copy':
        result = add(result, parts, cloneJson(read(result, pointer(from, 'from'))));
        break;
      case 'test': {
        let found: unknown;
        try {
          found = read(result, parts);
        } catch {
          found = null;
        }
        if (!equalJson(found, value ?? null)) {
          throw inapplicable();
        }
        break;
      }
      default:
        throw inapplicable();
    }
  }
  return result;
}

/** @param target is not changed; unchanged parts are shared with the result. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.map(withoutNulls);
  if (!isPlainObject(patch)) return patch;
  const result: Record<string, unknown> = isPlainObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete result[key];
    else result[key] = applyMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value);
  }
  return result;
}

/** A list replaces another as a whole, but fields of its objects that are null are left out, as the API server does. */
function withoutNulls(item: unknown): unknown {
  return isPlainObject(item) || Array.isArray(item) ? applyMergePatch(undefined, item) : item;
}
