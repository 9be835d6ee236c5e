/** Requests that no operation is for, and texts that are no requests. Upstream: go-openapi/runtime, middleware/router.go; Go, net/http/server.go. */

import type { Socket } from 'node:net';
import { posix } from 'node:path';
import { API_BASE } from '../../model/protocol/endpoints.ts';
import { type Answer, frameworkError } from './answer.ts';
import { OPERATIONS } from './operations.ts';

const ROUTES = OPERATIONS.map(({ method, template }) => ({
  method,
  expression: new RegExp(`^${API_BASE}${template.replace(/\{\w+\}/g, '[^/]+')}$`),
}));

/** 405 when the path exists for other methods, otherwise 404. */
export function unrouted(method: string, url: string): Answer {
  const path = url.split('?', 1)[0]!;
  const clean = posix.normalize(path).replace(/(?<=.)\/$/, '');
  const others = [...new Set(ROUTES.filter((route) => route.expression.test(clean)).map((route) => route.method))];
  if (others.length === 0) return frameworkError(404, `path ${path} was not found`);
  const allowed = others.join(',');
  return frameworkError(405, `method ${method} is not allowed, but [${allowed}] are`, { Allow: allowed });
}

/** Text that cannot be parsed as HTTP is answered as the real server does; late heads are not answered at all. */
export function onClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    refuse(socket, '431 Request Header Fields Too Large');
  } else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' || error.code === 'ECONNRESET') {
    socket.destroy();
  } else {
    badRequest(socket);
  }
}

export const badRequest = (socket: Socket) => refuse(socket, '400 Bad Request');

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
