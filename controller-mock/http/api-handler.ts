/** The HTTP face of one cluster: routing, reading, writing, watching. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { rfc3339 } from '../../model/protocol/go-time.ts';
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired } from '../api/causes.ts';
import type { DeleteOptions, RequestContext, UserInfo } from '../api/cluster-access.ts';
import { goText } from '../api/go-values.ts';
import { cloneJson, isPlainObject } from '../api/json.ts';
import { apiVersionOf, type KubeObject } from '../api/object.ts';
import type { ResourceType, Subresource, SubresourceRequest } from '../api/resource-type.ts';
import {
  ApiStatusError,
  badRequest,
  expired,
  forbidden,
  invalid,
  methodNotAllowed,
  notAcceptable,
  notFound,
  unauthorized,
  unknownPath,
  unsupportedMediaType,
  wrongKind,
} from '../api/status.ts';
import { serverSideApply } from '../apply/apply.ts';
import { applyJsonPatch, applyMergePatch } from '../patch/json-patch.ts';
import { strategicMergePatch } from '../patch/strategic-merge.ts';
import {
  type Cluster,
  checkDecoding,
  collectionKey,
  type FieldValidation,
  fromBody,
  type Reading,
  shownAs,
  subresourceOf,
  type WriteOptions,
} from '../registry/cluster.ts';
import { listFilter } from '../registry/list-filter.ts';
import { SCALE_KIND, scaleOf, withScale } from '../registry/scale.ts';
import { ADMIN, ANONYMOUS } from '../registry/tokens.ts';
import { readNulls } from '../schema/nulls.ts';
import { prune } from '../schema/prune.ts';
import type { StoredRecord } from '../store/record.ts';
import { WatchHub, type WatchSink, type WatchView } from '../store/watch-cache.ts';
import { ApiMetrics } from './api-metrics.ts';
import { aggregated, coreVersions, groupList, resourceList, singleGroup } from './documents/discovery.ts';
import { health } from './documents/health.ts';
import { OpenApi } from './documents/openapi.ts';
import { VERSION } from './documents/version.ts';
import { duplicateFields } from './json-duplicates.ts';
import { type ListRequest, listPage, parseListRequest } from './list-options.ts';
import { negotiate, negotiateDiscovery, type Representation } from './negotiation.ts';
import { type EncodedType, type IncludeObject, ObjectEncoder } from './representation.ts';
import { decodeObject, decodePatch, mediaType, PATCH_TYPES, readBody } from './request-body.ts';
import { parseScope, type RequestScope } from './request-info.ts';
import { Answer } from './response.ts';

type ResourceScope = Extract<RequestScope, { kind: 'resource' }>;

/** What a client without a token may do. */
export type AnonymousPolicy = 'public-only' | 'all';

export interface EndpointOptions {
  anonymous: AnonymousPolicy;
  /** Wall-clock milliseconds between bookmarks. */
  bookmarkIntervalMs: number;
  /** Counts requests, and tells of them at `/metrics`. */
  metrics?: boolean;
}

/** A request as it is known before its body has arrived. */
export interface RequestInfo {
  verb: Verb;
  group: string;
  /** Plural. */
  resource: string;
  /** '' for the object itself. */
  subresource: string;
  namespace: string;
  name: string;
}

/** Something that happens to a request before it is served. */
export interface Interference {
  /** It is answered with this. */
  refuse?: ApiStatusError;
  /** Its connection breaks in place of an answer. */
  cut?: true;
  /** It is served so much later, in milliseconds of the cluster's clock. */
  delayMs?: number;
}

/** How watches come to an end: by an event that says 410, in order, by a connection that breaks, or never, and in silence. */
export type WatchEnd = 'expired' | 'closed' | 'broken' | 'silent';

/** A watch without timeoutSeconds ends after this. */
const WATCH_TIMEOUT_MS = 30 * 60_000;
/** Longest that is honoured; beyond it setTimeout would fire at once. */
const LONGEST_WATCH_MS = 24 * 3600_000;

const PUBLIC_PATHS = new Set(['version', 'healthz', 'livez', 'readyz']);

/** Subresources that are parts of the status; others are parts of the spec. */
const STATUS_PARTS = ['status', 'approval'];

const PATCH_OPTIONS = { group: 'meta.k8s.io', kind: 'PatchOptions' };

/** Serves one cluster. Knows nothing of sockets: listeners hand it requests. */
export class Endpoint {
  readonly cluster: Cluster;
  readonly #options: EndpointOptions;
  readonly #openApi: OpenApi;
  readonly #hubs = new Map<string, WatchHub>();
  readonly #metrics: ApiMetrics | null;
  #bookmarks: NodeJS.Timeout | undefined;
  /** Asked about each request to a resource, as whatever stands before an API server may refuse or delay it. */
  interceptor: ((request: RequestInfo) => Interference | undefined) | undefined;

  constructor(cluster: Cluster, options: EndpointOptions) {
    this.cluster = cluster;
    this.#options = options;
    this.#openApi = new OpenApi(cluster.registry);
    this.#metrics = options.metrics ? new ApiMetrics(cluster.store) : null;
  }

  /** Number of watches under way. */
  get watches(): number {
    let sum = 0;
    for (const hub of this.#hubs.values()) sum += hub.size;
    return sum;
  }

  /** Ends all watches. */
  close(): void {
    clearInterval(this.#bookmarks);
    this.#bookmarks = undefined;
    for (const hub of this.#hubs.values()) hub.endAll();
  }

  /** Ends the watches of one collection, as when its kind is no longer served. */
  endWatches(key: string): void {
    this.#hubs.get(key)?.endAll();
  }

  /** Ends the watches of one collection, or of all. @param key `<group>/<plural>` */
  dropWatches(end: WatchEnd, key?: string): void {
    for (const [each, hub] of this.#hubs) {
      if (key !== undefined && key !== each) continue;
      if (end === 'expired') hub.expireAll();
      else if (end === 'closed') hub.endAll();
      else hub.leaveAll(end === 'broken');
    }
  }

  /**
   * Answers one request; never throws.
   * @param path without query and without the prefix the cluster is served under.
   * @param query without the question mark.
   */
  handle(request: IncomingMessage, response: ServerResponse, path: string, query: string): void {
    const answer = new Answer(request, response);
    try {
      const user = this.#authenticate(request);
      const scope = parseScope(path);
      if (user === ANONYMOUS && this.#options.anonymous === 'public-only') refuseAnonymous(scope);
      if (scope.kind === 'resource') {
        const call = new Call(this, answer, request, scope, query, user);
        this.#metrics?.follow(call.verb, scope, response);
        call.start();
      } else {
        this.#document(answer, request, scope);
      }
    } catch (error) {
      // A body nobody has read would otherwise be taken for the next request.
      request.resume();
      answer.fail(error);
    }
  }

  #authenticate(request: IncomingMessage): UserInfo {
    const header = request.headers.authorization;
    if (header === undefined) return this.#options.anonymous === 'all' ? ADMIN : ANONYMOUS;
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
    const user = token === undefined ? undefined : this.cluster.tokens.find(token);
    if (!user) throw unauthorized();
    return user;
  }

  #document(answer: Answer, request: IncomingMessage, scope: Exclude<RequestScope, ResourceScope>): void {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed(undefined, request.method ?? '');
    request.resume();
    const document = scope.kind === 'discovery' ? this.#discover(answer, request, scope) : undefined;
    if (document === 'answered') return;
    if (document !== undefined) {
      answer.json(200, document);
      return;
    }
    if (scope.kind === 'other' && this.#special(answer, request, scope.segments)) return;
    throw unknownPath();
  }

  #discover(answer: Answer, request: IncomingMessage, scope: Extract<RequestScope, { kind: 'discovery' }>): unknown {
    const { registry } = this.cluster;
    const { root, group, version } = scope;
    if (group === '' && version === '') {
      const aggregate = negotiateDiscovery(request.headers.accept);
      if (aggregate) {
        const type = `application/json;g=apidiscovery.k8s.io;v=${aggregate};as=APIGroupDiscoveryList`;
        const body = JSON.stringify(aggregated(registry, root === 'api', aggregate));
        answer.send(200, body, type, { vary: 'Accept' });
        return 'answered';
      }
      return root === 'api'
        ? coreVersions(String(request.headers[':authority'] ?? request.headers.host ?? ''))
        : groupList(registry);
    }
    if (root === 'apis' && version === '') return singleGroup(registry, group);
    return resourceList(registry, group, version);
  }

  /** Version, health, OpenAPI. @returns whether it was one of them. */
  #special(answer: Answer, request: IncomingMessage, segments: string[]): boolean {
    const [first = '', second, ...rest] = segments;
    const query = new URL(request.url ?? '/', 'http://unused').searchParams;
    switch (first) {
      case '':
        answer.json(200, { paths: this.#paths() });
        return true;
      case 'version':
        if (second !== undefined) return false;
        answer.json(200, VERSION);
        return true;
      case 'healthz':
      case 'livez':
      case 'readyz': {
        const report = health(first, segments.slice(1), query.has('verbose'), query.getAll('exclude'));
        if (!report) return false;
        answer.text(200, report, { 'x-content-type-options': 'nosniff' });
        return true;
      }
      case 'metrics':
        if (second !== undefined || !this.#metrics) return false;
        this.#tellMetrics(answer, this.#metrics);
        return true;
      case 'openapi':
        if (second === 'v2' && rest.length === 0) {
          // The protobuf form is not made; clients that want nothing else do without.
          if (
            /protobuf/.test(request.headers.accept ?? '') &&
            !/application\/json|\*\/\*/.test(request.headers.accept ?? '')
          ) {
            throw notAcceptable(['application/json']);
          }
          answer.json(200, this.#openApi.v2());
          return true;
        }
        if (second !== 'v3') return false;
        if (rest.length === 0) {
          answer.json(200, this.#openApi.root());
          return true;
        }
        {
          const document = this.#openApi.v3(rest.join('/'));
          if (!document) return false;
          answer.json(200, document, { vary: 'Accept' });
          return true;
        }
      default:
        return false;
    }
  }

  #tellMetrics(answer: Answer, metrics: ApiMetrics): void {
    metrics.text().then(
      (text) => answer.send(200, text, metrics.contentType),
      (error: unknown) => answer.fail(error),
    );
  }

  #paths(): string[] {
    const groups = this.cluster.registry.groups().filter(({ group }) => group !== '');
    return [
      '/api',
      '/api/v1',
      '/apis',
      ...groups.flatMap(({ group, versions }) => [
        `/apis/${group}`,
        ...versions.map(({ version }) => `/apis/${group}/${version}`),
      ]),
      '/healthz',
      '/livez',
      ...(this.#metrics ? ['/metrics'] : []),
      '/openapi/v2',
      '/openapi/v3',
      '/readyz',
      '/version',
    ];
  }

  hub(type: ResourceType): WatchHub {
    const key = collectionKey(type);
    let hub = this.#hubs.get(key);
    if (!hub) {
      hub = new WatchHub(this.cluster.collection(type), () => this.cluster.store.resourceVersion);
      this.#hubs.set(key, hub);
    }
    this.#bookmarks ??= setInterval(() => {
      for (const each of this.#hubs.values()) each.bookmark();
    }, this.#options.bookmarkIntervalMs).unref();
    return hub;
  }
}

function refuseAnonymous(scope: RequestScope): void {
  if (scope.kind === 'other' && PUBLIC_PATHS.has(scope.segments[0] ?? '')) return;
  if (scope.kind === 'resource') {
    const where = scope.namespace ? ` in the namespace "${scope.namespace}"` : ' at the cluster scope';
    throw forbidden(
      { group: scope.group, plural: scope.resource },
      scope.name,
      `User "${ANONYMOUS.username}" cannot use resource "${scope.resource}" in API group "${scope.group}"${where}: send a bearer token`,
    );
  }
  throw forbidden(
    { group: '', plural: 'paths' },
    '',
    `User "${ANONYMOUS.username}" cannot get this path: send a bearer token`,
  );
}

/** One request to a resource. */
class Call implements RequestContext {
  readonly #endpoint: Endpoint;
  readonly #answer: Answer;
  readonly #request: IncomingMessage;
  readonly #scope: ResourceScope;
  readonly #query: URLSearchParams;
  readonly user: UserInfo;
  #dryRun = false;
  #abort: AbortController | undefined;

  constructor(
    endpoint: Endpoint,
    answer: Answer,
    request: IncomingMessage,
    scope: ResourceScope,
    query: string,
    user: UserInfo,
  ) {
    this.#endpoint = endpoint;
    this.#answer = answer;
    this.#request = request;
    this.#scope = scope;
    this.#query = new URLSearchParams(query);
    this.user = user;
  }

  // RequestContext

  get clock() {
    return this.cluster.clock;
  }

  get cluster(): Cluster {
    return this.#endpoint.cluster;
  }

  get dryRun(): boolean {
    return this.#dryRun;
  }

  warn(text: string): void {
    this.#answer.warn(text);
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      const abort = new AbortController();
      this.#answer.response.once('close', () => abort.abort());
      this.#abort = abort;
    }
    return this.#abort.signal;
  }

  // Routing

  /** Undefined for what no verb stands for. */
  get verb(): Verb | undefined {
    return verbOf(this.#request.method ?? '', this.#scope.name === '', this.#query);
  }

  /** Runs, unless something comes before. @throws ApiStatusError */
  start(): void {
    const { group, resource, subresource, namespace, name } = this.#scope;
    const { verb } = this;
    const {
      refuse,
      cut,
      delayMs = 0,
    } = (verb && this.#endpoint.interceptor?.({ verb, group, resource, subresource, namespace, name })) ?? {};
    const serve = () => {
      if (refuse) throw refuse;
      if (cut) this.#request.socket.destroy();
      else this.run();
    };
    if (delayMs <= 0) {
      serve();
      return;
    }
    this.clock.setTimer(delayMs, () => {
      try {
        serve();
      } catch (error) {
        this.#request.resume();
        this.#answer.fail(error);
      }
    });
  }

  /** @throws ApiStatusError; what happens after the body has arrived is answered here. */
  run(): void {
    const type = this.#type();
    const { name, subresource: subresourceName, namespace } = this.#scope;
    const method = this.#request.method ?? '';
    if (subresourceName !== '') {
      this.#runSubresource(type, subresourceOf(type, subresourceName), method);
      return;
    }
    const onCollection = name === '';
    const verb = verbOf(method, onCollection, this.#query);
    if (!verb || !type.verbs.includes(verb)) throw methodNotAllowed(undefined, method);
    if (type.namespaced && namespace === '' && !(onCollection && (verb === 'list' || verb === 'watch'))) {
      throw methodNotAllowed(undefined, method);
    }
    if (type.virtual) {
      this.#runVirtual(type, verb);
      return;
    }
    switch (verb) {
      case 'get':
        this.#request.resume();
        this.#get(type);
        return;
      case 'list':
      case 'watch':
        this.#request.resume();
        this.#list(type);
        return;
      case 'create':
        this.#withBody((body) => this.#create(type, body));
        return;
      case 'update':
        this.#withBody((body) => {
          const object = this.#decode(type, body);
          const updated = this.cluster.updateObject(type, namespace, name, object, undefined, this.#writeOptions());
          this.#sendObject(200, type, updated);
        });
        return;
      case 'patch':
        this.#withBody((body) => this.#patch(type, undefined, body));
        return;
      case 'delete':
        this.#withBody((body) => this.#delete(type, body));
        return;
      case 'deletecollection':
        this.#withBody((body) => this.#deleteCollection(type, body));
        return;
    }
  }

  #type(): ResourceType {
    const { group, version, resource, namespace } = this.#scope;
    const type = this.cluster.registry.find(group, version, resource);
    if (!type || (namespace !== '' && !type.namespaced)) throw unknownPath();
    return type;
  }

  /** Reads the body, then goes on; failures become answers. */
  #withBody(next: (body: Buffer) => void | Promise<void>): void {
    readBody(this.#request)
      .then(next)
      .catch((error: unknown) => this.#answer.fail(error));
  }

  // Reading

  #get(type: ResourceType): void {
    const { namespace, name } = this.#scope;
    const representation = this.#representation();
    const record = this.cluster.collection(type).get(namespace, name);
    if (!record) throw notFound(type, name);
    this.#represent(200, this.#encoder(type, representation).bytes(record), representation);
  }

  #list(type: ResourceType): void {
    const request = parseListRequest(this.#query);
    const representation = this.#representation();
    const filter = this.#filter(type, request);
    const matches = filter && ((record: StoredRecord) => filter(shownAs(record, type)));
    const encoder = this.#encoder(type, representation);
    if (request.watch) {
      this.#watch(type, request, encoder, matches);
      return;
    }
    const version = this.cluster.store.resourceVersion;
    const page = listPage(this.cluster.collection(type), this.#scope.namespace, request, version, matches);
    this.#represent(200, encoder.list(page.records, page.metadata), representation);
  }

  #filter(type: ResourceType, request: ListRequest): ((object: KubeObject) => boolean) | undefined {
    const { name } = this.#scope;
    const { labelSelector, fieldSelector } = request;
    if (name === '' && labelSelector === '' && fieldSelector === '') return undefined;
    const filter = listFilter(type, labelSelector, fieldSelector);
    return name === '' ? filter : (object) => object.metadata.name === name && filter(object);
  }

  #watch(
    type: ResourceType,
    request: ListRequest,
    encoder: ObjectEncoder,
    matches: ((record: StoredRecord) => boolean) | undefined,
  ): void {
    const { namespace, name } = this.#scope;
    const version = this.cluster.store.resourceVersion;
    const given = request.resourceVersion;
    if (given !== undefined && given > version) {
      // From another life of this server: the client must start over.
      throw expired(`The resourceVersion for the provided watch is from the future: ${given}, current: ${version}`);
    }
    const wantsInitial = request.sendInitialEvents ?? !given;
    const since = wantsInitial ? undefined : (given ?? version);
    const view: WatchView = {
      key: JSON.stringify([encoder.key, namespace, name, request.labelSelector, request.fieldSelector]),
      namespace,
      matches: matches ?? (() => true),
      encode: (record) => encoder.bytes(record),
      bookmark: (at, initialEventsEnd) =>
        JSON.stringify(encoder.bookmark(at, initialEventsEnd ? { 'k8s.io/initial-events-end': 'true' } : undefined)),
    };
    const { response } = this.#answer;
    response.writeHead(200, this.#answer.headers('application/json', {}));
    response.flushHeaders();
    const timeoutMs = request.timeoutSeconds > 0 ? request.timeoutSeconds * 1000 : WATCH_TIMEOUT_MS;
    // Set before the watch begins: one whose history is lost ends at once.
    const timeout = setTimeout(() => watcher.finish(), Math.min(timeoutMs, LONGEST_WATCH_MS));
    const watcher = this.#endpoint.hub(type).watch(
      view,
      {
        since,
        markInitialEnd: wantsInitial && request.sendInitialEvents === true && request.allowWatchBookmarks,
        bookmarks: request.allowWatchBookmarks,
      },
      new ResponseSink(response),
      () => clearTimeout(timeout),
    );
    response.once('close', () => watcher.stop());
  }

  // Writing

  #create(type: ResourceType, body: Buffer): void {
    const object = this.#decode(type, body);
    const created = this.cluster.createObject(type, this.#scope.namespace, object, this.#writeOptions());
    this.#sendObject(201, type, created);
  }

  #patch(type: ResourceType, subresource: Subresource | undefined, body: Buffer): void {
    const { namespace, name } = this.#scope;
    const { type: patchType, patch } = decodePatch(body, this.#request.headers['content-type']);
    if (patchType === 'application/strategic-merge-patch+json' && !type.builtin) {
      throw unsupportedMediaType(
        patchType,
        PATCH_TYPES.filter((entry) => entry !== patchType),
      );
    }
    if (patchType === 'application/apply-patch+yaml') {
      this.#apply(type, subresource, patch);
      return;
    }
    if (this.#query.has('force')) {
      throw invalid(PATCH_OPTIONS, '', [causeForbidden('force', 'may not be specified for non-apply patch')]);
    }
    const live = this.cluster.live(type, namespace, name);
    const base = subresource?.scale ? scaleOf(live, subresource.scale) : live;
    let patched: unknown;
    if (patchType === 'application/json-patch+json') patched = applyJsonPatch(base, patch);
    else if (!isPlainObject(patch)) throw badRequest('error decoding patch: a merge patch is an object');
    else if (patchType === 'application/merge-patch+json' || subresource?.scale) patched = applyMergePatch(base, patch);
    else patched = strategicMergePatch(base, patch, type.schema);
    if (!isPlainObject(patched)) throw badRequest('the patch turns the object into something that is no object');
    const object = cloneJson(patched) as KubeObject;
    const isStrategic = patchType === 'application/strategic-merge-patch+json';
    this.#replace(200, type, subresource, live, object, {
      decoding: isStrategic ? 'converted' : 'json',
      refuse: (why) => {
        const shown = isStrategic ? goText(patch) : JSON.stringify(patched);
        return invalid({ group: '', kind: '' }, '', [causeInvalid('patch', shown, why)]);
      },
    });
  }

  /** Stores a whole object, or the part of it a subresource is. */
  #replace(
    code: number,
    type: ResourceType,
    subresource: Subresource | undefined,
    live: KubeObject,
    object: KubeObject,
    reading: Reading = fromBody(type),
  ): void {
    const { namespace, name } = this.#scope;
    const options = { ...this.#writeOptions(), reading };
    if (subresource?.scale) {
      const paths = subresource.scale;
      const whole = withScale(live, object, paths);
      const part: Subresource = { ...subresource, merge: (_live, body) => body };
      const updated = this.cluster.updateObject(type, namespace, name, whole, part, options);
      this.#sendObject(code, SCALE_KIND, scaleOf(updated, paths));
      return;
    }
    this.#checkKind(type, object);
    const updated = this.cluster.updateObject(type, namespace, name, object, subresource, options);
    this.#sendObject(code, type, updated);
  }

  #apply(type: ResourceType, subresource: Subresource | undefined, patch: unknown): void {
    const { namespace, name } = this.#scope;
    if (!isPlainObject(patch)) throw badRequest('error decoding patch: an apply patch is an object');
    const manager = this.#query.get('fieldManager') ?? '';
    if (manager === '') {
      throw invalid(PATCH_OPTIONS, '', [causeRequired('fieldManager', 'is required for apply patch')]);
    }
    const applied = patch as KubeObject;
    this.#checkKind(type, applied);
    const { name: named } = isPlainObject(applied.metadata) ? applied.metadata : {};
    if (typeof named === 'string' && named !== name) {
      throw badRequest(`the name of the object (${named}) does not match the name on the URL (${name})`);
    }
    if (subresource) {
      const part = STATUS_PARTS.includes(subresource.name) ? 'status' : 'spec';
      for (const key of Object.keys(applied)) {
        if (!['apiVersion', 'kind', 'metadata', part].includes(key)) delete applied[key];
      }
    } else if (type.subresources.some((entry) => entry.name === 'status')) {
      delete applied.status;
    }
    const options = this.#writeOptions();
    const record = this.cluster.collection(type).get(namespace, name);
    if (!record && subresource) throw notFound(type, name);
    const live = record && shownAs(record, type);
    const merged = serverSideApply(live, applied, {
      manager,
      apiVersion: apiVersionOf(type),
      subresource: subresource?.name ?? '',
      time: rfc3339(this.clock.now()),
      schema: type.schema,
      force: this.#query.get('force') === 'true',
    });
    if (live && merged === live) {
      this.#sendObject(200, type, live);
      return;
    }
    const { managedFields } = merged.metadata;
    const reading: Reading = {
      decoding: 'converted',
      refuse: (why) => {
        const { namespace: sentNamespace = '', name: sentName = '' } = applied.metadata ?? {};
        const kind = `${type.group}/${type.version}, Kind=${type.kind}`;
        const message = `failed to convert new object (${sentNamespace}/${sentName}; ${kind}) to proper version: unable to convert unstructured object to ${kind}: ${why}`;
        return new ApiStatusError(500, '', message);
      },
    };
    const withManagers = { ...options, reading, ...(managedFields && { managedFields }) };
    const body = cloneJson(merged);
    if (!live) {
      body.metadata = { name, ...body.metadata };
      this.#sendObject(201, type, this.cluster.createObject(type, namespace, body, withManagers));
      return;
    }
    if (applied.metadata?.resourceVersion === undefined) {
      body.metadata.resourceVersion = live.metadata.resourceVersion ?? '';
    }
    const updated = this.cluster.updateObject(type, namespace, name, body, subresource, withManagers);
    this.#sendObject(200, type, updated);
  }

  #delete(type: ResourceType, body: Buffer): void {
    const { namespace, name } = this.#scope;
    const options = this.#deleteOptions(body);
    const { object, gone } = this.cluster.deleteObject(type, namespace, name, options, this.#dryRun);
    if (!gone) {
      this.#sendObject(200, type, object);
      return;
    }
    this.#answer.json(200, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name, ...(type.group && { group: type.group }), kind: type.plural, uid: object.metadata.uid },
    });
  }

  #deleteCollection(type: ResourceType, body: Buffer): void {
    const request = parseListRequest(this.#query);
    const options = this.#deleteOptions(body);
    const filter = this.#filter(type, request);
    const matches = filter && ((record: StoredRecord) => filter(shownAs(record, type)));
    const version = this.cluster.store.resourceVersion;
    const page = listPage(this.cluster.collection(type), this.#scope.namespace, request, version, matches);
    for (const record of page.records) {
      this.cluster.deleteObject(type, record.namespace, record.name, options, this.#dryRun);
    }
    const representation = this.#representation();
    this.#represent(200, this.#encoder(type, representation).list(page.records, page.metadata), representation);
  }

  #deleteOptions(body: Buffer): DeleteOptions {
    this.#readDryRun(undefined);
    const sent = (decodeObject(body, this.#request.headers['content-type']) ?? {}) as DeleteOptions & {
      dryRun?: unknown;
    };
    if (sent.dryRun !== undefined) this.#readDryRun(sent.dryRun);
    const options: DeleteOptions = {};
    const policy = sent.propagationPolicy ?? this.#query.get('propagationPolicy') ?? undefined;
    if (policy !== undefined) {
      if (policy !== 'Background' && policy !== 'Foreground' && policy !== 'Orphan') {
        throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
          causeNotSupported('propagationPolicy', policy, ['Foreground', 'Background', 'Orphan']),
        ]);
      }
      options.propagationPolicy = policy;
    }
    if (sent.orphanDependents === true || this.#query.get('orphanDependents') === 'true')
      options.orphanDependents = true;
    const grace = sent.gracePeriodSeconds ?? this.#query.get('gracePeriodSeconds');
    if (grace !== null && grace !== undefined) {
      const seconds = Number(grace);
      if (!Number.isInteger(seconds))
        throw badRequest(`gracePeriodSeconds must be an integer, given ${JSON.stringify(grace)}`);
      options.gracePeriodSeconds = Math.min(Math.max(seconds, 0), 2 ** 31);
    }
    if (isPlainObject(sent.preconditions)) {
      const { uid, resourceVersion } = sent.preconditions;
      options.preconditions = {
        ...(typeof uid === 'string' && { uid }),
        ...(typeof resourceVersion === 'string' && { resourceVersion }),
      };
    }
    return options;
  }

  // Subresources and kinds that are not stored

  #runSubresource(type: ResourceType, subresource: Subresource, method: string): void {
    const { namespace, name } = this.#scope;
    const verb = verbOf(method, false, this.#query);
    const asked = method === 'POST' ? 'create' : verb;
    if (!asked || !subresource.verbs.includes(asked)) throw methodNotAllowed(undefined, method);
    if (type.namespaced && namespace === '') throw unknownPath();
    if (subresource.handle) {
      const handle = subresource.handle.bind(subresource);
      const verbAsked = asked as SubresourceRequest['verb'];
      this.#withBody((body) => this.#handle(type, handle, verbAsked, body));
      return;
    }
    if (asked === 'get') {
      this.#request.resume();
      if (!subresource.scale) {
        this.#get(type);
        return;
      }
      const live = this.cluster.live(type, namespace, name);
      this.#sendObject(200, SCALE_KIND, scaleOf(live, subresource.scale));
      return;
    }
    this.#withBody((body) => {
      if (asked === 'patch') {
        this.#patch(type, subresource, body);
        return;
      }
      const object = decodeObject(body, this.#request.headers['content-type']);
      if (!object) throw badRequest('the body of the request is empty');
      this.#replace(200, type, subresource, this.cluster.live(type, namespace, name), object);
    });
  }

  async #handle(
    type: ResourceType,
    handle: NonNullable<Subresource['handle']>,
    verb: SubresourceRequest['verb'],
    body: Buffer,
  ): Promise<void> {
    const { namespace, name } = this.#scope;
    this.#readDryRun(undefined);
    const parent = this.cluster.live(type, namespace, name);
    const object = decodeObject(body, this.#request.headers['content-type']);
    const query = this.#query;
    const answer = await handle({ verb, namespace, name, parent, query, body: object, context: this });
    if ('object' in answer) {
      this.#represent(answer.code, JSON.stringify(answer.object), this.#representation());
    } else if (typeof answer.text === 'string') {
      this.#answer.send(answer.code, answer.text, answer.contentType);
    } else {
      await this.#answer.stream(answer.code, answer.text, answer.contentType);
    }
  }

  #runVirtual(type: ResourceType, verb: string): void {
    const { namespace, name } = this.#scope;
    const virtual = type.virtual!;
    if (verb === 'create' && virtual.create) {
      const create = virtual.create.bind(virtual);
      this.#withBody((body) => {
        const object = this.#decode(type, body);
        this.#writeOptions();
        if (!isPlainObject(object.metadata)) object.metadata = {};
        checkDecoding(type, object, fromBody(type));
        readNulls(object, type.schema);
        prune(object, type.schema);
        this.#sendObject(201, type, create(object, namespace, this));
      });
      return;
    }
    this.#request.resume();
    if (verb === 'get' && virtual.get) {
      const object = virtual.get(namespace, name, this);
      if (!object) throw notFound(type, name);
      this.#sendObject(200, type, object);
    } else if (verb === 'list' && virtual.list) {
      this.#listVirtual(type, virtual.list(namespace, this));
    } else {
      throw methodNotAllowed(type, verb);
    }
  }

  #listVirtual(type: ResourceType, objects: KubeObject[]): void {
    const request = parseListRequest(this.#query);
    const representation = this.#representation();
    const filter = this.#filter(type, request);
    const shown = filter ? objects.filter(filter) : objects;
    const body = this.#encoder(type, representation).listObjects(shown, {});
    this.#represent(200, body, representation);
  }

  // Parts of requests and answers

  #decode(type: ResourceType, body: Buffer): KubeObject {
    const object = decodeObject(body, this.#request.headers['content-type']);
    if (!object) throw badRequest('the body of the request is empty');
    if (type.builtin) {
      // Go decodes into the kind of the path when the body does not say.
      object.apiVersion ??= apiVersionOf(type);
      object.kind ??= type.kind;
    }
    this.#checkKind(type, object);
    this.#reportDuplicates(type, body);
    return object;
  }

  /** JSON that names a field twice was decoded to the last value; says so as far as fieldValidation wants. */
  #reportDuplicates(type: ResourceType, body: Buffer): void {
    const validation = this.#fieldValidation();
    if (validation === 'Ignore' || !/^(application\/json)?$/.test(mediaType(this.#request.headers['content-type'])))
      return;
    const duplicates = duplicateFields(body.toString()).map((path) => `duplicate field "${path}"`);
    if (duplicates.length === 0) return;
    if (validation === 'Strict') {
      throw badRequest(
        `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${duplicates.join(', ')}`,
      );
    }
    for (const text of duplicates) this.warn(text);
  }

  #fieldValidation(): FieldValidation {
    const validation = this.#query.get('fieldValidation') || 'Warn';
    if (validation !== 'Strict' && validation !== 'Warn' && validation !== 'Ignore') {
      throw invalid(PATCH_OPTIONS, '', [
        causeNotSupported('fieldValidation', validation, ['Ignore', 'Warn', 'Strict']),
      ]);
    }
    return validation;
  }

  #checkKind(type: ResourceType, object: KubeObject): void {
    if (object.kind !== type.kind || object.apiVersion !== apiVersionOf(type)) {
      throw wrongKind(type, { apiVersion: String(object.apiVersion ?? ''), kind: String(object.kind ?? '') });
    }
  }

  #readDryRun(sent: unknown): void {
    const values = sent === undefined ? this.#query.getAll('dryRun') : Array.isArray(sent) ? sent : [sent];
    for (const value of values) {
      if (value !== 'All') {
        throw invalid({ group: 'meta.k8s.io', kind: 'Options' }, '', [causeNotSupported('dryRun', value, ['All'])]);
      }
      this.#dryRun = true;
    }
  }

  #writeOptions(): WriteOptions {
    this.#readDryRun(undefined);
    const manager = this.#query.get('fieldManager') ?? '';
    if (manager.length > MANAGER_LIMIT || /[^\x20-\x7e]/.test(manager)) {
      throw invalid(PATCH_OPTIONS, '', [
        causeForbidden('fieldManager', `must be at most ${MANAGER_LIMIT} printable characters`),
      ]);
    }
    return {
      manager: manager || this.#agentName(),
      fieldValidation: this.#fieldValidation(),
      trusted: false,
      context: this,
    };
  }

  /** Program name of the User-Agent, as for clients that name no manager. */
  #agentName(): string {
    const name = (this.#request.headers['user-agent'] ?? '').split('/', 1)[0]!.replace(/[^\x20-\x7e]/g, '');
    return name.slice(0, MANAGER_LIMIT) || 'unknown';
  }

  #representation(): Representation {
    return negotiate(this.#request.headers.accept);
  }

  #encoder(type: EncodedType, representation: Representation): ObjectEncoder {
    const include = this.#query.get('includeObject') || 'Metadata';
    if (include !== 'None' && include !== 'Metadata' && include !== 'Object') {
      throw badRequest(
        `unrecognized includeObject ${JSON.stringify(include.slice(0, 100))}: it must be None, Metadata or Object`,
      );
    }
    return new ObjectEncoder(type, representation, include satisfies IncludeObject, () => this.clock.now());
  }

  #sendObject(code: number, type: EncodedType, object: KubeObject): void {
    const representation = this.#representation();
    const shape = this.#encoder(type, representation).shape(object);
    this.#represent(code, JSON.stringify(shape), representation);
  }

  #represent(code: number, body: Buffer | string, representation: Representation): void {
    const pretty = this.#query.get('pretty');
    this.#answer.represent(code, body, representation, pretty === 'true' || pretty === '1');
  }
}

/** Longest name of a field manager. */
const MANAGER_LIMIT = 128;

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

function verbOf(method: string, onCollection: boolean, query: URLSearchParams): Verb | undefined {
  const watches = () => ['true', '1', ''].includes(query.get('watch') ?? 'false');
  switch (method) {
    case 'GET':
      if (watches()) return 'watch';
      return onCollection ? 'list' : 'get';
    case 'POST':
      return onCollection ? 'create' : undefined;
    case 'PUT':
      return onCollection ? undefined : 'update';
    case 'PATCH':
      return onCollection ? undefined : 'patch';
    case 'DELETE':
      return onCollection ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
}

class ResponseSink implements WatchSink {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  write(chunk: Buffer): void {
    this.#response.write(chunk);
  }

  get queuedBytes(): number {
    return this.#response.writableLength;
  }

  onceDrained(resume: () => void): void {
    this.#response.once('drain', resume);
  }

  end(): void {
    this.#response.end();
  }

  cut(): void {
    this.#response.destroy();
  }
}
