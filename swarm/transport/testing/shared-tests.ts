/**
 * What every transport must do, whatever it is made of: `describeTransport` runs these cases against the transports that a factory
 * makes. Servers are raw sockets, so that every byte counts.
 *
 * The certificates beside it are for these tests only and protect nothing.
 */
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wallNow } from '../../../model/time/clock.ts';
import { filledRequest } from '../go-http.ts';
import { Program } from '../program.ts';
import {
  BLANK,
  type RequestTemplate,
  type Session,
  type Transport,
  TransportError,
  type TransportOptions,
  type WireRequest,
} from '../transport.ts';

const testdata = (name: string) => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8');

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';

/** Called with each complete request; answers by writing to the socket. */
type Answer = (socket: net.Socket, request: string, connection: number) => void;

/** A server that keeps every byte it gets. */
class RawServer {
  readonly requests: string[] = [];
  /** Number of the connection that each request came on. */
  readonly via: number[] = [];
  readonly sockets: net.Socket[] = [];
  readonly #server: net.Server;

  constructor(answer: Answer, secure: boolean) {
    const onSocket = (socket: net.Socket) => {
      const connection = this.sockets.push(socket) - 1;
      let buffered = '';
      socket.on('error', () => {});
      socket.on('data', (data: Buffer) => {
        buffered += data.toString('latin1');
        for (;;) {
          const end = endOfRequest(buffered);
          if (end < 0) return;
          const request = buffered.slice(0, end);
          buffered = buffered.slice(end);
          this.requests.push(request);
          this.via.push(connection);
          answer(socket, request, connection);
        }
      });
    };
    this.#server = secure
      ? tls.createServer({ key: testdata('server.key'), cert: testdata('server.pem') }, onSocket)
      : net.createServer(onSocket);
    this.#server.on('tlsClientError', () => {});
  }

  async listen(host = '127.0.0.1'): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, host, resolve));
    return (this.#server.address() as net.AddressInfo).port;
  }

  get open(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

function endOfRequest(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return -1;
  if (/^transfer-encoding: chunked$/im.test(text.slice(0, head))) {
    const end = text.indexOf('\r\n0\r\n\r\n', head);
    return end < 0 ? -1 : end + 7;
  }
  const length = Number(/^content-length: (\d+)$/im.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= head + 4 + length ? head + 4 + length : -1;
}

const HEADERS = [
  ...['User-Agent', 'Go-http-client/1.1', 'Accept', 'application/json'],
  ...['Discovery_agent_version', 'quay.io/example/agent:v1', 'X-Request-Id', '3f0d8f0a-6c1e-4b7e-9a55-1f7b2f6d9c11'],
  ...['X-Secret-Key', '', 'Accept-Encoding', 'gzip'],
];
const HEADER_LINES =
  'Accept: application/json\r\nDiscovery_agent_version: quay.io/example/agent:v1\r\n' +
  'X-Request-Id: 3f0d8f0a-6c1e-4b7e-9a55-1f7b2f6d9c11\r\nX-Secret-Key: \r\nAccept-Encoding: gzip\r\n';
const GET: WireRequest = { method: 'GET', path: '/poll?timestamp=1', headers: HEADERS };
const POST: WireRequest = { method: 'POST', path: '/reply', headers: HEADERS, body: '{"output":"ü"}\n' };

/** A server whose thread sleeps, so that its queue of new connections fills up. */
const BUSY_SERVER = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:worker_threads').parentPort.postMessage(server.address().port);
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
`;

/** Waits for something that other sockets do. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** Runs all cases for one implementation. */
export function describeTransport(name: string, create: (options: TransportOptions) => Transport): void {
  describe(`transport ${name}`, () => {
    let cleanup: (() => unknown)[];
    let opened: number;
    let closed: number;
    let repeated: string[];
    /** The kernel may say only in the next test that a socket of this one is closed. */
    let test = 0;

    beforeEach(() => {
      cleanup = [];
      opened = 0;
      closed = 0;
      repeated = [];
      test++;
    });
    afterEach(async () => {
      for (const step of cleanup.reverse()) await step();
    });

    function transport(options: Partial<TransportOptions> = {}): Transport {
      const own = test;
      const made = create({
        mode: 'per-poll',
        idleTimeoutMs: 60_000,
        dialTimeoutMs: 5000,
        tlsHandshakeTimeoutMs: 5000,
        observer: {
          connectionOpened: () => opened++,
          connectionClosed: () => own === test && closed++,
          requestRepeated: (how) => repeated.push(how),
        },
        ...options,
      });
      cleanup.push(() => made.close());
      return made;
    }

    async function server(answer: Answer, secure = false): Promise<{ server: RawServer; url: string; host: string }> {
      const made = new RawServer(answer, secure);
      const port = await made.listen();
      cleanup.push(() => made.close());
      return { server: made, url: `${secure ? 'https' : 'http'}://127.0.0.1:${port}`, host: `127.0.0.1:${port}` };
    }

    function session(of: Transport, baseUrl: string, machine = 1): Session {
      return of.openSession({ baseUrl, client: 'agent', machine });
    }

    async function failure(request: Promise<unknown>): Promise<TransportError> {
      const error = await request.then(
        () => new Error('the request succeeded'),
        (reason: unknown) => reason,
      );
      if (error instanceof TransportError) return error;
      throw error;
    }

    describe('the end of a program', () => {
      it('closes its own connections at once, and one under way when its request is over', async () => {
        let answer = () => {};
        const { server: raw, url } = await server((socket, request) => {
          if (request.startsWith('GET /slow')) answer = () => socket.write(OK);
          else socket.write(OK);
        });
        const made = transport();
        const ended = session(made, url);
        const other = session(made, url, 2);
        await other.request(GET);
        await ended.request(GET);
        const slow = ended.request({ ...GET, path: '/slow' });
        await until(() => raw.requests.length === 3);
        ended.end();
        expect(raw.open).toBe(2);
        answer();
        expect((await slow).status).toBe(200);
        await until(() => raw.open === 1);
        await other.request(GET);
        await expect(ended.request(GET)).rejects.toThrow('the session was released');
        const idle = session(made, url, 3);
        await idle.request(GET);
        idle.end();
        await until(() => raw.open === 1 && closed === 2);
      });

      it.each(['keep-alive', 'shared'] as const)('leaves connections open that others use (%s)', async (mode) => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const made = transport({ mode });
        const ended = session(made, url);
        await ended.request(GET);
        ended.end();
        await session(made, url).request(GET);
        expect(raw.sockets).toHaveLength(1);
      });
    });

    describe('the end of a program of many sessions', () => {
      it.each(['per-poll', 'keep-alive'] as const)('closes what its sessions have left open (%s)', async (mode) => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const made = transport({ mode });
        const program = new Program();
        for (let poll = 0; poll < 3; poll++) {
          const one = made.openSession({ baseUrl: url, client: 'agent', machine: 1, program });
          await one.request(GET);
          one.release();
        }
        const other = session(made, url, 2);
        await other.request(GET);
        expect(raw.open).toBe(mode === 'per-poll' ? 4 : 2);
        program.end();
        await until(() => raw.open === 1 && closed === opened - 1);
        await other.request(GET);
        expect(raw.via.at(-1)).toBe(raw.sockets.length - 1);
      });

      it.each([
        'per-poll',
        'keep-alive',
      ] as const)('lets a request under way finish, and no other (%s)', async (mode) => {
        const answers: (() => void)[] = [];
        const { server: raw, url } = await server((socket) => answers.push(() => socket.write(OK)));
        const made = transport({ mode });
        const program = new Program();
        const one = made.openSession({ baseUrl: url, client: 'agent', machine: 1, program });
        const late = one.request(GET);
        await until(() => answers.length === 1);
        program.end();
        expect(raw.open).toBe(1);
        answers[0]!();
        expect((await late).status).toBe(200);
        await until(() => raw.open === 0);
        // What is opened for it afterwards lasts for one request.
        const last = one.request(GET);
        await until(() => answers.length === 2);
        answers[1]!();
        await last;
        await until(() => raw.open === 0 && closed === 2);
      });

      it('leaves a connection to the other programs of its machine that one of them has opened (keep-alive)', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const made = transport({ mode: 'keep-alive' });
        const [first, second] = [new Program(), new Program()];
        for (const program of [first, second]) {
          await made.openSession({ baseUrl: url, client: 'agent', machine: 1, program }).request(GET);
        }
        second.end();
        await session(made, url).request(GET);
        expect(raw.sockets).toHaveLength(1);
        first.end();
        await until(() => raw.open === 0);
      });
    });

    describe('a tapped connection', () => {
      /** What was told of each connection. */
      interface Told {
        sent: string;
        received: string;
        closed: boolean;
        machine: number;
      }

      const tapped = (told: Told[], machines: readonly number[]): Partial<TransportOptions> => ({
        observer: {
          connectionOpened: () => opened++,
          connectionClosed: () => closed++,
          requestRepeated: (how) => repeated.push(how),
          tap: ({ machine }) => {
            if (!machines.includes(machine)) return null;
            const one: Told = { sent: '', received: '', closed: false, machine };
            told.push(one);
            return {
              sent: (chunk) => {
                one.sent += chunk.toString('latin1');
              },
              received: (chunk) => {
                one.received += chunk.toString('latin1');
              },
              closed: () => {
                one.closed = true;
              },
            };
          },
        },
      });

      it.each([false, true])('tells every byte that goes over it, and its end (TLS: %s)', async (secure) => {
        const { server: raw, url } = await server((socket) => socket.write(OK), secure);
        const told: Told[] = [];
        const made = transport({ ...tapped(told, [1]), tls: { insecure: true } });
        const client = session(made, url);
        await client.request(GET);
        await client.request({ ...POST, body: Buffer.alloc(200_000, 'x'), chunked: true });
        const prepared = made.prepare({ baseUrl: url, method: 'POST', path: `/x/${BLANK}`, headers: HEADERS });
        await client.request({ prepared, values: ['7'], body: '{}\n' });
        expect(told).toEqual([{ machine: 1, sent: raw.requests.join(''), received: OK.repeat(3), closed: false }]);
        await made.close();
        await until(() => told[0]!.closed);
      });

      it('is that of a session which is asked for, and of no other', async () => {
        const { url } = await server((socket) => socket.write(OK));
        const told: Told[] = [];
        const made = transport(tapped(told, [2]));
        for (const machine of [1, 2, 3]) await session(made, url, machine).request(GET);
        expect(told.map(({ machine }) => machine)).toEqual([2]);
        const shared = transport({ ...tapped(told, [1, 2, 3]), mode: 'shared' });
        await session(shared, url, 2).request(GET);
        expect(told).toHaveLength(1);
      });
    });

    describe('bytes of a request', () => {
      it('writes head and order as given, host first', async () => {
        const { server: raw, url, host } = await server((socket) => socket.write(OK));
        const response = await session(transport(), url).request(GET);
        const expected = `GET /poll?timestamp=1 HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: Go-http-client/1.1\r\n${HEADER_LINES}\r\n`;
        expect(raw.requests).toEqual([expected]);
        expect(response.bytesSent).toBe(expected.length);
        expect(response.bytesReceived).toBe(OK.length);
      });

      it('puts the length of a body after the user agent, in bytes', async () => {
        const { server: raw, url, host } = await server((socket) => socket.write(OK));
        const response = await session(transport(), `${url}/prefix/`).request(POST);
        expect(Buffer.from(raw.requests[0]!, 'latin1').toString()).toBe(
          `POST /prefix/reply HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 16\r\n${HEADER_LINES}\r\n${POST.body}`,
        );
        expect(response.bytesSent).toBe(raw.requests[0]!.length);
      });

      it('says that a POST without a body has none, and nothing of the kind for DELETE', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const client = session(transport(), url);
        await client.request({ method: 'POST', path: '/install', headers: HEADERS });
        await client.request({ method: 'DELETE', path: '/cluster', headers: HEADERS });
        expect(raw.requests[0]).toContain('\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 0\r\nAccept:');
        expect(raw.requests[1]).not.toMatch(/content-length|transfer-encoding/i);
        expect(raw.requests.join('')).not.toMatch(/connection:/i);
      });

      it('sends an upload as one chunk', async () => {
        const { server: raw, url, host } = await server((socket) => socket.write(OK));
        const body = Buffer.alloc(300_000, 'x');
        await session(transport(), url).request({ ...POST, body, chunked: true });
        expect(raw.requests[0]).toBe(
          `POST /reply HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: Go-http-client/1.1\r\nTransfer-Encoding: chunked\r\n${HEADER_LINES}\r\n` +
            `493e0\r\n${body.toString()}\r\n0\r\n\r\n`,
        );
      });

      it('keeps the same head on a reused connection', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const client = session(transport(), url);
        for (let i = 0; i < 3; i++) await client.request(POST);
        expect(raw.via).toEqual([0, 0, 0]);
        expect(raw.requests[1]).toBe(raw.requests[0]);
        expect(raw.requests[2]).toBe(raw.requests[0]);
      });
    });

    describe('answers', () => {
      it('gives status, type, body and times', async () => {
        const { url } = await server((socket) => socket.write(OK));
        const before = wallNow();
        const response = await session(transport(), url).request(GET);
        const after = wallNow();
        expect(response).toMatchObject({ status: 200, contentType: 'application/json' });
        expect(response.body.toString()).toBe('{}');
        const times = [before, response.sentAt, response.firstByteAt, response.endAt, after];
        expect(times).toEqual([...times].sort((a, b) => a - b));
      });

      it.each([204, 404, 500, 503])('does not reject for status %i', async (status) => {
        const { url } = await server((socket) => socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`));
        const response = await session(transport(), url).request(GET);
        expect(response).toMatchObject({ status, contentType: '' });
        expect(response.body.length).toBe(0);
      });

      it('decodes gzip and counts what came over the wire', async () => {
        const text = JSON.stringify({ text: 'all the same '.repeat(500) });
        const encoded = gzipSync(text);
        const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${encoded.length}\r\n\r\n`;
        const { url } = await server((socket) => socket.write(Buffer.concat([Buffer.from(head), encoded])));
        const response = await session(transport(), url).request(GET);
        expect(response.body.toString()).toBe(text);
        expect(response.bytesReceived).toBe(head.length + encoded.length);
      });

      it('fails with `decode` when the gzip is cut off or none', async () => {
        const whole = gzipSync('some text that is long enough to be cut');
        const bodies = [whole.subarray(0, whole.length - 12), Buffer.from('no gzip at all')];
        const { url } = await server((socket, _request, connection) => {
          const body = bodies[connection]!;
          socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`);
          socket.write(body);
        });
        const made = transport();
        expect((await failure(session(made, url).request(GET))).kind).toBe('decode');
        expect((await failure(session(made, url).request(GET))).kind).toBe('decode');
      });

      it('reads chunked bodies without counting their framing', async () => {
        const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
        const { url } = await server((socket) => socket.write(`${head}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`));
        const response = await session(transport(), url).request(GET);
        expect(response.body.toString()).toBe('abcde');
        expect(response.bytesReceived).toBe(head.length + 5);
      });

      it('counts a discarded body and drops it', async () => {
        const { url } = await server((socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789`));
        const response = await session(transport(), url).request({ ...GET, discardBody: true });
        expect(response.body.length).toBe(0);
        expect(response.bytesReceived).toBe('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'.length + 9);
      });
    });

    describe('redirects', () => {
      const moved = (status: number, location: string) =>
        `HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`;

      it('follows, telling where it came from', async () => {
        const { server: raw, url } = await server((socket, request) =>
          socket.write(request.startsWith('GET /poll') ? moved(302, '/elsewhere?a=1') : OK),
        );
        const response = await session(transport(), url).request(GET);
        expect(response.status).toBe(200);
        expect(raw.requests[1]).toMatch(/^GET \/elsewhere\?a=1 HTTP\/1\.1\r\n/);
        expect(raw.requests[1]).toContain(
          `\r\nReferer: ${url}/poll?timestamp=1\r\nX-Request-Id: 3f0d8f0a-6c1e-4b7e-9a55-1f7b2f6d9c11\r\n`,
        );
      });

      it('turns a POST into a GET for 301 and repeats it for 307', async () => {
        const { server: raw, url } = await server((socket, request) => {
          if (request.startsWith('POST /a')) socket.write(moved(301, '/b'));
          else if (request.startsWith('POST /c')) socket.write(moved(307, '/d'));
          else socket.write(OK);
        });
        const client = session(transport(), url);
        const headers = [...HEADERS.slice(0, 4), 'Content-Type', 'application/json', ...HEADERS.slice(4)];
        await client.request({ ...POST, headers, path: '/a' });
        await client.request({ ...POST, headers, path: '/c' });
        expect(raw.requests.map((request) => request.split(' HTTP', 1)[0])).toEqual([
          'POST /a',
          'GET /b',
          'POST /c',
          'POST /d',
        ]);
        expect(raw.requests[1]).not.toMatch(/content-(type|length)/i);
        expect(raw.requests[3]).toMatch(/Content-Length: 16\r\n(.+\r\n)*Content-Type: application\/json/);
      });

      it('leaves answers without a Location as they are and gives up after ten hops', async () => {
        const { server: raw, url } = await server((socket, request) =>
          socket.write(
            request.startsWith('GET /poll') ? 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n' : moved(302, '/again'),
          ),
        );
        const client = session(transport(), url);
        expect((await client.request(GET)).status).toBe(302);
        expect((await failure(client.request({ ...GET, path: '/again' }))).kind).toBe('protocol');
        expect(raw.requests.length).toBe(1 + 11);
        expect(repeated).toEqual(Array.from({ length: 10 }, () => 'redirected'));
      });

      it('goes to another server', async () => {
        const { server: target, url: targetUrl, host } = await server((socket) => socket.write(OK));
        const { url } = await server((socket) => socket.write(moved(302, `${targetUrl}/there`)));
        await session(transport(), `${url}/prefix`).request(GET);
        expect(target.requests[0]).toMatch(new RegExp(`^GET /there HTTP/1\\.1\\r\\nHost: ${host}\\r\\n`));
      });
    });

    describe('connections', () => {
      it('per-poll: a new session has new connections', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const made = transport();
        for (let i = 0; i < 2; i++) {
          const client = session(made, url);
          await client.request(GET);
          await client.request(POST);
          client.release();
        }
        expect(raw.via).toEqual([0, 0, 1, 1]);
        expect([opened, closed, raw.open]).toEqual([2, 0, 2]);
      });

      it('opens one for each request under way and keeps two', async () => {
        const waiting: net.Socket[] = [];
        const { server: raw, url } = await server((socket) => {
          waiting.push(socket);
          if (waiting.length === 4) for (const one of waiting) one.write(OK);
        });
        const client = session(transport(), url);
        await Promise.all([1, 2, 3, 4].map(() => client.request(POST)));
        expect(new Set(raw.via).size).toBe(4);
        await until(() => raw.open === 2);
        await until(() => closed === 2);
        expect(opened).toBe(4);
      });

      it('closes idle ones after the time-out, whatever the server says, and opens another when needed', async () => {
        const { server: raw, url } = await server((socket) =>
          socket.write('HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n'),
        );
        const client = session(transport({ idleTimeoutMs: 40 }), url);
        await client.request(GET);
        expect(raw.open).toBe(1);
        await until(() => raw.open === 0 && closed === 1);
        await client.request(GET);
        expect(raw.via).toEqual([0, 1]);
        client.release();
        await until(() => raw.open === 0 && closed === 2);
      });

      it.each([0, 0.2])('keeps none that may be idle for %d ms alone', async (idleTimeoutMs) => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const client = session(transport({ idleTimeoutMs }), url);
        for (const connection of [0, 1, 2]) {
          await client.request(GET);
          expect(raw.via).toHaveLength(connection + 1);
          await until(() => raw.open === 0 && closed === connection + 1);
        }
        expect(raw.via).toEqual([0, 1, 2]);
      });

      it('does not let a short hint of the server cut the idle time', async () => {
        const { server: raw, url } = await server((socket) =>
          socket.write('HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\nKeep-Alive: timeout=1\r\n\r\n'),
        );
        const client = session(transport(), url);
        await client.request(GET);
        await client.request(GET);
        expect(raw.via).toEqual([0, 0]);
      });

      it('keep-alive: sessions of a machine share one, other machines have their own', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const made = transport({ mode: 'keep-alive' });
        for (const machine of [1, 1, 2, 1]) {
          const client = session(made, url, machine);
          await client.request(GET);
          client.release();
        }
        expect(raw.via).toEqual([0, 0, 1, 0]);
      });

      it('shared: no more than allowed, the rest waits its turn', async () => {
        const { server: raw, url } = await server((socket) => setImmediate(() => socket.write(OK)));
        const made = transport({ mode: 'shared', sharedConnections: 3 });
        await Promise.all(Array.from({ length: 20 }, (_, machine) => session(made, url, machine).request(POST)));
        expect(raw.requests.length).toBe(20);
        expect(raw.sockets.length).toBe(3);
      });

      it('uses source addresses in turn', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const made = transport({ sourceAddresses: ['127.0.0.2', '127.0.0.3'] });
        for (let i = 0; i < 4; i++) await session(made, url).request(GET);
        expect(raw.sockets.map((socket) => socket.remoteAddress)).toEqual([
          '127.0.0.2',
          '127.0.0.3',
          '127.0.0.2',
          '127.0.0.3',
        ]);
      });

      it('sends a GET again when the server had closed the idle connection, as Go does, and no POST', async () => {
        const { server: raw, url } = await server((socket, request, connection) => {
          const first = raw.via.filter((via) => via === connection).length === 1;
          if (first && !request.startsWith('POST')) socket.write(OK);
          else socket.destroy();
        });
        const client = session(transport(), url);
        await client.request(GET);
        const again = await client.request(GET);
        expect(again.status).toBe(200);
        expect(raw.via).toEqual([0, 0, 1]);
        expect(['eof', 'reset']).toContain((await failure(client.request(POST))).kind);
        expect(raw.via).toEqual([0, 0, 1, 1]);
        expect(repeated).toEqual(['replayed']);
      });

      it('does not repeat a GET that failed on a new connection', async () => {
        const { server: raw, url } = await server((socket) => socket.end());
        expect((await failure(session(transport(), url).request(GET))).kind).toBe('eof');
        expect(raw.requests.length).toBe(1);
      });

      it('fails everything under way on close', async () => {
        const { server: raw, url } = await server(() => {});
        const made = transport();
        const pending = [1, 2, 3].map((machine) => failure(session(made, url, machine).request(GET)));
        await until(() => raw.requests.length === 3);
        await made.close();
        expect((await Promise.all(pending)).map((error) => error.kind)).toEqual(['aborted', 'aborted', 'aborted']);
        await until(() => raw.open === 0 && closed === 3);
      });

      it('closes idle ones before their time where there is no room for more', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        let crowded = 0;
        const made = transport({ mostConnections: 2, onCrowded: () => crowded++ });
        const clients = [1, 2, 3, 4].map((machine) => session(made, url, machine));
        await clients[0]!.request(GET);
        await clients[1]!.request(GET);
        expect([opened, closed, crowded]).toEqual([2, 0, 0]);
        await clients[2]!.request(GET);
        await clients[3]!.request(GET);
        await until(() => closed === 2 && raw.open === 2);
        expect([opened, crowded]).toEqual([4, 1]);
        // The first ones went; what is open is used again.
        await clients[3]!.request(GET);
        await clients[2]!.request(GET);
        expect(opened).toBe(4);
      });

      it('opens more than there is room for when none is idle', async () => {
        const { server: raw, url } = await server(() => {});
        const made = transport({ mostConnections: 1 });
        const pending = [1, 2, 3].map((machine) => failure(session(made, url, machine).request(GET)));
        await until(() => raw.requests.length === 3);
        expect(opened).toBe(3);
        await made.close();
        await Promise.all(pending);
      });

      it.each([
        'per-poll',
        'keep-alive',
        'shared',
      ] as const)('aborts what is asked while it closes (%s)', async (mode) => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const made = transport({ mode });
        const client = session(made, url);
        await client.request(GET);
        const closing = made.close();
        // Its idle connection is there until its socket has closed.
        expect((await failure(client.request(GET))).kind).toBe('aborted');
        expect((await failure(client.request(POST))).kind).toBe('aborted');
        await closing;
        expect((await failure(client.request(GET))).kind).toBe('aborted');
        expect(raw.requests).toHaveLength(1);
      });
    });

    describe('failures', () => {
      it('refused', async () => {
        const { server: raw, url } = await server(() => {});
        raw.close();
        const error = await failure(session(transport(), url).request(GET));
        expect(error).toMatchObject({ kind: 'refused', temporary: false, sentAt: 0 });
        expect([opened, closed]).toEqual([0, 0]);
      });

      it('reset', async () => {
        const { url } = await server((socket) => socket.resetAndDestroy());
        const before = wallNow();
        const error = await failure(session(transport(), url).request(GET));
        expect(error.kind).toBe('reset');
        // It was sent, and then not answered.
        expect(error.sentAt).toBeGreaterThanOrEqual(before);
      });

      it.each([
        ['before an answer', ''],
        ['inside the head', 'HTTP/1.1 200 OK\r\nConte'],
        ['inside the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
      ])('eof %s', async (_where, text) => {
        const { url } = await server((socket) => socket.end(text));
        expect((await failure(session(transport(), url).request(POST))).kind).toBe('eof');
      });

      it('protocol', async () => {
        const { url } = await server((socket) => socket.write('SSH-2.0-OpenSSH_9.9\r\n'));
        expect((await failure(session(transport(), url).request(GET))).kind).toBe('protocol');
      });

      it('dns', async () => {
        const error = await failure(session(transport(), 'http://no-such-host.invalid').request(GET));
        expect(error.kind).toBe('dns');
      });

      it('dial-timeout when the server accepts no more', async () => {
        const busy = new Worker(BUSY_SERVER, { eval: true });
        cleanup.push(() => busy.terminate());
        const port = await new Promise<number>((resolve) => busy.once('message', resolve));
        // What the kernel queues for a server that never calls accept.
        const queued = Array.from({ length: 8 }, () => net.connect({ port, host: '127.0.0.1' }).on('error', () => {}));
        cleanup.push(() => {
          for (const socket of queued) socket.destroy();
        });
        await new Promise((resolve) => queued[0]!.once('connect', resolve));
        const made = transport({ dialTimeoutMs: 100 });
        const attempts = Array.from({ length: 8 }, () =>
          failure(session(made, `http://127.0.0.1:${port}`).request(GET)),
        );
        const error = await Promise.race(attempts);
        expect(error).toMatchObject({ kind: 'dial-timeout', temporary: true });
        await made.close();
        await Promise.all(attempts);
      });

      it.each(['192.0.2.77', '::1'])('source-address when %s cannot be had', async (address) => {
        const { url } = await server((socket) => socket.write(OK));
        const made = transport({ sourceAddresses: [address] });
        const error = await failure(session(made, url).request(GET));
        expect(error.kind).toBe('source-address');
        expect(error.message).toContain(`source address ${address} is not an address of this machine`);
      });

      it('aborted before, while connecting and while waiting', async () => {
        const { server: raw, url } = await server(() => {});
        const client = session(transport(), url);
        expect((await failure(client.request({ ...GET, signal: AbortSignal.abort() }))).kind).toBe('aborted');
        const controller = new AbortController();
        const pending = failure(client.request({ ...GET, signal: controller.signal }));
        await until(() => raw.requests.length === 1);
        controller.abort(new Error('unplugged'));
        expect((await pending).kind).toBe('aborted');
        await until(() => raw.open === 0);
        const early = new AbortController();
        const starting = failure(client.request({ ...GET, signal: early.signal }));
        early.abort();
        expect((await starting).kind).toBe('aborted');

        // A handshake with a server that never answers.
        const later = new AbortController();
        const handshake = session(transport(), url.replace('http:', 'https:'));
        const connecting = failure(handshake.request({ ...GET, signal: later.signal }));
        const sockets = raw.sockets.length;
        await until(() => raw.sockets.length > sockets);
        later.abort();
        expect((await connecting).kind).toBe('aborted');
        await until(() => raw.open === 0);
      });

      it.each([
        'per-poll',
        'keep-alive',
      ] as const)('none after one that was aborted with its answer (%s)', async (mode) => {
        const { url } = await server((socket) => socket.write(OK));
        const controller = new AbortController();
        const observer = {
          connectionOpened: () => opened++,
          connectionClosed: () => closed++,
          requestRepeated: (how: string) => repeated.push(how),
          // The answer has arrived, and nobody who waits for it has been told.
          tap: () => ({ sent() {}, received: () => queueMicrotask(() => controller.abort()), closed() {} }),
        };
        const client = session(transport({ mode, observer }), url);
        expect((await client.request({ ...GET, signal: controller.signal })).status).toBe(200);
        // At once, before the system has said that the connection is closed; a POST is not sent again by itself.
        expect((await client.request(POST)).status).toBe(200);
      });
    });

    describe('prepared requests', () => {
      const headers = HEADERS.with(HEADERS.indexOf('X-Request-Id') + 1, BLANK);
      const poll = (baseUrl: string): RequestTemplate => ({
        baseUrl,
        method: 'GET',
        path: `/infra-envs/${BLANK}/hosts/${BLANK}/instructions?timestamp=${BLANK}`,
        headers,
      });
      const reply = (baseUrl: string): RequestTemplate => ({
        ...poll(baseUrl),
        method: 'POST',
        path: `/hosts/${BLANK}`,
      });

      it('fills in what the single request says', async () => {
        const { server: raw, url, host } = await server((socket) => socket.write(OK));
        const made = transport();
        const baseUrl = `${url}/prefix`;
        const client = session(made, baseUrl);
        const got = await client.request({ prepared: made.prepare(poll(baseUrl)), values: ['i', 'h', '17', 'id-1'] });
        const posted = await client.request({
          prepared: made.prepare(reply(baseUrl)),
          values: ['h', 'id-1'],
          body: '{"output":"ü"}\n',
        });
        const lines = HEADER_LINES.replace('3f0d8f0a-6c1e-4b7e-9a55-1f7b2f6d9c11', 'id-1');
        const agent = 'User-Agent: Go-http-client/1.1\r\n';
        expect(raw.requests.map((request) => Buffer.from(request, 'latin1').toString())).toEqual([
          `GET /prefix/infra-envs/i/hosts/h/instructions?timestamp=17 HTTP/1.1\r\nHost: ${host}\r\n${agent}${lines}\r\n`,
          `POST /prefix/hosts/h HTTP/1.1\r\nHost: ${host}\r\n${agent}Content-Length: 16\r\n${lines}\r\n{"output":"ü"}\n`,
        ]);
        expect([got.bytesSent, posted.bytesSent]).toEqual(raw.requests.map((request) => request.length));
        expect(got).toMatchObject({ status: 200, contentType: 'application/json' });
        expect(raw.via).toEqual([0, 0]);
      });

      it('puts the same bytes on the wire as the request that it stands for', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const made = transport();
        const client = session(made, url);
        const token = fc.stringMatching(/^[A-Za-z0-9._-]{0,12}$/);
        const piece = fc.oneof(token, fc.constant(BLANK));
        const template = fc.record({
          method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
          path: fc.array(piece, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
          agent: fc.option(piece),
          fields: fc.array(fc.tuple(fc.stringMatching(/^X-[A-Za-z]{1,8}$/), fc.array(piece, { maxLength: 3 })), {
            maxLength: 5,
          }),
          body: fc.option(fc.oneof(fc.constant(''), fc.string({ minLength: 1, maxLength: 30 }))),
          fillings: fc.array(token, { minLength: 40, maxLength: 40 }),
        });
        await fc.assert(
          fc.asyncProperty(template, async ({ method, path, agent, fields, body, fillings }) => {
            const names = fields.flatMap(([name, parts]) => [name, parts.join('-')]);
            const all = agent === null ? names : ['User-Agent', agent, ...names];
            const prepared = made.prepare({ baseUrl: url, method, path, headers: all });
            const blanks = [path, ...all].join('').split(BLANK).length - 1;
            const filled = { prepared, values: fillings.slice(0, blanks), ...(body === null ? {} : { body }) };
            const first = await client.request(filled);
            const second = await client.request(filledRequest(filled));
            const [one, other] = raw.requests.splice(0);
            expect(one).toBe(other);
            expect(one).not.toContain(BLANK);
            expect(first.bytesSent).toBe(second.bytesSent);
          }),
          { numRuns: 60 },
        );
      });

      it('serve any number of sessions at the same time', async () => {
        const waiting: net.Socket[] = [];
        const { server: raw, url } = await server((socket) => {
          waiting.push(socket);
          if (waiting.length === 8) for (const one of waiting) one.write(OK);
        });
        const made = transport();
        const prepared = made.prepare(poll(url));
        const ids = Array.from({ length: 8 }, (_, n) => String(n));
        await Promise.all(
          ids.map((id) => session(made, url, Number(id)).request({ prepared, values: [id, id, id, id] })),
        );
        const sent = ids.map((id) => `GET /infra-envs/${id}/hosts/${id}/instructions?timestamp=${id} `);
        expect(raw.requests.map((request) => request.slice(0, request.indexOf('HTTP/1.1'))).sort()).toEqual(sent);
      });

      it('follow redirects, and are sent again when the idle connection was closed', async () => {
        const { server: raw, url } = await server((socket, request, connection) => {
          const before = raw.via.filter((via) => via === connection).length > 1;
          if (request.includes('timestamp=1 ')) {
            socket.write('HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n');
          } else if (before && connection === 0 && request.includes('timestamp=3 ')) socket.destroy();
          else socket.write(OK);
        });
        const made = transport();
        const client = session(made, url);
        const prepared = made.prepare(poll(url));
        expect((await client.request({ prepared, values: ['i', 'h', '1', 'id'] })).status).toBe(200);
        expect(raw.requests[1]).toMatch(/^GET \/elsewhere HTTP/);
        expect(raw.requests[1]).toContain(
          `\r\nReferer: ${url}/infra-envs/i/hosts/h/instructions?timestamp=1\r\nX-Request-Id: id\r\n`,
        );
        expect((await client.request({ prepared, values: ['i', 'h', '3', 'id'] })).status).toBe(200);
        expect(raw.requests.slice(2)).toEqual([raw.requests[2], raw.requests[2]]);
        expect(raw.via).toEqual([0, 0, 0, 1]);
      });

      it('are refused where they do not belong or are not filled', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK));
        const made = transport();
        const client = session(made, url);
        const prepared = made.prepare(poll(url));
        await expect(client.request({ prepared, values: ['i', 'h', '1'] })).rejects.toThrow(/4 blanks.*3 values/);
        await expect(client.request({ prepared, values: ['i', 'h', '1', 'id', 'x'] })).rejects.toThrow(TypeError);
        const foreign = { template: poll(url) };
        await expect(client.request({ prepared: foreign, values: ['i', 'h', '1', 'id'] })).rejects.toThrow(
          /another transport/,
        );
        const elsewhere = made.prepare(poll('http://service.example.com'));
        await expect(client.request({ prepared: elsewhere, values: ['i', 'h', '1', 'id'] })).rejects.toThrow(
          /prepared for http:\/\/service\.example\.com/,
        );
        expect(() => made.prepare(poll('service.example.com'))).toThrow(/scheme, host and port/);
        expect(raw.requests).toEqual([]);
      });
    });

    describe('a session that is aborted', () => {
      it('fails what is under way and what follows, and nothing of others', async () => {
        const { server: raw, url } = await server((socket, request) => {
          if (request.startsWith('POST /answered')) socket.write(OK);
        });
        const made = transport();
        const prepared = made.prepare({ baseUrl: url, method: 'GET', path: '/poll', headers: [] });
        const client = session(made, url);
        expect(client.aborted).toBe(false);
        const pending = [client.request({ prepared, values: [] }), client.request(POST), client.request(GET)].map(
          failure,
        );
        const other = session(made, url);
        const living = failure(other.request(GET));
        await until(() => raw.requests.length === 4);
        client.abort();
        client.abort();
        expect(client.aborted).toBe(true);
        expect((await Promise.all(pending)).map((error) => error.kind)).toEqual(['aborted', 'aborted', 'aborted']);
        await until(() => raw.open === 1 && closed === 3);
        expect((await failure(client.request(GET))).kind).toBe('aborted');
        expect((await other.request({ ...POST, path: '/answered' })).status).toBe(200);
        expect(raw.requests.length).toBe(5);
        client.release();
        other.abort();
        expect((await living).kind).toBe('aborted');
      });

      it('while connecting', async () => {
        const { url } = await server(() => {});
        const client = session(transport(), url.replace('http:', 'https:'));
        const pending = failure(client.request(GET));
        client.abort();
        expect((await pending).kind).toBe('aborted');
        await until(() => opened === closed);
      });

      it('gives its turn to those behind it', async () => {
        const waiting: net.Socket[] = [];
        const { server: raw, url } = await server((socket) => waiting.push(socket));
        const made = transport({ mode: 'shared', sharedConnections: 1 });
        const [first, second, third] = [1, 2, 3].map((machine) => session(made, url, machine)) as [
          Session,
          Session,
          Session,
        ];
        const one = first.request(POST);
        await until(() => raw.requests.length === 1);
        const two = failure(second.request(POST));
        const three = third.request({ ...POST, path: '/third' });
        second.abort();
        expect((await two).kind).toBe('aborted');
        waiting[0]!.write(OK);
        await one;
        await until(() => raw.requests.length === 2);
        waiting[1]!.write(OK);
        expect((await three).status).toBe(200);
        expect(raw.requests[1]).toMatch(/^POST \/third /);
      });
    });

    describe('TLS', () => {
      it('trusts its own CA beside the system', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK), true);
        const made = transport({ tls: { ca: testdata('ca.pem') } });
        expect((await session(made, url).request(GET)).status).toBe(200);
        expect((raw.sockets[0] as tls.TLSSocket).alpnProtocol).toBeDefined();
        expect(raw.requests[0]).toContain(`Host: ${url.slice('https://'.length)}\r\nUser-Agent:`);
      });

      it('refuses unknown and wrong authorities', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK), true);
        expect((await failure(session(transport(), url).request(GET))).kind).toBe('tls');
        const wrong = transport({ tls: { ca: testdata('other-ca.pem') } });
        expect((await failure(session(wrong, url).request(GET))).kind).toBe('tls');
        expect(raw.requests).toEqual([]);
      });

      it('insecure takes any certificate', async () => {
        const { url } = await server((socket) => socket.write(OK), true);
        expect((await session(transport({ tls: { insecure: true } }), url).request(GET)).status).toBe(200);
      });

      it('handshakes in full on every connection', async () => {
        const { server: raw, url } = await server((socket) => socket.write(OK), true);
        const made = transport({ tls: { insecure: true } });
        for (let i = 0; i < 2; i++) await session(made, url).request(GET);
        expect(raw.sockets.map((socket) => (socket as tls.TLSSocket).isSessionReused())).toEqual([false, false]);
      });

      it('tls when the server speaks something else, tls-timeout when it is silent', async () => {
        const silent = net.createServer();
        await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
        const sockets: net.Socket[] = [];
        silent.on('connection', (socket) => sockets.push(socket.on('error', () => {})));
        cleanup.push(() => {
          for (const socket of sockets) socket.destroy();
          silent.close();
        });
        const url = `https://127.0.0.1:${(silent.address() as net.AddressInfo).port}`;
        const timedOut = await failure(session(transport({ tlsHandshakeTimeoutMs: 30 }), url).request(GET));
        expect(timedOut).toMatchObject({ kind: 'tls-timeout', temporary: true });

        const plain = net.createServer((socket) => {
          socket.on('error', () => {});
          socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
          sockets.push(socket);
        });
        await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
        cleanup.push(() => plain.close());
        const plainUrl = `https://127.0.0.1:${(plain.address() as net.AddressInfo).port}`;
        expect((await failure(session(transport(), plainUrl).request(GET))).kind).toBe('tls');
      });

      it('eof when the server hangs up in the handshake', async () => {
        const rude = net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end()));
        await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve));
        cleanup.push(() => rude.close());
        const url = `https://127.0.0.1:${(rude.address() as net.AddressInfo).port}`;
        expect((await failure(session(transport(), url).request(GET))).kind).toBe('eof');
      });
    });

    it('tells what is wrong with a base URL', () => {
      expect(() => session(transport(), 'service.example.com:8090')).toThrow(/scheme, host and port/);
    });
  });
}
