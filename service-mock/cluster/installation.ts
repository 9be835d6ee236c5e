/**
 * Installations: their start, their end by a user, and what the controller tells of their last phase. Upstream: assisted-service,
 * internal/bminventory/inventory.go (InstallClusterInternal) and inventory_v2_handlers.go.
 */

import { FINALIZING_STAGES } from '../../model/protocol/states.ts';
import { aboutCluster, aboutHost, type Core } from '../core/core.ts';
import { clusterOf, ON_CHANGING } from '../core/lookup.ts';
import { booleanField, objectField, requiredText } from '../core/wire.ts';
import { fixRoles, setBootstrap } from '../host/roles.ts';
import { refreshHost, runHost } from '../host/state-machine/machine.ts';
import { displayName } from '../host/traits.ts';
import { hostView } from '../host/view.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { NO_TRANSITION } from '../statemachine/machine.ts';
import { validationsText } from '../validations/results.ts';
import { actionView } from './changes.ts';
import { checkCertificate } from './files.ts';
import { preparationSucceeded, updateConnectivity } from './monitoring.ts';
import { refreshCluster, runCluster } from './state-machine/machine.ts';

export function installCluster(core: Core, id: string): JsonObject {
  const cluster = clusterOf(core, id, ON_CHANGING);
  if (fixRoles(core, cluster)) {
    updateConnectivity(core, cluster);
    for (const host of [...cluster.hosts]) {
      if (host.status !== 'known' && host.kind === 'Host')
        throw new OperationError(
          400,
          `Host ${displayName(host)} is in status ${host.status} and not ready for install`,
        );
      refreshHost(core, host);
    }
    refreshCluster(core, cluster);
  }
  if (cluster.status !== 'ready') {
    const why = `${cluster.statusInfo} validation_info=${validationsText(cluster.validations)}`;
    throw new OperationError(409, `Cluster is not ready for installation, ${why}`);
  }
  if (cluster.ignoredHostValidations !== '' || cluster.ignoredClusterValidations !== '')
    core.events.emit('validations_ignored', aboutCluster(cluster), cluster.id);
  runCluster(core, cluster, 'prepare', '');
  setBootstrap(core, cluster);
  const startedAt = cluster.installStartedAt;
  core.clock.setTimer(core.settings.PREPARATION_DURATION, () => {
    if (core.store.clusters.get(id) !== cluster || cluster.installStartedAt !== startedAt) return;
    cluster.openshiftClusterId = core.uuid();
    preparationSucceeded(core, cluster);
  });
  const hosts = cluster.hosts.map((host) => hostView(host, { customized: false }));
  return { ...actionView(cluster), hosts };
}

export function cancelCluster(core: Core, id: string): JsonObject {
  const cluster = clusterOf(core, id, ON_CHANGING);
  const before = cluster.status;
  const reason = 'Installation was cancelled by user';
  if (!runCluster(core, cluster, 'cancel', reason)) {
    core.events.emit('cancel_installation_failed', aboutCluster(cluster), NO_TRANSITION);
    throw new OperationError(409, NO_TRANSITION);
  }
  core.events.emit('cluster_installation_canceled', aboutCluster(cluster));
  if (before === 'preparing-for-installation' || before === 'installing' || before === 'finalizing') {
    core.metrics.installationFinished('cancelled', (core.clock.now() - cluster.installStartedAt) / 1000);
  }
  for (const host of cluster.hosts) {
    const done = runHost(core, host, 'cancel', { reason });
    if (done) core.events.emit('host_installation_cancelled', aboutHost(host), displayName(host));
    else core.events.emit('host_cancel_installation_failed', aboutHost(host), displayName(host), NO_TRANSITION);
  }
  return actionView(cluster);
}

export function resetCluster(core: Core, id: string): JsonObject {
  const cluster = clusterOf(core, id, ON_CHANGING);
  if (!runCluster(core, cluster, 'reset', 'cluster was reset by user')) {
    core.events.emit('reset_installation_failed', aboutCluster(cluster), NO_TRANSITION);
    throw new OperationError(409, NO_TRANSITION);
  }
  core.events.emit('cluster_installation_reset', aboutCluster(cluster));
  for (const host of cluster.hosts) {
    const done = runHost(core, host, 'reset');
    if (done) core.events.emit('host_installation_reset', aboutHost(host), displayName(host));
    else core.events.emit('host_installation_reset_failed', aboutHost(host), displayName(host), NO_TRANSITION);
  }
  return actionView(cluster);
}

export function updateClusterFinalizingProgress(core: Core, id: string, body: JsonObject): void {
  const stage = requiredText(body, 'finalizing_stage');
  if (!FINALIZING_STAGES.includes(stage as (typeof FINALIZING_STAGES)[number]))
    throw new OperationError(400, `Finalizing stage '${stage}' is unknown`);
  const cluster = clusterOf(core, id, ON_CHANGING);
  if (
    cluster.status !== 'installing' &&
    cluster.status !== 'finalizing' &&
    cluster.status !== 'installing-pending-user-action'
  ) {
    throw new OperationError(400, `Cluster ${id} is ${cluster.status}, it has no finalizing stage now`);
  }
  if (cluster.progress.finalizingStage === stage) return;
  cluster.progress.finalizingStage = stage;
  cluster.progress.finalizingStageStartedAt = core.clock.now();
  cluster.progress.finalizingStageTimedOut = false;
  cluster.updatedAt = core.clock.now();
  core.events.emit('cluster_finalizing_stage_updated', aboutCluster(cluster), stage);
}

export function completeInstallation(core: Core, id: string, body: JsonObject): JsonObject {
  const cluster = clusterOf(core, id, ON_CHANGING);
  const report = objectField(body, 'data')?.controller_operator_report;
  if (booleanField(body, 'is_success') === false && Array.isArray(report)) {
    const names = report
      .filter((item) => (item as JsonObject).status === 'failed')
      .map((item) => String((item as JsonObject).name));
    core.events.emit('cluster_operator_report', aboutCluster(cluster), names.join(', '));
  }
  return actionView(cluster);
}

export function uploadIngressCert(core: Core, id: string, pem: string): void {
  const cluster = clusterOf(core, id);
  if (cluster.status !== 'finalizing' && cluster.status !== 'installed') {
    throw new OperationError(
      400,
      `Cluster ${id} is ${cluster.status}; the ingress certificate is taken only in finalizing or installed`,
    );
  }
  if (cluster.ingressCertUploaded) return;
  checkCertificate(pem);
  cluster.ingressCertUploaded = true;
  cluster.triggeredAt = core.clock.now();
}
