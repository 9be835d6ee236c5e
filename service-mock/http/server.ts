/**
 * The HTTP surface of the simulated service. The way of one request:
 *
 *   socket -> node:http -> fastify's router -> operation handler:
 *     fault? -> who may call -> content type and Accept -> body -> parameters in the service's order -> method of the
 *     rules in core/ -> answer
 *
 * Anything that fails on the way ends in one of the three error bodies of `answer.ts`. Facts: service sheet, sections 0,
 * 1, 5, 8 and 10.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { posix } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { ZodError } from 'zod';
import { API_BASE } from '../../model/protocol/endpoints.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { Claim } from '../auth/local-tokens.ts';
import { Database, type TableRows } from '../core/database.ts';
import type { PlantedFaults } from '../core/planted-faults.ts';
import { type AssistedServiceApi, type JsonObject, OperationError } from '../service-api.ts';
import {
  type Answer,
  acceptsGzip,
  businessError,
  frameworkError,
  jsonAnswer,
  listAnswer,
  OCTETS_TYPE,
  send,
  sendPieces,
  sizeOf,
} from './answer.ts';
import { type Authentication, openToAll } from './authentication.ts';
import { Faults } from './faults.ts';
import { JsonSyntaxError, parseFirstValue } from './go-json.ts';
import { IdleConnections } from './idle-connections.ts';
import type { HttpServiceMetrics } from './metrics.ts';
import { boundaryOf, FileMeter, MultipartError } from './multipart.ts';
import { type Call, OPERATIONS, type Operation } from './operations.ts';
import { ParameterError, type ParameterValue, readParameter } from './parameters.ts';
import { managePlanted } from './planted-admin.ts';
import { Refusal } from './refusal.ts';
import { DecodeError, decode, isUuid, sortKey, validate } from './schema.ts';

/** Largest JSON body in bytes. The real service has no limit; this one protects the simulator's memory. */
const BODY_LIMIT = 64 * 1024 * 1024;
/** Longest request line and headers together, in bytes: the default of the real service's server. */
const HEAD_LIMIT = 1024 * 1024 + 4096;
/** Wall-clock milliseconds in which a client has to send its request head. Service facts 10. */
const HEAD_TIMEOUT_MS = 3000;

export interface HttpOptions {
  /** Asked at every request: the rules can only be made when the server's own address is known. */
  readonly api: () => AssistedServiceApi;
  readonly metrics: HttpServiceMetrics;
  readonly clock: Clock;
  /** Requests are statements of it, and `/mock/database` tells of it. Nothing is told when it is absent. */
  readonly database?: { readonly of: Database; readonly rows: () => TableRows };
  /** Done after a host registered and before that is answered; what it throws makes a failure of the registration. */
  readonly hostRegistered?: (infraEnvId: string, hostId: string) => Promise<void>;
  /** Refuse unknown fields of bodies (`ENABLE_REJECT_UNKNOWN_FIELDS`). */
  readonly rejectUnknownFields: boolean;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Everybody may do everything without it. */
  readonly authentication?: Authentication;
  /** Serves `/mock/faults`. */
  readonly admin?: boolean;
  /** Faults inside the service; none when absent. */
  readonly planted?: PlantedFaults;
  /** Numbers in [0, 1) that decide which share of requests a fault hits. */
  readonly random: () => number;
  /** Told of errors that are bugs of the simulator; they are answered with 500. */
  readonly onBug: (error: unknown) => void;
  /** See {@link HEAD_TIMEOUT_MS}. */
  readonly headTimeoutMs?: number;
}

/** The real service dies on the request and closes the connection without an answer. */
class Hangup extends Error {}

interface Incoming {
  readonly raw: IncomingMessage;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
}

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

/** Pairs of a query string. Like the real server it drops pairs that it cannot decode and those that hold a `;`. */
function parseQuery(text: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null);
  for (const pair of text.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const equals = pair.indexOf('=');
    const name = decodePiece(equals < 0 ? pair : pair.slice(0, equals));
    const value = decodePiece(equals < 0 ? '' : pair.slice(equals + 1));
    // Of a repeated parameter the last one counts.
    if (name !== null && value !== null) query[name] = value;
  }
  return query;
}

function decodePiece(text: string): string | null {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

/** The service's router cleans paths: `//`, `/./`, `/../` and a slash at the end do not matter. */
function cleanUrl(url: string): string {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  if (!path.includes('/.')) return url;
  return posix.normalize(path) + (end < 0 ? '' : url.slice(end));
}

const ROUTES = OPERATIONS.map(({ method, template }) => ({
  method,
  expression: new RegExp(`^${API_BASE}${template.replace(/\{\w+\}/g, '[^/]+')}$`),
}));

/** 405 when the path exists for other methods, otherwise 404. */
function unrouted(method: string, url: string): Answer {
  const path = url.split('?', 1)[0]!;
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  const others = [...new Set(ROUTES.filter((route) => route.expression.test(clean)).map((route) => route.method))];
  if (others.length === 0) return frameworkError(404, `path ${path} was not found`);
  const allowed = others.join(',');
  return frameworkError(405, `method ${method} is not allowed, but [${allowed}] are`, { Allow: allowed });
}

/** Text that cannot be parsed as HTTP is answered as the real server does; late heads are not answered at all. */
function onClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    refuse(socket, '431 Request Header Fields Too Large');
  } else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code === 'ECONNRESET') {
    socket.destroy();
  } else {
    badRequest(socket);
  }
}

const badRequest = (socket: Socket) => refuse(socket, '400 Bad Request');

function refuse(socket: Socket, status: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`,
    () => socket.destroy(),
  );
}

function addOperation(app: FastifyInstance, operation: Operation, options: HttpOptions, faults: Faults): void {
  const pattern = `${API_BASE}${operation.template}`;
  const metrics = options.metrics.route(pattern, operation.method);
  const octets = operation.octets === true || operation.answer === 'file';
  const offered = octets ? OCTETS_TYPE : 'application/json';
  const bind = compileBinder(operation);
  const registered = operation.id === 'v2RegisterHost' ? options.hostRegistered : undefined;
  const takesInput = operation.body !== undefined || operation.upload === true;

  const guarded = { security: operation.security, octets };
  const authentication = options.authentication ?? openToAll;
  const database = options.database?.of ?? new Database();
  const answered = (call: Call) => database.statement(operation.id, () => answerOf(operation, options.api(), call));

  /** Everything up to the body. */
  const admit = ({ raw, query, params }: Incoming): Claim | null => {
    const claim = authentication.admit(guarded, { headers: raw.headers, query, params });
    checkContentType(operation, raw);
    if (!accepts(raw.headers.accept, offered)) {
      throw new Refusal(frameworkError(400, `unsupported media type requested, only [${offered}] are available`));
    }
    return claim;
  };
  const errorAnswer = (error: unknown): Answer => {
    if (error instanceof OperationError) return businessError(error.status, error.message, octets);
    if (error instanceof ParameterError) return frameworkError(400, error.message);
    if (error instanceof Refusal) return error.answer;
    options.onBug(error);
    return businessError(500, error instanceof Error ? error.message : String(error), octets);
  };

  const serve = (incoming: Incoming, response: ServerResponse): void => {
    const { raw } = incoming;
    const started = performance.now();
    metrics.begin();
    const finish = (answer: Answer): void => {
      const ended = (bytes: number) => metrics.end(answer.status, (performance.now() - started) / 1000, bytes);
      const { pieces } = answer;
      if (pieces === undefined) {
        ended(sizeOf(answer));
        send(raw, response, answer);
        return;
      }
      sendPieces(raw, response, { ...answer, pieces }).then(ended, (error) => {
        ended(0);
        options.onBug(error);
      });
    };
    const fail = (error: unknown): void => {
      if (error instanceof Hangup) {
        metrics.end(500, (performance.now() - started) / 1000, 0);
        raw.socket.destroy();
      } else {
        finish(errorAnswer(error));
      }
    };
    let claim: Claim | null;
    try {
      claim = admit(incoming);
      if (!takesInput) {
        const answer = answered(bind(incoming, noInput, claim));
        if (answer instanceof Promise) answer.then(finish, fail).catch(options.onBug);
        else finish(answer);
        return;
      }
    } catch (error) {
      fail(error);
      return;
    }
    receive(operation, raw, options.rejectUnknownFields)
      .then(async (input) => {
        const call = bind(incoming, input, claim);
        const answer = await answered(call);
        await registered?.(call.params.infra_env_id!, String(call.body.host_id));
        return answer;
      })
      .then(finish, fail)
      .catch(options.onBug);
  };

  app.route({
    method: operation.method,
    url: pattern.replace(/\{(\w+)\}/g, ':$1'),
    // The router refuses some content types by itself; the operation's own checks have the service's words for them.
    errorHandler: (_error, request, reply) => {
      reply.hijack();
      serve(request as unknown as Incoming, reply.raw);
    },
    handler: (request, reply) => {
      reply.hijack();
      const incoming = request as unknown as Incoming;
      options.metrics.leak(faults.planted.amount('leaking-goroutines') ?? 0);
      const action = faults.hit(operation, request.originalUrl);
      if (action === null) serve(incoming, reply.raw);
      else faults.play(action, request.raw, reply.raw, () => serve(incoming, reply.raw));
    },
  });
}

const hasBody = (raw: IncomingMessage) =>
  raw.headers['transfer-encoding'] !== undefined || Number(raw.headers['content-length'] ?? 0) > 0;

const MEDIA_PARAMETERS = /^(?:\s*;\s*[\w!#$%&'*+.^`|~-]+\s*=\s*(?:[\w!#$%&'*+.^`|~-]+|"(?:[^"\\]|\\.)*"))*\s*;?\s*$/;

function checkContentType(operation: Operation, raw: IncomingMessage): void {
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
function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined || header === '' || header === '*/*' || header === type) return true;
  return header.split(',').some((part) => {
    const [range, ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return range === type || range === '*/*' || range === `${type.split('/', 1)[0]}/*`;
  });
}

/** What came with a request besides its parameters. */
interface Input {
  readonly body: JsonObject;
  readonly text: string;
  readonly uploaded: number;
  /** Why the body cannot be used, said when its turn among the parameters comes. */
  readonly breach: string | null;
}
const noInput: Input = { body: {}, text: '', uploaded: 0, breach: null };

async function receive(operation: Operation, raw: IncomingMessage, strict: boolean): Promise<Input> {
  if (operation.upload) return { ...noInput, uploaded: await receiveUpload(raw) };
  const { name, schema, optional } = operation.body!;
  const body = hasBody(raw) ? await readText(raw) : '';
  if (body.trim() === '') {
    if (optional) throw new Hangup();
    return { ...noInput, breach: `${name} in body is required` };
  }
  try {
    const value = decode(schema, parseFirstValue(body), strict);
    const breach = validate(schema, value);
    return typeof value === 'string'
      ? { ...noInput, text: value, breach }
      : { ...noInput, body: value as JsonObject, breach };
  } catch (error) {
    if (!(error instanceof JsonSyntaxError) && !(error instanceof DecodeError)) throw error;
    return { ...noInput, breach: `parsing ${name} body from "" failed, because ${error.message}` };
  }
}

const tooLarge = () =>
  new Refusal(frameworkError(413, `the body is larger than ${BODY_LIMIT} bytes`, { Connection: 'close' }));
/** For the books only: there is nobody left to answer. */
const clientGone = () => new Refusal(frameworkError(400, 'unexpected EOF'));

/** Reads a body to its end. */
function readText(raw: IncomingMessage): Promise<string> {
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

/** Path parameters that are not UUIDs. */
const FREE_TEXT = new Set(['validation_id', 'operator_name', 'id']);

/**
 * Checks of an operation's parameters in the order of the service's generated binders: by name, body included. The first
 * that fails is the one reported.
 * @returns a function that makes a Call or throws ParameterError
 */
function compileBinder(operation: Operation): (incoming: Incoming, input: Input, claim: Claim | null) => Call {
  type Check = (incoming: Incoming, input: Input, query: Record<string, ParameterValue | undefined>) => void;
  const checks: { name: string; check: Check }[] = [];
  for (const [, name] of operation.template.matchAll(/\{(\w+)\}/g)) {
    if (FREE_TEXT.has(name!)) continue;
    checks.push({
      name: name!,
      check: ({ params }) => {
        const value = params[name!]!;
        if (!isUuid(value)) {
          throw new ParameterError(`${name} in path must be of type uuid: ${JSON.stringify(value)}`);
        }
      },
    });
  }
  for (const [name, parameter] of Object.entries(operation.query ?? {})) {
    checks.push({
      name,
      check: (incoming, _input, query) => {
        query[name] = readParameter(name, parameter, incoming.query[name]);
      },
    });
  }
  if (operation.body !== undefined) {
    checks.push({
      name: operation.body.name,
      check: (_incoming, { breach }) => {
        if (breach !== null) throw new ParameterError(breach);
      },
    });
  }
  const ordered = checks.toSorted((a, b) => (sortKey(a.name) < sortKey(b.name) ? -1 : 1)).map(({ check }) => check);
  return (incoming, input, claim) => {
    const query: Record<string, ParameterValue | undefined> = {};
    for (const check of ordered) check(incoming, input, query);
    return {
      params: incoming.params,
      query,
      body: input.body,
      text: input.text,
      agentVersion: headerText(incoming.raw.headers.discovery_agent_version),
      uploaded: input.uploaded,
      claim,
    };
  };
}

const headerText = (value: string | string[] | undefined) => (Array.isArray(value) ? value.at(-1)! : (value ?? ''));

function answerOf(operation: Operation, api: AssistedServiceApi, call: Call): Answer {
  switch (operation.answer) {
    case 'json':
      return jsonAnswer(operation.status, operation.run(api, call));
    case 'list':
      return listAnswer(operation.status, operation.run(api, call));
    case 'counted-list': {
      const { headers, rows } = operation.run(api, call);
      return listAnswer(operation.status, rows, headers);
    }
    case 'empty':
      operation.run(api, call);
      return { status: operation.status };
    case 'bytes': {
      const body = operation.run(api, call);
      return body === null ? { status: 204 } : { status: operation.status, contentType: OCTETS_TYPE, body };
    }
    case 'file': {
      const { name, content, modified } = operation.run(api, call);
      return {
        status: operation.status,
        contentType: OCTETS_TYPE,
        headers: {
          'Content-Disposition': `attachment; filename="${headerBytes(name)}"`,
          ...(modified !== undefined && { 'Last-Modified': new Date(modified).toUTCString() }),
        },
        body: content,
        sized: true,
      };
    }
  }
}

/** A name as it goes into a header: UTF-8 bytes, quotes escaped, control characters blanked. */
const headerBytes = (name: string) =>
  Buffer.from(name.replace(/["\\]/g, '\\$&').replace(/\p{Cc}/gu, ' ')).toString('latin1');

function addAdmin(app: FastifyInstance, faults: Faults): void {
  const plant = async (request: FastifyRequest, reply: FastifyReply) => {
    const answer = await managePlanted(request.raw, faults.planted, (request.params as { kind?: string }).kind);
    reply.hijack();
    send(request.raw, reply.raw, answer);
  };
  app.route({ method: ['GET', 'POST', 'DELETE'], url: '/mock/planted', handler: plant });
  app.delete('/mock/planted/:kind', plant);
  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/mock/faults',
    handler: async (request, reply) => {
      const answer = await manageFaults(request.method, request.raw, faults);
      reply.hijack();
      send(request.raw, reply.raw, answer);
    },
  });
  app.delete('/mock/faults/:id', (request, reply) => {
    const { id } = request.params as { id: string };
    const removed = faults.remove(Number(id));
    reply.hijack();
    send(request.raw, reply.raw, removed ? { status: 204 } : frameworkError(404, `there is no fault '${id}'`));
  });
}

async function manageFaults(method: string, raw: IncomingMessage, faults: Faults): Promise<Answer> {
  switch (method) {
    case 'GET':
      return jsonAnswer(200, faults.list());
    case 'DELETE':
      faults.remove();
      return { status: 204 };
    default:
      try {
        return jsonAnswer(201, faults.add(parseFirstValue(await readText(raw))));
      } catch (error) {
        if (error instanceof ZodError) {
          const { issues } = error;
          return frameworkError(400, issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
        }
        if (error instanceof RangeError || error instanceof JsonSyntaxError) return frameworkError(400, error.message);
        throw error;
      }
  }
}
