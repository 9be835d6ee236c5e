import { SharedValues, sharedText, trimmed } from '../core/shared-values.ts';
import { type Cidr, contains, formatCidr, type IpAddress, parseCidr, parseIp } from '../network/networks.ts';
import type { JsonObject } from '../service-api.ts';

/** One disk as validations see it. */
export interface DiskFacts {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly byPath: string;
  readonly driveType: string;
  readonly sizeBytes: number;
  readonly hctl: string;
  readonly model: string;
  readonly serial: string;
  readonly bootable: boolean;
  readonly removable: boolean;
  readonly installationMedia: boolean;
  readonly hasUuid: boolean;
  readonly holders: string;
  readonly iscsiAddress: string;
  readonly eligible: boolean;
}

export interface HostAddress {
  readonly text: string;
  readonly ip: IpAddress;
  readonly network: Cidr;
  /** Canonical text of the network. */
  readonly networkText: string;
}

export interface InterfaceFacts {
  readonly name: string;
  readonly mac: string;
  readonly addresses: readonly HostAddress[];
}

/** What rules need of an inventory, parsed once when it arrives. */
export interface InventoryFacts {
  readonly hostname: string;
  readonly cpuCount: number;
  readonly architecture: string;
  readonly virtualization: boolean;
  readonly physicalBytes: number;
  readonly usableBytes: number;
  readonly physicalBytesMethod: string;
  readonly manufacturer: string;
  readonly productName: string | undefined;
  readonly tpmVersion: string;
  readonly gpus: number;
  /** Vendors of the GPUs as PCI knows them, for example `10de`. */
  readonly gpuVendors: readonly string[];
  readonly secureBoot: boolean;
  readonly deviceType: string;
  readonly truncation: { readonly type: string; readonly reasons: readonly string[] } | undefined;
  readonly disks: readonly DiskFacts[];
  readonly interfaces: readonly InterfaceFacts[];
  readonly hasDefaultRoute: boolean;
  /** Names of interfaces that carry a default route, by family. */
  readonly defaultRoutes: readonly { readonly interface: string; readonly family: number }[];
  /** NIC list as it stands in a peer's connectivity-check arguments. */
  readonly nicSummary: string;
}

function string(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
/** A text that many machines have. */
function common(value: unknown): string {
  return sharedText(string(value));
}
function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? (value.filter((item) => item !== null) as JsonObject[]) : [];
}

/** Facts of a normalized inventory. */
export function inventoryFacts(inventory: JsonObject): InventoryFacts {
  const cpu = (inventory.cpu ?? {}) as JsonObject;
  const memory = (inventory.memory ?? {}) as JsonObject;
  const vendor = inventory.system_vendor as JsonObject | undefined;
  const truncation = inventory.truncation as JsonObject | undefined;
  const flags = (cpu.flags as string[] | null) ?? [];
  const defaultRoutes = sharedRoutes(
    objects(inventory.routes)
      .filter(isDefaultRoute)
      .map((route) => ({ interface: string(route.interface), family: number(route.family) })),
  );
  return {
    hostname: string(inventory.hostname),
    cpuCount: number(cpu.count),
    architecture: common(cpu.architecture),
    virtualization: flags.includes('vmx') || flags.includes('svm'),
    physicalBytes: number(memory.physical_bytes),
    usableBytes: number(memory.usable_bytes),
    physicalBytesMethod: common(memory.physical_bytes_method),
    manufacturer: common(vendor?.manufacturer),
    productName: vendor && common(vendor.product_name),
    tpmVersion: common(inventory.tpm_version),
    gpus: objects(inventory.gpus).length,
    gpuVendors: sharedNames(objects(inventory.gpus).map((gpu) => string(gpu.vendor_id).toLowerCase())),
    secureBoot: (inventory.boot as JsonObject | undefined)?.secure_boot_state === 'Enabled',
    deviceType: common((inventory.boot as JsonObject | undefined)?.device_type),
    truncation: truncation && {
      type: string(truncation.type),
      reasons: (truncation.reasons as string[] | null) ?? [],
    },
    disks: objects(inventory.disks).map(diskFacts),
    interfaces: objects(inventory.interfaces).map(interfaceFacts),
    hasDefaultRoute: defaultRoutes.length > 0,
    defaultRoutes,
    nicSummary: JSON.stringify(
      objects(inventory.interfaces)
        .filter((nic) => string(nic.mac_address) !== '')
        .map((nic) => {
          const addresses = [
            ...((nic.ipv4_addresses as string[] | null) ?? []),
            ...((nic.ipv6_addresses as string[] | null) ?? []),
          ].map((address) => address.split('/')[0]);
          return {
            ip_addresses: addresses.length > 0 ? addresses : null,
            mac: string(nic.mac_address),
            name: string(nic.name),
          };
        }),
    ),
  };
}

// Machines of one kind have the same parts; what is equal is kept once.
const networks = new SharedValues<Cidr>(4096);
const interfaces = new SharedValues<InterfaceFacts>(1024);
const disks = new SharedValues<DiskFacts>(1024);
const routes = new SharedValues<InventoryFacts['defaultRoutes']>(256);
const names = new SharedValues<readonly string[]>(256);
const sharedRoutes = (list: InventoryFacts['defaultRoutes']) => routes.get(JSON.stringify(list), () => list);
const sharedNames = (list: readonly string[]) => names.get(JSON.stringify(list), () => list);

/** A route that leads everywhere: unspecified destination, and a gateway. */
function isDefaultRoute(route: JsonObject): boolean {
  const destination = parseIp(string(route.destination));
  return destination !== undefined && destination.value === 0n && string(route.gateway) !== '';
}

function interfaceFacts(nic: JsonObject): InterfaceFacts {
  return interfaces.get(JSON.stringify(nic), () => newInterfaceFacts(nic));
}

function newInterfaceFacts(nic: JsonObject): InterfaceFacts {
  const addresses: HostAddress[] = [];
  for (const text of [
    ...((nic.ipv4_addresses as string[] | null) ?? []),
    ...((nic.ipv6_addresses as string[] | null) ?? []),
  ]) {
    const network = parseCidr(text);
    const plain = text.split('/')[0] as string;
    const ip = parseIp(plain);
    if (!network || !ip) continue;
    const networkText = sharedText(formatCidr(network));
    addresses.push({ text: plain, ip, network: networks.get(networkText, () => network), networkText });
  }
  return { name: common(nic.name), mac: string(nic.mac_address), addresses: trimmed(addresses) };
}

function diskFacts(disk: JsonObject): DiskFacts {
  return disks.get(JSON.stringify(disk), () => newDiskFacts(disk));
}

function newDiskFacts(disk: JsonObject): DiskFacts {
  const name = common(disk.name);
  const path = common(disk.path) || (name === '' ? '' : `/dev/${name}`);
  return {
    id: string(disk.id) || path,
    path,
    name,
    byPath: common(disk.by_path),
    driveType: common(disk.drive_type),
    sizeBytes: number(disk.size_bytes),
    hctl: common(disk.hctl),
    model: common(disk.model),
    serial: string(disk.serial),
    bootable: disk.bootable === true,
    removable: disk.removable === true,
    installationMedia: disk.is_installation_media === true,
    hasUuid: disk.has_uuid === true,
    holders: common(disk.holders),
    iscsiAddress: string((disk.iscsi as JsonObject | undefined)?.host_ip_address),
    eligible: (disk.installation_eligibility as JsonObject | undefined)?.eligible === true,
  };
}

/** Every address of a host. */
export function* hostAddresses(facts: InventoryFacts): Generator<HostAddress> {
  for (const nic of facts.interfaces) yield* nic.addresses;
}

/** True when the host owns an address inside `network`. */
export function belongsToNetwork(facts: InventoryFacts, network: Cidr): boolean {
  for (const nic of facts.interfaces)
    for (const address of nic.addresses) if (contains(network, address.ip)) return true;
  return false;
}
