/**
 * A program's client of the service: builds requests with the headers and bodies of a go-openapi client, retries below
 * the caller as its transport does, and records each attempt in the telemetry. Agent facts 2.1, 6.4; installer facts 0.
 */
import type { Runtime } from '../pool/runtime.ts';
import { wallNow } from '../protocol/clock.ts';
import { type ClientKind, ENDPOINTS, type EndpointName, endpointNumber } from '../protocol/endpoints.ts';
import type { RequestRecord } from '../telemetry/telemetry.ts';
import { goHeaders, isTypedError, jsonBody, multipartBody, operationPath } from './go-openapi.ts';
import { RETRY_POLICIES, type RetryPolicy, retriesFor, retryDelayMs, type ServiceClientKind } from './retry.ts';
import { type Session, TransportError, type WireRequest, type WireResponse } from './transport.ts';

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
  /** Parsed or raw text of the error body, shortened. */
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
  /** Like call, parsed. @throws ServiceError also when the answer is no JSON. */
  json<T>(call: ServiceCall): Promise<T>;
  /** The program ended: connections linger and go. */
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
};
const DETAIL_LENGTH = 500;

class GoServiceClient implements ServiceClient {
  readonly #options: ServiceClientOptions;
  readonly #policy: RetryPolicy;
  readonly #client: ClientKind;
  readonly #session: Session;
  readonly #random: () => number;

  constructor(options: ServiceClientOptions) {
    this.#options = options;
    this.#policy = RETRY_POLICIES[options.kind];
    this.#client = MEASURED_AS[options.kind];
    this.#random = options.random ?? Math.random;
    this.#session = options.runtime.transport.openSession({
      baseUrl: options.baseUrl,
      client: this.#client,
      machine: options.machine,
    });
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
      throw new ServiceError(`the answer to ${call.endpoint} is no JSON`, status, false, shorten(text), { cause });
    }
  }

  release(): void {
    this.#session.release();
  }

  async #submit(call: ServiceCall): Promise<WireResponse> {
    const { clock } = this.#options.runtime;
    const request = this.#request(call);
    let dueMs = call.dueMs ?? clock.now();
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(call.endpoint, request, dueMs);
      call.signal?.throwIfAborted();
      const failed = outcome instanceof TransportError;
      if (attempt >= retriesFor(this.#policy, request.method, failed ? outcome : outcome.status)) {
        if (failed) {
          throw new ServiceError(`${call.endpoint}: ${outcome.message}`, 0, false, outcome.kind, { cause: outcome });
        }
        return accept(call, outcome);
      }
      const delay = retryDelayMs(attempt, this.#random);
      dueMs = clock.now() + delay;
      await clock.sleep(delay, call.signal);
    }
  }

  /** One HTTP exchange, recorded. */
  async #attempt(endpoint: EndpointName, request: WireRequest, dueMs: number): Promise<WireResponse | TransportError> {
    const { runtime } = this.#options;
    const { telemetry } = runtime;
    const dueAt = runtime.wallOf(dueMs);
    const startedAt = wallNow();
    try {
      const response = await this.#session.request(request);
      telemetry.request(recordOf(this.#client, endpoint, dueAt, response));
      return response;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      telemetry.request(failureOf(this.#client, endpoint, dueAt, startedAt, error));
      return error;
    }
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
  const text = response.body.toString();
  const detail = shorten(text);
  throw new ServiceError(
    `${call.endpoint} answered ${response.status}, not ${call.expect}${detail ? `: ${detail}` : ''}`,
    response.status,
    isTypedError(response.contentType, response.body),
    detail,
  );
}

function shorten(text: string): string {
  return text.length > DETAIL_LENGTH ? `${text.slice(0, DETAIL_LENGTH)}…` : text;
}

/** Telemetry's record of an answered request. */
export function recordOf(
  client: ClientKind,
  endpoint: EndpointName,
  dueAt: number,
  response: WireResponse,
): RequestRecord {
  const { status, sentAt, firstByteAt, endAt, bytesSent, bytesReceived } = response;
  return { client, endpoint, outcome: status, dueAt, sentAt, firstByteAt, endAt, bytesSent, bytesReceived };
}

/** Telemetry's record of a request without an answer, tried since `startedAt` (wall-clock milliseconds). */
export function failureOf(
  client: ClientKind,
  endpoint: EndpointName,
  dueAt: number,
  startedAt: number,
  error: TransportError,
): RequestRecord {
  return {
    client,
    endpoint,
    outcome: error.kind,
    dueAt,
    sentAt: startedAt,
    firstByteAt: 0,
    endAt: wallNow(),
    bytesSent: 0,
    bytesReceived: 0,
  };
}
