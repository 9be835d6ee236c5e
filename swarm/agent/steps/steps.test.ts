import { describe, expect, it } from 'vitest';
import { STEP_TYPES, type StepType } from '../../../model/protocol/states.ts';
import { buildHost } from '../../host/build-host.ts';
import type { ClusterPlan } from '../../plan/expanded-plan.ts';
import { STEP_CASES } from '../testing/step-cases.ts';
import { CLUSTER, CLUSTER_ID, World } from '../testing/world.ts';
import { STEP_DURATIONS } from './durations.ts';
import { STEPS } from './index.ts';
import { StepArgumentError, type StepContext, type StepResult } from './step.ts';

const HOST = buildHost('seed', CLUSTER, CLUSTER.hosts[0]!);

function context(overrides: Partial<StepContext> = {}): StepContext {
  const world = new World();
  return {
    runtime: world.runtime,
    cluster: CLUSTER,
    access: { baseUrl: 'http://127.0.0.1:1', token: '', pollIntervalSeconds: null },
    machine: world.machine(),
    tookMs: 3000,
    random: () => 0.5,
    ...overrides,
  };
}

async function perform(type: StepType, args: string[], overrides?: Partial<StepContext>): Promise<StepResult> {
  try {
    return await STEPS[type].run(STEPS[type].parse(args), context(overrides));
  } catch (error) {
    if (!(error instanceof StepArgumentError)) throw error;
    return { output: '', error: error.message, exitCode: -1 };
  }
}

const fill = (text: string) => text.replaceAll('$HOST', HOST.identity.id).replaceAll('$DISK', HOST.installationDisk);

describe('golden replies', () => {
  it.each(STEP_CASES.map((each) => [`${each.type}: ${each.name}`, each] as const))('%s', async (_name, each) => {
    const result = await perform(each.type, each.args.map(fill));
    expect(result.exitCode ?? 0).toBe(each.exitCode ?? 0);
    if (each.output !== null) expect(result.output).toBe(fill(each.output));
    if (each.error === undefined) expect(result.error ?? '').toBe('');
    else expect(result.error).toContain(each.error);
  });

  it('covers all step types but those with a life of their own, which the agent tests', () => {
    const covered = new Set(STEP_CASES.map(({ type }) => type));
    expect(STEP_TYPES.filter((type) => !covered.has(type))).toEqual([
      'api-vip-connectivity-check',
      'install',
      'logs-gather',
      'reboot-for-reclaim',
    ]);
  });
});

it('knows a duration for every step', () => {
  expect(Object.keys(STEP_DURATIONS).sort()).toEqual([...STEP_TYPES].sort());
  expect(Object.keys(STEPS).sort()).toEqual([...STEP_TYPES].sort());
});

it('sends the inventory as it is', async () => {
  expect((await perform('inventory', [HOST.identity.id])).output).toBe(HOST.inventory());
});

it('measures another round trip every time, within a LAN', async () => {
  const args = ['[{"host_id":"x","nics":[{"ip_addresses":["10.3.1.5"],"mac":"02:5a:10:00:00:12"}]}]'];
  const rtts: number[] = [];
  for (let i = 0; i < 50; i++) {
    const { output } = await perform('connectivity-check', args, { random: Math.random });
    rtts.push(JSON.parse(output).remote_hosts[0].l3_connectivity[0].average_rtt_ms);
  }
  expect(new Set(rtts).size).toBeGreaterThan(10);
  expect(Math.max(...rtts)).toBeLessThan(1);
  expect(Math.min(...rtts)).toBeGreaterThan(0);
});

it('reports the MTU of NICs that have another than Ethernet, and IPv6 neighbours without an own address', async () => {
  const nics = [
    { name: 'bond0', mac: '', mtu: 9000, ipv4: ['10.3.1.4/28'], ipv6: ['fd00:1::4/64'], type: 'bond' },
    { name: 'br0', mac: '', mtu: 9000, ipv4: ['10.3.1.4/28'], ipv6: [], type: 'bridge' },
    { name: 'ens2', mac: '', mtu: 1500, ipv4: [], ipv6: [], type: 'physical' },
  ];
  const host = { ...HOST, identity: HOST.identity, nics, random: () => 0, inventory: () => '' };
  const args = ['[{"host_id":"x","nics":[{"ip_addresses":["10.3.1.5","fd00:1::5"],"mac":"02:5a:10:00:00:12"}]}]'];
  const { output } = await perform('connectivity-check', args, { machine: new World().machine(undefined, host) });
  const [remote] = JSON.parse(output).remote_hosts;
  expect(remote.l2_connectivity).toEqual([
    {
      outgoing_ip_address: '10.3.1.4',
      outgoing_nic: 'bond0',
      remote_ip_address: '10.3.1.5',
      remote_mac: '02:5a:10:00:00:12',
      successful: true,
    },
    { outgoing_nic: 'bond0', remote_ip_address: 'fd00:1::5', remote_mac: '02:5a:10:00:00:12', successful: true },
  ]);
  expect(remote.mtu_report).toEqual([
    { mtu_successful: true, outgoing_nic: 'bond0', remote_ip_address: '10.3.1.5' },
    { mtu_successful: true, outgoing_nic: 'bond0', remote_ip_address: 'fd00:1::5' },
  ]);
});

describe('clusters without virtual addresses', () => {
  const cluster: ClusterPlan = { ...CLUSTER, platform: 'none', apiVip: null, ingressVip: null };

  it('resolve to addresses of the network that no host owns', async () => {
    const domains = [
      'api.c17.example.com',
      'api-int.c17.example.com',
      'console-openshift-console.apps.c17.example.com',
    ];
    const request = JSON.stringify({ domains: domains.map((domain_name) => ({ domain_name })) });
    const { output } = await perform('domain-resolution', [request], { cluster });
    const addresses = JSON.parse(output).resolutions.map((one: { ipv4_addresses: string[] }) => one.ipv4_addresses);
    expect(addresses).toEqual([['10.3.1.2'], ['10.3.1.2'], ['10.3.1.3']]);
    const hosts = cluster.hosts.map((host) => buildHost('seed', cluster, host).identity.ipv4);
    expect(hosts).not.toContain('10.3.1.2');
    expect(hosts).not.toContain('10.3.1.3');
  });

  it('have an ignition without their manifests', async () => {
    const args = ['{"url":"http://api-int.c17.example.com:22624/config/worker"}'];
    const paths = async (of: ClusterPlan) => {
      const { output } = await perform('api-vip-connectivity-check', args, { cluster: of });
      const reply = JSON.parse(output);
      expect(reply).toMatchObject({ is_success: true, url: 'http://api-int.c17.example.com:22624/config/worker' });
      return JSON.parse(reply.ignition).storage.files.map((file: { path: string }) => file.path);
    };
    expect(await paths(cluster)).toEqual(['/etc/kubernetes/kubeconfig']);
    expect(await paths(CLUSTER)).toHaveLength(3);
  });
});

it('a machine whose address was forced is not free to itself', async () => {
  const host = buildHost('seed', CLUSTER, CLUSTER.hosts[0]!, { ipv4Cidr: '10.3.1.12/28' });
  const machine = new World().machine(undefined, host);
  const { output } = await perform('free-network-addresses', ['["10.3.1.0/28"]'], { machine });
  expect(JSON.parse(output)[0].free_addresses).not.toContain('10.3.1.12');
});

it('stops a scan at 8000 free addresses', async () => {
  const { output } = await perform('free-network-addresses', ['["172.16.0.0/16"]']);
  expect(JSON.parse(output)[0].free_addresses).toHaveLength(8000);
});

it('tang: one signed advertisement a server', async () => {
  const servers = JSON.stringify([{ url: 'http://tang1.example.com:7500', thumbprint: 'AbC' }]);
  const { output } = await perform('tang-connectivity-check', [JSON.stringify({ tang_servers: servers })]);
  expect(output.length).toBeGreaterThan(900);
  const [server] = JSON.parse(output).tang_server_response;
  expect(Object.keys(server)).toEqual(['payload', 'signatures', 'tang_url']);
  expect(server.tang_url).toBe('http://tang1.example.com:7500/adv/AbC');
});

it('logs-gather wants its ids', async () => {
  const args = [JSON.stringify({ bootstrap: false, cluster_id: CLUSTER_ID, host_id: 'x', infra_env_id: CLUSTER_ID })];
  expect(await perform('logs-gather', args)).toMatchObject({ exitCode: -1 });
});
