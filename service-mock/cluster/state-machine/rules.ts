/** The rules of clusters, in order. Upstream: assisted-service, internal/cluster/statemachine.go, NewClusterStateMachine. */

import { aboutCluster } from '../../core/core.ts';
import { all, any, not } from '../../statemachine/conditions.ts';
import {
  completed,
  failed,
  minutesOf,
  NOT_PREPARED,
  refreshed,
  resetAll,
  resetLogs,
  setClusterStatus,
} from './actions.ts';
import {
  allPrepared,
  BEFORE_PREPARATION,
  complete,
  dhcp,
  enoughInstalled,
  enoughUnderWay,
  finalizingTimedOut,
  hostFailedToPrepare,
  hostLeftPreparation,
  inputComplete,
  installationTimedOut,
  logsOverdue,
  preparationTimedOut,
  requiredForInstall,
  soft,
  stageTimedOut,
  toleratedStage,
  userActionPending,
  vipsDefined,
} from './conditions.ts';
import type { ClusterRule } from './context.ts';

export const CLUSTER_RULES: readonly ClusterRule[] = [
  {
    on: 'cancel',
    from: ['installing', 'installing-pending-user-action', 'error', 'finalizing'],
    to: 'cancelled',
    run: ({ core, cluster, reason }, from, to) => setClusterStatus(core, cluster, from, to, reason),
  },
  {
    on: 'cancel',
    from: ['preparing-for-installation'],
    to: 'ready',
    run: ({ core, cluster, reason }, from, to) => setClusterStatus(core, cluster, from, to, reason),
  },
  {
    on: 'reset',
    from: [
      'preparing-for-installation',
      'installing',
      'installing-pending-user-action',
      'error',
      'cancelled',
      'finalizing',
    ],
    to: 'insufficient',
    run: resetAll,
  },
  {
    on: 'prepare',
    from: ['ready'],
    to: 'preparing-for-installation',
    run: ({ core, cluster }, from, to) => {
      cluster.installStartedAt = core.clock.now();
      resetLogs(cluster);
      cluster.preparation = { ...NOT_PREPARED };
      setClusterStatus(core, cluster, from, to, 'Preparing cluster for installation');
    },
  },
  {
    on: 'refresh',
    from: BEFORE_PREPARATION,
    when: all(not(dhcp), not(all(vipsDefined, inputComplete))),
    to: 'pending-for-input',
    run: refreshed('User input required'),
  },
  {
    on: 'refresh',
    from: BEFORE_PREPARATION,
    when: all(not(dhcp), vipsDefined, inputComplete, not(requiredForInstall)),
    to: 'insufficient',
    run: refreshed('Cluster is not ready for install'),
  },
  {
    on: 'refresh',
    from: BEFORE_PREPARATION,
    when: all(dhcp, not(inputComplete)),
    to: 'pending-for-input',
    run: refreshed('User input required'),
  },
  {
    on: 'refresh',
    from: BEFORE_PREPARATION,
    when: all(dhcp, inputComplete, not(all(requiredForInstall, vipsDefined))),
    to: 'insufficient',
    run: refreshed('Cluster is not ready for install'),
  },
  {
    on: 'refresh',
    from: BEFORE_PREPARATION,
    when: all(inputComplete, vipsDefined, requiredForInstall),
    to: 'ready',
    run: refreshed('Cluster ready to be installed'),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(preparationTimedOut, not(hostFailedToPrepare)),
    to: 'ready',
    run: ({ core, cluster }, from, to) => {
      setClusterStatus(core, cluster, from, to, 'Preparing cluster for installation timeout');
      cluster.preparation = {
        status: 'failed',
        reason: 'Installation failed. Try again, and contact support if the issue persists.',
      };
      core.events.emit('installation_preparing_timed_out', aboutCluster(cluster), cluster.preparation.reason);
    },
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(allPrepared, ({ cluster }) => cluster.preparation.status === 'success'),
    to: 'installing',
    run: refreshed('Installation in progress'),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: hostLeftPreparation,
    to: 'insufficient',
    run: refreshed('At least one host has stopped preparing for installation'),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: any(hostFailedToPrepare, ({ cluster }) => cluster.preparation.status === 'failed'),
    to: 'ready',
    run: refreshed('Cluster failed to prepare for installation'),
  },
  {
    on: 'refresh',
    from: ['installing-pending-user-action'],
    when: not(any(enoughUnderWay, enoughInstalled)),
    to: 'error',
    run: failed('cluster has hosts in error'),
  },
  {
    on: 'refresh',
    from: ['installing-pending-user-action'],
    when: installationTimedOut,
    to: 'error',
    run: failed('cluster installation timed out while pending user action (a manual booting from installation disk)'),
  },
  {
    on: 'refresh',
    from: ['installing', 'finalizing'],
    when: all(installationTimedOut, soft),
    to: 'error',
    run: failed(
      ({ core }) =>
        `cluster installation timeout (${Math.trunc(core.settings.INSTALLATION_TIMEOUT / 60_000)} minutes) has expired`,
    ),
  },
  {
    on: 'refresh',
    from: ['finalizing'],
    when: all(finalizingTimedOut, not(soft)),
    to: 'error',
    run: failed('Cluster installation timeout while finalizing'),
  },
  {
    on: 'refresh',
    from: ['finalizing'],
    when: all(not(soft), stageTimedOut, not(toleratedStage)),
    to: 'error',
    run: failed(
      (context) =>
        `Cluster finalizing stage '${context.cluster.progress.finalizingStage}' has been timed out after timeout duration of ${minutesOf(context)} minutes`,
    ),
  },
  {
    on: 'refresh',
    from: ['finalizing'],
    when: all(({ cluster }) => !cluster.progress.finalizingStageTimedOut, any(soft, toleratedStage), stageTimedOut),
    run: (context) => {
      const { core, cluster } = context;
      const minutes = minutesOf(context);
      cluster.progress.finalizingStageTimedOut = true;
      cluster.statusInfo = `Cluster finalizing stage '${cluster.progress.finalizingStage}' is taking longer than the expected duration (${minutes} minutes). To troubleshoot use kubeconfig or connect to any node using ssh`;
      cluster.updatedAt = core.clock.now();
      core.events.emit(
        'finalizing_stage_timed_out',
        aboutCluster(cluster),
        cluster.id,
        cluster.progress.finalizingStage,
        String(minutes),
      );
    },
  },
  {
    on: 'refresh',
    from: ['installing-pending-user-action'],
    when: all(userActionPending, any(enoughUnderWay, enoughInstalled)),
  },
  {
    on: 'refresh',
    from: ['installing-pending-user-action'],
    when: all(not(userActionPending), enoughUnderWay, not(enoughInstalled)),
    to: 'installing',
    run: refreshed('Installation in progress'),
  },
  {
    on: 'refresh',
    from: ['installing-pending-user-action'],
    when: all(not(userActionPending), enoughInstalled),
    to: 'finalizing',
    run: refreshed('Finalizing cluster installation'),
  },
  {
    on: 'refresh',
    from: ['installing', 'finalizing'],
    when: all(any(enoughUnderWay, enoughInstalled), userActionPending),
    to: 'installing-pending-user-action',
    run: refreshed('Cluster has hosts pending user action'),
  },
  {
    on: 'refresh',
    from: ['installing'],
    when: all(enoughInstalled, not(userActionPending)),
    to: 'finalizing',
    run: refreshed('Finalizing cluster installation'),
  },
  {
    on: 'refresh',
    from: ['installing'],
    when: all(not(enoughInstalled), not(userActionPending), enoughUnderWay),
    run: refreshed('Installation in progress'),
  },
  { on: 'refresh', from: ['finalizing'], when: complete, to: 'installed', run: completed },
  {
    on: 'refresh',
    from: ['installing'],
    when: all(not(enoughInstalled), not(enoughUnderWay)),
    to: 'error',
    run: failed('cluster has hosts in error'),
  },
  {
    on: 'refresh',
    from: ['error', 'cancelled'],
    when: logsOverdue,
    run: ({ core, cluster }) => {
      cluster.logsInfo = 'timeout';
      cluster.updatedAt = core.clock.now();
    },
  },
  {
    on: 'refresh',
    from: [
      'preparing-for-installation',
      'finalizing',
      'installed',
      'error',
      'cancelled',
      'adding-hosts',
      'unmonitored',
    ],
  },
];
