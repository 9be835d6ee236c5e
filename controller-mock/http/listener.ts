/** Sockets: HTTPS with HTTP/1.1 and HTTP/2, or plain HTTP. */
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { KeyPair } from '../../model/protocol/certificate-authority.ts';
import { unknownPath } from '../api/status.ts';
import { Response } from './response.ts';
import { Routes } from './routes.ts';

export interface ListenerOptions {
  /** Address to bind. */
  host: string;
  /** 0: any free port. */
  port: number;
  /** Absent: plain HTTP. */
  tls?: KeyPair;
  /** Offers HTTP/2 beside HTTP/1.1; with TLS only. */
  http2: boolean;
}

/**
 * Longer than the 90 s that Go clients keep idle connections (kubernetes/apimachinery, pkg/util/net/http.go
 * SetOldTransportDefaults), so that it is never us who close first.
 */
const KEEP_ALIVE_MS = 120_000;
/** A request whose head or body does not arrive in this time is given up. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Finds peers that have vanished. */
const TCP_KEEP_ALIVE_MS = 30_000;

type AnyServer = http.Server | https.Server | http2.Http2SecureServer;

export class Listener {
  readonly routes = new Routes();
  readonly #server: AnyServer;
  readonly #options: ListenerOptions;
  readonly #sockets = new Set<Socket>();
  #reachable = true;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const timeouts = {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
    };
    const handle = (request: http.IncomingMessage, response: http.ServerResponse) => this.#handle(request, response);
    if (!options.tls) {
      this.#server = http.createServer(timeouts, handle);
    } else {
      const secure = { ...options.tls, minVersion: 'TLSv1.2' as const };
      this.#server = options.http2
        ? // The compatibility API has the parts of http's request and response that are used here.
          http2.createSecureServer(
            { ...secure, allowHTTP1: true, settings: { maxConcurrentStreams: 1000 }, ...HTTP1_FALLBACK },
            handle as unknown as (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void,
          )
        : https.createServer({ ...secure, ...timeouts }, handle);
    }
    this.#server.on('connection', (socket: Socket) => {
      if (!this.#reachable) {
        socket.destroy();
        return;
      }
      socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // Handshakes that fail and sessions that break are the client's business.
    this.#server.on('tlsClientError', () => {});
    this.#server.on('sessionError', () => {});
    this.#server.on('clientError', (_error: Error, socket: Socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      else socket.destroy();
    });
  }

  /** @throws Error when the address cannot be bound. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.port, this.#options.host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Without a trailing slash. */
  get url(): string {
    const { host, tls } = this.#options;
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
    return `${tls ? 'https' : 'http'}://${name}:${this.port}`;
  }

  /** Cuts all connections, and further ones as they come, until it is reachable again. */
  setReachable(reachable: boolean): void {
    this.#reachable = reachable;
    if (!reachable) for (const socket of this.#sockets) socket.destroy();
  }

  /** Stops at once: open connections are cut. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }

  #handle(request: http.IncomingMessage, response: http.ServerResponse): void {
    // A client that breaks off is told by 'close'; without a listener 'error' would end the process.
    request.on('error', () => {});
    response.on('error', () => {});
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const path = mark < 0 ? url : url.slice(0, mark);
    const target = this.routes.resolve(path, request.headers.authorization);
    if (!target) {
      request.resume();
      new Response(request, response).fail(unknownPath());
      return;
    }
    target.handler.handle(request, response, target.path, mark < 0 ? '' : url.slice(mark + 1));
  }
}

/** Timeouts of HTTP/1.1 connections on a server that offers HTTP/2. */
const HTTP1_FALLBACK = {
  http1Options: {
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
  },
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: REQUEST_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
};
