/**
 * A cache of the objects of one kind that a list fills and a watch keeps up to date, as client-go's reflector and shared
 * informer do (tools/cache/reflector.go, shared_informer.go): pages, bookmarks, a new list when the history is lost, and
 * pauses that grow while the server is away.
 */
import type { Clock } from '../time/clock.ts';
import type { KubeClient, Selection, WatchEvent } from './kube-client.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { type KubeObject, keyOf, objectKey } from './kube-object.ts';
import type { KubeResource } from './resources.ts';

/** `before` is undefined for an object that is new, `after` for one that is gone. */
export type Change = (after: KubeObject | undefined, before: KubeObject | undefined) => void;

export interface InformerOptions {
  client: KubeClient;
  resource: KubeResource;
  selection?: Selection;
  clock: Clock;
  /** Reduces an object to what its users need, before it is kept. Name, namespace and resourceVersion must stay. */
  keep?: (object: KubeObject) => KubeObject;
  /** Told of each failed list or watch before it is tried again; not of those that end in order. */
  onError?: (error: KubeError) => void;
  /** Makes waits between tries differ: 0 to 1. */
  random?: () => number;
  /** Least seconds for which the server is asked to let a watch go on; at most twice as many. Default 300. */
  watchSeconds?: number;
}

/** Simulated-or-not, servers end watches after about this: client-go, tools/cache/reflector.go, minWatchTimeout. */
const WATCH_SECONDS = 300;
/**
 * A watch that goes on for so many times of what was asked for has lost its server, and nobody has told us. client-go finds that by
 * the pings of HTTP/2: apimachinery, pkg/util/net/http.go.
 */
const SILENT_SHARE = 1.5;
/** Wall-clock pauses after failures. */
const PAUSE_FIRST_MS = 800;
const PAUSE_MOST_MS = 30_000;
/** A watch that ends before it has brought anything, and sooner than this, is none: client-go, reflector.go, "very short watch". */
const SHORT_MS = 1_000;
const CATCH_UP_SECONDS = 1;

export class Informer {
  readonly #options: InformerOptions;
  readonly #objects = new Map<string, KubeObject>();
  readonly #listeners = new Set<Change>();
  readonly #stop = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  /** Names by the value that an index gives its objects. */
  readonly #indices = new Map<
    string,
    { valuesOf: (object: KubeObject) => readonly string[]; keys: Map<string, Set<string>> }
  >();
  #resourceVersion = '';
  #running: Promise<void> | null = null;
  /** Somebody waits for all that has happened; the watch under way, or the rest, is cut short for it. */
  #catchUp: PromiseWithResolvers<void> | null = null;
  #hurry = new AbortController();
  /** Something has come since the last failure. */
  #moved = false;
  #isWatching = false;

  constructor(options: InformerOptions) {
    this.#options = options;
    // A stop before the first list is nobody's failure.
    this.#synced.promise.catch(() => {});
  }

  /** Begins to list and watch. Call once. */
  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Resolves when the first list is in. @throws Error when stopped before. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the informer was stopped'));
    this.#synced.reject(this.#stop.signal.reason);
    this.#catchUp?.reject(this.#stop.signal.reason);
    await this.#running;
  }

  /** There is a watch under way, as far as is known; else the server is away. */
  get isWatching(): boolean {
    return this.#isWatching;
  }

  /**
   * Resolves when all is known that had happened when it was called, which takes a second: a new watch, of a second, goes on from
   * where the last one was; when the server ends it, it has brought everything. @throws Error when stopped before
   */
  catchUp(): Promise<void> {
    if (!this.#catchUp) {
      this.#catchUp = Promise.withResolvers<void>();
      this.#catchUp.promise.catch(() => {});
      this.#hurry.abort(new Error('all that has happened is asked for'));
      this.#hurry = new AbortController();
    }
    return this.#catchUp.promise;
  }

  /** Calls back for each change from now on, and for everything that is there already. Returns what ends it. */
  onChange(listener: Change): () => void {
    this.#listeners.add(listener);
    for (const object of [...this.#objects.values()]) listener(object, undefined);
    return () => this.#listeners.delete(listener);
  }

  get(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(objectKey(namespace, name));
  }

  byKey(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  /** All objects, in no order. */
  list(): IterableIterator<KubeObject> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  /**
   * Makes {@link select} know objects by further values, such as their owner. Call before {@link start}.
   * @throws Error when there is an index of this name: another user of the informer may rely on it.
   */
  addIndex(index: string, valuesOf: (object: KubeObject) => readonly string[]): this {
    if (this.#indices.has(index))
      throw new Error(`the informer of ${this.#options.resource.plural} has an index '${index}' already`);
    this.#indices.set(index, { valuesOf, keys: new Map() });
    return this;
  }

  /** The objects that an index gives this value. */
  select(index: string, value: string): KubeObject[] {
    const keys = this.#indices.get(index)!.keys.get(value);
    return keys ? [...keys].map((key) => this.#objects.get(key)!) : [];
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { clock, random = Math.random, onError } = this.#options;
    let failures = 0;
    /** Ends in order that have led to nothing new; the first is an everyday thing. */
    let idle = 0;
    const rest = async (after: number) => {
      const pause = Math.min(PAUSE_FIRST_MS * 2 ** (after - 1), PAUSE_MOST_MS) * (1 + random());
      this.#isWatching = false;
      const { signal: hurry } = this.#hurry;
      await clock.sleep(pause * clock.speed, AbortSignal.any([signal, hurry])).catch(() => {});
    };
    while (!signal.aborted) {
      const startedAt = clock.now();
      const hurry = this.#hurry.signal;
      const catching = this.#catchUp;
      /** It was more than an attempt. */
      const wasLong = () => this.#moved || clock.now() - startedAt > SHORT_MS * clock.speed;
      this.#moved = false;
      try {
        if (this.#resourceVersion === '') await this.#list(signal);
        this.#isWatching = true;
        await this.#watch(AbortSignal.any([signal, hurry]), catching ? CATCH_UP_SECONDS : null);
        if (catching) {
          this.#catchUp = null;
          catching.resolve();
          continue;
        }
        failures = 0;
        idle = wasLong() ? 0 : idle + 1;
        if (idle > 1) await rest(idle - 1);
      } catch (error) {
        if (signal.aborted) return;
        if (hurry.aborted) continue;
        if (wasLong()) {
          failures = 0;
          idle = 0;
        }
        if (isKubeError(error) && error.expired) {
          this.#resourceVersion = '';
          if (++idle > 1) await rest(idle - 1);
          continue;
        }
        failures++;
        onError?.(isKubeError(error) ? error : new KubeError(String(error), { status: 0, reason: 'Protocol' }));
        await rest(failures);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, selection = {} } = this.#options;
    const seen = new Set<string>();
    let version = '';
    for await (const { items, resourceVersion } of client.pages(resource, selection, signal)) {
      for (const item of items) {
        seen.add(keyOf(item));
        this.#put(item);
      }
      version = resourceVersion;
    }
    for (const key of [...this.#objects.keys()]) if (!seen.has(key)) this.#drop(key);
    this.#resourceVersion = version;
    this.#synced.resolve();
  }

  /** @param seconds that it is to take; null for the usual time */
  async #watch(signal: AbortSignal, seconds: number | null): Promise<void> {
    const {
      client,
      resource,
      selection = {},
      clock,
      random = Math.random,
      watchSeconds = WATCH_SECONDS,
    } = this.#options;
    const timeoutSeconds = seconds ?? Math.round(watchSeconds * (1 + random()));
    const overdue = new AbortController();
    const patience = (timeoutSeconds * SILENT_SHARE + 1) * 1000 * clock.speed;
    const timer = clock.setTimer(patience, () => {
      const said = `the server was silent beyond the ${timeoutSeconds} s it was to take`;
      overdue.abort(new KubeError(`watch of ${resource.plural}: ${said}`, { status: 0, reason: 'Timeout', said }));
    });
    const changes = client.watch(
      resource,
      { ...selection, resourceVersion: this.#resourceVersion, timeoutSeconds },
      AbortSignal.any([signal, overdue.signal]),
    );
    try {
      await this.#takeAll(changes);
    } finally {
      timer.cancel();
    }
  }

  /** @throws KubeError that a server ends a watch with */
  async #takeAll(changes: AsyncIterable<WatchEvent>): Promise<void> {
    const { resource } = this.#options;
    for await (const { type, object } of changes) {
      if (type === 'ERROR') {
        throw new KubeError(`watch of ${resource.plural}: ${object.message ?? 'the server ended it'}`, {
          status: object.code ?? 500,
          reason: object.reason ?? 'InternalError',
        });
      }
      this.#moved = true;
      this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
      if (type === 'BOOKMARK') continue;
      if (type === 'DELETED') this.#drop(keyOf(object));
      else this.#put(object);
    }
  }

  #put(received: KubeObject): void {
    const key = keyOf(received);
    const before = this.#objects.get(key);
    if (before && before.metadata.resourceVersion === received.metadata.resourceVersion) return;
    // One that was deleted and made anew between two lists is another object.
    if (before && before.metadata.uid !== received.metadata.uid) this.#drop(key);
    const after = this.#options.keep?.(received) ?? received;
    const known = this.#objects.get(key);
    this.#index(known, after, key);
    this.#objects.set(key, after);
    this.#tell(after, known);
  }

  #drop(key: string): void {
    const before = this.#objects.get(key);
    if (!before) return;
    this.#index(before, undefined, key);
    this.#objects.delete(key);
    this.#tell(undefined, before);
  }

  #index(before: KubeObject | undefined, after: KubeObject | undefined, key: string): void {
    for (const { valuesOf, keys } of this.#indices.values()) {
      for (const value of before ? valuesOf(before) : []) {
        const set = keys.get(value);
        set?.delete(key);
        if (set?.size === 0) keys.delete(value);
      }
      for (const value of after ? valuesOf(after) : []) {
        const set = keys.get(value);
        if (set) set.add(key);
        else keys.set(value, new Set([key]));
      }
    }
  }

  #tell(after: KubeObject | undefined, before: KubeObject | undefined): void {
    for (const listener of this.#listeners) listener(after, before);
  }
}
