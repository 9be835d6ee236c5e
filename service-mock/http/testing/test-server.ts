/** A served fake service and the means to talk to it, for tests. */
import { type AddressInfo, connect } from 'node:net';
import { ManualClock } from '../../../model/time/testing/manual-clock.ts';
import { HttpServiceMetrics } from '../metrics.ts';
import type { HttpOptions } from '../options.ts';
import { createHttpServer } from '../server.ts';
import { type FakeService, fakeService } from './fake-service.ts';

export interface TestServer extends FakeService {
  clock: ManualClock;
  metrics: HttpServiceMetrics;
  port: number;
  /** Milliseconds after which the server closes an idle connection by itself; 0 for never. */
  idleTimeoutMs: number;
  /** Errors that the server called its own. */
  bugs: unknown[];
  /** A request to a path below the API base; a body that is no string goes as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** A request to any path. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Sends these bytes on a connection of their own; resolves with all that came back when the server closes it. */
  raw(text: string | Buffer): Promise<string>;
  close(): Promise<void>;
}

export async function startTestServer(options: Partial<HttpOptions> = {}): Promise<TestServer> {
  const fake = fakeService();
  const clock = new ManualClock();
  const metrics = new HttpServiceMetrics();
  const bugs: unknown[] = [];
  const app = createHttpServer({
    api: () => fake.api,
    metrics,
    clock,
    rejectUnknownFields: true,
    random: () => 0,
    onBug: (error) => bugs.push(error),
    ...options,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const fetchPath = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  return {
    ...fake,
    clock,
    metrics,
    port,
    idleTimeoutMs: app.server.keepAliveTimeout,
    bugs,
    fetch: fetchPath,
    call: (method, path, body, headers = {}) =>
      fetchPath(`/api/assisted-install${path}`, {
        method,
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      }),
    raw: (text) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        socket.on('data', (chunk: Buffer) => chunks.push(chunk));
        socket.on('error', reject);
        socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
      }),
    close: () => app.close(),
  };
}
