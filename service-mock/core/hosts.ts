/** Operations on hosts, the agent's and the user's. Source: Service facts 1.4 and 1.5. */
import { HOST_STAGES } from '../../model/protocol/states.ts';
import { type AssistedServiceApi, type JsonObject, OperationError } from '../service-api.ts';
import { refreshCluster, updateInstallProgress } from './cluster-machine.ts';
import { aboutHost, type Core } from './core.ts';
import { hostIgnition } from './files.ts';
import { eligibleDisks } from './hardware.ts';
import { refreshHost, runHost, setHostStatus } from './host-machine.ts';
import { checkIgnition } from './infra-envs.ts';
import { instructionsFor } from './instructions.ts';
import { clusterOf, hostOf, infraEnvOf } from './lookup.ts';
import { NO_TRANSITION } from './machine.ts';
import { hostnameProblem } from './names.ts';
import { handleReply, rejudgeInventory } from './replies.ts';
import { stagePercentage, stagesOf } from './stages.ts';
import {
  type ClusterRow,
  displayName,
  effectiveRole,
  endsWithReboot,
  type HostRow,
  isDay2Cluster,
  isDay2Host,
  isSingleNode,
  newHost,
  touchMembers,
} from './store.ts';
import { hostView } from './views.ts';
import { objectField, objectsField, requiredText, textField, wireDate } from './wire.ts';

type Operations = Pick<
  AssistedServiceApi,
  | 'registerHost'
  | 'listInfraEnvHosts'
  | 'getHost'
  | 'updateHost'
  | 'deleteHost'
  | 'getInstructions'
  | 'postStepReply'
  | 'updateHostProgress'
  | 'updateHostLogsProgress'
  | 'downloadHostIgnition'
  | 'bindHost'
  | 'unbindHost'
  | 'installHost'
  | 'resetHost'
  | 'updateInstallerArgs'
  | 'getHostIgnition'
  | 'updateHostIgnition'
  | 'resetHostValidation'
>;

const ACCEPTING: ReadonlySet<string> = new Set(['insufficient', 'ready', 'pending-for-input', 'adding-hosts']);
const PROGRESSING: ReadonlySet<string> = new Set([
  'installing',
  'installing-in-progress',
  'installing-pending-user-action',
]);
const CHANGEABLE: ReadonlySet<string> = new Set([
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
const ROLES: readonly string[] = ['auto-assign', 'master', 'arbiter', 'worker'];
const REQUESTED_NAME = /^[a-z0-9][a-z0-9\-.]{0,61}[a-z0-9]$/;
/** Installer arguments that users may give. */
const INSTALLER_ARGUMENTS: ReadonlySet<string> = new Set([
  '--append-karg',
  '--delete-karg',
  '--network-dir',
  '-n',
  '--copy-network',
  '--save-partlabel',
  '--save-partindex',
  '--image-url',
  '--firstboot-args',
  '--platform',
  '--ignition-url',
  '--insecure-ignition',
  '--insecure',
]);

/** Dates of a row that the answer to a registration has not read back. */
const NEVER_STORED = '0001-01-01T00:00:00Z';

/** Texts are upstream's, conditions and events repeat them: internal/cluster/cluster.go, AcceptRegistration. */
function checkAccepts(cluster: ClusterRow): void {
  if (ACCEPTING.has(cluster.status)) return;
  throw new OperationError(
    409,
    cluster.status === 'installed'
      ? 'Cannot add hosts to an existing cluster using the original Discovery ISO.'
      : `Host can register only in one of the following states: [${[...ACCEPTING].join(' ')}]`,
  );
}

const LABEL_PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** @throws OperationError 400 for what Kubernetes does not take as a label. */
function checkLabel(key: string, value: string): void {
  const [name, prefix, ...more] = key.split('/').reverse();
  const good =
    more.length === 0 &&
    LABEL_NAME.test(name as string) &&
    (prefix === undefined || (prefix.length <= 253 && LABEL_PREFIX.test(prefix))) &&
    (value === '' || LABEL_NAME.test(value));
  if (!good) throw new OperationError(400, `node_labels: ${key}=${value} is no label that Kubernetes takes`);
}

export function hostOperations(core: Core): Operations {
  const { clock, events, store, settings } = core;

  const touch = (host: HostRow) => {
    host.updatedAt = clock.now();
    host.triggeredAt = host.updatedAt;
  };
  const refreshBoth = (host: HostRow) => {
    refreshHost(core, host);
    if (host.cluster) refreshCluster(core, host.cluster);
  };

  function registerHost(infraEnvId: string, body: JsonObject, agentVersionHeader: string): JsonObject {
    const id = requiredText(body, 'host_id').toLowerCase();
    const version = textField(body, 'discovery_agent_version') ?? '';
    const infraEnv = infraEnvOf(core, infraEnvId);
    if (infraEnv.type === 'disconnected-iso')
      throw new OperationError(400, 'Hosts cannot register to an infra-env of type disconnected-iso');
    const known = infraEnv.hosts.get(id);
    const cluster = infraEnv.clusterId !== '' ? clusterOf(core, infraEnv.clusterId) : known?.cluster;
    const now = clock.now();
    const fresh = newHost(id, infraEnv);
    Object.assign(fresh, {
      registeredAt: now,
      checkedInAt: now,
      discoveryAgentVersion: version || agentVersionHeader,
      cluster,
    });
    if (cluster && !known) {
      try {
        checkAccepts(cluster);
      } catch (error) {
        events.emit(
          'host_registration_failed',
          { clusterId: cluster.id, hostId: id, infraEnvId },
          (error as Error).message,
        );
        throw error;
      }
    }
    if (cluster && isDay2Cluster(cluster)) {
      Object.assign(fresh, { kind: 'AddToExistingClusterHost', role: 'worker', machineConfigPoolName: 'worker' });
    } else if (isSingleNode(cluster)) {
      Object.assign(fresh, { role: 'master', bootstrap: true });
    }
    fresh.suggestedRole = fresh.role;
    if (known) {
      known.kind = fresh.kind;
      known.registeredAt = now;
      known.updatedAt = now;
      try {
        if (!runHost(core, known, 'register'))
          throw new OperationError(400, `Host ${id} cannot register while it is ${known.status}`);
      } catch (error) {
        const reason = `Failed to register host ${displayName(known)}: ${(error as Error).message}`;
        events.emit('host_registration_failed', aboutHost(known), reason);
        throw error;
      }
      known.discoveryAgentVersion = fresh.discoveryAgentVersion;
    } else {
      store.addHost(fresh);
      fresh.createdAt = now;
      fresh.updatedAt = now;
      runHost(core, fresh, 'register', { isNew: true });
    }
    const answer = hostView(fresh);
    delete answer.progress;
    return {
      ...answer,
      created_at: NEVER_STORED,
      updated_at: NEVER_STORED,
      ...(known ? { status: null, status_info: null, status_updated_at: wireDate(0) } : {}),
      next_step_runner_command: {
        args: [JSON.stringify({ agent_version: settings.AGENT_DOCKER_IMAGE, host_id: id, infra_env_id: infraEnvId })],
      },
    };
  }

  function getInstructions(
    infraEnvId: string,
    hostId: string,
    timestamp: number | null,
    agentVersionHeader: string,
  ): JsonObject {
    const host = hostOf(core, infraEnvId, hostId);
    host.checkedInAt = clock.now();
    host.updatedAt = host.checkedInAt;
    if (timestamp !== null && timestamp !== 0) host.timestamp = timestamp;
    host.discoveryAgentVersion = agentVersionHeader || host.discoveryAgentVersion;
    return instructionsFor(core, host);
  }

  function updateHostProgress(infraEnvId: string, hostId: string, body: JsonObject): void {
    const host = hostOf(core, infraEnvId, hostId);
    const stage = requiredText(body, 'current_stage');
    const info = textField(body, 'progress_info') ?? '';
    if (!HOST_STAGES.includes(stage as (typeof HOST_STAGES)[number]))
      throw new OperationError(400, `Stage '${stage}' is unknown. Known are ${HOST_STAGES.join(', ')}`);
    const cluster = host.cluster;
    if (!cluster) throw new OperationError(400, `Host ${hostId} is not bound to a cluster, it has no progress`);
    const changed = stage !== host.stage;
    if (!changed && info === host.stageInfo) return;
    const now = clock.now();
    if (changed) enterStage(host, stage, info);
    else {
      host.stageInfo = info;
      host.stageUpdatedAt = now;
      host.updatedAt = now;
    }
    events.emit('host_install_progress_updated', aboutHost(host), displayName(host), stage, info);
    if (changed) updateInstallProgress(cluster);
  }

  /** @throws OperationError 409 for a stage that cannot come now. */
  function enterStage(host: HostRow, stage: string, info: string): void {
    if (!PROGRESSING.has(host.status))
      throw new OperationError(409, `Stage ${stage} cannot be set while host ${host.id} is ${host.status}`);
    const stages: readonly string[] = stagesOf(
      { role: host.role, bootstrap: host.bootstrap, day2: endsWithReboot(host) },
      isSingleNode(host.cluster),
    );
    if (stage !== 'Failed' && host.stage !== '') {
      if (!stages.includes(stage))
        throw new OperationError(
          409,
          `Stage ${stage} does not exist for role ${host.role}, bootstrap ${host.bootstrap}`,
        );
      if (stages.indexOf(stage) < stages.indexOf(host.stage))
        throw new OperationError(409, `Stage ${stage} comes before ${host.stage}, which the host has reached`);
    }
    const now = clock.now();
    const before = host.stage;
    const since = host.stageStartedAt || host.statusUpdatedAt;
    if (stage === 'Failed') {
      setHostStatus(core, host, host.status, 'error', info === '' ? 'Failed' : `Failed - ${info}`);
    } else {
      host.installationPercentage = stagePercentage(stage, stages);
      host.stage = stage === 'Rebooting' && endsWithReboot(host) ? 'Done' : stage;
      host.stageInfo = info;
      host.stageStartedAt = now;
      host.stageUpdatedAt = now;
      host.stageTimedOut = false;
      runHost(core, host, 'progress');
    }
    if (before !== '') core.metrics.hostPhase(before, stage === 'Failed' ? 'failed' : 'success', (now - since) / 1000);
    if (stage === 'Failed' || stage === 'Done')
      core.metrics.hostsFinished(effectiveRole(host), stage === 'Done' ? 'installed' : 'error');
  }

  function checkChangeable(host: HostRow, what: string, status: number): void {
    if (!CHANGEABLE.has(host.status))
      throw new OperationError(status, `Host ${host.id} is ${host.status}, its ${what} can no longer be changed`);
  }

  /** All or nothing: what was changed before a refusal is taken back. */
  function updateHost(infraEnvId: string, hostId: string, body: JsonObject, { interactive = true } = {}): JsonObject {
    const host = hostOf(core, infraEnvId, hostId);
    const before = { ...host };
    try {
      changeHost(host, body);
      if (host.cluster) rejudgeInventory(core, host);
    } catch (error) {
      Object.assign(host, before);
      throw error;
    }
    touch(host);
    if (interactive) refreshBoth(host);
    return hostView(host);
  }

  function changeHost(host: HostRow, body: JsonObject): void {
    setRole(host, textField(body, 'host_role'));
    setName(host, textField(body, 'host_name'));
    setDisks(host, objectsField(body, 'disks_selected_config'));
    const pool = textField(body, 'machine_config_pool_name');
    if (pool !== undefined) {
      checkChangeable(host, 'pool', 409);
      host.machineConfigPoolName = pool;
    }
    const token = textField(body, 'ignition_endpoint_token');
    if (token !== undefined) {
      if (token !== '') checkChangeable(host, 'ignition token', 409);
      host.ignitionEndpointToken = token;
      host.ignitionEndpointTokenSet = token !== '';
    }
    const headers = objectsField(body, 'ignition_endpoint_http_headers');
    if (headers) {
      checkChangeable(host, 'ignition headers', 500);
      host.ignitionEndpointHttpHeaders = JSON.stringify(
        Object.fromEntries(headers.map(({ key, value }) => [String(key), String(value)])),
      );
    }
    const labels = objectsField(body, 'node_labels');
    if (labels) {
      for (const { key, value } of labels) checkLabel(String(key), String(value));
      checkChangeable(host, 'labels', 500);
      host.nodeLabels = JSON.stringify(
        Object.fromEntries(labels.map(({ key, value }) => [String(key), String(value)])),
      );
    }
    setSkippedDisks(host, objectsField(body, 'disks_skip_formatting'));
    // Clusters of two nodes that fence each other are switched off in the service's default configuration.
    if (objectField(body, 'fencing_credentials'))
      throw new OperationError(400, `Fencing is not supported, host ${host.id} cannot have fencing credentials`);
  }

  function setRole(host: HostRow, role: string | undefined): void {
    if (role === undefined) return;
    if (!ROLES.includes(role)) throw new OperationError(400, `Role ${role} is unknown. Known are ${ROLES.join(', ')}`);
    if (role === 'arbiter' && host.cluster && host.cluster.controlPlaneCount !== 2)
      throw new OperationError(400, 'Only clusters of two control-plane nodes have arbiters');
    checkChangeable(host, 'role', 500);
    if (role === 'auto-assign' && isDay2Host(host))
      throw new OperationError(400, `Role ${role} is not possible for a day-2 host`);
    if (role !== host.role) {
      if (isDay2Host(host) && (host.machineConfigPoolName === '' || host.machineConfigPoolName === host.role))
        host.machineConfigPoolName = role;
      host.role = role;
      if (role === 'worker') host.bootstrap = false;
    }
    host.suggestedRole = role;
  }

  function setName(host: HostRow, name: string | undefined): void {
    if (name === undefined) return;
    const problem = REQUESTED_NAME.test(name)
      ? hostnameProblem(name)
      : `Hostname does not pass required regex validation: ${REQUESTED_NAME.source}. Hostname: ${name}`;
    if (problem) throw new OperationError(400, problem);
    checkChangeable(host, 'name', 409);
    host.requestedHostname = name;
    if (host.cluster) touchMembers(host.cluster);
  }

  function setDisks(host: HostRow, disks: JsonObject[] | undefined): void {
    if (!disks) return;
    const chosen = disks.filter((disk) => disk.role === 'install').map((disk) => String(disk.id));
    if (chosen.length > 1) throw new OperationError(409, 'Only one disk can be installed on');
    checkChangeable(host, 'installation disk', 409);
    const disk =
      host.inventory &&
      eligibleDisks(host.inventory).find((candidate) => candidate.id === chosen[0] || candidate.path === chosen[0]);
    if (!disk) throw new OperationError(409, "Requested installation disk is not part of the host's valid disks");
    host.installationDiskId = disk.id;
    host.installationDiskPath = disk.path;
  }

  function setSkippedDisks(host: HostRow, disks: JsonObject[] | undefined): void {
    if (!disks || disks.length === 0) return;
    if (host.inventoryText === '') throw new OperationError(500, `The inventory of host ${host.id} is missing`);
    const skipped = new Set(host.skipFormattingDisks === '' ? [] : host.skipFormattingDisks.split(','));
    for (const { disk_id, skip_formatting } of disks) {
      const id = String(disk_id);
      const known = host.inventory?.disks.some((disk) => disk.id === id);
      if (skip_formatting === true && !known)
        throw new OperationError(400, `Disk ${id} does not exist on host ${host.id}`);
      if (skip_formatting === true) skipped.add(id);
      else skipped.delete(id);
    }
    checkChangeable(host, 'disk formatting', 500);
    host.skipFormattingDisks = [...skipped].join(',');
  }

  function deleteHost(infraEnvId: string, hostId: string): void {
    const host = hostOf(core, infraEnvId, hostId, 500);
    const about = aboutHost(host);
    store.removeHost(host);
    if (host.cluster) {
      host.cluster.triggeredAt = clock.now();
      refreshCluster(core, host.cluster);
    }
    events.emit('host_deregistered', about, displayName(host));
  }

  /** Whatever fails is told of as well. */
  function bindHost(infraEnvId: string, hostId: string, body: JsonObject): JsonObject {
    const target = requiredText(body, 'cluster_id');
    try {
      return bind(hostOf(core, infraEnvId, hostId), target);
    } catch (error) {
      const about = { clusterId: target, hostId, infraEnvId };
      events.emit('host_bind_failed', about, hostId, target, (error as Error).message);
      throw error;
    }
  }

  function bind(host: HostRow, target: string): JsonObject {
    if (host.cluster) throw new OperationError(409, `Host ${host.id} is already bound to cluster ${host.cluster.id}`);
    const cluster = store.clusters.get(target);
    if (!cluster) throw new OperationError(400, `Failed to find cluster ${target}`);
    if (
      cluster.cpuArchitecture &&
      cluster.cpuArchitecture !== 'multi' &&
      cluster.cpuArchitecture !== host.infraEnv.cpuArchitecture
    ) {
      throw new OperationError(
        400,
        `InfraEnv's CPU architecture (${host.infraEnv.cpuArchitecture}) doesn't match the cluster (${cluster.cpuArchitecture})`,
      );
    }
    if (host.role === 'arbiter' && cluster.controlPlaneCount !== 2)
      throw new OperationError(400, 'Only clusters of two control-plane nodes have arbiters');
    checkAccepts(cluster);
    if (!runHost(core, host, 'bind', { target: cluster })) throw new OperationError(500, NO_TRANSITION);
    events.emit('host_bind_succeeded', aboutHost(host), displayName(host), cluster.id);
    return hostView(host, { customized: false });
  }

  /** Whatever fails is told of as well. */
  function unbindHost(infraEnvId: string, hostId: string): JsonObject {
    try {
      return unbind(hostOf(core, infraEnvId, hostId));
    } catch (error) {
      events.emit('host_unbind_failed', { hostId, infraEnvId }, hostId, (error as Error).message);
      throw error;
    }
  }

  function unbind(host: HostRow): JsonObject {
    const cluster = host.cluster;
    if (!cluster) throw new OperationError(409, `Host ${host.id} is already unbound`);
    if (host.infraEnv.clusterId !== '')
      throw new OperationError(
        409,
        `Cannot unbind Host ${host.id}. InfraEnv ${host.infraEnv.id} is bound to Cluster ${host.infraEnv.clusterId}`,
      );
    if (!runHost(core, host, 'unbind')) throw new OperationError(500, NO_TRANSITION);
    events.emit('host_unbind_succeeded', aboutHost(host), displayName(host));
    refreshCluster(core, cluster);
    return hostView(host, { customized: false });
  }

  function installHost(infraEnvId: string, hostId: string): JsonObject {
    const host = hostOf(core, infraEnvId, hostId);
    if (!isDay2Host(host))
      throw new OperationError(409, `Host ${hostId} is no day-2 host; day-1 hosts are installed with their cluster`);
    if (!runHost(core, host, 'install'))
      throw new OperationError(409, `Host ${hostId} is ${host.status}, only a known host can be installed`);
    events.emit('host_installation_started', aboutHost(host), displayName(host));
    return hostView(host);
  }

  function resetHost(infraEnvId: string, hostId: string): JsonObject {
    const host = hostOf(core, infraEnvId, hostId);
    if (!isDay2Host(host))
      throw new OperationError(409, `Host ${hostId} is no day-2 host; day-1 hosts are reset with their cluster`);
    if (!runHost(core, host, 'reset'))
      throw new OperationError(409, `Host ${hostId} cannot be reset while it is ${host.status}`);
    events.emit('host_installation_reset', aboutHost(host), displayName(host));
    return hostView(host);
  }

  function updateInstallerArgs(infraEnvId: string, hostId: string, body: JsonObject): JsonObject {
    const args = body.args ?? [];
    if (!Array.isArray(args) || !args.every((argument) => typeof argument === 'string'))
      throw new OperationError(400, 'args must be a list of texts');
    for (const argument of args as string[]) {
      const name = argument.split('=')[0] as string;
      if (argument.startsWith('-') && !INSTALLER_ARGUMENTS.has(name))
        throw new OperationError(
          400,
          `found unexpected flag ${argument} for installer - allowed flags are [${[...INSTALLER_ARGUMENTS].join(' ')}]`,
        );
      if (/[;&|`$<>]/.test(argument))
        throw new OperationError(400, `Installer argument ${argument} holds characters that are not allowed`);
    }
    const host = hostOf(core, infraEnvId, hostId);
    host.installerArgs = JSON.stringify(args);
    host.updatedAt = clock.now();
    events.emit('host_installer_args_applied', aboutHost(host), displayName(host));
    return hostView(host, { customized: false });
  }

  function updateHostIgnition(infraEnvId: string, hostId: string, body: JsonObject): void {
    const host = hostOf(core, infraEnvId, hostId);
    const config = textField(body, 'config') ?? '';
    checkIgnition(config);
    host.ignitionConfigOverrides = config;
    host.updatedAt = clock.now();
    events.emit('host_discovery_ignition_config_applied', aboutHost(host), displayName(host));
  }

  function resetHostValidation(infraEnvId: string, hostId: string, validationId: string): JsonObject {
    const host = hostOf(core, infraEnvId, hostId);
    if (!host.cluster) throw new OperationError(500, `Host ${hostId} is not bound to a cluster`);
    if (validationId === 'sufficient-installation-disk-speed') {
      if (host.installationDiskId === '')
        throw new OperationError(500, `The installation disk of host ${hostId} is unknown`);
      const speed = host.diskSpeeds.get(host.installationDiskId);
      if (speed) host.diskSpeeds.set(host.installationDiskId, { ...speed, exitCode: 0, speedMs: 0, tested: false });
    } else if (validationId === 'container-images-available') {
      host.imageStatuses.clear();
    } else {
      throw new OperationError(
        400,
        `Validation ${validationId} cannot be reset; these can: sufficient-installation-disk-speed, container-images-available`,
      );
    }
    host.updatedAt = clock.now();
    return hostView(host);
  }

  /** The file that a host is installed with. */
  function ignitionOf(infraEnvId: string, hostId: string): Buffer {
    const host = store.infraEnvs.get(infraEnvId)?.hosts.get(hostId);
    if (!host) throw new OperationError(404, `host ${hostId} not found in infra env ${infraEnvId}`);
    return hostIgnition(host);
  }

  return {
    registerHost,
    listInfraEnvHosts: (infraEnvId) => [...infraEnvOf(core, infraEnvId).hosts.values()].map((host) => hostView(host)),
    getHost: (infraEnvId, hostId) => hostView(hostOf(core, infraEnvId, hostId)),
    updateHost,
    deleteHost,
    getInstructions,
    postStepReply: (infraEnvId, hostId, body) => handleReply(core, hostOf(core, infraEnvId, hostId), body),
    updateHostProgress,
    updateHostLogsProgress: (infraEnvId, hostId, body) => {
      const host = hostOf(core, infraEnvId, hostId);
      host.logsInfo = textField(body, 'logs_state') ?? '';
      if (host.logsInfo === 'requested') host.logsStartedAt = clock.now();
      host.updatedAt = clock.now();
    },
    downloadHostIgnition: ignitionOf,
    bindHost,
    unbindHost,
    installHost,
    resetHost,
    updateInstallerArgs,
    getHostIgnition: (infraEnvId, hostId) => ({ config: ignitionOf(infraEnvId, hostId).toString() }),
    updateHostIgnition,
    resetHostValidation,
  };
}
