/**
 * Who fetched an ignition from the machine-config-server: the same look into its log by the bootstrap and the controller.
 * Source: openshift/assisted-installer, src/common/common.go, SetConfiguringStatusForHosts.
 */

import type { HostStage } from '../../model/protocol/states.ts';
import type { Host } from '../host/host.ts';
import { accepted, type ClusterHost, type InventoryClient, newRequestId } from './inventory-client.ts';

const BEYOND: readonly (HostStage | undefined)[] = ['Configuring', 'Joined', 'Done'];

/**
 * Reports `Configuring` for the hosts that fetched (the bootstrap: `Waiting for ignition` for workers), unless their stage
 * in the map is that far already. Stages in the map follow the accepted reports.
 */
export async function reportIgnitionFetches(
  service: InventoryClient,
  hosts: ReadonlyMap<string, ClusterHost>,
  fetched: readonly Host[],
  reporter: 'bootstrap' | 'controller',
): Promise<void> {
  const ids = new Set(fetched.map((host) => host.identity.id));
  for (const host of hosts.values()) {
    const current = host.progress.current_stage;
    if (!ids.has(host.id) || BEYOND.includes(current)) continue;
    if (reporter === 'bootstrap' && current === 'Waiting for ignition') continue;
    const stage = reporter === 'bootstrap' && host.role === 'worker' ? 'Waiting for ignition' : 'Configuring';
    const report = service.reportStage(host.infra_env_id, host.id, stage, '', { requestId: newRequestId() });
    if (await accepted(report)) host.progress.current_stage = stage;
  }
}
