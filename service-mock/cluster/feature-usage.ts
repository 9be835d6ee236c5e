/** What of OpenShift a cluster makes use of. Upstream: assisted-service, internal/usage/manager.go and consts.go. */
import type { ClusterRow } from '../core/rows.ts';
import { familiesOf } from '../network/networks.ts';
import type { JsonObject } from '../service-api.ts';
import { overridesOf } from './install-config-overrides.ts';
import { isSingleNode } from './traits.ts';

const NETWORK_TYPE_USAGE: Readonly<Record<string, string>> = {
  OVNKubernetes: 'OVN network type',
  OpenShiftSDN: 'SDN network type',
  CiscoACI: 'CiscoACI network type',
  Cilium: 'Cilium network type',
  Calico: 'Calico network type',
  None: 'None network type',
};

/** The features that a cluster uses, by name, each with what is told about its use. */
export function featureUsage(cluster: ClusterRow): string {
  const usage: JsonObject = {};
  const add = (used: boolean, name: string, data?: JsonObject) => {
    if (!used) return;
    const id = name.toUpperCase().replaceAll(' ', '_').replaceAll('.', '');
    usage[name] = { ...(data ? { data } : {}), id, name };
  };
  if (cluster.imported) return '';
  const { diskEncryption, hyperthreading, networkType, platform } = cluster;
  const proxies = { http_proxy: cluster.httpProxy, https_proxy: cluster.httpsProxy, no_proxy: cluster.noProxy };
  const used = Object.entries(proxies).filter(([, value]) => value !== '');
  add(cluster.vipDhcpAllocation === true, 'VIP auto alloc.');
  add(cluster.additionalNtpSource !== '', 'Additional NTP Source', {
    source_count: cluster.additionalNtpSource.split(',').length,
  });
  add(isSingleNode(cluster), 'SNO');
  add(used.length > 0, 'Proxy', Object.fromEntries(used.map(([name]) => [name, 1])));
  for (const { name, type } of cluster.operators) add(type === 'olm', name.toUpperCase());
  const typeUsage = NETWORK_TYPE_USAGE[networkType ?? ''];
  if (typeUsage) add(true, typeUsage);
  add((familiesOf(cluster.clusterNetworks.map(({ cidr }) => cidr))?.length ?? 0) > 1, 'Dual-stack');
  add(cluster.apiVips.length > 1, 'Dual-stack VIPs');
  add(diskEncryption.enableOn !== '' && diskEncryption.enableOn !== 'none', 'Disk encryption', {
    enable_on: diskEncryption.enableOn,
    mode: diskEncryption.mode,
    tang_servers: diskEncryption.tangServers,
  });
  add(cluster.schedulableMasters === true, 'Schedulable masters');
  add(
    [...cluster.manifests.values()].some(({ source }) => source === 'user'),
    'Custom manifest',
  );
  const overrides = overridesOf(cluster);
  if (overrides) {
    add(
      true,
      'Install Config Overrides',
      Object.fromEntries(
        Object.keys(overrides)
          .sort()
          .map((key) => [key, true]),
      ),
    );
    add(overrides.fips === true, 'FIPS');
  }
  add(
    cluster.hosts.some((host) => host.ignitionConfigOverrides !== ''),
    'Ignition Config Override',
    { host: true },
  );
  add(
    cluster.hosts.some((host) => host.requestedHostname !== ''),
    'Requested hostname',
    { host_count: 1 },
  );
  add(cluster.tags !== '', 'Cluster Tags');
  add(hyperthreading !== undefined && hyperthreading !== 'none', 'Hyperthreading', {
    hyperthreading_enabled: hyperthreading,
  });
  add(
    cluster.userManagedNetworking === true && cluster.controlPlaneCount >= 3,
    'User Managed Networking With Multi Node',
  );
  const selected = platform.type === 'vsphere' || platform.type === 'nutanix' || platform.type === 'external';
  add(selected, 'Platform selection', { platform_type: platform.type });
  add(platform.type === 'nutanix', 'Nutanix integration', { platform_type: platform.type });
  const names = Object.keys(usage).sort();
  return names.length === 0 ? '' : JSON.stringify(Object.fromEntries(names.map((name) => [name, usage[name]])));
}
