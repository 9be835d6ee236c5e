/** What all operations share: time, settings, rows and side channels. */

import type { Clock } from '../../model/time/clock.ts';
import type { LocalTokens } from '../auth/local-tokens.ts';
import { type EventSubject, Events } from '../events/events.ts';
import { Hardware } from '../hardware/hardware.ts';
import { ImageUrls } from '../infra-env/image-urls.ts';
import type { ServiceMetrics, ServiceSettings } from '../service-api.ts';
import { Versions } from '../versions/versions.ts';
import { Database } from './database.ts';
import { PlantedFaults } from './planted-faults.ts';
import type { ClusterRow, HostRow } from './rows.ts';
import { Store } from './store.ts';

export interface ServiceDependencies {
  clock: Clock;
  settings: ServiceSettings;
  metrics: ServiceMetrics;
  /** UUID source; tests make it reproducible. */
  uuid: () => string;
  /** A new one when absent. */
  database?: Database;
  /** None when absent. */
  faults?: PlantedFaults;
  /** With AUTH_TYPE local: addresses and agents get tokens from here. */
  tokens?: LocalTokens | undefined;
}

export interface Core {
  readonly clock: Clock;
  readonly settings: ServiceSettings;
  readonly metrics: ServiceMetrics;
  readonly uuid: () => string;
  readonly store: Store;
  readonly database: Database;
  readonly events: Events;
  readonly hardware: Hardware;
  readonly versions: Versions;
  readonly urls: ImageUrls;
  readonly faults: PlantedFaults;
}

export function createCore(dependencies: ServiceDependencies): Core {
  const { settings, clock, tokens } = dependencies;
  const versions = new Versions(settings);
  const faults = dependencies.faults ?? new PlantedFaults();
  return {
    ...dependencies,
    faults,
    store: new Store(),
    database: dependencies.database ?? new Database(faults),
    events: new Events(
      clock,
      settings.EVENT_RATE_LIMITS,
      !settings.ENABLE_KUBE_API,
      faults,
      settings.DELETED_UNREGISTERED_AFTER,
    ),
    hardware: new Hardware(settings),
    versions,
    urls: new ImageUrls(settings, versions, tokens),
  };
}

export function aboutHost(host: HostRow): EventSubject {
  return { clusterId: host.cluster?.id, hostId: host.id, infraEnvId: host.infraEnv.id };
}

export function aboutCluster(cluster: ClusterRow): EventSubject {
  return { clusterId: cluster.id };
}

/** Soft timeouts turn hard ones into flags; the organisation's permission is always given without an identity service. */
export function softTimeouts(core: Core): boolean {
  return core.settings.ENABLE_SOFT_TIMEOUTS;
}
