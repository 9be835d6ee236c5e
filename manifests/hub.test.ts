/** What is rendered is what a hub takes: applied as kubectl does it, with strict validation of every field. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type KubeMock, seedHub, startKubeMock } from '../controller-mock/index.ts';
import { TestClient } from '../controller-mock/testing/test-client.ts';
import { RUN_LABEL } from './index.ts';
import { pairwise } from './testing/pairwise.ts';
import { render } from './testing/render.ts';

const COMBINATIONS = pairwise({
  topology: [
    'sno',
    'compact',
    { control_planes: 3, workers: 2 },
    { control_planes: 2, arbiters: 1 },
    { control_planes: 5, workers: 1 },
  ],
  platform: ['baremetal', 'none'],
  day2_workers: [0, 1],
  with_nmstate: [false, true],
  just_infraenv: [false, true],
  infraenv_labels: [{}, { 'example.com/pool': 'no' }],
  set_hostnames: [false, true],
  bmh: [false, true],
  bmh_day2: [false, true],
  late_binding: [false, true],
  hold_installation: [false, true],
  api_vips: ['list', 'single', 'both'] as const,
  platform_type: [true, false],
  network_type: [undefined, 'OVNKubernetes'] as const,
  image_set: ['run', 'cluster', 'hub'],
  manifests: [undefined, 'list', 'single'],
  ssh: [true, false],
  auto_approve: [false, true],
  agent_labels: [undefined, { 'example.com/x': 'yes' }],
  additional_ntp_sources: [undefined, ['192.0.2.1', 'time.example.com']],
  image_type: [undefined, 'full-iso', 'minimal-iso'] as const,
  cpu_architecture: [undefined, 'aarch64'] as const,
  os_image_version: [undefined, '4.20'],
});

let hub: KubeMock;
let client: TestClient;
const plurals = new Map<string, { plural: string; namespaced: boolean }>();
beforeAll(async () => {
  hub = await startKubeMock({ tls: false, world: seedHub });
  client = new TestClient(hub);
});
afterAll(async () => {
  client.close();
  await hub.close();
});

async function resourceOf(apiVersion: string, kind: string) {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  if (!plurals.has(`${group} ${kind}`)) {
    const { json } = await client.get(group);
    for (const { name, kind: of, namespaced } of json.resources) {
      if (!name.includes('/')) plurals.set(`${group} ${of}`, { plural: name, namespaced });
    }
  }
  return { group, ...plurals.get(`${group} ${kind}`)! };
}

/** Applies documents in their order; answers other than 2xx are returned. */
async function apply(text: string): Promise<string[]> {
  const faults: string[] = [];
  for (const document of parseAllDocuments(text, { version: '1.1', merge: false })) {
    if (!('contents' in document)) throw new Error('nothing was rendered');
    expect(document.errors).toEqual([]);
    const { apiVersion, kind, metadata } = document.toJS();
    const { group, plural, namespaced } = await resourceOf(apiVersion, kind);
    const path = `${group}/${namespaced ? `namespaces/${metadata.namespace}/` : ''}${plural}/${metadata.name}`;
    const { code, text: answer } = await client.send('PATCH', `${path}?fieldManager=swarm&fieldValidation=Strict`, {
      type: 'application/apply-patch+yaml',
      body: document.toString({ directives: false }),
    });
    if (code !== 201 && code !== 200) faults.push(`${kind} ${metadata.name}: ${answer}`);
  }
  return faults;
}

it(`accepts ${COMBINATIONS.length} combinations, in which every pair of options occurs`, async () => {
  expect(COMBINATIONS.length).toBeGreaterThanOrEqual(20);
  for (const [index, combination] of COMBINATIONS.entries()) {
    const { topology, platform, day2_workers, with_nmstate, just_infraenv, infraenv_labels, set_hostnames, ...rest } =
      combination;
    const { image_set, manifests, ssh, os_image_version, ...values } = rest;
    const { all, counts, plans } = render(
      {
        topology,
        platform: topology === 'sno' ? 'none' : platform,
        day2_workers: just_infraenv ? 0 : day2_workers,
        with_nmstate,
        just_infraenv,
        infraenv_labels,
        set_hostnames,
      },
      {
        ...values,
        ...(image_set === 'cluster' && { image_set_per_cluster: true }),
        ...(image_set === 'hub' && { image_set: 'img4.20.0-x86-64' }),
        ...(manifests === 'list' && { manifests_config_maps: ['one', 'two'] }),
        ...(manifests === 'single' && { manifests_config_map: 'one' }),
        ...(values.late_binding && { os_image_version }),
      },
      { name: `c${index}`, ...(!ssh && { sshKey: '' }) },
    );
    expect(await apply(all), JSON.stringify(combination)).toEqual([]);
    expect(counts.get('InfraEnv')).toBe(1);
    expect(counts.get('AgentClusterInstall') ?? 0).toBe(just_infraenv ? 0 : 1);
    expect(counts.get('ClusterImageSet') ?? 0).toBe(just_infraenv || image_set === 'hub' ? 0 : 1);
    const hosts = plans[0]!.hosts.filter((host) => !host.day2 || values.bmh_day2).length;
    expect(counts.get('NMStateConfig') ?? 0).toBe(with_nmstate ? plans[0]!.hosts.length : 0);
    expect(counts.get('BareMetalHost') ?? 0).toBe(values.bmh ? hosts : 0);
  }
});

it('refuses what a template gets wrong, so that the test above can fail', async () => {
  const { all } = render({ topology: 'sno' }, {}, { name: 'wrong' });
  const faults = await apply(
    all.replace('platformType: None', 'platformTyp: None').replace('cpuArchitecture: x86_64', 'cpuArchitecture: []'),
  );
  expect(faults).toHaveLength(2);
  expect(faults[0]).toContain('platformTyp');
});

it('labels every object with the run', async () => {
  const { all, counts } = render(
    { topology: 'compact', with_nmstate: true, day2_workers: 1 },
    { bmh: true },
    { name: 'labelled' },
  );
  expect(await apply(all)).toEqual([]);
  let found = 0;
  for (const [key, { plural }] of plurals) {
    if (
      !/ (Namespace|Secret|.*Set|ClusterDeployment|AgentClusterInstall|InfraEnv|NMStateConfig|BareMetalHost)$/.test(key)
    )
      continue;
    const [group] = key.split(' ');
    const { json } = await client.get(
      `${group}/${plural}?labelSelector=${encodeURIComponent(`${RUN_LABEL}=labelled-run`)}`,
    );
    found += json.items?.length ?? 0;
  }
  expect(found).toBe([...counts.values()].reduce((sum, count) => sum + count, 0));
});
