/**
 * The objects of a hub that the operator works with: read from caches that informers fill, written by requests that are counted.
 * Whoever has just written an object reads what it wrote, even before the watch tells of it.
 */

import { Informer } from '../../model/kube/informer.ts';
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError, type KubeError, unlessNotFound } from '../../model/kube/kube-error.ts';
import { type KubeObject, keyOf, objectKey } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { Clock } from '../../model/time/clock.ts';
import { type BareMetalHost, completeStatus, type HostStatus } from './bare-metal-host.ts';

/** Who is named in managedFields. */
export const FIELD_MANAGER = 'assisted-swarm-bmh';

/** Secrets with it are in the operator's cache: pkg/secretutils/label.go. */
export const SECRET_LABEL = { name: 'environment.metal3.io', value: 'baremetal' } as const;

/** Writes by what they wrote. */
export interface HubWrites {
  status: number;
  host: number;
  secret: number;
  image: number;
  hardwareData: number;
  firmwareSettings: number;
  event: number;
  conflicts: number;
}

export interface HubObjectsOptions {
  client: KubeClient;
  clock: Clock;
  /** All when absent. */
  namespaces?: readonly string[] | undefined;
  /** Of BareMetalHosts; all when absent. */
  labelSelector?: string | undefined;
  /** PreprovisioningImages are followed as well. */
  images: boolean;
  onHost: (key: string, after: KubeObject | undefined, before: KubeObject | undefined) => void;
  /** A Secret or an image that belongs to hosts: their keys. */
  onOwned: (keys: string[]) => void;
  onError: (error: KubeError) => void;
}

/** The freshest known state of the objects of one kind. */
class Cache {
  readonly #informers: readonly Informer[];
  readonly #written = new Map<string, KubeObject>();

  constructor(informers: readonly Informer[]) {
    this.#informers = informers;
    for (const informer of informers) {
      informer.onChange((after, before) => {
        if (after === undefined) this.#written.delete(keyOf(before!));
      });
    }
  }

  get(key: string): KubeObject | undefined {
    const seen = this.#seen(key);
    const own = this.#written.get(key);
    if (!own) return seen;
    if (seen && !isOlder(seen, own)) {
      this.#written.delete(key);
      return seen;
    }
    return own;
  }

  /** One that is new. */
  putCreated(object: KubeObject): void {
    this.#written.set(keyOf(object), withoutManagers(object));
  }

  /** One that was changed. The watch may have told already that it is gone. */
  putUpdated(object: KubeObject): void {
    const key = keyOf(object);
    if (this.#seen(key) || this.#written.has(key)) this.putCreated(object);
  }

  drop(key: string): void {
    this.#written.delete(key);
  }

  #seen(key: string): KubeObject | undefined {
    for (const informer of this.#informers) {
      const object = informer.byKey(key);
      if (object) return object;
    }
    return undefined;
  }
}

/** Versions of one kind grow, whatever else is said about them: kubernetes/enhancements, KEP 5504. */
function isOlder(a: KubeObject, b: KubeObject): boolean {
  const [left, right] = [a, b].map(({ metadata }) => Number(metadata.resourceVersion));
  return left! < right!;
}

/** Who manages which field is of no interest here, and much of an object. */
function withoutManagers(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata: metadata as KubeObject['metadata'] };
}

export class HubObjects {
  readonly writes: HubWrites = {
    status: 0,
    host: 0,
    secret: 0,
    image: 0,
    hardwareData: 0,
    firmwareSettings: 0,
    event: 0,
    conflicts: 0,
  };
  readonly #options: HubObjectsOptions;
  readonly #informers: Informer[] = [];
  readonly #hosts: Cache;
  readonly #secrets: Cache;
  readonly #images: Cache;
  readonly #stop = new AbortController();
  #hardwareData: Cache | null = null;
  #firmwareSettings: Cache | null = null;
  /** The hub's CustomResourceDefinition knows `status.conditions`; false once it was seen to drop them. */
  #conditions = true;

  constructor(options: HubObjectsOptions) {
    this.#options = options;
    const { onHost, onOwned, labelSelector, images } = options;
    const hosts = this.#informersOf(RESOURCES.bareMetalHosts, labelSelector);
    this.#hosts = new Cache(hosts);
    for (const informer of hosts)
      informer.onChange((after, before) => onHost(keyOf((after ?? before)!), after, before));
    const secrets = this.#informersOf(RESOURCES.secrets, `${SECRET_LABEL.name}=${SECRET_LABEL.value}`);
    this.#secrets = new Cache(secrets);
    const imageInformers = images ? this.#informersOf(RESOURCES.preprovisioningImages) : [];
    this.#images = new Cache(imageInformers);
    for (const informer of [...secrets, ...imageInformers]) {
      informer.onChange((after, before) => onOwned(hostsThatOwn((after ?? before)!)));
    }
  }

  /** Resolves when the caches are filled. @throws KubeError when the hub does not serve the kinds, or cannot be asked */
  async start(): Promise<void> {
    const { client } = this.#options;
    const { signal } = this.#stop;
    if (await client.serves(RESOURCES.hardwareData, signal)) {
      this.#hardwareData = new Cache(this.#informersOf(RESOURCES.hardwareData));
    }
    if (await client.serves(RESOURCES.hostFirmwareSettings, signal)) {
      this.#firmwareSettings = new Cache(this.#informersOf(RESOURCES.hostFirmwareSettings));
    }
    await Promise.all(this.#informers.map((informer) => informer.start().synced));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the bare metal operator was stopped'));
    await Promise.all(this.#informers.map((informer) => informer.stop()));
  }

  get conditionsServed(): boolean {
    return this.#conditions;
  }

  host(key: string): KubeObject | undefined {
    return this.#hosts.get(key);
  }

  hardwareData(key: string): KubeObject | undefined {
    return this.#hardwareData?.get(key);
  }

  image(key: string): KubeObject | undefined {
    return this.#images.get(key);
  }

  /** From the cache, or else from the hub: SecretManager.findSecret. */
  async secret(namespace: string, name: string): Promise<KubeObject | undefined> {
    const key = objectKey(namespace, name);
    const cached = this.#secrets.get(key);
    if (cached) return cached;
    return unlessNotFound(this.#options.client.get(RESOURCES.secrets, namespace, name, this.#stop.signal));
  }

  /** Replaces a Secret. */
  async updateSecret(secret: KubeObject): Promise<KubeObject> {
    const updated = await this.#written('secret', RESOURCES.secrets, secret);
    this.#secrets.putCreated(updated);
    return updated;
  }

  /** Replaces the status, with the present moment in it: saveHostStatus. The host has the new version afterwards. */
  async saveStatus(host: BareMetalHost): Promise<void> {
    host.status.lastUpdated = rfc3339(this.#options.clock.now());
    const saved = await this.#written('status', RESOURCES.bareMetalHosts, host, 'status');
    if (host.status.conditions?.length && !(saved.status as HostStatus | undefined)?.conditions)
      this.#conditions = false;
    this.#took(host, saved);
  }

  /** Replaces all but the status. What had changed in the status is as on the hub afterwards, as with Go's clients. */
  async updateHost(host: BareMetalHost): Promise<void> {
    this.#took(host, await this.#written('host', RESOURCES.bareMetalHosts, host));
  }

  #took(host: BareMetalHost, saved: KubeObject): void {
    this.#hosts.putUpdated(saved);
    const { metadata, spec, status } = structuredClone(withoutManagers(saved)) as BareMetalHost;
    Object.assign(host, { metadata, spec, status: completeStatus(status ?? {}) });
  }

  /** The host is gone, or its last finalizer is. */
  forgetHost(key: string): void {
    this.#hosts.drop(key);
  }

  async createImage(image: KubeObject): Promise<void> {
    this.#images.putCreated(await this.#created('image', RESOURCES.preprovisioningImages, image));
  }

  async updateImage(image: KubeObject): Promise<void> {
    this.#images.putUpdated(await this.#written('image', RESOURCES.preprovisioningImages, image));
  }

  /** Makes it anew, or replaces it where it is; nothing on a hub without the kind. */
  async createHardwareData(data: KubeObject): Promise<void> {
    const cache = this.#hardwareData;
    if (!cache) return;
    const before = cache.get(keyOf(data));
    if (before) {
      await this.updateHardwareData({ ...before, metadata: { ...before.metadata, finalizers: [] } });
      const { namespace, name } = data.metadata;
      await unlessNotFound(this.#options.client.delete(RESOURCES.hardwareData, namespace, name, {}, this.#stop.signal));
      cache.drop(keyOf(data));
    }
    cache.putCreated(await this.#created('hardwareData', RESOURCES.hardwareData, data));
  }

  async updateHardwareData(data: KubeObject): Promise<void> {
    this.#hardwareData?.putUpdated(await this.#written('hardwareData', RESOURCES.hardwareData, data));
  }

  /** Nothing where they are there, and on a hub without the kind. */
  async ensureFirmwareSettings(settings: KubeObject): Promise<void> {
    const cache = this.#firmwareSettings;
    if (!cache || cache.get(keyOf(settings))) return;
    try {
      cache.putCreated(await this.#created('firmwareSettings', RESOURCES.hostFirmwareSettings, settings));
    } catch (error) {
      if (!(isKubeError(error) && error.alreadyExists)) throw error;
    }
  }

  /** Failures are ignored, as the operator ignores them. */
  async publish(event: KubeObject): Promise<void> {
    try {
      await this.#created('event', RESOURCES.events, event);
    } catch (error) {
      if (!isKubeError(error)) throw error;
    }
  }

  #created(what: keyof HubWrites, resource: KubeResource, object: KubeObject): Promise<KubeObject> {
    this.writes[what]++;
    const { client } = this.#options;
    return client.create(resource, object, { fieldManager: FIELD_MANAGER }, this.#stop.signal);
  }

  async #written(
    what: keyof HubWrites,
    resource: KubeResource,
    object: KubeObject,
    subresource?: 'status',
  ): Promise<KubeObject> {
    this.writes[what]++;
    const options = { fieldManager: FIELD_MANAGER, ...(subresource && { subresource }) };
    try {
      return await this.#options.client.update(resource, object, options, this.#stop.signal);
    } catch (error) {
      if (isKubeError(error) && error.conflict) this.writes.conflicts++;
      // Somebody else was faster; the watch will tell what they did.
      this.#cacheOf(resource)?.drop(keyOf(object));
      throw error;
    }
  }

  #cacheOf(resource: KubeResource): Cache | null {
    switch (resource) {
      case RESOURCES.bareMetalHosts:
        return this.#hosts;
      case RESOURCES.secrets:
        return this.#secrets;
      case RESOURCES.preprovisioningImages:
        return this.#images;
      default:
        return this.#hardwareData;
    }
  }

  #informersOf(resource: KubeResource, labelSelector?: string): Informer[] {
    const { client, clock, namespaces, onError } = this.#options;
    const informers = (namespaces ?? [undefined]).map(
      (namespace) =>
        new Informer({
          client,
          resource,
          clock,
          onError,
          keep: withoutManagers,
          selection: { ...(namespace !== undefined && { namespace }), ...(labelSelector && { labelSelector }) },
        }),
    );
    this.#informers.push(...informers);
    return informers;
  }
}

function hostsThatOwn({ metadata: { namespace, ownerReferences = [] } }: KubeObject): string[] {
  return ownerReferences.filter(({ kind }) => kind === 'BareMetalHost').map(({ name }) => objectKey(namespace, name));
}
