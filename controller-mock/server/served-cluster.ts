/** A whole cluster: its state, the controllers beside it, and its HTTP face. */
import { builtinTypes } from '../builtins/index.ts';
import { GarbageCollector } from '../controllers/garbage-collector.ts';
import { NamespaceLifecycle, type NamespaceSettings } from '../controllers/namespace-lifecycle.ts';
import { CustomResources } from '../crd/custom-resources.ts';
import { Endpoint, type EndpointOptions } from '../http/api-handler.ts';
import { Cluster, type ClusterOptions } from '../registry/cluster.ts';

export interface HostedClusterOptions extends Omit<ClusterOptions, 'types'>, EndpointOptions, NamespaceSettings {}

export class HostedCluster {
  readonly cluster: Cluster;
  readonly endpoint: Endpoint;
  readonly #controllers: { stop(): void }[];

  constructor(options: HostedClusterOptions) {
    this.cluster = new Cluster({ ...options, types: builtinTypes() });
    // Kinds first: the others look them up when they hear of a change.
    this.#controllers = [
      new CustomResources(this.cluster, (key) => this.endpoint.endWatches(key)),
      new GarbageCollector(this.cluster),
      new NamespaceLifecycle(this.cluster, options),
    ];
    this.endpoint = new Endpoint(this.cluster, options);
  }

  /** Ends watches and controllers; the objects stay readable. */
  close(): void {
    for (const controller of this.#controllers) controller.stop();
    this.endpoint.close();
  }
}
