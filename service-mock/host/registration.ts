/** Hosts that register. Upstream: assisted-service, internal/bminventory/inventory.go, V2RegisterHost, and internal/host/host.go, RegisterHost. */

import { isDay2Cluster, isSingleNode } from '../cluster/traits.ts';
import { aboutHost, type Core } from '../core/core.ts';
import { clusterOf, infraEnvOf } from '../core/lookup.ts';
import { type ClusterRow, HostRow } from '../core/rows.ts';
import { requiredText, textField, wireDate } from '../core/wire.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { runHost } from './state-machine/machine.ts';
import { displayName } from './traits.ts';
import { hostView } from './view.ts';

const ACCEPTING: ReadonlySet<string> = new Set(['insufficient', 'ready', 'pending-for-input', 'adding-hosts']);

/** Dates of a row that the answer to a registration has not read back. */
const NEVER_STORED = '0001-01-01T00:00:00Z';

/** Texts are upstream's, conditions and events repeat them: internal/cluster/cluster.go, AcceptRegistration. */
export function checkAccepts(cluster: ClusterRow): void {
  if (ACCEPTING.has(cluster.status)) return;
  throw new OperationError(
    409,
    cluster.status === 'installed'
      ? 'Cannot add hosts to an existing cluster using the original Discovery ISO.'
      : `Host can register only in one of the following states: [${[...ACCEPTING].join(' ')}]`,
  );
}

export function registerHost(core: Core, infraEnvId: string, body: JsonObject, agentVersionHeader: string): JsonObject {
  const id = requiredText(body, 'host_id').toLowerCase();
  const version = textField(body, 'discovery_agent_version') ?? '';
  const infraEnv = infraEnvOf(core, infraEnvId);
  if (infraEnv.type === 'disconnected-iso')
    throw new OperationError(400, 'Cannot register a host to an InfraEnv with disconnected-iso type');
  const known = infraEnv.hosts.get(id);
  const cluster = infraEnv.clusterId !== '' ? clusterOf(core, infraEnv.clusterId) : known?.cluster;
  const fresh = newHost(core, new HostRow(id, infraEnv), cluster, version || agentVersionHeader);
  if (known) {
    registerAgain(core, known, fresh);
  } else {
    if (cluster) admit(core, cluster, fresh);
    core.store.addHost(fresh);
    fresh.createdAt = core.clock.now();
    fresh.updatedAt = fresh.createdAt;
    runHost(core, fresh, 'register', { isNew: true });
  }
  return registeredView(core, fresh, known !== undefined);
}

/** What a host is at its registration; whatever else a known one has is kept in its row. */
function newHost({ clock }: Core, host: HostRow, cluster: ClusterRow | undefined, agentVersion: string): HostRow {
  const now = clock.now();
  Object.assign(host, { registeredAt: now, checkedInAt: now, discoveryAgentVersion: agentVersion, cluster });
  if (cluster && isDay2Cluster(cluster)) {
    Object.assign(host, { kind: 'AddToExistingClusterHost', role: 'worker', machineConfigPoolName: 'worker' });
  } else if (isSingleNode(cluster)) {
    Object.assign(host, { role: 'master', bootstrap: true });
  }
  host.suggestedRole = host.role;
  return host;
}

/** @throws OperationError 409 for a cluster that takes no hosts now; that is told of. */
function admit(core: Core, cluster: ClusterRow, host: HostRow): void {
  try {
    checkAccepts(cluster);
  } catch (error) {
    core.events.emit('host_registration_failed', aboutHost(host), (error as Error).message);
    throw error;
  }
}

/** @throws OperationError for a host that cannot register in its state; that is told of. */
function registerAgain(core: Core, known: HostRow, fresh: HostRow): void {
  known.kind = fresh.kind;
  known.registeredAt = fresh.registeredAt;
  known.updatedAt = fresh.registeredAt;
  try {
    if (!runHost(core, known, 'register'))
      throw new OperationError(400, `Host ${known.id} cannot register while it is ${known.status}`);
  } catch (error) {
    const reason = `Failed to register host ${displayName(known)}: ${(error as Error).message}`;
    core.events.emit('host_registration_failed', aboutHost(known), reason);
    throw error;
  }
  known.discoveryAgentVersion = fresh.discoveryAgentVersion;
}

/** The answer shows what was asked for, not what is stored. */
function registeredView({ settings }: Core, host: HostRow, again: boolean): JsonObject {
  const { progress: _progress, ...view } = hostView(host);
  const ids = { agent_version: settings.AGENT_DOCKER_IMAGE, host_id: host.id, infra_env_id: host.infraEnv.id };
  return {
    ...view,
    created_at: NEVER_STORED,
    updated_at: NEVER_STORED,
    ...(again ? { status: null, status_info: null, status_updated_at: wireDate(0) } : {}),
    next_step_runner_command: { args: [JSON.stringify(ids)] },
  };
}
