/** What the containers of a cluster's pods have written, and `pods/<name>/log`. */

import { causeInvalid } from '../../api/causes.ts';
import type { ClusterAccess } from '../../api/cluster-access.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Subresource, SubresourceRequest } from '../../api/resource-type.ts';
import { badRequest, invalid } from '../../api/status.ts';
import { items, text } from '../fields.ts';

export interface LogLine {
  /** Epoch milliseconds. */
  timeMs: number;
  /** Without the newline. */
  text: string;
}

/** Where the lines of one container come from. */
export interface LogSource {
  /** Everything written so far, oldest first. */
  lines(): readonly LogLine[];
  /** Calls `onLine` for every line written from now on. @returns a function that ends it. */
  listen(onLine: (line: LogLine) => void): () => void;
}

/** Lines one container keeps; older ones are forgotten, as when the kubelet rotates its files. */
const LINES_KEPT = 10_000;

class ContainerLog implements LogSource {
  #lines: LogLine[] = [];
  readonly #listeners = new Set<(line: LogLine) => void>();

  append(line: LogLine): void {
    this.#lines.push(line);
    // Cut rarely and by much, so that appending stays cheap.
    if (this.#lines.length > LINES_KEPT * 1.25) this.#lines = this.#lines.slice(-LINES_KEPT);
    for (const listener of this.#listeners) listener(line);
  }

  lines(): readonly LogLine[] {
    return this.#lines;
  }

  listen(onLine: (line: LogLine) => void): () => void {
    this.#listeners.add(onLine);
    return () => this.#listeners.delete(onLine);
  }
}

/** The logs of one cluster. Whoever plays the kubelet writes here. */
export class PodLogs {
  /** By pod, then by container. */
  readonly #logs = new Map<string, Map<string, ContainerLog>>();
  #sources: ((pod: KubeObject, container: string) => LogSource | undefined) | undefined;

  /** Adds lines; text with newlines is split. @param timeMs epoch milliseconds. */
  append(namespace: string, pod: string, container: string, timeMs: number, content: string): void {
    const log = this.#log(`${namespace}/${pod}`, container);
    for (const line of content.replace(/\n$/, '').split('\n')) log.append({ timeMs, text: line });
  }

  /** Asks `sources` first; a container it knows nothing of has what was appended. */
  setSources(sources: (pod: KubeObject, container: string) => LogSource | undefined): void {
    this.#sources = sources;
  }

  /** Drops what was appended for a pod. */
  forget(namespace: string, pod: string): void {
    this.#logs.delete(`${namespace}/${pod}`);
  }

  source(pod: KubeObject, container: string): LogSource {
    const { namespace = '', name = '' } = pod.metadata;
    return this.#sources?.(pod, container) ?? this.#logs.get(`${namespace}/${name}`)?.get(container) ?? EMPTY;
  }

  /** For a follower that comes before the first line. */
  live(pod: KubeObject, container: string): LogSource {
    const found = this.source(pod, container);
    return found === EMPTY ? this.#log(`${pod.metadata.namespace}/${pod.metadata.name}`, container) : found;
  }

  #log(pod: string, container: string): ContainerLog {
    const logs = this.#logs.get(pod) ?? new Map<string, ContainerLog>();
    this.#logs.set(pod, logs);
    const log = logs.get(container) ?? new ContainerLog();
    logs.set(container, log);
    return log;
  }
}

const EMPTY: LogSource = { lines: () => [], listen: () => () => {} };

const byCluster = new WeakMap<ClusterAccess, PodLogs>();

export function podLogsOf(cluster: ClusterAccess): PodLogs {
  let logs = byCluster.get(cluster);
  if (!logs) {
    logs = new PodLogs();
    byCluster.set(cluster, logs);
  }
  return logs;
}

interface LogOptions {
  container: string;
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  /** Epoch milliseconds. */
  sinceMs: number;
  tailLines: number;
  limitBytes: number;
}

function readOptions(request: SubresourceRequest): LogOptions {
  const { query, parent, context } = request;
  const count = (name: string, least: number): number | undefined => {
    const given = query.get(name);
    if (given === null || given === '') return undefined;
    if (!/^-?\d{1,15}$/.test(given)) throw badRequest(`${name} must be an integer, given: ${given.slice(0, 100)}`);
    if (Number(given) < least) {
      const detail = least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0';
      throw invalid({ group: '', kind: 'PodLogOptions' }, request.name, [causeInvalid(name, Number(given), detail)]);
    }
    return Number(given);
  };
  const flag = (name: string) => ['true', '1'].includes(query.get(name) ?? '');
  const sinceSeconds = count('sinceSeconds', 1);
  const sinceTime = query.get('sinceTime');
  if (sinceSeconds !== undefined && sinceTime)
    throw badRequest('at most one of sinceTime or sinceSeconds may be given');
  const sinceTimeMs = sinceTime ? Date.parse(sinceTime) : Number.NEGATIVE_INFINITY;
  if (Number.isNaN(sinceTimeMs)) throw badRequest('sinceTime must be a time as in RFC 3339');
  return {
    container: containerOf(parent, query.get('container') ?? ''),
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    sinceMs: sinceSeconds === undefined ? sinceTimeMs : context.clock.now() - sinceSeconds * 1000,
    tailLines: count('tailLines', 0) ?? Number.POSITIVE_INFINITY,
    limitBytes: count('limitBytes', 1) ?? Number.POSITIVE_INFINITY,
  };
}

function containerOf(pod: KubeObject, asked: string): string {
  const names = (list: string) => items(pod, 'spec', list).map((container) => text(container, 'name'));
  const main = names('containers');
  const all = [...main, ...names('initContainers'), ...names('ephemeralContainers')];
  const name = pod.metadata.name ?? '';
  if (asked !== '') {
    if (all.includes(asked)) return asked;
    throw badRequest(`container ${asked.slice(0, 100)} is not valid for pod ${name}`);
  }
  if (all.length === 1) return all[0]!;
  const preferred = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (preferred !== undefined && all.includes(preferred)) return preferred;
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${main.join(' ')}]`);
}

/** Cuts text to bytes without splitting what has been counted already. */
class Budget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get spent(): boolean {
    return this.#left <= 0;
  }

  take(content: string): string {
    const bytes = Buffer.from(content);
    const kept = bytes.length <= this.#left ? content : bytes.subarray(0, this.#left).toString();
    this.#left -= bytes.length;
    return kept;
  }
}

const shownLine = (line: LogLine, timestamps: boolean) =>
  timestamps ? `${new Date(line.timeMs).toISOString().replace('Z', '000000Z')} ${line.text}\n` : `${line.text}\n`;

/** Lines a slow follower may be behind before it is cut off. */
const QUEUE_LIMIT = 20_000;

async function* followed(source: LogSource, first: string, options: LogOptions, budget: Budget, signal: AbortSignal) {
  const queue: string[] = [];
  let wake: (() => void) | undefined;
  const stop = source.listen((line) => {
    queue.push(shownLine(line, options.timestamps));
    wake?.();
  });
  const onAbort = () => wake?.();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (first !== '') yield first;
    while (!signal.aborted && !budget.spent && queue.length <= QUEUE_LIMIT) {
      if (queue.length > 0) yield budget.take(queue.splice(0).join(''));
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
      }
    }
  } finally {
    stop();
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * `container, follow, previous, sinceSeconds, sinceTime, timestamps, tailLines, limitBytes` (kubernetes/kubernetes,
 * pkg/registry/core/pod/rest/log.go LogREST.Get).
 */
export const POD_LOG: Subresource = {
  name: 'log',
  verbs: ['get'],
  handle(request) {
    const { context, parent } = request;
    const options = readOptions(request);
    const answer = (content: string | AsyncIterable<string>) => ({
      code: 200,
      contentType: 'text/plain',
      text: content,
    });
    if (options.previous) {
      throw badRequest(`previous terminated container "${options.container}" in pod "${request.name}" not found`);
    }
    const logs = podLogsOf(context.cluster);
    const source = options.follow ? logs.live(parent, options.container) : logs.source(parent, options.container);
    const lines = source.lines().filter((line) => line.timeMs >= options.sinceMs);
    const shown = lines.slice(Math.max(0, lines.length - options.tailLines));
    const budget = new Budget(options.limitBytes);
    const first = budget.take(shown.map((line) => shownLine(line, options.timestamps)).join(''));
    return answer(options.follow ? followed(source, first, options, budget, context.signal) : first);
  },
};
