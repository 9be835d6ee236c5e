/**
 * Serving bytes that have a size and a time of change: conditions, ranges, HEAD. Upstream: Go, net/http, fs.go
 * (ServeContent), which the real image service uses for all it serves.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { type ByteRange, parseByteRanges, UnservableRange } from './byte-ranges.ts';
import type { Content } from './content.ts';

const CONTENT_TYPE = 'application/octet-stream';

export interface Served {
  readonly fileName: string;
  readonly content: Content;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** Answers with text, as Go's http.Error. Returns the bytes of the body. */
export function sendError(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): number {
  const body = `${message}\n`;
  response.writeHead(status, {
    ...headers,
    'Content-Length': Buffer.byteLength(body),
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
  });
  const silent = response.req.method === 'HEAD';
  response.end(silent ? undefined : body);
  return silent ? 0 : body.length;
}

/** Resolves when all is sent, or the client has gone, with the bytes that were sent of the body. */
export async function serveContent(
  request: IncomingMessage,
  response: ServerResponse,
  { fileName, content, modified }: Served,
): Promise<number> {
  const disposition = { 'Content-Disposition': `attachment; filename=${fileName}` };
  const headers = { ...disposition, 'Last-Modified': new Date(modified).toUTCString() };
  const unmet = unmetCondition(request, modified);
  if (unmet !== null) {
    response.writeHead(unmet, headers);
    response.end();
    return 0;
  }
  let ranges: ByteRange[];
  try {
    ranges = parseByteRanges(rangeHeader(request, modified), content.size);
  } catch (error) {
    if (!(error instanceof UnservableRange)) throw error;
    const size = error.tellSize ? { 'Content-Range': `bytes */${content.size}` } : {};
    return sendError(response, 416, error.message, { ...disposition, ...size });
  }
  // Ranges that overlap so much that all of it is less are an attack, or a mistake.
  if (ranges.reduce((sum, { length }) => sum + length, 0) > content.size) ranges = [];
  const parts = partsOf(ranges, content.size);
  response.writeHead(parts.status, { 'Accept-Ranges': 'bytes', ...headers, ...parts.headers });
  if (request.method === 'HEAD') {
    response.end();
    return 0;
  }
  let bytes = 0;
  for (const part of parts.list) {
    const chunks = Buffer.isBuffer(part) ? [part] : content.chunks(part.start, part.start + part.length);
    for (const chunk of chunks) {
      if (!(await sent(response, chunk))) return bytes;
      bytes += chunk.length;
    }
  }
  response.end();
  return bytes;
}

/** False when the client has gone. */
async function sent(response: ServerResponse, chunk: Buffer): Promise<boolean> {
  if (response.destroyed) return false;
  if (response.write(chunk)) {
    // A fast reader must not keep all others waiting.
    await setImmediate();
  } else {
    const gone = new AbortController();
    const onClose = () => gone.abort();
    response.once('close', onClose);
    try {
      await once(response, 'drain', { signal: gone.signal });
    } catch {
      return false;
    } finally {
      response.off('close', onClose);
    }
  }
  return !response.destroyed;
}

interface Parts {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  /** Ranges of the content, and what stands between them. */
  readonly list: readonly (ByteRange | Buffer)[];
}

function partsOf(ranges: readonly ByteRange[], size: number): Parts {
  if (ranges.length === 0) {
    const headers = { 'Content-Length': size, 'Content-Type': CONTENT_TYPE };
    return { status: 200, headers, list: [{ start: 0, length: size }] };
  }
  const position = ({ start, length }: ByteRange) => `bytes ${start}-${start + length - 1}/${size}`;
  if (ranges.length === 1) {
    const [range] = ranges as [ByteRange];
    const headers = {
      'Content-Length': range.length,
      'Content-Range': position(range),
      'Content-Type': CONTENT_TYPE,
    };
    return { status: 206, headers, list: [range] };
  }
  const boundary = randomBytes(30).toString('hex');
  const list = ranges.flatMap((range, i) => [
    Buffer.from(
      `${i === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Range: ${position(range)}\r\nContent-Type: ${CONTENT_TYPE}\r\n\r\n`,
    ),
    range,
  ]);
  list.push(Buffer.from(`\r\n--${boundary}--\r\n`));
  const length = list.reduce((sum, part) => sum + part.length, 0);
  const headers = { 'Content-Length': length, 'Content-Type': `multipart/byteranges; boundary=${boundary}` };
  return { status: 206, headers, list };
}

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);

/** Seconds of a date header; NaN for none. */
function dateOf(text: string | undefined): number {
  return text === undefined ? Number.NaN : seconds(Date.parse(text));
}

/** Status of a request whose conditions are not met: what is served has a time of change and no entity tag. */
function unmetCondition({ headers, method }: IncomingMessage, modified: number): 304 | 412 | null {
  const reads = method === 'GET' || method === 'HEAD';
  const unmodifiedSince = dateOf(headers['if-unmodified-since']);
  if (headers['if-match'] !== undefined) {
    if (headers['if-match'].trim() !== '*') return 412;
  } else if (seconds(modified) > unmodifiedSince) return 412;
  if (headers['if-none-match'] !== undefined) {
    return headers['if-none-match'].trim() === '*' ? (reads ? 304 : 412) : null;
  }
  return reads && seconds(modified) <= dateOf(headers['if-modified-since']) ? 304 : null;
}

/** The ranges asked for; none when they were asked for something that has changed since. */
function rangeHeader({ headers, method }: IncomingMessage, modified: number): string {
  const condition = headers['if-range']?.toString();
  const checked = condition !== undefined && (method === 'GET' || method === 'HEAD');
  if (checked && dateOf(condition) !== seconds(modified)) return '';
  return headers.range ?? '';
}
