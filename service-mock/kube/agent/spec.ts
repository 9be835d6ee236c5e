/** What users ask of a host by its Agent. Upstream: assisted-service, agent_controller.go, updateIfNeeded. */
import { RESOURCES } from '../../../model/kube/resources.ts';
import { jsonFault } from '../../../model/protocol/json-syntax.ts';
import { aboutHost } from '../../core/core.ts';
import type { HostRow } from '../../core/rows.ts';
import { displayName } from '../../host/traits.ts';
import { type JsonObject, OperationError } from '../../service-api.ts';
import type { KubeContext } from '../context.ts';
import { wrapped } from '../errors.ts';
import type { Agent, AgentSpec } from '../objects.ts';
import { ensureLabelled, getSecret } from '../secrets.ts';

/** States in which a host still takes what users ask. */
const TAKES_CHANGES: ReadonlySet<string> = new Set([
  'discovering',
  'known',
  'disconnected',
  'insufficient',
  'pending-for-input',
  'disconnected-unbound',
  'insufficient-unbound',
  'discovering-unbound',
  'known-unbound',
  'binding',
]);

/** Brings the row to what the spec says, where it differs. @throws as the service refuses; Error for a Secret that is missing. */
export async function applyAgentSpec(context: KubeContext, agent: Agent, host: HostRow): Promise<void> {
  const { core, service } = context;
  const { spec } = agent;
  applyInstallerArgs(context, agent, host);
  const ignition = spec.ignitionConfigOverrides ?? '';
  if (ignition !== host.ignitionConfigOverrides)
    service.updateHostIgnition(host.infraEnv.id, host.id, { config: ignition });
  const changes = {
    ...labelChanges(spec, host),
    ...(await fencingChanges(context, agent, host)),
    ...simpleChanges(spec, host),
    ...diskChanges(spec, host),
    ...(await tokenChanges(context, spec, host)),
    ...headerChanges(spec, host),
  };
  if (Object.keys(changes).length > 0 && TAKES_CHANGES.has(host.status))
    service.updateHost(host.infraEnv.id, host.id, changes, { interactive: false });
  if (host.approved === spec.approved) return;
  host.approved = spec.approved;
  core.events.emit('host_approved_updated', aboutHost(host), displayName(host), String(spec.approved));
}

function applyInstallerArgs({ service }: KubeContext, { metadata, spec }: Agent, host: HostRow): void {
  const text = spec.installerArgs ?? '';
  if (text === host.installerArgs) return;
  const fault = stringsFault(text);
  if (fault !== undefined) {
    const words = `Fail to unmarshal installer args for host ${metadata.name} in infraEnv ${host.infraEnv.id}`;
    throw new OperationError(400, `${words}: ${fault}`);
  }
  const args = text === '' ? [] : ((JSON.parse(text) as string[] | null) ?? []);
  if (JSON.stringify(args) === host.installerArgs) return;
  service.updateInstallerArgs(host.infraEnv.id, host.id, { args });
}

/** What encoding/json says of a text that is not a list of strings; nothing at all is good. */
function stringsFault(text: string): string | undefined {
  if (text === '') return undefined;
  const fault = jsonFault(text);
  if (fault !== undefined) return fault;
  const value = JSON.parse(text) as unknown;
  if (value === null) return undefined;
  if (!Array.isArray(value)) return `json: cannot unmarshal ${goKind(value)} into Go value of type []string`;
  const wrong = value.find((one) => typeof one !== 'string' && one !== null) as unknown;
  return wrong === undefined ? undefined : `json: cannot unmarshal ${goKind(wrong)} into Go value of type string`;
}

const goKind = (value: unknown) =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : (typeof value as string);

const pairs = (map: Readonly<Record<string, string>>) => Object.entries(map).map(([key, value]) => ({ key, value }));
const isSame = (map: Readonly<Record<string, string>>, text: string) => {
  const present = text === '' ? {} : (JSON.parse(text) as Record<string, string>);
  const keys = Object.keys(map);
  return keys.length === Object.keys(present).length && keys.every((key) => map[key] === present[key]);
};

function labelChanges({ nodeLabels }: AgentSpec, host: HostRow): JsonObject {
  const wanted = nodeLabels ?? {};
  return isSame(wanted, host.nodeLabels) ? {} : { node_labels: pairs(wanted) };
}

function headerChanges({ ignitionEndpointHTTPHeaders: wanted }: AgentSpec, host: HostRow): JsonObject {
  const present = host.ignitionEndpointHttpHeaders;
  if (!wanted) return present === '' ? {} : { ignition_endpoint_http_headers: [{ key: '', value: '' }] };
  return isSame(wanted, present) ? {} : { ignition_endpoint_http_headers: pairs(wanted) };
}

function simpleChanges({ hostname, machineConfigPool, role }: AgentSpec, host: HostRow): JsonObject {
  return {
    ...(hostname && hostname !== host.requestedHostname && { host_name: hostname }),
    ...(machineConfigPool &&
      machineConfigPool !== host.machineConfigPoolName && { machine_config_pool_name: machineConfigPool }),
    ...(role && role !== host.role && { host_role: role }),
  };
}

/** Upstream: updateInstallDisk. @throws Error when the present disk is none of the inventory. */
function diskChanges(
  { installation_disk_id: id = '', installation_disk_path: path = '' }: AgentSpec,
  host: HostRow,
): JsonObject {
  const wanted = path || id;
  if (wanted === '') return {};
  const change = { disks_selected_config: [{ id: wanted, role: 'install' }] };
  const present = host.installationDiskId || host.installationDiskPath;
  if (present === '') return change;
  const disk = disksOf(host).find((one) => namesOf(one).includes(present));
  if (!disk) throw new Error(`installation disk not found for host ${host.id}`);
  return namesOf(disk).includes(wanted) ? {} : change;
}

function disksOf({ inventoryText }: HostRow): JsonObject[] {
  if (inventoryText === '') return [];
  return ((JSON.parse(inventoryText) as JsonObject).disks ?? []) as JsonObject[];
}

function namesOf({ id, by_path, name }: JsonObject): unknown[] {
  return [id, by_path, `/dev/${String(name)}`];
}

async function fencingChanges(context: KubeContext, { metadata, spec }: Agent, host: HostRow): Promise<JsonObject> {
  const name = spec.fencingCredentialsSecretRef;
  if (!name) return {};
  const { data } = await getSecret(context, { namespace: metadata.namespace, name });
  const field = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString('utf8');
  const wanted = {
    address: field('address'),
    ...(data?.certificateVerification !== undefined && {
      certificate_verification: field('certificateVerification'),
    }),
    password: field('password'),
    username: field('username'),
  };
  return JSON.stringify(wanted) === host.fencingCredentials ? {} : { fencing_credentials: wanted };
}

const TOKEN_FIELD = 'ignition-token';

async function tokenChanges(
  context: KubeContext,
  { ignitionEndpointTokenReference: ref }: AgentSpec,
  host: HostRow,
): Promise<JsonObject> {
  if (!ref) return host.ignitionEndpointToken === '' ? {} : { ignition_endpoint_token: '' };
  let secret: Awaited<ReturnType<typeof getSecret>>;
  try {
    secret = await getSecret(context, ref);
  } catch (error) {
    throw wrapped('Failed to get user-data secret', error);
  }
  try {
    await ensureLabelled(context, RESOURCES.secrets, secret);
  } catch (error) {
    throw wrapped('Failed to label user-data secret', error);
  }
  const value = secret.data?.[TOKEN_FIELD];
  if (value === undefined) throw new Error(`secret ${ref.name} did not contain key value`);
  const token = Buffer.from(value, 'base64').toString('utf8');
  return token === host.ignitionEndpointToken ? {} : { ignition_endpoint_token: token };
}
