/**
 * States of clusters: the transition table in the service's rule order, percentages, and what entering a state brings.
 * Source: Service facts 2.4 and 2.6. Texts are upstream's: assisted-service, internal/cluster/common.go.
 */

import { aboutCluster, type Core, softTimeouts } from '../core/core.ts';
import { type ClusterRow, isDay2Cluster, isFencingCluster, isSingleNode } from '../core/store.ts';
import { runHost } from '../host/host-machine.ts';
import { countWorkers, hasEnoughNodes } from '../host/roles.ts';
import {
  finalizingStageTimeout,
  fullStagesOf,
  isManualRebootStage,
  otherTimeouts,
  preparationTimeouts,
  TOLERATED_FINALIZING_STAGES,
} from '../host/stages.ts';
import { derivedMachineNetworks, singleNodeAddress } from '../network/cluster-networks.ts';
import { computeCollisions, computeGroups } from '../network/connectivity.ts';
import { Machine, type Rule } from '../statemachine/machine.ts';
import { flips, sameResults } from '../validations/results.ts';
import {
  type ClusterVerdict,
  evaluateCluster,
  REQUIRED_FOR_INSTALL,
  REQUIRED_INPUT,
  VIPS_DEFINED,
} from './validations/cluster-validations.ts';

export type ClusterTrigger = 'cancel' | 'reset' | 'prepare' | 'refresh';

interface Context {
  readonly core: Core;
  readonly cluster: ClusterRow;
  readonly verdict: ClusterVerdict | undefined;
  readonly reason: string;
}
type Condition = (context: Context) => boolean;
type ClusterRule = Rule<ClusterTrigger, Context>;
type Action = NonNullable<ClusterRule['run']>;

const not =
  (condition: Condition): Condition =>
  (context) =>
    !condition(context);
const all =
  (...conditions: readonly Condition[]): Condition =>
  (context) =>
    conditions.every((condition) => condition(context));
const any =
  (...conditions: readonly Condition[]): Condition =>
  (context) =>
    conditions.some((condition) => condition(context));
const holds =
  (ids: readonly string[]): Condition =>
  ({ verdict }) =>
    verdict === undefined || ids.every((id) => verdict.holds(id));

const FINISHED: ReadonlySet<string> = new Set(['installed', 'error', 'cancelled']);

/** Stores a state; a change is dated, triggers the monitor and makes an event. */
function setClusterStatus(core: Core, cluster: ClusterRow, from: string, to: string, info: string): void {
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

type Info = string | ((context: Context) => string);

const refreshed =
  (info: Info): Action =>
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

function entersInstalling(core: Core, cluster: ClusterRow, from: string): void {
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

const failed =
  (info: Info): Action =>
  (context, from, to) => {
    refreshed(info)(context, from, to);
    context.core.events.emit('cluster_installation_failed', aboutCluster(context.cluster), context.cluster.statusInfo);
  };

const minutesOf = ({ core, cluster }: Context): number =>
  Math.trunc(finalizingStageTimeout(core.settings, cluster.progress.finalizingStage, softTimeouts(core)) / 60_000);

const INSTALLED: ReadonlySet<string> = new Set(['installed']);
const UNDER_WAY: ReadonlySet<string> = new Set([
  'installing',
  'installing-in-progress',
  'installed',
  'installing-pending-user-action',
  'preparing-successful',
]);
const PREPARING: ReadonlySet<string> = new Set([
  'known',
  'preparing-for-installation',
  'preparing-successful',
  'preparing-failed',
]);

const age = (core: Core, since: number) => core.clock.now() - since;
const dhcp: Condition = ({ cluster }) => cluster.vipDhcpAllocation === true;
const inputComplete = holds(REQUIRED_INPUT);
const vipsDefined = holds(VIPS_DEFINED);
const requiredForInstall = holds(REQUIRED_FOR_INSTALL);
const soft: Condition = ({ core }) => softTimeouts(core);
const preparationTimedOut: Condition = ({ core, cluster }) =>
  age(core, cluster.statusUpdatedAt) > preparationTimeouts(core.settings).cluster;
const hostFailedToPrepare: Condition = ({ cluster }) =>
  cluster.hosts.some((host) => host.status === 'preparing-failed');
const hostLeftPreparation: Condition = ({ cluster }) => cluster.hosts.some((host) => !PREPARING.has(host.status));
const allPrepared: Condition = ({ cluster }) => cluster.hosts.every((host) => host.status === 'preparing-successful');
const enoughInstalled: Condition = ({ cluster }) => hasEnoughNodes(cluster, INSTALLED);
const enoughUnderWay: Condition = ({ cluster }) => hasEnoughNodes(cluster, UNDER_WAY);
const userActionPending: Condition = ({ cluster }) =>
  cluster.hosts.some((host) => host.status === 'installing-pending-user-action');
const installationTimedOut: Condition = ({ core, cluster }) =>
  age(core, cluster.installStartedAt) > core.settings.INSTALLATION_TIMEOUT;
const finalizingTimedOut: Condition = ({ core, cluster }) =>
  age(core, cluster.statusUpdatedAt) > core.settings.FINALIZING_TIMEOUT;
const stageTimedOut: Condition = ({ core, cluster }) =>
  cluster.progress.finalizingStage !== '' &&
  age(core, cluster.progress.finalizingStageStartedAt) >
    finalizingStageTimeout(core.settings, cluster.progress.finalizingStage, softTimeouts(core));
const toleratedStage: Condition = ({ cluster }) => TOLERATED_FINALIZING_STAGES.has(cluster.progress.finalizingStage);
const complete: Condition = ({ cluster }) =>
  cluster.hosts.every((host) => host.status === 'installed' || host.status === 'error') &&
  cluster.ingressCertUploaded &&
  cluster.operators.every(
    (operator) => operator.status === 'available' || (operator.type === 'olm' && operator.status === 'failed'),
  );

function clusterLogsTimedOut(core: Core, cluster: ClusterRow): boolean {
  const { clusterLogCollection, clusterLogPending } = otherTimeouts(core.settings);
  if (cluster.logsInfo === '' && cluster.controllerLogsStartedAt === 0)
    return age(core, cluster.statusUpdatedAt) > clusterLogPending;
  if (cluster.logsInfo === 'requested') {
    return age(core, cluster.controllerLogsCollectedAt || cluster.controllerLogsStartedAt) > clusterLogCollection;
  }
  if (cluster.logsInfo === 'collecting') return age(core, cluster.controllerLogsCollectedAt) > clusterLogPending;
  return false;
}

function resetLogs(cluster: ClusterRow): void {
  cluster.logsInfo = '';
  cluster.controllerLogsStartedAt = 0;
  cluster.controllerLogsCollectedAt = 0;
}

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

const NOT_PREPARED = { status: 'not_started', reason: 'Installation preparation not performed' };

const resetAll: Action = ({ core, cluster, reason }, from, to) => {
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

const completed: Action = ({ core, cluster }, from, to) => {
  const failedOperators = cluster.operators.filter(
    (operator) => operator.type === 'olm' && operator.status === 'failed',
  );
  let info = 'Cluster is installed';
  if (failedOperators.length > 0) {
    const names = failedOperators.map((operator) => operator.name).join(', ');
    core.events.emit('cluster_degraded_OLM_operators_failed', aboutCluster(cluster), names);
    info = 'Cluster is installed but degraded';
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

const OPEN = ['pending-for-input', 'ready', 'insufficient'];

/** Rules in order. */
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
    from: OPEN,
    when: all(not(dhcp), not(all(vipsDefined, inputComplete))),
    to: 'pending-for-input',
    run: refreshed('User input required'),
  },
  {
    on: 'refresh',
    from: OPEN,
    when: all(not(dhcp), vipsDefined, inputComplete, not(requiredForInstall)),
    to: 'insufficient',
    run: refreshed('Cluster is not ready for install'),
  },
  {
    on: 'refresh',
    from: OPEN,
    when: all(dhcp, not(inputComplete)),
    to: 'pending-for-input',
    run: refreshed('User input required'),
  },
  {
    on: 'refresh',
    from: OPEN,
    when: all(dhcp, inputComplete, not(all(requiredForInstall, vipsDefined))),
    to: 'insufficient',
    run: refreshed('Cluster is not ready for install'),
  },
  {
    on: 'refresh',
    from: OPEN,
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
    when: ({ core, cluster }) => clusterLogsTimedOut(core, cluster),
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

const machine = new Machine(CLUSTER_RULES);

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
  if (!sameResults(cluster.validations, verdict.results)) {
    for (const flip of flips(cluster.validations, verdict.results)) {
      if (flip.to === 'failed') {
        if (flip.usedToSucceed) core.metrics.clusterValidationLost(flip.id);
        core.events.emit(
          'cluster_validation_failed',
          aboutCluster(cluster),
          flip.id,
          flip.usedToSucceed ? 'that used to succeed is now failing' : 'failed',
        );
      } else {
        core.events.emit('cluster_validation_fixed', aboutCluster(cluster), flip.id);
      }
    }
    cluster.validations = verdict.results;
    cluster.updatedAt = core.clock.now();
  }
  machine.run('refresh', cluster.status, { core, cluster, verdict, reason: '' });
}

/** States in which groups, collisions and networks are still worked out. */
const FORMING: ReadonlySet<string> = new Set(['pending-for-input', 'insufficient', 'ready']);

/** Groups and collisions; only when what they are made from has changed. */
export function updateConnectivity(core: Core, cluster: ClusterRow): void {
  if (!FORMING.has(cluster.status) || cluster.groupsVersion === cluster.connectivityVersion) return;
  cluster.groupsVersion = cluster.connectivityVersion;
  const { groups, text } = computeGroups(cluster, isFencingCluster(cluster) ? 2 : 3);
  cluster.groups = groups;
  if (text !== cluster.connectivityGroups) {
    cluster.connectivityGroups = text;
    cluster.updatedAt = core.clock.now();
  }
  const collisions = computeCollisions(cluster);
  const collisionText = JSON.stringify(Object.fromEntries(collisions));
  if (collisionText !== cluster.ipCollisions) {
    cluster.collisions = collisions;
    cluster.ipCollisions = collisionText;
    cluster.triggeredAt = core.clock.now();
  }
}

/** One cluster's turn in the cluster monitor. */
export function monitorCluster(core: Core, cluster: ClusterRow): void {
  const networks = derivedMachineNetworks(cluster);
  updateConnectivity(core, cluster);
  refreshCluster(core, cluster);
  // As in the real service this turn has still been judged by the networks that were read before.
  if (networks) {
    cluster.machineNetworks = networks;
    cluster.updatedAt = core.clock.now();
  }
  const prepared =
    cluster.status === 'preparing-for-installation' &&
    cluster.hosts.length > 0 &&
    cluster.hosts.every((host) => host.status === 'preparing-successful');
  if (prepared && cluster.preparation.status === 'not_started' && cluster.openshiftClusterId !== '') {
    preparationSucceeded(core, cluster);
    refreshCluster(core, cluster);
  }
}

/** Install config and ignition are there. */
export function preparationSucceeded(core: Core, cluster: ClusterRow): void {
  cluster.preparation = { status: 'success', reason: 'Installation preparation successful' };
  core.events.emit('cluster_prepare_installation_started', aboutCluster(cluster));
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
