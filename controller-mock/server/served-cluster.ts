import { GarbageCollector } from '../controllers/garbage-collector.ts';
import { NamespaceLifecycle, type NamespaceSettings } from '../controllers/namespace-lifecycle.ts';
import { ApiHandler, type ApiHandlerOptions } from '../http/api-handler.ts';
import { Cluster, type ClusterOptions } from '../registry/cluster.ts';
import { ADMIN } from '../registry/tokens.ts';
import type { Controller, ServerKinds } from './kinds.ts';

export interface ServedClusterOptions
  extends Omit<ClusterOptions, 'types'>,
    Omit<ApiHandlerOptions, 'decodeProtobuf'>,
    NamespaceSettings {
  /** Bearer token with all rights. */
  token: string;
}

/** A whole cluster: its state, the controllers beside it, and its HTTP face. */
export class ServedCluster {
  readonly cluster: Cluster;
  readonly handler: ApiHandler;
  /** Bearer token with all rights. */
  readonly token: string;
  readonly #controllers: Controller[];

  constructor(kinds: ServerKinds, options: ServedClusterOptions) {
    this.cluster = new Cluster({ ...options, types: kinds.types() });
    // Kinds first: the others look them up when they hear of a change.
    this.#controllers = [
      kinds.customResources(this.cluster, (key) => this.handler.endWatches(key)),
      new GarbageCollector(this.cluster),
      new NamespaceLifecycle(this.cluster, options, kinds.namespaceContents),
    ];
    this.handler = new ApiHandler(this.cluster, { ...options, decodeProtobuf: kinds.decodeProtobuf });
    this.token = options.token;
    this.cluster.tokens.add(this.token, ADMIN);
  }

  /** Ends watches and controllers; the objects stay readable. */
  close(): void {
    for (const controller of this.#controllers) controller.stop();
    this.handler.close();
  }
}
