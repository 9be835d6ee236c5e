/** Arguments of the step `dhcp-lease-allocate`. Upstream: assisted-service, internal/host/hostcommands/dhcp_allocate_cmd.go. */
import type { ClusterRow } from '../../core/rows.ts';
import { contains, parseCidr } from '../../network/networks.ts';
import { json, type StepBuilder } from './step.ts';

/** MAC addresses for VIP leases are made from the cluster's id. */
function vipMac(cluster: ClusterRow, kind: 'api' | 'ingress'): string {
  const hex = cluster.id.replaceAll('-', '');
  const tail = kind === 'api' ? hex.slice(0, 6) : hex.slice(6, 12);
  return `00:1a:4a:${tail.match(/../g)!.join(':')}`;
}

export const dhcpStep: StepBuilder = (_core, host) => {
  const cluster = host.cluster as ClusterRow;
  const network = parseCidr(cluster.machineNetworks[0] ?? '');
  if (!cluster.vipDhcpAllocation || !network) return undefined;
  const nic = host.inventory?.interfaces.find((candidate) =>
    candidate.addresses.some((address) => contains(network, address.ip)),
  );
  return (
    nic &&
    json({ api_vip_mac: vipMac(cluster, 'api'), ingress_vip_mac: vipMac(cluster, 'ingress'), interface: nic.name })
  );
};
