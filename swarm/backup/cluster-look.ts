/** Single looks at a cluster for a diagnosis. What is refused, gone or late is undefined: a diagnosis goes on without it. */
import { isKubeError } from '../../model/kube/kube-error.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import type { ClusterRequests } from './cluster-requests.ts';

/** Wall-clock milliseconds for which a server that is away is tried. */
const PATIENCE_MS = 5_000;

/** An event about an object. */
export interface LookedEvent {
  readonly isWarning: boolean;
  /** `reason: message` */
  readonly text: string;
}

export class ClusterLook {
  readonly #requests: ClusterRequests;
  readonly #signal: AbortSignal;

  constructor(requests: ClusterRequests, signal: AbortSignal) {
    this.#requests = requests;
    this.#signal = signal;
  }

  /** `absent` when there is none. */
  async object(resource: KubeResource, namespace: string, name: string): Promise<KubeObject | 'absent' | undefined> {
    return this.#try(async () => {
      try {
        return await this.#requests.ask(
          (client) => client.get(resource, namespace, name, this.#signal),
          this.#signal,
          PATIENCE_MS,
        );
      } catch (error) {
        if (isKubeError(error) && error.notFound) return 'absent';
        throw error;
      }
    });
  }

  /** Events about an object, the newest last. */
  async events(namespace: string, kind: string, name?: string): Promise<LookedEvent[]> {
    const fields = [`involvedObject.kind=${kind}`, ...(name === undefined ? [] : [`involvedObject.name=${name}`])];
    const events = await this.#try(async () => {
      const { items } = await this.#requests.ask(
        (client) => client.list(RESOURCES.events, { namespace, fieldSelector: fields.join(',') }, this.#signal),
        this.#signal,
        PATIENCE_MS,
      );
      return items;
    });
    const when = (event: KubeObject) => String(event.lastTimestamp ?? event.metadata.creationTimestamp ?? '');
    return (events ?? [])
      .sort((a, b) => Number(when(a) > when(b)) - Number(when(a) < when(b)))
      .map(({ type, reason, message }) => ({ isWarning: type === 'Warning', text: `${reason}: ${message}` }));
  }

  async pods(namespace: string, labelSelector: string): Promise<KubeObject[]> {
    const found = await this.#try(() =>
      this.#requests.ask(
        (client) => client.list(RESOURCES.pods, { namespace, labelSelector }, this.#signal),
        this.#signal,
        PATIENCE_MS,
      ),
    );
    return found?.items ?? [];
  }

  /** Last lines of the log of a pod. */
  async log(namespace: string, pod: string, lines: number, container?: string): Promise<string[]> {
    const query = `tailLines=${lines}${container === undefined ? '' : `&container=${container}`}`;
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query}`;
    const text = await this.#try(() => this.#requests.text(path, 'get pods/log', this.#signal));
    return (text ?? '').split('\n').filter((line) => line.trim() !== '');
  }

  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      if (isKubeError(error)) return undefined;
      throw error;
    }
  }
}
