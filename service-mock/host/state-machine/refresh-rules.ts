/**
 * How a bound host follows what is known of it, at each look of the monitor. Order matters. Upstream: assisted-service,
 * internal/host/statemachine.go, NewHostStateMachine (transitions of TransitionTypeRefresh).
 */

import { all, any, holds, not } from '../../statemachine/conditions.ts';
import { hasEnoughNodes } from '../roles.ts';
import { otherTimeouts, preparationTimeouts } from '../stages.ts';
import { hostConditions } from '../validations/evaluate.ts';
import {
  connectionFlagged,
  diskName,
  failures,
  NOT_PROGRESSING,
  PREPARED,
  refreshed,
  resetLogs,
  stageFlagged,
  stageLimit,
  unbound,
} from './actions.ts';
import {
  BEFORE_PREPARATION,
  clusterIs,
  clusterPreparing,
  diskKnownGood,
  diskNotBad,
  hasInventory,
  hasRole,
  INSTALLED,
  INSTALLING,
  imagesKnownGood,
  imagesNotBad,
  inputComplete,
  inReboot,
  inStage,
  isConnected,
  isDay2,
  logsOverdue,
  minimumHardware,
  nothingBad,
  reclaimTimedOut,
  soft,
  somethingUnknown,
  stageTimedOut,
  statusTimedOut,
  sufficient,
  vsphereReady,
  waitsForOthers,
} from './conditions.ts';
import type { HostRule } from './context.ts';
import { setHostStatus } from './status.ts';

export const REFRESH_RULES: readonly HostRule[] = [
  {
    on: 'refresh',
    from: ['reclaiming', 'reclaiming-rebooting'],
    when: reclaimTimedOut,
    to: 'unbinding-pending-user-action',
    run: unbound,
  },
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
    from: [...BEFORE_PREPARATION, 'preparing-failed'],
    when: not(isConnected),
    to: 'disconnected',
    run: refreshed('Host has stopped communicating with the installation service'),
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
    from: BEFORE_PREPARATION,
    when: all(isConnected, hasInventory, not(minimumHardware)),
    to: 'insufficient',
    run: refreshed((context) => `Host does not meet the minimum hardware requirements: ${failures(context)}`),
  },
  {
    on: 'refresh',
    from: BEFORE_PREPARATION,
    when: all(isConnected, hasInventory, vsphereReady, minimumHardware, not(inputComplete)),
    to: 'pending-for-input',
    run: refreshed((context) => `Waiting for user input: ${failures(context)}`),
  },
  {
    on: 'refresh',
    from: BEFORE_PREPARATION,
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
    from: BEFORE_PREPARATION,
    when: all(isConnected, hasInventory, minimumHardware, inputComplete, sufficient, vsphereReady),
    to: 'known',
    run: refreshed('Host is ready to be installed'),
  },
  {
    on: 'refresh',
    from: ['error', 'cancelled'],
    when: logsOverdue,
    run: ({ core, host }) => {
      host.logsInfo = 'timeout';
      host.updatedAt = core.clock.now();
    },
  },
  { on: 'refresh', from: ['error', 'cancelled', 'resetting'] },
  { on: 'refresh', from: ['added-to-existing-cluster'], when: isDay2 },
  { on: 'refresh', from: ['reclaiming', 'reclaiming-rebooting'] },
];
