/**
 * Hands a run's events to whoever listens, without ever waiting for them:
 *
 *   run → publish(event) ─┬→ listener (in this process)
 *                         └→ socket: text queued in the socket's own buffer ── above the limit → close(1013, reason)
 */
import type { WebSocket } from 'ws';
import type { RunEvent } from '../telemetry/run-event.ts';

/** Close code for a reader that does not keep up: try again later (RFC 6455 registry). */
export const SLOW_READER = 1013;
/** Normal end: the run is over. */
const RUN_OVER = 1000;

/** Bytes that may wait for one reader. */
const DEFAULT_BUFFER_LIMIT = 1 << 20;

type Reader = Pick<WebSocket, 'send' | 'close' | 'bufferedAmount' | 'on'>;

/** Tells a reader that there is nothing to wait for. */
export function closeAsOver(reader: Pick<WebSocket, 'close'>): void {
  reader.close(RUN_OVER, 'the run is over');
}

export class EventStream<E = RunEvent> {
  readonly #listeners = new Set<(event: E) => void>();
  readonly #readers = new Set<Reader>();
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

  /** Sends every further event as one JSON text message; ends with close code 1000 when the run is over. */
  attach(reader: Reader): void {
    if (this.#over) {
      closeAsOver(reader);
      return;
    }
    this.#readers.add(reader);
    reader.on('close', () => this.#readers.delete(reader));
    // A broken connection is reported by 'close' too; without a listener it would end the process.
    reader.on('error', () => this.#readers.delete(reader));
  }

  publish(event: E): void {
    for (const listener of this.#listeners) listener(event);
    if (this.#readers.size === 0) return;
    const text = JSON.stringify(event);
    for (const reader of this.#readers) {
      if (reader.bufferedAmount + text.length > this.#limit) {
        this.#readers.delete(reader);
        this.#dropped++;
        reader.close(SLOW_READER, `too slow: more than ${this.#limit} bytes of events were waiting`);
      } else reader.send(text);
    }
  }

  /** No event will come any more. */
  end(): void {
    this.#over = true;
    for (const reader of this.#readers) closeAsOver(reader);
    this.#readers.clear();
  }
}
