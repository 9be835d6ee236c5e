/** What rules of clusters ask. Upstream: assisted-service, internal/cluster/conditions.go and transition.go. */
import { type Core, softTimeouts } from '../../core/core.ts';
import { logsTimedOut } from '../../core/logs.ts';
import type { ClusterState } from '../../core/rows.ts';
import { hasEnoughNodes } from '../../host/roles.ts';
import {
  finalizingStageTimeout,
  otherTimeouts,
  preparationTimeouts,
  TOLERATED_FINALIZING_STAGES,
} from '../../host/stages.ts';
import { holds } from '../../statemachine/conditions.ts';
import { REQUIRED_FOR_INSTALL, REQUIRED_INPUT, VIPS_DEFINED } from '../validations/cluster-validations.ts';
import type { ClusterCondition } from './context.ts';

export const BEFORE_PREPARATION: readonly ClusterState[] = ['pending-for-input', 'ready', 'insufficient'];

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
export const dhcp: ClusterCondition = ({ cluster }) => cluster.vipDhcpAllocation === true;
export const inputComplete = holds(...REQUIRED_INPUT);
export const vipsDefined = holds(...VIPS_DEFINED);
export const requiredForInstall = holds(...REQUIRED_FOR_INSTALL);
export const soft: ClusterCondition = ({ core }) => softTimeouts(core);
export const preparationTimedOut: ClusterCondition = ({ core, cluster }) =>
  age(core, cluster.statusUpdatedAt) > preparationTimeouts(core.settings).cluster;
export const hostFailedToPrepare: ClusterCondition = ({ cluster }) =>
  cluster.hosts.some((host) => host.status === 'preparing-failed');
export const hostLeftPreparation: ClusterCondition = ({ cluster }) =>
  cluster.hosts.some((host) => !PREPARING.has(host.status));
export const allPrepared: ClusterCondition = ({ cluster }) =>
  cluster.hosts.every((host) => host.status === 'preparing-successful');
export const enoughInstalled: ClusterCondition = ({ cluster }) => hasEnoughNodes(cluster, INSTALLED);
export const enoughUnderWay: ClusterCondition = ({ cluster }) => hasEnoughNodes(cluster, UNDER_WAY);
export const userActionPending: ClusterCondition = ({ cluster }) =>
  cluster.hosts.some((host) => host.status === 'installing-pending-user-action');
export const installationTimedOut: ClusterCondition = ({ core, cluster }) =>
  age(core, cluster.installStartedAt) > core.settings.INSTALLATION_TIMEOUT;
export const finalizingTimedOut: ClusterCondition = ({ core, cluster }) =>
  age(core, cluster.statusUpdatedAt) > core.settings.FINALIZING_TIMEOUT;
export const stageTimedOut: ClusterCondition = ({ core, cluster }) =>
  cluster.progress.finalizingStage !== '' &&
  age(core, cluster.progress.finalizingStageStartedAt) >
    finalizingStageTimeout(core.settings, cluster.progress.finalizingStage, cluster.operators, softTimeouts(core));
export const toleratedStage: ClusterCondition = ({ cluster }) =>
  TOLERATED_FINALIZING_STAGES.has(cluster.progress.finalizingStage);
export const complete: ClusterCondition = ({ cluster }) =>
  cluster.hosts.every((host) => host.status === 'installed' || host.status === 'error') &&
  cluster.ingressCertUploaded &&
  cluster.operators.every(
    (operator) => operator.status === 'available' || (operator.type === 'olm' && operator.status === 'failed'),
  );

export const logsOverdue: ClusterCondition = ({ core, cluster }) => {
  const { clusterLogCollection, clusterLogPending } = otherTimeouts(core.settings);
  const logs = {
    info: cluster.logsInfo,
    startedAt: cluster.controllerLogsStartedAt,
    collectedAt: cluster.controllerLogsCollectedAt,
  };
  return logsTimedOut(logs, cluster.statusUpdatedAt, core.clock.now(), {
    collection: clusterLogCollection,
    pending: clusterLogPending,
  });
};
