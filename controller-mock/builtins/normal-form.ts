/** The form in which a server written in Go gives an object back: what Go leaves out when empty is gone. */
import { isPlainObject } from '../api/json.ts';
import { canonicalQuantity } from '../api/quantity.ts';
import { badRequest } from '../api/status.ts';
import type { Field, Message } from './messages/message-table.ts';

/**
 * Brings an object into normal form, in place: null and empty values of optional fields go, quantities get their
 * canonical text. Unknown fields stay.
 * @throws ApiStatusError 400 for what is no quantity.
 */
export function normalise(object: Record<string, unknown>, message: Message, path = ''): void {
  for (const name of Object.keys(object)) {
    const field = message.named(name);
    if (!field) continue;
    const here = path === '' ? name : `${path}.${name}`;
    const value = object[name];
    if (field.shape === 'one') {
      if (field.scalar === 'Quantity' && value !== null) object[name] = canonical(value, here);
      else if (isPlainObject(value) && field.message) normalise(value, field.message, here);
    } else if (typeof value === 'object' && value !== null) {
      normaliseItems(value as Record<string, unknown>, field, here);
    }
    if (isOmitted(value, field)) delete object[name];
  }
}

function normaliseItems(entries: Record<string, unknown>, field: Field, path: string): void {
  if (!field.message && field.scalar !== 'Quantity') return;
  for (const key of Object.keys(entries)) {
    const entry = entries[key];
    const here = field.shape === 'list' ? `${path}[${key}]` : `${path}.${key}`;
    if (!field.message) entries[key] = canonical(entry, here);
    else if (isPlainObject(entry)) normalise(entry, field.message, here);
  }
}

/** Go's omitempty. */
function isOmitted(value: unknown, field: Field): boolean {
  if (value === null || value === undefined) return true;
  if (field.required || field.zero) return false;
  if (field.shape === 'list') return Array.isArray(value) && value.length === 0;
  if (field.shape === 'map') return isPlainObject(value) && Object.keys(value).length === 0;
  if (field.pointer || !field.scalar || field.scalar === 'IntOrString') return false;
  return value === '' || value === 0 || value === false;
}

function canonical(value: unknown, path: string): string {
  const text = typeof value === 'string' || typeof value === 'number' ? canonicalQuantity(String(value)) : undefined;
  if (text === undefined) {
    throw badRequest(
      `${path}: quantities must be a number with an optional unit (n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or an exponent), given: ${String(JSON.stringify(value)).slice(0, 100)}`,
    );
  }
  return text;
}
