/**
 * What happens to a bound host by what its agent or a user does. Order matters. Upstream: assisted-service,
 * internal/host/statemachine.go, NewHostStateMachine.
 */

import { OperationError } from '../../service-api.ts';
import { all, any, not } from '../../statemachine/conditions.ts';
import {
  mediaLost,
  progressed,
  registered,
  registeredWhilePreparing,
  registeredWhileRebooting,
  text,
  unbound,
  withReason,
} from './actions.ts';
import { BEFORE_PREPARATION, INSTALLING, inDone, inReboot, isDay2, isUnbound } from './conditions.ts';
import type { HostRule } from './context.ts';

export const TRIGGER_RULES: readonly HostRule[] = [
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
  { on: 'unbind', from: BEFORE_PREPARATION, to: 'unbinding', run: unbound },
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
  { on: 'reclaim', from: BEFORE_PREPARATION, to: 'unbinding', run: unbound },
  { on: 'reclaim', from: ['error', 'cancelled'], to: 'unbinding-pending-user-action', run: unbound },
  { on: 'media-lost', from: [...BEFORE_PREPARATION, 'binding'], to: 'disconnected', run: mediaLost },
  {
    on: 'media-lost',
    from: ['preparing-for-installation', 'preparing-failed', 'preparing-successful', ...INSTALLING, 'error'],
    to: 'error',
    run: mediaLost,
  },
];
