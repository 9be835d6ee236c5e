/**
 * One conversation that agents of any kind can be taken through, and what they say in it byte by byte: a service that answers the
 * n-th request with the n-th line of its script, on whatever connection it comes, and writes down what it got.
 *
 * `stock-session.json` is what a stock agent said (write-stock-session.ts). Ids, the time, and the service's address stand for
 * themselves there; everything else is as it came.
 */
import net from 'node:net';
import tls from 'node:tls';
import { STEP_TYPES } from '../../../model/protocol/states.ts';
import { AGENT_VERSION, INFRA_ENV_ID, type ScriptedStep } from './world.ts';

/** By the answer to the registration; the machine's own id stands in the registration alone. */
const HOST_ID = '5f0e0000-0000-4000-8000-0000000000aa';
export const SECRET = 'secret';
/** Seconds between polls. */
const PACE = 1;
/** The transport waits for 2 s at most before it tries again for the first time. */
const RETRY_PACE = 5;

/** Longer than what a connection takes in one write; with a text that takes two bytes in UTF-8, and one that HTML would escape. */
const LONG = 'é<'.repeat(20_000);

export interface SessionRequest {
  /** Ordinal of its connection, by the first request on each. */
  connection: number;
  /** The head's lines with their ends, then the body. */
  bytes: string[];
}

interface Answer {
  /** What it is about. */
  why: string;
  bytes: string;
  /** The service closes the connection after it. */
  closes?: boolean;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const LINE = '\r\n';

const answer = (status: string, body: object | null, headers: string[] = []): string => {
  const text = body === null ? '' : JSON.stringify(body);
  const typed = body === null ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`];
  return [`HTTP/1.1 ${status}`, ...headers, ...typed, '', text].join(LINE);
};

const failure = (status: string) =>
  answer(status, { code: status.slice(0, 3), href: '', id: 0, kind: 'Error', reason: 'so it is' });

const steps = (given: ScriptedStep[], action = 'continue', pace = PACE) => ({
  next_instruction_seconds: pace,
  post_step_action: action,
  instructions: given.map(({ type, args = [] }, at) => ({
    step_type: type,
    step_id: `${type.slice(0, 24)}-0000000${at}`,
    args,
  })),
});

const REGISTERED = answer('201 Created', {
  id: HOST_ID,
  next_step_runner_command: {
    args: [JSON.stringify({ agent_version: AGENT_VERSION, host_id: HOST_ID, infra_env_id: INFRA_ENV_ID })],
  },
});
const TAKEN = answer('204 No Content', null);

/** A poll with one instruction, and the answer to its reply. */
const asked = (why: string, step: ScriptedStep): Answer[] => [
  { why: `polls: ${why}`, bytes: answer('200 OK', steps([step])) },
  { why: `replies: ${why}`, bytes: TAKEN },
];

/** Steps whose reply does not depend on the host, so that its bytes can be the same. */
export const SCRIPT: readonly Answer[] = [
  { why: 'registers, to be asked again by the transport', bytes: failure('503 Service Unavailable') },
  { why: 'registers', bytes: REGISTERED },
  ...asked('a step that no agent knows', { type: 'execute', args: ['ls'] }),
  { why: 'polls: nothing to do', bytes: answer('200 OK', steps([])) },
  ...asked('too many arguments', { type: 'inventory', args: ['a', 'b'] }),
  ...STEP_TYPES.flatMap((type) =>
    asked(`a wrong number of arguments for ${type}`, { type, args: type === 'stop-installation' ? ['x'] : [] }),
  ),
  ...asked('text that JSON escapes', { type: 'a<b>&\u2028"\\\té' }),
  { why: 'polls, to be asked again by the transport', bytes: failure('504 Gateway Timeout') },
  { why: 'polls: a long reply', bytes: answer('200 OK', steps([{ type: `long-${LONG}` }], 'continue', RETRY_PACE)) },
  { why: 'replies, to be asked again by the transport', bytes: failure('503 Service Unavailable') },
  { why: 'replies at length', bytes: TAKEN },
  { why: 'polls in vain', bytes: failure('500 Internal Server Error') },
  {
    why: 'polls: the connection is closed after the answer',
    bytes: answer('200 OK', steps([{ type: 'execute' }]), ['Connection: close']),
    closes: true,
  },
  { why: 'replies on another connection', bytes: TAKEN },
  {
    why: 'polls: the answer comes in chunks',
    bytes: `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(steps([{ type: 'execute' }]))}`,
  },
  { why: 'replies on the same connection', bytes: TAKEN },
  { why: 'polls: the runner ends', bytes: answer('200 OK', steps([], 'exit')) },
  { why: 'registers anew', bytes: REGISTERED },
  { why: 'polls: nothing to do for an hour', bytes: answer('200 OK', steps([], 'continue', 3600)) },
];

function chunked(body: object): string {
  const text = JSON.stringify(body);
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}

export class SessionService {
  readonly #server: net.Server | tls.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #requests: { socket: net.Socket; text: string }[] = [];
  readonly #closedByAgent = new Set<net.Socket>();
  url = '';

  /** @param pem of the server; without it HTTP is plain */
  constructor(pem?: { key: string; cert: string }) {
    const accept = (socket: net.Socket) => this.#accept(socket);
    this.#server = pem ? tls.createServer({ ...pem, ALPNProtocols: ['http/1.1'] }, accept) : net.createServer(accept);
    const scheme = pem ? 'https' : 'http';
    this.#server.once('listening', () => {
      this.url = `${scheme}://127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
    });
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  /** All lines of the script were answered. */
  get over(): boolean {
    return this.#requests.length >= SCRIPT.length;
  }

  /** What was said so far, without what differs by machine and moment. */
  get requests(): SessionRequest[] {
    const connections = this.#inOrder();
    const requestIds: string[] = [];
    return this.#requests.map(({ socket, text }) => ({
      connection: connections.indexOf(socket),
      bytes: this.#linesOf(text, requestIds),
    }));
  }

  /** Ordinals of the connections that the agent closed by itself. */
  get closedByAgent(): number[] {
    return this.#inOrder().flatMap((socket, at) => (this.#closedByAgent.has(socket) ? [at] : []));
  }

  #inOrder(): net.Socket[] {
    return [...new Set(this.#requests.map(({ socket }) => socket))];
  }

  #accept(socket: net.Socket): void {
    this.#sockets.add(socket);
    let waiting = '';
    let ended = false;
    socket.on('data', (data) => {
      waiting += data.toString('latin1');
      for (let length = requestLength(waiting); length > 0; length = requestLength(waiting)) {
        const { bytes, closes = false } = SCRIPT[this.#requests.length] ?? { bytes: failure('500 Over') };
        this.#requests.push({ socket, text: waiting.slice(0, length) });
        waiting = waiting.slice(length);
        socket.write(bytes);
        ended = closes;
        if (closes) socket.end();
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (!ended) this.#closedByAgent.add(socket);
    });
  }

  /** @param requestIds those that were met already */
  #linesOf(text: string, requestIds: string[]): string[] {
    const end = text.indexOf(LINE + LINE) + 4;
    const head = text
      .slice(0, end)
      .replaceAll(new URL(this.url).host, '<service>')
      .replace(/\?timestamp=\d+ /, '?timestamp=<seconds> ')
      .replace(/(?<=\r\nX-Request-Id: )(.*)(?=\r\n)/, (id) => {
        if (!requestIds.includes(id)) requestIds.push(id);
        return UUID.test(id) ? `<id ${requestIds.indexOf(id)}>` : id;
      });
    const body = Buffer.from(text.slice(end), 'latin1')
      .toString()
      .replaceAll(LONG, '<long>')
      .replace(new RegExp(`"host_id":"${UUID.source}"`), '"host_id":"<machine>"');
    return [...head.split(/(?<=\r\n)/), ...(body === '' ? [] : [body])];
  }
}

/** Of the first request; 0 while it is not whole. */
function requestLength(text: string): number {
  const end = text.indexOf(LINE + LINE);
  if (end < 0) return 0;
  const length = end + 4 + Number(/^content-length: (\d+)\r$/im.exec(text.slice(0, end + 1))?.[1] ?? 0);
  return text.length < length ? 0 : length;
}
