/** The state machine of clusters, and what sets it going. Upstream: assisted-service, internal/cluster/cluster.go. */

import { aboutCluster, type Core } from '../../core/core.ts';
import type { ClusterRow } from '../../core/rows.ts';
import { StateMachine } from '../../statemachine/machine.ts';
import { failureWords, keepResults } from '../../validations/results.ts';
import { evaluateCluster } from '../validations/cluster-validations.ts';
import type { ClusterTrigger } from './context.ts';
import { CLUSTER_RULES } from './rules.ts';

const machine = new StateMachine(CLUSTER_RULES);

/** Runs a trigger of a user. @returns false when no rule fits. */
export function runCluster(
  core: Core,
  cluster: ClusterRow,
  trigger: Exclude<ClusterTrigger, 'refresh'>,
  reason: string,
): boolean {
  return machine.run(trigger, cluster.status, { core, cluster, verdict: undefined, reason }) !== undefined;
}

/** Evaluates all validations of a cluster, tells of flips and lets its state follow. */
export function refreshCluster(core: Core, cluster: ClusterRow): void {
  const verdict = evaluateCluster(core, cluster);
  keepResults(core, cluster, verdict.results, {
    failed: (id, lost) => {
      if (lost) core.metrics.clusterValidationLost(id);
      core.events.emit('cluster_validation_failed', aboutCluster(cluster), id, failureWords(lost));
    },
    fixed: (id) => core.events.emit('cluster_validation_fixed', aboutCluster(cluster), id),
    turned: () => core.events.notice(aboutCluster(cluster)),
  });
  machine.run('refresh', cluster.status, { core, cluster, verdict, reason: '' });
}
