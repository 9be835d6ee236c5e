/**
 * A program's client of the service: builds requests with the headers and bodies of a go-openapi client, retries below
 * the caller as its transport does, and records each attempt in the telemetry (assisted-installer-agent
 * src/session/inventory_session.go; assisted-installer src/inventory_client/inventory_client.go).
 */

import { type ClientKind, ENDPOINTS, type EndpointName, endpointNumber } from '../../model/protocol/endpoints.ts';
import { Program } from '../transport/program.ts';
import { type Session, TransportError, type WireRequest, type WireResponse } from '../transport/transport.ts';
import { errorDetail, shorten } from './error-detail.ts';
import { goHeaders, isTypedError, jsonBody, multipartBody, operationPath } from './go-openapi.ts';
import { RETRY_POLICIES, type ServiceClientKind } from './retry.ts';
import { type RoundTripper, roundTrip } from './round-trip.ts';
import type { Runtime } from './runtime.ts';

export interface ServiceCall {
  endpoint: EndpointName;
  /** Values of the template's parameters. */
  params?: Readonly<Record<string, string>>;
  query?: readonly (readonly [string, string])[];
  /** Sent as compact JSON with a trailing newline. */
  json?: unknown;
  /** Sent as one-part multipart/form-data with chunked transfer encoding. */
  upload?: { field: string; filename: string; contentType: string; content: Buffer };
  /** Default `application/json`. */
  accept?: string;
  /** X-Request-Id; absent = header not sent. */
  requestId?: string;
  /** Simulated moment at which the imitated program sends this; default now. */
  dueMs?: number;
  /** Count the answer but do not keep it (downloads). */
  discardBody?: boolean;
  /** The success code the generated client demands. */
  expect: number;
  signal?: AbortSignal;
}

/**
 * Why a call failed. `typed` tells whether a generated Go client would recognise the status (JSON, HTML or empty error
 * body) or see only a decoding error (other content types).
 */
export class ServiceError extends Error {
  /** 0 when there was no HTTP answer. */
  readonly status: number;
  readonly typed: boolean;
  /** Reason in the error body, or its text; shortened in the middle. */
  readonly detail: string;

  constructor(message: string, status: number, typed: boolean, detail: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ServiceError';
    this.status = status;
    this.typed = typed;
    this.detail = detail;
  }
}

export interface ServiceClient {
  /** @throws ServiceError after the retries of the client's kind are used up; the signal's reason when aborted. */
  call(call: ServiceCall): Promise<Buffer>;
  /** Like call, parsed. @throws ServiceError also when the answer is not valid JSON. */
  json<T>(call: ServiceCall): Promise<T>;
  /** The program ended, and its connections with it. */
  release(): void;
}

export interface ServiceClientOptions {
  runtime: Pick<Runtime, 'clock' | 'transport' | 'telemetry' | 'wallOf'>;
  kind: ServiceClientKind;
  /** Scheme, host and port, with an optional path prefix. */
  baseUrl: string;
  /** X-Secret-Key, sent even when empty; null for programs without one (the simulated user). */
  token: string | null;
  /** Authorization header; '' for none. Only the simulated user has one. */
  authorization?: string;
  /** See SessionOptions.machine. */
  machine: number;
  /** Source of the retries' jitter; default Math.random. */
  random?: () => number;
}

/** One program's client; its connections are its own until it is released. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  return new GoServiceClient(options);
}

const MEASURED_AS: Readonly<Record<ServiceClientKind, ClientKind>> = {
  installer: 'installer',
  controller: 'controller',
  'agent-logs': 'agent',
  user: 'user',
  reader: 'reader',
};

class GoServiceClient implements ServiceClient {
  readonly #options: ServiceClientOptions;
  readonly #tripper: RoundTripper;
  readonly #session: Session;
  readonly #program = new Program();

  constructor(options: ServiceClientOptions) {
    this.#options = options;
    const { runtime, kind, baseUrl, machine } = options;
    const client = MEASURED_AS[kind];
    this.#tripper = { runtime, client, policy: RETRY_POLICIES[kind], random: options.random ?? Math.random };
    this.#session = runtime.transport.openSession({ baseUrl, client, machine, program: this.#program });
  }

  async call(call: ServiceCall): Promise<Buffer> {
    return (await this.#submit(call)).body;
  }

  async json<T>(call: ServiceCall): Promise<T> {
    const { body, status } = await this.#submit(call);
    const text = body.toString();
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      this.#options.runtime.telemetry.error('malformed-answer');
      throw new ServiceError(`the answer to ${call.endpoint} is not valid JSON`, status, false, shorten(text), {
        cause,
      });
    }
  }

  release(): void {
    this.#session.release();
    this.#program.end();
  }

  async #submit(call: ServiceCall): Promise<WireResponse> {
    const dueMs = call.dueMs ?? this.#tripper.runtime.clock.now();
    const outcome = await roundTrip(this.#tripper, this.#session, call.endpoint, this.#request(call), dueMs);
    call.signal?.throwIfAborted();
    if (outcome instanceof TransportError) {
      throw new ServiceError(`${call.endpoint}: ${outcome.message}`, 0, false, outcome.kind, { cause: outcome });
    }
    return accept(call, outcome);
  }

  #request(call: ServiceCall): WireRequest {
    const { token, authorization } = this.#options;
    const upload = call.upload ? multipartBody(call.upload) : null;
    const body = upload?.body ?? (call.json === undefined ? undefined : jsonBody(call.json));
    const contentType = upload?.contentType ?? (body === undefined ? undefined : 'application/json');
    return {
      method: ENDPOINTS[endpointNumber(call.endpoint)]!.method,
      path: operationPath(call.endpoint, call.params, call.query),
      headers: goHeaders({
        accept: call.accept,
        authorization,
        contentType,
        requestId: call.requestId,
        secretKey: token ?? undefined,
      }),
      ...(body === undefined ? {} : { body }),
      ...(upload ? { chunked: true } : {}),
      ...(call.discardBody ? { discardBody: true } : {}),
      ...(call.signal ? { signal: call.signal } : {}),
    };
  }
}

/** @throws ServiceError when the status is not the one that the generated client demands. */
function accept(call: ServiceCall, response: WireResponse): WireResponse {
  if (response.status === call.expect) return response;
  const detail = errorDetail(response.body);
  throw new ServiceError(
    `${call.endpoint} answered ${response.status}, not ${call.expect}${detail ? `: ${detail}` : ''}`,
    response.status,
    isTypedError(response.contentType, response.body),
    detail,
  );
}
