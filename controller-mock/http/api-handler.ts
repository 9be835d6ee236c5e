import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Cluster } from '../registry/cluster.ts';
import { ANONYMOUS } from '../registry/tokens.ts';
import { ApiMetrics } from './api-metrics.ts';
import { type AnonymousPolicy, authenticate, refuseAnonymous } from './authentication.ts';
import { Documents } from './documents/documents.ts';
import type { Interceptor } from './interference.ts';
import type { DecodeProtobuf } from './request-body.ts';
import { parseRequestInfo } from './request-info.ts';
import { type RequestSurroundings, ResourceRequest } from './resource-request.ts';
import { Response } from './response.ts';
import { serve } from './verbs/serve.ts';
import { type WatchEnd, Watches } from './watches.ts';

export interface ApiHandlerOptions {
  anonymous: AnonymousPolicy;
  /** Wall-clock milliseconds between bookmarks. */
  bookmarkIntervalMs: number;
  /** Counts requests, and tells of them at `/metrics`. */
  metrics?: boolean;
  /** Reads the bodies of typed Go clients. */
  decodeProtobuf: DecodeProtobuf;
}

/**
 * The HTTP face of one cluster. Knows nothing of sockets: listeners hand it requests.
 *
 *   Listener → Routes → ApiHandler ─► authenticate → RequestInfo ─┬─► Documents: discovery, OpenAPI, health, …
 *                                                                └─► ResourceRequest → interceptor → verbs/serve → verbs/<verb>
 */
export class ApiHandler {
  readonly cluster: Cluster;
  readonly #anonymous: AnonymousPolicy;
  readonly #documents: Documents;
  readonly #watches: Watches;
  readonly #metrics: ApiMetrics | null;
  readonly #surroundings: RequestSurroundings;
  /** Asked about each request to a resource, as whatever stands before an API server may refuse or delay it. */
  interceptor: Interceptor | undefined;

  constructor(cluster: Cluster, options: ApiHandlerOptions) {
    this.cluster = cluster;
    this.#anonymous = options.anonymous;
    this.#metrics = options.metrics ? new ApiMetrics(cluster.store) : null;
    this.#documents = new Documents(cluster.registry, this.#metrics);
    this.#watches = new Watches(cluster, options.bookmarkIntervalMs);
    this.#surroundings = { cluster, watches: this.#watches, decodeProtobuf: options.decodeProtobuf };
  }

  /** Number of watches under way. */
  get watches(): number {
    return this.#watches.size;
  }

  /** Ends all watches. */
  close(): void {
    this.#watches.close();
  }

  /** Ends the watches of one collection, as when its kind is no longer served. @param key `<group>/<plural>` */
  endWatches(key: string): void {
    this.#watches.end('closed', key);
  }

  /** Ends the watches of one collection, or of all. @param key `<group>/<plural>` */
  dropWatches(end: WatchEnd, key?: string): void {
    this.#watches.end(end, key);
  }

  /**
   * Answers one request; never throws.
   * @param path without query and without the prefix the cluster is served under.
   * @param query without the question mark.
   */
  handle(request: IncomingMessage, raw: ServerResponse, path: string, query: string): void {
    const response = new Response(request, raw);
    try {
      const user = authenticate(request, this.cluster.tokens, this.#anonymous);
      const info = parseRequestInfo(path);
      if (user === ANONYMOUS && this.#anonymous === 'public-only') refuseAnonymous(info);
      if (info.kind === 'resource') {
        const resourceRequest = new ResourceRequest(this.#surroundings, request, response, info, query, user);
        this.#metrics?.follow(resourceRequest.verb, info, raw);
        this.#intercept(resourceRequest);
      } else {
        this.#documents.serve(request, response, info);
      }
    } catch (error) {
      // A body nobody has read would otherwise be taken for the next request.
      request.resume();
      response.fail(error);
    }
  }

  /** Serves, unless something comes before. @throws ApiStatusError */
  #intercept(request: ResourceRequest): void {
    const { verb } = request;
    const { group, resource, subresource, namespace, name } = request.info;
    const interference = verb && this.interceptor?.({ verb, group, resource, subresource, namespace, name });
    if (!interference) {
      serve(request);
      return;
    }
    const { refuse, cut, delayMs = 0 } = interference;
    const proceed = () => {
      if (refuse) throw refuse;
      if (cut) request.cut();
      else serve(request);
    };
    if (delayMs <= 0) {
      proceed();
      return;
    }
    request.clock.setTimer(delayMs, () => {
      try {
        proceed();
      } catch (error) {
        request.dropBody();
        request.response.fail(error);
      }
    });
  }
}
