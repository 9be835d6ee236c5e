/**
 * What rules of hosts do, and the texts that they leave. Upstream: assisted-service, internal/host/transition.go and, for the texts,
 * internal/host/common.go.
 */

import { isSingleNode } from '../../cluster/traits.ts';
import { aboutHost, type Core } from '../../core/core.ts';
import type { HostRow } from '../../core/rows.ts';
import { touchMembers } from '../../core/store.ts';
import { MEDIA_LOST } from '../../events/event-texts.ts';
import { OperationError } from '../../service-api.ts';
import { stageTimeout } from '../stages.ts';
import { displayName, endsWithReboot, installationDiskOf } from '../traits.ts';
import type { HostAction, HostTransition } from './context.ts';
import { setHostStatus } from './status.ts';

/** What a host says from the begin of its preparation on. */
export const PREPARED = 'Host finished successfully to prepare for installation';

export const text =
  (info: string): HostAction =>
  ({ core, host }, from, to) =>
    setHostStatus(core, host, from, to, info);

/** Text of a refresh: stored only when state or text change. */
export const refreshed =
  (info: string | ((context: HostTransition) => string)): HostAction =>
  (context, from, to) => {
    const value = typeof info === 'string' ? info : truncated(info(context));
    if (from !== to || context.host.statusInfo !== value) setHostStatus(context.core, context.host, from, to, value);
  };

/** Bytes that a text of a state may have (assisted-service, internal/host/hostutil: TruncateStatusInfo). */
const MAX_INFO = 2040;

function truncated(info: string): string {
  return Buffer.byteLength(info) <= MAX_INFO ? info : Buffer.from(info).subarray(0, MAX_INFO).toString();
}

export const failures = ({ verdict }: HostTransition): string =>
  (verdict?.results ?? [])
    .filter((result) => result.status === 'failure')
    .map((result) => result.message)
    .sort()
    .join(' ; ');

function resetProgress(host: HostRow): void {
  host.stage = '';
  host.stageInfo = '';
  host.stageStartedAt = 0;
  host.stageUpdatedAt = 0;
  host.installationPercentage = 0;
}

export function resetLogs(host: HostRow): void {
  host.logsInfo = '';
  host.logsStartedAt = 0;
  host.logsCollectedAt = 0;
}

function forgetInventory(host: HostRow): void {
  host.inventoryText = '';
  host.inventory = undefined;
  host.inventoryKey = '';
  if (host.cluster) touchMembers(host.cluster);
}

function resetDiscovery(host: HostRow): void {
  resetProgress(host);
  forgetInventory(host);
  host.bootstrap = false;
  host.forgetImages();
}

export const registered: HostAction = ({ core, host, isNew }, from, to) => {
  const info = 'Waiting for host to send hardware details';
  if (isNew) {
    const now = core.clock.now();
    Object.assign(host, { status: to, statusInfo: info, statusUpdatedAt: now, triggeredAt: now });
    core.events.emit('host_registration_succeeded', aboutHost(host), displayName(host));
    return;
  }
  resetDiscovery(host);
  resetLogs(host);
  host.ntpSourcesText = '';
  host.ntpSynced = false;
  setHostStatus(core, host, from, to, info);
};

/** The machine came back while the cluster prepares: what it is stays known, what it measured is asked again. */
export const registeredWhilePreparing: HostAction = ({ core, host }, from, to) => {
  if (host.cluster)
    host.cluster.preparation = { status: 'not_started', reason: 'Installation preparation not performed' };
  resetProgress(host);
  host.forgetImages();
  resetLogs(host);
  host.ntpSourcesText = '';
  host.ntpSynced = false;
  setHostStatus(core, host, from, to, 'Host is ready to be installed');
};

/** Go's way to write the disk that a host is installed on. */
export function diskName(host: HostRow): string {
  const disk = installationDiskOf(host);
  return disk ? `(${disk.name}, ${disk.id})` : '';
}

/** Stages of which it is said that they do not progress, instead of that they take long. */
export const NOT_PROGRESSING: ReadonlySet<string> = new Set(['Writing image to disk', 'Copying registry data to disk']);

/** How long a host may stay in its stage, as Go writes durations. */
export function stageLimit(core: Core, host: HostRow): string {
  return goDuration(stageTimeout(core.settings, host.stage, isSingleNode(host.cluster)));
}

/** Whole seconds as Go's time.Duration writes them: `1h30m0s`. */
function goDuration(ms: number): string {
  const total = Math.round(ms / 1000);
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

export const registeredWhileRebooting: HostAction = ({ core, host }, from, to) => {
  const disk = installationDiskOf(host);
  const where = [disk?.model, disk?.serial, diskName(host)].filter((part) => part).join(' ');
  if (from === 'installing-pending-user-action') {
    const path = host.installationDiskId || host.installationDiskPath;
    throw new OperationError(400, `Host is required to be booted from disk ${path}`);
  }
  if (!disk) throw new OperationError(400, `The installation disk of host ${host.id} is unknown`);
  setHostStatus(
    core,
    host,
    from,
    to,
    `Expected the host to boot from disk, but it booted the installation image - please reboot and fix boot order to boot from disk ${where}`,
  );
};

export const unbound: HostAction = ({ core, host }, from, to) => {
  resetDiscovery(host);
  resetLogs(host);
  Object.assign(host, {
    kind: 'Host',
    connectivityText: '',
    connectivity: undefined,
    domainResolutionsText: '',
    domainResolutions: undefined,
    freeAddressesText: '',
    installationDiskId: '',
    installationDiskPath: '',
    machineConfigPoolName: '',
    role: 'auto-assign',
    suggestedRole: '',
    apiVipConnectivityText: '',
    apiVipConnectivity: undefined,
  });
  core.store.moveHost(host, undefined);
  // As upstream, its cluster is not told: UpdateHostStatus tells of the row as it is now.
  setHostStatus(core, host, from, to, 'Host is waiting to be unbound from the cluster');
};

export const bindTo: HostAction = ({ core, host, target }, from, to) => {
  resetDiscovery(host);
  core.store.moveHost(host, target);
  setHostStatus(core, host, from, to, 'Host is waiting to be bound to the cluster');
};

export const mediaLost: HostAction = ({ core, host }, from, to) => {
  if (host.mediaStatus === 'disconnected') return;
  core.events.emit('host_media_disconnected', aboutHost(host), displayName(host));
  host.mediaStatus = 'disconnected';
  const info = to !== 'error' ? MEDIA_LOST : `Failed - ${MEDIA_LOST}${host.statusInfo ? `. ${host.statusInfo}` : ''}`;
  setHostStatus(core, host, from, to, info);
};

export const withReason: HostAction = ({ core, host, reason }, from, to) => setHostStatus(core, host, from, to, reason);

export const stageFlagged: HostAction = ({ core, host }) => {
  const minutes = Math.trunc(stageTimeout(core.settings, host.stage, isSingleNode(host.cluster)) / 60_000);
  host.stageTimedOut = true;
  host.statusInfo = NOT_PROGRESSING.has(host.stage)
    ? `Host installation stage ${host.stage} is not progressing sufficiently in the last ${stageLimit(core, host)}. To troubleshoot use kubeconfig or connect to the node using ssh`
    : `Host installation stage ${host.stage} is taking longer than expected ${stageLimit(core, host)}`;
  host.updatedAt = core.clock.now();
  core.events.emit('host_stage_timed_out', aboutHost(host), displayName(host), host.stage, String(minutes));
};

export const connectionFlagged =
  (timedOut: boolean, info: string): HostAction =>
  ({ core, host }, from, to) => {
    if (host.connectionTimedOut === timedOut && host.statusInfo === info) return;
    host.connectionTimedOut = timedOut;
    setHostStatus(core, host, from, to, info);
  };

export const progressed: HostAction = ({ core, host }, from, to) =>
  setHostStatus(
    core,
    host,
    from,
    to,
    to === 'added-to-existing-cluster' && endsWithReboot(host)
      ? 'Host has rebooted and no further updates will be posted. Please check console for progress and to possibly approve pending CSRs'
      : host.stage,
  );
