/** Hosts and networks of a plan as its manifests show them. */
import type { HostFacts } from '../../manifests/index.ts';
import { buildHost } from '../host/build-host.ts';
import { bmcAddressOf, hostnameOf } from '../host/identity.ts';
import { API_VIP_OFFSET, formatIpv4, GATEWAY_OFFSET, INGRESS_VIP_OFFSET, parseCidr } from '../host/ipv4.ts';
import type { ClusterPlan, ExpandedPlan, HostPlan } from '../plan/expanded-plan.ts';
import type { ValuesNetwork } from './manifest-values.ts';

/** The hosts that agents of the same plan and seed are. */
export function hostFacts(seed: string): (cluster: ClusterPlan, host: HostPlan) => HostFacts {
  return (cluster, host) => {
    const { identity, nics } = buildHost(seed, cluster, host);
    return {
      name: hostnameOf(cluster, host),
      hostname: identity.hostname,
      mac: identity.mac,
      nic: nics.find((nic) => nic.mac === identity.mac)?.name ?? 'eth0',
      ipv4: identity.ipv4,
      bmc: bmcAddressOf(seed, host.index),
    };
  };
}

/**
 * Puts clusters into one network, where values ask for it.
 * @param which of the plan's clusters are meant; all by default
 * @throws RangeError for a network that is not valid
 */
export function withNetwork(
  plan: ExpandedPlan,
  { machineNetwork, apiVip, ingressVip }: ValuesNetwork,
  which: (cluster: ClusterPlan) => boolean = () => true,
): ExpandedPlan {
  if (machineNetwork === undefined && apiVip === undefined && ingressVip === undefined) return plan;
  const clusters = plan.clusters.map((cluster) => {
    if (!which(cluster)) return cluster;
    const { base, prefix } = parseCidr(machineNetwork ?? cluster.machineNetwork).network;
    const at = (offset: number) => formatIpv4(base + offset);
    const withVips = cluster.apiVip !== null;
    return {
      ...cluster,
      machineNetwork: `${formatIpv4(base)}/${prefix}`,
      gateway: at(GATEWAY_OFFSET),
      apiVip: withVips ? (apiVip ?? at(API_VIP_OFFSET)) : null,
      ingressVip: withVips ? (ingressVip ?? at(INGRESS_VIP_OFFSET)) : null,
    };
  });
  return { ...plan, clusters };
}
