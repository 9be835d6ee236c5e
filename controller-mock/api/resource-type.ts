/**
 * What the API server knows about a kind: names, schema, how it is printed, selected, patched, and what is special
 * about it. Built-in kinds are written down as ResourceTypes; those of a CustomResourceDefinition are made from it.
 */
import type { StatusCause } from './causes.ts';
import type { RequestContext } from './cluster-access.ts';
import type { KubeObject } from './object.ts';
import type { Schema } from './schema.ts';

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
export type SubresourceResponse =
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
  handle?(request: SubresourceRequest): SubresourceResponse | Promise<SubresourceResponse>;
}

/** Kinds that are answered and not stored: reviews, metrics. Methods that are absent answer 405. */
export interface VirtualResource {
  create?(object: KubeObject, namespace: string, context: RequestContext): KubeObject;
  get?(namespace: string, name: string, context: RequestContext): KubeObject | undefined;
  /** @param namespace '' for all. */
  list?(namespace: string, context: RequestContext): KubeObject[];
}

/** Rules in CEL that objects of a kind must satisfy. */
export interface ObjectRules {
  /**
   * @param old undefined at creation
   * @param warn told of what may stay, as it was so before; undefined where nothing may
   */
  faults(object: KubeObject, old: KubeObject | undefined, warn: ((text: string) => void) | undefined): StatusCause[];
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
  /** Built-in kinds: strategic merge patch is allowed. */
  builtin: boolean;
  /** Whether an update must say which resourceVersion it is based upon; else one that does not is unconditional. */
  versionedUpdates: boolean;
  /** Whether a PUT makes what is not there. */
  createsOnUpdate?: boolean;
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
  /** Whether finalizers of objects that have no domain must be those of Kubernetes. */
  standardFinalizers?: boolean;
  /** Checks beyond the schema. `old` is undefined at creation. @param subresource '' for the object itself */
  validate?(
    object: KubeObject,
    old: KubeObject | undefined,
    context: RequestContext,
    subresource: string,
  ): StatusCause[];
  /** What is said of an object that is about to be stored, beside its faults. */
  adviceOn?(object: KubeObject, old: KubeObject | undefined, subresource: string): readonly string[];
  /** Asked when {@link validate} and the schema are through; absent for kinds without rules. */
  rules?: ObjectRules;
  /** Sent with every answer: that this version is deprecated. */
  warnings?: readonly string[];
  /** Its definition is being deleted, and no object can be created any more. */
  terminating?: boolean;
  /** Status of a create request is kept, as for nodes. */
  keepsStatusAtCreation?: boolean;
  /** Added by the first request to delete an object, for code that cleans up before it goes. */
  deletionFinalizer?: string;
  /** Seconds a deletion without gracePeriodSeconds waits; absent: none (objects go at once). */
  gracePeriodSeconds?(object: KubeObject): number;
}

/** What has to be known about a kind to write its objects down. */
export type EncodedType = Pick<
  ResourceType,
  'group' | 'version' | 'kind' | 'listKind' | 'printer' | 'storedAs' | 'builtin'
>;
