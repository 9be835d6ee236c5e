/**
 * The HTTP surface of the simulated service. The way of one request:
 *
 *   socket -> node:http -> fastify's router -> operation handler:
 *     fault? -> who may call -> content type and Accept -> body -> parameters in the service's order -> operation of the
 *     service -> answer
 *
 * Anything that fails on the way ends in one of the three error bodies of `answer.ts`. Upstream: assisted-service, cmd/main.go.
 */

import { gzipSync } from 'node:zlib';
import { type FastifyInstance, fastify } from 'fastify';
import { API_BASE } from '../../model/protocol/endpoints.ts';
import { addAdmin } from './admin.ts';
import { type Answer, acceptsGzip, jsonAnswer, send } from './answer.ts';
import type { Incoming } from './binder.ts';
import { Faults } from './faults.ts';
import { IdleConnections } from './idle-connections.ts';
import { OperationHandler } from './operation-handler.ts';
import type { Operation } from './operations/operation.ts';
import { OPERATIONS } from './operations.ts';
import type { HttpOptions } from './options.ts';
import { BODY_LIMIT } from './request-input.ts';
import { badRequest, onClientError, unrouted } from './unrouted.ts';
import { cleanUrl, parseQuery } from './url.ts';

/** Longest request line and headers together, in bytes: the default of the real service's server. */
const HEAD_LIMIT = 1024 * 1024 + 4096;
/** Wall-clock milliseconds in which a client has to send its request head. Upstream: assisted-image-service, pkg/servers/servers.go, which assisted-service uses. */
const HEAD_TIMEOUT_MS = 3000;

/** Makes the server; it does not listen yet. Closing it ends idle connections too. */
export function createHttpServer(options: HttpOptions): FastifyInstance {
  const { api, metrics } = options;
  const headTimeout = options.headTimeoutMs ?? HEAD_TIMEOUT_MS;
  const server = {
    // Like the real server: a head must come in time, bodies and idle connections may take for ever.
    headersTimeout: headTimeout,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.max(20, Math.floor(headTimeout / 4)),
    maxHeaderSize: HEAD_LIMIT,
  };
  const app = fastify({
    ...(options.tls ? { https: { ...server, ...options.tls } } : { http: server }),
    logger: false,
    requestTimeout: 0,
    connectionTimeout: 0,
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: HEAD_LIMIT,
      querystringParser: parseQuery,
    },
    rewriteUrl: (request) => cleanUrl(request.url!),
    clientErrorHandler: onClientError,
    frameworkErrors: (_error, request, reply) => {
      reply.hijack();
      badRequest(request.raw.socket);
    },
  }) as unknown as FastifyInstance;
  // fastify takes 0 for "not given" and puts 72 s in its place; the real server never closes an idle connection.
  app.server.keepAliveTimeout = 0;
  if (!options.tls) new IdleConnections(app.server);

  // Bodies are read by the handlers: some are streamed, some are ignored, and none is parsed before it is wanted.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));

  const faults = new Faults(OPERATIONS, options, options.planted);
  for (const operation of OPERATIONS) addOperation(app, operation, options, faults);
  if (options.admin) addAdmin(app, faults);

  const bare = (status: number): Answer => ({ status, bare: true, sized: true });
  app.get('/health', (request, reply) => {
    reply.hijack();
    send(request.raw, reply.raw, bare(api().healthy() ? 200 : 500));
  });
  app.get('/ready', (request, reply) => {
    reply.hijack();
    send(request.raw, reply.raw, bare(200));
  });
  const { database } = options;
  if (database) {
    app.get('/mock/database', (request, reply) => {
      reply.hijack();
      send(request.raw, reply.raw, jsonAnswer(200, { ...database.of.view(database.rows()) }));
    });
  }
  app.get('/metrics', async (request, reply) => {
    const text = await metrics.registry.metrics();
    const compress = acceptsGzip(request.headers['accept-encoding']);
    reply.hijack();
    send(request.raw, reply.raw, {
      status: 200,
      contentType: metrics.registry.contentType,
      body: compress ? gzipSync(text) : text,
      bare: true,
      ...(compress && { headers: { 'Content-Encoding': 'gzip' } }),
    });
  });

  app.setNotFoundHandler((request, reply) => {
    reply.hijack();
    send(request.raw, reply.raw, unrouted(request.method, request.originalUrl));
  });
  return app;
}

/** Puts an operation behind the router; a fault may come before it. */
function addOperation(app: FastifyInstance, operation: Operation, options: HttpOptions, faults: Faults): void {
  const handler = new OperationHandler(operation, options);
  app.route({
    method: operation.method,
    url: `${API_BASE}${operation.template}`.replace(/\{(\w+)\}/g, ':$1'),
    // The router refuses some content types by itself; the operation's own checks have the service's words for them.
    errorHandler: (_error, request, reply) => {
      reply.hijack();
      handler.serve(request as unknown as Incoming, reply.raw);
    },
    handler: (request, reply) => {
      reply.hijack();
      const incoming = request as unknown as Incoming;
      options.metrics.leak(faults.planted.amount('leaking-goroutines') ?? 0);
      const action = faults.hit(operation, request.originalUrl);
      if (action === null) handler.serve(incoming, reply.raw);
      else faults.play(action, request.raw, reply.raw, () => handler.serve(incoming, reply.raw));
    },
  });
}
