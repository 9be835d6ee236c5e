/** Causes of a 422, worded as the API server does (kubernetes/apimachinery, pkg/util/validation/field/errors.go). */
import { goFloat, goSyntax } from './go-values.ts';
import { isInt64 } from './int64.ts';

/** One JSON path the API server reports in a 422 or a conflict. `field` is like `spec.containers[0].name`. */
export interface StatusCause {
  reason: string;
  message: string;
  field: string;
}

export const causeRequired = (field: string, detail = ''): StatusCause => ({
  reason: 'FieldValueRequired',
  message: detail ? `Required value: ${detail}` : 'Required value',
  field,
});

/** @param value shown as Go prints it. */
export const causeInvalid = (field: string, value: unknown, detail: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${shownValue(value)}: ${detail}`,
  field,
});

export const causeTypeInvalid = (field: string, value: unknown, detail: string): StatusCause => ({
  reason: 'FieldValueTypeInvalid',
  message: `Invalid value: ${shownValue(value)}: ${detail}`,
  field,
});

export const causeNotSupported = (field: string, value: unknown, allowed: readonly unknown[]): StatusCause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${shownValue(value)}: supported values: ${allowed.map(shownChoice).join(', ')}`,
  field,
});

export const causeForbidden = (field: string, detail: string): StatusCause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${detail}`,
  field,
});

export const causeDuplicate = (field: string, value: unknown): StatusCause => ({
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${shownValue(value)}`,
  field,
});

export const causeTooMany = (field: string, count: number, limit: number): StatusCause => ({
  reason: 'FieldValueTooMany',
  message: `Too many: ${count}: must have at most ${limit} items`,
  field,
});

export const causeNotFound = (field: string, value: unknown): StatusCause => ({
  reason: 'FieldValueNotFound',
  message: `Not found: ${shownValue(value)}`,
  field,
});

export const causeTooLong = (field: string, limitBytes: number): StatusCause => ({
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${limitBytes} bytes`,
  field,
});

/** Longest value that comes back whole. */
const SHOWN_CHARACTERS = 100_000;

/**
 * A value as Go prints it (apimachinery, util/validation/field Error.ErrorBody). Cut only where it is absurd: a message
 * has it twice.
 */
function shownValue(value: unknown): string {
  const isScalar = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
  const text =
    value === null || value === undefined
      ? '"null"'
      : typeof value === 'string'
        ? JSON.stringify(value)
        : isScalar
          ? scalarText(value)
          : goSyntax(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

const scalarText = (value: number | boolean | bigint) =>
  typeof value === 'number' && !isInt64(value) ? goFloat(value) : String(value);

const shownChoice = (choice: unknown) => JSON.stringify(typeof choice === 'string' ? choice : JSON.stringify(choice));
