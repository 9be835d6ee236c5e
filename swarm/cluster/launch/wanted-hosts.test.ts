import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildHost } from '../../host/build-host.ts';
import { expandPlan } from '../../plan/expand.ts';
import { parsePlan } from '../../plan/load.ts';
import type { BareMetalHostFacts, ClusterFacts, InfraEnvFacts, StaticNetworkFacts } from './infra-env-facts.ts';
import { type WantedHost, type WantedOptions, wantedHosts } from './wanted-hosts.ts';

const CLUSTER: ClusterFacts = {
  key: 'ns/c',
  name: 'c',
  baseDomain: 'example.com',
  controlPlanes: 3,
  arbiters: 0,
  workers: 2,
  machineNetworks: [],
  apiVip: null,
  ingressVip: null,
  installed: false,
  kubeconfigSecret: 'c-admin-kubeconfig',
};
const OPTIONS: WantedOptions = { seed: 's', agents: 0, poweredOn: null };

function factsOf(given: Partial<InfraEnvFacts> = {}): InfraEnvFacts {
  return {
    key: 'ns/env',
    name: 'env',
    namespace: 'ns',
    annotations: {},
    cluster: null,
    bareMetalHosts: [],
    networks: [],
    onDisk: new Set(),
    ...given,
  };
}

const bmh = (n: number, role: string | null = null): BareMetalHostFacts => ({
  key: `ns/bmh-${n}`,
  name: `bmh-${n}`,
  mac: `02:00:00:00:00:0${n}`,
  role,
});
const network = (n: number, macs: readonly string[]): StaticNetworkFacts => ({
  name: `net-${n}`,
  macs,
  ipv4Cidr: `10.1.0.${n}/24`,
});

function hostsOf(
  facts: InfraEnvFacts,
  options: Partial<WantedOptions> = {},
  running: readonly string[] = [],
): WantedHost[] {
  const wanted = wantedHosts(facts, { ...OPTIONS, ...options }, new Set(running));
  if (!('hosts' in wanted)) throw new Error(`no hosts: ${JSON.stringify(wanted)}`);
  return wanted.hosts;
}
const names = (hosts: readonly WantedHost[]) => hosts.map(({ hostname }) => hostname);

describe('the number of hosts', () => {
  it('is what the AgentClusterInstall requires, with roles and names in order', () => {
    const hosts = hostsOf(factsOf({ cluster: { ...CLUSTER, controlPlanes: 2, arbiters: 1 } }));
    expect(names(hosts)).toEqual(['env-master-0', 'env-master-1', 'env-arbiter-0', 'env-worker-0', 'env-worker-1']);
    expect(hosts.map(({ profile }) => profile)).toEqual(['master', 'master', 'vm', 'worker-medium', 'worker-medium']);
  });

  it('is one of a single node, with hardware for it', () => {
    const [host, ...others] = hostsOf(factsOf({ cluster: { ...CLUSTER, controlPlanes: 1, workers: 0 } }));
    expect([host!.profile, others]).toEqual(['sno-small', []]);
  });

  it('is what the annotation says, whatever else is there', () => {
    const annotations = { 'assisted-swarm/agents': '6' };
    expect(hostsOf(factsOf({ annotations }), { agents: 2 })).toHaveLength(6);
    expect(names(hostsOf(factsOf({ annotations, cluster: CLUSTER }))).at(-1)).toBe('env-day2-0');
    expect(hostsOf(factsOf({ annotations: { 'assisted-swarm/agents': '0' }, cluster: CLUSTER }))).toEqual([]);
    expect(hostsOf(factsOf({ annotations, cluster: 'ClusterDeployment ns/c' }))).toHaveLength(6);
  });

  it('of late binding is that of the NMStateConfigs, or what the user says', () => {
    expect(hostsOf(factsOf(), { agents: 2 })).toHaveLength(2);
    expect(hostsOf(factsOf())).toEqual([]);
    expect(hostsOf(factsOf({ networks: [network(1, ['a']), network(2, ['b', 'c'])] }), { agents: 7 })).toHaveLength(2);
  });

  it('is that of the BareMetalHosts that are on, where somebody operates them here', () => {
    const facts = factsOf({ cluster: CLUSTER, bareMetalHosts: [bmh(1), bmh(2, 'worker'), bmh(3)] });
    const on = new Set(['ns/bmh-2', 'ns/bmh-3']);
    const hosts = hostsOf(facts, { poweredOn: (key) => on.has(key) });
    expect(hosts.map(({ hostname, role, mac }) => [hostname, role, mac])).toEqual([
      ['bmh-2', 'worker', '02:00:00:00:00:02'],
      ['bmh-3', 'master', '02:00:00:00:00:03'],
    ]);
    // Without an operator they only name hosts of the cluster.
    expect(names(hostsOf(facts))).toEqual(['bmh-1', 'bmh-2', 'bmh-3', 'env-worker-0', 'env-worker-1']);
  });

  it.each(['', '-1', '1.5', 'many', '10000000', '１'])('cannot be told by %j', (value) => {
    const wanted = wantedHosts(factsOf({ annotations: { 'assisted-swarm/agents': value } }), OPTIONS, new Set());
    expect(wanted).toEqual({
      problem: `annotation assisted-swarm/agents is ${JSON.stringify(value)}; write a whole number from 0 to 1048576`,
    });
  });

  it('waits for the cluster that is referred to', () => {
    const wanted = wantedHosts(factsOf({ cluster: 'ClusterDeployment ns/c' }), OPTIONS, new Set());
    expect(wanted).toEqual({ waiting: 'ClusterDeployment ns/c does not exist yet' });
  });
});

describe('hosts of an installed cluster', () => {
  const cluster = { ...CLUSTER, controlPlanes: 1, workers: 0, installed: true };
  const annotations = { 'assisted-swarm/agents': '2' };

  it('are those that join it; what it consists of boots from its disks', () => {
    expect(hostsOf(factsOf({ cluster, annotations })).map(({ hostname, day2 }) => [hostname, day2])).toEqual([
      ['env-day2-0', true],
    ]);
  });

  it('stay where they are alive', () => {
    const facts = factsOf({ cluster });
    expect(names(hostsOf(facts, {}, ['+0']))).toEqual(['env-master-0']);
    expect(hostsOf(facts)).toEqual([]);
  });

  it('and such as have left the discovery image are not started', () => {
    const all = hostsOf(factsOf({ cluster: CLUSTER }));
    const onDisk = new Set([all[1]!.id]);
    expect(names(hostsOf(factsOf({ cluster: CLUSTER, onDisk })))).not.toContain('env-master-1');
    expect(hostsOf(factsOf({ cluster: CLUSTER, onDisk }), {}, ['+1'])).toHaveLength(5);
  });
});

describe('identities', () => {
  it('of manifests of a plan are those of the plan', () => {
    const plan = expandPlan(parsePlan({ seed: 'run', clusters: [{ topology: 'sno' }, { topology: 'compact' }] }, 'p'));
    const cluster = plan.clusters[1]!;
    const planned = cluster.hosts.map((host) => buildHost('run', cluster, host));
    const annotations = { 'assisted-swarm/seed': 'run', 'assisted-swarm/first-host': String(cluster.hosts[0]!.index) };
    const bareMetalHosts = planned.map(({ identity }, n) => ({
      key: `ns/${identity.hostname}`,
      // Whatever they are called: their MACs say which they are.
      name: `x-${3 - n}`,
      mac: identity.mac,
      role: null,
    }));
    const facts = factsOf({
      key: `ns/${cluster.name}`,
      name: cluster.name,
      annotations,
      cluster: { ...CLUSTER, workers: 0 },
    });
    const identities = (hosts: WantedHost[]) => hosts.map(({ id, seed, index }) => ({ id, seed, index }));
    const expected = planned.map(({ identity, plan: { index } }) => ({
      id: identity.id,
      seed: 'run',
      index,
    }));
    expect(identities(hostsOf(facts))).toEqual(expected);
    expect(names(hostsOf(facts))).toEqual(planned.map(({ identity }) => identity.hostname));
    expect(identities(hostsOf({ ...facts, bareMetalHosts }))).toEqual(expected);
    expect(hostsOf({ ...facts, bareMetalHosts }).map(({ mac }) => mac)).toEqual(
      planned.map(({ identity }) => identity.mac),
    );
  });

  it.each([
    ['as many as the cluster requires', {}, 1],
    ['as many as the manifests say', { 'assisted-swarm/hosts': '2' }, 2],
  ])('of a plan are %s; hosts beyond are never those of its other clusters', (_, annotation, planned) => {
    const facts = factsOf({
      annotations: {
        'assisted-swarm/seed': 'run',
        'assisted-swarm/first-host': '0',
        'assisted-swarm/agents': '4',
        ...annotation,
      },
      cluster: { ...CLUSTER, controlPlanes: 1, workers: 0 },
    });
    const hosts = hostsOf(facts);
    expect(hosts.filter(({ seed }) => seed === 'run').map(({ index }) => index)).toEqual([0, 1].slice(0, planned));
    expect(names(hosts)).toEqual(['env-master-0', 'env-day2-0', 'env-day2-1', 'env-day2-2']);
    expect(new Set(hosts.map(({ id }) => id)).size).toBe(4);
    const others = { ...facts, annotations: { ...facts.annotations, 'assisted-swarm/hosts': '-1' } };
    expect(wantedHosts(others, OPTIONS, new Set())).toMatchObject({
      problem: expect.stringContaining('assisted-swarm/hosts is "-1"'),
    });
  });

  it('are the same for the same facts, in any order, and differ within and between InfraEnvs', () => {
    const shape = fc.record({
      amount: fc.integer({ min: 0, max: 12 }),
      bmhs: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 6 }),
      networks: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 6 }),
      name: fc.constantFrom('env', 'other'),
    });
    fc.assert(
      fc.property(shape, ({ amount, bmhs, networks, name }) => {
        const facts = factsOf({
          key: `ns/${name}`,
          name,
          annotations: { 'assisted-swarm/agents': String(amount) },
          bareMetalHosts: bmhs.map((n) => bmh(n)),
          networks: networks.map((n) => network(n, [bmh(n).mac!])),
        });
        const hosts = hostsOf(facts);
        const turned = {
          ...facts,
          bareMetalHosts: facts.bareMetalHosts.toReversed(),
          networks: facts.networks.toReversed(),
        };
        expect(hostsOf(turned)).toEqual(hosts);
        expect(hosts).toHaveLength(amount);
        for (const of of ['id', 'key', 'hostname'] as const)
          expect(new Set(hosts.map((host) => host[of])).size).toBe(amount);
        // A host that the hub names is the same machine whoever stands before it.
        const fewer = hostsOf({ ...facts, annotations: { 'assisted-swarm/agents': String(Math.max(0, amount - 1)) } });
        const ids = new Set(hosts.map(({ id }) => id));
        for (const { id } of fewer) expect(ids).toContain(id);
        const elsewhere = hostsOf({ ...facts, key: 'elsewhere/env' });
        for (const { id } of elsewhere) expect(ids).not.toContain(id);
      }),
    );
  });

  it('take the static address of their NMStateConfig, of any of its MACs', () => {
    const { mac } = bmh(1);
    const facts = factsOf({ bareMetalHosts: [bmh(1)], networks: [network(5, ['other', mac!])] });
    expect(hostsOf(facts).map((host) => [host.mac, host.ipv4Cidr])).toEqual([[mac, '10.1.0.5/24']]);
  });

  it('have names that hosts can have', () => {
    const name = 'n'.repeat(200);
    for (const { hostname } of hostsOf(factsOf({ name, cluster: CLUSTER })))
      expect(hostname.length).toBeLessThanOrEqual(63);
  });
});
