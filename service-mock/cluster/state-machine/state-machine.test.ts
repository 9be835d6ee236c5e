import { describe, expect, it } from 'vitest';
import { CLUSTER_STATUSES } from '../../../model/protocol/states.ts';
import { createCore } from '../../core/core.ts';
import { type ClusterRow, HostRow, type InfraEnvRow } from '../../core/rows.ts';
import { builtinOperators } from '../../operators/choice.ts';
import { Site, silentMetrics } from '../../testing/test-site.ts';
import { emptyProgress } from '../progress.ts';
import { refreshCluster, runCluster } from './machine.ts';
import { CLUSTER_RULES } from './rules.ts';

const MINUTE = 60_000;

/** A cluster whose members have the given roles and states, e.g. `master:installed`. */
function rows(status: string, members: readonly string[], changes: Partial<ClusterRow> = {}, settings = {}) {
  const site = new Site(settings);
  const { clock } = site;
  const core = createCore({ clock, settings: site.settings, metrics: silentMetrics, uuid: () => 'x' });
  const infraEnv = { id: 'env', hosts: new Map(), clusterId: '' } as unknown as InfraEnvRow;
  const cluster = {
    id: 'cluster',
    kind: 'Cluster',
    name: 'test',
    openshiftVersion: '4.18.30',
    platform: { type: 'baremetal' },
    hosts: [] as HostRow[],
    status,
    statusInfo: '',
    statusUpdatedAt: clock.now(),
    installStartedAt: clock.now(),
    controlPlaneCount: 3,
    preparation: { status: 'success', reason: '' },
    progress: emptyProgress(),
    operators: builtinOperators(false),
    manifests: new Map(),
    apiVips: [],
    ingressVips: [],
    clusterNetworks: [],
    serviceNetworks: [],
    machineNetworks: [],
    diskEncryption: {},
    ignoredHostValidations: '',
    ignoredClusterValidations: '',
    validations: [],
    baseDnsDomain: '',
    pullSecret: '',
    logsInfo: '',
    controllerLogsStartedAt: 0,
    ...changes,
  } as unknown as ClusterRow;
  for (const [index, member] of members.entries()) {
    const [role, state] = member.split(':') as [string, string];
    const host = new HostRow(`host-${index}`, infraEnv);
    Object.assign(host, { role, suggestedRole: role, status: state, cluster });
    cluster.hosts.push(host);
  }
  return { core, cluster, clock };
}

const three = (state: string) => Array<string>(3).fill(`master:${state}`);

describe('triggers of users', () => {
  const TABLE: Record<string, Record<string, string>> = {
    cancel: {
      installing: 'cancelled',
      'installing-pending-user-action': 'cancelled',
      error: 'cancelled',
      finalizing: 'cancelled',
      'preparing-for-installation': 'ready',
    },
    reset: {
      'preparing-for-installation': 'insufficient',
      installing: 'insufficient',
      'installing-pending-user-action': 'insufficient',
      error: 'insufficient',
      cancelled: 'insufficient',
      finalizing: 'insufficient',
    },
    prepare: { ready: 'preparing-for-installation' },
  };
  for (const trigger of ['cancel', 'reset', 'prepare'] as const) {
    it.each(CLUSTER_STATUSES)(`${trigger} in %s`, (status) => {
      const { core, cluster } = rows(status, []);
      const wanted = TABLE[trigger]?.[status];
      expect(runCluster(core, cluster, trigger, 'because')).toBe(wanted !== undefined);
      expect(cluster.status).toBe(wanted ?? status);
    });
  }
});

interface Refresh {
  from: string;
  members: readonly string[];
  to: string;
  changes?: Partial<ClusterRow>;
  settings?: object;
  after?: number;
}

const finalizing = (stage: string): Partial<ClusterRow> => ({
  progress: { ...emptyProgress(), finalizingStage: stage, finalizingStageStartedAt: Date.UTC(2026, 0, 1) },
});
const available = builtinOperators(false).map((operator) => ({ ...operator, status: 'available' }));

const REFRESHES: readonly Refresh[] = [
  { from: 'insufficient', members: three('known'), to: 'pending-for-input' },
  { from: 'ready', members: three('known'), to: 'pending-for-input' },
  { from: 'preparing-for-installation', members: three('preparing-successful'), to: 'installing' },
  {
    from: 'preparing-for-installation',
    members: three('preparing-successful'),
    to: 'preparing-for-installation',
    changes: { preparation: { status: 'not_started', reason: '' } },
  },
  {
    from: 'preparing-for-installation',
    members: three('preparing-successful'),
    to: 'ready',
    changes: { preparation: { status: 'failed', reason: '' } },
  },
  {
    from: 'preparing-for-installation',
    members: ['master:disconnected', ...three('preparing-successful')],
    to: 'insufficient',
  },
  {
    from: 'preparing-for-installation',
    members: ['master:preparing-failed', ...three('preparing-successful')],
    to: 'ready',
  },
  { from: 'preparing-for-installation', members: three('preparing-for-installation'), to: 'ready', after: 19 * MINUTE },
  {
    from: 'preparing-for-installation',
    members: three('preparing-for-installation'),
    to: 'preparing-for-installation',
    after: 17 * MINUTE,
  },
  { from: 'installing', members: three('installing'), to: 'installing' },
  { from: 'installing', members: three('installed'), to: 'finalizing' },
  { from: 'installing', members: [...three('installed'), 'worker:installing', 'worker:installing'], to: 'installing' },
  { from: 'installing', members: [...three('installed'), 'worker:installing', 'worker:error'], to: 'error' },
  { from: 'installing', members: [...three('installed'), 'worker:installing'], to: 'finalizing' },
  { from: 'installing', members: ['master:error', 'master:installed', 'master:installed'], to: 'error' },
  {
    from: 'installing',
    members: ['master:installing-pending-user-action', 'master:installed', 'master:installed'],
    to: 'installing-pending-user-action',
  },
  {
    from: 'finalizing',
    members: [...three('installed'), 'worker:installing-pending-user-action'],
    to: 'installing-pending-user-action',
  },
  { from: 'installing-pending-user-action', members: three('installed'), to: 'finalizing' },
  { from: 'installing-pending-user-action', members: three('installing-in-progress'), to: 'installing' },
  {
    from: 'installing-pending-user-action',
    members: ['master:installing-pending-user-action', 'master:error', 'master:installed'],
    to: 'error',
  },
  {
    from: 'installing-pending-user-action',
    members: ['master:installing-pending-user-action', 'master:installed', 'master:installed'],
    to: 'error',
    after: 25 * 60 * MINUTE,
  },
  { from: 'installing', members: three('installing-in-progress'), to: 'installing', after: 25 * 60 * MINUTE },
  {
    from: 'installing',
    members: three('installing-in-progress'),
    to: 'error',
    after: 25 * 60 * MINUTE,
    settings: { ENABLE_SOFT_TIMEOUTS: true },
  },
  { from: 'finalizing', members: three('installed'), to: 'finalizing' },
  { from: 'finalizing', members: three('installed'), to: 'finalizing', changes: { ingressCertUploaded: true } },
  { from: 'finalizing', members: three('installed'), to: 'finalizing', changes: { operators: available } },
  {
    from: 'finalizing',
    members: three('installed'),
    to: 'installed',
    changes: { ingressCertUploaded: true, operators: available },
  },
  {
    from: 'finalizing',
    members: [...three('installed'), 'worker:error'],
    to: 'installed',
    changes: { ingressCertUploaded: true, operators: available },
  },
  {
    from: 'finalizing',
    members: [...three('installed'), 'worker:installing'],
    to: 'finalizing',
    changes: { ingressCertUploaded: true, operators: available },
  },
  { from: 'finalizing', members: three('installed'), to: 'error', after: 5 * 60 * MINUTE + 1 },
  {
    from: 'finalizing',
    members: three('installed'),
    to: 'error',
    changes: finalizing('Adding router ca'),
    after: 71 * MINUTE,
  },
  {
    from: 'finalizing',
    members: three('installed'),
    to: 'finalizing',
    changes: finalizing('Applying olm manifests'),
    after: 71 * MINUTE,
  },
  {
    from: 'finalizing',
    members: three('installed'),
    to: 'finalizing',
    changes: finalizing('Waiting for cluster operators'),
    after: 71 * MINUTE,
  },
  { from: 'installing', members: ['master:installed'], to: 'finalizing', changes: { controlPlaneCount: 1 } },
  { from: 'adding-hosts', members: [], to: 'adding-hosts', changes: { kind: 'AddHostsCluster' } },
];

describe('refresh', () => {
  it.each(REFRESHES)('$from with $members leads to $to ($changes, after $after ms)', async ({
    from,
    members,
    to,
    changes,
    settings,
    after,
  }) => {
    const { core, cluster, clock } = rows(from, members, changes, settings);
    await clock.advance(after ?? 0);
    refreshCluster(core, cluster);
    expect(cluster.status).toBe(to);
  });

  it('flags a finalizing stage of operators that takes too long', async () => {
    const { core, cluster, clock } = rows('finalizing', three('installed'), finalizing('Applying olm manifests'));
    await clock.advance(11 * MINUTE);
    refreshCluster(core, cluster);
    expect(cluster.progress.finalizingStageTimedOut).toBe(true);
  });

  it('gives a stage of operators as long as the slowest of them may take, whatever its own time-out', async () => {
    const settings = { TIMEOUTS: { FINALIZING_STAGE_WAITING_FOR_OLM_OPERATORS_CSV_TIMEOUT: 3 * MINUTE } };
    const lvm = { ...available[0]!, name: 'lvm', type: 'olm', status: 'progressing', timeoutSeconds: 1800 };
    const operators = [...available, lvm];
    const changes = { ...finalizing('Waiting for olm operators csv'), operators } as Partial<ClusterRow>;
    const { core, cluster, clock } = rows('finalizing', three('installed'), changes, settings);
    await clock.advance(29 * MINUTE);
    refreshCluster(core, cluster);
    expect(cluster.progress.finalizingStageTimedOut).toBe(false);
    await clock.advance(2 * MINUTE);
    refreshCluster(core, cluster);
    expect(cluster.progress.finalizingStageTimedOut).toBe(true);
  });

  it('says of an installed cluster which operators of OLM failed', () => {
    const olm = (name: string, status: string) => ({ ...available[0]!, name, type: 'olm', status });
    const operators = [...available, olm('lvm', 'failed'), olm('odf', 'failed'), olm('cnv', 'available')];
    const { core, cluster } = rows('finalizing', three('installed'), {
      ingressCertUploaded: true,
      operators,
    } as Partial<ClusterRow>);
    refreshCluster(core, cluster);
    expect(cluster.status).toBe('installed');
    expect(cluster.statusInfo).toBe('Cluster is installed but degraded. Failed OLM operators: lvm, odf');
  });
});

it('every rule names states that exist', () => {
  const known = new Set<string>(CLUSTER_STATUSES);
  for (const rule of CLUSTER_RULES)
    for (const state of [...rule.from, ...(rule.to ? [rule.to] : [])]) expect(known).toContain(state);
});
