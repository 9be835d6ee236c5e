/** How far the installation of a cluster is, in percent. Upstream: assisted-service, internal/cluster/cluster.go, UpdateInstallProgress and UpdateFinalizingProgress. */

import type { Core } from '../core/core.ts';
import type { ClusterRow } from '../core/rows.ts';
import { fullStagesOf } from '../host/stages.ts';
import { isDay2Cluster, isSingleNode } from './traits.ts';

export function emptyProgress(): ClusterRow['progress'] {
  return {
    total: 0,
    preparing: 0,
    installing: 0,
    finalizing: 0,
    finalizingStage: '',
    finalizingStageStartedAt: 0,
    finalizingStageTimedOut: false,
  };
}

/** Percentages after a host changed its stage. */
export function updateInstallProgress(cluster: ClusterRow): void {
  if (isDay2Cluster(cluster)) return;
  let done = 0;
  let count = 0;
  for (const host of cluster.hosts) {
    const stages = fullStagesOf(host.role, host.bootstrap, isSingleNode(cluster));
    done += stages.indexOf(host.stage as never) + 1;
    count += stages.length;
  }
  const { progress } = cluster;
  progress.installing = count === 0 ? 0 : Math.floor((done / count) * 100);
  progress.total =
    cluster.status === 'installed'
      ? 100
      : Math.trunc(0.7 * progress.installing) + Math.trunc(0.1 * progress.preparing + 0.15 * progress.finalizing);
}

/** Percentages after an operator's report; all operators done triggers the monitor. */
export function updateFinalizingProgress(core: Core, cluster: ClusterRow): void {
  const done = cluster.operators.filter(
    (operator) => operator.status === 'available' || (operator.type === 'olm' && operator.status === 'failed'),
  ).length;
  const { progress } = cluster;
  const finalizing = Math.floor((done / cluster.operators.length) * 100);
  const total = Math.trunc(0.15 * finalizing) + Math.trunc(0.1 * progress.preparing + 0.7 * progress.installing);
  if (total < progress.total) return;
  progress.finalizing = finalizing;
  progress.total = total;
  if (finalizing === 100) cluster.triggeredAt = core.clock.now();
}
