/** How many machines the provisioner works on at once. Upstream: pkg/provisioner/ironic/ironic.go, HasCapacity and loadBusyHosts. */
import type { BmcAccess } from './bmc-address.ts';
import { isBusy, type MachineNode } from './machine-node.ts';

export interface CapacityLimit {
  /** How many machines may be busy at once. */
  limit: number;
  /** Machines that boot by virtual media count as well, and are limited. */
  limitVirtualMedia: boolean;
}

/** Whether work on a machine may begin, or has. */
export function hasCapacity(
  nodes: Iterable<MachineNode>,
  node: MachineNode,
  access: BmcAccess,
  { limit, limitVirtualMedia }: CapacityLimit,
): boolean {
  if (access.virtualMedia && !limitVirtualMedia) return true;
  let busy = 0;
  for (const one of nodes) {
    if (!isBusy(one) || (one.virtualMedia && !limitVirtualMedia)) continue;
    if (one === node) return true;
    busy++;
  }
  return busy < limit;
}
