/** Pieces of Ignition configs (version 3). Source of the format: coreos/ignition, docs/configuration-v3_2.md. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../service-api.ts';

export const dataUrl = (text: string): string =>
  `data:text/plain;charset=utf-8;base64,${Buffer.from(text).toString('base64')}`;

export function ignitionFile(path: string, text: string, mode = 0o644): JsonObject {
  return { contents: { source: dataUrl(text) }, mode, overwrite: true, path };
}

/** Text that looks like somebody's script or certificate; derived from `seed`, so equal for every download. */
export function filler(seed: string, bytes: number): string {
  let text = '';
  for (let line = 0; text.length < bytes; line++)
    text += `${createHash('sha256').update(`${seed} ${line}`).digest('base64')}\n`;
  return text.slice(0, bytes);
}

/** Members of a list that are the same thing have these in common: coreos/ignition, config/v3_2/types, `Key()`. */
const IDENTITY = ['path', 'name', 'device', 'label', 'source', 'number'];

/**
 * A config with another one laid over it: members of both are merged, of lists those that are the same thing, and what
 * only one has is kept. Upstream: coreos/ignition, config/merge/merge.go.
 */
export function mergeIgnition(base: JsonObject, override: JsonObject): JsonObject {
  const result: JsonObject = { ...base };
  for (const [key, value] of Object.entries(override)) {
    const old = result[key];
    if (Array.isArray(old) && Array.isArray(value)) result[key] = mergeLists(old, value);
    else if (isObject(old) && isObject(value)) result[key] = mergeIgnition(old, value);
    else if (value !== null && value !== undefined) result[key] = value;
  }
  return result;
}

type List = Extract<JsonObject[string], unknown[]>;

function mergeLists(base: List, override: List): List {
  const result = [...base];
  for (const item of override) {
    const identity = identityOf(item);
    const at = identity === undefined ? -1 : result.findIndex((other) => identityOf(other) === identity);
    if (at < 0) result.push(item);
    else result[at] = isObject(item) ? mergeIgnition(result[at] as JsonObject, item) : item;
  }
  return result;
}

function identityOf(item: unknown): string | undefined {
  if (typeof item === 'string') return item;
  if (!isObject(item)) return undefined;
  const key = IDENTITY.find((name) => item[name] !== undefined);
  return key === undefined ? undefined : `${key} ${item[key]}`;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
