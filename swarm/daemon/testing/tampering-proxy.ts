/** Something before a service that nobody knows of, and that changes its answers. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';

/** What the client gets in the place of a good answer's text. */
export type Tamper = (request: { method: string; path: string; sinceMs: number }, body: string) => string;

/** Serves on a free port of loopback until `close()`. @param target base URL of the service */
export async function startTamperingProxy(target: string, tamper: Tamper) {
  const { hostname, port } = new URL(target);
  const startedAt = performance.now();
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    try {
      const sent = await buffer(request);
      // Answers are to come as they are.
      const { 'accept-encoding': _, ...rest } = headers;
      const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
        http
          .request({ hostname, port, method, path: url, headers: rest, agent }, resolve)
          .on('error', reject)
          .end(sent);
      });
      const status = answer.statusCode ?? 502;
      const whole = await text(answer);
      const path = url.split('?', 1)[0]!;
      const body = status < 300 ? tamper({ method, path, sinceMs: performance.now() - startedAt }, whole) : whole;
      const {
        'transfer-encoding': _chunked,
        connection: _connection,
        'content-length': length,
        ...kept
      } = answer.headers;
      response.writeHead(status, {
        ...kept,
        ...(length !== undefined && { 'content-length': Buffer.byteLength(body) }),
      });
      response.end(body);
    } catch {
      // One of the two has gone.
      request.socket.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}
