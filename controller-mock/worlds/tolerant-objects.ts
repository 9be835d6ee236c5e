/** How a world writes objects: clients may have deleted or made anything meanwhile, and it goes on with what there is. */
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { DeleteOptions } from '../api/cluster-access.ts';
import type { GroupResource, KubeObject } from '../api/object.ts';
import { ApiStatusError } from '../api/status.ts';
import type { Cluster } from '../registry/cluster.ts';

/** The object or its namespace is gone, is going, or somebody else has made it. */
const ABSENT_OR_TAKEN = new Set([403, 404, 409]);

export class TolerantObjects {
  protected readonly cluster: Cluster;
  protected readonly clock: Clock;

  constructor(cluster: Cluster, clock: Clock) {
    this.cluster = cluster;
    this.clock = clock;
  }

  /** Simulated time as objects carry it. */
  now(): string {
    return rfc3339(this.clock.now());
  }

  get(resource: GroupResource, namespace: string, name: string): KubeObject | undefined {
    return this.cluster.get(resource, namespace, name);
  }

  /** @param namespace '' for all */
  list(resource: GroupResource, namespace = ''): KubeObject[] {
    return this.cluster.list(resource, { namespace });
  }

  delete(resource: GroupResource, namespace: string, name: string, options: DeleteOptions = {}): void {
    this.attempt(() => this.cluster.delete(resource, namespace, name, options));
  }

  /** @returns undefined when the object is absent or taken. */
  protected attempt<T>(write: () => T): T | undefined {
    try {
      return write();
    } catch (error) {
      if (error instanceof ApiStatusError && ABSENT_OR_TAKEN.has(error.code)) return undefined;
      throw error;
    }
  }
}
