/**
 * What agents report, brought into the shape in which the service stores it: known fields only, in model order, with
 * Go's rules for empty values. Source: Service facts 1.4 and appendix B.
 */
import { createHash } from 'node:crypto';
import { SharedValues, sharedText, trimmed } from '../core/shared-values.ts';
import { type Cidr, contains, formatCidr, type IpAddress, parseCidr, parseIp } from '../network/networks.ts';
import type { JsonObject } from '../service-api.ts';

/**
 * Field kinds: `text`, `number`, `integer` and `boolean` are left out when empty; `required-text` and arrays are `null`
 * when absent; an object is left out when absent.
 */
type FieldKind = 'text' | 'required-text' | 'number' | 'integer' | 'boolean' | readonly [FieldKind | Model] | Model;
interface Model {
  readonly [field: string]: FieldKind;
}

const ELIGIBILITY: Model = { eligible: 'boolean', not_eligible_reasons: ['text'] };
const DISK: Model = {
  bootable: 'boolean',
  by_id: 'text',
  by_path: 'text',
  drive_type: 'text',
  has_uuid: 'boolean',
  hctl: 'text',
  holders: 'text',
  id: 'text',
  installation_eligibility: ELIGIBILITY,
  io_perf: { sync_duration: 'integer' },
  is_installation_media: 'boolean',
  iscsi: { host_ip_address: 'text' },
  model: 'text',
  name: 'text',
  partitionTypes: 'text',
  path: 'text',
  removable: 'boolean',
  serial: 'text',
  size_bytes: 'integer',
  smart: 'text',
  vendor: 'text',
  wwn: 'text',
};
const INTERFACE: Model = {
  biosdevname: 'text',
  client_id: 'text',
  flags: ['text'],
  has_carrier: 'boolean',
  ipv4_addresses: ['text'],
  ipv6_addresses: ['text'],
  mac_address: 'text',
  mtu: 'integer',
  name: 'text',
  product: 'text',
  speed_mbps: 'integer',
  type: 'text',
  vendor: 'text',
};

const MODELS = {
  inventory: {
    bmc_address: 'text',
    bmc_v6address: 'text',
    boot: {
      command_line: 'text',
      current_boot_mode: 'text',
      device_type: 'text',
      pxe_interface: 'text',
      secure_boot_state: 'text',
    },
    cpu: { architecture: 'text', count: 'integer', flags: ['text'], frequency: 'number', model_name: 'text' },
    disks: [DISK],
    gpus: [{ address: 'text', device_id: 'text', name: 'text', vendor: 'text', vendor_id: 'text' }],
    hostname: 'text',
    interfaces: [INTERFACE],
    memory: { physical_bytes: 'integer', physical_bytes_method: 'text', usable_bytes: 'integer' },
    routes: [{ destination: 'text', family: 'integer', gateway: 'text', interface: 'text', metric: 'integer' }],
    system_vendor: { manufacturer: 'text', product_name: 'text', serial_number: 'text', virtual: 'boolean' },
    tpm_version: 'text',
    truncation: { reasons: ['text'], type: 'text' },
  },
  'connectivity-check': {
    remote_hosts: [
      {
        host_id: 'text',
        l2_connectivity: [
          {
            outgoing_ip_address: 'text',
            outgoing_nic: 'text',
            remote_ip_address: 'text',
            remote_mac: 'text',
            successful: 'boolean',
          },
        ],
        l3_connectivity: [
          {
            average_rtt_ms: 'number',
            outgoing_nic: 'text',
            packet_loss_percentage: 'number',
            remote_ip_address: 'text',
            successful: 'boolean',
          },
        ],
        mtu_report: [{ mtu_successful: 'boolean', outgoing_nic: 'text', remote_ip_address: 'text' }],
      },
    ],
  },
  'api-vip-connectivity-check': { download_error: 'text', ignition: 'text', is_success: 'boolean', url: 'text' },
  'tang-connectivity-check': {
    is_success: 'boolean',
    tang_server_response: [
      { payload: 'text', signatures: [{ protected: 'text', signature: 'text' }], tang_url: 'text' },
    ],
  },
  'dhcp-lease-allocate': {
    api_vip_address: 'required-text',
    api_vip_lease: 'text',
    ingress_vip_address: 'required-text',
    ingress_vip_lease: 'text',
  },
  'ntp-synchronizer': { ntp_sources: [{ source_name: 'text', source_state: 'text' }] },
  'container-image-availability': {
    images: [{ download_rate: 'number', name: 'text', result: 'text', size_bytes: 'number', time: 'number' }],
  },
  'installation-disk-speed-check': { io_sync_duration: 'integer', path: 'text' },
  'domain-resolution': {
    resolutions: [
      { cnames: ['text'], domain_name: 'required-text', ipv4_addresses: ['text'], ipv6_addresses: ['text'] },
    ],
  },
  'upgrade-agent': { agent_image: 'text', result: 'text' },
} as const satisfies Record<string, Model>;

const LIST_MODELS = {
  'free-network-addresses': { free_addresses: ['text'], network: 'text' },
  'verify-vips': { verification: 'text', vip: 'text', vip_type: 'text' },
} as const satisfies Record<string, Model>;

/** A step's output does not fit its type; the service answers 400. */
export class OutputError extends Error {}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  text: 'string',
  'required-text': 'string',
  integer: 'int64',
  number: 'float64',
  boolean: 'bool',
};

function convert(kind: FieldKind, value: unknown, path: string): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof kind === 'string') {
    const good =
      kind === 'boolean'
        ? typeof value === 'boolean'
        : kind === 'number' || kind === 'integer'
          ? typeof value === 'number' && (kind === 'number' || Number.isInteger(value))
          : typeof value === 'string';
    if (!good) throw new OutputError(`field ${path} holds a ${typeof value}, a ${TYPE_NAMES[kind]} is needed`);
    return value;
  }
  if (Array.isArray(kind)) {
    if (!Array.isArray(value)) throw new OutputError(`field ${path} holds no list`);
    const element = kind[0] as FieldKind | Model;
    return value.map((item) => convert(element, item, path) ?? (typeof element === 'string' ? '' : null));
  }
  return convertObject(kind as Model, value, path);
}

function convertObject(model: Model, value: unknown, path: string): JsonObject {
  if (typeof value !== 'object' || Array.isArray(value)) throw new OutputError(`${path || 'output'} is no object`);
  const source = value as Record<string, unknown>;
  const result: JsonObject = {};
  for (const field in model) {
    const kind = model[field] as FieldKind;
    const converted = convert(kind, source[field], path === '' ? field : `${path}.${field}`);
    if (Array.isArray(kind)) {
      result[field] = (converted ?? null) as JsonObject[string];
    } else if (kind === 'required-text') {
      result[field] = (converted ?? null) as JsonObject[string];
    } else if (converted !== undefined && converted !== '' && converted !== 0 && converted !== false) {
      result[field] = converted as JsonObject[string];
    }
  }
  return result;
}

/**
 * Output of a step as the service keeps it.
 * @throws OutputError when the text is no JSON or does not fit the step's model.
 */
export function normalizeOutput(stepType: keyof typeof MODELS, output: string): JsonObject {
  return convertObject(MODELS[stepType], parse(output) ?? {}, '');
}

/** Same for the step types whose output is a list. */
export function normalizeListOutput(stepType: keyof typeof LIST_MODELS, output: string): JsonObject[] {
  const value = parse(output);
  if (value === null) return [];
  if (!Array.isArray(value)) throw new OutputError('output is no list');
  return value.map((item) => convertObject(LIST_MODELS[stepType], item ?? {}, ''));
}

function parse(output: string): unknown {
  if (output === '') throw new OutputError('output is empty, a JSON text is needed');
  try {
    return JSON.parse(output);
  } catch (error) {
    throw new OutputError(`output is no JSON: ${(error as Error).message}`);
  }
}

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

/** Short fingerprint by which an unchanged report is recognized, together with what its treatment depends on. */
export function fingerprint(text: string, circumstances: string): string {
  return createHash('sha1').update(`${circumstances}\n`).update(text).digest('base64');
}
