/**
 * States of hosts: transition tables of bound and of unbound hosts, in the service's rule order.
 * Source: Service facts 2.2 and 2.4. Texts are upstream's: assisted-service, internal/host/common.go and transition.go.
 */

import { aboutHost, type Core, softTimeouts } from '../core/core.ts';
import {
  type ClusterRow,
  displayName,
  endsWithReboot,
  type HostRow,
  isDay2Host,
  isSingleNode,
  touchMembers,
} from '../core/store.ts';
import { MEDIA_LOST, type Severity } from '../events/events.ts';
import { OperationError } from '../service-api.ts';
import { Machine, type Rule } from '../statemachine/machine.ts';
import { flips, sameResults } from '../validations/results.ts';
import { hasEnoughNodes } from './roles.ts';
import { otherTimeouts, preparationTimeouts, stageTimeout } from './stages.ts';
import {
  evaluateHost,
  type HostVerdict,
  hostConditions,
  installationDiskOf,
  MINIMUM_HARDWARE,
  SUFFICIENT_FOR_INSTALL,
} from './validations/host-validations.ts';

export type HostTrigger =
  | 'register'
  | 'progress'
  | 'installation-failed'
  | 'media-lost'
  | 'cancel'
  | 'install'
  | 'reset'
  | 'unbind'
  | 'reclaim'
  | 'reclaim-rebooting'
  | 'reclaim-failed'
  | 'bind'
  | 'refresh';

interface Context {
  readonly core: Core;
  readonly host: HostRow;
  readonly verdict: HostVerdict | undefined;
  readonly reason: string;
  readonly target: ClusterRow | undefined;
  readonly isNew: boolean;
}
type Condition = (context: Context) => boolean;
type Action = NonNullable<HostRule['run']>;
type HostRule = Rule<HostTrigger, Context>;

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
  (...ids: readonly string[]): Condition =>
  ({ verdict }) =>
    verdict === undefined || ids.every((id) => verdict.holds(id));

const SEVERITIES: Readonly<Record<string, Severity>> = {
  disconnected: 'warning',
  insufficient: 'warning',
  'installing-pending-user-action': 'warning',
  error: 'error',
};

/** What a host says from the begin of its preparation on. */
const PREPARED = 'Host finished successfully to prepare for installation';

/** Hosts that take no part in the connectivity checks of others. */
const SILENT: ReadonlySet<string> = new Set(['discovering', 'disconnected']);

/** Stores a state: date, trigger of the monitor and event belong to a change; the text is stored always. */
export function setHostStatus(core: Core, host: HostRow, from: string, to: string, info: string): void {
  const now = core.clock.now();
  host.status = to;
  host.statusInfo = info;
  host.updatedAt = now;
  if (from === to) return;
  host.statusUpdatedAt = now;
  host.triggeredAt = now;
  if (host.cluster && SILENT.has(from) !== SILENT.has(to)) host.cluster.membersVersion++;
  core.events.emitWith(
    'host_status_updated',
    SEVERITIES[to] ?? 'info',
    aboutHost(host),
    displayName(host),
    from,
    to,
    info,
  );
}

const text =
  (info: string): Action =>
  ({ core, host }, from, to) =>
    setHostStatus(core, host, from, to, info);

/** Text of a refresh: stored only when state or text change. */
const refreshed =
  (info: string | ((context: Context) => string)): Action =>
  (context, from, to) => {
    const value = typeof info === 'string' ? info : truncated(info(context));
    if (from !== to || context.host.statusInfo !== value) setHostStatus(context.core, context.host, from, to, value);
  };

/** Bytes that a text of a state may have (assisted-service, internal/host/hostutil: TruncateStatusInfo). */
const MAX_INFO = 2040;

function truncated(info: string): string {
  return Buffer.byteLength(info) <= MAX_INFO ? info : Buffer.from(info).subarray(0, MAX_INFO).toString();
}

const failures = ({ verdict }: Context): string =>
  (verdict?.results ?? [])
    .filter((result) => result.status === 'failure')
    .map((result) => result.message)
    .sort()
    .join(' ; ');

const waited = (host: HostRow, core: Core, since: number, limit: number) =>
  core.clock.now() - since > limit && host.status !== '';

function resetProgress(host: HostRow): void {
  host.stage = '';
  host.stageInfo = '';
  host.stageStartedAt = 0;
  host.stageUpdatedAt = 0;
  host.installationPercentage = 0;
}

function resetLogs(host: HostRow): void {
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

const registered: Action = ({ core, host, isNew }, from, to) => {
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
const registeredWhilePreparing: Action = ({ core, host }, from, to) => {
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
function diskName(host: HostRow): string {
  const disk = installationDiskOf(host);
  return disk ? `(${disk.name}, ${disk.id})` : '';
}

/** Stages of which it is said that they do not progress, instead of that they take long. */
const NOT_PROGRESSING: ReadonlySet<string> = new Set(['Writing image to disk', 'Copying registry data to disk']);

/** How long a host may stay in its stage, as Go writes durations. */
function stageLimit(core: Core, host: HostRow): string {
  return goDuration(stageTimeout(core.settings, host.stage, isSingleNode(host.cluster)));
}

/** Whole seconds as Go's time.Duration writes them: `1h30m0s`. */
function goDuration(ms: number): string {
  const total = Math.round(ms / 1000);
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

const registeredWhileRebooting: Action = ({ core, host }, from, to) => {
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

const unbound: Action = ({ core, host }, from, to) => {
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

const bindTo: Action = ({ core, host, target }, from, to) => {
  resetDiscovery(host);
  core.store.moveHost(host, target);
  setHostStatus(core, host, from, to, 'Host is waiting to be bound to the cluster');
};

const mediaLost: Action = ({ core, host }, from, to) => {
  if (host.mediaStatus === 'disconnected') return;
  core.events.emit('host_media_disconnected', aboutHost(host), displayName(host));
  host.mediaStatus = 'disconnected';
  const info = to !== 'error' ? MEDIA_LOST : `Failed - ${MEDIA_LOST}${host.statusInfo ? `. ${host.statusInfo}` : ''}`;
  setHostStatus(core, host, from, to, info);
};

const withReason: Action = ({ core, host, reason }, from, to) => setHostStatus(core, host, from, to, reason);

const isUnbound: Condition = ({ host }) => host.cluster === undefined;
const isDay2: Condition = ({ host }) => isDay2Host(host);
const inReboot: Condition = ({ host }) => host.stage === 'Rebooting';
const inDone: Condition = ({ host }) => host.stage === 'Done';
const inStage =
  (...stages: readonly string[]): Condition =>
  ({ host }) =>
    stages.includes(host.stage);
const isConnected = holds('connected', 'media-connected');
const clusterIs =
  (status: string): Condition =>
  ({ host }) =>
    host.cluster?.status === status;
const clusterPreparing = clusterIs('preparing-for-installation');
const hasRole: Condition = ({ host }) => ['master', 'arbiter', 'worker'].includes(host.role);
const diskKnownGood: Condition = ({ host }) => hostConditions.diskSpeedSuccessful(host);
const diskNotBad = holds('sufficient-installation-disk-speed');
const imagesKnownGood: Condition = ({ host }) => hostConditions.imagesSuccessful(host);
const imagesNotBad = holds('container-images-available');
const somethingUnknown = any(all(not(diskKnownGood), diskNotBad), all(not(imagesKnownGood), imagesNotBad));
const nothingBad = all(diskNotBad, imagesNotBad);
const soft: Condition = ({ core }) => softTimeouts(core);
const waitsForOthers: Condition = ({ host }) => hostConditions.waitsForOthers(host);
const stageTimedOut: Condition = ({ core, host }) =>
  waited(host, core, host.stageUpdatedAt, stageTimeout(core.settings, host.stage, isSingleNode(host.cluster)));
const statusTimedOut =
  (limit: (core: Core) => number): Condition =>
  ({ core, host }) =>
    waited(host, core, host.statusUpdatedAt, limit(core));
const reclaimTimedOut = statusTimedOut((core) => otherTimeouts(core.settings).reclaim);
const hasInventory = holds('has-inventory', 'inventory-not-fully-truncated');
const minimumHardware = holds(...MINIMUM_HARDWARE);
const inputComplete = holds('machine-cidr-defined');
const sufficient = holds(...SUFFICIENT_FOR_INSTALL);
const vsphereReady = holds('vsphere-disk-uuid-enabled');
const INSTALLED: ReadonlySet<string> = new Set(['installed']);

const stageFlagged: Action = ({ core, host }) => {
  const minutes = Math.trunc(stageTimeout(core.settings, host.stage, isSingleNode(host.cluster)) / 60_000);
  host.stageTimedOut = true;
  host.statusInfo = NOT_PROGRESSING.has(host.stage)
    ? `Host installation stage ${host.stage} is not progressing sufficiently in the last ${stageLimit(core, host)}. To troubleshoot use kubeconfig or connect to the node using ssh`
    : `Host installation stage ${host.stage} is taking longer than expected ${stageLimit(core, host)}`;
  host.updatedAt = core.clock.now();
  core.events.emit('host_stage_timed_out', aboutHost(host), displayName(host), host.stage, String(minutes));
};

const connectionFlagged =
  (timedOut: boolean, info: string): Action =>
  ({ core, host }, from, to) => {
    if (host.connectionTimedOut === timedOut && host.statusInfo === info) return;
    host.connectionTimedOut = timedOut;
    setHostStatus(core, host, from, to, info);
  };

const BEFORE = ['disconnected', 'discovering', 'insufficient', 'known', 'pending-for-input'];
const POOL = ['discovering-unbound', 'insufficient-unbound', 'known-unbound', 'disconnected-unbound'];
const INSTALLING = ['installing', 'installing-in-progress'];

const progressed: Action = ({ core, host }, from, to) =>
  setHostStatus(
    core,
    host,
    from,
    to,
    to === 'added-to-existing-cluster' && endsWithReboot(host)
      ? 'Host has rebooted and no further updates will be posted. Please check console for progress and to possibly approve pending CSRs'
      : host.stage,
  );

/** Rules of bound hosts, then of the pool; order matters. */
export const HOST_RULES: readonly HostRule[] = [
  { on: 'register', from: [''], when: not(isUnbound), to: 'discovering', run: registered },
  { on: 'progress', from: INSTALLING, when: all(inReboot, isDay2), to: 'installing-in-progress', run: progressed },
  {
    on: 'progress',
    from: [...INSTALLING, 'installing-pending-user-action'],
    when: all(inDone, isDay2),
    to: 'added-to-existing-cluster',
    run: progressed,
  },
  { on: 'progress', from: INSTALLING, when: inDone, to: 'installed', run: progressed },
  {
    on: 'progress',
    from: [...INSTALLING, 'installing-pending-user-action'],
    to: 'installing-in-progress',
    run: progressed,
  },
  { on: 'progress', from: ['installed', 'resetting-pending-user-action'] },

  {
    on: 'register',
    from: ['preparing-for-installation', 'preparing-successful'],
    to: 'known',
    run: registeredWhilePreparing,
  },
  {
    on: 'register',
    from: [
      'discovering',
      'known',
      'disconnected',
      'insufficient',
      'resetting-pending-user-action',
      'binding',
      'pending-for-input',
    ],
    to: 'discovering',
    run: registered,
  },
  { on: 'register', from: ['resetting'], when: inReboot },
  { on: 'register', from: ['resetting'], when: not(inReboot), to: 'discovering', run: registered },
  {
    on: 'register',
    from: ['installing-in-progress', 'installing-pending-user-action', 'added-to-existing-cluster'],
    when: any(inReboot, all(isDay2, inDone)),
    to: 'installing-pending-user-action',
    run: registeredWhileRebooting,
  },
  {
    on: 'register',
    from: INSTALLING,
    to: 'error',
    run: text('The host unexpectedly restarted during the installation'),
  },
  { on: 'register', from: ['error'] },
  {
    on: 'register',
    from: ['installed'],
    run: () => {
      throw new OperationError(
        409,
        'Host is trying to register after the cluster has already been installed. That most probably means that the host is booting from the installation ISO, and therefore not effectively joining the cluster. The request will be ignored. Fix the boot order and reboot the host.',
      );
    },
  },
  { on: 'installation-failed', from: INSTALLING, to: 'error', run: withReason },
  {
    on: 'cancel',
    from: ['installing-pending-user-action', ...INSTALLING, 'installed', 'error'],
    to: 'cancelled',
    run: withReason,
  },
  { on: 'cancel', from: ['preparing-for-installation', 'preparing-successful'], to: 'known', run: withReason },
  { on: 'cancel', from: ['known'] },
  { on: 'install', from: ['known'], when: isDay2, to: 'installing', run: text('Installation is in progress') },
  {
    on: 'reset',
    from: [
      'resetting',
      'discovering',
      'known',
      'installing-pending-user-action',
      'installing',
      'preparing-for-installation',
      'preparing-successful',
      'preparing-failed',
      'pending-for-input',
      'resetting-pending-user-action',
      'installing-in-progress',
      'installed',
      'error',
      'cancelled',
      'added-to-existing-cluster',
    ],
    to: 'resetting-pending-user-action',
    run: text('Host requires booting into the discovery image to complete resetting the installation'),
  },
  { on: 'unbind', from: BEFORE, to: 'unbinding', run: unbound },
  {
    on: 'unbind',
    from: [
      'preparing-for-installation',
      'preparing-successful',
      'preparing-failed',
      ...INSTALLING,
      'installing-pending-user-action',
      'installed',
      'added-to-existing-cluster',
      'error',
      'cancelled',
    ],
    to: 'unbinding-pending-user-action',
    run: unbound,
  },
  { on: 'reclaim', from: ['installed', 'added-to-existing-cluster'], to: 'reclaiming', run: unbound },
  {
    on: 'reclaim-rebooting',
    from: ['reclaiming'],
    to: 'reclaiming-rebooting',
    run: text('Host is rebooting into the discovery image'),
  },
  {
    on: 'reclaim-failed',
    from: ['reclaiming', 'reclaiming-rebooting'],
    to: 'unbinding-pending-user-action',
    run: unbound,
  },
  {
    on: 'refresh',
    from: ['reclaiming', 'reclaiming-rebooting'],
    when: reclaimTimedOut,
    to: 'unbinding-pending-user-action',
    run: unbound,
  },
  { on: 'reclaim', from: BEFORE, to: 'unbinding', run: unbound },
  { on: 'reclaim', from: ['error', 'cancelled'], to: 'unbinding-pending-user-action', run: unbound },

  {
    on: 'refresh',
    from: ['known'],
    when: all(hasRole, isConnected, clusterPreparing),
    to: 'preparing-for-installation',
    run: ({ core, host, verdict }, from, to) => {
      if (verdict && !verdict.holds('container-images-available')) host.forgetImages();
      resetLogs(host);
      // As upstream: PostPreparingForInstallationHost tells of the end already.
      setHostStatus(core, host, from, to, PREPARED);
    },
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(isConnected, diskKnownGood, imagesKnownGood, clusterPreparing),
    to: 'preparing-successful',
    run: refreshed(PREPARED),
  },
  { on: 'refresh', from: ['preparing-successful'], when: all(isConnected, clusterPreparing) },
  {
    on: 'refresh',
    from: ['preparing-successful'],
    when: all(isConnected, clusterIs('installing')),
    to: 'installing',
    run: refreshed('Installation is in progress'),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(isConnected, nothingBad, not(clusterPreparing)),
    to: 'known',
    run: refreshed('Host is ready to be installed'),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation', 'preparing-failed', 'known'],
    when: all(isConnected, not(diskNotBad)),
    to: 'insufficient',
    run: refreshed(
      (context) => `Host cannot be installed due to following failing validation(s): ${failures(context)}`,
    ),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(
      isConnected,
      statusTimedOut((core) => preparationTimeouts(core.settings).host),
      somethingUnknown,
      nothingBad,
    ),
    to: 'preparing-failed',
    run: refreshed(({ host }) => {
      const missing = [
        ...(hostConditions.diskSpeedSuccessful(host)
          ? []
          : ['the installation disk speed check did not complete within the timeout.']),
        ...(hostConditions.imagesSuccessful(host)
          ? []
          : ['container availability was not determined within the timeout.']),
      ];
      return `The host has encountered a preparation timeout, the following conditions failed: ${missing.join('\n')}`;
    }),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(isConnected, not(imagesNotBad)),
    to: 'preparing-failed',
    run: refreshed(
      (context) =>
        `Host failed to prepare for installation due to following failing validation(s): ${failures(context)}`,
    ),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(isConnected, somethingUnknown, nothingBad, clusterPreparing),
  },
  {
    on: 'refresh',
    from: ['preparing-failed'],
    when: all(isConnected, not(clusterPreparing)),
    to: 'known',
    run: refreshed('Host is ready to be installed'),
  },
  {
    on: 'refresh',
    from: ['preparing-successful'],
    when: all(isConnected, not(any(clusterPreparing, clusterIs('installing')))),
    to: 'known',
    run: refreshed('Host is ready to be installed'),
  },
  {
    on: 'refresh',
    from: [...BEFORE, 'preparing-failed'],
    when: not(isConnected),
    to: 'disconnected',
    run: refreshed('Host has stopped communicating with the installation service'),
  },
  { on: 'media-lost', from: [...BEFORE, 'binding'], to: 'disconnected', run: mediaLost },
  {
    on: 'media-lost',
    from: ['preparing-for-installation', 'preparing-failed', 'preparing-successful', ...INSTALLING, 'error'],
    to: 'error',
    run: mediaLost,
  },
  {
    on: 'refresh',
    from: [...INSTALLING, 'installed', 'resetting-pending-user-action', 'installing-pending-user-action'],
    when: all(clusterIs('error'), not(isDay2)),
    to: 'error',
    run: refreshed('Host is part of a cluster that failed to install'),
  },
  {
    on: 'refresh',
    from: ['installing'],
    when: statusTimedOut((core) => otherTimeouts(core.settings).installingWithoutProgress),
    to: 'error',
    run: refreshed('Host failed to install due to timeout while starting installation'),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation', 'preparing-successful'],
    when: not(isConnected),
    to: 'disconnected',
    run: refreshed('Host failed to install due to timeout while connecting to host during the preparation phase.'),
  },
  {
    on: 'refresh',
    from: INSTALLING,
    when: all(not(isConnected), not(soft)),
    to: 'error',
    run: refreshed('Host failed to install due to timeout while connecting to host during the installation phase.'),
  },
  {
    on: 'refresh',
    from: INSTALLING,
    when: all(not(isConnected), soft, ({ host }) => !host.connectionTimedOut),
    run: connectionFlagged(true, 'Host is failing to perform periodic health check during the installation phase.'),
  },
  {
    on: 'refresh',
    from: INSTALLING,
    when: all(isConnected, soft, ({ host }) => host.connectionTimedOut),
    run: connectionFlagged(
      false,
      'Host recovered from failure to perform periodic health check during the installation phase.',
    ),
  },
  {
    on: 'refresh',
    from: ['installing-in-progress'],
    when: waitsForOthers,
    run: ({ core, host }) => {
      if (core.clock.now() - host.stageUpdatedAt > 60_000) host.stageUpdatedAt = core.clock.now();
    },
  },
  {
    on: 'refresh',
    from: ['installing-in-progress'],
    when: all(not(soft), not(inStage('Rebooting')), stageTimedOut),
    to: 'error',
    run: refreshed(({ core, host }) => {
      const limit = stageLimit(core, host);
      return NOT_PROGRESSING.has(host.stage)
        ? `Host failed to install because its installation stage ${host.stage} did not sufficiently progress in the last ${limit}.`
        : `Host failed to install because its installation stage ${host.stage} took longer than expected ${limit}`;
    }),
  },
  {
    on: 'refresh',
    from: ['installing-in-progress'],
    when: all(soft, ({ host }) => !host.stageTimedOut, not(inStage('Rebooting')), stageTimedOut),
    run: stageFlagged,
  },
  {
    on: 'refresh',
    from: ['installing-in-progress'],
    when: all(stageTimedOut, inReboot),
    to: 'installing-pending-user-action',
    run: refreshed(
      ({ host }) =>
        `Host timed out when pulling the configuration files. Verify in the host console that the host boots from the OpenShift installation disk ${diskName(host)} and has network access to the cluster API. The installation will resume after the host successfully boots and can access the cluster API`,
    ),
  },
  {
    on: 'refresh',
    from: ['installing-pending-user-action'],
    when: all(
      statusTimedOut((core) => otherTimeouts(core.settings).pendingUserAction),
      ({ host }) => host.cluster !== undefined && hasEnoughNodes(host.cluster, INSTALLED),
      not(any(clusterIs('installed'), clusterIs('adding-hosts'))),
    ),
    to: 'error',
    run: refreshed('Host failed to boot from the installation disk within the expected time.'),
  },
  {
    on: 'refresh',
    from: [...INSTALLING, 'installed', 'installing-pending-user-action', 'resetting-pending-user-action'],
    when: not(clusterIs('error')),
  },
  {
    on: 'refresh',
    from: ['disconnected', 'discovering'],
    when: all(isConnected, not(hasInventory)),
    to: 'discovering',
    run: refreshed('Waiting for host to send hardware details'),
  },
  {
    on: 'refresh',
    from: BEFORE,
    when: all(isConnected, hasInventory, not(minimumHardware)),
    to: 'insufficient',
    run: refreshed((context) => `Host does not meet the minimum hardware requirements: ${failures(context)}`),
  },
  {
    on: 'refresh',
    from: BEFORE,
    when: all(isConnected, hasInventory, vsphereReady, minimumHardware, not(inputComplete)),
    to: 'pending-for-input',
    run: refreshed((context) => `Waiting for user input: ${failures(context)}`),
  },
  {
    on: 'refresh',
    from: BEFORE,
    when: all(
      isConnected,
      holds('has-inventory'),
      any(minimumHardware, not(holds('inventory-not-fully-truncated'))),
      any(not(vsphereReady), all(inputComplete, not(sufficient))),
    ),
    to: 'insufficient',
    run: refreshed(
      (context) => `Host cannot be installed due to following failing validation(s): ${failures(context)}`,
    ),
  },
  {
    on: 'refresh',
    from: BEFORE,
    when: all(isConnected, hasInventory, minimumHardware, inputComplete, sufficient, vsphereReady),
    to: 'known',
    run: refreshed('Host is ready to be installed'),
  },
  {
    on: 'refresh',
    from: ['error', 'cancelled'],
    when: ({ core, host }) => logsTimedOut(core, host),
    run: ({ core, host }) => {
      host.logsInfo = 'timeout';
      host.updatedAt = core.clock.now();
    },
  },
  { on: 'refresh', from: ['error', 'cancelled', 'resetting'] },
  { on: 'refresh', from: ['added-to-existing-cluster'], when: isDay2 },
  { on: 'refresh', from: ['reclaiming', 'reclaiming-rebooting'] },

  { on: 'register', from: [''], when: isUnbound, to: 'discovering-unbound', run: registered },
  {
    on: 'register',
    from: [...POOL, 'unbinding', 'unbinding-pending-user-action', 'reclaiming-rebooting'],
    to: 'discovering-unbound',
    run: registered,
  },
  { on: 'bind', from: ['known-unbound'], to: 'binding', run: bindTo },
  {
    on: 'refresh',
    from: [...POOL, 'unbinding'],
    when: not(holds('connected')),
    to: 'disconnected-unbound',
    run: refreshed('Host has stopped communicating with the installation service'),
  },
  { on: 'media-lost', from: [...POOL, 'unbinding'], to: 'disconnected-unbound', run: mediaLost },
  {
    on: 'refresh',
    from: ['disconnected-unbound', 'discovering-unbound'],
    when: all(isConnected, not(hasInventory)),
    to: 'discovering-unbound',
    run: refreshed('Waiting for host to send hardware details'),
  },
  {
    on: 'refresh',
    from: POOL,
    when: all(
      isConnected,
      hasInventory,
      not(holds('has-min-valid-disks', 'has-min-cpu-cores', 'has-min-memory', 'hostname-valid')),
    ),
    to: 'insufficient-unbound',
    run: refreshed((context) => `Host does not meet the minimum hardware requirements: ${failures(context)}`),
  },
  { on: 'refresh', from: ['binding', 'unbinding'] },
  {
    on: 'refresh',
    from: POOL,
    when: all(isConnected, hasInventory),
    to: 'known-unbound',
    run: refreshed('Host is ready to be bound to a cluster'),
  },
];

function logsTimedOut(core: Core, host: HostRow): boolean {
  const { hostLogCollection, hostLogPending } = otherTimeouts(core.settings);
  const age = (since: number) => core.clock.now() - since;
  if (host.logsInfo === '' && host.logsStartedAt === 0) return age(host.statusUpdatedAt) > hostLogPending;
  if (host.logsInfo === 'requested') return age(host.logsCollectedAt || host.logsStartedAt) > hostLogCollection;
  if (host.logsInfo === 'collecting') return age(host.logsCollectedAt) > hostLogPending;
  return false;
}

const machine = new Machine(HOST_RULES);

/** Details that a trigger may carry. */
export interface HostTriggerDetails {
  reason?: string;
  target?: ClusterRow;
  isNew?: boolean;
}

/** Runs a trigger. @returns false when no rule fits (nothing happened). @throws OperationError when a rule refuses. */
export function runHost(core: Core, host: HostRow, trigger: HostTrigger, details: HostTriggerDetails = {}): boolean {
  const context: Context = {
    core,
    host,
    verdict: undefined,
    reason: details.reason ?? '',
    target: details.target,
    isNew: details.isNew ?? false,
  };
  return machine.run(trigger, host.status, context) !== undefined;
}

/** Evaluates all validations of a host, tells of flips and lets its state follow. */
export function refreshHost(core: Core, host: HostRow): void {
  const verdict = evaluateHost(core, host);
  if (!sameResults(host.validations, verdict.results)) {
    for (const flip of flips(host.validations, verdict.results)) {
      if (flip.to === 'failed') {
        if (flip.usedToSucceed) core.metrics.hostValidationLost(flip.id);
        core.events.emit(
          'host_validation_failed',
          aboutHost(host),
          displayName(host),
          flip.id,
          flip.usedToSucceed ? 'that used to succeed is now failing' : 'failed',
        );
      } else {
        core.events.emit('host_validation_fixed', aboutHost(host), displayName(host), flip.id);
      }
    }
    host.validations = verdict.results;
    host.updatedAt = core.clock.now();
  }
  machine.run('refresh', host.status, { core, host, verdict, reason: '', target: undefined, isNew: false });
}
