/** Hosts without a cluster. Order matters. Upstream: assisted-service, internal/host/pool_host_statemachine.go, NewPoolHostStateMachine. */

import { all, holds, not } from '../../statemachine/conditions.ts';
import { bindTo, failures, mediaLost, refreshed, registered } from './actions.ts';
import { hasInventory, isConnected, isUnbound, WAITING_UNBOUND } from './conditions.ts';
import type { HostRule } from './context.ts';

export const POOL_RULES: readonly HostRule[] = [
  { on: 'register', from: [''], when: isUnbound, to: 'discovering-unbound', run: registered },
  {
    on: 'register',
    from: [...WAITING_UNBOUND, 'unbinding', 'unbinding-pending-user-action', 'reclaiming-rebooting'],
    to: 'discovering-unbound',
    run: registered,
  },
  { on: 'bind', from: ['known-unbound'], to: 'binding', run: bindTo },
  {
    on: 'refresh',
    from: [...WAITING_UNBOUND, 'unbinding'],
    when: not(holds('connected')),
    to: 'disconnected-unbound',
    run: refreshed('Host has stopped communicating with the installation service'),
  },
  { on: 'media-lost', from: [...WAITING_UNBOUND, 'unbinding'], to: 'disconnected-unbound', run: mediaLost },
  {
    on: 'refresh',
    from: ['disconnected-unbound', 'discovering-unbound'],
    when: all(isConnected, not(hasInventory)),
    to: 'discovering-unbound',
    run: refreshed('Waiting for host to send hardware details'),
  },
  {
    on: 'refresh',
    from: WAITING_UNBOUND,
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
    from: WAITING_UNBOUND,
    when: all(isConnected, hasInventory),
    to: 'known-unbound',
    run: refreshed('Host is ready to be bound to a cluster'),
  },
];
