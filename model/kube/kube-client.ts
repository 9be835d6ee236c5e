/**
 * A client of a Kubernetes API. @kubernetes/client-node reads kubeconfigs and authenticates; requests are our own, because
 * its clients (2.0) make a connection for each of them, know no abort, and serve sub-resources of any kind by none of them.
 *
 *    request → turn of the rate limit → connection of the pool → response → counted
 *       ↑                                                            │
 *       └──────────── Retry-After of 429 and 5xx, ten times ─────────┘       as client-go, rest/with_retry.go
 */
import type { KubeConfig } from '@kubernetes/client-node';
import { type Dispatcher, request } from 'undici';
import type { Clock } from '../time/clock.ts';
import { KubeConnections } from './kube-connections.ts';
import { KubeError, type KubeStatus } from './kube-error.ts';
import type { KubeObject } from './kube-object.ts';
import {
  describe,
  type KubeRequest,
  type KubeVerb,
  METHODS,
  pathOf,
  statusError,
  transportError,
} from './kube-request.ts';
import { linesOf, mappingOf, objectOf, textOf } from './kube-response.ts';
import { withoutSecrets } from './kube-secrets.ts';
import { RateLimit, type RateLimitOptions } from './rate-limit.ts';
import { apiVersionOf, type KubeResource } from './resources.ts';

/** One request as it ended. */
export interface KubeCall {
  verb: KubeVerb;
  /** Plural, with `/status` behind it for the sub-resource. */
  resource: string;
  /** HTTP status; 0 without a response. */
  status: number;
  /** Wall-clock milliseconds until the response was read; of a watch until it began. */
  milliseconds: number;
}

export interface KubeClientOptions {
  kubeconfig: KubeConfig;
  /** For the rate limit and for waits between tries. */
  clock: Clock;
  /** No limit when absent. Each kind has a limit of its own, as controller-runtime's clients: pkg/client/client_rest_resources.go. */
  limit?: RateLimitOptions;
  userAgent?: string;
  onCall?: (call: KubeCall) => void;
  /** Wall-clock milliseconds for one response; default 30,000. */
  timeoutMs?: number;
  /** Requests under way at once, watches not counted; default 64. */
  connections?: number;
  /** Further tries after a response that asks for them; default 10. None where the caller repeats requests within a time of its own. */
  retries?: number;
}

export type PatchKind = 'merge' | 'json' | 'strategic';

export interface WriteOptions {
  subresource?: 'status' | 'approval' | 'finalize';
  /** Who is named in managedFields. */
  fieldManager?: string;
  dryRun?: boolean;
}

export interface DeleteOptions {
  propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Only this very object. */
  uid?: string;
}

export interface Selection {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface KubeList {
  items: KubeObject[];
  resourceVersion: string;
}

/** One line of a watch. */
export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubeObject & KubeStatus;
}

const PATCH_TYPES: Readonly<Record<PatchKind | 'apply', string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};
/** What kubectl accepts: kubernetes/kubernetes, staging/src/k8s.io/kubectl/pkg/cmd/get/get.go, transformRequests. */
const TABLE = [
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
  'application/json',
].join(',');
const TIMEOUT_MS = 30_000;
const CONNECTIONS = 64;
/** Objects of one page of a list: client-go, tools/pager/pager.go. */
const PAGE = 500;
/** Further tries after a response that asks for them: client-go, rest/request.go, maxRetries. */
const RETRIES = 10;
/** Seconds of rest that are taken; of a server that asks for a longer one it is told at once. */
const REST_MOST = 60;

/** All methods throw {@link KubeError}, or the signal's reason when aborted. */
export class KubeClient {
  /** URL of the API server. */
  readonly server: string;
  readonly #options: KubeClientOptions;
  readonly #limits = new Map<KubeResource, RateLimit>();
  readonly #connections: KubeConnections;

  constructor(options: KubeClientOptions) {
    this.#options = options;
    this.server = options.kubeconfig.getCurrentCluster()!.server.replace(/\/+$/, '');
    this.#connections = new KubeConnections(options.kubeconfig, options.connections ?? CONNECTIONS);
  }

  get(resource: KubeResource, namespace: string | undefined, name: string, signal?: AbortSignal): Promise<KubeObject> {
    return this.#object({ verb: 'get', resource, namespace, name, signal });
  }

  /** All objects of a selection, page by page. */
  async list(resource: KubeResource, selection: Selection = {}, signal?: AbortSignal): Promise<KubeList> {
    const items: KubeObject[] = [];
    let resourceVersion = '';
    for await (const page of this.pages(resource, selection, signal)) {
      for (const item of page.items) items.push(item);
      resourceVersion = page.resourceVersion;
    }
    return { items, resourceVersion };
  }

  /** The pages of a list, for those who need not hold all of it. */
  async *pages(resource: KubeResource, selection: Selection = {}, signal?: AbortSignal): AsyncGenerator<KubeList> {
    const { namespace, labelSelector, fieldSelector } = selection;
    let next: string | undefined;
    do {
      const query = { labelSelector, fieldSelector, limit: String(PAGE), continue: next };
      const list = (await this.#json({ verb: 'list', resource, namespace, query, signal })) as unknown as {
        items?: KubeObject[] | null;
        metadata?: { resourceVersion?: string; continue?: string };
      };
      const items = list.items ?? [];
      // Items of a list do not say what they are.
      for (const item of items) {
        item.apiVersion ??= apiVersionOf(resource);
        item.kind ??= resource.kind;
      }
      yield { items, resourceVersion: list.metadata?.resourceVersion ?? '' };
      next = list.metadata?.continue || undefined;
    } while (next !== undefined);
  }

  /**
   * The pages of a list as the tables that `kubectl get` asks for: how many rows each has.
   * @param asked called for each page before it is asked for
   */
  async *tables(
    resource: KubeResource,
    { namespace, labelSelector, fieldSelector }: Selection = {},
    asked: () => void = () => {},
    signal?: AbortSignal,
  ): AsyncGenerator<number> {
    let next: string | undefined;
    do {
      asked();
      const query = { labelSelector, fieldSelector, limit: String(PAGE), continue: next };
      const table = (await this.#json({
        verb: 'list',
        resource,
        namespace,
        query,
        accept: TABLE,
        signal,
      })) as unknown as {
        rows?: unknown[] | null;
        metadata?: { continue?: string };
      };
      yield table.rows?.length ?? 0;
      next = table.metadata?.continue || undefined;
    } while (next !== undefined);
  }

  create(
    resource: KubeResource,
    object: KubeObject,
    options: WriteOptions = {},
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const { namespace } = object.metadata;
    return this.#object({ verb: 'create', resource, namespace, body: object, ...written(options), signal });
  }

  /** Replaces the object; a `resourceVersion` that is not the present one is a conflict. */
  update(
    resource: KubeResource,
    object: KubeObject,
    options: WriteOptions = {},
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const { namespace, name } = object.metadata;
    return this.#object({ verb: 'update', resource, namespace, name, body: object, ...written(options), signal });
  }

  patch(
    resource: KubeResource,
    namespace: string | undefined,
    name: string,
    patch: object,
    options: WriteOptions & { kind?: PatchKind } = {},
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const { kind = 'merge', ...rest } = options;
    return this.#object({
      verb: 'patch',
      resource,
      namespace,
      name,
      body: patch,
      contentType: PATCH_TYPES[kind],
      ...written(rest),
      signal,
    });
  }

  /** Server-side apply. `force` takes fields that others own; without it that is a conflict. */
  apply(
    resource: KubeResource,
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean },
    signal?: AbortSignal,
  ): Promise<KubeObject> {
    const { force, ...rest } = options;
    const { namespace, name } = object.metadata;
    const { query, ...others } = written(rest);
    return this.#object({
      verb: 'patch',
      resource,
      namespace,
      name,
      body: object,
      contentType: PATCH_TYPES.apply,
      query: { ...query, ...(force && { force: 'true' }), fieldValidation: 'Strict' },
      ...others,
      signal,
    });
  }

  /** Returns the object when it stays until its finalizers are done, null when it is gone at once. */
  async delete(
    resource: KubeResource,
    namespace: string | undefined,
    name: string,
    { propagation, uid }: DeleteOptions = {},
    signal?: AbortSignal,
  ): Promise<KubeObject | null> {
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      ...(propagation && { propagationPolicy: propagation }),
      ...(uid && { preconditions: { uid } }),
    };
    const answer = await this.#json({ verb: 'delete', resource, namespace, name, body, signal });
    // A Status, or an object: some kinds answer with what they have just deleted.
    return (answer as Partial<KubeObject>).metadata?.deletionTimestamp ? (answer as unknown as KubeObject) : null;
  }

  /** Changes from a version on, until the server ends the stream, the signal aborts or the connection breaks (KubeError). */
  async *watch(
    resource: KubeResource,
    selection: Selection & { resourceVersion: string; timeoutSeconds: number },
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds } = selection;
    const query = {
      labelSelector,
      fieldSelector,
      resourceVersion,
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(timeoutSeconds),
    };
    const outgoing: KubeRequest = { verb: 'watch', resource, namespace, query, signal };
    const response = await this.#send(outgoing);
    try {
      for await (const line of linesOf(response.body)) {
        yield mappingOf(line, describe(outgoing), this.server) as unknown as WatchEvent;
      }
    } catch (cause) {
      signal.throwIfAborted();
      throw cause instanceof KubeError ? cause : transportError(describe(outgoing), this.server, cause);
    }
  }

  /** Text of any path below the server, such as `/version`. */
  async text(path: string, signal?: AbortSignal): Promise<string> {
    const what = `GET ${path}`;
    for (let attempt = 0; ; attempt++) {
      const response = await this.#exchange({ method: 'GET', path, accept: '*/*', signal }, what);
      const text = await textOf(response, what, this.server, signal);
      if (response.statusCode < 300) return text;
      if (response.statusCode === 401 && attempt === 0 && this.#connections.renew()) continue;
      throw this.#refusal(what, response, text);
    }
  }

  /** What {@link text} gives, read as JSON. @throws KubeError also for what is no mapping */
  async json(path: string, signal?: AbortSignal): Promise<Record<string, unknown>> {
    return mappingOf(await this.text(path, signal), `GET ${path}`, this.server);
  }

  /** Whether the server serves the kind: false without its CustomResourceDefinition. */
  async serves({ group, version, plural }: KubeResource, signal?: AbortSignal): Promise<boolean> {
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    try {
      const list = (await this.json(path, signal)) as { resources?: { name: string }[] };
      return list.resources?.some(({ name }) => name === plural) ?? false;
    } catch (error) {
      if (error instanceof KubeError && error.notFound) return false;
      throw error;
    }
  }

  /** Ends all connections. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  async #object(outgoing: KubeRequest): Promise<KubeObject> {
    const value = await this.#json(outgoing);
    // Reviews are answered without metadata by some.
    if (outgoing.verb === 'create') return value as unknown as KubeObject;
    return objectOf(value, describe(outgoing), this.server);
  }

  async #json(outgoing: KubeRequest): Promise<Record<string, unknown>> {
    const response = await this.#send(outgoing);
    const what = describe(outgoing);
    return mappingOf(await textOf(response, what, this.server, outgoing.signal), what, this.server);
  }

  /** Sends until there is a response that is not to be repeated. @throws KubeError for any that is not 2xx. */
  async #send(outgoing: KubeRequest): Promise<Dispatcher.ResponseData> {
    const { retries = RETRIES } = this.#options;
    for (let attempt = 0; ; attempt++) {
      outgoing.signal?.throwIfAborted();
      await this.#limitOf(outgoing.resource)?.turn(outgoing.signal);
      const response = await this.#counted(outgoing);
      if (response.statusCode < 300) return response;
      const what = describe(outgoing);
      const text = await textOf(response, what, this.server, outgoing.signal);
      const error = this.#refusal(what, response, text, outgoing.body);
      // Once: what was got anew and is refused, too, will not do. As client-go: exec.go, roundTripper.
      if (error.status === 401 && attempt === 0 && this.#connections.renew()) continue;
      const { passing, retryAfterSeconds: rest } = error;
      if (!passing || rest === null || rest > REST_MOST || attempt >= retries) throw error;
      await this.#options.clock.sleep(rest * 1000 * this.#options.clock.speed, outgoing.signal);
    }
  }

  /** What the server says may quote what was sent. */
  #refusal(what: string, { statusCode, headers }: Dispatcher.ResponseData, text: string, sent?: unknown): KubeError {
    return statusError(what, statusCode, withoutSecrets(text, this.#connections.sent, sent), headers);
  }

  #limitOf(resource: KubeResource): RateLimit | undefined {
    const { limit, clock } = this.#options;
    if (!limit) return undefined;
    let own = this.#limits.get(resource);
    if (!own) {
      own = new RateLimit(clock, limit);
      this.#limits.set(resource, own);
    }
    return own;
  }

  async #counted(outgoing: KubeRequest): Promise<Dispatcher.ResponseData> {
    const {
      verb,
      resource,
      subresource,
      body,
      contentType = 'application/json',
      accept = 'application/json',
      signal,
    } = outgoing;
    const startedAt = performance.now();
    let status = 0;
    try {
      const response = await this.#exchange(
        {
          method: METHODS[verb],
          path: pathOf(outgoing),
          accept,
          ...(body !== undefined && { body: JSON.stringify(body), contentType }),
          endless: verb === 'watch',
          signal,
        },
        describe(outgoing),
      );
      status = response.statusCode;
      return response;
    } finally {
      this.#options.onCall?.({
        verb,
        resource: subresource ? `${resource.plural}/${subresource}` : resource.plural,
        status,
        milliseconds: performance.now() - startedAt,
      });
    }
  }

  async #exchange(
    outgoing: {
      method: Dispatcher.HttpMethod;
      path: string;
      accept: string;
      body?: string;
      contentType?: string;
      endless?: boolean;
      signal?: AbortSignal | undefined;
    },
    what: string,
  ): Promise<Dispatcher.ResponseData> {
    const { method, path, accept, body, contentType, endless = false, signal } = outgoing;
    const { timeoutMs: timeout = TIMEOUT_MS, userAgent = 'assisted-swarm' } = this.#options;
    const access = await this.#connections.access(what);
    try {
      return await request(`${this.server}${path}`, {
        method,
        dispatcher: endless ? access.watches : access.requests,
        headers: {
          accept,
          'user-agent': userAgent,
          ...access.headers,
          ...(contentType && { 'content-type': contentType }),
        },
        ...(body !== undefined && { body }),
        headersTimeout: timeout,
        bodyTimeout: endless ? 0 : timeout,
        ...(signal && { signal }),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw transportError(what, this.server, cause);
    }
  }
}

function written({ subresource, fieldManager, dryRun }: WriteOptions): Pick<KubeRequest, 'subresource' | 'query'> {
  return {
    subresource,
    query: { fieldManager, ...(dryRun && { dryRun: 'All' }) },
  };
}
