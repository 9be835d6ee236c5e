/**
 * A new connection for every request, and one connection for all of them: our transport, with whole and with prepared
 * requests, beside undici as it comes and a bare node:net loop, in one run against the same server in a process of its own.
 *
 *   node bench/transport.ts [requests, default 5000]
 */
import { fork } from 'node:child_process';
import net from 'node:net';
import { Client } from 'undici';
import { BLANK } from '../swarm/transport/transport.ts';
import { createWireTransport } from '../swarm/transport/wire.ts';
import { printTable } from './table.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 83\r\n\r\n';
const BODY = `{"instructions":null,"next_instruction_seconds":60,"post_step_action":"continue"}\n `;
const PATH = '/api/assisted-install/v2/infra-envs/i/hosts/h/instructions?timestamp=1';
/** Requests under way at once. */
const LANES = 8;
/** Each way is measured so often, in turn; the best counts, as the machine may be busy with other things. */
const ROUNDS = 3;

if (process.argv[2] === 'server') serve();
else await measure(Number(process.argv[2] ?? 5000));

function serve(): void {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (chunk.includes('\r\n\r\n')) socket.write(ANSWER + BODY);
    });
  });
  server.listen(0, '127.0.0.1', 4096, () => process.send!((server.address() as net.AddressInfo).port));
  process.once('disconnect', () => process.exit());
}

async function measure(requests: number): Promise<void> {
  const child = fork(import.meta.filename, ['server']);
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
  const baseUrl = `http://127.0.0.1:${port}`;
  const observer = { connectionOpened() {}, connectionClosed() {}, requestRepeated() {} };
  const transport = (mode: 'per-poll' | 'keep-alive') =>
    createWireTransport({
      mode,
      // Closed at once here, so that the ports of one address suffice; the bare loops close at once too.
      idleTimeoutMs: mode === 'per-poll' ? 1 : 90_000,
      dialTimeoutMs: 30_000,
      tlsHandshakeTimeoutMs: 10_000,
      sourceAddresses: ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'],
      observer,
    });
  const headers = ['User-Agent', 'Go-http-client/1.1', 'Accept', 'application/json', 'Accept-Encoding', 'gzip'];
  const head = `GET ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: Go-http-client/1.1\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n\r\n`;
  const polling = transport('per-poll');
  const keeping = transport('keep-alive');
  const template = { baseUrl, method: 'GET', path: PATH.replace(/1$/, BLANK), headers };
  const prepared = { polling: polling.prepare(template), keeping: keeping.prepare(template) };
  const clients = Array.from({ length: LANES }, () => new Client(baseUrl));
  const sockets = await Promise.all(Array.from({ length: LANES }, () => connected(port)));
  const sessions = Array.from({ length: LANES }, (_, machine) =>
    keeping.openSession({ baseUrl, client: 'agent', machine }),
  );

  const ways: Record<string, (lane: number) => Promise<unknown>> = {
    'new: node:net': async () => {
      const socket = await connected(port);
      await exchange(socket, head);
      socket.destroy();
    },
    'new: undici Client': async () => {
      const client = new Client(baseUrl);
      const { body } = await client.request({ path: PATH, method: 'GET', headers });
      await body.bytes();
      await client.close();
    },
    'new: transport': async (lane) => {
      const session = polling.openSession({ baseUrl, client: 'agent', machine: lane });
      await session.request({ method: 'GET', path: PATH, headers });
      session.release();
    },
    'new: transport, prepared': async (lane) => {
      const session = polling.openSession({ baseUrl, client: 'agent', machine: lane });
      await session.request({ prepared: prepared.polling, values: ['1'] });
      session.release();
    },
    'kept: node:net': (lane) => exchange(sockets[lane]!, head),
    'kept: undici Client': async (lane) => {
      const { body } = await clients[lane]!.request({ path: PATH, method: 'GET', headers });
      await body.bytes();
    },
    'kept: transport': (lane) => sessions[lane]!.request({ method: 'GET', path: PATH, headers }),
    'kept: transport, prepared': (lane) => sessions[lane]!.request({ prepared: prepared.keeping, values: ['1'] }),
  };
  const best = new Map<string, { rate: number; cpuMicros: number }>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, once] of Object.entries(ways)) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      await Promise.all(
        Array.from({ length: LANES }, async (_, lane) => {
          for (let n = 0; n < requests / LANES; n++) await once(lane);
        }),
      );
      const { user, system } = process.cpuUsage(cpu);
      const rate = (requests * 1000) / (performance.now() - start);
      const before = best.get(name);
      if (!before || rate > before.rate) best.set(name, { rate, cpuMicros: (user + system) / requests });
    }
  }
  printTable(
    `${requests} requests a round, ${LANES} at a time, best of ${ROUNDS} rounds`,
    ['', 'requests/s', 'CPU µs each', '÷ node:net'],
    [...best].map(([name, { rate, cpuMicros }]) => {
      const raw = best.get(`${name.split(':')[0]}: node:net`)!;
      return [name, rate.toFixed(0), cpuMicros.toFixed(0), (rate / raw.rate).toFixed(2)];
    }),
  );
  for (const socket of sockets) socket.destroy();
  await Promise.all([polling.close(), keeping.close(), ...clients.map((client) => client.close())]);
  child.disconnect();
}

function connected(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Sends a head and waits for the whole fixed-size answer. */
function exchange(socket: net.Socket, head: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = ANSWER.length + BODY.length;
    const onData = (chunk: Buffer) => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off('data', onData);
      socket.off('error', reject);
      resolve();
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.write(head);
  });
}
