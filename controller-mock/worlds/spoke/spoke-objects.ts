/** How a spoke writes its objects: clients may have deleted or made anything meanwhile, and it goes on with what there is. */
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import type { Clock } from '../../../model/time/clock.ts';
import type { GroupResource, KubeObject } from '../../api/object.ts';
import { ApiStatusError } from '../../api/status.ts';
import type { Cluster } from '../../registry/cluster.ts';

/** The object or its namespace is gone, is going, or somebody else has made it. */
const ABSENT_OR_TAKEN = new Set([403, 404, 409]);

export class SpokeObjects {
  readonly #cluster: Cluster;
  readonly #clock: Clock;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** Simulated time as objects carry it. */
  now(): string {
    return rfc3339(this.#clock.now());
  }

  get(resource: GroupResource, namespace: string, name: string): KubeObject | undefined {
    return this.#cluster.get(resource, namespace, name);
  }

  list(resource: GroupResource): KubeObject[] {
    return this.#cluster.list(resource);
  }

  /** undefined when it cannot be made. */
  create(resource: GroupResource, object: KubeObject): KubeObject | undefined {
    return attempt(() => this.#cluster.create(resource, object));
  }

  modify(resource: GroupResource, namespace: string, name: string, change: (draft: KubeObject) => void): void {
    attempt(() => this.#cluster.modify(resource, namespace, name, change));
  }

  delete(resource: GroupResource, namespace: string, name: string): void {
    attempt(() => this.#cluster.delete(resource, namespace, name));
  }
}

function attempt<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof ApiStatusError && ABSENT_OR_TAKEN.has(error.status.code ?? 0)) return undefined;
    throw error;
  }
}
