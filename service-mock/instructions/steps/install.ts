/** Arguments of the step `install`. Upstream: assisted-service, internal/host/hostcommands/install_cmd.go. */

import { aboutHost, type Core } from '../../core/core.ts';
import type { ClusterRow, HostRow } from '../../core/rows.ts';
import { disksToFormat } from '../../hardware/hardware.ts';
import { displayName, installationDiskOf, isDay2Host, keepsPartitions } from '../../host/traits.ts';
import { contains, parseCidr } from '../../network/networks.ts';
import { compareBase } from '../../versions/versions.ts';
import { json, type StepBuilder } from './step.ts';

function installerArguments(host: HostRow): string {
  const cluster = host.cluster as ClusterRow;
  const list = host.installerArgs === '' ? [] : (JSON.parse(host.installerArgs) as string[]);
  if (host.infraEnv.staticNetworkConfig !== '') {
    if (!list.includes('--copy-network')) list.push('--copy-network');
  } else if (!list.some((argument) => argument.startsWith('ip='))) {
    const network = primaryNetwork(cluster);
    const dual = new Set(cluster.clusterNetworks.map(({ cidr }) => parseCidr(cidr)?.family)).size > 1;
    for (const nic of network ? (host.inventory?.interfaces ?? []) : []) {
      if (!network || !nic.addresses.some((address) => contains(network, address.ip))) continue;
      const how = dual ? 'dhcp,dhcp6' : network.family === 6 ? 'dhcp6' : 'dhcp';
      list.push('--append-karg', `ip=${nic.mac.replaceAll(':', '-')}:${how}`);
    }
  }
  return list.length === 0 ? '' : JSON.stringify(list);
}

/** The machine network, else a network of the bootstrap host. */
function primaryNetwork(cluster: ClusterRow) {
  const given = cluster.machineNetworks[0];
  if (given !== undefined) return parseCidr(given);
  const networks = cluster.hosts
    .find((host) => host.bootstrap)
    ?.inventory?.interfaces.flatMap((nic) => nic.addresses.map((address) => address.network));
  return networks?.find((network) => network.family === 4) ?? networks?.[0];
}

export const installStep: StepBuilder = (core, host) => {
  const cluster = host.cluster as ClusterRow;
  const disk = installationDiskOf(host);
  if (!disk || !host.inventory) return undefined;
  const day2 = isDay2Host(host);
  const skipped = host.skipFormattingDisks.split(',');
  const format: string[] = [];
  for (const candidate of disksToFormat(host.inventory)) {
    const keep = skipped.includes(candidate.id);
    core.events.emit(
      keep ? 'quick_disk_format_skipped' : 'quick_disk_format_performed',
      aboutHost(host),
      displayName(host),
      candidate.name,
      candidate.id,
    );
    if (!keep) format.push(candidate.id);
  }
  const mustGather = core.versions.mustGather(cluster.openshiftVersion);
  const proxy = {
    ...(cluster.httpProxy ? { http_proxy: cluster.httpProxy } : {}),
    ...(cluster.httpsProxy ? { https_proxy: cluster.httpsProxy } : {}),
    ...(cluster.noProxy ? { no_proxy: cluster.noProxy } : {}),
  };
  const args = installerArguments(host);
  host.installerVersion = core.settings.INSTALLER_IMAGE;
  return json({
    boot_device: disk.id,
    check_cvo: core.settings.CHECK_CLUSTER_VERSION,
    cluster_id: cluster.id,
    ...(cluster.controlPlaneCount ? { control_plane_count: cluster.controlPlaneCount } : {}),
    controller_image: core.settings.CONTROLLER_IMAGE,
    disks_to_format: format.length === 0 ? null : format,
    ...(skipMcoReboot(core, host, cluster) ? { enable_skip_mco_reboot: true } : {}),
    host_id: host.id,
    infra_env_id: host.infraEnv.id,
    ...(args ? { installer_args: args } : {}),
    installer_image: core.settings.INSTALLER_IMAGE,
    ...(day2 ? {} : { mco_image: core.versions.machineConfigImage(cluster.releaseImage) }),
    ...(day2
      ? {}
      : { must_gather_image: Object.keys(mustGather).length > 1 ? JSON.stringify(mustGather) : mustGather.ocp }),
    notify_num_reboots: true,
    ...(day2 ? {} : { openshift_version: cluster.openshiftVersion }),
    ...(Object.keys(proxy).length > 0 ? { proxy } : {}),
    role: host.bootstrap ? 'bootstrap' : host.role,
    service_ips: null,
    ...(keepsPartitions(host) ? { skip_installation_disk_cleanup: true } : {}),
  });
};

function skipMcoReboot(core: Core, host: HostRow, cluster: ClusterRow): boolean {
  if (!core.settings.ENABLE_SKIP_MCO_REBOOT || cluster.openshiftVersion === '') return false;
  return compareBase(cluster.openshiftVersion, '4.15') >= 0 && host.inventory?.architecture !== 's390x';
}
