/**
 * The sockets below the daemon's API. Whatever a peer does with one, it ends: by its own limit while the server runs, and by
 * force when the server closes.
 *
 *   connection ─┬─ request ───────────→ routes
 *               ├─ Upgrade: websocket ─→ `upgrades`, for the paths of {@link isEventsTarget} alone
 *               └─ anything else (h2c, CONNECT, no HTTP at all) → an ordinary answer, or the end of the connection
 */
import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { ServerLimits } from './server-limits.ts';

/** PEM texts. */
export interface ServerCertificate {
  cert: string;
  key: string;
}

export interface DaemonHttpServer {
  server: Server;
  /** Emits `upgrade` as a server does, for requests that a websocket route may answer. */
  upgrades: EventEmitter;
  /** Cuts every connection, upgraded ones included, once {@link ServerLimits.closeMs} have passed, or when the server has closed. */
  cutConnections(): void;
}

/** The only targets where a websocket can be opened. */
const EVENTS_TARGET = /^\/api\/v1\/runs\/[\w-]{1,64}\/events\/?(\?|$)/;
/** Sixteen bytes in base64 (RFC 6455, section 4.1). */
const WEBSOCKET_KEY = /^[+/0-9A-Za-z]{22}==$/;

/**
 * Whether an upgrade is one that the API knows, and the whole opening of a websocket. All others are served as if they had not asked (RFC 9110, section 7.8): the
 * parser then stays on the connection and ends it by its limits.
 */
function wantsEvents({ method, url = '', headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    WEBSOCKET_KEY.test(headers['sec-websocket-key'] ?? '') &&
    EVENTS_TARGET.test(url)
  );
}

/** A server that does not listen yet. */
export function createHttpServer(
  onRequest: RequestListener,
  limits: ServerLimits,
  certificate: ServerCertificate | null,
): DaemonHttpServer {
  const options: ServerOptions = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    shouldUpgradeCallback: wantsEvents,
  };
  const server = certificate
    ? createTlsServer({ ...options, ...certificate, handshakeTimeout: limits.headersMs }, onRequest)
    : createServer(options, onRequest);
  server.maxConnections = limits.connections;
  server.setTimeout(limits.silenceMs);

  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Between two owners (parser, websocket) a socket has no listener, and an error without one would end the process.
    socket.on('error', () => socket.destroy());
  });
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => socket.destroy()));

  const upgrades = new EventEmitter();
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    // Node before 24.9 asks nobody and hands over every upgrade, without a parser that would end it.
    if (wantsEvents(request)) upgrades.emit('upgrade', request, socket, head);
    else
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () => socket.destroy());
  });

  return {
    server,
    upgrades,
    cutConnections: () => {
      const cut = () => {
        for (const socket of sockets) socket.destroy();
      };
      const timer = setTimeout(cut, limits.closeMs);
      server.once('close', () => clearTimeout(timer));
    },
  };
}
