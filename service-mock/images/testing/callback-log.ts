/** A relay to a service that remembers what was asked of it, for tests. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CallbackLog {
  url: string;
  /** `METHOD path` of each request since the last clear. */
  lines: string[];
  headers: IncomingHttpHeaders[];
  clear(): void;
  close(): Promise<void>;
}

export async function logCallbacks(target: string): Promise<CallbackLog> {
  const lines: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((incoming, response) => {
    lines.push(`${incoming.method} ${incoming.url}`);
    headers.push(incoming.headers);
    const outgoing = request(
      target + incoming.url,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lines,
    headers,
    clear: () => {
      lines.length = 0;
      headers.length = 0;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
