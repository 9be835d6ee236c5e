/**
 * What the stock inventory program reads of a machine, made from the document of the host's hardware profile: the way back from what
 * the native agent says. Sources: assisted-installer-agent, src/inventory; github.com/jaypipes/ghw, pkg/block and pkg/pci.
 */
import type { Host } from '../host/host.ts';
import type { HostFile } from './lab-protocol.ts';

/** The parts of the document that follow from files. */
export interface InventoryDocument {
  bmc_address: string;
  boot: { command_line: string; current_boot_mode: string; secure_boot_state: string };
  cpu: { architecture: string; count: number; flags: string[]; frequency?: number; model_name: string };
  disks: InventoryDisk[];
  gpus: { address: string; device_id: string; name: string; vendor: string; vendor_id: string }[];
  interfaces: InventoryNic[];
  memory: { physical_bytes: number; usable_bytes: number };
  routes: { gateway?: string; interface: string }[];
  system_vendor: { manufacturer: string; product_name: string; serial_number: string; virtual?: boolean };
  tpm_version: string;
}

interface InventoryDisk {
  bootable?: boolean;
  by_id?: string;
  by_path?: string;
  drive_type: string;
  has_uuid?: boolean;
  hctl?: string;
  model?: string;
  name: string;
  path: string;
  removable?: boolean;
  serial?: string;
  size_bytes: number;
  vendor?: string;
  wwn?: string;
}

interface InventoryNic {
  biosdevname?: string;
  has_carrier?: boolean;
  name: string;
  product?: string;
  speed_mbps?: number;
  type: string;
  vendor?: string;
}

/** Names by which a disk is known beside its own. */
export function diskLinks({ disks }: InventoryDocument): HostFile[] {
  return disks.flatMap(({ name, by_id, by_path }) =>
    [by_id, by_path].flatMap((link) =>
      link?.startsWith('/dev/disk/') ? [{ path: link.slice(1), text: '', link: `/dev/${name}` }] : [],
    ),
  );
}

export function inventoryDocument(host: Host): InventoryDocument {
  return JSON.parse(host.inventory()) as InventoryDocument;
}

/** Files of the kernel, of udev and of the firmware, and what tools answer. */
export function hardwareFiles(document: InventoryDocument): HostFile[] {
  const { boot, bmc_address, disks, gpus, interfaces, memory, system_vendor, tpm_version } = document;
  return [
    ...disks.flatMap(diskFiles),
    ...interfaces.flatMap(nicFiles),
    ...gpus.map(({ address, vendor_id, device_id }) => ({
      path: `sys/bus/pci/devices/${address}/modalias`,
      text: `pci:v0000${upper(vendor_id)}d0000${upper(device_id)}sv0000${upper(vendor_id)}sd00000000bc03sc00i00\n`,
    })),
    { path: 'share/hwdata/pci.ids', text: pciIds(document) },
    { path: 'proc/cmdline', text: boot.command_line },
    { path: 'proc/meminfo', text: `MemTotal:       ${Math.floor(memory.usable_bytes / 1024)} kB\n` },
    ...firmwareFiles(boot),
    ...(tpm_version === '2.0' ? [{ path: 'sys/class/tpm/tpm0/tpm_version_major', text: '2\n' }] : []),
    { path: 'sys/class/dmi/id/product_name', text: `${system_vendor.product_name}\n` },
    { path: 'sys/class/dmi/id/sys_vendor', text: `${system_vendor.manufacturer}\n` },
    { path: 'answers/lscpu', text: lscpu(document.cpu) },
    { path: 'answers/bootable', text: listed(disks.filter(({ bootable }) => bootable)) },
    { path: 'answers/scsi', text: listed(disks.filter(({ has_uuid }) => has_uuid)) },
    { path: 'answers/sysroot', text: '/dev/loop1\n' },
    ...(system_vendor.virtual ? [{ path: 'answers/virtualization', text: 'kvm\n' }] : []),
    ...(bmc_address === '0.0.0.0' ? [] : [{ path: 'answers/bmc', text: `IP Address              : ${bmc_address}\n` }]),
    ...interfaces.flatMap(({ name, biosdevname }) =>
      biosdevname === undefined ? [] : [{ path: `answers/biosdevname/${name}`, text: `${biosdevname}\n` }],
    ),
  ];
}

const upper = (hex: string) => hex.toUpperCase();
const listed = (disks: readonly InventoryDisk[]) => disks.map(({ path }) => `${path}\n`).join('');

/** Bytes of a sector in `/sys/block`. */
const SECTOR = 512;

function diskFiles(disk: InventoryDisk, index: number): HostFile[] {
  const { name, size_bytes, removable, drive_type, vendor, model, serial, wwn, by_path, hctl } = disk;
  const folder = `sys/block/${name}`;
  const number = `8:${index * 16}`;
  const udev = [
    ['ID_MODEL', model],
    ['ID_SERIAL_SHORT', serial],
    ['ID_WWN_WITH_EXTENSION', wwn],
    ['ID_PATH', by_path?.replace('/dev/disk/by-path/', '')],
  ] as const;
  return [
    { path: `${folder}/size`, text: `${size_bytes / SECTOR}\n` },
    { path: `${folder}/dev`, text: `${number}\n` },
    { path: `${folder}/removable`, text: removable ? '1\n' : '0\n' },
    { path: `${folder}/hidden`, text: '0\n' },
    { path: `${folder}/queue/rotational`, text: drive_type === 'HDD' ? '1\n' : '0\n' },
    ...(vendor === undefined ? [] : [{ path: `${folder}/device/vendor`, text: `${vendor}\n` }]),
    ...(hctl === undefined ? [] : [{ path: `${folder}/device/scsi_device/${hctl}/type`, text: '0\n' }]),
    {
      path: `run/udev/data/b${number}`,
      text: udev.flatMap(([key, value]) => (value === undefined ? [] : [`E:${key}=${value}\n`])).join(''),
    },
  ];
}

function nicFiles({ name, type, product, vendor, speed_mbps, has_carrier }: InventoryNic): HostFile[] {
  // Where the link leads says whether the kernel has made the NIC up.
  if (type !== 'physical') {
    const place = `sys/devices/virtual/net/${name}`;
    return [
      { path: `${place}/carrier`, text: '1\n' },
      // The loopback's stands on every host.
      ...(name === 'lo' ? [] : [{ path: `sys/class/net/${name}`, text: '', link: `/host/${place}` }]),
    ];
  }
  const folder = `sys/class/net/${name}`;
  return [
    { path: `${folder}/carrier`, text: has_carrier ? '1\n' : '0\n' },
    { path: `${folder}/speed`, text: `${speed_mbps ?? -1}\n` },
    { path: `${folder}/device/vendor`, text: `${vendor ?? ''}\n` },
    { path: `${folder}/device/device`, text: `${product ?? ''}\n` },
  ];
}

const SECURE_BOOT = 'sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';

/** Four bytes of attributes, then the state: src/inventory/boot.go, getSecureBootState. */
function firmwareFiles({ current_boot_mode, secure_boot_state }: InventoryDocument['boot']): HostFile[] {
  if (current_boot_mode !== 'uefi') return [];
  const state = secure_boot_state === 'Enabled' ? '\u0001' : '\0';
  return [
    { path: 'sys/firmware/efi/fw_platform_size', text: '64\n' },
    ...(secure_boot_state === 'NotSupported' ? [] : [{ path: SECURE_BOOT, text: `\u0006\0\0\0${state}` }]),
  ];
}

function lscpu({ architecture, count, flags, frequency, model_name }: InventoryDocument['cpu']): string {
  const fields = [
    { field: 'Architecture:', data: architecture },
    { field: 'CPU(s):', data: String(count) },
    { field: 'Model name:', data: model_name },
    ...(frequency === undefined ? [] : [{ field: 'CPU max MHz:', data: frequency.toFixed(4) }]),
    { field: 'Flags:', data: flags.join(' ') },
  ];
  return `${JSON.stringify({ lscpu: fields })}\n`;
}

/** The part of the PCI ID database that names the host's devices. */
function pciIds({ gpus }: InventoryDocument): string {
  const vendors = Map.groupBy(gpus, ({ vendor_id }) => vendor_id);
  const lines = [...vendors.values()].flatMap((devices) => [
    `${devices[0]!.vendor_id}  ${devices[0]!.vendor}`,
    ...devices.map(({ device_id, name }) => `\t${device_id}  ${name}`),
  ]);
  return [...lines, 'C 03  Display controller', '\t00  VGA compatible controller', ''].join('\n');
}
