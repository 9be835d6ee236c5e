/** Host validations of what a host reports of itself. Upstream: assisted-service, internal/host/validator.go. */

import type { ClusterRow } from '../../core/rows.ts';
import { FORBIDDEN_HOSTNAMES, HOSTNAME, hostnameProblem } from '../../validations/names.ts';
import { hostnameOf } from '../traits.ts';
import { broken, fail, type HostContext, type InventoryCheck, type Outcome, pass, passIf } from './check.ts';

export function truncation(kind: 'partial' | 'full'): InventoryCheck {
  return (inventory) => {
    if (!inventory.truncation) return pass('Inventory is not truncated');
    const { type, reasons } = inventory.truncation;
    if (type !== 'partial' && type !== 'full') return broken('Unexpected inventory truncation type');
    if (type !== kind) {
      return pass(
        kind === 'partial'
          ? 'Inventory is not partially truncated (inventory fully truncated)'
          : 'Inventory is partially truncated',
      );
    }
    return fail(`Inventory is truncated (${type})${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`);
  };
}

const nameCounts = new WeakMap<ClusterRow, { version: number; counts: Map<string, number> }>();

/** How often each hostname occurs among the hosts that sent an inventory. */
export function namesOf(cluster: ClusterRow): ReadonlyMap<string, number> {
  let entry = nameCounts.get(cluster);
  if (!entry || entry.version !== cluster.membersVersion) {
    const counts = new Map<string, number>();
    for (const host of cluster.hosts) {
      if (host.inventory) counts.set(hostnameOf(host), (counts.get(hostnameOf(host)) ?? 0) + 1);
    }
    entry = { version: cluster.membersVersion, counts };
    nameCounts.set(cluster, entry);
  }
  return entry.counts;
}

export function hostnameValid({ host }: HostContext): Outcome {
  if (!host.inventory) return fail('Missing inventory');
  const name = hostnameOf(host);
  if (hostnameProblem(name) === undefined) return pass(`Hostname ${name} is allowed`);
  return fail(
    FORBIDDEN_HOSTNAMES.includes(name)
      ? `The host name ${name} is forbidden`
      : `Hostname ${name} is forbidden, hostname should match pattern ${HOSTNAME.source}`,
  );
}

/** Manufacturers that platforms insist on. */
export const PLATFORM_VENDORS: Readonly<Record<string, RegExp>> = { vsphere: /vmware/i, nutanix: /nutanix/i };

export function vsphereUuid({ host }: HostContext): Outcome {
  if (!host.inventory || !PLATFORM_VENDORS.vsphere!.test(host.inventory.manufacturer)) return undefined;
  const without = host.inventory.disks.some((disk) => disk.eligible && !disk.hasUuid);
  return passIf(
    !without,
    'VSphere disk.EnableUUID is enabled for this virtual machine',
    "VSphere disk.EnableUUID isn't enabled for this virtual machine, it's necessary for disks to be mounted properly",
  );
}
