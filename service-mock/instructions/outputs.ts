/**
 * Outputs of steps, brought into the shape in which the service stores them: known fields only, in model order, with Go's rules for empty
 * values. Upstream: assisted-service, swagger.yaml, and the models that are generated from it (models/inventory.go and its like).
 */
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
