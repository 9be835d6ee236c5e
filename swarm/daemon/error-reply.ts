/** Every error of the daemon in its own API's shape. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './api-error.ts';

/** Media types of plans. None of them is one that a browser sends across origins without asking first (CORS-safelisted). */
export const PLAN_MEDIA_TYPES = [
  'application/json',
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
  'text/x-yaml',
] as const;
/** What messages recommend. */
export const PLAN_MEDIA_ADVICE = ['application/yaml', 'application/json'];

/** Fastify error handler. */
export function sendError(error: FastifyError | ApiError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const told = toApiError(error, request);
  return reply.code(told.status).send(told.body());
}

/** Fastify not-found handler. */
export function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = new ApiError(404, 'unknown-path', 'there is nothing at this path; see /api/v1/openapi.json', {
    given: `${request.method} ${request.url}`,
  });
  return reply.code(404).send(error.body());
}

function toApiError(error: FastifyError | ApiError, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  const [invalid] = error.validation ?? [];
  if (invalid) {
    const name = invalid.instancePath.slice(1) || String(invalid.params.additionalProperty ?? '');
    const source = error.validationContext === 'params' ? request.params : request.query;
    return new ApiError(400, 'bad-value', `${name || error.validationContext} ${invalid.message ?? 'is wrong'}`, {
      given: (source as Record<string, unknown>)[name],
      allowed: invalid.params.allowedValues ?? invalid.params.type ?? invalid.params.limit,
    });
  }
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': {
      const { consumes = PLAN_MEDIA_ADVICE } = request.routeOptions.schema ?? {};
      const wanted = consumes === PLAN_MEDIA_ADVICE ? 'a plan, as YAML or JSON' : 'JSON';
      return new ApiError(415, 'unknown-media-type', `the body must be ${wanted}, and its content-type must say so`, {
        given: request.headers['content-type'],
        allowed: consumes,
      });
    }
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError(413, 'too-large', 'the body is too large', { allowed: bodyLimitOf(request) });
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new ApiError(400, 'bad-path', 'the path is not valid; see /api/v1/openapi.json');
  }
  const status = error.statusCode ?? 500;
  return new ApiError(
    status,
    status === 429 ? 'too-many-requests' : status < 500 ? 'bad-request' : 'internal',
    error.message,
  );
}

function bodyLimitOf(request: FastifyRequest): string {
  return `${request.routeOptions.bodyLimit} bytes`;
}
