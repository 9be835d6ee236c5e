import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { RUN_LABEL, TemplateSet } from './index.ts';
import { PULL_SECRET, RELEASE, render } from './testing/render.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function ownTemplates(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-templates-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

// biome-ignore lint/suspicious/noExplicitAny: tests look anywhere into objects.
function objects(text: string): any[] {
  const documents = parseAllDocuments(text);
  return 'empty' in documents ? [] : documents.map((document) => document.toJS());
}
const kinds = (text: string) => objects(text).map((object) => object.kind);
const of = (text: string, kind: string) => objects(text).filter((object) => object.kind === kind);

describe('a cluster', () => {
  it('of one node has its objects in an order in which each can be created', () => {
    const { once, clusters } = render({ topology: 'sno', amount: 2, with_nmstate: true }, { bmh: true });
    expect(kinds(once)).toEqual(['ClusterImageSet']);
    for (const cluster of clusters) {
      expect(kinds(cluster)).toEqual([
        'Namespace',
        'Secret',
        'ClusterDeployment',
        'AgentClusterInstall',
        'NMStateConfig',
        'InfraEnv',
        'Secret',
        'BareMetalHost',
      ]);
    }
  });

  it('refers to its own objects', () => {
    const { once, all, plans } = render({ topology: 'compact' });
    const name = plans[0]!.name;
    const [install] = of(all, 'AgentClusterInstall');
    const [deployment] = of(all, 'ClusterDeployment');
    const [pull] = of(all, 'Secret');
    expect(install.spec).toMatchObject({
      clusterDeploymentRef: { name },
      imageSetRef: { name: of(once, 'ClusterImageSet')[0].metadata.name },
      provisionRequirements: { controlPlaneAgents: 3 },
      networking: { machineNetwork: [{ cidr: plans[0]!.machineNetwork }], userManagedNetworking: false },
      apiVIPs: [plans[0]!.apiVip],
      ingressVIPs: [plans[0]!.ingressVip],
      platformType: 'BareMetal',
    });
    expect(of(once, 'ClusterImageSet')[0].spec.releaseImage).toBe(RELEASE);
    expect(deployment.spec).toMatchObject({ clusterInstallRef: { name }, pullSecretRef: { name: pull.metadata.name } });
    expect(of(all, 'InfraEnv')[0].spec).toMatchObject({
      clusterRef: { name, namespace: name },
      pullSecretRef: { name: pull.metadata.name },
    });
    expect(Buffer.from(pull.data['.dockerconfigjson'], 'base64').toString()).toBe(PULL_SECRET);
  });

  it.each([
    ['list', ['apiVIPs', 'ingressVIPs']],
    ['single', ['apiVIP', 'ingressVIP']],
    ['both', ['apiVIP', 'ingressVIP', 'apiVIPs', 'ingressVIPs']],
  ] as const)('writes virtual addresses as %s', (api_vips, fields) => {
    const [install] = of(render({ topology: 'compact' }, { api_vips }).all, 'AgentClusterInstall');
    expect(Object.keys(install.spec).filter((key) => /VIPs?$/.test(key))).toEqual(fields);
  });

  it('without a platform has no virtual addresses, and a machine network only on a single node', () => {
    const specOf = (cluster: object) => of(render(cluster).all, 'AgentClusterInstall')[0].spec;
    for (const spec of [specOf({ topology: 'sno' }), specOf({ topology: 'compact', platform: 'none' })]) {
      expect(spec).toMatchObject({ platformType: 'None', networking: { userManagedNetworking: true } });
      expect(spec).not.toHaveProperty('apiVIPs');
    }
    expect(specOf({ topology: 'sno' }).networking).toHaveProperty('machineNetwork');
    expect(specOf({ topology: 'compact', platform: 'none' }).networking).not.toHaveProperty('machineNetwork');
  });

  it('bound late has an InfraEnv without it', () => {
    const { all } = render({ topology: 'sno' }, { late_binding: true, os_image_version: '4.20' });
    expect(of(all, 'InfraEnv')[0].spec).toMatchObject({ osImageVersion: '4.20' });
    expect(of(all, 'InfraEnv')[0].spec).not.toHaveProperty('clusterRef');
  });

  it('that is only an InfraEnv needs no release', () => {
    const { all } = render({ topology: 'sno', just_infraenv: true, infraenv_labels: { [RUN_LABEL]: 'x', pool: 'no' } });
    expect(kinds(all)).toEqual(['Namespace', 'Secret', 'InfraEnv']);
    expect(of(all, 'InfraEnv')[0].metadata.labels).toEqual({ [RUN_LABEL]: 'fleet-run', pool: 'no' });
  });

  it('can have a release of its own, or one that the hub has', () => {
    const own = render({ topology: 'sno', amount: 2 }, { image_set_per_cluster: true });
    expect(own.once).toBe('');
    expect(of(own.all, 'ClusterImageSet').map((set) => set.metadata.name)).toEqual(own.plans.map(({ name }) => name));
    const { all } = render({ topology: 'sno' }, { image_set: 'img4' });
    expect(of(all, 'ClusterImageSet')).toEqual([]);
    expect(of(all, 'AgentClusterInstall')[0].spec.imageSetRef).toEqual({ name: 'img4' });
  });
});

describe('hosts', () => {
  it('are recognised by the MAC that their objects and their configuration share', () => {
    const { all } = render({ topology: { control_planes: 3, workers: 2 }, with_nmstate: true }, { bmh: true });
    const hosts = of(all, 'BareMetalHost');
    const configs = of(all, 'NMStateConfig');
    expect(hosts.map((host) => host.spec.bootMACAddress)).toEqual(
      configs.map((config) => config.spec.interfaces[0].macAddress),
    );
    expect(new Set(hosts.map((host) => host.spec.bootMACAddress)).size).toBe(5);
    expect(hosts.map((host) => host.metadata.annotations['bmac.agent-install.openshift.io/role'])).toEqual([
      'master',
      'master',
      'master',
      'worker',
      'worker',
    ]);
    const [infraEnv] = of(all, 'InfraEnv');
    for (const host of hosts) {
      expect(host.metadata.labels['infraenvs.agent-install.openshift.io']).toBe(infraEnv.metadata.name);
      expect(host.metadata.annotations['inspect.metal3.io']).toBe('disabled');
      const secret = of(all, 'Secret').find((one) => one.metadata.name === host.spec.bmc.credentialsName);
      expect(secret.data).toEqual({ username: 'c3dhcm0=', password: 'c3dhcm0=' });
    }
    for (const config of configs) {
      expect(config.metadata.labels).toMatchObject(infraEnv.spec.nmStateConfigLabelSelector.matchLabels);
    }
  });

  it('of day 2 have no BareMetalHost until asked for', () => {
    const cluster = { topology: 'compact', day2_workers: 2 };
    expect(of(render(cluster, { bmh: true }).all, 'BareMetalHost')).toHaveLength(3);
    expect(of(render(cluster, { bmh: true, bmh_day2: true }).all, 'BareMetalHost')).toHaveLength(5);
  });

  it('are inspected where their fault is to show, and nowhere else', () => {
    const inspected = (faults: object[]) =>
      of(render({ topology: 'sno', api: 'kube', bmh: true }, {}, { faults }).all, 'BareMetalHost').map(
        ({ metadata }) => metadata.annotations['inspect.metal3.io'] !== 'disabled',
      );
    expect(inspected([])).toEqual([false]);
    expect(inspected([{ fault: 'bmh-stuck', share: '100%', state: 'provisioning' }])).toEqual([false]);
    expect(inspected([{ fault: 'bmh-stuck', share: '100%', state: 'inspecting' }])).toEqual([true]);
    expect(inspected([{ fault: 'bmh-fails', share: '100%', state: 'inspecting' }])).toEqual([true]);
  });

  it('that have the name of another have objects of their own all the same, and keep that name', () => {
    const { all } = render(
      { topology: 'compact', api: 'kube', bmh: true, with_nmstate: true, set_hostnames: true },
      {},
      { faults: [{ fault: 'duplicate-hostname', share: '33%' }] },
    );
    const names = (kind: string) => of(all, kind).map(({ metadata }) => metadata.name);
    for (const kind of ['BareMetalHost', 'NMStateConfig']) expect(new Set(names(kind)).size).toBe(3);
    // Those of the management controllers and the pull secret.
    expect(new Set(names('Secret')).size).toBe(4);
    const hostnames = of(all, 'BareMetalHost').map(
      ({ metadata }) => metadata.annotations['bmac.agent-install.openshift.io/hostname'],
    );
    expect(new Set(hostnames).size).toBe(2);
  });
});

it('gives the same bytes again', () => {
  const cluster = { topology: { control_planes: 3, workers: 2 }, with_nmstate: true, amount: 3 };
  expect(render(cluster, { bmh: true }).all).toBe(render(cluster, { bmh: true }).all);
});

it('carries any text of the user as it is', () => {
  const text = fc.string({ unit: 'binary', minLength: 1 });
  fc.assert(
    fc.property(text, text, text, (sshKey, password, source) => {
      const { all } = render(
        { topology: 'sno' },
        { bmh: true, bmc_password: password, additional_ntp_sources: [source] },
        { sshKey },
      );
      expect(of(all, 'AgentClusterInstall')[0].spec.sshPublicKey).toBe(sshKey);
      expect(of(all, 'InfraEnv')[0].spec).toMatchObject({ sshAuthorizedKey: sshKey, additionalNTPSources: [source] });
      expect(of(all, 'Secret')[1].data.password).toBe(Buffer.from(password).toString('base64'));
    }),
    { numRuns: 25 },
  );
});

describe("the user's templates", () => {
  it('replace ours and join them, once, for each cluster and for each host', () => {
    const folder = ownTemplates({
      '10-namespace.cluster.yaml.njk':
        'apiVersion: v1\nkind: Namespace # mine\nmetadata:\n  name: {{ cluster.name }}\n  labels: {mine: "yes"}\n',
      '00-first.once.yaml.njk':
        '{% include "_part.njk" %}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: two, namespace: default}\ndata: {{ extra }}\n',
      '_part.njk': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one, namespace: default}\n',
      '95-host.host.yaml.njk':
        'apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ host.name }}\n  namespace: {{ cluster.name }}\n',
      'README.md': 'not a template',
    });
    const extra = { text: 'a: {{ b }}' };
    const templates = new TemplateSet(folder);
    const { once, clusters, counts } = render({ topology: 'compact', amount: 2 }, { extra }, { templates });
    expect(kinds(once)).toEqual(['ConfigMap', 'ConfigMap', 'ClusterImageSet']);
    expect(objects(once)[1].data).toEqual(extra);
    expect(clusters[1]).toContain('kind: Namespace # mine');
    expect(objects(clusters[1]!)[0].metadata.labels).toEqual({ mine: 'yes', [RUN_LABEL]: 'fleet-run' });
    expect(
      objects(clusters[1]!)
        .slice(-3)
        .map((object) => [object.kind, object.metadata.labels]),
    ).toEqual(Array(3).fill(['Secret', { [RUN_LABEL]: 'fleet-run' }]));
    expect(Object.fromEntries(counts)).toMatchObject({ ConfigMap: 2, Namespace: 2, Secret: 8 });
  });

  const at = (file: string) => new RegExp(`^/.*/${file}`);
  it.each([
    [
      'x.cluster.yaml.njk',
      'a: {{ cluster.nam }}',
      /x\.cluster\.yaml\.njk:1:14: cluster\.nam is not defined; did you mean name\?$/,
    ],
    ['x.once.yaml.njk', 'a: {{ cluster.name }}', /x\.once\.yaml\.njk:1:7: cluster is not defined; known: run, values/],
    [
      'x.cluster.yaml.njk',
      '{% if x %}',
      /x\.cluster\.yaml\.njk: parseIf: expected elif, else, or endif, got end of file/,
    ],
    [
      'x.cluster.yaml.njk',
      'a: [',
      /x\.cluster\.yaml\.njk: renders text that is not valid YAML: \w+ \(line \d+, column \d+ of the result\)$/,
    ],
    [
      'x.cluster.yaml.njk',
      'just text',
      /renders something that is not an object of Kubernetes: apiVersion or kind is missing$/,
    ],
    ['x.cluster.yaml.njk', 'apiVersion: v1\nkind: Secret', /renders an object of kind Secret without metadata\.name$/],
    ['x.yaml.njk', '', /x\.yaml\.njk: the name does not tell how often to render it; allowed: NAME\.once\.yaml\.njk/],
  ])('%s %j: %s', (name, text, message) => {
    const folder = ownTemplates({ [name]: text });
    const work = () => render({ topology: 'sno' }, {}, { templates: new TemplateSet(folder) });
    expect(work).toThrow(message);
    expect(work).toThrow(at(name));
  });

  it('are looked for where they are', () => {
    expect(() => new TemplateSet('/nowhere/at/all')).toThrow(
      '/nowhere/at/all: cannot be read (ENOENT); give a folder of templates',
    );
  });

  it('do not leak what they render in errors', () => {
    const templates = new TemplateSet(
      ownTemplates({ 'x.cluster.yaml.njk': 'a: "{{ values.pull_secret_b64 }}\n  b: {c' }),
    );
    expect(() => render({ topology: 'sno' }, {}, { templates })).toThrow(expect.not.stringContaining('eyJ'));
  });
});
