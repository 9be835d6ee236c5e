/**
 * The embedded image service: the real one's addresses, callbacks, limits and headers in front of bytes that are made up.
 * Upstream: openshift/assisted-image-service, main.go, internal/handlers/{images,middleware}.go, pkg/servers/servers.go.
 */
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlantedFaults } from '../core/planted-faults.ts';
import { ImageMetrics } from './image-metrics.ts';
import { ImageError, type ImageRoute, imageRoutes } from './image-requests.ts';
import { checkImageSettings, type ImageServiceSettings } from './image-settings.ts';
import { sendError, serveContent } from './serve-content.ts';
import { CallbackError, ServiceClient } from './service-client.ts';
import { Turns } from './turns.ts';

export interface ImageServiceOptions {
  /** Address to listen on; 127.0.0.1 unless given. */
  host?: string;
  /** 0 or absent takes a free one. */
  port?: number;
  settings: ImageServiceSettings;
  /** Scheme, host and port of assisted-service; asked at each request. */
  serviceUrl: () => string;
  /** PEM of the authority of assisted-service's certificate. */
  serviceCa?: string;
  /** PEM texts; when given it speaks HTTPS. */
  tls?: { cert: string; key: string };
  /** Told of errors that are bugs of the simulator; they are answered with 500. */
  onBug: (error: unknown) => void;
  faults?: PlantedFaults;
}

export interface ImageService {
  /** Scheme, host and port. */
  url: string;
  port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Wall-clock milliseconds in which a client has to send its request head. */
const HEAD_TIMEOUT_MS = 3000;
const BACKLOG = 4096;

/** @throws Error when the address cannot be listened on, or for settings that are not allowed */
export async function startImageService(options: ImageServiceOptions): Promise<ImageService> {
  checkImageSettings(options.settings);
  const { host = '127.0.0.1', port = 0, tls } = options;
  const client = new ServiceClient(options.serviceUrl, options.serviceCa);
  const handle = handlerOf(options, client);
  const server: Server = tls ? createHttps({ ...tls }, handle) : createHttp(handle);
  server.headersTimeout = HEAD_TIMEOUT_MS;
  server.requestTimeout = 0;
  // The real server never closes an idle connection.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const actual = (server.address() as AddressInfo).port;
  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    port: actual,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      client.close();
      await closed;
    },
  };
}

function handlerOf(
  { settings, onBug, faults }: ImageServiceOptions,
  client: ServiceClient,
): (request: IncomingMessage, response: ServerResponse) => void {
  const routes = imageRoutes(settings, client, Date.now());
  const turns = new Turns(settings.MAX_CONCURRENT_REQUESTS);
  const metrics = new ImageMetrics();
  return (request, response) => {
    const target = request.url!;
    const question = target.indexOf('?');
    const pathname = question < 0 ? target : target.slice(0, question);
    const query = new URLSearchParams(question < 0 ? '' : target.slice(question + 1));
    if (pathname === '/health' || pathname === '/live') bare(response, 200);
    else if (pathname === '/metrics') {
      metrics.registry.metrics().then((text) => {
        response.writeHead(200, { 'Content-Type': metrics.registry.contentType }).end(text);
      }, onBug);
    } else {
      const route = routes.find(({ path }) => path.test(pathname));
      if (!route) sendError(response, 404, '404 page not found');
      else {
        measured(metrics, route.handler || pathname, response, async () => {
          const late = faults?.amount('slow-images') ?? null;
          if (late !== null) await sleep(late);
          return serve(route, turns, { pathname, query }, response, onBug);
        }).catch(onBug);
      }
    }
  };
}

async function measured(
  metrics: ImageMetrics,
  handler: string,
  response: ServerResponse,
  work: () => Promise<number>,
): Promise<void> {
  const startedAt = performance.now();
  metrics.begin(handler);
  let bytes = 0;
  try {
    bytes = await work();
  } finally {
    const seconds = (performance.now() - startedAt) / 1000;
    metrics.end(handler, response.req.method!, response.statusCode, seconds, bytes);
  }
}

/** Returns the bytes of the body that were sent. */
async function serve(
  route: ImageRoute,
  turns: Turns,
  { pathname, query }: { pathname: string; query: URLSearchParams },
  response: ServerResponse,
  onBug: (error: unknown) => void,
): Promise<number> {
  const request = response.req;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  let taken = false;
  try {
    if (route.limited) {
      await turns.take(gone.signal);
      taken = true;
    } else if (request.method !== 'GET' && request.method !== 'HEAD') throw new ImageError(405, '', false);
    const params = Object.fromEntries(
      Object.entries(route.path.exec(pathname)!.groups!).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
    const { authorization } = request.headers;
    return await serveContent(
      request,
      response,
      await route.serve({ params, query, authorization, signal: gone.signal }),
    );
  } catch (error) {
    return gone.signal.aborted ? 0 : fail(response, error, onBug);
  } finally {
    if (taken) turns.done();
  }
}

function fail(response: ServerResponse, error: unknown, onBug: (error: unknown) => void): number {
  if (error instanceof ImageError && error.plain) return sendError(response, error.status, error.message);
  if (error instanceof ImageError) return bare(response, error.status, error.message);
  if (error instanceof CallbackError) return bare(response, error.status);
  if (error instanceof URIError) return sendError(response, 400, '400 Bad Request');
  onBug(error);
  if (!response.headersSent) return bare(response, 500);
  response.destroy();
  return 0;
}

function bare(response: ServerResponse, status: number, text = ''): number {
  const bytes = Buffer.byteLength(text);
  response.writeHead(status, {
    'Content-Length': bytes,
    ...(text && { 'Content-Type': 'text/plain; charset=utf-8' }),
  });
  response.end(text);
  return bytes;
}
