/** What a Bare Metal Operator's inspection finds in a simulated machine: its inventory in that operator's words. */
import type { HardwareDetails } from '../bmh/bare-metal-host.ts';
import type { Host } from '../host/host.ts';

interface Inventory {
  hostname: string;
  cpu: { architecture: string; count: number; flags?: string[]; model_name?: string; frequency?: number };
  memory: { physical_bytes: number };
  system_vendor: { manufacturer: string; product_name: string; serial_number: string };
  interfaces: { name: string; type: string; mac_address?: string; ipv4_addresses?: string[]; speed_mbps?: number }[];
  disks: {
    name: string;
    path: string;
    drive_type: string;
    model?: string;
    serial?: string;
    size_bytes: number;
    vendor?: string;
    wwn?: string;
  }[];
}

/** Drive types of the agent that are disks for the operator (metal3-io/baremetal-operator apis, DiskType). */
const DISK_TYPES: Readonly<Record<string, string>> = { HDD: 'HDD', SSD: 'SSD', NVMe: 'NVME' };

/** Source of the fields: metal3-io/baremetal-operator, pkg/provisioner/ironic/hardwaredetails. */
export function hardwareDetails(host: Host): HardwareDetails {
  const { hostname, cpu, memory, system_vendor: vendor, interfaces, disks } = JSON.parse(host.inventory()) as Inventory;
  return {
    hostname,
    systemVendor: {
      manufacturer: vendor.manufacturer,
      productName: vendor.product_name,
      serialNumber: vendor.serial_number,
    },
    ramMebibytes: Math.floor(memory.physical_bytes / 2 ** 20),
    cpu: {
      arch: cpu.architecture,
      count: cpu.count,
      flags: cpu.flags ?? [],
      ...(cpu.model_name && { model: cpu.model_name }),
      ...(cpu.frequency && { clockMegahertz: cpu.frequency }),
    },
    nics: interfaces
      .filter(({ type }) => type === 'physical')
      .map(({ name, mac_address, ipv4_addresses = [], speed_mbps = 0 }) => ({
        name,
        mac: mac_address ?? '',
        pxe: mac_address === host.identity.mac,
        ...(ipv4_addresses[0] && { ip: ipv4_addresses[0].split('/')[0]! }),
        ...(speed_mbps > 0 && { speedGbps: Math.floor(speed_mbps / 1000) }),
      })),
    storage: disks
      .filter(({ drive_type }) => DISK_TYPES[drive_type])
      .map(({ path, drive_type, model, serial, size_bytes, vendor: maker, wwn }) => ({
        name: path,
        type: DISK_TYPES[drive_type],
        rotational: drive_type === 'HDD',
        sizeBytes: size_bytes,
        ...(model && { model }),
        ...(serial && { serialNumber: serial }),
        ...(maker && { vendor: maker }),
        ...(wwn && { wwn }),
      })),
  };
}
