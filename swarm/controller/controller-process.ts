/** What the loops of one controller process share. */

import type { FinalizingStage } from '../../model/protocol/states.ts';
import type { MemorySpoke } from '../../model/spoke/memory-spoke.ts';
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { Host } from '../host/host.ts';
import type { InventoryClient, StageObserver } from '../service/inventory-client.ts';
import type { ServiceClient } from '../service/service-client.ts';
import type { RebootsNotifier } from './reboots-notifier.ts';

export interface ControllerOptions {
  clock: Clock;
  /** Client of kind `controller`; released at the end. */
  client: ServiceClient;
  clusterId: string;
  spoke: MemorySpoke<Host>;
  profile: SpokeProfile;
  /** CHECK_CLUSTER_VERSION: wait for `cvo` too. */
  checkClusterVersion: boolean;
  /** CONTROL_PLANE_COUNT. */
  controlPlaneCount: number;
  /** NOTIFY_NUM_REBOOTS, and what the notifier will count for each node. */
  notifyReboots: { rebootsPerNode: number } | null;
  /** Told of each host stage that the service accepted. */
  onStage?: StageObserver;
  /** Told of each finalizing stage that the service accepted. */
  onFinalizingStage?: (stage: FinalizingStage) => void;
  /** The pod is killed. */
  signal: AbortSignal;
}

export interface ControllerProcess {
  readonly options: ControllerOptions;
  readonly service: InventoryClient;
  readonly clock: Clock;
  readonly spoke: MemorySpoke<Host>;
  /** Ends with the main poll; loops stop waiting then but finish the pass under way. */
  readonly main: AbortSignal;
  /** Ends with the process. */
  readonly signal: AbortSignal;
  readonly reboots: RebootsNotifier;
  /** The installation failed: the final upload brings must-gather. */
  failed: boolean;
  /** OLM operators that failed. */
  readonly failedOperators: Set<string>;
}
