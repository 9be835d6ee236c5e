/**
 * A new connection for every request, and one connection for all of them, in the clear and over TLS: our transports beside undici as it comes, a
 * bare node:net or node:tls loop, and the load generators that are on PATH, against one server in a process of its own.
 */
import net from 'node:net';
import tls from 'node:tls';
import { Client } from 'undici';
import { BLANK, type Transport, type TransportOptions } from '../../swarm/transport/transport.ts';
import { createUndiciTransport } from '../../swarm/transport/undici.ts';
import { createWireTransport } from '../../swarm/transport/wire.ts';
import { GENERATORS, type Measured, measureGenerator, type Scheme, versionOf, type Way } from '../load-generators.ts';
import type { BarChart, Cell, Figures, PartContext } from '../part.ts';
import { type BareServer, startServer } from '../server.ts';
import { end, findProgram } from '../started.ts';
import { ratio } from '../table.ts';

const PATH = '/api/assisted-install/v2/infra-envs/i/hosts/h/instructions?timestamp=1';
const HEADERS = ['User-Agent', 'Go-http-client/1.1', 'Accept', 'application/json', 'Accept-Encoding', 'gzip'];
/** Requests under way at once. */
const LANES = 8;
/** Each is measured so often, in turn; the best counts, as the machine may be busy with other things. Other programs take longer to measure. */
const AMOUNTS = {
  full: { requests: 5000, rounds: 3, programRounds: 3, seconds: [1, 4] },
  quick: { requests: 2000, rounds: 3, programRounds: 1, seconds: [1, 3] },
} as const;
/** New connections use up the ports of an address; one more second of them would be too much. */
const NEW_SECONDS = [1, 2] as const;
/** Handshakes cost that much more than requests. */
const TLS_SHARE = 5;
/** Kept connections take four times as many requests: code that is still being compiled is no cost of a request. */
const KEPT_SHARE = 1 / 4;

const WAYS: readonly (readonly [Scheme, Way, string])[] = [
  ['http', 'new', 'a new connection for each request'],
  ['http', 'kept', 'one connection kept'],
  ['https', 'new', 'a new TLS connection for each request'],
  ['https', 'kept', 'one TLS connection kept'],
];
const NODE = 'bare node loop';
const OURS: ReadonlySet<string> = new Set(['wire', 'our undici transport']);

/** What sends, how, and the best that was seen of it; null where the program is not there. */
interface Entry {
  scheme: Scheme;
  way: Way;
  name: string;
  best: Measured | null;
  /** Requests a round are divided by it. */
  share: number;
  once: ((lane: number) => Promise<unknown>) | null;
}

/** See {@link PartModule}. */
export async function measure({ quick, folder, progress }: PartContext): Promise<Figures> {
  const { requests, rounds, programRounds, seconds } = quick ? AMOUNTS.quick : AMOUNTS.full;
  const server = await startServer();
  const ends: (() => unknown)[] = [];
  const entries = [
    ...(await entriesOf('http', server, ends)),
    ...(await entriesOf('https', server, ends)),
    ...generatorEntries(),
  ];
  const failures: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const entry of entries) {
      const { scheme, way, name, once, share } = entry;
      const program = once ? null : findProgram(name);
      if (!once && (program === null || round > programRounds)) continue;
      progress(
        `round ${round} of ${rounds}: ${scheme}, ${way === 'new' ? 'new connections' : 'kept connections'}, ${name}`,
      );
      const url = `${scheme}://127.0.0.1:${server[scheme]}${PATH}`;
      try {
        const measured = once
          ? await run(once, Math.ceil(requests / share))
          : await measureGenerator(name, {
              program: program!,
              url,
              way,
              lanes: LANES,
              seconds: way === 'new' ? NEW_SECONDS : seconds,
              folder,
            });
        entry.best = {
          rate: Math.max(measured.rate, entry.best?.rate ?? 0),
          cpuMicros: Math.min(measured.cpuMicros, entry.best?.cpuMicros ?? Infinity),
        };
      } catch (error) {
        // What another program cannot do takes nothing from the others' figures.
        if (once) throw error;
        failures.push(
          `${scheme}, ${way === 'new' ? 'new connections' : 'kept connections'}: ${(error as Error).message}.`,
        );
      }
    }
  }
  await Promise.all(ends.map((one) => one()));
  await end(server.child);
  return figures(entries, { requests, rounds, programRounds }, [await versions(), ...failures]);
}

/** The load generators that can do each way, whether they are there or not. */
function generatorEntries(): Entry[] {
  return WAYS.flatMap(([scheme, way]) =>
    GENERATORS.filter(({ ways }) => ways.includes(`${scheme} ${way}`)).map(({ name }) => ({
      ...{ scheme, way, name, best: null, share: 1, once: null },
    })),
  );
}

interface Rounds {
  requests: number;
  rounds: number;
  programRounds: number;
}

function figures(
  entries: readonly Entry[],
  { requests, rounds, programRounds }: Rounds,
  programs: readonly string[],
): Figures {
  const sets = WAYS.map(([scheme, way, words]) => {
    const members = entries.filter((entry) => entry.scheme === scheme && entry.way === way);
    const raw = members.find(({ name }) => name === NODE)!.best;
    const wire = members.find(({ name }) => name === 'wire')!.best;
    return { words, members, raw, wire };
  });
  const rows = sets.flatMap(({ words, members, raw, wire }) =>
    members.map(({ name, best }): Cell[] =>
      best
        ? [
            `${words}: ${name}`,
            ...[best.rate, best.cpuMicros, ratio(best.rate, raw?.rate), ratio(raw?.cpuMicros, best.cpuMicros)],
            ratio(best.cpuMicros, wire?.cpuMicros),
          ]
        : [`${words}: ${name}`, findProgram(name) === null ? 'not there' : 'not measured', null, null, null, null],
    ),
  );
  const chart: BarChart = {
    name: 'transport',
    title: 'Processor time of a request',
    unit: 'µs of a core for each request, less is better',
    groups: sets.map(({ words, members }) => ({
      title: words[0]!.toUpperCase() + words.slice(1),
      bars: members
        .filter(({ best }) => best)
        .map(({ name, best }) => ({ label: name, value: best!.cpuMicros, own: OURS.has(name) }))
        .sort((a, b) => a.value - b.value),
    })),
  };
  return {
    tables: [
      {
        title: `${requests} requests a round (a fifth where each takes a TLS handshake, four times as many of one connection), ${LANES} at a time; least processor time and highest rate of ${rounds} rounds (of programs: ${programRounds})`,
        head: ['', 'requests/s', 'CPU µs each', 'requests/s ÷ node', 'requests a core ÷ node', 'CPU ÷ wire'],
        rows,
      },
    ],
    charts: [chart],
    notes: [
      'Requests a core are compared by processor time, which other work on this machine disturbs less than rates. Other load generators run on one core (k6, vegeta: GOMAXPROCS=1); processor time that they take to start is deducted.',
      ...programs,
    ],
  };
}

/** Which load generators are there. */
async function versions(): Promise<string> {
  const texts = await Promise.all(
    GENERATORS.map(async ({ name, version }) => {
      const program = findProgram(name);
      return program === null ? `${name} is not there` : `${name} ${await versionOf(program, version)}`;
    }),
  );
  return `Load generators: ${texts.join(', ')}.`;
}

async function run(once: (lane: number) => Promise<unknown>, requests: number): Promise<Measured> {
  const each = Math.ceil(requests / LANES);
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      for (let n = 0; n < each; n++) await once(lane);
    }),
  );
  const { user, system } = process.cpuUsage(cpu);
  const done = each * LANES;
  return { rate: (done * 1000) / (performance.now() - start), cpuMicros: (user + system) / done };
}

async function entriesOf(scheme: Scheme, server: BareServer, ends: (() => unknown)[]): Promise<Entry[]> {
  const port = server[scheme];
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
  const common = { scheme, best: null };
  const entries: Entry[] = [
    {
      ...{ ...common, way: 'new', name: NODE, share },
      async once() {
        const socket = await connected(scheme, port);
        await exchange(socket, head, server.answerBytes);
        socket.destroy();
      },
    },
    {
      ...{ ...common, way: 'new', name: 'undici Client', share },
      async once() {
        const client = new Client(baseUrl, { connect });
        await ask(client);
        await client.close();
      },
    },
    {
      ...common,
      way: 'kept',
      name: NODE,
      share: KEPT_SHARE,
      once: (lane) => exchange(sockets[lane]!, head, server.answerBytes),
    },
    { ...common, way: 'kept', name: 'undici Client', share: KEPT_SHARE, once: (lane) => ask(clients[lane]!) },
  ];
  for (const [name, create] of [
    ['our undici transport', createUndiciTransport],
    ['wire', createWireTransport],
  ] as const) {
    entries.push(...entriesOfTransport(scheme, baseUrl, name, create, ends));
  }
  return entries;
}

function entriesOfTransport(
  scheme: Scheme,
  baseUrl: string,
  name: string,
  create: (options: TransportOptions) => Transport,
  ends: (() => unknown)[],
): Entry[] {
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
      ...{ scheme, best: null, way: 'new', name, share: scheme === 'https' ? TLS_SHARE : 1 },
      async once(machine) {
        const session = polling.openSession({ baseUrl, client: 'agent', machine });
        await session.request({ prepared: prepared.polling, values: ['1'] });
        session.release();
      },
    },
    {
      ...{ scheme, best: null, way: 'kept', name, share: KEPT_SHARE },
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
function exchange(socket: net.Socket, head: string, answerBytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = answerBytes;
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
