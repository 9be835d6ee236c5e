import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildHost } from '../host/build-host.ts';
import { staticNetworkConfig } from './static-network.ts';
import { clusterPlan } from './testing/fake-service.ts';

it('gives each host the address, NIC and gateway that its inventory shows', () => {
  const cluster = clusterPlan({ controlPlanes: 3, machineNetwork: '10.9.8.0/26', gateway: '10.9.8.1' });
  for (const host of cluster.hosts) host.profile = 'server-large';
  const hosts = cluster.hosts.map((plan) => buildHost('seed', cluster, plan));
  const configs = staticNetworkConfig(cluster, hosts);
  expect(configs).toHaveLength(3);
  for (const [n, { network_yaml, mac_interface_map }] of configs.entries()) {
    const { identity, nics } = hosts[n]!;
    const network = parse(network_yaml);
    expect(network.interfaces[0].ipv4.address).toEqual([{ ip: identity.ipv4, 'prefix-length': 26 }]);
    expect(network.routes.config[0]['next-hop-address']).toBe('10.9.8.1');
    expect(mac_interface_map).toEqual([
      { mac_address: identity.mac, logical_nic_name: nics.find((nic) => nic.mac === identity.mac)!.name },
    ]);
  }
});
