/** An operation as data: route, who may call it, parameters, body, answer, and the method behind it. Upstream: assisted-service, swagger.yaml. */

import type { Claim } from '../../auth/local-tokens.ts';
import type { AssistedServiceApi, Json, JsonObject, Rows } from '../../service-api.ts';
import type { Schema } from '../../validations/schema.ts';
import type { Scheme } from '../authentication.ts';
import type { Parameter, ParameterValue } from '../parameters.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What an operation is called with, everything already checked. */
export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, ParameterValue | undefined>>;
  /** The decoded body; an empty object for operations without one. */
  readonly body: JsonObject;
  /** The decoded body of operations that take a JSON string. */
  readonly text: string;
  /** Header `discovery_agent_version`, empty when absent. */
  readonly agentVersion: string;
  /** Bytes of the uploaded file. */
  readonly uploaded: number;
  /** What the caller's token limits it to; null without a limit. */
  readonly claim: Claim | null;
}

/** A download. */
export interface FileAnswer {
  readonly name: string;
  readonly content: Buffer;
  /** RFC 3339 time for `Last-Modified`. */
  readonly modified?: string;
}

/** A list with headers of its own. */
export interface CountedList {
  readonly headers: Readonly<Record<string, string>>;
  readonly rows: Rows;
}

interface Shared {
  /** Operation ID of the service's published API. */
  readonly id: string;
  readonly method: Method;
  /** Path below the API base, with `{parameter}` for variable parts. */
  readonly template: string;
  /** Who may call, in the order of the published API. */
  readonly security: readonly Scheme[];
  readonly query?: Readonly<Record<string, Parameter>>;
  /** Name and schema of the JSON body; required unless said otherwise. */
  readonly body?: { readonly name: string; readonly schema: Schema; readonly optional?: boolean };
  /** Takes a file as multipart/form-data. */
  readonly upload?: boolean;
  readonly status: 200 | 201 | 202 | 204;
  /** Answers, business errors included, are typed as bytes; downloads always are. */
  readonly octets?: boolean;
}

export type Operation = Shared &
  (
    | { readonly answer: 'json'; run(api: AssistedServiceApi, call: Call): Json }
    | { readonly answer: 'list'; run(api: AssistedServiceApi, call: Call): Rows }
    | { readonly answer: 'counted-list'; run(api: AssistedServiceApi, call: Call): CountedList }
    | { readonly answer: 'empty'; run(api: AssistedServiceApi, call: Call): void }
    | { readonly answer: 'bytes'; run(api: AssistedServiceApi, call: Call): Buffer | null }
    | { readonly answer: 'file'; run(api: AssistedServiceApi, call: Call): FileAnswer }
  );
