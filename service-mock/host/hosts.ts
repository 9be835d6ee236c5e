/** Operations on hosts, the agent's and the user's. Source: Service facts 1.4 and 1.5. */
import { HOST_STAGES } from '../../model/protocol/states.ts';
import { checkArbiters } from '../cluster/arbiters.ts';
import { isDay2Cluster, isSingleNode } from '../cluster/cluster.ts';
import { hostIgnition } from '../cluster/files.ts';
import { updateInstallProgress } from '../cluster/progress.ts';
import { refreshCluster } from '../cluster/state-machine/machine.ts';
import { aboutHost, type Core } from '../core/core.ts';
import { clusterOf, hostOf, infraEnvOf } from '../core/lookup.ts';
import { type ClusterRow, HostRow } from '../core/rows.ts';
import { hostView } from '../core/views.ts';
import { eachOf, requiredText, textField, wireDate } from '../core/wire.ts';
import { checkIgnition } from '../ignition/parsing.ts';
import { instructionsFor } from '../instructions/instructions.ts';
import { handleReply, rejudgeInventory } from '../instructions/replies.ts';
import { type AssistedServiceApi, type JsonObject, OperationError } from '../service-api.ts';
import { NO_TRANSITION } from '../statemachine/machine.ts';
import { changeHost } from './changes.ts';
import { displayName, effectiveRole, endsWithReboot, isDay2Host } from './host.ts';
import { checkInstallerArguments } from './installer-arguments.ts';
import { stagePercentage, stagesOf } from './stages.ts';
import { refreshHost, runHost } from './state-machine/machine.ts';
import { setHostStatus } from './state-machine/status.ts';

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
/** Upstream: internal/host/common.go, HostInstallingStatuses. */
export const HOST_INSTALLING: ReadonlySet<string> = new Set([
  'preparing-for-installation',
  'preparing-failed',
  'preparing-successful',
  'installing',
  'installing-in-progress',
  'installing-pending-user-action',
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
    const fresh = new HostRow(id, infraEnv);
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
    if (!cluster) throw new OperationError(400, `host ${hostId} is not bound to any cluster, cannot update progress`);
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
      throw new OperationError(409, `Can't set progress <${stage}> to host in status <${host.status}>`);
    const stages: readonly string[] = stagesOf(
      { role: host.role, bootstrap: host.bootstrap, day2: endsWithReboot(host) },
      isSingleNode(host.cluster),
    );
    if (stage !== 'Failed' && host.stage !== '') {
      if (!stages.includes(stage))
        throw new OperationError(
          409,
          `Stages ${stage} isn't available for host role ${host.role} bootstrap ${host.bootstrap}`,
        );
      if (stages.indexOf(stage) < stages.indexOf(host.stage))
        throw new OperationError(
          409,
          `Can't assign lower stage "${stage}" after host has been in stage "${host.stage}"`,
        );
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

  /** All or nothing: what was changed before a refusal is taken back. */
  function updateHost(infraEnvId: string, hostId: string, body: JsonObject, { interactive = true } = {}): JsonObject {
    const host = hostOf(core, infraEnvId, hostId);
    const before = host.copy();
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
  function bindHost(infraEnvId: string, hostId: string, body: JsonObject, { interactive = true } = {}): JsonObject {
    const target = requiredText(body, 'cluster_id');
    if (!interactive) return bind(hostOf(core, infraEnvId, hostId), target);
    try {
      const view = bind(hostOf(core, infraEnvId, hostId), target);
      const host = hostOf(core, infraEnvId, hostId);
      events.emit('host_bind_succeeded', aboutHost(host), displayName(host), target);
      return view;
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
    if (host.role === 'arbiter') checkArbiters(cluster, `Host ${host.id} is assigned the arbiter role`);
    checkAccepts(cluster);
    if (!runHost(core, host, 'bind', { target: cluster })) throw new OperationError(500, NO_TRANSITION);
    return hostView(host, { customized: false });
  }

  /** Whatever fails is told of as well, unless it is refused at once. */
  function unbindHost(infraEnvId: string, hostId: string): JsonObject {
    if (HOST_INSTALLING.has(hostOf(core, infraEnvId, hostId).status)) {
      throw new OperationError(409, `Cannot unbind Host ${hostId} while it is in the middle of installing.`);
    }
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
      throw new OperationError(409, 'method only allowed when adding hosts to an existing cluster');
    if (!runHost(core, host, 'install')) throw new OperationError(409, `cannot install host in state ${host.status}`);
    events.emit('host_installation_started', aboutHost(host), displayName(host));
    return hostView(host);
  }

  function resetHost(infraEnvId: string, hostId: string): JsonObject {
    const host = hostOf(core, infraEnvId, hostId);
    if (!isDay2Host(host))
      throw new OperationError(409, 'method only allowed when adding hosts to an existing cluster');
    if (!runHost(core, host, 'reset'))
      throw new OperationError(409, `Host ${hostId} cannot be reset while it is ${host.status}`);
    events.emit('host_installation_reset', aboutHost(host), displayName(host));
    return hostView(host);
  }

  function updateInstallerArgs(infraEnvId: string, hostId: string, body: JsonObject): JsonObject {
    const args = body.args ?? [];
    if (!Array.isArray(args) || !args.every((argument) => typeof argument === 'string'))
      throw new OperationError(400, 'args must be a list of texts');
    checkInstallerArguments(args as string[]);
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
      if (speed) host.addDiskSpeed(host.installationDiskId, { ...speed, exitCode: 0, speedMs: 0, tested: false });
    } else if (validationId === 'container-images-available') {
      host.forgetImages();
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
    listInfraEnvHosts: (infraEnvId) =>
      eachOf([...infraEnvOf(core, infraEnvId).hosts.values()], (host) => hostView(host)),
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
