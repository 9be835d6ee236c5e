/**
 * Faults that the simulated service shows on request: data in, misbehaviour out. Served under `/mock/faults` when the
 * service is started with `admin`:
 *
 * - `GET /mock/faults` lists the faults with the number of requests each has hit,
 * - `POST /mock/faults` adds one (body: {@link faultSchema}) and answers it with its `id`,
 * - `DELETE /mock/faults` removes all, `DELETE /mock/faults/{id}` one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { ENDPOINTS } from '../../model/protocol/endpoints.ts';
import { allowedWords } from '../../model/text/allowed-words.ts';
import type { Clock } from '../../model/time/clock.ts';
import { PlantedFaults } from '../core/planted-faults.ts';
import type { Operation } from './operations/operation.ts';

const expression = z.string().refine(
  (source) => {
    try {
      new RegExp(source);
      return true;
    } catch {
      return false;
    }
  },
  { error: 'must be a regular expression' },
);

/** What happens to a request that a fault hits. */
const actionSchema = z.discriminatedUnion('kind', [
  /** Answers this instead. */
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(200).max(599),
    body: z.string().default(''),
    contentType: z.string().default('application/json'),
  }),
  /** An HTML page, as proxies and load balancers send. */
  z.strictObject({ kind: z.literal('html'), status: z.int().min(200).max(599).default(502) }),
  /** 200 with a body that is no JSON. */
  z.strictObject({ kind: z.literal('garbage') }),
  /** 200 with a gzip body that stops in the middle. */
  z.strictObject({ kind: z.literal('truncated-gzip') }),
  /** The right answer, simulated milliseconds late. */
  z.strictObject({ kind: z.literal('delay'), milliseconds: z.number().nonnegative() }),
  /** Keeps the connection open and never answers. */
  z.strictObject({ kind: z.literal('no-answer') }),
  /** Resets the connection (RST). */
  z.strictObject({ kind: z.literal('reset') }),
  /** Closes the connection (FIN) without an answer. */
  z.strictObject({ kind: z.literal('close') }),
]);

export const faultSchema = z.strictObject({
  /** All that are given must fit; none means every request to the API. */
  match: z
    .strictObject({
      /** Name in `model/protocol/endpoints.ts`, or operation ID of the service's API. */
      endpoint: z.string().optional(),
      method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
      /** Regular expression on path and query. */
      path: expression.optional(),
    })
    .default({}),
  /** Share of the matching requests that is hit. */
  share: z.number().min(0).max(1).default(1),
  /** The fault ends after this many hits. */
  count: z.int().positive().optional(),
  action: actionSchema,
});

export type FaultInput = z.input<typeof faultSchema>;
export type FaultAction = z.output<typeof actionSchema>;

interface ArmedFault extends z.output<typeof faultSchema> {
  readonly id: number;
  readonly path: RegExp | null;
  hits: number;
}

/** What `GET /mock/faults` shows of a fault. */
export type FaultRecord = z.output<typeof faultSchema> & { id: number; hits: number };

const TOO_MANY: FaultAction = {
  kind: 'answer',
  status: 429,
  body: '{"code":"429","href":"","id":429,"kind":"Error","reason":"too many requests"}\n',
  contentType: 'application/json',
};
const HTML = '<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n';
const GARBAGE = '{"instructions":[{"step_type":\u0000\ufffd';

/** Names under which an operation can be matched. */
function namesOf(operation: Operation): string[] {
  const known = ENDPOINTS.find(
    ({ method, template }) => method === operation.method && template === operation.template,
  );
  return known === undefined ? [operation.id] : [operation.id, known.name];
}

export class Faults {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #names: ReadonlyMap<Operation, readonly string[]>;
  #armed: ArmedFault[] = [];
  #lastId = 0;

  readonly planted: PlantedFaults;

  /**
   * @param random source of numbers in [0, 1) that decides which share is hit
   * @param planted storms that are planted as such
   */
  constructor(
    operations: readonly Operation[],
    { clock, random }: { clock: Clock; random: () => number },
    planted = new PlantedFaults(),
  ) {
    this.#clock = clock;
    this.#random = random;
    this.planted = planted;
    this.#names = new Map(operations.map((operation) => [operation, namesOf(operation)]));
  }

  /**
   * Arms a fault.
   * @throws z.ZodError when `input` is no fault; RangeError when its endpoint does not exist
   */
  add(input: unknown): FaultRecord {
    const fault = faultSchema.parse(input, { error: (issue) => `allowed: ${allowedWords(issue)}` });
    const { endpoint, path } = fault.match;
    if (endpoint !== undefined && ![...this.#names.values()].some((names) => names.includes(endpoint))) {
      throw new RangeError(
        `match.endpoint: there is no operation '${endpoint}'. Known are: ${[...this.#names.values()].flat().join(', ')}`,
      );
    }
    const armed = { ...fault, id: ++this.#lastId, path: path === undefined ? null : new RegExp(path), hits: 0 };
    this.#armed.push(armed);
    return record(armed);
  }

  list(): FaultRecord[] {
    return this.#armed.map(record);
  }

  /** Removes one fault, or all of them. False when there is no such fault. */
  remove(id?: number): boolean {
    const before = this.#armed.length;
    this.#armed = id === undefined ? [] : this.#armed.filter((fault) => fault.id !== id);
    return id === undefined || this.#armed.length < before;
  }

  /** The action of the first fault that hits this request, or null. */
  hit(operation: Operation, url: string): FaultAction | null {
    for (const fault of this.#armed) {
      const { endpoint, method } = fault.match;
      if (fault.count !== undefined && fault.hits >= fault.count) continue;
      if (method !== undefined && method !== operation.method) continue;
      if (endpoint !== undefined && !this.#names.get(operation)!.includes(endpoint)) continue;
      if (fault.path !== null && !fault.path.test(url)) continue;
      if (fault.share < 1 && this.#random() >= fault.share) continue;
      fault.hits++;
      return fault.action;
    }
    return this.#storm();
  }

  #storm(): FaultAction | null {
    const isHit = (share: number | null) => share !== null && this.#random() < share;
    if (isHit(this.planted.amount('reset-storm'))) return { kind: 'reset' };
    return isHit(this.planted.amount('429-storm')) ? TOO_MANY : null;
  }

  /** Lets an action happen. `proceed` is called when the request is to be served after all. */
  play(action: FaultAction, request: IncomingMessage, response: ServerResponse, proceed: () => void): void {
    switch (action.kind) {
      case 'answer':
        respond(response, action.status, action.contentType, Buffer.from(action.body));
        return;
      case 'html':
        respond(response, action.status, 'text/html', Buffer.from(HTML));
        return;
      case 'garbage':
        respond(response, 200, 'application/json', Buffer.from(GARBAGE));
        return;
      case 'truncated-gzip': {
        const whole = gzipSync(JSON.stringify({ instructions: [], next_instruction_seconds: 60 }));
        response.setHeader('Content-Encoding', 'gzip');
        respond(response, 200, 'application/json', whole.subarray(0, Math.floor(whole.length / 2)));
        return;
      }
      case 'delay': {
        const timer = this.#clock.setTimer(action.milliseconds, proceed);
        response.on('close', () => timer.cancel());
        return;
      }
      case 'no-answer':
        // Reading on lets the client finish its request and wait.
        request.resume();
        return;
      case 'reset':
        request.socket.resetAndDestroy();
        return;
      case 'close':
        request.socket.destroy();
        return;
    }
  }
}

function record({ path: _, ...fault }: ArmedFault): FaultRecord {
  return structuredClone(fault);
}

function respond(response: ServerResponse, status: number, contentType: string, body: Buffer): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': body.length });
  response.end(body);
}
