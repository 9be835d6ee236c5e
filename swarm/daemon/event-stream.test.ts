import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { EventStream, SLOW_READER } from './event-stream.ts';

/** A reader and its socket, which remember what they were given. */
class FakeReader extends EventEmitter {
  readyState = 1 as const;
  bufferedAmount = 0;
  readonly written: Buffer[] = [];
  closed: number | null = null;
  close(code: number): void {
    this.closed = code;
  }
  write(bytes: Buffer): boolean {
    this.written.push(bytes);
    return true;
  }
}

const readersOf = (stream: EventStream<object>, count: number) =>
  Array.from({ length: count }, () => {
    const reader = new FakeReader();
    stream.attach(reader as never, reader as never);
    return reader;
  });

it('makes the bytes of an event once, and those of a batch, whatever the number of readers', () => {
  const stream = new EventStream<object>();
  const readers = readersOf(stream, 200);
  let serialised = 0;
  const event = { toJSON: () => ({ n: ++serialised }) };
  for (let i = 0; i < 50; i++) stream.publish(event);
  stream.end();
  expect(serialised).toBe(50);
  const [batch] = readers[0]!.written;
  for (const { written, closed } of readers) {
    expect(written).toHaveLength(1);
    expect(written[0]).toBe(batch);
    expect(closed).toBe(1000);
  }
});

it('never lets more than the limit wait for a reader, and goes on for the others', () => {
  const stream = new EventStream<object>(1 << 17);
  const [slow, quick] = readersOf(stream, 2) as [FakeReader, FakeReader];
  const event = { text: 'x'.repeat(40_000) };
  for (let i = 0; i < 20; i++) {
    stream.publish(event);
    slow.bufferedAmount = slow.written.reduce((sum, bytes) => sum + bytes.length, 0);
  }
  expect(slow.closed).toBe(SLOW_READER);
  expect(slow.bufferedAmount).toBeLessThanOrEqual(1 << 17);
  expect(stream.dropped).toBe(1);
  expect(quick.closed).toBeNull();
  expect(quick.written).toHaveLength(10);
});

it('writes nothing to a reader that is closing', () => {
  const stream = new EventStream<object>();
  const [reader] = readersOf(stream, 1) as [FakeReader];
  Object.assign(reader, { readyState: 2 });
  stream.publish({});
  stream.end();
  expect(reader.written).toEqual([]);
});

it('sends what a websocket client reads as one message an event, in order, pings between them', async () => {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void http.close());
  onTestFinished(() => server.close());
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`;
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.string(),
          fc.constantFrom(80, 125, 126, 65_530, 70_000).map((length) => 'ü'.repeat(length)),
        ),
      ),
      async (texts) => {
        const stream = new EventStream<object>();
        const attached = new Promise<WebSocket>((resolve) =>
          server.once('connection', (socket, request) => {
            stream.attach(socket, request.socket);
            resolve(socket);
          }),
        );
        const client = new WebSocket(url);
        const seen: string[] = [];
        client.on('message', (data) => seen.push(JSON.parse(String(data)).text));
        const closed = new Promise((resolve) => client.once('close', resolve));
        const socket = await attached;
        for (const text of texts) {
          stream.publish({ text });
          socket.ping();
        }
        stream.end();
        expect(await closed).toBe(1000);
        expect(seen).toEqual(texts);
      },
    ),
    { numRuns: 20 },
  );
});
