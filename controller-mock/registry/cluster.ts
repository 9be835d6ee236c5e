/**
 * One cluster: its kinds, its objects, and every rule about writing them. HTTP stands above this file, the store below.
 */

import { randomUUID } from 'node:crypto';
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { Clock } from '../../model/time/clock.ts';
import { causeForbidden, causeInvalid, causeRequired, type StatusCause } from '../api/causes.ts';
import type {
  AccessOptions,
  Authorizer,
  ClusterAccess,
  DeleteOptions,
  ListFilter,
  RequestContext,
  UserInfo,
} from '../api/cluster-access.ts';
import { cloneJson, equalJson, isPlainObject } from '../api/json.ts';
import { nameFault } from '../api/names.ts';
import { apiVersionOf, type GroupResource, type KubeObject, type ObjectMeta } from '../api/object.ts';
import type { ResourceType, Subresource } from '../api/resource-type.ts';
import type { Schema } from '../api/schema.ts';
import {
  type ApiStatusError,
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  notFound,
} from '../api/status.ts';
import { trackUpdate } from '../apply/apply.ts';
import { applyDefaults, dropNulls } from '../schema/defaults.ts';
import { type Decoding, decodingFault, jsonType } from '../schema/go-decoding.ts';
import { readNulls } from '../schema/nulls.ts';
import { OBJECT_META_SCHEMA } from '../schema/object-meta-schema.ts';
import { prune } from '../schema/prune.ts';
import { uncheckedRules } from '../schema/rules.ts';
import { validateSchema } from '../schema/validate.ts';
import type { Collection } from '../store/collection.ts';
import type { StoredRecord } from '../store/record.ts';
import { Store } from '../store/store.ts';
import { generatedName } from './generated-name.ts';
import { listFilter } from './list-filter.ts';
import { ADMIN, Tokens } from './tokens.ts';
import { Registry } from './type-registry.ts';
import { finalizerWarnings, metadataFaults } from './validation/object-meta.ts';

const FINALIZER_ORPHAN = 'orphan';
const FINALIZER_FOREGROUND = 'foregroundDeletion';

const IMMORTAL_NAMESPACES = new Set(['default', 'kube-system', 'kube-public']);

/** How many names are tried for a generateName before the client is told of a clash. */
const GENERATE_ATTEMPTS = 8;

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** How one write is to be done. */
export interface WriteOptions {
  /** Name in managedFields. */
  manager: string;
  fieldValidation: FieldValidation;
  /** A program of ours writes: status may come with a create, spec and status with one update. */
  trusted: boolean;
  context: RequestContext;
  /** managedFields that server-side apply has computed already. */
  managedFields?: ObjectMeta['managedFields'];
  /** How the object got here, unless it is the body of the request. */
  reading?: Reading;
}

/** One write as admission webhooks see it: of a client, with its defaults, before it is checked. */
export interface AdmissionRequest {
  type: ResourceType;
  operation: 'CREATE' | 'UPDATE';
  /** May be changed in place. */
  object: KubeObject;
  /** undefined at creation; must not be changed. */
  old: KubeObject | undefined;
  /** '' for the object as a whole. */
  subresource: string;
  user: UserInfo;
}

/** What admission webhooks would do. @throws ApiStatusError to refuse the write */
export type Admission = (request: AdmissionRequest) => void;

/** Top-level fields of an object to replace; of its metadata the named ones. */
export interface ObjectParts {
  metadata?: ObjectMeta;
  [field: string]: unknown;
}

/** How an object is read, and with what error it is refused when Go could not read it. */
export interface Reading {
  decoding: Decoding;
  refuse(why: string): ApiStatusError;
}

export interface ClusterOptions {
  clock: Clock;
  types: readonly ResourceType[];
  historyLength: number;
  firstResourceVersion: number;
}

/** Outcome of a deletion: the object is gone, or it waits for finalizers or for its grace period. */
export interface Deletion {
  object: KubeObject;
  gone: boolean;
}

const METADATA_ONLY: Schema = { properties: { metadata: OBJECT_META_SCHEMA } };

const NEVER = new AbortController().signal;

export class Cluster implements ClusterAccess {
  readonly clock: Clock;
  readonly tokens: Tokens;
  readonly store: Store;
  readonly registry: Registry;
  /** Asked about each write of a client, and not about those of programs of ours. */
  admission: Admission | undefined;
  /** What clients may do, as far as they ask; everything when it is undefined. */
  authorizer: Authorizer | undefined;

  constructor(options: ClusterOptions) {
    this.clock = options.clock;
    this.tokens = new Tokens(options.clock);
    this.registry = new Registry(options.types);
    this.store = new Store(options);
  }

  /** Where objects of a type live; types that show the same objects share one collection. */
  collection(type: ResourceType): Collection {
    return this.store.collection(collectionKey(type));
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

  /**
   * Stores a new object with its defaults: for programs of ours that keep to the form of the kind by themselves. Nothing is checked
   * but its name and namespace, and nothing noted in managedFields, which makes it many times cheaper than {@link create}.
   * @throws ApiStatusError 403, 404, 409
   */
  plant(resource: GroupResource, object: KubeObject): KubeObject {
    const type = this.#typeOf(resource, object.apiVersion);
    const body = cloneJson(object);
    const { metadata } = body;
    const namespace = metadata.namespace ?? '';
    metadata.name ||= this.#freeName(type, namespace, metadata.generateName ?? '');
    metadata.uid = randomUUID();
    metadata.creationTimestamp = rfc3339(this.clock.now());
    if (type.generation) metadata.generation = 1;
    if (namespace !== '') this.#checkNamespace(type, namespace, metadata.name);
    applyDefaults(body, type.schema);
    type.setDefaults?.(body);
    type.prepareCreate?.(body, this.context());
    if (this.collection(type).get(namespace, metadata.name)) throw alreadyExists(type, metadata.name);
    return this.#put(type, body);
  }

  /**
   * Stores a live object with some parts replaced, as they are given: for programs of ours that keep to the form of the kind by
   * themselves. Nothing is defaulted, checked or noted in managedFields, which makes it many times cheaper than {@link modify}.
   * @param parts top-level fields that change; of metadata the named fields alone. It must not change the live object.
   * @throws ApiStatusError 404
   */
  amend(
    resource: GroupResource,
    namespace: string,
    name: string,
    parts: (live: KubeObject) => ObjectParts,
  ): KubeObject {
    const type = this.#typeOf(resource);
    const live = this.live(type, namespace, name);
    const { metadata, ...rest } = parts(live);
    if (!metadata && Object.keys(rest).length === 0) return live;
    const object: KubeObject = { ...live, ...rest, metadata: { ...live.metadata, ...metadata } };
    keepServerFields(object.metadata, live.metadata);
    const { status: _status, ...desired } = rest;
    if (type.generation && Object.entries(desired).some(([field, value]) => !equalJson(value, live[field]))) {
      object.metadata.generation = (live.metadata.generation ?? 0) + 1;
    }
    return isFinished(object) ? this.#remove(type, object) : this.#put(type, object);
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

  // Writing, by type. Everything here is synchronous: nobody comes between reading and storing.

  /** @throws ApiStatusError 404 */
  live(type: ResourceType, namespace: string, name: string): KubeObject {
    const record = this.collection(type).get(namespace, name);
    if (!record) throw notFound(type, name);
    return shownAs(record, type);
  }

  /**
   * @param body owned by this call from now on.
   * @throws ApiStatusError 400, 403, 404, 409, 422
   */
  createObject(type: ResourceType, namespace: string, body: KubeObject, options: WriteOptions): KubeObject {
    const { context } = options;
    const object = this.#readBody(type, namespace, body, options);
    const metadata = object.metadata;
    if (metadata.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created');
    const clientManagedFields = metadata.managedFields;
    delete metadata.resourceVersion;
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    delete metadata.selfLink;
    delete metadata.managedFields;
    if (!options.trusted && hasStatus(type) && !type.keepsStatusAtCreation) delete object.status;
    const generated = !metadata.name && !!metadata.generateName;
    if (generated) metadata.name = this.#freeName(type, namespace, metadata.generateName!);
    metadata.uid = randomUUID();
    metadata.creationTimestamp = rfc3339(this.clock.now());
    if (type.generation) metadata.generation = 1;
    else delete metadata.generation;
    if (namespace !== '') this.#checkNamespace(type, namespace, metadata.name ?? '');
    this.#complete(type, object, options);
    type.setDefaults?.(object);
    if (clientManagedFields) metadata.managedFields = clientManagedFields;
    // Before the server adds its own: those fields are nobody's.
    const managers = options.managedFields ?? this.#track(type, undefined, object, '', options);
    type.prepareCreate?.(object, context);
    this.#admit(type, object, undefined, '', options);
    const causes: StatusCause[] = [];
    if (!metadata.name) {
      causes.push(causeRequired('metadata.name', 'name or generateName is required'));
    } else {
      const fault = nameFault(metadata.name, type.nameRule);
      if (fault) causes.push(causeInvalid('metadata.name', metadata.name, fault));
    }
    this.#validate(type, object, undefined, causes, context);
    const name = metadata.name!;
    if (this.collection(type).get(namespace, name)) throw alreadyExists(type, name);
    metadata.managedFields = managers;
    if (context.dryRun) return object;
    return this.#put(type, object);
  }

  /**
   * @param body a whole object, owned by this call from now on.
   * @param subresource whose part alone is taken from `body`.
   * @returns the live object itself when nothing changes.
   * @throws ApiStatusError 400, 404, 409, 422
   */
  updateObject(
    type: ResourceType,
    namespace: string,
    name: string,
    body: KubeObject,
    subresource: Subresource | undefined,
    options: WriteOptions,
  ): KubeObject {
    const { context } = options;
    const read = this.#readBody(type, namespace, body, options);
    const live = this.live(type, namespace, name);
    if (read.metadata.name !== name) {
      if (read.metadata.name) {
        throw badRequest(`the name of the object (${read.metadata.name}) does not match the name on the URL (${name})`);
      }
      if (type.builtin) read.metadata.name = name;
      else throw badRequest(`name must be provided: the name on the URL is ${name}`);
    }
    this.#checkPreconditions(type, live, read.metadata);
    const clientManagedFields = read.metadata.managedFields;
    const object = subresource?.merge ? cloneJson(subresource.merge(live, read)) : read;
    const metadata = object.metadata;
    if (!options.trusted && !subresource && hasStatus(type)) {
      if (live.status === undefined) delete object.status;
      else object.status = cloneJson(live.status);
    }
    keepServerFields(metadata, live.metadata);
    this.#complete(type, object, options);
    type.setDefaults?.(object);
    if (clientManagedFields) metadata.managedFields = clientManagedFields;
    else delete metadata.managedFields;
    const managers = options.managedFields ?? this.#track(type, live, object, subresource?.name ?? '', options);
    if (!subresource) type.prepareUpdate?.(object, live, context);
    this.#admit(type, object, live, subresource?.name ?? '', options);
    const changed = type.generation && !equalJson(desiredState(object, type), desiredState(live, type));
    if (changed) metadata.generation = (live.metadata.generation ?? 0) + 1;
    const causes: StatusCause[] = [];
    if (metadata.deletionTimestamp) {
      const added = (metadata.finalizers ?? []).filter((entry) => !live.metadata.finalizers?.includes(entry));
      if (added.length > 0) {
        const detail = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
        causes.push(causeForbidden('metadata.finalizers', detail));
      }
    }
    this.#validate(type, object, live, causes, context);
    metadata.managedFields = managers;
    if (sameButManagers(object, live)) return live;
    if (context.dryRun) return object;
    if (isFinished(object)) return this.#remove(type, object);
    return this.#put(type, object);
  }

  /**
   * @param dryRun decides and answers, changes nothing.
   * @throws ApiStatusError 404, 409
   */
  deleteObject(type: ResourceType, namespace: string, name: string, options: DeleteOptions, dryRun: boolean): Deletion {
    const live = this.live(type, namespace, name);
    if (type.group === '' && type.plural === 'namespaces' && IMMORTAL_NAMESPACES.has(name)) {
      throw forbidden(type, name, 'this namespace may not be deleted');
    }
    const { uid, resourceVersion } = options.preconditions ?? {};
    if (uid && uid !== live.metadata.uid) {
      throw conflict(
        type,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`,
      );
    }
    if (resourceVersion && resourceVersion !== live.metadata.resourceVersion) {
      throw conflict(
        type,
        name,
        `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${live.metadata.resourceVersion}`,
      );
    }
    const finalizers = new Set(live.metadata.finalizers ?? []);
    const policy = options.propagationPolicy ?? (options.orphanDependents ? 'Orphan' : undefined);
    if (policy) {
      finalizers.delete(FINALIZER_ORPHAN);
      finalizers.delete(FINALIZER_FOREGROUND);
      if (policy === 'Orphan') finalizers.add(FINALIZER_ORPHAN);
      if (policy === 'Foreground') finalizers.add(FINALIZER_FOREGROUND);
    }
    if (type.deletionFinalizer && !live.metadata.deletionTimestamp) finalizers.add(type.deletionFinalizer);
    const grace = type.gracePeriodSeconds
      ? Math.max(0, options.gracePeriodSeconds ?? type.gracePeriodSeconds(live))
      : 0;
    const waitsForContent = hasSpecFinalizers(live);
    if (finalizers.size === 0 && grace === 0 && !waitsForContent) {
      return { object: dryRun ? live : this.#remove(type, live), gone: true };
    }
    const before = live.metadata.deletionTimestamp;
    const graceBefore = live.metadata.deletionGracePeriodSeconds ?? 0;
    const graceNow = before ? Math.min(grace, graceBefore) : grace;
    const object: KubeObject = { ...live, metadata: { ...live.metadata } };
    if (finalizers.size > 0) object.metadata.finalizers = [...finalizers];
    else delete object.metadata.finalizers;
    if (!before || graceNow < graceBefore) {
      object.metadata.deletionTimestamp = rfc3339(this.clock.now() + graceNow * 1000);
      object.metadata.deletionGracePeriodSeconds = graceNow;
      if (!before && type.generation) object.metadata.generation = (live.metadata.generation ?? 0) + 1;
    }
    if (waitsForContent) object.status = { ...(isPlainObject(live.status) ? live.status : {}), phase: 'Terminating' };
    if (dryRun || equalJson(object, live)) return { object, gone: false };
    const stored = this.#put(type, object);
    if (graceNow > 0) this.#finishAfterGrace(type, stored, graceNow);
    return { object: stored, gone: false };
  }

  /** The grace period of a pod: nobody reports its end, so the object goes by itself. */
  #finishAfterGrace(type: ResourceType, object: KubeObject, graceSeconds: number): void {
    const { namespace = '', name = '', uid } = object.metadata;
    this.clock.setTimer(graceSeconds * 1000, () => {
      const live = this.collection(type).get(namespace, name)?.object;
      if (!live || live.metadata.uid !== uid) return;
      if (live.metadata.finalizers?.length) {
        this.#put(type, { ...live, metadata: { ...live.metadata, deletionGracePeriodSeconds: 0 } });
      } else {
        this.#remove(type, live);
      }
    });
  }

  /** JSON types, namespace agreement, unknown fields. */
  #readBody(type: ResourceType, namespace: string, body: KubeObject, options: WriteOptions): KubeObject {
    const reading = options.reading ?? fromBody(type);
    body.metadata ??= {};
    const metadata = body.metadata;
    // What is not read into Go types of its own was checked against the schema when it was applied.
    if (type.builtin || !options.managedFields) checkDecoding(type, body, reading);
    if (!type.namespaced) {
      delete metadata.namespace;
    } else if (metadata.namespace && metadata.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    } else {
      metadata.namespace = namespace;
    }
    // The metadata of every kind is read into the same Go type.
    if (type.builtin) readNulls(body, type.schema);
    else readNulls({ metadata }, METADATA_ONLY);
    dropEmpty(metadata);
    const unknown = prune(body, type.schema);
    if (unknown.length > 0) {
      const list = unknown.map((path) => `unknown field "${path}"`);
      if (options.fieldValidation === 'Strict') throw reading.refuse(`strict decoding error: ${list.join(', ')}`);
      if (options.fieldValidation === 'Warn') for (const text of list) options.context.warn(text);
    }
    // In this order clients are used to read them.
    const head = { kind: type.kind, apiVersion: apiVersionOf(type), metadata };
    return { ...head, ...body, ...head };
  }

  /**
   * What comes between reading an object and checking it. Nulls of built-in kinds went when they were read; nulls that
   * were applied stay, and are refused.
   */
  #complete(type: ResourceType, object: KubeObject, options: WriteOptions): void {
    applyDefaults(object, type.schema);
    if (!type.builtin && !options.managedFields) dropNulls(object, type.schema);
  }

  #validate(
    type: ResourceType,
    object: KubeObject,
    old: KubeObject | undefined,
    causes: StatusCause[],
    context: RequestContext,
  ): void {
    // Lists of built-in kinds may repeat a key: what they must not repeat is checked by the code of the kind.
    const faults = validateSchema(object, type.schema).filter(
      (cause) => !type.builtin || cause.reason !== 'FieldValueDuplicate',
    );
    causes.push(...metadataFaults(object.metadata, type.builtin));
    for (const fault of faults) causes.push(fault);
    if (!type.builtin) causes.push(...uncheckedRules(type.schema, causes));
    if (!type.builtin && causes.length === 0) {
      for (const text of finalizerWarnings(object.metadata.finalizers, old?.metadata.finalizers)) context.warn(text);
    }
    // Code of one kind relies on the shapes; faults of names and labels do not matter to it.
    if (faults.length === 0) causes.push(...(type.validate?.(object, old, context) ?? []));
    if (causes.length > 0) throw invalid(type, object.metadata.name ?? '', causes);
  }

  #admit(
    type: ResourceType,
    object: KubeObject,
    old: KubeObject | undefined,
    subresource: string,
    { trusted, context }: WriteOptions,
  ): void {
    if (trusted || !this.admission) return;
    this.admission({ type, operation: old ? 'UPDATE' : 'CREATE', object, old, subresource, user: context.user });
  }

  #checkPreconditions(type: ResourceType, live: KubeObject, sent: ObjectMeta): void {
    const name = live.metadata.name ?? '';
    if (sent.uid && sent.uid !== live.metadata.uid) {
      throw conflict(
        type,
        name,
        `Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${live.metadata.uid}`,
      );
    }
    if (!sent.resourceVersion) {
      if (!type.builtin) {
        throw invalid(type, name, [causeInvalid('metadata.resourceVersion', 0, 'must be specified for an update')]);
      }
    } else if (sent.resourceVersion !== live.metadata.resourceVersion) {
      throw conflict(type, name);
    }
  }

  #checkNamespace(type: ResourceType, namespace: string, name: string): void {
    const namespaces = this.registry.preferred({ group: '', resource: 'namespaces' });
    if (!namespaces) return;
    const owner = this.collection(namespaces).get('', namespace)?.object;
    if (!owner) throw notFound(namespaces, namespace);
    if (owner.metadata.deletionTimestamp) {
      throw forbidden(
        type,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
        [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      );
    }
  }

  #freeName(type: ResourceType, namespace: string, prefix: string): string {
    const collection = this.collection(type);
    for (let attempt = 0; ; attempt++) {
      const name = generatedName(prefix);
      if (attempt === GENERATE_ATTEMPTS || !collection.get(namespace, name)) return name;
    }
  }

  #track(
    type: ResourceType,
    live: KubeObject | undefined,
    object: KubeObject,
    subresource: string,
    options: WriteOptions,
  ): NonNullable<ObjectMeta['managedFields']> {
    // A new object comes without a status; what its defaults put there belongs to nobody.
    const isUnreported = !live && !options.trusted && hasStatus(type);
    return trackUpdate(live, isUnreported ? { ...object, status: undefined } : object, {
      manager: options.manager,
      apiVersion: apiVersionOf(type),
      subresource,
      time: rfc3339(this.clock.now()),
      schema: type.schema,
    });
  }

  #put(type: ResourceType, object: KubeObject): KubeObject {
    // A fresh metadata, as the store writes the version into it.
    const fresh = { ...object, metadata: { ...object.metadata } };
    const stored = type.storedAs ? type.storedAs.toStored(fresh) : fresh;
    return shownAs(this.collection(type).put(stored), type);
  }

  #remove(type: ResourceType, object: KubeObject): KubeObject {
    const { namespace = '', name = '' } = object.metadata;
    const record = this.collection(type).remove(namespace, name);
    return record ? shownAs(record, type) : object;
  }
}

export function collectionKey(type: ResourceType): string {
  return type.storedAs?.key ?? `${type.group}/${type.plural}`;
}

/** The object of a record in the form of one type. */
export function shownAs(record: StoredRecord, type: Pick<ResourceType, 'storedAs'>): KubeObject {
  return type.storedAs ? type.storedAs.fromStored(record.object) : record.object;
}

/** @throws ApiStatusError 404 */
export function subresourceOf(type: ResourceType, name: string): Subresource {
  const subresource = type.subresources.find((entry) => entry.name === name);
  if (!subresource) throw notFound({ group: type.group, plural: `${type.plural}/${name}` }, '');
  return subresource;
}

function hasStatus(type: ResourceType): boolean {
  return type.subresources.some((subresource) => subresource.name === 'status');
}

/** What the server alone decides survives every update. */
function keepServerFields(metadata: ObjectMeta, live: ObjectMeta): void {
  for (const field of [
    'uid',
    'creationTimestamp',
    'generation',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'resourceVersion',
    'generateName',
  ] as const) {
    if (live[field] === undefined) delete metadata[field];
    else (metadata as Record<string, unknown>)[field] = live[field];
  }
  delete metadata.selfLink;
}

/** A change of this bumps the generation. */
function desiredState(object: KubeObject, type: ResourceType): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, ...state } = object;
  if (hasStatus(type)) delete state.status;
  return state;
}

/** Timestamps and the order of managers alone are no change. */
function sameButManagers(object: KubeObject, live: KubeObject): boolean {
  const content = ({ metadata, ...rest }: KubeObject) => {
    const { managedFields, ...others } = metadata;
    return { ...rest, metadata: others, managers: managedFields?.map(({ time: _time, ...entry }) => entry) };
  };
  return equalJson(content(object), content(live));
}

/** A namespace keeps finalizers in its spec as well. */
function hasSpecFinalizers(object: KubeObject): boolean {
  const spec = object.spec as { finalizers?: unknown[] } | undefined;
  return object.kind === 'Namespace' && object.apiVersion === 'v1' && (spec?.finalizers?.length ?? 0) > 0;
}

function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  return !!deletionTimestamp && !finalizers?.length && !deletionGracePeriodSeconds && !hasSpecFinalizers(object);
}

/** The body of a request to create or replace an object. */
export const fromBody = (type: ResourceType): Reading => ({
  decoding: 'json',
  refuse: (why) => badRequest(`${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${why}`),
});

/**
 * Code of one kind relies on the shapes its schema promises, so JSON types come first, as in Go's decoding. Of custom
 * resources only the metadata is read into a Go type.
 * @throws ApiStatusError
 */
export function checkDecoding(type: ResourceType, body: KubeObject, { decoding, refuse }: Reading): void {
  let fault: string | undefined;
  if (type.builtin) fault = decodingFault(body, type.schema, decoding);
  else if (!isPlainObject(body.metadata)) {
    fault = `json: cannot unmarshal ${jsonType(body.metadata)} into Go struct field .metadata of type v1.ObjectMeta`;
  } else if (decodingFault(body.metadata, OBJECT_META_SCHEMA) !== undefined) {
    fault = decodingFault(sorted(body.metadata), OBJECT_META_SCHEMA);
  }
  if (fault !== undefined) throw refuse(fault);
}

/** Metadata of custom resources is read from a map, whose keys Go writes in order. */
function sorted(metadata: ObjectMeta): ObjectMeta {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Go reads null as absent and writes no empty collections; an empty managedFields has a meaning of its own. */
function dropEmpty(metadata: ObjectMeta): void {
  for (const key of Object.keys(metadata)) {
    const value = metadata[key];
    if (value === null) delete metadata[key];
    else if (typeof value === 'object' && key !== 'managedFields' && Object.keys(value).length === 0)
      delete metadata[key];
  }
}
