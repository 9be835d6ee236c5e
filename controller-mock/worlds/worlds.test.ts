import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/object.ts';
import type { Schema } from '../api/schema.ts';
import { type KubeMock, startKubeMock } from '../index.ts';
import { TestClient } from '../testing/test-client.ts';
import { HUB_KINDS, seedHub } from './hub.ts';
import { customResourceDefinition } from './kinds/definition.ts';
import { DEV_WORKSPACE_KINDS } from './kinds/devworkspace.ts';

const started: KubeMock[] = [];
afterAll(() => Promise.all(started.map((server) => server.close())));

async function start(world: typeof seedHub): Promise<TestClient> {
  const server = await startKubeMock({ tls: false, world });
  started.push(server);
  return new TestClient(server);
}

/** The kinds alone, without the operator that plays in its world. */
const seedDevWorkspaces: typeof seedHub = (cluster) => {
  const crds = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
  for (const definition of DEV_WORKSPACE_KINDS) cluster.create(crds, customResourceDefinition(definition));
};

/** Collection of a kind, in namespace `default` where it has namespaces. */
function pathOf(kinds: typeof HUB_KINDS, kind: string): string {
  const { group, versions, plural, namespaced } = kinds.find((one) => one.kind === kind)!;
  return `/apis/${group}/${versions[0].name}/${namespaced ? 'namespaces/default/' : ''}${plural}`;
}

function objectOf(kinds: typeof HUB_KINDS, kind: string, rest: Record<string, unknown>): KubeObject {
  const { group, versions } = kinds.find((one) => one.kind === kind)!;
  return { apiVersion: `${group}/${versions[0].name}`, kind, metadata: { name: 'one' }, ...rest };
}

describe.each([
  ['hub', seedHub, HUB_KINDS],
  ['devworkspace', seedDevWorkspaces, DEV_WORKSPACE_KINDS],
] as const)('%s', (_, seed, kinds) => {
  let client: TestClient;
  beforeAll(async () => {
    client = await start(seed);
  });

  it('establishes its CustomResourceDefinitions', async () => {
    const { json } = await client.send('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    expect(json.items).toHaveLength(kinds.length);
    for (const crd of json.items) {
      expect(
        crd.status.conditions.map((entry: { type: string; status: string }) => [entry.type, entry.status]),
      ).toEqual([
        ['NamesAccepted', 'True'],
        ['Established', 'True'],
      ]);
    }
  });

  it.each(kinds.map((one) => one.kind))('lists %s', async (kind) => {
    const { json } = await client.send('GET', pathOf(kinds, kind));
    expect(json.kind).toBe(`${kind}List`);
  });

  it('says what each kind and its top-level fields are', () => {
    const silent = kinds.flatMap((kind) => kind.versions.flatMap(({ fields }) => undescribed(fields(), kind.kind, 1)));
    expect(silent).toEqual([]);
    expect(kinds.filter((kind) => kind.description === '')).toEqual([]);
  });
});

/** Kinds whose tables have a great many fields of clouds and of operators' own state. */
const LONG = ['ClusterDeployment', 'ClusterVersion', 'Infrastructure'];

it('describes every field of the kinds of a hub', () => {
  const short = HUB_KINDS.filter(({ kind }) => !LONG.includes(kind));
  expect(short.flatMap(({ kind, versions }) => undescribed(versions[0].fields(), kind))).toEqual([]);
});

it.each([
  ['ClusterDeployment', 274],
  ['ClusterVersion', 24],
  ['Infrastructure', 208],
])('leaves at most so many fields of %s without a description', (kind, most) => {
  const { versions } = HUB_KINDS.find((one) => one.kind === kind)!;
  expect(undescribed(versions[0].fields(), kind).length).toBeLessThanOrEqual(most);
});

/** Paths of fields without a description, down to a depth. */
function undescribed(
  { properties = {}, items, additionalProperties }: Schema,
  path: string,
  depth = Infinity,
): string[] {
  if (depth === 0) return [];
  const values = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  return [
    ...Object.entries(properties).flatMap(([name, field]) => [
      ...(field.description ? [] : [`${path}.${name}`]),
      ...undescribed(field, `${path}.${name}`, depth - 1),
    ]),
    ...(items ? undescribed(items, `${path}[]`, depth) : []),
    ...(values ? undescribed(values, `${path}{}`, depth) : []),
  ];
}

describe('hub', () => {
  let client: TestClient;
  beforeAll(async () => {
    client = await start(seedHub);
  });
  const create = (kind: string, rest: Record<string, unknown>) =>
    client.send('POST', pathOf(HUB_KINDS, kind), { body: objectOf(HUB_KINDS, kind, rest) });

  it.each([
    [
      'InfraEnv',
      { spec: { pullSecretRef: { name: 'pull' }, nmStateConfigLabelSelector: { matchLabels: { a: 'b' } } } },
    ],
    [
      'NMStateConfig',
      { spec: { config: { dns: { any: [1] } }, interfaces: [{ name: 'eth0', macAddress: '02:00:00:00:00:01' }] } },
    ],
    [
      'Agent',
      { spec: { approved: false, role: 'auto-assign', installation_disk_id: '/dev/sda', nodeLabels: { a: '' } } },
    ],
    ['AgentClassification', { spec: { labelKey: 'size', labelValue: 'big', query: '.cpu.count > 8' } }],
    [
      'AgentClusterInstall',
      {
        spec: {
          clusterDeploymentRef: { name: 'cd' },
          imageSetRef: { name: 'image' },
          networking: {
            clusterNetwork: [{ cidr: '10.128.0.0/14', hostPrefix: 23 }],
            serviceNetwork: ['172.30.0.0/16'],
          },
          provisionRequirements: { controlPlaneAgents: 3, workerAgents: 2 },
          holdInstallation: true,
        },
      },
    ],
    [
      'ClusterDeployment',
      {
        spec: {
          clusterName: 'a',
          baseDomain: 'example.com',
          platform: { agentBareMetal: { agentSelector: { matchLabels: { a: 'b' } } } },
          clusterInstallRef: {
            group: 'extensions.hive.openshift.io',
            version: 'v1beta1',
            kind: 'AgentClusterInstall',
            name: 'a',
          },
        },
      },
    ],
    ['ClusterImageSet', { spec: { releaseImage: 'quay.io/release:1' } }],
    [
      'BareMetalHost',
      {
        spec: {
          online: true,
          bmc: { address: 'redfish://h', credentialsName: 's' },
          bootMACAddress: '02:00:00:00:00:01',
        },
      },
    ],
    ['PreprovisioningImage', { spec: { acceptFormats: ['iso'], architecture: 'x86_64' } }],
    ['ManagedCluster', { spec: { hubAcceptsClient: true } }],
  ])('keeps every field of a %s that users and controllers write', async (kind, rest) => {
    const { code, json, text } = await create(kind, rest);
    expect(code, text).toBe(201);
    expect(json).toMatchObject(rest);
  });

  it('fills in defaults', async () => {
    const { json } = await client.send('GET', `${pathOf(HUB_KINDS, 'InfraEnv')}/one`);
    expect(json.spec).toMatchObject({ cpuArchitecture: 'x86_64', ipxeScriptType: 'DiscoveryImageAlways' });
  });

  it('refuses an object without what is required', async () => {
    const { code, json } = await create('AgentClusterInstall', { spec: { networking: {} } });
    expect(code).toBe(422);
    expect(json.details.causes.map((cause: { field: string }) => cause.field).sort()).toEqual([
      // Its rules were not checked.
      '<nil>',
      'spec.clusterDeploymentRef',
      'spec.provisionRequirements',
    ]);
  });

  it('writes status at a path of its own', async () => {
    const path = `${pathOf(HUB_KINDS, 'Agent')}/one`;
    const status = {
      inventory: {
        cpu: { count: 8 },
        memory: { physicalBytes: 1 },
        interfaces: [{ name: 'eth0', flags: [], ipV4Addresses: ['192.0.2.1/24'], ipV6Addresses: [] }],
      },
      progress: { currentStage: 'Rebooting', installationPercentage: 50 },
      conditions: [{ type: 'Bound', status: 'True', reason: 'Bound', message: 'bound' }],
      debugInfo: { state: 'known', stateInfo: 'ready' },
      validationsInfo: { hardware: [{ id: 'has-cpu', status: 'success', message: 'yes' }] },
    };
    const type = 'application/merge-patch+json';
    const answer = await client.send('PATCH', `${path}/status`, { body: { status, spec: { approved: true } }, type });
    expect(answer.code, answer.text).toBe(200);
    expect(answer.json.status).toEqual(status);
    expect(answer.json.spec.approved).toBe(false);
  });

  it('is an OpenShift cluster that is ready', async () => {
    const { json } = await client.send('GET', '/apis/config.openshift.io/v1/clusteroperators/baremetal');
    expect(json.status.versions).toEqual([{ name: 'operator', version: expect.stringMatching(/^4\.\d+\.\d+$/) }]);
    expect(json.status.conditions[0]).toMatchObject({ type: 'Available', status: 'True' });
    expect((await client.send('GET', '/api/v1/namespaces/assisted-installer')).code).toBe(200);
  });

  it('says where its provisioner of machines answers', async () => {
    const secret = '/api/v1/namespaces/openshift-machine-api/secrets/metal3-image-customization-config';
    const { data } = (await client.send('GET', secret)).json;
    expect(Buffer.from(data.IRONIC_BASE_URL, 'base64').toString()).toBe('https://192.0.2.10:6385');
    expect(data).toMatchObject({ IRONIC_INSPECTOR_BASE_URL: expect.anything(), IRONIC_AGENT_IMAGE: expect.anything() });
    const settings = await client.send('GET', '/apis/metal3.io/v1alpha1/provisionings/provisioning-configuration');
    expect(settings.json.spec.provisioningNetwork).toBe('Disabled');
  });
});

describe('devworkspace', () => {
  let client: TestClient;
  beforeAll(async () => {
    client = await start(seedDevWorkspaces);
  });
  const create = (kind: string, rest: Record<string, unknown>) =>
    client.send('POST', pathOf(DEV_WORKSPACE_KINDS, kind), { body: objectOf(DEV_WORKSPACE_KINDS, kind, rest) });

  it('fills in the defaults of the backup and asks for its registry', async () => {
    const config = (backupCronJob: unknown) => ({ config: { workspace: { backupCronJob } } });
    const refused = await create('DevWorkspaceOperatorConfig', config({ enable: true }));
    expect(refused.code).toBe(422);
    expect(refused.json.details.causes[0].field).toBe('config.workspace.backupCronJob.registry');
    const { code, json } = await create('DevWorkspaceOperatorConfig', config({ registry: { path: 'quay.io/acme' } }));
    expect(code).toBe(201);
    expect(json.config.workspace.backupCronJob).toMatchObject({ schedule: '0 0 1 * *', backoffLimit: 1 });
  });

  it('keeps free attributes of a workspace and asks whether it shall run', async () => {
    const template = {
      attributes: { 'controller.devfile.io/storage-type': 'per-workspace' },
      components: [{ name: 'main', container: { image: 'i', endpoints: [{ name: 'e', targetPort: 8080 }] } }],
    };
    expect((await create('DevWorkspace', { spec: { template } })).code).toBe(422);
    const { code, json } = await create('DevWorkspace', { spec: { started: true, template } });
    expect(code).toBe(201);
    // The kind's defaults are all that was added.
    const endpoint = { name: 'e', targetPort: 8080, exposure: 'public', protocol: 'http' };
    expect(json.spec.template).toEqual({
      ...template,
      components: [{ name: 'main', container: { image: 'i', endpoints: [endpoint], sourceMapping: '/projects' } }],
    });
    const old = await client.send('GET', '/apis/workspace.devfile.io/v1alpha1/namespaces/default/devworkspaces/one');
    expect(old.json.apiVersion).toBe('workspace.devfile.io/v1alpha1');
  });
});
