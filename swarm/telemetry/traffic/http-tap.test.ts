import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpTap, type TappedExchange } from './http-tap.ts';

interface Message {
  request: string;
  response: string;
  method: string;
  status: number;
}

const GET: Message = {
  method: 'GET',
  status: 200,
  request: 'GET /v2/x?y=1 HTTP/1.1\r\nHost: s:80\r\nUser-Agent: Go-http-client/1.1\r\n\r\n',
  response: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
};
const POST: Message = {
  method: 'POST',
  status: 201,
  request: 'POST /v2/x HTTP/1.1\r\nHost: s\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n\r\n\r\n',
  response:
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123\r\n6789\r\n0\r\nT: 1\r\n\r\n',
};
const CHUNKED: Message = {
  method: 'PUT',
  status: 204,
  request: 'PUT /logs HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n',
  response: 'HTTP/1.1 204 No Content\r\n\r\n',
};
const HEAD: Message = {
  method: 'HEAD',
  status: 200,
  request: 'HEAD /iso HTTP/1.1\r\n\r\n',
  response: 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n',
};
const EMPTY: Message = { ...GET, status: 409, response: 'HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n' };

const feed = (text: string, cuts: readonly number[], take: (chunk: Buffer) => void) => {
  const bytes = Buffer.from(text, 'latin1');
  const at = [0, ...[...cuts].map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < at.length; i++) if (at[i]! > at[i - 1]!) take(bytes.subarray(at[i - 1], at[i]));
};

describe('a tap', () => {
  it('pairs requests with responses and counts their bytes, wherever they are cut', () => {
    const messages = fc.array(fc.constantFrom(GET, POST, CHUNKED, HEAD, EMPTY), { minLength: 1, maxLength: 6 });
    const cuts = fc.array(fc.nat(5000), { maxLength: 12 });
    fc.assert(
      fc.property(messages, cuts, cuts, fc.boolean(), (list, sentCuts, receivedCuts, pipelined) => {
        const seen: TappedExchange[] = [];
        let now = 0;
        const tap = new HttpTap(
          () => ++now,
          (exchange) => seen.push(exchange),
        );
        const batches = pipelined ? [list] : list.map((one) => [one]);
        for (const batch of batches) {
          feed(batch.map(({ request }) => request).join(''), sentCuts, (chunk) => tap.sent(chunk));
          feed(batch.map(({ response }) => response).join(''), receivedCuts, (chunk) => tap.received(chunk));
        }
        tap.end();
        expect(
          seen.map(({ method, status, bytesSent, bytesReceived }) => ({ method, status, bytesSent, bytesReceived })),
        ).toEqual(
          list.map(({ method, status, request, response }) => ({
            ...{ method, status, bytesSent: request.length, bytesReceived: response.length },
          })),
        );
        for (const { sentAt, firstByteAt, endAt } of seen) {
          expect(sentAt).toBeGreaterThan(0);
          expect(endAt).toBeGreaterThan(firstByteAt);
        }
      }),
    );
  });

  it('keeps bodies without their framing, up to a length', () => {
    const cuts = fc.array(fc.nat(5000), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, cuts, fc.constantFrom(0, 3, 4, 13, 4096), (sentCuts, receivedCuts, most) => {
        const seen: TappedExchange[] = [];
        const tap = new HttpTap(
          () => 1,
          (exchange) => seen.push(exchange),
          { request: most, response: most },
        );
        const list = [GET, POST, CHUNKED];
        feed(list.map(({ request }) => request).join(''), sentCuts, (chunk) => tap.sent(chunk));
        feed(list.map(({ response }) => response).join(''), receivedCuts, (chunk) => tap.received(chunk));
        const kept = (text: string) => (text.length <= most ? text : '');
        expect(seen.map(({ body }) => body)).toEqual(['', kept('\r\n\r\n'), kept('\r\n')]);
        expect(seen.map(({ responseBody }) => responseBody.toString())).toEqual([
          kept('hello'),
          kept('abc0123\r\n6789'),
          '',
        ]);
        expect(seen.map(({ headBytesSent }) => headBytesSent)).toEqual(
          list.map(({ request }) => request.indexOf('\r\n\r\n') + 4),
        );
        expect(seen[1]!.responseHeaders).toEqual(['Transfer-Encoding', 'chunked']);
      }),
    );
  });

  it('tells of a body that ends with the connection, and of a request that was never answered', () => {
    const seen: TappedExchange[] = [];
    const tap = new HttpTap(
      () => 1,
      (exchange) => seen.push(exchange),
    );
    tap.sent(Buffer.from(GET.request));
    tap.received(Buffer.from('HTTP/1.0 200 OK\r\n\r\nall of it'));
    expect(seen).toEqual([]);
    tap.end();
    expect(seen).toMatchObject([
      { status: 200, bytesReceived: 28, headers: ['Host', 's:80', 'User-Agent', 'Go-http-client/1.1'] },
    ]);
    const silent = new HttpTap(
      () => 1,
      (exchange) => seen.push(exchange),
    );
    silent.sent(Buffer.from(GET.request));
    silent.end();
    expect(seen[1]).toMatchObject({ status: 0, firstByteAt: 0, bytesSent: GET.request.length, bytesReceived: 0 });
  });

  it('survives anything', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), bytes), { maxLength: 10 }), (chunks) => {
        const tap = new HttpTap(
          () => 1,
          () => {},
        );
        for (const [sent, chunk] of chunks) sent ? tap.sent(chunk) : tap.received(chunk);
        tap.end();
      }),
    );
  });
});
