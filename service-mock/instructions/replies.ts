/** What happens with the replies to instructions. Upstream: assisted-service, internal/bminventory/inventory.go, handleReplyByType and handleReplyError. */

import { createHash } from 'node:crypto';
import { aboutCluster, aboutHost, type Core } from '../core/core.ts';
import type { ClusterRow, HostRow, ImageStatus, Resolution } from '../core/rows.ts';
import { sharedText } from '../core/shared-values.ts';
import { touchMembers } from '../core/store.ts';
import { disksToFormat, installationDisk } from '../hardware/hardware.ts';
import { inventoryFacts } from '../host/inventory.ts';
import { lateEncryption } from '../host/late-encryption.ts';
import { runHost } from '../host/state-machine/machine.ts';
import { displayName, effectiveRole } from '../host/traits.ts';
import { connectivityFacts } from '../network/connectivity.ts';
import { contains, parseCidr, parseIp } from '../network/networks.ts';
import { Hangup, type JsonObject, OperationError } from '../service-api.ts';
import { normalizeListOutput, normalizeOutput, OutputError } from './outputs.ts';

/** An agent tells by this exit code that its medium went away. */
const MEDIA_LOST = 256;
const CONTAINER_RUNS_ALREADY = 125;

const INVENTORY_ACCEPTED: ReadonlySet<string> = new Set([
  'discovering',
  'known',
  'disconnected',
  'insufficient',
  'pending-for-input',
  'installing-in-progress',
  'disconnected-unbound',
  'insufficient-unbound',
  'discovering-unbound',
  'known-unbound',
]);
const PHYSICAL: ReadonlySet<string> = new Set(['', 'physical', 'vlan', 'bond']);

/** @throws OperationError 400 for output that does not fit, 500 when it cannot be used. */
export function handleReply(core: Core, host: HostRow, body: JsonObject): void {
  const type = String(body.step_type ?? '');
  const output = typeof body.output === 'string' ? body.output : '';
  const exitCode = typeof body.exit_code === 'number' ? body.exit_code : 0;
  if (exitCode !== 0) {
    handleFailure(core, host, type, exitCode, output, typeof body.error === 'string' ? body.error : '');
    return;
  }
  if (host.mediaStatus === 'disconnected') {
    host.mediaStatus = 'connected';
    host.updatedAt = core.clock.now();
  }
  const handler = HANDLERS[type];
  if (!handler) return;
  if (output === '' && IGNORED_WHEN_EMPTY.has(type)) return;
  try {
    handler(core, host, output, 0);
  } catch (error) {
    if (error instanceof OutputError) throw new OperationError(400, error.message);
    throw error;
  }
}

/** A failed step is always accepted; only a few have consequences. */
function handleFailure(
  core: Core,
  host: HostRow,
  type: string,
  exitCode: number,
  output: string,
  message: string,
): void {
  if (exitCode === MEDIA_LOST) {
    runHost(core, host, 'media-lost');
    return;
  }
  switch (type) {
    case 'install':
      if (
        exitCode === CONTAINER_RUNS_ALREADY &&
        message.includes('the container name "assisted-installer" is already in use')
      )
        return;
      if (runHost(core, host, 'installation-failed', { reason: 'installation command failed' })) {
        core.metrics.hostsFinished(effectiveRole(host), 'error');
      }
      return;
    case 'container-image-availability':
    case 'installation-disk-speed-check':
      try {
        HANDLERS[type]?.(core, host, output, exitCode);
      } catch (error) {
        if (!(error instanceof OutputError) && !(error instanceof OperationError)) throw error;
      }
      return;
    case 'tang-connectivity-check':
      host.tangConnectivity = message;
      return;
    case 'download-boot-artifacts':
      runHost(core, host, 'reclaim-failed');
  }
}

type Handler = (core: Core, host: HostRow, output: string, exitCode: number) => void;

const IGNORED_WHEN_EMPTY: ReadonlySet<string> = new Set([
  'installation-disk-speed-check',
  'container-image-availability',
]);

const HANDLERS: Readonly<Record<string, Handler | undefined>> = {
  inventory: storeInventory,
  'connectivity-check': storeConnectivity,
  'api-vip-connectivity-check': storeApiVip,
  'tang-connectivity-check': (_core, host, output) => {
    host.tangConnectivity = JSON.stringify(normalizeOutput('tang-connectivity-check', output));
  },
  'free-network-addresses': storeFreeAddresses,
  'dhcp-lease-allocate': storeLeases,
  'ntp-synchronizer': storeNtp,
  'container-image-availability': storeImages,
  'installation-disk-speed-check': storeDiskSpeed,
  'domain-resolution': storeResolutions,
  'upgrade-agent': (core, host, output) => {
    const reply = normalizeOutput('upgrade-agent', output);
    if (reply.result !== 'success' && reply.result !== 'failure') return;
    const name = reply.result === 'success' ? 'upgrade_agent_finished' : 'upgrade_agent_failed';
    core.events.emit(name, aboutHost(host), displayName(host), String(reply.agent_image ?? ''));
  },
  'verify-vips': storeVipVerdicts,
  'download-boot-artifacts': (core, host) => {
    runHost(core, host, 'reclaim-rebooting');
  },
};

function storeInventory(core: Core, host: HostRow, output: string): void {
  if (!INVENTORY_ACCEPTED.has(host.status)) {
    normalizeOutput('inventory', output);
    throw new OperationError(500, tooLate(host));
  }
  const key = fingerprint(
    output,
    `${host.cluster?.id ?? ''} ${effectiveRole(host)} ${host.cluster?.operators.length ?? 0}`,
  );
  host.updatedAt = core.clock.now();
  if (host.inventoryKey === key) return;
  applyInventory(core, host, normalizeOutput('inventory', output));
  host.inventoryKey = key;
}

/** Upstream: internal/host/host.go, updateInventory. */
function tooLate({ status }: HostRow): string {
  return `Host is in ${status} state, host can be updated only in one of [${[...INVENTORY_ACCEPTED].join(' ')}] states`;
}

/** Judges disks, chooses the installation disk and stores the inventory. `inventory` is normalized; it is changed. */
function applyInventory(core: Core, host: HostRow, inventory: JsonObject): void {
  for (const list of [inventory.disks, inventory.interfaces])
    if (Array.isArray(list) && list.includes(null)) throw new Hangup();
  core.hardware.judgeDisks(inventory, host, host.cluster);
  const interfaces = inventory.interfaces;
  if (!core.settings.ENABLE_VIRTUAL_INTERFACES) {
    const given = Array.isArray(interfaces) ? interfaces : [];
    inventory.interfaces = given.filter((nic) => PHYSICAL.has(String((nic as JsonObject | null)?.type ?? '')));
  }
  if (Array.isArray(inventory.disks)) inventory.disks = inventory.disks.map((disk) => withDiskId(disk as JsonObject));
  const before = host.inventory;
  const facts = inventoryFacts(inventory);
  host.inventoryText = JSON.stringify(inventory);
  host.inventory = inventory.memory && inventory.cpu ? facts : undefined;
  const disk = installationDisk(facts, host.installationDiskId || host.installationDiskPath);
  host.installationDiskId = disk?.id ?? '';
  host.installationDiskPath = disk?.path ?? '';
  const toFormat = disksToFormat(facts).map((item) => item.id);
  host.disksToBeFormatted = toFormat.length === 1 ? (toFormat[0] as string) : toFormat.join(',');
  if (host.cluster && (before?.nicSummary !== facts.nicSummary || before?.hostname !== facts.hostname || !before))
    touchMembers(host.cluster);
}

function withDiskId(disk: JsonObject): JsonObject {
  if (disk.id) return disk;
  const id = disk.by_id || disk.by_path || disk.path || (disk.name ? `/dev/${disk.name}` : '');
  return Object.fromEntries(Object.entries({ ...disk, ...(id ? { id } : {}) }).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** After a change of role, cluster or disks the stored inventory is judged again. @throws OperationError 409 too late. */
export function rejudgeInventory(core: Core, host: HostRow): void {
  if (host.inventoryText === '') return;
  if (!INVENTORY_ACCEPTED.has(host.status)) throw new OperationError(409, tooLate(host));
  applyInventory(core, host, JSON.parse(host.inventoryText) as JsonObject);
}

function storeConnectivity(core: Core, host: HostRow, output: string): void {
  const report = normalizeOutput('connectivity-check', output);
  const text = JSON.stringify(report);
  if (text === host.connectivityText) return;
  host.connectivityText = text;
  host.connectivity = connectivityFacts(report, core.hardware.strictest);
  host.updatedAt = core.clock.now();
  if (host.cluster) host.cluster.connectivityVersion++;
}

/** Files of a worker ignition that show that the cluster manages its own networking. */
const MANAGED_NETWORKING = /\/etc\/kubernetes\/manifests\/(coredns|keepalived)\.yaml/;

function storeApiVip(core: Core, host: HostRow, output: string): void {
  const reply = normalizeOutput('api-vip-connectivity-check', output);
  const text = JSON.stringify(reply);
  if (text === host.apiVipConnectivityText) return;
  host.apiVipConnectivityText = text;
  host.apiVipConnectivity = {
    isSuccess: reply.is_success === true,
    url: String(reply.url ?? ''),
    downloadError: String(reply.download_error ?? ''),
    managedNetworking: MANAGED_NETWORKING.test(String(reply.ignition ?? '')),
    encryption: lateEncryption(String(reply.ignition ?? '')),
  };
  host.updatedAt = core.clock.now();
}

/** Another member of the cluster that reported the same, whose report need not be kept twice. */
function peerWith(host: HostRow, isAlike: (peer: HostRow) => boolean): HostRow | undefined {
  return host.cluster?.hosts.find(isAlike);
}

function storeFreeAddresses(core: Core, host: HostRow, output: string): void {
  const list = normalizeListOutput('free-network-addresses', output);
  if (list.length === 0) throw new OperationError(500, `Free addresses for host ${host.id} is empty`);
  if (!host.cluster) throw new Hangup();
  const text = JSON.stringify(list);
  if (text === host.freeAddressesText) return;
  host.freeAddressesText = peerWith(host, (peer) => peer.freeAddressesText === text)?.freeAddressesText ?? text;
  host.updatedAt = core.clock.now();
}

function storeLeases(core: Core, host: HostRow, output: string): void {
  const reply = normalizeOutput('dhcp-lease-allocate', output);
  const cluster = host.cluster;
  if (!cluster) throw new Hangup();
  if (!cluster.vipDhcpAllocation) throw new OperationError(500, `DHCP not enabled in cluster ${cluster.id}`);
  const api = String(reply.api_vip_address ?? '');
  const ingress = String(reply.ingress_vip_address ?? '');
  const network = cluster.machineNetworks[0] ?? '';
  if (!isIn(api, network) || !isIn(ingress, network))
    throw new OperationError(500, `At least of the IPs (${api}, ${ingress}) is not in machine CIDR ${network}`);
  takeLeases(core, cluster, api, ingress);
}

/** @throws OperationError 500 in the words of Go's parser, or for what is not an address. */
function isIn(ip: string, network: string): boolean {
  const cidr = parseCidr(network);
  if (!cidr) throw new OperationError(500, `invalid CIDR address: ${network}`);
  const address = parseIp(ip);
  if (!address) throw new OperationError(500, 'IP is nil');
  return contains(cidr, address);
}

const TAKES_LEASES: ReadonlySet<string> = new Set(['pending-for-input', 'insufficient', 'ready']);
const KEEPS_LEASES: ReadonlySet<string> = new Set(['installing', 'preparing-for-installation', 'finalizing']);

/** Upstream: internal/cluster/cluster.go, SetVipsData. @throws OperationError 500 for other addresses in the middle of an installation. */
function takeLeases({ clock, events }: Core, cluster: ClusterRow, api: string, ingress: string): void {
  const present = { api: cluster.apiVips[0]?.ip ?? '', ingress: cluster.ingressVips[0]?.ip ?? '' };
  if (present.api === api && present.ingress === ingress) return;
  if (KEEPS_LEASES.has(cluster.status)) {
    throw new OperationError(
      500,
      `Got VIPs different than those that are stored in the DB for cluster ${cluster.id}. first APIVip = '${api}' @db = '${present.api}', first IngressVIP = '${ingress}' @db = '${present.ingress}'`,
    );
  }
  if (!TAKES_LEASES.has(cluster.status)) return;
  cluster.apiVips = [{ ip: api, verification: '' }];
  cluster.ingressVips = [{ ip: ingress, verification: '' }];
  cluster.updatedAt = clock.now();
  events.emit('api_ingress_vip_updated', aboutCluster(cluster), api, ingress);
}

function storeNtp(core: Core, host: HostRow, output: string): void {
  const sources = normalizeOutput('ntp-synchronizer', output).ntp_sources as JsonObject[] | null;
  host.ntpSourcesText = sharedText(JSON.stringify(sources));
  host.ntpSynced = (sources ?? []).some((source) => source?.source_state === 'synced');
  host.updatedAt = core.clock.now();
}

function storeImages(core: Core, host: HostRow, output: string): void {
  const images = (normalizeOutput('container-image-availability', output).images as JsonObject[] | null) ?? [];
  for (const image of images as unknown as ImageStatus[]) {
    const known = host.imageStatuses.get(image.name);
    if (known) {
      known.result = image.result;
      continue;
    }
    host.addImage(image);
    core.metrics.imagePull(image.name, image.result, image.download_rate ?? 0);
    const details = image.size_bytes
      ? `time: ${(image.time ?? 0).toFixed(2)} seconds; size: ${(image.size_bytes / 2 ** 20).toFixed(2)} Megabytes; download rate: ${(image.download_rate ?? 0).toFixed(2)} MBps`
      : '';
    core.events.emit('image_status_updated', aboutHost(host), displayName(host), image.name, image.result, details);
  }
  host.updatedAt = core.clock.now();
}

function storeDiskSpeed(core: Core, host: HostRow, output: string, exitCode: number): void {
  const reply = normalizeOutput('installation-disk-speed-check', output);
  const path = String(reply.path ?? '');
  const speedMs = Number(reply.io_sync_duration ?? 0);
  if (exitCode === 0) {
    core.metrics.diskSyncDuration(speedMs);
    if (!host.cluster) throw new OperationError(500, `Host ${host.id} is not bound to a cluster`);
    if (speedMs > core.hardware.ofHost(host, host.cluster).diskSpeedMs) {
      core.events.emit('disk_speed_slower_than_supported', aboutHost(host), path, String(speedMs));
    }
  }
  host.addDiskSpeed(path, { path, exitCode, speedMs: exitCode === 0 ? speedMs : 0, tested: true });
}

function storeResolutions(core: Core, host: HostRow, output: string): void {
  const reply = normalizeOutput('domain-resolution', output);
  const text = JSON.stringify(reply);
  if (text === host.domainResolutionsText) return;
  const peer = peerWith(host, ({ domainResolutionsText }) => domainResolutionsText === text);
  host.domainResolutionsText = peer?.domainResolutionsText ?? text;
  host.domainResolutions =
    peer?.domainResolutions ??
    ((reply.resolutions as JsonObject[] | null) ?? []).map(
      (item): Resolution => ({
        domain_name: String(item.domain_name ?? ''),
        ipv4_addresses: (item.ipv4_addresses as string[] | null) ?? [],
        ipv6_addresses: (item.ipv6_addresses as string[] | null) ?? [],
        cnames: (item.cnames as string[] | null) ?? [],
      }),
    );
  host.triggeredAt = core.clock.now();
  host.updatedAt = host.triggeredAt;
}

/** The last reply wins, whoever sent it; a changed verdict triggers the monitor. */
function storeVipVerdicts(core: Core, host: HostRow, output: string): void {
  const verdicts = normalizeListOutput('verify-vips', output);
  const cluster = host.cluster;
  if (!cluster) throw new OperationError(500, `Host ${host.id} is not bound to a cluster`);
  for (const { vip, vip_type, verification } of verdicts) {
    if (typeof verification !== 'string') continue;
    const row = (vip_type === 'api' ? cluster.apiVips : cluster.ingressVips).find((candidate) => candidate.ip === vip);
    if (!row || row.verification === verification) continue;
    row.verification = verification;
    cluster.triggeredAt = core.clock.now();
  }
}

/** Short fingerprint by which an unchanged report is recognized, together with what its treatment depends on. */
function fingerprint(text: string, circumstances: string): string {
  return createHash('sha1').update(`${circumstances}\n`).update(text).digest('base64');
}
