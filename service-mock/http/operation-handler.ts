/**
 * One operation as HTTP sees it. Anything that fails on the way ends in one of the three error bodies of `answer.ts`.
 *
 *   admit: who may call, content type, Accept → receive: body → bind: parameters → statement of the database: the operation → answer
 *   (an operation without a body goes this way without a promise)
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { API_BASE } from '../../model/protocol/endpoints.ts';
import type { Claim } from '../auth/local-tokens.ts';
import { Database } from '../core/database.ts';
import { type AssistedServiceApi, Hangup, OperationError } from '../service-api.ts';
import {
  type Answer,
  businessError,
  frameworkError,
  jsonAnswer,
  listAnswer,
  OCTETS_TYPE,
  send,
  sendPieces,
  sizeOf,
} from './answer.ts';
import { type Authentication, type Guarded, openToAll } from './authentication.ts';
import { compileBinder, type Incoming } from './binder.ts';
import type { RouteMetrics } from './metrics.ts';
import type { Call, Operation } from './operations/operation.ts';
import type { HttpOptions } from './options.ts';
import { ParameterError } from './parameters.ts';
import { Refusal } from './refusal.ts';
import { accepts, checkContentType, noInput, receive } from './request-input.ts';

/** A request under way. */
interface Exchange {
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** By performance.now(). */
  readonly started: number;
}

export class OperationHandler {
  readonly #operation: Operation;
  readonly #options: HttpOptions;
  readonly #metrics: RouteMetrics;
  readonly #octets: boolean;
  readonly #offered: string;
  readonly #bind: ReturnType<typeof compileBinder>;
  readonly #takesInput: boolean;
  readonly #guarded: Guarded;
  readonly #authentication: Authentication;
  readonly #database: Database;
  readonly #registered: HttpOptions['hostRegistered'];

  constructor(operation: Operation, options: HttpOptions) {
    this.#operation = operation;
    this.#options = options;
    this.#metrics = options.metrics.route(`${API_BASE}${operation.template}`, operation.method);
    this.#octets = operation.octets === true || operation.answer === 'file';
    this.#offered = this.#octets ? OCTETS_TYPE : 'application/json';
    this.#bind = compileBinder(operation);
    this.#takesInput = operation.body !== undefined || operation.upload === true;
    this.#guarded = { security: operation.security, octets: this.#octets };
    this.#authentication = options.authentication ?? openToAll;
    this.#database = options.database?.of ?? new Database();
    this.#registered = operation.id === 'v2RegisterHost' ? options.hostRegistered : undefined;
  }

  serve(incoming: Incoming, response: ServerResponse): void {
    const exchange: Exchange = { raw: incoming.raw, response, started: performance.now() };
    this.#metrics.begin();
    let claim: Claim | null;
    try {
      claim = this.#admit(incoming);
      if (!this.#takesInput) {
        const answer = this.#answered(this.#bind(incoming, noInput, claim));
        if (answer instanceof Promise) this.#finishLater(exchange, answer);
        else this.#finish(exchange, answer);
        return;
      }
    } catch (error) {
      this.#fail(exchange, error);
      return;
    }
    this.#finishLater(exchange, this.#answeredWithInput(incoming, claim));
  }

  /** Everything up to the body. */
  #admit({ raw, query, params }: Incoming): Claim | null {
    const claim = this.#authentication.admit(this.#guarded, { headers: raw.headers, query, params });
    checkContentType(this.#operation, raw);
    if (!accepts(raw.headers.accept, this.#offered)) {
      throw new Refusal(frameworkError(400, `unsupported media type requested, only [${this.#offered}] are available`));
    }
    return claim;
  }

  async #answeredWithInput(incoming: Incoming, claim: Claim | null): Promise<Answer> {
    const input = await receive(this.#operation, incoming.raw, this.#options.rejectUnknownFields);
    const call = this.#bind(incoming, input, claim);
    const answer = await this.#answered(call);
    await this.#registered?.(call.params.infra_env_id!, String(call.body.host_id));
    return answer;
  }

  #answered(call: Call): Answer | Promise<Answer> {
    return this.#database.statement(this.#operation.id, () => answerOf(this.#operation, this.#options.api(), call));
  }

  #finishLater(exchange: Exchange, answer: Promise<Answer>): void {
    answer
      .then(
        (late) => this.#finish(exchange, late),
        (error) => this.#fail(exchange, error),
      )
      .catch(this.#options.onBug);
  }

  #finish({ raw, response, started }: Exchange, answer: Answer): void {
    const ended = (bytes: number) => this.#metrics.end(answer.status, (performance.now() - started) / 1000, bytes);
    const { pieces } = answer;
    if (pieces === undefined) {
      ended(sizeOf(answer));
      send(raw, response, answer);
      return;
    }
    sendPieces(raw, response, { ...answer, pieces }).then(ended, (error) => {
      ended(0);
      this.#options.onBug(error);
    });
  }

  #fail(exchange: Exchange, error: unknown): void {
    if (error instanceof Hangup) {
      this.#metrics.end(500, (performance.now() - exchange.started) / 1000, 0);
      exchange.raw.socket.destroy();
    } else {
      this.#finish(exchange, this.#errorAnswer(error));
    }
  }

  #errorAnswer(error: unknown): Answer {
    if (error instanceof OperationError) return businessError(error.status, error.message, this.#octets);
    if (error instanceof ParameterError) return frameworkError(400, error.message);
    if (error instanceof Refusal) return error.answer;
    this.#options.onBug(error);
    // What a fault of ours says is for its log: nothing of it is the service's.
    return businessError(500, 'Internal Server Error', this.#octets);
  }
}

function answerOf(operation: Operation, api: AssistedServiceApi, call: Call): Answer {
  switch (operation.answer) {
    case 'json':
      return jsonAnswer(operation.status, operation.run(api, call));
    case 'list':
      return listAnswer(operation.status, operation.run(api, call));
    case 'counted-list': {
      const { headers, rows } = operation.run(api, call);
      return listAnswer(operation.status, rows, headers);
    }
    case 'empty':
      operation.run(api, call);
      return { status: operation.status };
    case 'bytes': {
      const body = operation.run(api, call);
      return body === null ? { status: 204 } : { status: operation.status, contentType: OCTETS_TYPE, body };
    }
    case 'file': {
      const { name, content, modified } = operation.run(api, call);
      return {
        status: operation.status,
        contentType: OCTETS_TYPE,
        headers: {
          'Content-Disposition': `attachment; filename="${headerBytes(name)}"`,
          ...(modified !== undefined && { 'Last-Modified': new Date(modified).toUTCString() }),
        },
        body: content,
        sized: true,
      };
    }
  }
}

/** A name as it goes into a header: UTF-8 bytes, quotes escaped, control characters blanked. */
const headerBytes = (name: string) =>
  Buffer.from(name.replace(/["\\]/g, '\\$&').replace(/\p{Cc}/gu, ' ')).toString('latin1');
