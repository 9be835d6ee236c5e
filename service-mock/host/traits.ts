/** What a host's row says of its name, its role and its disk. */

import type { DiskSpeed, HostRow } from '../core/rows.ts';
import type { DiskFacts } from './inventory.ts';

/** The role that counts: what is set, else what is suggested. */
export function effectiveRole(host: HostRow): string {
  if (host.role === 'auto-assign' && host.suggestedRole !== '') return host.suggestedRole;
  return host.role === 'bootstrap' ? 'master' : host.role;
}

export function isDay2Host(host: HostRow): boolean {
  return host.kind === 'AddToExistingClusterHost';
}

/** Whether a host's stages end with its reboot: nobody follows a day-2 host further, unless it has an Agent. */
export function endsWithReboot(host: HostRow): boolean {
  return isDay2Host(host) && host.kubeNamespace === '';
}

/** Requested name, else the one of the inventory; empty when neither is known. */
export function hostnameOf(host: HostRow): string {
  return host.requestedHostname || host.inventory?.hostname || '';
}

/** Name for people: falls back to the id. */
export function displayName(host: HostRow): string {
  return hostnameOf(host) || host.id;
}

/** Speed of the installation disk; undefined while it is not measured. */
export function installationDiskSpeed(host: HostRow): DiskSpeed | undefined {
  const speed = host.diskSpeeds.get(host.installationDiskId);
  return speed?.tested ? speed : undefined;
}

export function installationDiskOf(host: HostRow): DiskFacts | undefined {
  return host.inventory?.disks.find(
    (disk) => disk.id === host.installationDiskId || disk.path === host.installationDiskPath,
  );
}

/** Whether the user wants partitions of the installation disk kept. Upstream: internal/host/hostutil/host_utils.go, SaveDiskPartitionsIsSet. */
export function keepsPartitions(host: HostRow): boolean {
  return host.installerArgs.includes('--save-partlabel') || host.installerArgs.includes('--save-partindex');
}
