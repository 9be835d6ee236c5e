/**
 * A new connection for every request, and one connection for all of them, in the clear and over TLS: our transports beside
 * undici as it comes and a bare node:net or node:tls loop, in one run against the same server in a process of its own. Where
 * `autocannon`, `wrk` or `k6` are on PATH, they ask the same server over kept connections.
 *
 *   node bench/transport.ts [requests, default 5000]
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import tls from 'node:tls';
import { Client } from 'undici';
import { BLANK, type Transport, type TransportOptions } from '../swarm/transport/transport.ts';
import { createUndiciTransport } from '../swarm/transport/undici.ts';
import { createWireTransport } from '../swarm/transport/wire.ts';
import { printTable } from './table.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 83\r\n\r\n';
const BODY = `{"instructions":null,"next_instruction_seconds":60,"post_step_action":"continue"}\n `;
const PATH = '/api/assisted-install/v2/infra-envs/i/hosts/h/instructions?timestamp=1';
const HEADERS = ['User-Agent', 'Go-http-client/1.1', 'Accept', 'application/json', 'Accept-Encoding', 'gzip'];
/** Requests under way at once. */
const LANES = 8;
/** Each way is measured so often, in turn; the best counts, as the machine may be busy with other things. */
const ROUNDS = 3;
/** Handshakes cost that much more than requests. */
const TLS_SHARE = 5;
/** Seconds that other programs ask for. */
const PEER_SECONDS = 4;

type Scheme = 'http' | 'https';

if (process.argv[2] === 'server') serve();
else await measure(Number(process.argv[2] ?? 5000));

function serve(): void {
  const onSocket = (socket: net.Socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (chunk.includes('\r\n\r\n')) socket.write(ANSWER + BODY);
    });
  };
  const certificate = (name: string) =>
    readFileSync(new URL(`../swarm/transport/testing/server.${name}`, import.meta.url), 'utf8');
  const secure = tls.createServer({ key: certificate('key'), cert: certificate('pem') }, onSocket);
  const plain = net.createServer(onSocket);
  const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port;
  secure.on('tlsClientError', () => {});
  plain.listen(0, '127.0.0.1', 4096, () =>
    secure.listen(0, '127.0.0.1', 4096, () => process.send!({ http: portOf(plain), https: portOf(secure) })),
  );
  process.once('disconnect', () => process.exit());
}

interface Way {
  name: string;
  /** A share of the requests is enough. */
  share: number;
  once(lane: number): Promise<unknown>;
}

interface Measured {
  rate: number;
  cpuMicros: number;
}

async function measure(requests: number): Promise<void> {
  const child = fork(import.meta.filename, ['server']);
  const ports = await new Promise<Record<Scheme, number>>((resolve) =>
    child.once('message', (message) => resolve(message as Record<Scheme, number>)),
  );
  const ends: (() => unknown)[] = [];
  const ways = [...(await waysOf('http', ports.http, ends)), ...(await waysOf('https', ports.https, ends))];
  const best = new Map<string, Measured>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ways) {
      const measured = await run(way, Math.ceil(requests / way.share));
      const before = best.get(way.name);
      best.set(way.name, {
        rate: Math.max(measured.rate, before?.rate ?? 0),
        cpuMicros: Math.min(measured.cpuMicros, before?.cpuMicros ?? Infinity),
      });
    }
  }
  const peers = await peersOf(`http://127.0.0.1:${ports.http}${PATH}`);
  const rows = [...best].map(([name, { rate, cpuMicros }]) => {
    const raw = best.get(`${name.slice(0, name.indexOf(':'))}: node`)!;
    return [
      name,
      rate.toFixed(0),
      cpuMicros.toFixed(0),
      (rate / raw.rate).toFixed(2),
      (raw.cpuMicros / cpuMicros).toFixed(2),
    ];
  });
  const kept = best.get('http kept: node')!;
  for (const { name, rate, cpuMicros } of peers) {
    const ratio = (kept.cpuMicros / cpuMicros).toFixed(2);
    rows.push([`http kept: ${name}`, rate.toFixed(0), cpuMicros.toFixed(0), (rate / kept.rate).toFixed(2), ratio]);
  }
  printTable(
    `${requests} requests a round (a fifth of them where each takes a TLS handshake), ${LANES} at a time, best of ${ROUNDS} rounds`,
    ['', 'requests/s', 'CPU µs each', '÷ node', '÷ node a core'],
    rows,
  );
  await Promise.all(ends.map((end) => end()));
  child.disconnect();
}

async function run({ once }: Way, requests: number): Promise<Measured> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      for (let n = 0; n < requests / LANES; n++) await once(lane);
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (requests * 1000) / (performance.now() - start), cpuMicros: (user + system) / requests };
}

async function waysOf(scheme: Scheme, port: number, ends: (() => unknown)[]): Promise<Way[]> {
  const baseUrl = `${scheme}://127.0.0.1:${port}`;
  const connect = { rejectUnauthorized: false };
  const lines = HEADERS.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
  const head = `GET ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${lines}\r\n`;
  const lanes = <T>(make: (lane: number) => T) => Array.from({ length: LANES }, (_, lane) => make(lane));
  const sockets = await Promise.all(lanes(() => connected(scheme, port)));
  const clients = lanes(() => new Client(baseUrl, { connect }));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    return Promise.all(clients.map((client) => client.close()));
  });
  const share = scheme === 'https' ? TLS_SHARE : 1;
  const ways: Way[] = [
    {
      ...{ name: `${scheme} new: node`, share },
      async once() {
        const socket = await connected(scheme, port);
        await exchange(socket, head);
        socket.destroy();
      },
    },
    {
      ...{ name: `${scheme} new: undici Client`, share },
      async once() {
        const client = new Client(baseUrl, { connect });
        await ask(client);
        await client.close();
      },
    },
    { name: `${scheme} kept: node`, share: 1, once: (lane) => exchange(sockets[lane]!, head) },
    { name: `${scheme} kept: undici Client`, share: 1, once: (lane) => ask(clients[lane]!) },
  ];
  for (const [name, create] of [
    ['our undici transport', createUndiciTransport],
    ['wire', createWireTransport],
  ] as const) {
    ways.push(...waysOfTransport(scheme, baseUrl, name, create, ends));
  }
  return ways;
}

function waysOfTransport(
  scheme: Scheme,
  baseUrl: string,
  name: string,
  create: (options: TransportOptions) => Transport,
  ends: (() => unknown)[],
): Way[] {
  const [polling, keeping] = (['per-poll', 'keep-alive'] as const).map((mode) =>
    create({
      mode,
      tls: { insecure: true },
      // Closed at once here, so that the ports of one address suffice; the bare loops close at once too.
      idleTimeoutMs: mode === 'per-poll' ? 0 : 90_000,
      dialTimeoutMs: 30_000,
      tlsHandshakeTimeoutMs: 10_000,
      observer: { connectionOpened() {}, connectionClosed() {}, requestRepeated() {} },
    }),
  ) as [Transport, Transport];
  ends.push(() => Promise.all([polling.close(), keeping.close()]));
  const template = { baseUrl, method: 'GET', path: PATH.replace(/1$/, BLANK), headers: HEADERS };
  const prepared = { polling: polling.prepare(template), keeping: keeping.prepare(template) };
  const sessions = Array.from({ length: LANES }, (_, machine) =>
    keeping.openSession({ baseUrl, client: 'agent', machine }),
  );
  return [
    {
      ...{ name: `${scheme} new: ${name}`, share: scheme === 'https' ? TLS_SHARE : 1 },
      async once(machine) {
        const session = polling.openSession({ baseUrl, client: 'agent', machine });
        await session.request({ prepared: prepared.polling, values: ['1'] });
        session.release();
      },
    },
    {
      ...{ name: `${scheme} kept: ${name}`, share: 1 },
      once: (lane) => sessions[lane]!.request({ prepared: prepared.keeping, values: ['1'] }),
    },
  ];
}

async function ask(client: Client): Promise<void> {
  const { body } = await client.request({ path: PATH, method: 'GET', headers: HEADERS });
  await body.bytes();
}

function connected(scheme: Scheme, port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const ready = () => resolve(socket);
    // As stock agents set their sockets up: three calls of the system for each.
    const way = { port, host: '127.0.0.1', noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
    const socket =
      scheme === 'https' ? tls.connect({ ...way, rejectUnauthorized: false }, ready) : net.connect(way, ready);
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

interface Peer extends Measured {
  name: string;
}

/** Other load generators, where they are installed, each on one core. */
async function peersOf(url: string): Promise<Peer[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const script = join(folder, 'k6.js');
  writeFileSync(script, `import http from 'k6/http';\nexport default function () { http.get('${url}'); }\n`);
  const peers: [string, string[], RegExp, Record<string, string>?][] = [
    ['autocannon', ['-c', `${LANES}`, '-d', `${PEER_SECONDS}`, '-j', url], /"total":(\d+)/],
    ['wrk', ['-t', '1', '-c', `${LANES}`, '-d', `${PEER_SECONDS}s`, url], /(\d+) requests in/],
    [
      'k6',
      ['run', '--vus', `${LANES}`, '--duration', `${PEER_SECONDS}s`, script],
      /http_reqs\D+(\d+)/,
      { GOMAXPROCS: '1' },
    ],
  ];
  const found: Peer[] = [];
  for (const [name, args, count, env] of peers) {
    const path = (process.env.PATH ?? '').split(delimiter);
    if (!path.some((one) => isExecutable(join(one, name)))) continue;
    const { output, cpuMicros } = await ran(spawn(name, args, { env: { ...process.env, ...env } }));
    const total = Number(count.exec(output)?.[1] ?? 0);
    if (total > 0) found.push({ name, rate: total / PEER_SECONDS, cpuMicros: cpuMicros / total });
  }
  rmSync(folder, { recursive: true });
  return found;
}

function isExecutable(file: string): boolean {
  try {
    return readFileSync(file).length > 0;
  } catch {
    return false;
  }
}

/** Runs a program to its end; its processor time is that of all children of this process meanwhile. */
async function ran(child: ChildProcess): Promise<{ output: string; cpuMicros: number }> {
  const before = childrenCpuMicros();
  let output = '';
  child.stdout!.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return { output, cpuMicros: childrenCpuMicros() - before };
}

/** Of children that have ended: fields 16 and 17 of /proc/self/stat, in hundredths of a second (proc(5)). */
function childrenCpuMicros(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10_000;
}
