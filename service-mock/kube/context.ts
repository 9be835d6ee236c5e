/** What all reconcilers share: the service's rows and operations, the hub's objects, and the way to write them. */
import type { Informer } from '../../model/kube/informer.ts';
import type { KubeClient } from '../../model/kube/kube-client.ts';
import type { KubeResource } from '../../model/kube/resources.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { Core } from '../core/core.ts';
import type { AssistedServiceApi, KubeKey, ServiceSettings } from '../service-api.ts';
import type { SpokeClients } from './spoke/spoke-clients.ts';

export interface KubeContext {
  /** The rows. Reconcilers change them by {@link service}, or where REST has no way to by functions of the rooms. */
  readonly core: Core;
  readonly service: AssistedServiceApi;
  readonly settings: ServiceSettings;
  readonly clock: Clock;
  /** Writes, and reads past the cache. Every kind has 20 requests a second, 30 after a rest. */
  readonly client: KubeClient;
  /** Objects as the last change told of them; shared, so copy before changing ({@link editable}). */
  readonly cache: KubeCache;
  readonly notices: KubeNotices;
  /** Clients of installed clusters; see `spoke-client.ts`. */
  readonly spokes: SpokeClients;
  /** Tells whoever runs the service of something that went wrong; one line. */
  readonly report: (message: string) => void;
}

export interface KubeCache {
  /** The informer of a kind. Secrets are only those with the watch label, PreprovisioningImages those of an InfraEnv. */
  of(resource: KubeResource): Informer;
}

/** Puts keys into the queues of the reconcilers that listen. Upstream: assisted-service, crd_events_handler.go. */
export interface KubeNotices {
  cluster(key: KubeKey): void;
  infraEnv(key: KubeKey): void;
  agent(key: KubeKey): void;
}
