/**
 * Stands before the embedded service while programs are being checked: passes on what they send, remembers it, and hands one host
 * further steps, so that the programs show all that they can.
 *
 *   host ──► tap ──► service
 *             │ instructions: polled more often; those of the scripted host get one step more; no `install` without an installer
 *             │ replies to such steps, logs of the scripted host: answered here
 *             └ what such steps download
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { API_BASE } from '../../../model/protocol/endpoints.ts';

/** A reply to an instruction, as the agent sent it. */
export interface StepReply {
  host: string;
  step_type: string;
  step_id: string;
  exit_code: number;
  output: string;
  error: string;
  /** What the service said of it. */
  status: number;
}

/** An answer that refuses. */
export interface Refusal {
  method: string;
  /** Without its query, and with `{id}` for ids. */
  path: string;
  status: number;
  /** What the service gives as its reason; '' for none. */
  reason: string;
  times: number;
}

export interface Step {
  step_type: string;
  step_id: string;
  args: string[];
}

export interface TapOptions {
  /** Base URL of the service. */
  target: string;
  /** The next step of the scripted host; null for none. @param self base URL under which it knows the service */
  nextStep: (infraEnv: string, self: string) => Step | null;
  /** Seconds between two polls at most. */
  pollSeconds: number;
  /** Step types that no host is to run. */
  withheld: ReadonlySet<string>;
  /** Whether a step was one of {@link TapOptions.nextStep}. */
  isOwn: (stepId: string) => boolean;
  /** The host that gets them. */
  scripted: string;
  onReply: (reply: StepReply) => void;
  /** A host has told of a stage. */
  onStage: (host: string, stage: string, status: number) => void;
  onRegistered: (host: string) => void;
  /** A request could not be passed on. */
  onFailure: (message: string) => void;
  /** Answers to paths of ours, which hosts find below the service's address; undefined for any other. */
  files: (path: string) => string | undefined;
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const HOST_PATH = new RegExp(`^${API_BASE}/v2/infra-envs/([^/]+)/hosts(?:/([^/]+)/(instructions|progress))?$`);
const LOGS_PATH = new RegExp(`^${API_BASE}/v2/(?:clusters/[^/]+/logs|infra-envs/[^/]+/hosts/([^/]+)/logs-progress)$`);

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export class ServiceTap {
  readonly url: string;
  readonly refusals: Refusal[] = [];
  readonly #options: TapOptions;
  readonly #server: Server;

  private constructor(options: TapOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
      this.#answer(incoming).then(
        ({ status, headers, body }) => response.writeHead(status, headers).end(body),
        (error: Error) => {
          options.onFailure(`${incoming.method} ${incoming.url} was not answered: ${error.message}`);
          response.destroy();
        },
      );
    });
  }

  static async start(options: TapOptions): Promise<ServiceTap> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new ServiceTap(options, server);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(incoming: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { method = 'GET', url = '/' } = incoming;
    const { pathname, searchParams } = new URL(url, 'http://tap');
    const file = this.#options.files(pathname);
    if (file !== undefined) return { status: 200, headers: {}, body: Buffer.from(file) };
    const [, infraEnv, host, what] = HOST_PATH.exec(pathname) ?? [];
    const reply = what === 'instructions' && method === 'POST' ? replyOf(host!, body) : null;
    const logs = LOGS_PATH.exec(pathname);
    const scriptedLogs = logs && (logs[1] ?? searchParams.get('host_id')) === this.#options.scripted;
    const own = scriptedLogs || (reply !== null && this.#options.isOwn(reply.step_id));
    const answer = own ? { status: 204, headers: {}, body: Buffer.alloc(0) } : await this.#forward(incoming, body);
    this.#note(method, pathname, answer);
    const { status } = answer;
    if (reply) this.#options.onReply({ ...reply, status });
    if (what === 'progress') this.#options.onStage(host!, fieldOf(body, 'current_stage'), status);
    if (method === 'POST' && infraEnv !== undefined && what === undefined && status < 300)
      this.#options.onRegistered(fieldOf(body, 'host_id'));
    if (what === 'instructions' && method === 'GET' && status === 200)
      return { ...answer, ...this.#instructions(infraEnv!, host!, incoming.headers.host ?? '', answer.body) };
    return answer;
  }

  #instructions(infraEnv: string, host: string, self: string, body: Buffer): Pick<Answer, 'headers' | 'body'> {
    const { nextStep, withheld, scripted, pollSeconds } = this.#options;
    const steps = JSON.parse(body.toString('utf8')) as { instructions?: Step[]; next_instruction_seconds?: number };
    const instructions = (steps.instructions ?? []).filter(({ step_type }) => !withheld.has(step_type));
    const further = host === scripted ? nextStep(infraEnv, `http://${self}`) : null;
    if (further) instructions.push(further);
    const seconds = Math.min(steps.next_instruction_seconds || pollSeconds, pollSeconds);
    const text = Buffer.from(JSON.stringify({ ...steps, instructions, next_instruction_seconds: seconds }));
    return { headers: { 'content-type': 'application/json', 'content-length': String(text.length) }, body: text };
  }

  #note(method: string, path: string, { status, body }: Answer): void {
    if (status < 400) return;
    const place = path.replace(API_BASE, '').replaceAll(UUID, '{id}');
    const text = body.toString('utf8').trim();
    const reason = (fieldOf(body, 'reason') || fieldOf(body, 'message') || text).replaceAll(UUID, '{id}').slice(0, 300);
    const known = this.refusals.find(
      (one) => one.method === method && one.path === place && one.status === status && one.reason === reason,
    );
    if (known) known.times++;
    else this.refusals.push({ method, path: place, status, reason, times: 1 });
  }

  #forward({ method, url, headers: given }: IncomingMessage, body: Buffer): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    // What comes back is read here.
    const { 'accept-encoding': _, ...headers } = given;
    const outgoing = request(new URL(url ?? '/', this.#options.target), { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const { 'transfer-encoding': __, ...rest } = response.headers;
        resolve({ status: response.statusCode ?? 502, headers: rest, body: Buffer.concat(chunks) });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
    return promise;
  }
}

function replyOf(host: string, body: Buffer): Omit<StepReply, 'status'> {
  const text = (name: string) => fieldOf(body, name);
  return {
    host,
    step_type: text('step_type'),
    step_id: text('step_id'),
    exit_code: Number(text('exit_code') || 0),
    output: text('output'),
    error: text('error'),
  };
}

/** Text of a field of a JSON object; '' for none. */
function fieldOf(body: Buffer, name: string): string {
  try {
    const value = (JSON.parse(body.toString('utf8')) as Record<string, unknown> | null)?.[name];
    return value === undefined || value === null ? '' : String(value);
  } catch {
    return '';
  }
}
