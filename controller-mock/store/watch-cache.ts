import { type Collection, type StoreEvent, withVersion } from './collection.ts';
import { StoredRecord } from './record.ts';

/** Where a watcher's lines go: an HTTP response. */
export interface WatchSink {
  /** Queues bytes; they may be shared with other sinks. */
  write(chunk: Buffer): void;
  /** Bytes queued and not yet taken by the peer. */
  readonly queuedBytes: number;
  /** Calls back once, when the queue has emptied. */
  onceDrained(resume: () => void): void;
  end(): void;
  /** Breaks the connection. */
  cut(): void;
}

/** What a watch shows. Watches with equal `key` share one group and its bytes. */
export interface WatchView {
  readonly key: string;
  /** '' for all. */
  readonly namespace: string;
  matches(record: StoredRecord): boolean;
  /** The object of a line, as JSON. */
  encode(record: StoredRecord): Buffer;
  /** The object of a BOOKMARK, as JSON. */
  bookmark(resourceVersion: number, initialEventsEnd: boolean): string;
}

export interface WatchStart {
  /** Version after which events are sent; undefined sends the objects of now first. */
  since: number | undefined;
  /** Sends a bookmark after the initial objects (WatchList). */
  markInitialEnd: boolean;
  /** Sends bookmarks now and then. */
  bookmarks: boolean;
}

/** A sink that holds more than this is slow: it leaves its group and reads history at its own pace. */
const SLOW_BYTES = 1024 * 1024;

/** Events or objects a watcher takes before others get their turn. */
const BATCH = 512;

const NEWLINE = Buffer.from('}\n');
const PREFIX = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};

function pushLine(parts: Buffer[], type: keyof typeof PREFIX, object: Buffer): void {
  parts.push(PREFIX[type], object, NEWLINE);
}

/** Appends the line a view shows of an event, if any: a selector turns changes into ADDED and DELETED. */
function pushEvent(parts: Buffer[], event: StoreEvent, view: WatchView): void {
  if (view.namespace !== '' && event.record.namespace !== view.namespace) return;
  const before = event.previous !== undefined && view.matches(event.previous);
  const after = event.type !== 'DELETED' && view.matches(event.record);
  if (after) {
    pushLine(parts, before ? 'MODIFIED' : 'ADDED', view.encode(event.record));
  } else if (before) {
    // The last state that matched, under the version of the change that ended it.
    const last =
      event.type === 'DELETED'
        ? event.record
        : new StoredRecord(withVersion(event.previous!.object, event.resourceVersion), event.resourceVersion);
    pushLine(parts, 'DELETED', view.encode(last));
  }
}

/**
 * Watches of one collection.
 *
 *   Collection ──event──► Group (one a distinct view) ──► bytes, made once ──► socket of each live watcher
 *                            pending lines, written together
 *                            when the event loop turns
 *
 *   A watcher's life:
 *
 *      objects of now ──► replay of history ──► live, a member of its group
 *        (waits for         │      ▲                    │
 *         the socket)       │      └────────────────────┘ its socket holds more than SLOW_BYTES
 *                           ▼
 *                 history has forgotten its place: ERROR 410, end
 *
 * So a slow or half-open client costs one cursor and at most SLOW_BYTES plus one batch, whatever happens around it, and
 * a fast one costs a write a turn, however many others see the same.
 */
export class WatchCache {
  readonly #collection: Collection;
  readonly #currentVersion: () => number;
  readonly #groups = new Map<string, WatchGroup>();
  readonly #watchers = new Set<Watcher>();

  /** @param currentVersion of the store, which a bookmark tells. */
  constructor(collection: Collection, currentVersion: () => number) {
    this.#collection = collection;
    this.#currentVersion = currentVersion;
  }

  /** Watches under way. */
  get size(): number {
    return this.#watchers.size;
  }

  /** Starts at once. @returns the watcher; its owner calls stop() when the client is gone. */
  watch(view: WatchView, start: WatchStart, sink: WatchSink, onEnd: () => void): Watcher {
    let group = this.#groups.get(view.key);
    if (!group) {
      const key = view.key;
      group = new WatchGroup(this.#collection, view, () => this.#groups.delete(key));
      this.#groups.set(key, group);
    }
    const watcher = new Watcher(this.#collection, group, start, sink, this.#currentVersion, () => {
      this.#watchers.delete(watcher);
      onEnd();
    });
    this.#watchers.add(watcher);
    watcher.run();
    return watcher;
  }

  /** Sends a bookmark to every live watcher that wants them. */
  bookmark(): void {
    for (const watcher of this.#watchers) watcher.bookmark();
  }

  /** Ends every watch as one whose history is lost. */
  expireAll(): void {
    for (const watcher of [...this.#watchers]) watcher.expire();
  }

  /** Ends every watch, as when the kind is no longer served. */
  endAll(): void {
    for (const watcher of [...this.#watchers]) watcher.finish();
  }

  /** Forgets every watch without a word: its connection breaks, or stays open and is silent for ever. */
  leaveAll(breaks: boolean): void {
    for (const watcher of [...this.#watchers]) watcher.leave(breaks);
  }
}

class WatchGroup {
  readonly view: WatchView;
  readonly #collection: Collection;
  readonly #onEmpty: () => void;
  readonly #members = new Set<Watcher>();
  #pending: Buffer[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  readonly #listener = (event: StoreEvent): void => {
    pushEvent(this.#pending, event, this.view);
    if (this.#pending.length > 0) this.#scheduled ??= setImmediate(() => this.flush());
  };

  constructor(collection: Collection, view: WatchView, onEmpty: () => void) {
    this.#collection = collection;
    this.view = view;
    this.#onEmpty = onEmpty;
  }

  /** @param watcher has everything up to the latest change. */
  join(watcher: Watcher): void {
    this.flush();
    if (this.#members.size === 0) this.#collection.listen(this.#listener);
    this.#members.add(watcher);
  }

  leave(watcher: Watcher): void {
    if (!this.#members.delete(watcher) || this.#members.size > 0) return;
    this.#collection.unlisten(this.#listener);
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#pending = [];
    this.#onEmpty();
  }

  /** Writes what has gathered to every member. */
  flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#pending.length === 0) return;
    const chunk = Buffer.concat(this.#pending);
    this.#pending = [];
    const version = this.#collection.latest;
    for (const member of [...this.#members]) member.deliver(chunk, version);
  }
}

/** One watch. */
export class Watcher {
  readonly #collection: Collection;
  readonly #group: WatchGroup;
  readonly #start: WatchStart;
  readonly #sink: WatchSink;
  readonly #currentVersion: () => number;
  readonly #onEnd: () => void;
  /** Objects of now that are still to be sent. */
  #initial: readonly StoredRecord[] | undefined;
  #initialNext = 0;
  /** Version of the last event that was sent or passed over. */
  #cursor: number;
  #live = false;
  #ended = false;
  #turn: NodeJS.Immediate | undefined;

  constructor(
    collection: Collection,
    group: WatchGroup,
    start: WatchStart,
    sink: WatchSink,
    currentVersion: () => number,
    onEnd: () => void,
  ) {
    this.#collection = collection;
    this.#group = group;
    this.#start = start;
    this.#sink = sink;
    this.#currentVersion = currentVersion;
    this.#onEnd = onEnd;
    this.#cursor = start.since ?? currentVersion();
    if (start.since === undefined) this.#initial = collection.list(group.view.namespace);
  }

  /** Sends what is due until the watcher is live or its sink is full. */
  run(): void {
    this.#turn = undefined;
    if (this.#ended) return;
    if (this.#sink.queuedBytes > SLOW_BYTES) {
      this.#sink.onceDrained(() => this.run());
      return;
    }
    const parts: Buffer[] = [];
    if (this.#initial) this.#takeInitial(parts);
    else if (this.#cursor < this.#collection.forgotten) {
      this.expire();
      return;
    } else {
      const events = this.#collection.after(this.#cursor, BATCH);
      for (const event of events) pushEvent(parts, event, this.#group.view);
      this.#cursor = events.at(-1)?.resourceVersion ?? this.#cursor;
      if (events.length < BATCH) {
        if (parts.length > 0) this.#sink.write(Buffer.concat(parts));
        this.#group.join(this);
        this.#live = true;
        return;
      }
    }
    if (parts.length > 0) this.#sink.write(Buffer.concat(parts));
    this.#turn = setImmediate(() => this.run());
  }

  /** Called by the group. */
  deliver(chunk: Buffer, version: number): void {
    this.#sink.write(chunk);
    this.#cursor = version;
    if (this.#sink.queuedBytes <= SLOW_BYTES) return;
    this.#group.leave(this);
    this.#live = false;
    this.#sink.onceDrained(() => this.run());
  }

  bookmark(): void {
    if (!this.#start.bookmarks || !this.#live) return;
    this.#group.flush();
    // The flush may have shown that this watcher is slow.
    if (this.#live) this.#sink.write(this.#bookmarkLine(this.#currentVersion(), false));
  }

  /** Ends the watch as its time is up: a last bookmark, then a clean end. */
  finish(): void {
    if (this.#ended) return;
    this.bookmark();
    this.stop();
    this.#sink.end();
  }

  /** Forgets the watch, and breaks its connection or leaves it open. */
  leave(breaks: boolean): void {
    this.stop();
    if (breaks) this.#sink.cut();
  }

  /** Forgets the watch; nothing is written any more. */
  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearImmediate(this.#turn);
    this.#group.leave(this);
    this.#initial = undefined;
    this.#onEnd();
  }

  #takeInitial(parts: Buffer[]): void {
    const records = this.#initial!;
    const end = Math.min(records.length, this.#initialNext + BATCH);
    for (; this.#initialNext < end; this.#initialNext++) {
      const record = records[this.#initialNext]!;
      if (this.#group.view.matches(record)) pushLine(parts, 'ADDED', this.#group.view.encode(record));
    }
    if (end < records.length) return;
    this.#initial = undefined;
    if (this.#start.markInitialEnd) parts.push(this.#bookmarkLine(this.#cursor, true));
  }

  #bookmarkLine(version: number, initialEventsEnd: boolean): Buffer {
    return Buffer.from(`{"type":"BOOKMARK","object":${this.#group.view.bookmark(version, initialEventsEnd)}}\n`);
  }

  /** Ends the watch with an event that says 410. */
  expire(): void {
    if (this.#ended) return;
    const message = `too old resource version: ${this.#cursor} (${this.#collection.forgotten})`;
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason: 'Expired',
      code: 410,
    };
    this.#sink.write(Buffer.from(`${JSON.stringify({ type: 'ERROR', object: status })}\n`));
    this.stop();
    this.#sink.end();
  }
}
