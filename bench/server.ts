/**
 * A service that does as little as one can, as a process of its own: registers every host with a runner, has nothing for it to do, and answers
 * each poll with the same few bytes, in the clear and over TLS.
 */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { nextMessage, startModule } from './started.ts';

/** Longer than anybody measures: agents stay where they are after their first poll. */
const POLL_SECONDS = 360_000;
const BACKLOG = 8192;
const INFRA_ENV = '5f0e0000-0000-4000-8000-000000000001';
/** The first byte of POST. */
const P = 0x50;

export interface Listening {
  /** Ports of 127.0.0.1. */
  http: number;
  https: number;
  /** Of an answer to a poll, head included. */
  answerBytes: number;
}

export interface BareServer extends Listening {
  /** Requests that were answered so far. */
  requests(): Promise<number>;
  child: ChildProcess;
}

/** Starts it; ended with the part at the latest. */
export async function startServer(): Promise<BareServer> {
  const child = startModule(import.meta.filename, ['serve']);
  const listening = await nextMessage<Listening>(child);
  const requests = () => {
    const answer = nextMessage<number>(child);
    child.send('requests');
    return answer;
  };
  return { ...listening, child, requests };
}

function answer(status: string, body: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function registration(request: Buffer): string {
  const id = /"host_id":"([^"]+)"/.exec(request.toString('latin1'))?.[1] ?? '';
  const command = JSON.stringify({ agent_version: 'quay.io/x/agent:v1', host_id: id, infra_env_id: INFRA_ENV });
  return answer('201 Created', JSON.stringify({ id, next_step_runner_command: { args: [command], retry_seconds: 0 } }));
}

function serve(): void {
  let requests = 0;
  const poll = answer(
    '200 OK',
    `{"instructions":null,"next_instruction_seconds":${POLL_SECONDS},"post_step_action":"continue"}\n`,
  );
  const onSocket = (socket: net.Socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      // The rest of a request that came in parts is no request of its own.
      if (!chunk.includes('\r\n\r\n')) return;
      requests++;
      socket.write(chunk[0] === P ? registration(chunk) : poll);
    });
  };
  const certificate = (name: string) =>
    readFileSync(new URL(`../swarm/transport/testing/server.${name}`, import.meta.url), 'utf8');
  const secure = tls.createServer({ key: certificate('key'), cert: certificate('pem') }, onSocket);
  const plain = net.createServer(onSocket);
  const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port;
  secure.on('tlsClientError', () => {});
  plain.listen(0, '127.0.0.1', BACKLOG, () =>
    secure.listen(0, '127.0.0.1', BACKLOG, () => {
      process.send!({ http: portOf(plain), https: portOf(secure), answerBytes: poll.length } satisfies Listening);
    }),
  );
  process.on('message', () => process.send!(requests));
  process.once('disconnect', () => process.exit());
}

if (process.argv[2] === 'serve') serve();
