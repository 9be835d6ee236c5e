import type { ServerResponse } from 'node:http';
import type { ResourceType } from '../../api/resource-type.ts';
import { expired } from '../../api/status.ts';
import type { WatchSink, WatchStart, WatchView } from '../../store/watch-cache.ts';
import { type ListOptions, parseListOptions } from '../list-options.ts';
import type { ResourceRequest } from '../resource-request.ts';
import { recordFilter } from './selection.ts';

/** A watch without timeoutSeconds ends after this. */
const WATCH_TIMEOUT_MS = 30 * 60_000;
/** Longest that is honoured; beyond it setTimeout would fire at once. */
const LONGEST_WATCH_MS = 24 * 3600_000;

/** @throws ApiStatusError 400, 406, 410, 422 */
export function watch(request: ResourceRequest, type: ResourceType): void {
  const options = parseListOptions(request.query);
  const view = viewOf(request, type, options);
  const start = startOf(options, request.cluster.store.resourceVersion);
  const { raw } = request.response;
  raw.writeHead(200, request.response.headers('application/json', {}));
  raw.flushHeaders();
  const timeoutMs = options.timeoutSeconds > 0 ? options.timeoutSeconds * 1000 : WATCH_TIMEOUT_MS;
  // Set before the watch begins: one whose history is lost ends at once.
  const timeout = setTimeout(() => watcher.finish(), Math.min(timeoutMs, LONGEST_WATCH_MS));
  const watcher = request.watches.cache(type).watch(view, start, new ResponseSink(raw), () => clearTimeout(timeout));
  raw.once('close', () => watcher.stop());
}

function viewOf(request: ResourceRequest, type: ResourceType, options: ListOptions): WatchView {
  const { namespace, name } = request.info;
  const representation = request.representation();
  const matches = recordFilter(type, request.info, options);
  const encoder = request.encoder(type, representation);
  return {
    key: JSON.stringify([encoder.key, namespace, name, options.labelSelector, options.fieldSelector]),
    namespace,
    matches: matches ?? (() => true),
    encode: (record) => encoder.bytes(record),
    bookmark: (at, initialEventsEnd) =>
      JSON.stringify(encoder.bookmark(at, initialEventsEnd ? { 'k8s.io/initial-events-end': 'true' } : undefined)),
  };
}

/** @param version of the store. @throws ApiStatusError 410 */
function startOf(
  { resourceVersion, sendInitialEvents, allowWatchBookmarks }: ListOptions,
  version: number,
): WatchStart {
  if (resourceVersion !== undefined && resourceVersion > version) {
    // From another life of this server: the client must start over.
    throw expired(
      `The resourceVersion for the provided watch is from the future: ${resourceVersion}, current: ${version}`,
    );
  }
  const wantsInitial = sendInitialEvents ?? !resourceVersion;
  return {
    since: wantsInitial ? undefined : (resourceVersion ?? version),
    markInitialEnd: wantsInitial && sendInitialEvents === true && allowWatchBookmarks,
    bookmarks: allowWatchBookmarks,
  };
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
