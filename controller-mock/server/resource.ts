/**
 * What the API server knows about a kind: names, schema, how it is printed, selected, patched, and what is special
 * about it. Built-in kinds are written down as ResourceTypes; those of a CustomResourceDefinition are made from it.
 */
import type { Clock } from '../../model/time/clock.ts';

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One entry of `metadata.managedFields`. */
export interface ManagedFieldsEntry {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  /** RFC 3339, seconds. */
  time?: string;
  fieldsType: 'FieldsV1';
  fieldsV1: Record<string, unknown>;
  /** Absent for the main resource. */
  subresource?: string;
}

/** `metadata` of an object. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
  [field: string]: unknown;
}

/** Any object of the API as parsed JSON. Objects that are in the store are shared and must never be changed. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** One JSON path the API server reports in a 422 or a conflict. `field` is like `spec.containers[0].name`. */
export interface StatusCause {
  reason: string;
  message: string;
  field: string;
}

/**
 * Structural OpenAPI v3 schema of a value. Several nodes may share one object, and recursive kinds make cycles;
 * such nodes carry {@link Schema.definition}. `properties` may be produced lazily by a getter.
 */
export interface Schema {
  /**
   * Name under which the node is published once in OpenAPI documents and referred to from elsewhere, for instance
   * `io.k8s.api.core.v1.PodSpec`. Never sent itself.
   */
  definition?: string;
  /**
   * The node that is published under {@link Schema.definition}, when this one differs from it for one field: in
   * description, default or patch strategy.
   */
  published?: Schema;
  type?: string;
  format?: string;
  title?: string;
  description?: string;
  nullable?: boolean;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  items?: Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'granular' | 'atomic';
  /** Strategic merge patch, built-in kinds only: key of list items. */
  'x-kubernetes-patch-merge-key'?: string;
  /** Strategic merge patch, built-in kinds only: `merge`, `replace`, `retainKeys` or `merge,retainKeys`. */
  'x-kubernetes-patch-strategy'?: string;
  /** CEL rules; kept and published, not evaluated. */
  'x-kubernetes-validations'?: unknown[];
}

/** One column of a Table answer. `priority` 0 is shown always, 1 with `-o wide`. */
export interface TableColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` on the column that holds the object's name, else ''. */
  format: string;
  description: string;
  priority: number;
}

/** How a kind looks in `kubectl get`. */
export interface TablePrinter {
  columns: readonly TableColumn[];
  /** @param nowMs epoch milliseconds, for ages. @returns one cell a column. */
  cells(object: KubeObject, nowMs: number): unknown[];
}

/** Who asks. */
export interface UserInfo {
  username: string;
  uid: string;
  groups: string[];
}

/** What code that belongs to one kind may use while a request is served. */
export interface RequestContext {
  readonly clock: Clock;
  readonly user: UserInfo;
  /** The cluster the request is for. */
  readonly cluster: ClusterAccess;
  /** True for `dryRun=All`: nothing outside the given object may change. */
  readonly dryRun: boolean;
  /** Sends a `Warning: 299 - "text"` header with the answer. */
  warn(text: string): void;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** Names one collection, whatever the version. */
export interface GroupResource {
  /** '' for core. */
  group: string;
  /** Plural. */
  resource: string;
}

/** Which objects of a collection. */
export interface ListFilter {
  /** '' or absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

/** Bearer tokens a cluster knows. Whoever holds one may do everything. */
export interface TokenRegistry {
  /** @param expiresAtMs epoch milliseconds of the cluster's clock; absent: never. */
  add(token: string, user: UserInfo, expiresAtMs?: number): void;
  /** undefined for an unknown or expired token. */
  find(token: string): UserInfo | undefined;
}

/** Something that somebody may do or not. */
export interface ResourceRight {
  readonly verb: string;
  readonly group: string;
  /** Plural, with `/` and the sub-resource behind it where it is about one. */
  readonly resource: string;
  /** '' for all. */
  readonly namespace: string;
}

export type Authorizer = (right: ResourceRight) => boolean;

/**
 * Programmatic access to the objects of one cluster: the same rules as over HTTP, without HTTP, but trusted: status is
 * kept at creation, and spec and status may change in one update.
 */
export interface ClusterAccess {
  readonly clock: Clock;
  readonly tokens: TokenRegistry;
  readonly authorizer: Authorizer | undefined;
  /** @param namespace '' for cluster-scoped kinds. */
  get(resource: GroupResource, namespace: string, name: string): KubeObject | undefined;
  /** In order of namespace and name. */
  list(resource: GroupResource, filter?: ListFilter): KubeObject[];
  /** @throws ApiStatusError as the HTTP request would answer. */
  create(resource: GroupResource, object: KubeObject, options?: AccessOptions): KubeObject;
  /** Replaces; `metadata.resourceVersion` is checked if present. @throws ApiStatusError */
  update(resource: GroupResource, object: KubeObject, options?: AccessOptions): KubeObject;
  /** Changes a copy of the live object and stores it. @throws ApiStatusError 404 */
  modify(
    resource: GroupResource,
    namespace: string,
    name: string,
    change: (draft: KubeObject) => void,
    options?: AccessOptions,
  ): KubeObject;
  /** @returns the last state, or the state with deletionTimestamp if finalizers remain. @throws ApiStatusError 404 */
  delete(resource: GroupResource, namespace: string, name: string, options?: DeleteOptions): KubeObject;
}

/** @property manager name in managedFields, default `controller-mock`; @property subresource `status` and the like. */
export interface AccessOptions {
  manager?: string;
  subresource?: string;
}

/** Body or query of a DELETE. */
export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
}

/** A request to a subresource that is more than a part of the object, such as `pods/log`. */
export interface SubresourceRequest {
  verb: 'get' | 'create' | 'update' | 'patch' | 'delete';
  namespace: string;
  name: string;
  /** The object it belongs to. */
  parent: KubeObject;
  query: URLSearchParams;
  /** Decoded body, if there was one. */
  body: KubeObject | undefined;
  context: RequestContext;
}

/** Either an object, or text: whole or, for `follow`, in pieces. */
export type SubresourceAnswer =
  | { code: number; object: KubeObject }
  | { code: number; contentType: string; text: string | AsyncIterable<string> };

export interface Subresource {
  /** Last path segment: `status`, `scale`, `log`, `approval`, `token`, … */
  name: string;
  /** Kind of its body in discovery; the parent's unless given. */
  kind?: string;
  /** Group and version of its body in discovery; the parent's unless given. */
  group?: string;
  version?: string;
  /** As in discovery: get, update, patch, create. */
  verbs: readonly string[];
  /**
   * For subresources that are a part of the object (get, update and patch): the live object with the part taken from
   * `body`. The server does the rest: patches, locking, validation, generation, managedFields.
   */
  merge?(live: KubeObject, body: KubeObject): KubeObject;
  /** `scale` of kinds that keep replicas at these JSON paths (such as `.spec.replicas`). */
  scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string };
  /** Everything else. @throws ApiStatusError */
  handle?(request: SubresourceRequest): SubresourceAnswer | Promise<SubresourceAnswer>;
}

/** Kinds that are answered and not stored: reviews, metrics. Methods that are absent answer 405. */
export interface VirtualResource {
  create?(object: KubeObject, namespace: string, context: RequestContext): KubeObject;
  get?(namespace: string, name: string, context: RequestContext): KubeObject | undefined;
  /** @param namespace '' for all. */
  list?(namespace: string, context: RequestContext): KubeObject[];
}

/** One served version of one kind. */
export interface ResourceType {
  /** '' for core. */
  group: string;
  version: string;
  kind: string;
  listKind: string;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
  namespaced: boolean;
  /** As in discovery; what is not listed answers 405. */
  verbs: readonly string[];
  subresources: readonly Subresource[];
  schema: Schema;
  printer: TablePrinter;
  /** Built-in kinds: strategic merge patch is allowed and an update without resourceVersion is unconditional. */
  builtin: boolean;
  /** Whether `metadata.generation` counts changes outside metadata and status. */
  generation: boolean;
  /** How names are checked. */
  nameRule: 'dns-subdomain' | 'dns-label' | 'dns-1035-label' | 'path-segment';
  /** Field selectors besides metadata.name and metadata.namespace, each with its reader ('' when unset). */
  selectableFields: Readonly<Record<string, (object: KubeObject) => string>>;
  /**
   * Where objects live when two types show the same objects, such as `events` of core and of events.k8s.io: the key
   * `<group>/<plural>` of the type whose form is stored. Absent: its own.
   */
  storedAs?: { key: string; toStored(object: KubeObject): KubeObject; fromStored(stored: KubeObject): KubeObject };
  virtual?: VirtualResource;
  /**
   * Defaults that the schema cannot say, as Go sets them while decoding: at every create, update and apply. Changes
   * `object` in place. The client's manager owns them, unlike what {@link prepareCreate} adds.
   */
  setDefaults?(object: KubeObject): void;
  /**
   * Fills in what the server sets at creation, after schema defaults. Changes `object` in place. For kinds with a
   * status subresource the server has dropped the status a client sent, unless {@link keepsStatusAtCreation}.
   */
  prepareCreate?(object: KubeObject, context: RequestContext): void;
  /** The same at an update of the main resource; `old` must not be changed. */
  prepareUpdate?(object: KubeObject, old: KubeObject, context: RequestContext): void;
  /** Checks beyond the schema. `old` is undefined at creation. */
  validate?(object: KubeObject, old: KubeObject | undefined, context: RequestContext): StatusCause[];
  /** Status of a create request is kept, as for nodes. */
  keepsStatusAtCreation?: boolean;
  /** Added by the first request to delete an object, for code that cleans up before it goes. */
  deletionFinalizer?: string;
  /** Seconds a deletion without gracePeriodSeconds waits; absent: none (objects go at once). */
  gracePeriodSeconds?(object: KubeObject): number;
}

/** `deployments.apps`, or `pods` for core. */
export function qualifiedResource(type: { group: string; plural: string }): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

/** `apps/v1`, or `v1` for core. */
export function apiVersionOf(type: { group: string; version: string }): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}
