/**
 * What the operator writes into `status.hardware` about one of our machines, made of the machine's inventory.
 * Upstream: metal3-io/baremetal-operator, pkg/provisioner/ironic/hardwaredetails/hardwaredetails.go.
 */
import type { Host } from '../host/host.ts';
import type { HardwareDetails } from './bare-metal-host.ts';

/** Members of an inventory that are read. Upstream: assisted-service, models/inventory.go. */
interface Inventory {
  hostname: string;
  system_vendor: { manufacturer?: string; product_name?: string; serial_number?: string };
  memory: { physical_bytes: number };
  cpu: { architecture?: string; model_name?: string; frequency?: number; flags?: string[]; count?: number };
  interfaces?: {
    name: string;
    type?: string;
    mac_address?: string;
    vendor?: string;
    product?: string;
    speed_mbps?: number;
    ipv4_addresses?: string[];
    ipv6_addresses?: string[];
  }[];
  disks?: {
    name: string;
    path: string;
    by_path?: string;
    drive_type?: string;
    size_bytes?: number;
    vendor?: string;
    model?: string;
    serial?: string;
    wwn?: string;
    hctl?: string;
    removable?: boolean;
  }[];
}

/** The details of a machine, as an inspection of it would find them. */
export function hardwareDetails(host: Host): HardwareDetails {
  const inventory = JSON.parse(host.inventory()) as Inventory;
  const { system_vendor: vendor, memory, cpu, hostname } = inventory;
  return {
    hostname,
    systemVendor: present({
      manufacturer: vendor.manufacturer,
      productName: vendor.product_name,
      serialNumber: vendor.serial_number,
    }),
    firmware: { bios: {} },
    ramMebibytes: Math.floor(memory.physical_bytes / 2 ** 20),
    nics: nicsOf(inventory, host.identity.mac),
    storage: disksOf(inventory),
    cpu: present({
      arch: cpu.architecture,
      model: cpu.model_name,
      clockMegahertz: cpu.frequency === undefined ? undefined : Math.round(cpu.frequency),
      count: cpu.count,
      flags: cpu.flags && [...cpu.flags].sort(),
    }),
  };
}

/** One entry an address, and one for an interface without any. */
function nicsOf({ interfaces = [] }: Inventory, bootMac: string): Record<string, unknown>[] {
  return interfaces
    .filter(({ type }) => type === 'physical')
    .flatMap(({ name, mac_address: mac, vendor = '', product = '', speed_mbps: speed = 0, ...addresses }) => {
      const ips = [...(addresses.ipv4_addresses ?? []), ...(addresses.ipv6_addresses ?? [])];
      return (ips.length > 0 ? ips : [undefined]).map((ip) =>
        present({
          name,
          model: `${vendor} ${product}`.trim() || undefined,
          mac,
          ip: ip?.split('/')[0],
          speedGbps: speed > 0 ? Math.floor(speed / 1000) || undefined : undefined,
          pxe: mac === bootMac || undefined,
        }),
      );
    });
}

function disksOf({ disks = [] }: Inventory): Record<string, unknown>[] {
  return disks
    .filter(({ removable, drive_type: type }) => !removable && type !== 'ODD')
    .map(({ path, by_path: byPath, drive_type: type, size_bytes: sizeBytes, serial, ...disk }) => {
      const rotational = type === 'HDD';
      return present({
        name: byPath ?? path,
        alternateNames: byPath === undefined ? [path] : [path, byPath],
        rotational,
        type: rotational ? 'HDD' : path.startsWith('/dev/nvme') ? 'NVME' : 'SSD',
        sizeBytes,
        vendor: disk.vendor,
        model: disk.model,
        serialNumber: serial,
        wwn: disk.wwn,
        hctl: disk.hctl,
      });
    });
}

/** Without the members that are undefined, as Go leaves out what is empty. */
function present<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
