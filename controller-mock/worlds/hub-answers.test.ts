/** Documents with mistakes, sent raw: the answers are those of a kube-apiserver 1.32.13 with the real CRDs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeMock, startKubeMock } from '../index.ts';
import { type Reply, TestClient } from '../server/test-client.ts';
import { seedHub } from './hub.ts';

let mock: KubeMock;
let client: TestClient;
beforeAll(async () => {
  mock = await startKubeMock({ world: seedHub });
  client = new TestClient(mock);
});
afterAll(async () => {
  client.close();
  await mock.close();
});

const PATHS = {
  Secret: ['v1', '/api/v1/namespaces/default/secrets'],
  Namespace: ['v1', '/api/v1/namespaces'],
  InfraEnv: ['agent-install.openshift.io/v1beta1', '/apis/agent-install.openshift.io/v1beta1/namespaces/default/infraenvs'],
  BareMetalHost: ['metal3.io/v1alpha1', '/apis/metal3.io/v1alpha1/namespaces/default/baremetalhosts'],
  AgentClusterInstall: [
    'extensions.hive.openshift.io/v1beta1',
    '/apis/extensions.hive.openshift.io/v1beta1/namespaces/default/agentclusterinstalls',
  ],
  ClusterImageSet: ['hive.openshift.io/v1', '/apis/hive.openshift.io/v1/clusterimagesets'],
} as const;

type Kind = keyof typeof PATHS;
type Parts = { metadata?: object } & Record<string, unknown>;

const documentOf = (kind: Kind, { metadata, ...parts }: Parts) => ({
  apiVersion: PATHS[kind][0],
  kind,
  metadata: {
    name: 'edge-1',
    ...(PATHS[kind][1].includes('/namespaces/') && { namespace: 'default' }),
    ...metadata,
  },
  ...parts,
});

const create = (kind: Kind, parts: Parts): Promise<Reply> =>
  client.post(`${PATHS[kind][1]}?dryRun=All&fieldValidation=Strict`, documentOf(kind, parts));

const apply = (kind: Kind, parts: Parts, validation = 'Strict'): Promise<Reply> =>
  client.send(
    'PATCH',
    `${PATHS[kind][1]}/edge-1?dryRun=All&fieldManager=test&fieldValidation=${validation}`,
    { body: documentOf(kind, parts), type: 'application/apply-patch+yaml' },
  );

const labels = (value: unknown) => ({ metadata: { labels: value } });
const infraEnv = (more: object = {}): Parts => ({ spec: { pullSecretRef: { name: 'registries' }, ...more } });

describe('what is applied', () => {
  const INFRA_ENV = 'default/edge-1; agent-install.openshift.io/v1beta1, Kind=InfraEnv';
  const SECRET = 'default/edge-1; /v1, Kind=Secret';
  const HOST = 'default/edge-1; metal3.io/v1alpha1, Kind=BareMetalHost';

  it.each<[what: string, kind: Kind, parts: Parts, object: string, fault: string]>([
    ['an unknown field', 'InfraEnv', infraEnv({ foo: 1 }), INFRA_ENV, '.spec.foo: field not declared in schema'],
    [
      'an unknown field of a cluster-scoped kind',
      'ClusterImageSet',
      { spec: { releaseImage: 'a', foo: 'u' } },
      '/edge-1; hive.openshift.io/v1, Kind=ClusterImageSet',
      '.spec.foo: field not declared in schema',
    ],
    [
      'several unknown fields',
      'InfraEnv',
      { ...infraEnv({ foo: 1 }), bar: {} },
      INFRA_ENV,
      'errors:\n  .bar: field not declared in schema\n  .spec.foo: field not declared in schema',
    ],
    ['an unknown field of a built-in kind', 'Secret', { foo: 1 }, SECRET, '.foo: field not declared in schema'],
    [
      'an object as a label',
      'InfraEnv',
      { ...infraEnv(), ...labels({ site: { name: 5 } }) },
      INFRA_ENV,
      '.metadata.labels.site: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"name":5}}',
    ],
    [
      'an object as a text',
      'BareMetalHost',
      { spec: { online: true, bootMACAddress: { a: 'b' } } },
      HOST,
      '.spec.bootMACAddress: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":"b"}}',
    ],
    [
      'an object as a type',
      'Secret',
      { type: { a: 'b' } },
      SECRET,
      '.type: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":"b"}}',
    ],
  ])('is refused as not typed: %s', async (_, kind, parts, object, fault) => {
    for (const validation of ['Strict', 'Warn', 'Ignore']) {
      const { code, json } = await apply(kind, parts, validation);
      expect({ code, json }).toEqual({
        code: 500,
        json: {
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message: `failed to create typed patch object (${object}): ${fault}`,
          code: 500,
        },
      });
    }
  });

  it.each<[kind: Kind, parts: Parts]>([
    ['InfraEnv', infraEnv()],
    ['Secret', {}],
  ])('has empty labels and annotations where it has nulls: %s', async (kind, parts) => {
    const metadata = { labels: { site: null }, annotations: { note: null } };
    const { code, json } = await apply(kind, { ...parts, metadata });
    expect(code).toBe(201);
    expect(json.metadata).toMatchObject({ labels: { site: '' }, annotations: { note: '' } });
  });

  it('has empty data where it has nulls', async () => {
    const { json } = await apply('Secret', { data: { a: null }, stringData: { b: null } });
    expect(json.data).toEqual({ a: '', b: '' });
  });
});
