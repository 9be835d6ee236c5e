/** What code that belongs to one kind, or stands beside the server, may do with the objects of a cluster. */
import type { Clock } from '../../model/time/clock.ts';
import type { GroupResource, KubeObject } from './object.ts';

/** Who asks. */
export interface UserInfo {
  username: string;
  uid: string;
  groups: string[];
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

/** Which objects of a collection. */
export interface ListFilter {
  /** '' or absent: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
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
