/**
 * What rules of clusters do, and the texts that they leave. Upstream: assisted-service, internal/cluster/transition.go and, for the
 * texts, internal/cluster/common.go.
 */
import { aboutCluster, type Core, softTimeouts } from '../../core/core.ts';
import type { ClusterRow, ClusterState } from '../../core/rows.ts';
import { countWorkers } from '../../host/roles.ts';
import { finalizingStageTimeout, isManualRebootStage } from '../../host/stages.ts';
import { runHost } from '../../host/state-machine/machine.ts';
import { singleNodeAddress } from '../../network/cluster-networks.ts';
import { emptyProgress } from '../progress.ts';
import { isSingleNode } from '../traits.ts';
import type { ClusterAction, ClusterTransition } from './context.ts';

const FINISHED: ReadonlySet<string> = new Set(['installed', 'error', 'cancelled']);

/** Stores a state; a change is dated, triggers the monitor and makes an event. */
export function setClusterStatus(
  core: Core,
  cluster: ClusterRow,
  from: ClusterState,
  to: ClusterState,
  info: string,
): void {
  const now = core.clock.now();
  cluster.status = to;
  cluster.statusInfo = info;
  cluster.updatedAt = now;
  if (from === to) return;
  cluster.statusUpdatedAt = now;
  cluster.triggeredAt = now;
  if (FINISHED.has(to)) cluster.installCompletedAt = now;
  core.events.emit('cluster_status_updated', aboutCluster(cluster), to, info);
}

function reportFinished(core: Core, cluster: ClusterRow, result: string): void {
  core.metrics.installationFinished(result, (core.clock.now() - cluster.installStartedAt) / 1000);
}

type Info = string | ((context: ClusterTransition) => string);

export const refreshed =
  (info: Info): ClusterAction =>
  (context, from, to) => {
    const { core, cluster } = context;
    const value = typeof info === 'string' ? info : info(context);
    if (from !== to || cluster.statusInfo !== value) {
      cluster.status = to;
      if (to === 'installing') entersInstalling(core, cluster, from);
      if (to === 'finalizing' && from === 'installing-pending-user-action') {
        cluster.progress.finalizingStageStartedAt = core.clock.now();
        cluster.progress.finalizingStageTimedOut = false;
      }
      setClusterStatus(core, cluster, from, to, value);
    }
    if (to === 'insufficient') demandResets(core, cluster);
    if (
      from !== to &&
      from !== 'installing-pending-user-action' &&
      (to === 'error' || to === 'installing-pending-user-action')
    ) {
      reportFinished(core, cluster, to);
    }
  };

function entersInstalling(core: Core, cluster: ClusterRow, from: ClusterState): void {
  if (isSingleNode(cluster)) {
    const ip = singleNodeAddress(cluster);
    if (ip !== undefined) {
      cluster.apiVips = [{ ip, verification: '' }];
      cluster.ingressVips = [{ ip, verification: '' }];
    }
  }
  if (from !== 'preparing-for-installation') return;
  cluster.progress.preparing = 100;
  cluster.progress.total = 10;
  core.metrics.installationStarted();
}

/** Hosts that hang in a reset must be rebooted by hand. */
function demandResets(core: Core, cluster: ClusterRow): void {
  const hanging = cluster.hosts.some(
    (host) =>
      host.status === 'resetting' &&
      (core.clock.now() - host.statusUpdatedAt >= core.settings.RESET_CLUSTER_TIMEOUT ||
        isManualRebootStage(host.stage)),
  );
  if (!hanging) return;
  for (const host of cluster.hosts) runHost(core, host, 'reset');
}

export const failed =
  (info: Info): ClusterAction =>
  (context, from, to) => {
    refreshed(info)(context, from, to);
    context.core.events.emit('cluster_installation_failed', aboutCluster(context.cluster), context.cluster.statusInfo);
  };

export const minutesOf = ({ core, cluster }: ClusterTransition): number =>
  Math.trunc(
    finalizingStageTimeout(core.settings, cluster.progress.finalizingStage, cluster.operators, softTimeouts(core)) /
      60_000,
  );

export function resetLogs(cluster: ClusterRow): void {
  cluster.logsInfo = '';
  cluster.controllerLogsStartedAt = 0;
  cluster.controllerLogsCollectedAt = 0;
}

export const NOT_PREPARED = { status: 'not_started', reason: 'Installation preparation not performed' };

export const resetAll: ClusterAction = ({ core, cluster, reason }, from, to) => {
  cluster.progress = emptyProgress();
  resetLogs(cluster);
  cluster.openshiftClusterId = '';
  cluster.ingressCertUploaded = false;
  cluster.preparation = { ...NOT_PREPARED };
  if (isSingleNode(cluster)) {
    cluster.apiVips = [];
    cluster.ingressVips = [];
  }
  setClusterStatus(core, cluster, from, to, reason);
};

export const completed: ClusterAction = ({ core, cluster }, from, to) => {
  const failedOperators = cluster.operators.filter(
    (operator) => operator.type === 'olm' && operator.status === 'failed',
  );
  let info = 'Cluster is installed';
  if (failedOperators.length > 0) {
    const failed = `. Failed OLM operators: ${failedOperators.map((operator) => operator.name).join(', ')}`;
    // As upstream the event's text has all of it, the full stop too: internal/cluster/transition.go, createClusterCompletionStatusInfo.
    core.events.emit('cluster_degraded_OLM_operators_failed', aboutCluster(cluster), failed);
    info = `Cluster is installed but degraded${failed}`;
  } else {
    const workers = countWorkers(cluster);
    if (workers.installed < workers.all) info = 'Cluster is installed but some workers did not join';
  }
  cluster.progress.finalizing = 100;
  cluster.progress.total = 100;
  setClusterStatus(core, cluster, from, to, info);
  core.events.emit('cluster_installation_completed', aboutCluster(cluster));
  reportFinished(core, cluster, 'installed');
};
