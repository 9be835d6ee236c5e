/** Documents with mistakes, sent raw: the answers are those of a kube-apiserver 1.32.13 with the real CRDs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeMock, startKubeMock } from '../index.ts';
import { type Reply, TestClient } from '../testing/test-client.ts';
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
  InfraEnv: [
    'agent-install.openshift.io/v1beta1',
    '/apis/agent-install.openshift.io/v1beta1/namespaces/default/infraenvs',
  ],
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
  client.send('PATCH', `${PATHS[kind][1]}/edge-1?dryRun=All&fieldManager=test&fieldValidation=${validation}`, {
    body: documentOf(kind, parts),
    type: 'application/apply-patch+yaml',
  });

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

/** The refusal of an object that Go cannot read. */
const unreadable = (kind: Kind, why: string) =>
  `${kind} in version "${PATHS[kind][0].split('/').at(-1)}" cannot be handled as a ${kind}: ${why}`;

describe('what is created', () => {
  it.each<[kind: Kind, parts: Parts, why: string]>([
    ['InfraEnv', labels(5), 'number into Go struct field ObjectMeta.labels of type map[string]string'],
    ['InfraEnv', labels({ a: [] }), 'array into Go struct field ObjectMeta.labels of type string'],
    ['InfraEnv', labels({ a: { name: 5 } }), 'object into Go struct field ObjectMeta.labels of type string'],
    ['InfraEnv', { metadata: { uid: 5 } }, 'number into Go struct field ObjectMeta.uid of type types.UID'],
    [
      'InfraEnv',
      { metadata: { generation: 1.5 } },
      'number 1.5 into Go struct field ObjectMeta.generation of type int64',
    ],
    [
      'InfraEnv',
      { metadata: { generateName: [] } },
      'array into Go struct field ObjectMeta.generateName of type string',
    ],
    [
      'InfraEnv',
      { metadata: { finalizers: 'x' } },
      'string into Go struct field ObjectMeta.finalizers of type []string',
    ],
    ['InfraEnv', { metadata: { finalizers: [1] } }, 'number into Go struct field ObjectMeta.finalizers of type string'],
    [
      'InfraEnv',
      { metadata: { ownerReferences: 'x' } },
      'string into Go struct field ObjectMeta.ownerReferences of type []v1.OwnerReference',
    ],
    [
      'InfraEnv',
      { metadata: { ownerReferences: ['x'] } },
      'string into Go struct field ObjectMeta.ownerReferences of type v1.OwnerReference',
    ],
    [
      'InfraEnv',
      { metadata: { ownerReferences: [{ controller: 'x' }] } },
      'string into Go struct field OwnerReference.ownerReferences.controller of type bool',
    ],
    [
      'InfraEnv',
      { metadata: { labels: { b: 5 }, annotations: 5 } },
      'number into Go struct field ObjectMeta.annotations of type map[string]string',
    ],
    [
      'Secret',
      { metadata: { labels: { b: 5 }, annotations: 5 } },
      'number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'Secret',
      { metadata: { creationTimestamp: 5 } },
      'number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    ],
    ['Secret', { data: [] }, 'array into Go struct field Secret.data of type map[string][]uint8'],
    ['Secret', { data: { a: 5 } }, 'number into Go struct field Secret.data of type []uint8'],
    ['Secret', { data: { a: { b: 1 } } }, 'object into Go struct field Secret.data of type []uint8'],
    ['Secret', { data: { a: [256] } }, 'number 256 into Go struct field Secret.data of type uint8'],
    ['Secret', { stringData: { a: [] } }, 'array into Go struct field Secret.stringData of type string'],
    ['Secret', { type: true }, 'bool into Go struct field Secret.type of type v1.SecretType'],
    ['Secret', { immutable: 'x' }, 'string into Go struct field Secret.immutable of type bool'],
    ['Namespace', { spec: 5 }, 'number into Go struct field Namespace.spec of type v1.NamespaceSpec'],
    [
      'Namespace',
      { spec: { finalizers: 5 } },
      'number into Go struct field NamespaceSpec.spec.finalizers of type []v1.FinalizerName',
    ],
  ])('is refused where Go cannot read it: %s %j', async (kind, parts, why) => {
    const { code, json } = await create(kind, kind === 'InfraEnv' ? { ...infraEnv(), ...parts } : parts);
    expect(json.message).toBe(unreadable(kind, `json: cannot unmarshal ${why}`));
    expect({ code, reason: json.reason }).toEqual({ code: 400, reason: 'BadRequest' });
  });

  it.each([
    ['x', 0],
    ['YQ', 0],
    ['YWJj!', 4],
    ['10.0.0.0/8', 2],
    ['YQ==YQ==', 4],
    ['A===', 1],
    ['YQ=a', 2],
  ])('is refused where it is not base64: %s', async (value, at) => {
    const created = await create('Secret', { data: { a: value } });
    expect(created.code).toBe(400);
    expect(created.json.message).toBe(unreadable('Secret', `illegal base64 data at input byte ${at}`));
    const applied = await apply('Secret', { data: { a: value } });
    expect(applied.code).toBe(500);
    expect(applied.json.message).toBe(
      `failed to convert new object (default/edge-1; /v1, Kind=Secret) to proper version: unable to convert unstructured object to /v1, Kind=Secret: error decoding from json: illegal base64 data at input byte ${at}`,
    );
  });

  it.each([
    [[], ''],
    [[1, 2], 'AQI='],
    ['YWI=\n', 'YWI='],
    [null, ''],
  ])('has bytes in the form that Go writes: %j', async (value, stored) => {
    const { code, json } = await create('Secret', { data: { a: value } });
    expect({ code, data: json.data }).toEqual({ code: 201, data: { a: stored } });
  });

  it.each([
    ['[]', 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['', 'unexpected end of JSON input'],
    ['registries', "invalid character 'r' looking for beginning of value"],
  ])('is refused where registries are no JSON object: %j', async (json, why) => {
    const reply = await create('Secret', {
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': json },
    });
    expect(reply.code).toBe(422);
    expect(reply.json.message).toBe(
      `Secret "edge-1" is invalid: data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": ${why}`,
    );
  });

  it('is refused for a time that is none', async () => {
    const { json } = await create('Secret', { metadata: { creationTimestamp: 'x' } });
    expect(json.message).toBe(
      unreadable('Secret', 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'),
    );
  });

  it.each<[kind: Kind, value: unknown, shown: string]>([
    ['BareMetalHost', 99999999999, '99999999999'],
    ['BareMetalHost', true, 'true'],
    ['BareMetalHost', ['a', 2], '[]interface {}{"a", 2}'],
    ['BareMetalHost', {}, 'map[string]interface {}{}'],
    ['BareMetalHost', 'A'.repeat(300), JSON.stringify('A'.repeat(300))],
  ])('is told its choices, also for a value of another type: %s %j', async (kind, value, shown) => {
    const { code, json } = await create(kind, { spec: { online: true, automatedCleaningMode: value } });
    const field = 'spec.automatedCleaningMode';
    const type = Array.isArray(value) ? 'array' : typeof value === 'number' ? 'integer' : typeof value;
    const causes = [
      ...(type === 'string'
        ? []
        : [`${field}: Invalid value: "${type}": ${field} in body must be of type string: "${type}"`]),
      `${field}: Unsupported value: ${shown}: supported values: "metadata", "disabled"`,
    ];
    const list = causes.length === 1 ? causes[0] : `[${causes.join(', ')}]`;
    expect({ code, message: json.message }).toEqual({
      code: 422,
      message: `BareMetalHost.metal3.io "edge-1" is invalid: ${list}`,
    });
  });

  it('is told last that rules were not checked', async () => {
    const { json } = await apply('AgentClusterInstall', {
      spec: {
        clusterDeploymentRef: { name: 'edge-1' },
        networking: { networkType: null },
        provisionRequirements: { controlPlaneAgents: 1 },
      },
    });
    expect(json.details.causes).toEqual([
      {
        reason: 'FieldValueTypeInvalid',
        message: 'Invalid value: "null": spec.networking.networkType in body must be of type string: "null"',
        field: 'spec.networking.networkType',
      },
      {
        reason: 'FieldValueNotSupported',
        message:
          'Unsupported value: "null": supported values: "OpenShiftSDN", "OVNKubernetes", "CiscoACI", "Cilium", "Calico", "None"',
        field: 'spec.networking.networkType',
      },
      {
        reason: 'FieldValueInvalid',
        message:
          'Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
        field: '<nil>',
      },
    ]);
  });

  it('may be cluster-scoped and name a namespace, which is dropped', async () => {
    const { code, json } = await create('ClusterImageSet', {
      metadata: { namespace: 'other' },
      spec: { releaseImage: 'a' },
    });
    expect(code).toBe(201);
    expect(json.metadata).not.toHaveProperty('namespace');
  });

  it('may have a finalizer without a path only if it is a custom resource, which is warned of', async () => {
    const metadata = { finalizers: ['example'] };
    const custom = await create('InfraEnv', { ...infraEnv(), metadata });
    expect(custom.code).toBe(201);
    expect(custom.headers.warning).toBe(
      '299 - "metadata.finalizers: \\"example\\": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers"',
    );
    const builtin = await create('Secret', { metadata });
    expect(builtin.json.message).toBe(
      'Secret "edge-1" is invalid: metadata.finalizers[0]: Invalid value: "example": name is neither a standard finalizer name nor is it fully qualified',
    );
  });
});

describe('what is patched', () => {
  it.each<[type: string, patch: object, value: string, why: string]>([
    [
      'strategic-merge-patch',
      { metadata: { labels: { a: 5 } } },
      '"map[metadata:map[labels:map[a:5]]]"',
      'cannot convert int64 to string',
    ],
    ['strategic-merge-patch', { data: { b: 5 } }, '"map[data:map[b:5]]"', 'cannot restore slice from int64'],
    [
      'strategic-merge-patch',
      { data: { b: 'x' } },
      '"map[data:map[b:x]]"',
      'error decoding from json: illegal base64 data at input byte 0',
    ],
    ['merge-patch', { data: { b: 'x' } }, '"{', 'illegal base64 data at input byte 0'],
    [
      'merge-patch',
      { metadata: { labels: 5 } },
      '"{',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
  ])('is refused where Go cannot read the outcome: %s %j', async (type, patch, value, why) => {
    const path = PATHS.Secret[1];
    await client.post(path, documentOf('Secret', { data: { a: 'YQ==' } }));
    const { code, json } = await client.send('PATCH', `${path}/edge-1`, {
      body: patch,
      type: `application/${type}+json`,
    });
    await client.delete(`${path}/edge-1`);
    expect(code).toBe(422);
    expect(json.message.startsWith(` "" is invalid: patch: Invalid value: ${value}`)).toBe(true);
    expect(json.message.endsWith(`: ${why}`)).toBe(true);
    expect(json.details).toEqual({
      causes: [
        { reason: 'FieldValueInvalid', message: json.message.slice(' "" is invalid: patch: '.length), field: 'patch' },
      ],
    });
  });
});

describe('items of lists', () => {
  const first = async (path: string) => (await client.get(path)).json.items[0];

  it.each([
    '/api/v1/namespaces',
    '/api/v1/configmaps',
    '/api/v1/serviceaccounts',
  ])('do not say what they are: %s', async (path) => {
    const { metadata } = await first(path);
    expect(await first(`${path}?limit=1`)).not.toHaveProperty('kind');
    expect(await first(path)).not.toHaveProperty('apiVersion');
    expect(metadata.name).toBeTruthy();
  });

  it('do where they are custom resources, metadata alone, or events of a watch', async () => {
    const custom = '/apis/config.openshift.io/v1/clusterversions';
    expect(await first(custom)).toMatchObject({ apiVersion: 'config.openshift.io/v1', kind: 'ClusterVersion' });
    const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const partial = await client.get('/api/v1/namespaces', { accept });
    expect(partial.json.items[0]).toMatchObject({ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' });
    const watch = await client.watch('/api/v1/namespaces?watch=true');
    expect((await watch.next())?.object).toMatchObject({ apiVersion: 'v1', kind: 'Namespace' });
    watch.close();
  });
});
