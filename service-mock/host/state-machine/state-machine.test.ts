import { describe, expect, it } from 'vitest';
import { HOST_STATUSES } from '../../../model/protocol/states.ts';
import { createCore } from '../../core/core.ts';
import { type ClusterRow, HostRow, type InfraEnvRow } from '../../core/rows.ts';
import { Site, silentMetrics } from '../../testing/test-site.ts';
import type { HostTrigger } from './context.ts';
import { HOST_RULES, runHost } from './machine.ts';

function rows() {
  const { clock, settings } = new Site();
  const core = createCore({ clock, settings, metrics: silentMetrics, uuid: () => 'x' });
  const infraEnv = { id: 'env', hosts: new Map(), clusterId: '' } as unknown as InfraEnvRow;
  const cluster = {
    id: 'cluster',
    hosts: [] as HostRow[],
    status: 'installing',
    preparation: {},
    controlPlaneCount: 3,
    membersVersion: 0,
    connectivityVersion: 0,
  } as unknown as ClusterRow;
  const host = new HostRow('host', infraEnv);
  host.cluster = cluster;
  cluster.hosts.push(host);
  infraEnv.hosts.set(host.id, host);
  return { core, host, cluster };
}

/** Target state by trigger and state; what is not listed is refused. `=` keeps the state. */
const TABLE: Record<string, Record<string, string>> = {
  'installation-failed': { installing: 'error', 'installing-in-progress': 'error' },
  cancel: {
    'installing-pending-user-action': 'cancelled',
    installing: 'cancelled',
    'installing-in-progress': 'cancelled',
    installed: 'cancelled',
    error: 'cancelled',
    'preparing-for-installation': 'known',
    'preparing-successful': 'known',
    known: 'known',
  },
  reset: Object.fromEntries(
    [
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
    ].map((state) => [state, 'resetting-pending-user-action']),
  ),
  unbind: {
    known: 'unbinding',
    discovering: 'unbinding',
    disconnected: 'unbinding',
    insufficient: 'unbinding',
    'pending-for-input': 'unbinding',
    'preparing-for-installation': 'unbinding-pending-user-action',
    'preparing-successful': 'unbinding-pending-user-action',
    'preparing-failed': 'unbinding-pending-user-action',
    installing: 'unbinding-pending-user-action',
    'installing-in-progress': 'unbinding-pending-user-action',
    'installing-pending-user-action': 'unbinding-pending-user-action',
    installed: 'unbinding-pending-user-action',
    'added-to-existing-cluster': 'unbinding-pending-user-action',
    error: 'unbinding-pending-user-action',
    cancelled: 'unbinding-pending-user-action',
  },
  register: {
    discovering: 'discovering',
    known: 'discovering',
    disconnected: 'discovering',
    insufficient: 'discovering',
    'pending-for-input': 'discovering',
    binding: 'discovering',
    'resetting-pending-user-action': 'discovering',
    resetting: 'discovering',
    'preparing-for-installation': 'known',
    'preparing-successful': 'known',
    installing: 'error',
    'installing-in-progress': 'error',
    error: 'error',
    'discovering-unbound': 'discovering-unbound',
    'disconnected-unbound': 'discovering-unbound',
    'insufficient-unbound': 'discovering-unbound',
    'known-unbound': 'discovering-unbound',
    unbinding: 'discovering-unbound',
    'unbinding-pending-user-action': 'discovering-unbound',
    'reclaiming-rebooting': 'discovering-unbound',
  },
  'media-lost': {
    discovering: 'disconnected',
    insufficient: 'disconnected',
    known: 'disconnected',
    'pending-for-input': 'disconnected',
    disconnected: 'disconnected',
    binding: 'disconnected',
    'preparing-for-installation': 'error',
    'preparing-failed': 'error',
    'preparing-successful': 'error',
    installing: 'error',
    'installing-in-progress': 'error',
    error: 'error',
    'discovering-unbound': 'disconnected-unbound',
    'insufficient-unbound': 'disconnected-unbound',
    'known-unbound': 'disconnected-unbound',
    'disconnected-unbound': 'disconnected-unbound',
    unbinding: 'disconnected-unbound',
  },
  bind: { 'known-unbound': 'binding' },
  install: {},
  reclaim: {
    installed: 'reclaiming',
    'added-to-existing-cluster': 'reclaiming',
    known: 'unbinding',
    discovering: 'unbinding',
    disconnected: 'unbinding',
    insufficient: 'unbinding',
    'pending-for-input': 'unbinding',
    error: 'unbinding-pending-user-action',
    cancelled: 'unbinding-pending-user-action',
  },
  'reclaim-rebooting': { reclaiming: 'reclaiming-rebooting' },
  'reclaim-failed': {
    reclaiming: 'unbinding-pending-user-action',
    'reclaiming-rebooting': 'unbinding-pending-user-action',
  },
};

describe.each(Object.keys(TABLE))('trigger %s', (trigger) => {
  it.each(
    HOST_STATUSES.filter((status) => !(trigger === 'register' && status === 'installed')),
  )('in state %s', (status) => {
    const { core, host } = rows();
    host.status = status;
    const wanted = TABLE[trigger]?.[status];
    expect(runHost(core, host, trigger as HostTrigger)).toBe(wanted !== undefined);
    expect(host.status).toBe(wanted ?? status);
  });
});

describe('progress', () => {
  it.each([
    ['installing', 'Installing', false, 'installing-in-progress'],
    ['installing-in-progress', 'Done', false, 'installed'],
    ['installing-pending-user-action', 'Joined', false, 'installing-in-progress'],
    ['installing-in-progress', 'Done', true, 'added-to-existing-cluster'],
    ['installing-in-progress', 'Rebooting', true, 'installing-in-progress'],
    ['installed', 'Done', false, 'installed'],
  ])('from %s at stage %s (day-2 %s) leads to %s', (from, stage, day2, to) => {
    const { core, host } = rows();
    Object.assign(host, { status: from, stage, kind: day2 ? 'AddToExistingClusterHost' : 'Host' });
    expect(runHost(core, host, 'progress')).toBe(true);
    expect(host.status).toBe(to);
  });
});

it('every rule names states that exist', () => {
  const known = new Set<string>(['', ...HOST_STATUSES]);
  for (const rule of HOST_RULES) {
    for (const state of [...rule.from, ...(rule.to ? [rule.to] : [])]) expect(known).toContain(state);
  }
});
