/** Informers of the kinds that reconcilers watch or read. Upstream: assisted-service, cmd/main.go, createControllerManager. */
import { Informer } from '../../model/kube/informer.ts';
import type { KubeClient } from '../../model/kube/kube-client.ts';
import type { KubeError } from '../../model/kube/kube-error.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { KubeCache } from './context.ts';
import { INFRA_ENV_LABEL, WATCH_LABEL } from './labels.ts';

/** Kinds of which only labelled objects are cached. */
const SELECTORS: ReadonlyMap<KubeResource, string> = new Map<KubeResource, string>([
  [RESOURCES.secrets, `${WATCH_LABEL}=true`],
  [RESOURCES.preprovisioningImages, INFRA_ENV_LABEL],
]);

export interface InformersOptions {
  client: KubeClient;
  clock: Clock;
  onError: (resource: KubeResource, error: KubeError) => void;
}

export class Informers implements KubeCache {
  readonly #options: InformersOptions;
  readonly #informers = new Map<KubeResource, Informer>();

  constructor(options: InformersOptions) {
    this.#options = options;
  }

  of(resource: KubeResource): Informer {
    let informer = this.#informers.get(resource);
    if (!informer) {
      const { client, clock, onError } = this.#options;
      const labelSelector = SELECTORS.get(resource);
      informer = new Informer({
        client,
        resource,
        clock,
        ...(labelSelector !== undefined && { selection: { labelSelector } }),
        onError: (error) => onError(resource, error),
      });
      this.#informers.set(resource, informer);
    }
    return informer;
  }

  /** Resolves when the first list of each is in. */
  async start(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.start().synced));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }
}
