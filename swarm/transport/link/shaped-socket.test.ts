/** A connection over a link whose time is moved by hand: the socket below it is one half of a pair of streams. */
import type net from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinkPath } from './link-path.ts';
import { ShapedSocket } from './shaped-socket.ts';
import { CountingObserver, draws, type TestLink, testLink } from './testing/links.ts';
import { ManualLinkClock } from './testing/manual-link-clock.ts';

class Connection {
  readonly clock = new ManualLinkClock();
  readonly observer = new CountingObserver();
  readonly path: LinkPath;
  readonly socket: ShapedSocket;
  /** Null until the SYN has arrived. */
  server: Duplex | null = null;
  readonly raw: Duplex;
  readonly events: string[] = [];
  sent = '';
  received = '';
  wasReset = false;
  /** The server has seen the end. */
  ended = false;

  constructor(link: TestLink) {
    const [raw, server] = duplexPair();
    this.raw = raw;
    this.path = new LinkPath(testLink(this.clock, { observer: this.observer, ...link }));
    this.socket = new ShapedSocket(this.path, () => {
      this.server = server;
      server.on('data', (chunk: Buffer) => {
        this.sent += chunk.toString('latin1');
      });
      server.on('end', () => {
        this.ended = true;
      });
      setImmediate(() => raw.emit('connect'));
      return Object.assign(raw, {
        resetAndDestroy: () => {
          this.wasReset = true;
          raw.destroy();
        },
      }) as unknown as net.Socket;
    });
    this.socket.on('connect', () => this.events.push('connect'));
    this.socket.on('end', () => this.events.push('end'));
    this.socket.on('close', () => this.events.push('close'));
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.events.push(error.code ?? error.message));
    this.socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
    });
  }
}

const DELAYED: TestLink = { figures: { delayMs: 25 } };

async function connected(link: TestLink): Promise<Connection> {
  const connection = new Connection(link);
  await connection.clock.advance(50);
  expect(connection.events).toEqual(['connect']);
  return connection;
}

describe('a connection over a link', () => {
  it('takes a round trip to connect: the server sees it after one way', async () => {
    const connection = new Connection(DELAYED);
    await connection.clock.advance(24);
    expect(connection.server).toBeNull();
    await connection.clock.advance(2);
    expect(connection.server).not.toBeNull();
    expect(connection.events).toEqual([]);
    await connection.clock.advance(24);
    expect(connection.events).toEqual(['connect']);
    expect(connection.path.heldMs).toBe(50);
  });

  it('has a timer while something is under way, and none while it is idle', async () => {
    const { clock, socket, path } = await connected(DELAYED);
    expect(clock.pending).toBe(0);
    socket.write('question');
    await clock.advance(24);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(clock.pending).toBe(0);
    expect(path.heldMs).toBe(75);
  });

  it('carries a question, an answer and the end of both sides', async () => {
    const connection = await connected(DELAYED);
    const { clock, socket } = connection;
    socket.write('question');
    await clock.advance(24);
    expect(connection.sent).toBe('');
    await clock.advance(1);
    expect(connection.sent).toBe('question');
    connection.server!.end('answer');
    await clock.advance(24);
    expect(connection.received).toBe('');
    await clock.advance(1);
    expect(connection.received).toBe('answer');
    expect(connection.events).toEqual(['connect', 'end', 'close']);
    await clock.advance(25);
    expect(connection.ended).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('lets what was sent arrive when it is closed, and the end behind it', async () => {
    const connection = await connected(DELAYED);
    const { clock, socket } = connection;
    socket.write('last words');
    socket.destroy();
    expect(connection.raw.destroyed).toBe(false);
    await clock.advance(24);
    expect(connection.sent).toBe('');
    await clock.advance(1);
    expect(connection.sent).toBe('last words');
    expect(connection.raw.destroyed).toBe(true);
    expect(connection.events).toEqual(['connect', 'close']);
    expect(clock.pending).toBe(0);
  });

  it('never opens a connection whose SYN had not arrived when it was closed', async () => {
    const connection = new Connection(DELAYED);
    await connection.clock.advance(10);
    connection.socket.destroy();
    await connection.clock.advance(1000);
    expect(connection.server).toBeNull();
    expect(connection.clock.pending).toBe(0);
  });

  it('tells a failure one way later', async () => {
    const connection = await connected(DELAYED);
    connection.raw.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    await connection.clock.advance(24);
    expect(connection.events).toEqual(['connect']);
    await connection.clock.advance(1);
    expect(connection.events).toEqual(['connect', 'ECONNRESET', 'close']);
  });

  it('is given up when TCP gives up, and the server is told nothing but a reset', async () => {
    // The two packets of the connection pass; then all are lost.
    const numbers = [1 - 0.5 ** 2.5];
    const connection = await connected({
      figures: { delayMs: 25, loss: 0.5 },
      random: () => numbers.shift() ?? 0,
    });
    connection.socket.write('question');
    await connection.clock.advance(900_000);
    expect(connection.events).toEqual(['connect']);
    await connection.clock.advance(100_000);
    expect(connection.events).toEqual(['connect', 'ETIMEDOUT', 'close']);
    expect([connection.wasReset, connection.sent]).toEqual([true, '']);
    expect(connection.observer).toMatchObject({ stalls: 1, resets: 1 });
    expect(connection.clock.pending).toBe(0);
  });

  it('says that nobody answers when no SYN arrives', async () => {
    const connection = new Connection({ figures: { loss: 0.5 }, random: () => 0 });
    await connection.clock.advance(126_000);
    expect(connection.events).toEqual([]);
    await connection.clock.advance(2000);
    expect(connection.events).toEqual(['ETIMEDOUT', 'close']);
    expect(connection.server).toBeNull();
  });

  it('has no more under way than a window', async () => {
    const connection = await connected({ figures: { delayMs: 25, bytesPerSecond: 1e6 } });
    const { clock, socket, raw, path } = connection;
    const piece = Buffer.alloc(1 << 20);
    let written = 0;
    const writeAll = () => socket.write(piece, () => (written += 1));
    for (let i = 0; i < 10; i++) writeAll();
    await clock.advance(0);
    expect(written).toBeLessThan(5);
    await clock.advance(11_000);
    expect(written).toBe(10);
    expect(connection.sent.length).toBe(10 << 20);
    // The same the other way: the server's writes are held back.
    for (let i = 0; i < 10; i++) connection.server!.write(piece);
    await clock.advance(0);
    expect(raw.isPaused()).toBe(true);
    await clock.advance(11_000);
    expect(connection.received.length).toBe(10 << 20);
    expect(path.heldMs).toBeGreaterThan(20_000);
  });

  it('waits for a reader who is busy', async () => {
    const connection = await connected(DELAYED);
    const { clock, socket } = connection;
    socket.pause();
    for (let i = 0; i < 40; i++) connection.server!.write(Buffer.alloc(64 * 1024, 'x'));
    await clock.advance(1000);
    expect(connection.received).toBe('');
    expect(socket.readableLength).toBeLessThan(1 << 20);
    socket.resume();
    await clock.advance(1000);
    expect(connection.received.length).toBe(40 * 64 * 1024);
  });

  it('brings all bytes in order both ways, whatever the link', async () => {
    const link = fc.record({
      figures: fc.record({
        delayMs: fc.double({ min: 0, max: 50, noNaN: true }),
        jitterMs: fc.double({ min: 0, max: 20, noNaN: true }),
        loss: fc.double({ min: 0, max: 0.2, noNaN: true }),
        bytesPerSecond: fc.option(fc.integer({ min: 10_000, max: 1e8 })),
      }),
      seed: fc.string(),
    });
    const writes = fc.array(
      fc.record({
        up: fc.boolean(),
        bytes: fc.integer({ min: 1, max: 30_000 }),
        pause: fc.integer({ min: 0, max: 40 }),
      }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(link, writes, async ({ figures, seed }, all) => {
        const connection = new Connection({ figures, random: draws(seed) });
        const { clock } = connection;
        await clock.advance(200_000);
        if (connection.events[0] !== 'connect') return;
        const given = { up: '', down: '' };
        let number = 0;
        for (const { up, bytes, pause } of all) {
          const text = String(number++).padEnd(bytes, '.');
          if (up) connection.socket.write(text, 'latin1');
          else connection.server!.write(text, 'latin1');
          given[up ? 'up' : 'down'] += text;
          await clock.advance(pause);
        }
        await clock.advance(600_000);
        expect(connection.sent).toBe(given.up);
        expect(connection.received).toBe(given.down);
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});
