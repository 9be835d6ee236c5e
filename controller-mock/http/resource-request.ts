import type { IncomingMessage } from 'node:http';
import type { RequestContext, UserInfo } from '../api/cluster-access.ts';
import type { KubeObject } from '../api/object.ts';
import type { EncodedType } from '../api/resource-type.ts';
import { badRequest } from '../api/status.ts';
import type { Cluster } from '../registry/cluster.ts';
import type { WriteOptions } from '../registry/write-options.ts';
import { negotiate, type Representation } from './negotiation.ts';
import { type IncludeObject, ObjectEncoder } from './representation.ts';
import { type DecodeProtobuf, readBody } from './request-body.ts';
import type { ResourceInfo } from './request-info.ts';
import type { Response } from './response.ts';
import { type Verb, verbOf } from './verb.ts';
import type { Watches } from './watches.ts';
import { fieldManagerOf, fieldValidationOf, isDryRun } from './write-parameters.ts';

/** What all requests to one cluster share. */
export interface RequestSurroundings {
  readonly cluster: Cluster;
  readonly watches: Watches;
  readonly decodeProtobuf: DecodeProtobuf;
}

/** One request to a resource: what the verbs read from, and write to. */
export class ResourceRequest implements RequestContext {
  readonly cluster: Cluster;
  readonly watches: Watches;
  readonly decodeProtobuf: DecodeProtobuf;
  readonly info: ResourceInfo;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  readonly response: Response;
  readonly #raw: IncomingMessage;
  #dryRun = false;
  #abort: AbortController | undefined;

  /** @param query without the question mark. */
  constructor(
    surroundings: RequestSurroundings,
    raw: IncomingMessage,
    response: Response,
    info: ResourceInfo,
    query: string,
    user: UserInfo,
  ) {
    this.cluster = surroundings.cluster;
    this.watches = surroundings.watches;
    this.decodeProtobuf = surroundings.decodeProtobuf;
    this.#raw = raw;
    this.response = response;
    this.info = info;
    this.query = new URLSearchParams(query);
    this.user = user;
  }

  get method(): string {
    return this.#raw.method ?? '';
  }

  /** Undefined for what no verb stands for. */
  get verb(): Verb | undefined {
    return verbOf(this.method, this.info.name === '', this.query);
  }

  // RequestContext

  get clock() {
    return this.cluster.clock;
  }

  get dryRun(): boolean {
    return this.#dryRun;
  }

  warn(text: string): void {
    this.response.warn(text);
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = new AbortController();
      this.response.raw.once('close', () => abort.abort());
      this.#abort = abort;
    }
    return this.#abort.signal;
  }

  // The request

  get contentType(): string | undefined {
    return this.#raw.headers['content-type'];
  }

  /** Lets a body go unread; one that nobody reads would be taken for the next request. */
  dropBody(): void {
    this.#raw.resume();
  }

  /** Reads the body, then goes on; failures become responses. */
  withBody(next: (body: Buffer) => void | Promise<void>): void {
    readBody(this.#raw)
      .then(next)
      .catch((error: unknown) => this.response.fail(error));
  }

  /** Breaks the connection in place of a response. */
  cut(): void {
    this.#raw.socket.destroy();
  }

  /** Takes note of whether the write is only tried. @param sent of the body, where it can say so. @throws ApiStatusError 422 */
  readDryRun(sent?: unknown): void {
    if (isDryRun(this.query, sent)) this.#dryRun = true;
  }

  /** How a write is to be done. @throws ApiStatusError 422 */
  writeOptions(): WriteOptions {
    this.readDryRun();
    return {
      manager: fieldManagerOf(this.query, this.#raw.headers['user-agent']),
      fieldValidation: fieldValidationOf(this.query),
      trusted: false,
      context: this,
    };
  }

  // The response

  /** What the client accepts. @throws ApiStatusError 406 */
  representation(): Representation {
    return negotiate(this.#raw.headers.accept);
  }

  /** @throws ApiStatusError 400 */
  encoder(type: EncodedType, representation: Representation): ObjectEncoder {
    const include = this.query.get('includeObject') || 'Metadata';
    if (include !== 'None' && include !== 'Metadata' && include !== 'Object') {
      throw badRequest(
        `unrecognized includeObject ${JSON.stringify(include.slice(0, 100))}: it must be None, Metadata or Object`,
      );
    }
    return new ObjectEncoder(type, representation, include satisfies IncludeObject, () => this.clock.now());
  }

  /** Answers with one object as the client wants it. @throws ApiStatusError 400, 406 */
  sendObject(code: number, type: EncodedType, object: KubeObject): void {
    const representation = this.representation();
    const shape = this.encoder(type, representation).shape(object);
    this.represent(code, JSON.stringify(shape), representation);
  }

  /** @param body JSON */
  represent(code: number, body: Buffer | string, representation: Representation): void {
    const pretty = this.query.get('pretty');
    this.response.represent(code, body, representation, pretty === 'true' || pretty === '1');
  }
}
