/**
 * Error answers of the API server, every one a Status object: kubernetes/apimachinery, pkg/api/errors/errors.go (NewNotFound,
 * NewInvalid, …).
 */

import type { StatusCause } from './causes.ts';
import { apiVersionOf, qualifiedResource } from './object.ts';
import type { ResourceType } from './resource-type.ts';

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  /** Go leaves out what is empty. */
  causes?: Partial<StatusCause>[];
  retryAfterSeconds?: number;
}

export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { resourceVersion?: string; continue?: string };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** Thrown anywhere below the request handler; becomes the answer. */
export class ApiStatusError extends Error {
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'ApiStatusError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }

  /** HTTP status. */
  get code(): number {
    return this.status.code ?? 500;
  }
}

type Named = Pick<ResourceType, 'group' | 'plural'>;

const detailsOf = (type: Named, name: string): StatusDetails => ({
  ...(name && { name }),
  ...(type.group && { group: type.group }),
  kind: type.plural,
});

export const badRequest = (message: string) => new ApiStatusError(400, 'BadRequest', message);

export const unauthorized = () => new ApiStatusError(401, 'Unauthorized', 'Unauthorized');

/** @param why for instance `unable to create new content in namespace x because it is being terminated`. */
export const forbidden = (type: Named, name: string, why: string, causes?: StatusCause[]) =>
  new ApiStatusError(403, 'Forbidden', `${qualifiedResource(type)} "${name}" is forbidden: ${why}`, {
    ...detailsOf(type, name),
    ...(causes && { causes }),
  });

export const notFound = (type: Named, name: string) =>
  new ApiStatusError(404, 'NotFound', `${qualifiedResource(type)} "${name}" not found`, detailsOf(type, name));

/** A path that no resource has. */
export const unknownPath = () =>
  new ApiStatusError(404, 'NotFound', 'the server could not find the requested resource', {});

export const methodNotAllowed = (type: Named | undefined, verb: string, message?: string) =>
  new ApiStatusError(
    405,
    'MethodNotAllowed',
    message ??
      (type
        ? `${verb} is not supported on resources of kind "${qualifiedResource(type)}"`
        : 'the server does not allow this method on the requested resource'),
    type ? detailsOf(type, '') : {},
  );

export const notAcceptable = (allowed: readonly string[]) =>
  new ApiStatusError(406, 'NotAcceptable', `only the following media types are accepted: ${allowed.join(', ')}`);

export const alreadyExists = (type: Named, name: string) =>
  new ApiStatusError(
    409,
    'AlreadyExists',
    `${qualifiedResource(type)} "${name}" already exists`,
    detailsOf(type, name),
  );

const OBJECT_MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export const conflict = (type: Named, name: string, why: string = OBJECT_MODIFIED) =>
  new ApiStatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedResource(type)} "${name}": ${why}`,
    detailsOf(type, name),
  );

export const expired = (message: string) => new ApiStatusError(410, 'Expired', message);

export const tooLarge = (limitBytes: number) =>
  new ApiStatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`);

export const unsupportedMediaType = (allowed: readonly string[]) =>
  new ApiStatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${allowed.join(', ')}`,
  );

/** 422 for an object, with one cause a fault. */
export function invalid(type: Pick<ResourceType, 'group' | 'kind'>, name: string, causes: StatusCause[]) {
  const kind = type.group ? `${type.kind}.${type.group}` : type.kind;
  const list = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = list.length === 1 ? list[0] : `[${list.join(', ')}]`;
  return new ApiStatusError(422, 'Invalid', `${kind} "${name}" is invalid: ${text}`, {
    ...(name && { name }),
    ...(type.group && { group: type.group }),
    ...(type.kind && { kind: type.kind }),
    causes,
  });
}

/** 422 that is not about the schema of an object, such as a JSON patch whose test fails. */
export const unprocessable = (message: string) => new ApiStatusError(422, 'Invalid', message, {});

export const tooManyRequests = (message: string, retryAfterSeconds?: number) =>
  new ApiStatusError(429, 'TooManyRequests', message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });

export const internalError = (message: string) =>
  new ApiStatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ message }],
  });

/** A resourceVersion the store has not reached yet (kubernetes/apiserver, pkg/storage/errors.go NewTooLargeResourceVersionError). */
export const futureResourceVersion = (given: number, current: number) =>
  new ApiStatusError(504, 'Timeout', `Too large resource version: ${given}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });

/** A body of another kind than the path says. */
export const wrongKind = (
  type: Pick<ResourceType, 'group' | 'version' | 'kind'>,
  given: { apiVersion: string; kind: string },
) =>
  badRequest(
    `the object provided is unrecognized (must be of type ${type.kind}): given ${given.apiVersion || '""'}, Kind=${given.kind || '""'}, want ${apiVersionOf(type)}, Kind=${type.kind}`,
  );
