/** Installation stages by role, percentages and timeouts. Upstream: assisted-service, internal/host/common.go and config.go, internal/cluster/finalizing_stages.go. */
import type { HostStage } from '../../model/protocol/states.ts';
import type { ServiceSettings } from '../service-api.ts';

const BOOTSTRAP: readonly HostStage[] = [
  'Starting installation',
  'Installing',
  'Writing image to disk',
  'Copying registry data to disk',
  'Waiting for control plane',
  'Waiting for bootkube',
  'Waiting for controller',
  'Rebooting',
  'Configuring',
  'Joined',
  'Done',
];
const MASTER: readonly HostStage[] = [
  'Starting installation',
  'Installing',
  'Writing image to disk',
  'Copying registry data to disk',
  'Rebooting',
  'Configuring',
  'Joined',
  'Done',
];
const WORKER: readonly HostStage[] = [
  'Starting installation',
  'Installing',
  'Writing image to disk',
  'Waiting for control plane',
  'Rebooting',
  'Waiting for ignition',
  'Configuring',
  'Joined',
  'Done',
];
const SINGLE_NODE: readonly HostStage[] = [
  'Starting installation',
  'Installing',
  'Waiting for bootkube',
  'Writing image to disk',
  'Copying registry data to disk',
  'Rebooting',
  'Joined',
  'Done',
];
const DAY2_MASTER = MASTER.slice(0, MASTER.indexOf('Rebooting') + 1);
const DAY2_WORKER = WORKER.slice(0, WORKER.indexOf('Rebooting') + 1);
const NONE: readonly HostStage[] = [];

/** Stages before the reboot, in which a host must keep polling. */
const PRE_REBOOT: ReadonlySet<string> = new Set(BOOTSTRAP.slice(0, BOOTSTRAP.indexOf('Rebooting')));

/** Stages in which a reboot by hand brings the host back, so that polling checks are no longer shown. */
const MANUAL_REBOOT: ReadonlySet<string> = new Set([
  'Rebooting',
  'Waiting for ignition',
  'Configuring',
  'Joined',
  'Done',
]);

/** Stages in which a host waits for others, so that their wrong boot order must not time it out. */
const WRONG_BOOT: ReadonlySet<string> = new Set([
  'Waiting for control plane',
  'Waiting for controller',
  'Waiting for bootkube',
  'Rebooting',
]);

export interface StageOwner {
  role: string;
  bootstrap: boolean;
  day2: boolean;
}

/** Stage list of a host, in order; empty while no role is fixed. */
export function stagesOf(owner: StageOwner, singleNode: boolean): readonly HostStage[] {
  if (owner.bootstrap || owner.role === 'bootstrap') return singleNode ? SINGLE_NODE : BOOTSTRAP;
  if (owner.role === 'master' || owner.role === 'arbiter') return owner.day2 ? DAY2_MASTER : MASTER;
  if (owner.role === 'worker') return owner.day2 ? DAY2_WORKER : WORKER;
  return NONE;
}

/** Stage list used for the cluster's percentage, which ignores that a host is day-2. */
export function fullStagesOf(role: string, bootstrap: boolean, singleNode: boolean): readonly HostStage[] {
  return stagesOf({ role, bootstrap, day2: false }, singleNode);
}

/** Whole percent after a stage; a stage that is not in the list gives 0. */
export function stagePercentage(stage: string, stages: readonly string[]): number {
  if (stages.length === 0) return 0;
  return Math.floor(((stages.indexOf(stage) + 1) / stages.length) * 100);
}

export function isBeforeReboot(stage: string): boolean {
  return stage === '' || PRE_REBOOT.has(stage);
}

export function isManualRebootStage(stage: string): boolean {
  return MANUAL_REBOOT.has(stage);
}

export function isWrongBootStage(stage: string): boolean {
  return WRONG_BOOT.has(stage);
}

const MINUTE = 60_000;

/** Longest stay in a stage, milliseconds; stages that are not listed may take an hour. */
const STAGE_TIMEOUTS: Readonly<Record<string, number>> = {
  'Starting installation': 30 * MINUTE,
  'Writing image to disk': 30 * MINUTE,
  'Copying registry data to disk': 90 * MINUTE,
  Rebooting: 40 * MINUTE,
  'Waiting for ignition': 24 * 60 * MINUTE,
};
const DEFAULT_STAGE_TIMEOUT = 60 * MINUTE;
const SINGLE_NODE_REBOOT_TIMEOUT = 80 * MINUTE;

function variable(prefix: string, stage: string): string {
  return `${prefix}_${stage.toUpperCase().replaceAll(' ', '_')}_TIMEOUT`;
}

/** Milliseconds a host may stay in `stage` before the monitor calls it timed out. */
export function stageTimeout(settings: ServiceSettings, stage: string, singleNode: boolean): number {
  if (stage === 'Rebooting' && singleNode) return SINGLE_NODE_REBOOT_TIMEOUT;
  return settings.TIMEOUTS?.[variable('HOST_STAGE', stage)] ?? STAGE_TIMEOUTS[stage] ?? DEFAULT_STAGE_TIMEOUT;
}

const FINALIZING_TIMEOUTS: Readonly<Record<string, number>> = {
  'Waiting for cluster operators': 600 * MINUTE,
  'Applying olm manifests': 10 * MINUTE,
  'Waiting for OLM operator setup jobs': 10 * MINUTE,
};
const DEFAULT_FINALIZING_TIMEOUT = 70 * MINUTE;

/** Stages that last at least as long as the operator of OLM that may take longest, whatever their own time-out is. */
const OLM_FINALIZING_STAGES: ReadonlySet<string> = new Set([
  'Waiting for olm operators csv initialization',
  'Waiting for olm operators csv',
  'Waiting for OLM operator setup jobs',
]);

/** Finalizing stages whose timeout only raises a flag. */
export const TOLERATED_FINALIZING_STAGES: ReadonlySet<string> = new Set([
  'Applying olm manifests',
  'Waiting for olm operators csv initialization',
  'Waiting for olm operators csv',
]);

/** Milliseconds a cluster may stay in a finalizing stage. */
export function finalizingStageTimeout(
  settings: ServiceSettings,
  stage: string,
  operators: readonly { type: string; timeoutSeconds: number }[],
  softTimeouts: boolean,
): number {
  const timeout = ownFinalizingTimeout(settings, stage, softTimeouts);
  if (!OLM_FINALIZING_STAGES.has(stage)) return timeout;
  const olm = operators.filter(({ type }) => type === 'olm').map(({ timeoutSeconds }) => timeoutSeconds * 1000);
  return Math.max(timeout, ...olm);
}

function ownFinalizingTimeout(settings: ServiceSettings, stage: string, softTimeouts: boolean): number {
  const given = settings.TIMEOUTS?.[variable('FINALIZING_STAGE', stage)];
  if (given !== undefined) return given;
  if (softTimeouts && stage === 'Waiting for cluster operators') return DEFAULT_FINALIZING_TIMEOUT;
  return FINALIZING_TIMEOUTS[stage] ?? DEFAULT_FINALIZING_TIMEOUT;
}

/** Milliseconds that hosts (then the cluster) may spend preparing. */
export function preparationTimeouts(settings: ServiceSettings): { host: number; cluster: number } {
  const longest = Math.max(settings.DISK_CHECK_TIMEOUT, settings.IMAGE_AVAILABILITY_TIMEOUT);
  return {
    host: Math.max(settings.TIMEOUTS?.PREPARE_FOR_INSTALLATION_HOST_TIMEOUT ?? 8 * MINUTE, longest + MINUTE),
    cluster: Math.max(settings.TIMEOUTS?.PREPARE_FOR_INSTALLATION_TIMEOUT ?? 10 * MINUTE, longest + 2 * MINUTE),
  };
}

/** Remaining fixed or overridable timeouts, milliseconds. */
export function otherTimeouts(settings: ServiceSettings) {
  const given = settings.TIMEOUTS ?? {};
  return {
    installingWithoutProgress: 20 * MINUTE,
    pendingUserAction: given.HOST_INSTALLING_PENDING_USER_ACTION_TIMEOUT ?? 60 * MINUTE,
    reclaim: 60 * MINUTE,
    hostLogCollection: given.HOST_LOG_COLLECTION_TIMEOUT ?? 10 * MINUTE,
    hostLogPending: given.HOST_LOG_PENDING_TIMEOUT ?? 2 * MINUTE,
    clusterLogCollection: given.LOG_COLLECTION_TIMEOUT ?? 60 * MINUTE,
    clusterLogPending: given.LOG_PENDING_TIMEOUT ?? 10 * MINUTE,
  };
}
