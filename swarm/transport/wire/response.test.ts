/** Answers as they may come, in pieces cut anywhere. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Exchange } from '../exchange.ts';
import { splitBaseUrl } from '../go-http.ts';
import { TransportError } from '../transport.ts';
import { ResponseReader } from './response.ts';

const TARGET = splitBaseUrl('http://service', () => null);

interface Read {
  done: boolean;
  status: number;
  contentType: string;
  location: string;
  gzip: boolean;
  body: string;
  bytes: number;
  keeps: boolean;
}

/** Feeds an answer in pieces through one buffer that is used again for each, as sockets do. */
function read(text: string, cuts: readonly number[] = [], method = 'GET', discardBody = false): Read {
  const exchange = new Exchange();
  exchange.begin(TARGET, { method, path: '/', headers: [], discardBody });
  void exchange.on({ destroy() {} }, () => {});
  const reader = new ResponseReader(exchange);
  const bytes = Buffer.from(text, 'latin1');
  const buffer = Buffer.alloc(bytes.length + 8, 'X');
  const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  );
  let done = false;
  let from = 0;
  for (const end of ends) {
    buffer.fill('X');
    bytes.copy(buffer, 0, from, end);
    if (done) throw new Error('more came after the end');
    done = reader.feed(buffer, end - from);
    from = end;
    if (done && from < bytes.length) return { ...result(exchange), done, keeps: false };
  }
  if (!done) done = reader.end();
  return { ...result(exchange), done, keeps: reader.keepsConnection };
}

function result(exchange: Exchange): Omit<Read, 'done' | 'keeps'> {
  const { status, contentType, location, gzip } = exchange;
  exchange.gzip = false;
  const { body, bytesReceived } = exchange.response();
  return { status, contentType, location, gzip, body: body.toString('latin1'), bytes: bytesReceived };
}

const whole = (head: string, body = '') => `HTTP/1.1 200 OK\r\n${head}\r\n${body}`;

describe('an answer', () => {
  it.each<[string, string, Partial<Read>]>([
    ['with a length', whole('Content-Length: 3\r\n', 'abc'), { body: 'abc', keeps: true }],
    ['with a length of nothing', whole('Content-Length: 0\r\n'), { body: '', keeps: true }],
    ['with the same length twice', whole('Content-Length: 1\r\nCONTENT-LENGTH: 1\r\n', 'a'), { body: 'a' }],
    [
      'in chunks',
      whole('Transfer-Encoding: Chunked\r\n', '3\r\nabc\r\n0a ;x=y\r\n0123456789\r\n0\r\n\r\n'),
      { body: 'abc0123456789', keeps: true },
    ],
    [
      'in chunks, with a trailer',
      whole('Transfer-Encoding: chunked\r\n', '1\r\na\r\n0\r\nX-Sum: 1\r\n y\r\n\r\n'),
      { body: 'a', keeps: true },
    ],
    [
      'in chunks, whatever length it says',
      whole('Content-Length: 99\r\nTransfer-Encoding: chunked\r\n', '1\r\na\r\n0\r\n\r\n'),
      { body: 'a' },
    ],
    [
      'that ends with the connection',
      whole('Content-Type: text/plain\r\n', 'abc'),
      { body: 'abc', keeps: false, contentType: 'text/plain' },
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na', { body: 'a', keeps: false }],
    [
      'of HTTP/1.0 that keeps the connection',
      'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na',
      { keeps: true },
    ],
    [
      'of HTTP/1.0, which knows no chunks',
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nab',
      { body: 'ab' },
    ],
    [
      'that closes the connection',
      whole('Connection: foo, Close\r\nContent-Length: 1\r\n', 'a'),
      { body: 'a', keeps: false },
    ],
    [
      'after interim ones',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nLocation: /x\r\n\r\n${whole('Content-Length: 1\r\n', 'a')}`,
      { status: 200, body: 'a', location: '' },
    ],
    ['without a reason', 'HTTP/1.1 204\r\n\r\n', { status: 204, body: '', keeps: true }],
    [
      'that has no body by its status',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n',
      { status: 304, body: '', keeps: true },
    ],
    [
      'with bare line feeds',
      'HTTP/1.1 200 OK\nContent-Length: 1\nContent-Type: a/b\n\na',
      { body: 'a', contentType: 'a/b' },
    ],
    [
      'with a header on two lines',
      whole('Content-Type: a/b;\r\n\tcharset=c \r\nContent-Length: 0\r\n'),
      { contentType: 'a/b; charset=c' },
    ],
    [
      'with blanks around values',
      whole('content-type: \t a/b \t\r\nContent-Length:1\r\n', 'a'),
      { contentType: 'a/b', body: 'a' },
    ],
    [
      'with headers that come twice',
      whole('Location: /a\r\nLocation: /b\r\nContent-Length: 0\r\n'),
      { location: '/a' },
    ],
    [
      'whose length has a blank before the colon',
      whole('Content-Length : 1\r\n', 'abc'),
      { body: 'abc', keeps: false },
    ],
    [
      'that switches protocols',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
      { status: 101, keeps: false },
    ],
    ['with more than it says', whole('Content-Length: 1\r\n', 'abHTTP/1.1 200 OK'), { body: 'a', keeps: false }],
    ['encoded', whole('Content-Encoding: GZIP\r\nContent-Length: 1\r\n', 'a'), { gzip: true }],
  ])('%s', (_name, text, expected) => {
    expect(read(text)).toMatchObject({ status: 200, done: true, ...expected });
    // Byte by byte, and in two pieces wherever they part.
    const all = Array.from(text, (_char, at) => at);
    const exact = expected.keeps === false && text.endsWith('OK') ? [] : [all, ...all.map((at) => [at])];
    for (const cuts of exact) expect(read(text, cuts)).toEqual(read(text));
  });

  it('to a HEAD has no body, and one that is not wanted is counted', () => {
    expect(read(whole('Content-Length: 10\r\n'), [], 'HEAD')).toMatchObject({ done: true, body: '', keeps: true });
    const text = whole('Content-Length: 4\r\n', 'abcd');
    expect(read(text, [text.length - 2], 'GET', true)).toMatchObject({ done: true, body: '', bytes: text.length });
  });

  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
    ['nothing', '\r\n'],
    ['a status of other digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['no version', 'HTTP/1.x 200 OK\r\n\r\n'],
    ['two lengths', whole('Content-Length: 1\r\nContent-Length: 2\r\n', 'ab')],
    ['lengths in a list', whole('Content-Length: 1, 1\r\n', 'a')],
    ['a negative length', whole('Content-Length: -1\r\n')],
    ['a signed length', whole('Content-Length: +1\r\n', 'a')],
    ['a length in another base', whole('Content-Length: 0x1\r\n', 'a')],
    ['an empty length', whole('Content-Length: \r\n', 'a')],
    ['an endless length', whole('Content-Length: 99999999999999999999\r\n', 'a')],
    ['an unknown encoding', whole('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
    ['two encodings', whole('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    ['a header without a colon', whole('Content-Length\r\n')],
    ['a header with a tab in its name', whole('Content\tLength: 1\r\n')],
    ['a control character', whole('X-A: a\x00b\r\n')],
    ['a chunk of no size', whole('Transfer-Encoding: chunked\r\n', '\r\nabc')],
    ['a chunk of nonsense', whole('Transfer-Encoding: chunked\r\n', 'xyz\r\nabc')],
    ['a chunk of a negative size', whole('Transfer-Encoding: chunked\r\n', '-1\r\nabc')],
    ['a chunk of an endless size', whole('Transfer-Encoding: chunked\r\n', `${'f'.repeat(17)}\r\n`)],
    ['a chunk with a bare line feed', whole('Transfer-Encoding: chunked\r\n', '1\na\r\n0\r\n\r\n')],
    ['a chunk that goes on', whole('Transfer-Encoding: chunked\r\n', '1\r\nab\r\n0\r\n\r\n')],
    ['an endless chunk line', whole('Transfer-Encoding: chunked\r\n', `1;${'x'.repeat(5000)}`)],
    ['an endless trailer', whole('Transfer-Encoding: chunked\r\n', `0\r\n${'X-A: 1\r\n'.repeat(1000)}`)],
    ['endless interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(6)],
  ])('is none with %s', (_name, text) => {
    const all = Array.from(text, (_char, at) => at);
    for (const cuts of [[], all]) {
      const error = thrown(() => read(text, cuts));
      expect(error).toBeInstanceOf(TransportError);
      expect((error as TransportError).kind).toBe('protocol');
    }
  });

  it('has no head of more than ten megabytes, in lines or in one', () => {
    const piece = Buffer.alloc(1 << 16, 'x');
    for (const filler of [piece, Buffer.from(`${piece.toString().slice(0, -4)}\r\nX:`)]) {
      const exchange = new Exchange();
      exchange.begin(TARGET, { method: 'GET', path: '/', headers: [] });
      const reader = new ResponseReader(exchange);
      const head = Buffer.from('HTTP/1.1 200 OK\r\nX:');
      reader.feed(head, head.length);
      const endless = () => {
        for (let n = 0; n < 200; n++) reader.feed(filler, filler.length);
      };
      expect(endless).toThrow(/exceeded/);
    }
  });

  it('is the same however it is cut', () => {
    const name = fc.constantFrom('Content-Type', 'Location', 'X-Any', 'x-request-id', 'Date', 'Vary');
    const value = fc.stringMatching(/^[!-~]([ -~]{0,30}[!-~])?$/);
    const answer = fc.record({
      interim: fc.array(fc.constantFrom(100, 102, 103), { maxLength: 3 }),
      status: fc.integer({ min: 200, max: 599 }),
      headers: fc.array(fc.tuple(name, value), { maxLength: 6 }),
      chunks: fc.array(anyText(1, 60), { maxLength: 5 }),
      framing: fc.constantFrom('length', 'chunks', 'end'),
      cuts: fc.array(fc.nat(900), { maxLength: 30 }),
    });
    fc.assert(
      fc.property(answer, ({ interim, status, headers, chunks, framing, cuts }) => {
        const none = status === 204 || status === 304;
        const body = chunks.join('');
        const frame = {
          length: `Content-Length: ${body.length}\r\n`,
          chunks: 'Transfer-Encoding: chunked\r\n',
          end: '',
        };
        const lines = headers.map(([key, text]) => `${key}: ${text}\r\n`).join('');
        const head = `HTTP/1.1 ${status} Any reason\r\n${lines}${frame[framing]}\r\n`;
        const parts = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
        const sent = none ? '' : framing === 'chunks' ? `${parts}0\r\n\r\n` : body;
        const text = interim.map((one) => `HTTP/1.1 ${one} Interim\r\nX-A: b\r\n\r\n`).join('') + head + sent;
        const of = (wanted: string) => headers.find(([key]) => key === wanted)?.[1] ?? '';
        expect(read(text, cuts)).toEqual({
          ...{ done: true, status, gzip: false, contentType: of('Content-Type'), location: of('Location') },
          body: none ? '' : body,
          bytes: head.length + (none ? 0 : body.length),
          keeps: none || framing !== 'end',
        });
      }),
      { numRuns: 400 },
    );
  });

  it('made of anything is read or refused, and never more', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'HTTP/1.1 200 OK\r\n',
        'Content-Length: 5\r\n',
        'Transfer-Encoding: chunked\r\n',
        '\r\n',
        '\n',
        '5\r\nabcde\r\n',
      ),
      fc.constantFrom('HTTP/1.1 100 C\r\n\r\n', '0\r\n', ':', ' ', '\r', 'Connection: close\r\n', 'ffffffff', ';'),
      anyText(0, 12),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), fc.array(fc.nat(200), { maxLength: 8 }), (pieces, cuts) => {
        const text = pieces.join('');
        const outcome = (at: readonly number[]) => {
          const error = thrown(() => read(text, at));
          if (error === null) return read(text, at).status;
          expect(error).toBeInstanceOf(TransportError);
          return (error as TransportError).message;
        };
        // What is wrong with a line may be seen in different pieces, but not whether anything is.
        const [one, other] = [outcome([]), outcome(cuts)];
        expect(typeof one).toBe(typeof other);
        if (typeof one === 'number') expect(one).toBe(other);
      }),
      { numRuns: 2000 },
    );
  });
});

function thrown(what: () => unknown): unknown {
  try {
    what();
    return null;
  } catch (error) {
    return error;
  }
}

/** Any bytes, as latin1. */
function anyText(minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
}
