/** What every transport must do behind a proxy; goes with shared-tests.ts. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProxySettings } from '../../plan/connections.ts';
import { BLANK, type Transport, TransportError, type TransportOptions } from '../transport.ts';
import { ProxyServer } from './proxy-server.ts';

const testdata = (name: string) => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8');
const CERTIFICATE = { key: testdata('server.key'), cert: testdata('server.pem') };
const GET = {
  method: 'GET',
  path: '/poll?timestamp=1',
  headers: ['User-Agent', 'Go-http-client/1.1', 'Accept-Encoding', 'gzip'],
};

/** Runs all cases for one implementation. */
export function describeProxies(name: string, create: (options: TransportOptions) => Transport): void {
  describe(`transport ${name} behind a proxy`, () => {
    const cleanup: (() => unknown)[] = [];
    afterEach(async () => {
      for (const step of cleanup.splice(0).reverse()) await step();
    });

    function transport(proxy: ProxySettings): Transport {
      const made = create({
        mode: 'per-poll',
        tls: { insecure: true },
        proxy,
        idleTimeoutMs: 60_000,
        dialTimeoutMs: 5000,
        tlsHandshakeTimeoutMs: 5000,
        observer: { connectionOpened: () => {}, connectionClosed: () => {}, requestRepeated: () => {} },
      });
      cleanup.push(() => made.close());
      return made;
    }

    async function proxyServer(certificate?: {
      key: string;
      cert: string;
    }): Promise<{ proxy: ProxyServer; at: string }> {
      const proxy = new ProxyServer(certificate);
      const port = await proxy.listen();
      cleanup.push(() => proxy.close());
      return { proxy, at: `127.0.0.1:${port}` };
    }

    /** The service, which a proxy finds by its name. */
    async function service(proxy: ProxyServer, secure = false): Promise<string[]> {
      const heard: string[] = [];
      const answer = (request: IncomingMessage, response: { end(text: string): unknown }) => {
        heard.push(`${request.method} ${request.headers.host}${request.url}`);
        response.end('{}');
      };
      const server: Server = secure ? createSecureServer(CERTIFICATE, answer) : createServer(answer);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      cleanup.push(() => {
        server.closeAllConnections();
        server.close();
      });
      proxy.ports.set('service.test', (server.address() as AddressInfo).port);
      return heard;
    }

    const ask = (of: Transport, baseUrl: string) =>
      of.openSession({ baseUrl, client: 'agent', machine: 1 }).request(GET);
    const failureOf = async (asked: Promise<unknown>): Promise<TransportError> => {
      const error = await asked.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TransportError);
      return error as TransportError;
    };

    it('asks for whole addresses, with the credentials after all other headers', async () => {
      const { proxy, at } = await proxyServer();
      const heard = await service(proxy);
      const answer = await ask(transport({ http: `http://me:a%40b@${at}` }), 'http://service.test:8090/prefix');
      expect(answer.status).toBe(200);
      expect(proxy.requests).toEqual([
        {
          line: 'GET http://service.test:8090/prefix/poll?timestamp=1',
          headers: [
            ...['Host', 'service.test:8090', 'User-Agent', 'Go-http-client/1.1', 'Accept-Encoding', 'gzip'],
            ...['Proxy-Authorization', `Basic ${Buffer.from('me:a@b').toString('base64')}`],
          ],
        },
      ]);
      expect(heard).toEqual(['GET service.test:8090/prefix/poll?timestamp=1']);
    });

    it('sends prepared requests the same way', async () => {
      const { proxy, at } = await proxyServer();
      await service(proxy);
      const made = transport({ http: at });
      const baseUrl = 'http://service.test';
      const prepared = made.prepare({ baseUrl, ...GET, path: `/poll?timestamp=${BLANK}` });
      const session = made.openSession({ baseUrl, client: 'agent', machine: 1 });
      expect((await session.request({ prepared, values: ['7'] })).status).toBe(200);
      expect(proxy.requests.map(({ line }) => line)).toEqual(['GET http://service.test/poll?timestamp=7']);
    });

    it('opens a tunnel for TLS, one for each connection', async () => {
      const { proxy, at } = await proxyServer();
      const heard = await service(proxy, true);
      const made = transport({ https: `http://me@${at}`, http: 'nobody.test:1' });
      const session = made.openSession({ baseUrl: 'https://service.test', client: 'agent', machine: 1 });
      expect((await session.request(GET)).status).toBe(200);
      expect((await session.request(GET)).status).toBe(200);
      expect(proxy.requests).toEqual([
        {
          line: 'CONNECT service.test:443',
          headers: [
            ...['Host', 'service.test:443', 'User-Agent', 'Go-http-client/1.1'],
            ...['Proxy-Authorization', `Basic ${Buffer.from('me:').toString('base64')}`],
          ],
        },
      ]);
      expect(heard).toHaveLength(2);
    });

    it('speaks TLS with a proxy that wants it, and TLS inside', async () => {
      const { proxy, at } = await proxyServer(CERTIFICATE);
      const heard = await service(proxy, true);
      expect((await ask(transport({ https: `https://${at}` }), 'https://service.test:8443')).status).toBe(200);
      expect(proxy.requests.map(({ line }) => line)).toEqual(['CONNECT service.test:8443']);
      expect(heard).toEqual(['GET service.test:8443/poll?timestamp=1']);
    });

    it('goes to exceptions and to this machine directly', async () => {
      const { proxy, at } = await proxyServer();
      const heard = await service(proxy);
      const made = transport({ http: at, no: 'other.test' });
      const direct = `http://127.0.0.1:${proxy.ports.get('service.test')}`;
      expect((await ask(made, direct)).status).toBe(200);
      expect(heard).toHaveLength(1);
      expect((await failureOf(ask(made, 'http://a.other.test:1'))).kind).toBe('dns');
      expect(proxy.requests).toEqual([]);
    });

    it('says that it was the proxy that failed', async () => {
      const { proxy, at } = await proxyServer();
      proxy.refuses = 407;
      const made = transport({ http: at, https: at });
      expect((await ask(made, 'http://service.test')).status).toBe(407);
      const refused = await failureOf(ask(made, 'https://service.test'));
      expect(refused).toMatchObject({
        kind: 'protocol',
        message: `proxy ${at}: CONNECT service.test:443: 407 No`,
        temporary: false,
      });
      proxy.close();
      const gone = await failureOf(ask(made, 'http://service.test'));
      expect(gone).toMatchObject({ kind: 'refused', message: expect.stringContaining(`proxy ${at}: `) });
    });
  });
}
