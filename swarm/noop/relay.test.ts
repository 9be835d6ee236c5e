import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WallLinkClock } from '../transport/link/link-clock.ts';
import { LinkPath } from '../transport/link/link-path.ts';
import { CountingObserver, testLink } from '../transport/link/testing/links.ts';
import { Relay } from './relay.ts';

const KEY = '198.18.0.1:443';

let folder: string;
let relay: Relay;
let silent: Server;
let closed: (string | undefined)[];
let path: LinkPath | null;
const taken: Socket[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'relay-test-'));
  closed = [];
  path = null;
  relay = new Relay({
    path: join(folder, 'relay'),
    dial: { dialTimeoutMs: 30_000, tlsHandshakeTimeoutMs: 30_000 },
    onConnection: () => ({ path, sent: () => {}, received: () => {}, closed: (failure) => closed.push(failure) }),
    warn: () => {},
  });
  await relay.listen();
  // Takes connections and says nothing: TLS to it is never ready.
  silent = createServer((socket) => taken.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const socket of taken.splice(0)) socket.destroy();
  await relay.close().catch(() => {});
  await new Promise((resolve) => silent.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

describe('a relay', () => {
  it('tells the end of a connection that is closed while the service is being dialled', async () => {
    const { port } = silent.address() as AddressInfo;
    await relay.open(KEY, { host: '127.0.0.1', port, isService: true, tls: {} }, ['localhost']);
    const dialled = new Promise((resolve) => silent.once('connection', resolve));
    const host = connect(join(folder, 'relay'));
    host.on('error', () => {});
    host.write(`1 ${KEY}\n`);
    await dialled;
    await relay.close();
    expect(closed).toEqual(['aborted']);
  });

  it('joins a host over its link', async () => {
    const { port } = silent.address() as AddressInfo;
    silent.on('connection', (socket: Socket) => socket.pipe(socket));
    const observer = new CountingObserver();
    path = new LinkPath(testLink(new WallLinkClock(), { figures: { delayMs: 20 }, observer }));
    await relay.open(KEY, { host: '127.0.0.1', port, isService: true, tls: null }, ['localhost']);
    const host = connect(join(folder, 'relay'));
    host.write(`1 ${KEY}\nover the link`);
    let text = '';
    for await (const chunk of host) {
      text += String(chunk);
      if (text === 'over the link') break;
    }
    expect(text).toBe('over the link');
    expect(observer.connects).toHaveLength(1);
    // There and back to connect, there with the question, back with the answer.
    expect(path.heldMs).toBeGreaterThan(70);
    host.destroy();
  });
});
