/**
 * States of hosts: transition tables of bound and of unbound hosts, in the service's rule order.
 * Source: Service facts 2.2 and 2.4. `status_info` texts are this service's own.
 */
import { OperationError } from '../service-api.ts';
import { aboutHost, type Core, softTimeouts } from './core.ts';
import type { Severity } from './events.ts';
import {
  evaluateHost,
  type HostVerdict,
  hostConditions,
  installationDiskOf,
  MINIMUM_HARDWARE,
  SUFFICIENT_FOR_INSTALL,
} from './host-validations.ts';
import { Machine, type Rule } from './machine.ts';
import { hasEnoughNodes } from './roles.ts';
import { otherTimeouts, preparationTimeouts, stageTimeout } from './stages.ts';
import {
  type ClusterRow,
  displayName,
  endsWithReboot,
  type HostRow,
  isDay2Host,
  isSingleNode,
  touchMembers,
} from './store.ts';
import { flips, sameResults } from './validation.ts';

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
    const value = typeof info === 'string' ? info : info(context);
    if (from !== to || context.host.statusInfo !== value) setHostStatus(context.core, context.host, from, to, value);
  };

const failures = ({ verdict }: Context): string =>
  (verdict?.results ?? [])
    .filter((result) => result.status === 'failure')
    .map((result) => result.message)
    .sort()
    .join('; ');

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
  host.imageStatuses.clear();
}

const registered: Action = ({ core, host, isNew }, from, to) => {
  const info = 'The host has not sent its inventory yet';
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
  if (host.cluster) host.cluster.preparation = { status: 'not_started', reason: 'The installation was not prepared' };
  resetProgress(host);
  host.imageStatuses.clear();
  resetLogs(host);
  host.ntpSourcesText = '';
  host.ntpSynced = false;
  setHostStatus(core, host, from, to, 'The host is ready to be installed');
};

const registeredWhileRebooting: Action = ({ core, host }, from, to) => {
  const disk = installationDiskOf(host);
  const where = disk ? `${disk.model} ${disk.serial} (${disk.name}, ${disk.id})`.trim() : host.installationDiskPath;
  if (from === 'installing-pending-user-action') throw new OperationError(400, `The host must boot from disk ${where}`);
  if (!disk) throw new OperationError(400, `The installation disk of host ${host.id} is unknown`);
  setHostStatus(
    core,
    host,
    from,
    to,
    `The host booted the installation image instead of its disk ${where}; fix the boot order and reboot it`,
  );
};

const unbound: Action = ({ core, host }, from, to) => {
  resetDiscovery(host);
  resetLogs(host);
  setHostStatus(core, host, from, to, 'The host is leaving the cluster');
  Object.assign(host, {
    kind: 'Host',
    connectivityText: '',
    connectivity: undefined,
    domainResolutionsText: '',
    domainResolutions: undefined,
    freeAddressesText: '',
    freeAddresses: undefined,
    installationDiskId: '',
    installationDiskPath: '',
    machineConfigPoolName: '',
    role: 'auto-assign',
    suggestedRole: '',
    apiVipConnectivityText: '',
    apiVipConnectivity: undefined,
  });
  core.store.moveHost(host, undefined);
};

const bindTo: Action = ({ core, host, target }, from, to) => {
  resetDiscovery(host);
  core.store.moveHost(host, target);
  setHostStatus(core, host, from, to, 'The host is joining the cluster');
};

const mediaLost: Action = ({ core, host }, from, to) => {
  if (host.mediaStatus === 'disconnected') return;
  core.events.emit('host_media_disconnected', aboutHost(host), displayName(host));
  host.mediaStatus = 'disconnected';
  const reason = 'The installation medium can no longer be read';
  const info = to !== 'error' ? reason : `Failed - ${reason}${host.statusInfo ? `. ${host.statusInfo}` : ''}`;
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
  host.statusInfo = `Stage ${host.stage} takes longer than ${minutes} minutes`;
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
      ? 'The host is rebooting to join the cluster'
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
    run: text('The host restarted unexpectedly during the installation'),
  },
  { on: 'register', from: ['error'] },
  {
    on: 'register',
    from: ['installed'],
    run: () => {
      throw new OperationError(
        409,
        'The host is installed already but booted the discovery image; fix its boot order and reboot it',
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
  { on: 'install', from: ['known'], when: isDay2, to: 'installing', run: text('The installation is running') },
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
    run: text('The host must be booted into the discovery image to finish the reset'),
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
    run: text('The host is rebooting into the discovery image'),
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
      if (verdict && !verdict.holds('container-images-available')) host.imageStatuses.clear();
      resetLogs(host);
      setHostStatus(core, host, from, to, 'The host prepares for the installation');
    },
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(isConnected, diskKnownGood, imagesKnownGood, clusterPreparing),
    to: 'preparing-successful',
    run: refreshed('The host is prepared for the installation'),
  },
  { on: 'refresh', from: ['preparing-successful'], when: all(isConnected, clusterPreparing) },
  {
    on: 'refresh',
    from: ['preparing-successful'],
    when: all(isConnected, clusterIs('installing')),
    to: 'installing',
    run: refreshed('The installation is running'),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(isConnected, nothingBad, not(clusterPreparing)),
    to: 'known',
    run: refreshed('The host is ready to be installed'),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation', 'preparing-failed', 'known'],
    when: all(isConnected, not(diskNotBad)),
    to: 'insufficient',
    run: refreshed((context) => `The host cannot be installed: ${failures(context)}`),
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
        ...(hostConditions.diskSpeedSuccessful(host) ? [] : ['disk speed']),
        ...(hostConditions.imagesSuccessful(host) ? [] : ['images']),
      ];
      return `Preparation took too long, results are missing: ${missing.join(', ')}`;
    }),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation'],
    when: all(isConnected, not(imagesNotBad)),
    to: 'preparing-failed',
    run: refreshed((context) => `Preparation failed: ${failures(context)}`),
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
    run: refreshed('The host is ready to be installed'),
  },
  {
    on: 'refresh',
    from: ['preparing-successful'],
    when: all(isConnected, not(any(clusterPreparing, clusterIs('installing')))),
    to: 'known',
    run: refreshed('The host is ready to be installed'),
  },
  {
    on: 'refresh',
    from: [...BEFORE, 'preparing-failed'],
    when: not(isConnected),
    to: 'disconnected',
    run: refreshed('The host has stopped polling'),
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
    run: refreshed('The host was stopped because the cluster failed'),
  },
  {
    on: 'refresh',
    from: ['installing'],
    when: statusTimedOut((core) => otherTimeouts(core.settings).installingWithoutProgress),
    to: 'error',
    run: refreshed('The installation did not begin in time'),
  },
  {
    on: 'refresh',
    from: ['preparing-for-installation', 'preparing-successful'],
    when: not(isConnected),
    to: 'disconnected',
    run: refreshed('The host has stopped polling while preparing'),
  },
  {
    on: 'refresh',
    from: INSTALLING,
    when: all(not(isConnected), not(soft)),
    to: 'error',
    run: refreshed('The host has stopped polling while installing'),
  },
  {
    on: 'refresh',
    from: INSTALLING,
    when: all(not(isConnected), soft, ({ host }) => !host.connectionTimedOut),
    run: connectionFlagged(true, 'The host has stopped polling while installing; it may come back'),
  },
  {
    on: 'refresh',
    from: INSTALLING,
    when: all(isConnected, soft, ({ host }) => host.connectionTimedOut),
    run: connectionFlagged(false, 'The host polls again'),
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
      const minutes = Math.trunc(stageTimeout(core.settings, host.stage, isSingleNode(host.cluster)) / 60_000);
      const hint = host.stage === 'Writing image to disk' ? `; look at disk ${host.installationDiskPath}` : '';
      return `Stage ${host.stage} took longer than ${minutes} minutes${hint}`;
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
        `The host did not come back from its reboot; check that it boots from disk ${host.installationDiskPath}`,
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
    run: refreshed('Nobody acted in time; the cluster goes on without the host'),
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
    run: refreshed('The host has not sent its inventory yet'),
  },
  {
    on: 'refresh',
    from: BEFORE,
    when: all(isConnected, hasInventory, not(minimumHardware)),
    to: 'insufficient',
    run: refreshed((context) => `The host is too weak: ${failures(context)}`),
  },
  {
    on: 'refresh',
    from: BEFORE,
    when: all(isConnected, hasInventory, vsphereReady, minimumHardware, not(inputComplete)),
    to: 'pending-for-input',
    run: refreshed((context) => `Input is missing: ${failures(context)}`),
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
    run: refreshed((context) => `The host cannot be installed: ${failures(context)}`),
  },
  {
    on: 'refresh',
    from: BEFORE,
    when: all(isConnected, hasInventory, minimumHardware, inputComplete, sufficient, vsphereReady),
    to: 'known',
    run: refreshed('The host is ready to be installed'),
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
    run: refreshed('The host has stopped polling'),
  },
  { on: 'media-lost', from: [...POOL, 'unbinding'], to: 'disconnected-unbound', run: mediaLost },
  {
    on: 'refresh',
    from: ['disconnected-unbound', 'discovering-unbound'],
    when: all(isConnected, not(hasInventory)),
    to: 'discovering-unbound',
    run: refreshed('The host has not sent its inventory yet'),
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
    run: refreshed((context) => `The host is too weak: ${failures(context)}`),
  },
  { on: 'refresh', from: ['binding', 'unbinding'] },
  {
    on: 'refresh',
    from: POOL,
    when: all(isConnected, hasInventory),
    to: 'known-unbound',
    run: refreshed('The host is ready to be bound'),
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
          flip.usedToSucceed ? 'used to pass and fails now' : 'failed',
        );
      } else {
        core.events.emit('host_validation_fixed', aboutHost(host), displayName(host), flip.id);
      }
    }
    host.validations = verdict.results;
    host.validationsText = undefined;
    host.updatedAt = core.clock.now();
  }
  machine.run('refresh', host.status, { core, host, verdict, reason: '', target: undefined, isNew: false });
}
