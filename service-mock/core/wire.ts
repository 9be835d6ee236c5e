/** Small helpers for reading request bodies and writing answers as the service's models do. */
import { API_BASE } from '../../model/protocol/endpoints.ts';
import { type Json, type JsonObject, OperationError } from '../service-api.ts';

/** Path of the API, in references of answers. */
export const API_PATH = `${API_BASE}/v2`;
/** Without an identity service every caller is this one. */
export const USER = { user_name: 'admin', email_domain: 'Unknown' };

/** A date of an answer; 0 is the date that was never set. */
export function wireDate(time: number): string {
  return time === 0 ? '0001-01-01T00:00:00.000Z' : new Date(time).toISOString();
}

/** An object without its empty members (undefined, empty text, 0, false), as Go's `omitempty` writes it. */
export function withoutEmpty(object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const key in object) {
    const value = object[key];
    if (value !== undefined && value !== '' && value !== 0 && value !== false) result[key] = value;
  }
  return result;
}

/** Rows as an answer shows them. */
export function* eachOf<T>(rows: readonly T[], view: (row: T) => JsonObject): Generator<JsonObject> {
  for (const row of rows) yield view(row);
}

/** @throws OperationError 400 that says the problem, when there is one. */
export function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new OperationError(400, problem);
}

function wrongType(field: string, needed: string): OperationError {
  return new OperationError(400, `${field} must be ${needed}`);
}

/** Text of a body field; undefined when absent or null. */
export function textField(body: JsonObject, field: string): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(field, 'a text');
  return value;
}

export function booleanField(body: JsonObject, field: string): boolean | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw wrongType(field, 'true or false');
  return value;
}

export function integerField(body: JsonObject, field: string): number | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(field, 'a whole number');
  return value;
}

export function objectField(body: JsonObject, field: string): JsonObject | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(field, 'an object');
  return value;
}

/** List of objects; undefined when absent or null. */
export function objectsField(body: JsonObject, field: string): JsonObject[] | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  const good =
    Array.isArray(value) &&
    value.every((item: Json) => item !== null && typeof item === 'object' && !Array.isArray(item));
  if (!good) throw wrongType(field, 'a list of objects');
  return value as JsonObject[];
}

/** Text field that must be there. */
export function requiredText(body: JsonObject, field: string): string {
  const value = textField(body, field);
  if (value === undefined || value === '') throw new OperationError(400, `${field} is required`);
  return value;
}
