/**
 * Hands a run's events to whoever listens, without ever waiting for them:
 *
 *   run → publish(event) ─┬→ listener (in this process)
 *                         └→ frame, made once ─→ batch ──every 100 ms, or when it is large──→ one write a reader, of the same bytes
 *                                                          reader with more than the limit waiting → close(1013, reason)
 *
 * So a reader costs one system call a batch, whatever the number of events, and no memory of its own until it falls behind.
 */
import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { RunEvent } from '../telemetry/run-event.ts';

/** Close code for a reader that does not keep up: try again later (RFC 6455 registry). */
export const SLOW_READER = 1013;
/** Normal end: the run is over. */
const RUN_OVER = 1000;

/** Bytes that may wait for one reader. */
const DEFAULT_BUFFER_LIMIT = 1 << 20;
/** Wall-clock milliseconds that an event waits for others to go with it, and bytes that do not wait. */
const BATCH_MS = 100;
const BATCH_BYTES = 64 << 10;

type Reader = Pick<WebSocket, 'close' | 'bufferedAmount' | 'readyState' | 'on'>;
const OPEN: WebSocket['readyState'] = 1;

/** A text message as a server sends it: one frame, without mask and compression (RFC 6455, section 5.2). */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x81;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  else if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/** Tells a reader that there is nothing to wait for. */
export function closeAsOver(reader: Pick<WebSocket, 'close'>): void {
  reader.close(RUN_OVER, 'the run is over');
}

export class EventStream<E = RunEvent> {
  readonly #listeners = new Set<(event: E) => void>();
  /** With the socket below each. */
  readonly #readers = new Map<Reader, Pick<Writable, 'write'>>();
  #batch: Buffer[] = [];
  #batchBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #limit: number;
  #dropped = 0;
  #over = false;

  /** @param bufferLimit bytes that may wait for one reader before it is dropped */
  constructor(bufferLimit = DEFAULT_BUFFER_LIMIT) {
    this.#limit = bufferLimit;
  }

  /** Readers dropped because they were too slow. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Calls `listener` for every further event; the result ends that. */
  listen(listener: (event: E) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Sends every further event as one JSON text message; ends with close code 1000 when the run is over.
   * @param socket of the reader: whole frames are written to it, so that those of the reader itself may stand between them
   */
  attach(reader: Reader, socket: Pick<Writable, 'write'>): void {
    if (this.#over) {
      closeAsOver(reader);
      return;
    }
    // What happened before is not for this one.
    this.#flush();
    this.#readers.set(reader, socket);
    reader.on('close', () => this.#readers.delete(reader));
    // A broken connection is reported by 'close' too; without a listener it would end the process.
    reader.on('error', () => this.#readers.delete(reader));
  }

  publish(event: E): void {
    for (const listener of this.#listeners) listener(event);
    if (this.#readers.size === 0) return;
    const frame = frameOf(JSON.stringify(event));
    this.#batch.push(frame);
    this.#batchBytes += frame.length;
    if (this.#batchBytes >= BATCH_BYTES) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), BATCH_MS).unref();
  }

  /** No event will come any more. */
  end(): void {
    this.#flush();
    this.#over = true;
    for (const reader of this.#readers.keys()) closeAsOver(reader);
    this.#readers.clear();
  }

  #flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#batch.length === 0) return;
    const bytes = Buffer.concat(this.#batch, this.#batchBytes);
    this.#batch = [];
    this.#batchBytes = 0;
    for (const [reader, socket] of this.#readers) {
      if (reader.readyState !== OPEN) continue;
      if (reader.bufferedAmount + bytes.length > this.#limit) {
        this.#readers.delete(reader);
        this.#dropped++;
        reader.close(SLOW_READER, `too slow: more than ${this.#limit} bytes of events were waiting`);
      } else socket.write(bytes);
    }
  }
}
