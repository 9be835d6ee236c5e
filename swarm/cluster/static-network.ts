/** Static network configuration of an infra-env: one nmstate document a host, with the NICs it is meant for. */
import { stringify } from 'yaml';
import type { Host } from '../host/host.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';

/** `host_static_network_config` of the service (assisted-service, swagger.yaml). */
export interface StaticNetworkConfig {
  network_yaml: string;
  mac_interface_map: { mac_address: string; logical_nic_name: string }[];
}

/** Gives each host the address that its inventory will show, and the cluster's gateway as default route. */
export function staticNetworkConfig(cluster: ClusterPlan, hosts: readonly Host[]): StaticNetworkConfig[] {
  const prefixLength = Number(cluster.machineNetwork.split('/')[1]);
  return hosts.map(({ identity, nics }) => {
    const name = nics.find((nic) => nic.mac === identity.mac)?.name ?? 'eth0';
    return {
      network_yaml: stringify({
        interfaces: [
          {
            name,
            type: 'ethernet',
            state: 'up',
            ipv4: {
              enabled: true,
              dhcp: false,
              address: [{ ip: identity.ipv4, 'prefix-length': prefixLength }],
            },
          },
        ],
        'dns-resolver': { config: { server: [cluster.gateway] } },
        routes: {
          config: [
            {
              destination: '0.0.0.0/0',
              'next-hop-address': cluster.gateway,
              'next-hop-interface': name,
              'table-id': 254,
            },
          ],
        },
      }),
      mac_interface_map: [{ mac_address: identity.mac, logical_nic_name: name }],
    };
  });
}
