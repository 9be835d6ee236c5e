/**
 * What users change of a host. Texts are upstream's, conditions of Agents repeat them: assisted-service,
 * bminventory/inventory.go (V2UpdateHostInternal and what it calls) and internal/host/host.go (UpdateHostname and its like).
 */

import type { HostRole } from '../../model/protocol/states.ts';
import { checkArbiters } from '../cluster/arbiters.ts';
import type { HostRow } from '../core/rows.ts';
import { touchMembers } from '../core/store.ts';
import { objectField, objectsField, textField } from '../core/wire.ts';
import { eligibleDisks } from '../hardware/hardware.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { hostnameProblem } from '../validations/names.ts';
import { labelsProblem } from './node-labels.ts';
import { isDay2Host } from './traits.ts';

const BEFORE_INSTALLATION: readonly string[] = [
  'discovering',
  'known',
  'disconnected',
  'insufficient',
  'pending-for-input',
];
const CHANGEABLE: ReadonlySet<string> = new Set([
  ...BEFORE_INSTALLATION,
  'disconnected-unbound',
  'insufficient-unbound',
  'discovering-unbound',
  'known-unbound',
  'binding',
]);
const ROLES: readonly HostRole[] = ['auto-assign', 'bootstrap', 'master', 'arbiter', 'worker'];

/** Changes `host` by the fields of a request, in upstream's order. @throws OperationError at the first that cannot be; earlier ones are changed then. */
export function changeHost(host: HostRow, body: JsonObject): void {
  setRole(host, textField(body, 'host_role'));
  setName(host, textField(body, 'host_name'));
  setDisks(host, objectsField(body, 'disks_selected_config'));
  const pool = textField(body, 'machine_config_pool_name');
  if (pool !== undefined) {
    checkChangeable(host, 'host machine config pool', 409);
    host.machineConfigPoolName = pool;
  }
  const token = textField(body, 'ignition_endpoint_token');
  if (token !== undefined) {
    if (token !== '') checkChangeable(host, 'host ignition endpoint token', 409);
    host.ignitionEndpointToken = token;
    host.ignitionEndpointTokenSet = token !== '';
  }
  const headers = objectsField(body, 'ignition_endpoint_http_headers');
  if (headers) {
    checkChangeable(host, 'ignition endpoint HTTP headers', 500);
    host.ignitionEndpointHttpHeaders = JSON.stringify(recordOf(headers));
  }
  setLabels(host, objectsField(body, 'node_labels'));
  setSkippedDisks(host, objectsField(body, 'disks_skip_formatting'));
  // Clusters of two nodes that fence each other are switched off in the service's default configuration.
  if (objectField(body, 'fencing_credentials')) {
    throw new OperationError(
      400,
      `TNF clusters support is disabled, cannot set fencing credentials to host ${host.id} in infra-env ${host.infraEnv.id}`,
    );
  }
}

const recordOf = (pairs: readonly JsonObject[]) =>
  Object.fromEntries(pairs.map(({ key, value }) => [String(key), String(value)]));

/** @param status that a refusal is answered with. */
function checkChangeable(host: HostRow, what: string, status: number): void {
  if (CHANGEABLE.has(host.status)) return;
  throw new OperationError(
    status,
    `Host is in ${host.status} state, ${what} can be set only in one of [${BEFORE_INSTALLATION.join(' ')}] states`,
  );
}

function setRole(host: HostRow, wanted: string | undefined): void {
  if (wanted === undefined) return;
  if (wanted === 'arbiter') {
    checkArbiters(host.cluster, `Cannot set role arbiter to host ${host.id} in infra-env ${host.infraEnv.id}`);
  }
  checkChangeable(host, 'host role', 500);
  if (wanted !== host.role) {
    const role = ROLES.find((known) => known === wanted);
    if (role === undefined || (role === 'bootstrap' && isDay2Host(host))) {
      throw new OperationError(
        500,
        `Requested role (${wanted}) is invalid for host ${host.id} from infraEnv ${host.infraEnv.id}`,
      );
    }
    if (isDay2Host(host) && (host.machineConfigPoolName === '' || host.machineConfigPoolName === host.role))
      host.machineConfigPoolName = role;
    host.role = role;
    if (role === 'worker') host.bootstrap = false;
  }
  host.suggestedRole = host.role;
}

function setName(host: HostRow, name: string | undefined): void {
  if (name === undefined) return;
  const problem = hostnameProblem(name);
  if (problem) throw new OperationError(400, problem);
  checkChangeable(host, 'host name', 409);
  host.requestedHostname = name;
  if (host.cluster) touchMembers(host.cluster);
}

function setDisks(host: HostRow, disks: JsonObject[] | undefined): void {
  if (!disks) return;
  const chosen = disks.filter((disk) => disk.role === 'install').map((disk) => String(disk.id));
  if (chosen.length > 1) throw new OperationError(409, 'duplicate setting of installation path by the user');
  checkChangeable(host, 'installation disk path', 409);
  // Without an inventory there is no text to read disks from.
  if (host.inventoryText === '') throw new OperationError(409, 'unexpected end of JSON input');
  const disk =
    host.inventory &&
    eligibleDisks(host.inventory).find((candidate) => candidate.id === chosen[0] || candidate.path === chosen[0]);
  if (!disk) throw new OperationError(409, "Requested installation disk is not part of the host's valid disks");
  host.installationDiskId = disk.id;
  host.installationDiskPath = disk.path;
}

function setLabels(host: HostRow, list: JsonObject[] | undefined): void {
  if (!list) return;
  const labels = recordOf(list);
  const problem = labelsProblem(labels, 'node_labels');
  if (problem) throw new OperationError(400, problem);
  checkChangeable(host, 'labels', 500);
  host.nodeLabels = JSON.stringify(labels);
}

function setSkippedDisks(host: HostRow, disks: JsonObject[] | undefined): void {
  if (!disks || disks.length === 0) return;
  if (host.inventoryText === '')
    throw new OperationError(500, 'inventory unmarshal failed: unexpected end of JSON input');
  const known = host.inventory?.disks.map((disk) => disk.id) ?? [];
  const skipped = new Set(host.skipFormattingDisks === '' ? [] : host.skipFormattingDisks.split(','));
  for (const { disk_id, skip_formatting } of disks) {
    const id = String(disk_id);
    if (skip_formatting !== true) skipped.delete(id);
    else if (skipped.has(id) || known.includes(id)) skipped.add(id);
    else {
      throw new OperationError(
        400,
        `Disk identifier ${id} doesn't match any disk in the inventory, it cannot be skipped. Inventory disk identifiers are: ${known.join(', ')}`,
      );
    }
  }
  checkChangeable(host, 'skip disk formatting', 500);
  host.skipFormattingDisks = [...skipped].join(',');
}
