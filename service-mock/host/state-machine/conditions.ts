/** What rules of hosts ask. Upstream: assisted-service, internal/host/conditions.go and statemachine.go. */

import type { ClusterStatus, HostStage } from '../../../model/protocol/states.ts';
import { isSingleNode } from '../../cluster/traits.ts';
import { type Core, softTimeouts } from '../../core/core.ts';
import { logsTimedOut } from '../../core/logs.ts';
import type { HostRow, HostState } from '../../core/rows.ts';
import { all, any, holds, not } from '../../statemachine/conditions.ts';
import { otherTimeouts, stageTimeout } from '../stages.ts';
import { isDay2Host } from '../traits.ts';
import { hostConditions } from '../validations/evaluate.ts';
import { MINIMUM_HARDWARE, SUFFICIENT_FOR_INSTALL } from '../validations/host-validations.ts';
import type { HostCondition } from './context.ts';

const waited = (host: HostRow, core: Core, since: number, limit: number) =>
  core.clock.now() - since > limit && host.status !== '';

export const isUnbound: HostCondition = ({ host }) => host.cluster === undefined;
export const isDay2: HostCondition = ({ host }) => isDay2Host(host);
export const inReboot: HostCondition = ({ host }) => host.stage === 'Rebooting';
export const inDone: HostCondition = ({ host }) => host.stage === 'Done';
export const inStage =
  (...stages: readonly HostStage[]): HostCondition =>
  ({ host }) =>
    stages.some((stage) => stage === host.stage);
export const isConnected = holds('connected', 'media-connected');
export const clusterIs =
  (status: ClusterStatus): HostCondition =>
  ({ host }) =>
    host.cluster?.status === status;
export const clusterPreparing = clusterIs('preparing-for-installation');
export const hasRole: HostCondition = ({ host }) => ['master', 'arbiter', 'worker'].includes(host.role);
export const diskKnownGood: HostCondition = ({ host }) => hostConditions.diskSpeedSuccessful(host);
export const diskNotBad = holds('sufficient-installation-disk-speed');
export const imagesKnownGood: HostCondition = ({ host }) => hostConditions.imagesSuccessful(host);
export const imagesNotBad = holds('container-images-available');
export const somethingUnknown = any(all(not(diskKnownGood), diskNotBad), all(not(imagesKnownGood), imagesNotBad));
export const nothingBad = all(diskNotBad, imagesNotBad);
export const soft: HostCondition = ({ core }) => softTimeouts(core);
export const waitsForOthers: HostCondition = ({ host }) => hostConditions.waitsForOthers(host);
export const stageTimedOut: HostCondition = ({ core, host }) =>
  waited(host, core, host.stageUpdatedAt, stageTimeout(core.settings, host.stage, isSingleNode(host.cluster)));
export const statusTimedOut =
  (limit: (core: Core) => number): HostCondition =>
  ({ core, host }) =>
    waited(host, core, host.statusUpdatedAt, limit(core));
export const reclaimTimedOut = statusTimedOut((core) => otherTimeouts(core.settings).reclaim);
export const hasInventory = holds('has-inventory', 'inventory-not-fully-truncated');
export const minimumHardware = holds(...MINIMUM_HARDWARE);
export const inputComplete = holds('machine-cidr-defined');
export const sufficient = holds(...SUFFICIENT_FOR_INSTALL);
export const vsphereReady = holds('vsphere-disk-uuid-enabled');
export const INSTALLED: ReadonlySet<string> = new Set(['installed']);

/** Before a user starts the installation. */
export const BEFORE_PREPARATION: readonly HostState[] = [
  'disconnected',
  'discovering',
  'insufficient',
  'known',
  'pending-for-input',
];
/** In the pool: without a cluster. */
export const WAITING_UNBOUND: readonly HostState[] = [
  'discovering-unbound',
  'insufficient-unbound',
  'known-unbound',
  'disconnected-unbound',
];
export const INSTALLING: readonly HostState[] = ['installing', 'installing-in-progress'];

export const logsOverdue: HostCondition = ({ core, host }) => {
  const { hostLogCollection, hostLogPending } = otherTimeouts(core.settings);
  const logs = { info: host.logsInfo, startedAt: host.logsStartedAt, collectedAt: host.logsCollectedAt };
  return logsTimedOut(logs, host.statusUpdatedAt, core.clock.now(), {
    collection: hostLogCollection,
    pending: hostLogPending,
  });
};
