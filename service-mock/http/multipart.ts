/**
 * Measures one file of a multipart/form-data body while it streams by. Nothing of the content is kept.
 * Upstream: Go, mime/multipart; assisted-service, internal/bminventory/inventory_v2_handlers.go, V2UploadLogs.
 */

/** A body that is not well-formed multipart; the message is what the service quotes. */
export class MultipartError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MultipartError';
  }
}

const BLANK_LINE = Buffer.from('\r\n\r\n');
/** Longest head of a part, in bytes. */
const MAX_PART_HEAD = 16 * 1024;

/** The boundary that a Content-Type header names, or null. */
export function boundaryOf(contentType: string): string | null {
  const match = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2] ?? null;
}

/** Feed it chunks with {@link push}, then {@link end} tells how long the named file was. */
export class FileMeter {
  readonly #field: string;
  readonly #delimiter: Buffer;
  // The first boundary has no line break before it; a virtual one makes it like the others.
  #pending: Buffer = Buffer.from('\r\n');
  #state: 'preamble' | 'boundary' | 'head' | 'content' | 'done' = 'preamble';
  #counting = false;
  #bytes = 0;

  constructor(boundary: string, field: string) {
    this.#field = field;
    this.#delimiter = Buffer.from(`\r\n--${boundary}`);
  }

  /** @throws MultipartError */
  push(chunk: Buffer): void {
    if (this.#state === 'done') return;
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (this.#step());
  }

  /**
   * Bytes of the named file; 0 when the body has no such part.
   * @throws MultipartError when the body stopped before its last boundary
   */
  end(): number {
    if (this.#state === 'preamble') throw new MultipartError('multipart: NextPart: EOF');
    if (this.#state !== 'done') throw new MultipartError('unexpected EOF');
    // The line break between head and content may at once begin the delimiter of an empty part.
    return Math.max(0, this.#bytes);
  }

  /** Consumes what it can; false when more input is needed. */
  #step(): boolean {
    switch (this.#state) {
      case 'preamble':
      case 'content': {
        const at = this.#pending.indexOf(this.#delimiter);
        // Without a delimiter all but what could be the beginning of one has passed.
        const passed = at >= 0 ? at : Math.max(0, this.#pending.length - this.#delimiter.length + 1);
        if (this.#counting) this.#bytes += passed;
        this.#pending = this.#pending.subarray(at >= 0 ? at + this.#delimiter.length : passed);
        if (at < 0) return false;
        this.#counting = false;
        this.#state = 'boundary';
        return true;
      }
      case 'boundary': {
        if (this.#pending.length < 2) return false;
        const next = this.#pending.toString('latin1', 0, 2);
        if (next === '--') {
          this.#state = 'done';
          this.#pending = Buffer.alloc(0);
          return false;
        }
        if (next !== '\r\n')
          throw new MultipartError(`multipart: expecting a new Part; got line ${quote(this.#pending)}`);
        // The line break stays: an empty head is one blank line.
        this.#state = 'head';
        return true;
      }
      case 'head': {
        const at = this.#pending.indexOf(BLANK_LINE);
        if (at < 0) {
          if (this.#pending.length > MAX_PART_HEAD) throw new MultipartError('multipart: message too large');
          return false;
        }
        const disposition = /^content-disposition:(.*)$/im.exec(this.#pending.toString('utf8', 0, at))?.[1] ?? '';
        this.#counting = /;\s*name="?([^";]*)"?/i.exec(disposition)?.[1] === this.#field;
        // The line break that ends the head stays in sight, but is no content.
        this.#pending = this.#pending.subarray(at + 2);
        this.#state = 'content';
        if (this.#counting) this.#bytes -= 2;
        return true;
      }
      case 'done':
        return false;
    }
  }
}

const quote = (line: Buffer) => JSON.stringify(line.toString('latin1', 0, 40));
