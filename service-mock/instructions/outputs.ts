/**
 * Outputs of steps, brought into the shape in which the service stores them: known fields only, in model order, with Go's rules for empty
 * values. Upstream: assisted-service, swagger.yaml, and the models that are generated from it (models/inventory.go and its like).
 */
import { jsonFault } from '../../model/protocol/json-syntax.ts';
import type { JsonObject } from '../service-api.ts';

/**
 * Field kinds: `text`, `number`, `integer` and `boolean` are left out when empty; `required-text` and arrays are `null`
 * when absent; an object is left out when absent.
 */
type FieldKind = 'text' | 'required-text' | 'number' | 'integer' | 'boolean' | readonly [FieldKind] | Model;
interface Model {
  /** As the decoder's messages call it. */
  readonly goName: string;
  readonly fields: Readonly<Record<string, FieldKind>>;
}
const model = (goName: string, fields: Model['fields']): Model => ({ goName, fields });

const ELIGIBILITY = model('DiskInstallationEligibility', { eligible: 'boolean', not_eligible_reasons: ['text'] });
const DISK = model('Disk', {
  bootable: 'boolean',
  by_id: 'text',
  by_path: 'text',
  drive_type: 'text',
  has_uuid: 'boolean',
  hctl: 'text',
  holders: 'text',
  id: 'text',
  installation_eligibility: ELIGIBILITY,
  io_perf: model('IoPerf', { sync_duration: 'integer' }),
  is_installation_media: 'boolean',
  iscsi: model('Iscsi', { host_ip_address: 'text' }),
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
});
const INTERFACE = model('Interface', {
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
});

const MODELS = {
  inventory: model('Inventory', {
    bmc_address: 'text',
    bmc_v6address: 'text',
    boot: model('Boot', {
      command_line: 'text',
      current_boot_mode: 'text',
      device_type: 'text',
      pxe_interface: 'text',
      secure_boot_state: 'text',
    }),
    cpu: model('CPU', {
      architecture: 'text',
      count: 'integer',
      flags: ['text'],
      frequency: 'number',
      model_name: 'text',
    }),
    disks: [DISK],
    gpus: [model('Gpu', { address: 'text', device_id: 'text', name: 'text', vendor: 'text', vendor_id: 'text' })],
    hostname: 'text',
    interfaces: [INTERFACE],
    memory: model('Memory', { physical_bytes: 'integer', physical_bytes_method: 'text', usable_bytes: 'integer' }),
    routes: [
      model('Route', {
        destination: 'text',
        family: 'integer',
        gateway: 'text',
        interface: 'text',
        metric: 'integer',
      }),
    ],
    system_vendor: model('SystemVendor', {
      manufacturer: 'text',
      product_name: 'text',
      serial_number: 'text',
      virtual: 'boolean',
    }),
    tpm_version: 'text',
    truncation: model('InventoryTruncation', { reasons: ['text'], type: 'text' }),
  }),
  'connectivity-check': model('ConnectivityReport', {
    remote_hosts: [
      model('ConnectivityRemoteHost', {
        host_id: 'text',
        l2_connectivity: [
          model('L2Connectivity', {
            outgoing_ip_address: 'text',
            outgoing_nic: 'text',
            remote_ip_address: 'text',
            remote_mac: 'text',
            successful: 'boolean',
          }),
        ],
        l3_connectivity: [
          model('L3Connectivity', {
            average_rtt_ms: 'number',
            outgoing_nic: 'text',
            packet_loss_percentage: 'number',
            remote_ip_address: 'text',
            successful: 'boolean',
          }),
        ],
        mtu_report: [
          model('MtuReport', { mtu_successful: 'boolean', outgoing_nic: 'text', remote_ip_address: 'text' }),
        ],
      }),
    ],
  }),
  'api-vip-connectivity-check': model('APIVipConnectivityResponse', {
    download_error: 'text',
    ignition: 'text',
    is_success: 'boolean',
    url: 'text',
  }),
  'tang-connectivity-check': model('TangConnectivityResponse', {
    is_success: 'boolean',
    tang_server_response: [
      model('TangServerResponse', {
        payload: 'text',
        signatures: [model('TangServerSignatures', { protected: 'text', signature: 'text' })],
        tang_url: 'text',
      }),
    ],
  }),
  'dhcp-lease-allocate': model('DhcpAllocationResponse', {
    api_vip_address: 'required-text',
    api_vip_lease: 'text',
    ingress_vip_address: 'required-text',
    ingress_vip_lease: 'text',
  }),
  'ntp-synchronizer': model('NtpSynchronizationResponse', {
    ntp_sources: [model('NtpSource', { source_name: 'text', source_state: 'text' })],
  }),
  'container-image-availability': model('ContainerImageAvailabilityResponse', {
    images: [
      model('ContainerImageAvailability', {
        download_rate: 'number',
        name: 'text',
        result: 'text',
        size_bytes: 'number',
        time: 'number',
      }),
    ],
  }),
  'installation-disk-speed-check': model('DiskSpeedCheckResponse', { io_sync_duration: 'integer', path: 'text' }),
  'domain-resolution': model('DomainResolutionResponse', {
    resolutions: [
      model('DomainResolutionResponseDomain', {
        cnames: ['text'],
        domain_name: 'required-text',
        ipv4_addresses: ['text'],
        ipv6_addresses: ['text'],
      }),
    ],
  }),
  'upgrade-agent': model('UpgradeAgentResponse', { agent_image: 'text', result: 'text' }),
} as const satisfies Record<string, Model>;

const LIST_MODELS = {
  'free-network-addresses': {
    goName: 'FreeNetworksAddresses',
    item: model('FreeNetworkAddresses', { free_addresses: ['text'], network: 'text' }),
  },
  'verify-vips': {
    goName: 'VerifyVipsResponse',
    item: model('VerifiedVip', { verification: 'text', vip: 'text', vip_type: 'text' }),
  },
} as const;

/** A step's output does not fit its type; the service answers 400 with the decoder's message. */
export class OutputError extends Error {}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  text: 'string',
  'required-text': 'string',
  integer: 'int64',
  number: 'float64',
  boolean: 'bool',
};

/** Types of fields that have one of their own. */
const OWN_TYPES: Readonly<Record<string, string>> = {
  'Disk.drive_type': 'models.DriveType',
  'Boot.secure_boot_state': 'models.SecureBootState',
  'Memory.physical_bytes_method': 'models.MemoryMethod',
  'Route.family': 'int32',
  'Route.metric': 'int32',
  'NtpSource.source_state': 'models.SourceState',
  'ContainerImageAvailability.result': 'models.ContainerImageAvailabilityResult',
  'UpgradeAgentResponse.result': 'models.UpgradeAgentResult',
  'VerifiedVip.verification': 'models.VipVerification',
  'VerifiedVip.vip': 'models.IP',
  'VerifiedVip.vip_type': 'models.VipType',
};

/** Where a value stands: the innermost model, and the dotted names of the fields above it. */
interface Place {
  readonly struct: string;
  readonly path: string;
}

/** @throws OutputError as encoding/json tells of a value that does not fit. */
function mismatch(value: unknown, type: string, place: Place | undefined): never {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const detail = typeof value === 'number' && type.startsWith('int') ? ` ${value}` : '';
  const target = place ? `struct field ${place.struct}.${place.path}` : 'value';
  throw new OutputError(`json: cannot unmarshal ${kind}${detail} into Go ${target} of type ${type}`);
}

function typeOf(kind: FieldKind, place: Place | undefined): string {
  const own = place && OWN_TYPES[`${place.struct}.${place.path.split('.').at(-1)}`];
  if (own !== undefined) return own;
  if (typeof kind === 'string') return TYPE_NAMES[kind]!;
  if (isList(kind)) return `[]${isModel(kind[0]) ? '*' : ''}${typeOf(kind[0], undefined)}`;
  return `models.${kind.goName}`;
}

const isList = (kind: FieldKind): kind is readonly [FieldKind] => Array.isArray(kind);
const isModel = (kind: FieldKind): kind is Model => typeof kind !== 'string' && !isList(kind);

function fits(kind: string, value: unknown): boolean {
  if (kind === 'boolean') return typeof value === 'boolean';
  if (kind === 'number') return typeof value === 'number';
  if (kind === 'integer') return typeof value === 'number' && Number.isInteger(value);
  return typeof value === 'string';
}

function convert(kind: FieldKind, value: unknown, place: Place | undefined): unknown {
  if (value === null || value === undefined) return undefined;
  if (typeof kind === 'string') return fits(kind, value) ? value : mismatch(value, typeOf(kind, place), place);
  if (isModel(kind)) return convertObject(kind, value, place);
  if (!Array.isArray(value)) return mismatch(value, typeOf(kind, place), place);
  const [element] = kind;
  return value.map((item) => convert(element, item, place) ?? (typeof element === 'string' ? '' : null));
}

function convertObject(model: Model, value: unknown, place?: Place): JsonObject {
  if (typeof value !== 'object' || Array.isArray(value)) mismatch(value, `models.${model.goName}`, place);
  const source = value as Record<string, unknown>;
  const result: JsonObject = {};
  for (const [field, kind] of Object.entries(model.fields)) {
    const path = place === undefined ? field : `${place.path}.${field}`;
    const converted = convert(kind, source[field], { struct: model.goName, path });
    if (isList(kind) || kind === 'required-text') {
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
  return convertObject(MODELS[stepType], parse(output) ?? {});
}

/** Same for the step types whose output is a list. */
export function normalizeListOutput(stepType: keyof typeof LIST_MODELS, output: string): JsonObject[] {
  const value = parse(output);
  if (value === null) return [];
  const { goName, item } = LIST_MODELS[stepType];
  if (!Array.isArray(value)) return mismatch(value, `models.${goName}`, undefined);
  return value.map((given) => convertObject(item, given ?? {}));
}

function parse(output: string): unknown {
  const fault = jsonFault(output);
  if (fault !== undefined) throw new OutputError(fault);
  return JSON.parse(output);
}
