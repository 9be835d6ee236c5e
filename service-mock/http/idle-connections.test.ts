import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { IdleConnections } from './idle-connections.ts';

const REQUEST = 'GET /a HTTP/1.1\r\nHost: x\r\n\r\n';
/** What the server sends for one request. */
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

let server: Server;
const clients: Socket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const answerOk: Handler = (_request, response) => {
  response.sendDate = false;
  response.removeHeader('Connection');
  response.setHeader('Content-Length', 2);
  response.end('ok');
};

async function served(restAfterMs: number, handler: Handler = answerOk, headersTimeout = 0): Promise<IdleConnections> {
  server = createServer({ headersTimeout, connectionsCheckingInterval: 50 }, handler);
  server.keepAliveTimeout = 0;
  const idle = new IdleConnections(server, restAfterMs);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return idle;
}

async function client() {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  clients.push(socket);
  let received = '';
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return { socket, received: () => received };
}

const WAIT = { timeout: 20_000, interval: 5 };

describe('a connection without a request', () => {
  test('rests, and serves the next request as one that did not', async () => {
    const idle = await served(20);
    const { socket, received } = await client();
    for (let count = 1; count <= 4; count++) {
      socket.write(REQUEST);
      await vi.waitFor(() => expect(received()).toBe(ANSWER.repeat(count)), WAIT);
      await vi.waitFor(() => expect(idle.resting).toBe(1), WAIT);
    }
  });

  test('gives back its parser and the listeners of HTTP', async () => {
    let socket: (Socket & { parser?: unknown }) | undefined;
    const idle = await served(1, (request, response) => {
      socket = request.socket;
      answerOk(request, response);
    });
    const { socket: own } = await client();
    own.write(REQUEST);
    await vi.waitFor(() => expect(idle.resting).toBe(1), WAIT);
    expect(socket?.parser).toBeNull();
    expect(socket?.listenerCount('drain')).toBe(0);
    expect(socket?.listenerCount('data')).toBe(1);
  });

  test('rests only when all its answers are sent', async () => {
    const waiting: (() => void)[] = [];
    const idle = await served(1, (request, response) => {
      if (request.url === '/slow') waiting.push(() => answerOk(request, response));
      else answerOk(request, response);
    });
    const { socket, received } = await client();
    socket.write(`${REQUEST}${REQUEST.replace('/a', '/slow')}${REQUEST}`);
    await vi.waitFor(() => expect(received()).toBe(ANSWER), WAIT);
    // Another one comes and goes meanwhile: time enough to rest.
    const other = await client();
    other.socket.write(REQUEST);
    await vi.waitFor(() => expect(idle.resting).toBe(1), WAIT);
    expect(received()).toBe(ANSWER);
    waiting[0]?.();
    await vi.waitFor(() => expect(received()).toBe(ANSWER.repeat(3)), WAIT);
    await vi.waitFor(() => expect(idle.resting).toBe(2), WAIT);
  });

  test('does not rest in the middle of a head, of which no byte is lost', async () => {
    const idle = await served(40);
    for (let cut = 1; cut < REQUEST.length - 1; cut += 7) {
      const { socket, received } = await client();
      socket.write(REQUEST);
      await vi.waitFor(() => expect(received()).toBe(ANSWER), WAIT);
      socket.write(REQUEST.slice(0, cut));
      const other = await client();
      const before = idle.resting;
      other.socket.write(REQUEST);
      await vi.waitFor(() => expect(idle.resting).toBeGreaterThan(before), WAIT);
      socket.write(REQUEST.slice(cut));
      await vi.waitFor(() => expect(received()).toBe(ANSWER.repeat(2)), WAIT);
    }
  });

  test('takes a request in single bytes, and one with a body', async () => {
    const bodies: string[] = [];
    const idle = await served(1, async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      bodies.push(body);
      answerOk(request, response);
    });
    const { socket, received } = await client();
    const text = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
    socket.setNoDelay(true);
    for (let count = 1; count <= 2; count++) {
      for (const byte of text) {
        socket.write(byte);
        await new Promise(setImmediate);
      }
      await vi.waitFor(() => expect(received()).toBe(ANSWER.repeat(count)), WAIT);
      await vi.waitFor(() => expect(idle.resting).toBe(1), WAIT);
    }
    expect(bodies).toEqual(['hello', 'hello']);
  });

  test('is closed for a head that begins after the rest and does not come in time, not before it begins', async () => {
    const idle = await served(1, answerOk, 1500);
    const { socket, received } = await client();
    socket.write(REQUEST);
    await vi.waitFor(() => expect(idle.resting).toBe(1), WAIT);
    // A connection that sends nothing at all is ended when its time is over; the one that rests is not.
    const silent = await client();
    await once(silent.socket, 'close');
    expect(idle.resting).toBe(1);
    socket.write(REQUEST.slice(0, 5));
    await once(socket, 'close');
    expect(received().slice(ANSWER.length)).toMatch(/^HTTP\/1.1 408 /);
    expect(idle.resting).toBe(0);
  });

  test.each<[string, (socket: Socket) => void]>([
    ['ends', (socket) => socket.end()],
    ['is cut', (socket) => socket.resetAndDestroy()],
  ])('that %s while it rests is forgotten', async (_name, leave) => {
    const idle = await served(1);
    const { socket } = await client();
    socket.write(REQUEST);
    await vi.waitFor(() => expect(idle.resting).toBe(1), WAIT);
    leave(socket);
    await once(socket, 'close');
    await vi.waitFor(() => expect(idle.resting).toBe(0), WAIT);
    const open = await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
    expect(open).toBe(0);
  });

  test.each([
    'closeAllConnections',
    'closeIdleConnections',
  ] as const)('is ended by %s while it rests', async (close) => {
    const idle = await served(1);
    const { socket } = await client();
    socket.write(REQUEST);
    await vi.waitFor(() => expect(idle.resting).toBe(1), WAIT);
    server[close]();
    await once(socket, 'close');
    await vi.waitFor(() => expect(idle.resting).toBe(0), WAIT);
  });

  test.each([
    'lookup',
    'close',
    'end',
    'data',
    'error',
  ])('is left as it is when somebody else listens to its %s', async (event) => {
    let taken: Socket | undefined;
    const heard = vi.fn();
    const idle = await served(1, (request, response) => {
      if (request.url === '/taken') taken = request.socket.on(event, heard);
      answerOk(request, response);
    });
    const [first, second] = [await client(), await client()];
    first.socket.write(REQUEST.replace('/a', '/taken'));
    await vi.waitFor(() => expect(first.received()).toBe(ANSWER), WAIT);
    second.socket.write(REQUEST);
    await vi.waitFor(() => expect(idle.resting).toBe(1), WAIT);
    first.socket.write(REQUEST);
    await vi.waitFor(() => expect(first.received()).toBe(ANSWER.repeat(2)), WAIT);
    expect(taken?.listeners(event)).toContain(heard);
    first.socket.end();
    await once(first.socket, 'close');
    if (event === 'close' || event === 'end') await vi.waitFor(() => expect(heard).toHaveBeenCalled(), WAIT);
  });
});
