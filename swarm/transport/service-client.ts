/**
 * A program's client of the service: builds requests with the headers and bodies of a go-openapi client, retries below
 * the caller as its transport does, and records each attempt in the telemetry. Agent facts 2.1, 6.4; installer facts 0.
 */
import type { EndpointName } from '../protocol/endpoints.ts';

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
