/** One cluster: its kinds, its objects, and who may reach them. HTTP stands above this file, the store below. */
import type { Clock } from '../../model/time/clock.ts';
import type {
  AccessOptions,
  Authorizer,
  ClusterAccess,
  DeleteOptions,
  ListFilter,
  RequestContext,
  UserInfo,
} from '../api/cluster-access.ts';
import { cloneJson } from '../api/json.ts';
import { apiVersionOf, type GroupResource, type KubeObject } from '../api/object.ts';
import type { ResourceType, Subresource } from '../api/resource-type.ts';
import { notFound } from '../api/status.ts';
import type { Collection } from '../store/collection.ts';
import { Store } from '../store/store.ts';
import type { Admission } from './admission/admission.ts';
import { createObject } from './create.ts';
import { type Deletion, deleteObject } from './delete.ts';
import { listFilter } from './list-filter.ts';
import { ObjectStorage, shownAs } from './object-storage.ts';
import { subresourceOf } from './subresources.ts';
import { ADMIN, Tokens } from './tokens.ts';
import { amendObject, type ObjectParts, plantObject } from './trusted-writes.ts';
import { TypeRegistry } from './type-registry.ts';
import { updateObject } from './update.ts';
import type { WritableCluster } from './writable-cluster.ts';
import type { WriteOptions } from './write-options.ts';

export interface ClusterOptions {
  clock: Clock;
  types: readonly ResourceType[];
  historyLength: number;
  firstResourceVersion: number;
}

const NEVER = new AbortController().signal;

export class Cluster implements ClusterAccess, WritableCluster {
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly store: Store;
  readonly objects: ObjectStorage;
  readonly registry: TypeRegistry;
  /** Asked about each write of a client, and not about those of programs of ours. */
  admission: Admission | undefined;
  /** What clients may do, as far as they ask; everything when it is undefined. */
  authorizer: Authorizer | undefined;

  constructor(options: ClusterOptions) {
    this.clock = options.clock;
    this.tokens = new Tokens(options.clock);
    this.registry = new TypeRegistry(options.types);
    this.store = new Store(options);
    this.objects = new ObjectStorage(this.store);
  }

  /** Where objects of a type live; types that show the same objects share one collection. */
  collection(type: ResourceType): Collection {
    return this.objects.collection(type);
  }

  /** The context of code that runs without a request. */
  context(user: UserInfo = ADMIN): RequestContext {
    return { clock: this.clock, user, cluster: this, dryRun: false, warn: () => {}, signal: NEVER };
  }

  // ClusterAccess: by collection, trusted.

  get(resource: GroupResource, namespace: string, name: string): KubeObject | undefined {
    const type = this.#typeOf(resource);
    const record = this.collection(type).get(namespace, name);
    return record && shownAs(record, type);
  }

  list(resource: GroupResource, filter: ListFilter = {}): KubeObject[] {
    const type = this.#typeOf(resource);
    const matches = listFilter(type, filter.labelSelector ?? '', filter.fieldSelector ?? '');
    const objects: KubeObject[] = [];
    for (const record of this.collection(type).list(filter.namespace)) {
      const object = shownAs(record, type);
      if (matches(object)) objects.push(object);
    }
    return objects;
  }

  create(resource: GroupResource, object: KubeObject, options: AccessOptions = {}): KubeObject {
    const type = this.#typeOf(resource, object.apiVersion);
    return this.createObject(type, object.metadata?.namespace ?? '', cloneJson(object), this.#trusted(options));
  }

  update(resource: GroupResource, object: KubeObject, options: AccessOptions = {}): KubeObject {
    const type = this.#typeOf(resource, object.apiVersion);
    const { namespace = '', name = '' } = object.metadata;
    const body = cloneJson(object);
    body.metadata.resourceVersion ??= this.live(type, namespace, name).metadata.resourceVersion ?? '';
    const subresource = options.subresource ? subresourceOf(type, options.subresource) : undefined;
    return this.updateObject(type, namespace, name, body, subresource, this.#trusted(options));
  }

  modify(
    resource: GroupResource,
    namespace: string,
    name: string,
    change: (draft: KubeObject) => void,
    options: AccessOptions = {},
  ): KubeObject {
    const draft = cloneJson(this.live(this.#typeOf(resource), namespace, name));
    change(draft);
    return this.update(resource, draft, options);
  }

  /** {@link create} for programs of ours that keep to the form of the kind by themselves; see {@link plantObject}. */
  plant(resource: GroupResource, object: KubeObject): KubeObject {
    return plantObject(this, this.#typeOf(resource, object.apiVersion), cloneJson(object), this.context());
  }

  /** {@link modify} for programs of ours that keep to the form of the kind by themselves; see {@link amendObject}. */
  amend(
    resource: GroupResource,
    namespace: string,
    name: string,
    parts: (live: KubeObject) => ObjectParts,
  ): KubeObject {
    return amendObject(this.objects, this.#typeOf(resource), namespace, name, parts);
  }

  delete(resource: GroupResource, namespace: string, name: string, options: DeleteOptions = {}): KubeObject {
    return this.deleteObject(this.#typeOf(resource), namespace, name, options, false).object;
  }

  #typeOf(resource: GroupResource, apiVersion?: string): ResourceType {
    const versions = this.registry.versionsOf(resource);
    const type = versions.find((entry) => apiVersionOf(entry) === apiVersion) ?? versions[0];
    if (!type) throw notFound({ group: resource.group, plural: resource.resource }, '');
    return type;
  }

  #trusted(options: AccessOptions): WriteOptions {
    return {
      manager: options.manager ?? 'controller-mock',
      fieldValidation: 'Ignore',
      trusted: true,
      context: this.context(),
    };
  }

  // By type, with all options.

  /** @throws ApiStatusError 404 */
  live(type: ResourceType, namespace: string, name: string): KubeObject {
    return this.objects.live(type, namespace, name);
  }

  /** See {@link createObject}. */
  createObject(type: ResourceType, namespace: string, body: KubeObject, options: WriteOptions): KubeObject {
    return createObject(this, type, namespace, body, options);
  }

  /** See {@link updateObject}. */
  updateObject(
    type: ResourceType,
    namespace: string,
    name: string,
    body: KubeObject,
    subresource: Subresource | undefined,
    options: WriteOptions,
  ): KubeObject {
    return updateObject(this, type, namespace, name, body, subresource, options);
  }

  /** See {@link deleteObject}. */
  deleteObject(type: ResourceType, namespace: string, name: string, options: DeleteOptions, dryRun: boolean): Deletion {
    return deleteObject(this, type, namespace, name, options, dryRun);
  }
}
