/** What an inspection of a machine finds, from the inventory that its agent will send. */
import type { HardwareDetails } from '../bmh/bare-metal-host.ts';
import type { Host } from '../host/host.ts';

/** Parts of an inventory: assisted-service, swagger.yaml, `inventory`. */
interface Inventory {
  hostname?: string;
  cpu?: { architecture?: string; model_name?: string; frequency?: number; flags?: string[]; count?: number };
  memory?: { physical_bytes?: number };
  system_vendor?: { manufacturer?: string; product_name?: string; serial_number?: string };
  interfaces?: { name?: string; mac_address?: string; ipv4_addresses?: string[]; product?: string; vendor?: string }[];
  disks?: {
    path?: string;
    by_id?: string;
    size_bytes?: number;
    drive_type?: string;
    model?: string;
    serial?: string;
    wwn?: string;
    hctl?: string;
  }[];
}

const MIB = 2 ** 20;

/** metal3-io/baremetal-operator, apis/metal3.io/v1alpha1/baremetalhost_types.go, HardwareDetails. */
export function hardwareDetails(host: Host): HardwareDetails {
  const inventory = JSON.parse(host.inventory()) as Inventory;
  const { cpu = {}, memory = {}, system_vendor: vendor = {}, interfaces = [], disks = [] } = inventory;
  return {
    hostname: inventory.hostname ?? '',
    ramMebibytes: Math.round((memory.physical_bytes ?? 0) / MIB),
    cpu: {
      arch: cpu.architecture ?? '',
      model: cpu.model_name ?? '',
      clockMegahertz: cpu.frequency ?? 0,
      flags: cpu.flags ?? [],
      count: cpu.count ?? 0,
    },
    systemVendor: {
      manufacturer: vendor.manufacturer ?? '',
      productName: vendor.product_name ?? '',
      serialNumber: vendor.serial_number ?? '',
    },
    nics: interfaces.map(
      ({ name = '', mac_address: mac = '', ipv4_addresses: addresses = [], vendor: maker, product }) => ({
        name,
        mac,
        ip: addresses[0]?.split('/')[0] ?? '',
        model: [maker, product].filter(Boolean).join(' '),
        pxe: mac === host.identity.mac,
      }),
    ),
    storage: disks.map(
      ({ path = '', by_id: byId, size_bytes: size = 0, drive_type: type = '', model, serial, wwn, hctl }) => ({
        name: path,
        sizeBytes: size,
        rotational: type === 'HDD',
        type: type === 'NVMe' ? 'NVME' : type,
        ...(byId && { alternateNames: [path, byId] }),
        ...(model && { model }),
        ...(serial && { serialNumber: serial }),
        ...(wwn && { wwn }),
        ...(hctl && { hctl }),
      }),
    ),
  };
}
