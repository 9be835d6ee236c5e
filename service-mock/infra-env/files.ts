/**
 * Files that a booting host, or the image service for it, downloads about an infra-env.
 * Upstream: assisted-service, internal/bminventory/inventory.go (V2DownloadInfraEnvFiles) and inventory_v2_handlers.go.
 */

import { tarArchive } from '../archive/tar.ts';
import type { Core } from '../core/core.ts';
import type { InfraEnvRow } from '../core/rows.ts';
import { type DownloadedFile, type JsonObject, OperationError } from '../service-api.ts';
import { discoveryIgnition } from './discovery-ignition.ts';
import { hostNetworkFiles } from './static-network.ts';

/** @throws OperationError 400 for an unknown file, and what the file's own rules refuse. */
export function infraEnvFile(
  core: Core,
  infraEnv: InfraEnvRow,
  name: string,
  query: Readonly<Record<string, string>>,
): DownloadedFile {
  switch (name) {
    case 'discovery.ign':
      return { name, content: Buffer.from(discoveryIgnition(infraEnv, core, query.discovery_iso_type)) };
    case 'ipxe-script':
      return { name: `${infraEnv.id}-${name}`, content: Buffer.from(ipxeScript(core, infraEnv, query)) };
    case 'static-network-config':
      return networkArchive(infraEnv, name);
    default:
      throw new OperationError(400, `unknown file type for download: ${name}`);
  }
}

function networkArchive(infraEnv: InfraEnvRow, name: string): DownloadedFile {
  const files = hostNetworkFiles(infraEnv);
  if (files.length === 0) return { name: '', content: Buffer.alloc(0) };
  return { name: `${infraEnv.id}-${name}.tar`, content: tarArchive(files) };
}

function ipxeScript(core: Core, infraEnv: InfraEnvRow, query: Readonly<Record<string, string>>): string {
  const { urls } = core;
  if (query.mac) checkBootable(infraEnv, query.mac);
  else if (query.ipxe_script_type === 'boot-order-control') {
    return `#!ipxe\nchain ${urls.file(infraEnv.id, 'ipxe-script')}&mac=\${net0/mac}\n`;
  }
  const consoles = 'console=tty1 console=ttyS1,115200n8';
  const parameters = [
    'initrd=initrd',
    `coreos.live.rootfs_url=${urls.rootfs(infraEnv)}`,
    'random.trust_cpu=on',
    'rd.luks.options=discard',
    'ignition.firstboot',
    'ignition.platform.id=metal',
    consoles,
    `coreos.inst.persistent-kargs="${consoles}"`,
    ...kernelArguments(infraEnv),
  ];
  return `#!ipxe
initrd --name initrd ${urls.initrd(infraEnv)}
kernel ${urls.kernel(infraEnv)} ${parameters.join(' ')}
boot
`;
}

function kernelArguments(infraEnv: InfraEnvRow): string[] {
  const list = JSON.parse(infraEnv.kernelArguments ?? '[]') as JsonObject[];
  return list.map(({ value }) => String(value));
}

/** Stages from which on a host boots from its disk. */
const AFTER_REBOOT: ReadonlySet<string> = new Set([
  'Done',
  'Configuring',
  'Joined',
  'Rebooting',
  'Waiting for ignition',
]);

/** @throws OperationError 404 when the host with this address is to boot from its disk. */
function checkBootable(infraEnv: InfraEnvRow, given: string): void {
  const mac = given.toLowerCase();
  const hosts = [...infraEnv.hosts.values()].filter((host) => host.inventoryText.toLowerCase().includes(mac));
  if (hosts.length > 1) {
    throw new OperationError(500, `IPXE booting skipped. Unexpected number of hosts ${hosts.length} with mac ${given}`);
  }
  const host = hosts[0];
  const skipped = (why: string) =>
    new OperationError(
      404,
      `IPXE booting skipped. InfraEnv ${infraEnv.id}: host ${host!.id} having mac ${given} is ${why}`,
    );
  if (host?.status === 'installed') throw skipped('already installed');
  if (host?.status === 'installing-in-progress' && AFTER_REBOOT.has(host.stage)) {
    throw skipped(`in stage ${host.stage}`);
  }
}
