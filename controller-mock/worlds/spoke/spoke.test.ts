import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLUSTER_OPERATORS } from '../../../model/spoke/profiles.ts';
import { ManualClock } from '../../../model/time/testing/manual-clock.ts';
import type { GroupResource, KubeObject } from '../../api/object.ts';
import { podLogsOf } from '../../builtins/behaviour/pod-logs.ts';
import { prune } from '../../schema/prune.ts';
import { validateSchema } from '../../schema/validate.ts';
import { CERTIFICATE_REQUEST } from '../../testing/certificates.ts';
import { openshiftTypes, RESOURCES } from './kinds.ts';
import type { SpokeSettingsInput } from './spoke-settings.ts';
import { type SpokeAccess, SpokeWorld } from './spoke-world.ts';

const MINUTE = 60_000;

let clock: ManualClock;
let world: SpokeWorld;
const started: string[] = [];

beforeEach(async () => {
  clock = new ManualClock();
  started.length = 0;
  world = await SpokeWorld.start({ clock, tls: false, onControllerStart: (name) => started.push(name) });
});
afterEach(() => world.close());

function add(settings: Partial<SpokeSettingsInput> = {}): Promise<SpokeAccess> {
  return world.addSpoke({ name: 'demo', topology: '3+2', profile: 'quick', ...settings });
}

function rebootAll(spoke: SpokeAccess): void {
  for (const host of spoke.hosts.keys()) world.hostRebooted(spoke.name, host);
}

const states = (spoke: SpokeAccess) => Object.fromEntries(spoke.hosts);
const names = (spoke: SpokeAccess, resource: GroupResource) =>
  spoke.cluster.list(resource).map((object) => object.metadata.name);

type Conditions = { type: string; status: string; message: string; reason: string }[];
const conditions = (object: KubeObject | undefined) => (object?.status as { conditions: Conditions }).conditions;
const isReady = (node: KubeObject) => conditions(node).find((entry) => entry.type === 'Ready')?.status;

/** What the controller would report of an operator: the first condition that tells it something. */
function reported(object: KubeObject | undefined): string {
  for (const { type, status, message } of conditions(object)) {
    if (type === 'Available' && status === 'True') return `available: ${message}`;
    if (type === 'Progressing' && status === 'True') return `progressing: ${message}`;
    if ((type === 'Degraded' && status === 'True') || (type === 'Available' && status === 'False')) {
      return `failed: ${message}`;
    }
  }
  return 'progressing: ';
}

const operator = (spoke: SpokeAccess, name: string) =>
  reported(spoke.cluster.get(RESOURCES.clusterOperators, '', name));
const version = (spoke: SpokeAccess) => reported(spoke.cluster.get(RESOURCES.clusterVersions, '', 'version'));

function openCsrs(spoke: SpokeAccess): KubeObject[] {
  return spoke.cluster
    .list(RESOURCES.csrs)
    .filter((csr) => !(csr.status as { conditions?: Conditions }).conditions?.length);
}

/** As the controller does every 30 seconds. */
function approveAll(spoke: SpokeAccess): void {
  for (const csr of openCsrs(spoke)) {
    spoke.cluster.modify(
      RESOURCES.csrs,
      '',
      csr.metadata.name ?? '',
      (draft) => {
        draft.status = { conditions: [{ type: 'Approved', status: 'True', reason: 'NodeCSRApprove' }] };
      },
      { subresource: 'approval' },
    );
  }
}

async function advanceApproving(spoke: SpokeAccess, minutes: number): Promise<void> {
  for (let half = 0; half < minutes * 2; half++) {
    await clock.advance(MINUTE / 2);
    approveAll(spoke);
  }
}

describe('from the start', () => {
  it('has what the controller asks for first', async () => {
    const { cluster } = await add({ platform: 'none', version: '4.18.3' });
    expect(cluster.get(RESOURCES.proxies, '', 'cluster')?.status).toEqual({});
    const config = cluster.get(RESOURCES.configMaps, 'kube-system', 'cluster-config-v1');
    expect((config?.data as Record<string, string>)['install-config']).toMatch(
      /replicas: 3[\s\S]*- 172\.30\.0\.0\/16[\s\S]*none: \{\}/,
    );
    const manifests = cluster.get(RESOURCES.configMaps, 'openshift-config', 'openshift-install-manifests');
    expect(manifests?.data).toEqual({ invoker: 'assisted-service', version: 'v4.18.3' });
    const dns = cluster.get(RESOURCES.services, 'openshift-dns', 'dns-default');
    expect(dns?.spec).toMatchObject({ clusterIP: '172.30.0.10' });
    expect(cluster.list(RESOURCES.nodes)).toEqual([]);
    expect(cluster.list(RESOURCES.clusterOperators)).toHaveLength(CLUSTER_OPERATORS.length);
  });

  it('shows operators that progress, not failed ones', async () => {
    const spoke = await add();
    expect(operator(spoke, 'console')).toMatch(/^progressing: Working toward version 4\.18\.52/);
    expect(version(spoke)).toMatch(/^progressing: Working towards 4\.18\.52/);
  });

  it('changes nothing by itself', async () => {
    const spoke = await add();
    const before = spoke.cluster.store.resourceVersion;
    await clock.advance(60 * MINUTE);
    expect(spoke.cluster.store.resourceVersion).toBe(before);
  });
});

describe('an installation', () => {
  it('ends with all nodes Ready and all operators available, in the order of a real one', async () => {
    const spoke = await add();
    const seen: string[] = [];
    const stop = spoke.cluster.store.observe(({ collection, type, record }) => {
      const { name } = record.object.metadata;
      if (collection === '/nodes') seen.push(`${type === 'ADDED' ? 'node' : isReady(record.object)} ${name}`);
    });
    rebootAll(spoke);
    await advanceApproving(spoke, 15);
    stop();
    expect(new Set(spoke.hosts.values())).toEqual(new Set(['ready']));
    for (const host of spoke.hosts.keys()) {
      expect(seen.indexOf(`node ${host}`)).toBeGreaterThanOrEqual(0);
      expect(seen.indexOf(`True ${host}`)).toBeGreaterThan(seen.indexOf(`node ${host}`));
    }
    expect(operator(spoke, 'console')).toBe('available: All is well');
    expect(version(spoke)).toBe('available: Done applying 4.18.52');
    for (const name of CLUSTER_OPERATORS) expect(operator(spoke, name)).toMatch(/^available/);
    const ingress = spoke.cluster.get(RESOURCES.configMaps, 'openshift-config-managed', 'default-ingress-cert');
    expect((ingress?.data as Record<string, string>)['ca-bundle.crt']).toContain('BEGIN CERTIFICATE');
    expect(started).toEqual(['demo']);
  });

  it('changes the messages of its operators on the way', async () => {
    const spoke = await add({ csrApproval: 'automatic' });
    const messages = new Set([version(spoke)]);
    spoke.cluster.store.observe(({ collection, record }) => {
      if (collection === 'config.openshift.io/clusterversions') messages.add(reported(record.object));
    });
    rebootAll(spoke);
    await clock.advance(15 * MINUTE);
    expect([...messages]).toEqual([
      'progressing: Working towards 4.18.52: 689 of 903 done (76% complete)',
      'progressing: Working towards 4.18.52: 889 of 903 done (98% complete)',
      'available: Done applying 4.18.52',
    ]);
  });

  it('keeps a transition time while the status of a condition stays', async () => {
    const spoke = await add({ csrApproval: 'automatic' });
    const since = () =>
      (
        conditions(spoke.cluster.get(RESOURCES.clusterVersions, '', 'version')) as unknown as {
          type: string;
          lastTransitionTime: string;
        }[]
      ).find((entry) => entry.type === 'Progressing')?.lastTransitionTime;
    const before = since();
    rebootAll(spoke);
    let steps = 0;
    while (version(spoke).startsWith('progressing') && steps++ < 1000) {
      expect(since()).toBe(before);
      await clock.advance(1000);
    }
    expect(since()).not.toBe(before);
  });

  it('keeps workers out until somebody approves their certificates, twice', async () => {
    const spoke = await add();
    rebootAll(spoke);
    await clock.advance(10 * MINUTE);
    expect(states(spoke)).toMatchObject({
      'demo-master-1': 'ready',
      'demo-master-2': 'ready',
      'demo-master-0': 'requested',
      'demo-worker-0': 'requested',
      'demo-worker-1': 'requested',
    });
    const client = openCsrs(spoke);
    expect(client).toHaveLength(3);
    expect(client[0]?.spec).toMatchObject({
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      username: 'system:serviceaccount:openshift-machine-config-operator:node-bootstrapper',
    });
    approveAll(spoke);
    await clock.advance(10 * MINUTE);
    expect(spoke.hosts.get('demo-worker-0')).toBe('joined');
    expect(names(spoke, RESOURCES.nodes)).toContain('demo-worker-0');
    expect(new Set(openCsrs(spoke).map((csr) => (csr.spec as { signerName: string }).signerName))).toEqual(
      new Set(['kubernetes.io/kubelet-serving']),
    );
    approveAll(spoke);
    await clock.advance(1);
    expect(spoke.hosts.get('demo-worker-0')).toBe('ready');
    for (const csr of spoke.cluster.list(RESOURCES.csrs)) expect(csr.status).toHaveProperty('certificate');
  });

  it('leaves certificates of day 2 to clients, also where the bootstrap approved those of day 1', async () => {
    const spoke = await add({ topology: 'sno' });
    rebootAll(spoke);
    await clock.advance(10 * MINUTE);
    expect(openCsrs(spoke)).toEqual([]);
    world.addHost('demo', { name: 'late', role: 'worker', addresses: ['192.0.2.99'] });
    world.hostRebooted('demo', 'late');
    await clock.advance(10 * MINUTE);
    expect(spoke.hosts.get('late')).toBe('requested');
    await advanceApproving(spoke, 5);
    expect(spoke.hosts.get('late')).toBe('ready');
    expect(spoke.cluster.get(RESOURCES.machineConfigPools, '', 'worker')?.status).toMatchObject({ machineCount: 1 });
  });

  it('issues the certificate of a stranger once it is approved', async () => {
    const spoke = await add();
    spoke.cluster.create(RESOURCES.csrs, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'stranger' },
      spec: {
        request: CERTIFICATE_REQUEST,
        signerName: 'kubernetes.io/kubelet-serving',
        usages: ['digital signature', 'server auth'],
      },
    });
    const status = () => spoke.cluster.get(RESOURCES.csrs, '', 'stranger')?.status;
    await clock.advance(MINUTE);
    expect(status()).not.toHaveProperty('conditions');
    approveAll(spoke);
    await clock.advance(1);
    expect(status()).toHaveProperty('certificate');
  });

  it('lets the bootstrap approve nothing that a client approved before', async () => {
    const spoke = await add({ topology: 'sno' });
    rebootAll(spoke);
    while (openCsrs(spoke).length === 0) await clock.advance(100);
    const [name = ''] = openCsrs(spoke).map((csr) => csr.metadata.name);
    approveAll(spoke);
    await clock.advance(MINUTE / 2);
    const conditionsNow = conditions(spoke.cluster.get(RESOURCES.csrs, '', name));
    expect(conditionsNow.map(({ reason }) => reason)).toEqual(['NodeCSRApprove']);
  });

  it('needs nobody and no ignition server on a single node', async () => {
    const spoke = await add({ topology: 'sno' });
    rebootAll(spoke);
    await clock.advance(15 * MINUTE);
    expect(states(spoke)).toEqual({ 'demo-master-0': 'ready' });
    expect(operator(spoke, 'console')).toBe('available: All is well');
    const [node] = spoke.cluster.list(RESOURCES.nodes);
    expect(node?.metadata.labels).toMatchObject({
      'node-role.kubernetes.io/master': '',
      'node-role.kubernetes.io/worker': '',
    });
    const [server] = spoke.cluster.list(RESOURCES.pods, { labelSelector: 'k8s-app=machine-config-server' });
    expect(podLogsOf(spoke.cluster).source(server!, 'machine-config-server').lines()).toEqual([]);
  });

  it('shows in the log of the machine-config-server who fetched an ignition, as the controller looks for it', async () => {
    const spoke = await add({
      csrApproval: 'automatic',
      hosts: [
        { name: 'm-0', role: 'master', addresses: ['192.0.2.11', '2001:db8::11'] },
        { name: 'm-1', role: 'master', addresses: ['2001:db8::12'] },
        { name: 'm-2', role: 'master', addresses: ['192.0.2.13'], bootstrap: true },
      ],
      topology: 'compact',
    });
    rebootAll(spoke);
    await clock.advance(10 * MINUTE);
    const pods = spoke.cluster.list(RESOURCES.pods, {
      namespace: 'openshift-machine-config-operator',
      labelSelector: 'k8s-app=machine-config-server',
    });
    expect(pods).toHaveLength(3);
    const text = podLogsOf(spoke.cluster)
      .source(pods[0]!, 'machine-config-server')
      .lines()
      .map((line) => line.text)
      .join('\n');
    for (const address of ['192.0.2.11', '2001:db8::12', '192.0.2.13']) {
      const matcher = new RegExp(`${address}(%[a-zA-Z0-9]+)?\\]?:\\d+"? User-Agent:"Ignition`);
      expect(text).toMatch(matcher);
    }
  });

  it('writes MachineConfigs and the annotations that name them', async () => {
    const spoke = await add({ csrApproval: 'automatic' });
    rebootAll(spoke);
    await clock.advance(15 * MINUTE);
    const configs = names(spoke, RESOURCES.machineConfigs);
    for (const node of spoke.cluster.list(RESOURCES.nodes)) {
      const annotations = node.metadata.annotations ?? {};
      const current = annotations['machineconfiguration.openshift.io/currentConfig'];
      const role = node.metadata.name?.includes('worker') ? 'worker' : 'master';
      expect(current).toMatch(new RegExp(`^rendered-${role}-`));
      expect(annotations['machineconfiguration.openshift.io/desiredConfig']).toBe(current);
      expect(configs).toContain(current);
    }
    expect(spoke.cluster.get(RESOURCES.machineConfigPools, '', 'worker')?.status).toMatchObject({
      machineCount: 2,
      readyMachineCount: 2,
    });
  });

  it('is the same in every process', async () => {
    const times: string[][] = [];
    for (const round of [0, 1]) {
      const spoke = await add({ csrApproval: 'automatic' });
      const begin = clock.now();
      const seen: string[] = [];
      spoke.cluster.store.observe(({ collection, record }) => {
        if (collection === '/nodes') seen.push(`${clock.now() - begin} ${record.object.metadata.name}`);
      });
      rebootAll(spoke);
      await clock.advance(10 * MINUTE);
      times[round] = seen;
      await world.removeSpoke('demo');
    }
    expect(times[0]?.length).toBeGreaterThan(9);
    expect(times[1]).toEqual(times[0]);
  });
});

describe('bare metal', () => {
  it('has a Machine and a BareMetalHost for each host, workers still to be given away', async () => {
    const spoke = await add({ platform: 'baremetal' });
    expect(names(spoke, RESOURCES.machines)).toHaveLength(5);
    expect(spoke.cluster.get(RESOURCES.provisionings, '', 'provisioning-configuration')).toBeDefined();
    const worker = spoke.cluster.get(RESOURCES.bareMetalHosts, 'openshift-machine-api', 'demo-worker-0');
    expect(worker?.metadata.annotations).toHaveProperty('baremetalhost.metal3.io/paused');
    expect(worker?.spec).not.toHaveProperty('consumerRef');
  });

  it('adopts a host that is given away and no longer paused', async () => {
    const spoke = await add({ platform: 'baremetal' });
    spoke.cluster.modify(RESOURCES.bareMetalHosts, 'openshift-machine-api', 'demo-worker-0', (draft) => {
      delete draft.metadata.annotations;
      (draft.spec as Record<string, unknown>).externallyProvisioned = true;
    });
    await clock.advance(MINUTE);
    const worker = spoke.cluster.get(RESOURCES.bareMetalHosts, 'openshift-machine-api', 'demo-worker-0');
    expect(worker?.status).toMatchObject({ provisioning: { state: 'externally provisioned' } });
  });
});

describe('operators of OLM', () => {
  const olmOperators = [{ name: 'lvms-operator', namespace: 'openshift-storage' }];
  const csv = (spoke: SpokeAccess) =>
    spoke.cluster.get(RESOURCES.csvs, 'openshift-storage', 'lvms-operator.v4.18.52')?.status as
      | { phase: string }
      | undefined;
  const subscription = (spoke: SpokeAccess) =>
    spoke.cluster.get(RESOURCES.subscriptions, 'openshift-storage', 'lvms-operator')?.status as { currentCSV?: string };

  it('come after the nodes and succeed', async () => {
    const spoke = await add({ olmOperators, csrApproval: 'automatic' });
    expect(spoke.cluster.list(RESOURCES.subscriptions)).toEqual([]);
    rebootAll(spoke);
    await clock.advance(15 * MINUTE);
    expect(csv(spoke)?.phase).toBe('Succeeded');
    expect(subscription(spoke).currentCSV).toBe('lvms-operator.v4.18.52');
    const [plan] = spoke.cluster.list(RESOURCES.installPlans);
    expect(plan?.status).toEqual({ phase: 'Complete', catalogSources: [] });
    expect(plan?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Subscription', name: 'lvms-operator' });
  });

  it.each([
    ['unpack-job-failed', RESOURCES.jobs],
    ['install-plan-failed', RESOURCES.installPlans],
  ] as const)('%s: go on when the controller has deleted what failed', async (fault, resource) => {
    const spoke = await add({ olmOperators, faults: [fault], csrApproval: 'automatic' });
    rebootAll(spoke);
    await clock.advance(20 * MINUTE);
    expect(csv(spoke)).toBeUndefined();
    expect(subscription(spoke).currentCSV).toBeUndefined();
    const [failed] = spoke.cluster.list(resource);
    spoke.cluster.delete(resource, failed?.metadata.namespace ?? '', failed?.metadata.name ?? '');
    await clock.advance(10 * MINUTE);
    expect(csv(spoke)?.phase).toBe('Succeeded');
  });

  it('csv-failed: fail', async () => {
    const spoke = await add({ olmOperators, faults: ['csv-failed'], csrApproval: 'automatic' });
    rebootAll(spoke);
    await clock.advance(20 * MINUTE);
    expect(csv(spoke)?.phase).toBe('Failed');
  });
});

it.each([
  'baremetal',
  'none',
  'vsphere',
] as const)('writes nothing on platform %s that the schemas of its kinds do not know', async (platform) => {
  const olmOperators = [{ name: 'lvms-operator', namespace: 'openshift-storage' }];
  const spoke = await add({ platform, olmOperators, csrApproval: 'automatic' });
  rebootAll(spoke);
  const faults = () =>
    openshiftTypes().flatMap((type) =>
      spoke.cluster.list({ group: type.group, resource: type.plural }).flatMap((object) => {
        const copy = structuredClone(object) as KubeObject & Record<string, unknown>;
        return [...prune(copy, type.schema), ...validateSchema(copy, type.schema).map(({ field }) => field)].map(
          (path) => `${type.kind}: ${path}`,
        );
      }),
    );
  expect(faults()).toEqual([]);
  await clock.advance(15 * MINUTE);
  expect(spoke.cluster.list(RESOURCES.csvs)).toHaveLength(1);
  expect(faults()).toEqual([]);
});

describe('what goes wrong', () => {
  it.each([
    ['no-ignition', 'booting'],
    ['node-never-joins', 'ignition'],
    ['node-never-ready', 'joined'],
  ] as const)('%s: the last host stays %s, the others do not', async (fault, state) => {
    const spoke = await add({ faults: [fault], csrApproval: 'automatic' });
    rebootAll(spoke);
    await clock.advance(30 * MINUTE);
    expect(states(spoke)).toMatchObject({ 'demo-worker-0': 'ready', 'demo-worker-1': state });
    expect(operator(spoke, 'console')).toMatch(/^progressing/);
  });

  it('console-degraded: the console fails, the others are available', async () => {
    const spoke = await add({ faults: ['console-degraded'], csrApproval: 'automatic' });
    rebootAll(spoke);
    await clock.advance(30 * MINUTE);
    expect(operator(spoke, 'console')).toMatch(/^failed: RouteHealthDegraded/);
    expect(operator(spoke, 'etcd')).toMatch(/^available/);
  });

  it('cluster-version-stuck: the ClusterVersion progresses for ever', async () => {
    const spoke = await add({ faults: ['cluster-version-stuck'], csrApproval: 'automatic' });
    rebootAll(spoke);
    await clock.advance(120 * MINUTE);
    expect(version(spoke)).toMatch(/^progressing: .*waiting on authentication/);
    expect(operator(spoke, 'console')).toMatch(/^available/);
  });

  it('no-ingress-certificate: it never appears', async () => {
    const spoke = await add({ faults: ['no-ingress-certificate'], csrApproval: 'automatic' });
    rebootAll(spoke);
    await clock.advance(60 * MINUTE);
    expect(spoke.cluster.get(RESOURCES.configMaps, 'openshift-config-managed', 'default-ingress-cert')).toBeUndefined();
  });

  it('dns-address-taken: the DNS service gets its address once it is free', async () => {
    const spoke = await add({ faults: ['dns-address-taken'] });
    const owner = () =>
      spoke.cluster
        .list(RESOURCES.services)
        .find((service) => (service.spec as { clusterIP?: string }).clusterIP === '172.30.0.10')?.metadata;
    const thief = owner();
    expect(thief?.name).not.toBe('dns-default');
    spoke.cluster.delete(RESOURCES.services, thief?.namespace ?? '', thief?.name ?? '');
    await clock.advance(MINUTE);
    expect(owner()).toMatchObject({ namespace: 'openshift-dns', name: 'dns-default' });
  });

  it('dns-address-taken: a second thief keeps the address until it is deleted, too', async () => {
    const spoke = await add({ faults: ['dns-address-taken'] });
    const holder = () =>
      spoke.cluster
        .list(RESOURCES.services)
        .find((service) => (service.spec as { clusterIP?: string }).clusterIP === '172.30.0.10');
    const free = () => {
      const { namespace = '', name = '' } = holder()?.metadata ?? {};
      spoke.cluster.delete(RESOURCES.services, namespace, name);
    };
    const thief = structuredClone(holder()!);
    free();
    const { resourceVersion: _, uid: __, ...metadata } = thief.metadata;
    spoke.cluster.create(RESOURCES.services, { ...thief, metadata: { ...metadata, name: 'second-thief' } });
    await clock.advance(MINUTE);
    expect(holder()?.metadata.name).toBe('second-thief');
    free();
    await clock.advance(MINUTE);
    expect(holder()?.metadata.name).toBe('dns-default');
  });

  it('a host that dies leaves an unreachable node', async () => {
    const spoke = await add({ csrApproval: 'automatic' });
    rebootAll(spoke);
    await clock.advance(10 * MINUTE);
    world.hostFailed('demo', 'demo-worker-1');
    await clock.advance(10 * MINUTE);
    expect(spoke.hosts.get('demo-worker-1')).toBe('failed');
    expect(isReady(spoke.cluster.get(RESOURCES.nodes, '', 'demo-worker-1')!)).toBe('Unknown');
  });

  it('a host that reboots again is a new node', async () => {
    const spoke = await add({ csrApproval: 'automatic' });
    rebootAll(spoke);
    await clock.advance(10 * MINUTE);
    const before = spoke.cluster.get(RESOURCES.nodes, '', 'demo-worker-1')?.metadata.uid;
    world.hostRebooted('demo', 'demo-worker-1');
    expect(spoke.cluster.get(RESOURCES.nodes, '', 'demo-worker-1')).toBeUndefined();
    await clock.advance(10 * MINUTE);
    const after = spoke.cluster.get(RESOURCES.nodes, '', 'demo-worker-1');
    expect(after && isReady(after)).toBe('True');
    expect(after?.metadata.uid).not.toBe(before);
  });

  it('a node that somebody deleted does not come back by itself and breaks nothing', async () => {
    const spoke = await add({ csrApproval: 'automatic' });
    rebootAll(spoke);
    while (spoke.hosts.get('demo-worker-1') !== 'joined') await clock.advance(1000);
    spoke.cluster.delete(RESOURCES.nodes, '', 'demo-worker-1');
    await clock.advance(20 * MINUTE);
    expect(spoke.cluster.get(RESOURCES.nodes, '', 'demo-worker-1')).toBeUndefined();
  });

  it('objects that somebody deleted do not stop the cluster', async () => {
    const spoke = await add({ csrApproval: 'automatic' });
    spoke.cluster.delete(RESOURCES.clusterOperators, '', 'etcd');
    spoke.cluster.delete(RESOURCES.machineConfigPools, '', 'worker');
    spoke.cluster.delete(RESOURCES.clusterVersions, '', 'version');
    spoke.cluster.delete(RESOURCES.namespaces, '', 'openshift-config-managed');
    rebootAll(spoke);
    await clock.advance(20 * MINUTE);
    expect(operator(spoke, 'console')).toBe('available: All is well');
  });
});

it('grows the log of the controller as fast as the profile says', async () => {
  const spoke = await add({ csrApproval: 'automatic' });
  rebootAll(spoke);
  while (started.length === 0) await clock.advance(1000);
  await clock.advance(10 * MINUTE);
  const [pod] = spoke.cluster.list(RESOURCES.pods, {
    namespace: 'assisted-installer',
    labelSelector: 'job-name=assisted-installer-controller',
    fieldSelector: 'status.phase=Running',
  });
  const lines = podLogsOf(spoke.cluster).source(pod!, 'assisted-installer-controller').lines();
  const bytes = lines.reduce((sum, line) => sum + line.text.length + 1, 0);
  expect(bytes).toBeGreaterThan(25_000);
  expect(bytes).toBeLessThan(40_000);
  expect(lines.map((line) => line.timeMs)).toEqual(lines.map((line) => line.timeMs).sort((a, b) => a - b));
});
