/**
 * What native agents know of the service's API beside what the service itself publishes: its Swagger 2.0 document
 * (assisted-service, swagger.yaml; internal/spec/spec.go serves it).
 */
import { ENDPOINTS } from '../../model/protocol/endpoints.ts';
import { FINALIZING_STAGES, HOST_STAGES, STEP_TYPES, type StepType } from '../../model/protocol/states.ts';
import type { TrafficProfile } from '../telemetry/traffic/traffic-profile.ts';

interface Schema {
  $ref?: string;
  enum?: string[];
  properties?: Record<string, Schema>;
  allOf?: Schema[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

/** As far as it is looked at. */
export interface ApiDocument {
  swagger: string;
  info?: { version?: string };
  basePath?: string;
  paths: Record<string, Record<string, { parameters?: { in: string; schema?: Schema }[] }>>;
  definitions: Record<string, Schema>;
}

export interface DocumentDifference {
  kind: 'operation' | 'step type' | 'stage' | 'field';
  /** What the document names and native agents do not know or have, or the other way round. */
  names: string[];
  /** Of what. */
  of: string;
  missing: 'in the document' | 'in native agents';
}

/** @throws RangeError for anything else, such as an OpenAPI 3 document */
export function parseApiDocument(text: string): ApiDocument {
  let value: Partial<ApiDocument> | null;
  try {
    value = JSON.parse(text) as Partial<ApiDocument> | null;
  } catch (cause) {
    throw new RangeError('it is not valid JSON', { cause });
  }
  if (value?.swagger !== '2.0' || !value.definitions || !value.paths) {
    throw new RangeError('it is not a Swagger 2.0 document with paths and definitions');
  }
  return value as ApiDocument;
}

/** Step types that are in the service's list and that no agent runs. */
const NOT_RUN = new Set(['execute', 'next-step-runner']);

/** What the output of a step is, by its name in the document: assisted-installer-agent, src/commands/actions. */
const OUTPUTS: Partial<Record<StepType, string>> = {
  inventory: 'inventory',
  'connectivity-check': 'connectivity-report',
  'free-network-addresses': 'free_networks_addresses',
  'ntp-synchronizer': 'ntp_synchronization_response',
  'domain-resolution': 'domain_resolution_response',
  'verify-vips': 'verify_vips_response',
  'api-vip-connectivity-check': 'api_vip_connectivity_response',
  'tang-connectivity-check': 'tang_connectivity_response',
  'dhcp-lease-allocate': 'dhcp_allocation_response',
  'installation-disk-speed-check': 'disk_speed_check_response',
  'container-image-availability': 'container_image_availability_response',
  'upgrade-agent': 'upgrade_agent_response',
};

/** Compares step types, stages, operations, and the fields that native hosts have sent. */
export function compareWithDocument(document: ApiDocument, profiles: readonly TrafficProfile[]): DocumentDifference[] {
  const differences: DocumentDifference[] = [];
  const enumeration = (kind: 'step type' | 'stage', name: string, known: readonly string[]) => {
    const published = document.definitions[name]?.enum ?? [];
    const tell = (names: string[], missing: DocumentDifference['missing']) =>
      names.length > 0 && differences.push({ kind, names, of: name, missing });
    tell(
      published.filter((one) => !known.includes(one) && !NOT_RUN.has(one)),
      'in native agents',
    );
    tell(
      known.filter((one) => !published.includes(one)),
      'in the document',
    );
  };
  enumeration('step type', 'step-type', STEP_TYPES);
  enumeration('stage', 'host-stage', HOST_STAGES);
  enumeration('stage', 'finalizing-stage', FINALIZING_STAGES);
  for (const { operation, detail, fields } of sentByNative(profiles)) {
    const endpoint = ENDPOINTS.find(({ name }) => name === operation);
    if (!endpoint) continue;
    const published = document.paths[endpoint.template]?.[endpoint.method.toLowerCase()];
    if (!published) {
      differences.push({ kind: 'operation', names: [operation], of: endpoint.template, missing: 'in the document' });
      continue;
    }
    const body = published.parameters?.find((one) => one.in === 'body')?.schema;
    const output = OUTPUTS[detail.split(' ', 1)[0] as StepType];
    const names = fields.filter((path) => {
      const [first, ...rest] = path.split(/\.|(?=\[\])/);
      if (operation !== 'post-step-reply' || first !== 'output' || rest.length === 0)
        return body !== undefined && !has(document, body, path.split(/\.|(?=\[\])/));
      return output !== undefined && !has(document, { $ref: `#/definitions/${output}` }, rest);
    });
    if (names.length > 0) {
      const of = detail === '' ? operation : `${operation} ${detail}`;
      differences.push({ kind: 'field', names, of, missing: 'in the document' });
    }
  }
  return differences;
}

/** Operations of all shapes as one list. */
function sentByNative(profiles: readonly TrafficProfile[]): { operation: string; detail: string; fields: string[] }[] {
  const rows = new Map<string, { operation: string; detail: string; fields: Set<string> }>();
  for (const { operations } of profiles.filter(({ kind }) => kind === 'native')) {
    for (const { operation, detail, fields } of operations) {
      const key = `${operation} ${detail}`;
      const row = rows.get(key) ?? { operation, detail, fields: new Set() };
      for (const path of Object.keys(fields)) row.fields.add(path);
      rows.set(key, row);
    }
  }
  return [...rows.values()].map((row) => ({ ...row, fields: [...row.fields] }));
}

/** Whether a schema has a field. @param path names, with `[]` for an item of a list */
function has(document: ApiDocument, schema: Schema, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return true;
  if (schema.$ref !== undefined) {
    const target = document.definitions[schema.$ref.replace('#/definitions/', '')];
    return target !== undefined && has(document, target, path);
  }
  if (schema.allOf?.some((part) => has(document, part, path))) return true;
  if (name === '[]') return schema.items !== undefined && has(document, schema.items, rest);
  const { additionalProperties: others } = schema;
  const property = schema.properties?.[name];
  if (property) return has(document, property, rest);
  if (others === true) return true;
  return typeof others === 'object' && has(document, others, rest);
}
