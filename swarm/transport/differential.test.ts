/** The two transports beside each other: the same requests leave as the same bytes, and the same answers are understood alike. */
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transport, TransportError, WireRequest } from './transport.ts';
import { createUndiciTransport } from './undici.ts';
import { createWireTransport } from './wire.ts';

/** Answers the n-th connection with bytes in pieces, and then ends it if that is asked; keeps what it got. */
class ScriptedServer {
  readonly #server: net.Server;
  received = '';
  pieces: Buffer[] = [];
  ends = false;

  constructor() {
    this.#server = net.createServer((socket) => {
      socket.setNoDelay(true).on('error', () => {});
      let begun = false;
      socket.on('data', (data) => {
        this.received += data.toString('latin1');
        if (begun || !isWhole(this.received)) return;
        begun = true;
        void this.#answer(socket);
      });
    });
  }

  async #answer(socket: net.Socket): Promise<void> {
    for (const piece of this.pieces) {
      await new Promise<unknown>((resolve) => socket.write(piece, resolve));
      await new Promise(setImmediate);
    }
    if (this.ends) socket.end();
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
  }
}

function isWhole(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  if (/^transfer-encoding: chunked$/im.test(text.slice(0, head))) return text.endsWith('\r\n0\r\n\r\n');
  return text.length >= head + 4 + Number(/^content-length: (\d+)$/im.exec(text.slice(0, head))?.[1] ?? 0);
}

let server: ScriptedServer;
let url: string;
let transports: Transport[];

beforeAll(async () => {
  server = new ScriptedServer();
  url = await server.listen();
  const options = {
    ...({ mode: 'per-poll', idleTimeoutMs: 0, dialTimeoutMs: 5000, tlsHandshakeTimeoutMs: 5000 } as const),
    observer: { connectionOpened() {}, connectionClosed() {}, requestRepeated() {} },
  };
  transports = [createUndiciTransport(options), createWireTransport(options)];
});
afterAll(async () => {
  await Promise.all(transports.map((transport) => transport.close()));
  server.close();
});

const GET: WireRequest = { method: 'GET', path: '/poll', headers: ['User-Agent', 'Go-http-client/1.1'] };

async function outcome(transport: Transport, request: WireRequest, pieces: Buffer[], ends: boolean) {
  server.received = '';
  server.pieces = pieces;
  server.ends = ends;
  const session = transport.openSession({ baseUrl: url, client: 'agent', machine: 1 });
  try {
    const { status, contentType, body, bytesSent } = await session.request(request);
    return { status, contentType, body: body.toString('latin1'), sent: server.received, bytesSent };
  } catch (error) {
    return { error: (error as TransportError).kind, sent: server.received };
  } finally {
    session.end();
  }
}

async function both(request: WireRequest, pieces: Buffer[], ends = false) {
  const [undici, wire] = transports as [Transport, Transport];
  return [await outcome(undici, request, pieces, ends), await outcome(wire, request, pieces, ends)] as const;
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.filter((at) => at > 0 && at < bytes.length))].sort((a, b) => a - b);
  return [0, ...ends].map((from, n) => bytes.subarray(from, ends[n] ?? bytes.length));
}

const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');

describe('the two transports', () => {
  it('write the same bytes', async () => {
    const token = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);
    const request = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'),
      path: fc.array(token, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
      headers: fc
        .array(fc.tuple(fc.stringMatching(/^X-[A-Za-z]{1,8}$/), fc.string({ unit: 'grapheme-ascii', maxLength: 9 })), {
          maxLength: 4,
        })
        .map((pairs) => ['User-Agent', 'Go-http-client/1.1', ...pairs.flat()]),
      body: fc.oneof(
        fc.constant(undefined),
        fc.constant(''),
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        fc.constantFrom(70_000, 300_000).map((length) => Buffer.alloc(length, 'x')),
      ),
      chunked: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ body, ...rest }) => {
        const whole = body === undefined ? rest : { ...rest, body };
        // The answer to a HEAD has no body, whatever it says.
        const answer = rest.method === 'HEAD' ? OK.subarray(0, OK.length - 2) : OK;
        const [undici, wire] = await both(whole, [answer]);
        expect(wire).toEqual(undici);
        expect(wire).toMatchObject({ status: 200 });
      }),
      { numRuns: 100 },
    );
  });

  it('read the same in the same bytes, wherever they are cut', async () => {
    const gzipped = gzipSync('a text of some length '.repeat(9)).toString('latin1');
    const text = fc.oneof(anyText(0, 200), fc.constant(gzipped));
    const answer = fc.record({
      interim: fc.boolean(),
      status: fc.constantFrom(200, 201, 202, 400, 404, 409, 429, 500, 503),
      contentType: fc.constantFrom('', 'application/json', 'text/html; charset=utf-8'),
      body: text,
      encoded: fc.boolean(),
      framing: fc.constantFrom('length', 'chunks', 'end'),
      // Less than there is: what comes then is cut off.
      missing: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
      ),
      cuts: fc.array(fc.nat(500), { maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(answer, async ({ interim, status, contentType, body, encoded, framing, missing, cuts }) => {
        const lines = [
          ...(contentType === '' ? [] : [`Content-Type: ${contentType}`]),
          ...(encoded ? ['Content-Encoding: gzip'] : []),
          ...(framing === 'length' ? [`Content-Length: ${body.length}`] : []),
          ...(framing === 'chunks' ? ['Transfer-Encoding: chunked'] : []),
        ];
        const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`;
        const content = framing === 'chunks' ? `${chunk}0\r\n\r\n` : body;
        const head = `HTTP/1.1 ${status} Reason\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
        const all = Buffer.from(`${interim ? 'HTTP/1.1 103 Early Hints\r\n\r\n' : ''}${head}${content}`, 'latin1');
        const sent = all.subarray(0, Math.max(1, all.length - missing));
        const [undici, wire] = await both(GET, cut(sent, cuts), true);
        expect(wire).toEqual(undici);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a negative length', 'Content-Length: -1\r\n\r\n'],
    ['a length in words', 'Content-Length: one\r\n\r\na'],
    ['a chunk of nonsense', 'Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc'],
    ['a chunk that goes on', 'Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n'],
    ['a header without a colon', 'Content-Length\r\n\r\n'],
  ])('both refuse an answer with %s', async (_name, rest) => {
    const [undici, wire] = await both(GET, [Buffer.from(`HTTP/1.1 200 OK\r\n${rest}`)], true);
    expect(undici).toMatchObject({ error: 'protocol' });
    expect(wire).toMatchObject({ error: 'protocol' });
  });

  // Here they differ: one does as llhttp, the other as net/http.
  it.each<[string, string, object, object]>([
    ['bare line feeds', 'Content-Length: 1\n\na', { error: 'protocol' }, { status: 200, body: 'a' }],
    [
      'chunks and a length',
      'Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
      { error: 'protocol' },
      { status: 200, body: 'a' },
    ],
    [
      'the same length twice',
      'Content-Length: 1\r\nContent-Length: 1\r\n\r\na',
      { error: 'protocol' },
      { status: 200, body: 'a' },
    ],
    [
      'a head of 100 kB',
      `X-Long: ${'x'.repeat(100_000)}\r\nContent-Length: 1\r\n\r\na`,
      { error: 'protocol' },
      { status: 200, body: 'a' },
    ],
  ])('%s', async (_name, rest, byUndici, byWire) => {
    const [undici, wire] = await both(GET, [Buffer.from(`HTTP/1.1 200 OK\r\n${rest}`)], true);
    expect(undici).toMatchObject(byUndici);
    expect(wire).toMatchObject(byWire);
  });
});

/** Any bytes, as latin1. */
function anyText(minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
}
