import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubeMock, startKubeMock } from '../index.ts';
import { TestClient } from '../testing/test-client.ts';

let mock: KubeMock;
let client: TestClient;

beforeAll(async () => {
  mock = await startKubeMock();
  client = new TestClient(mock);
});

afterAll(async () => {
  client.close();
  await mock.close();
});

const CM = '/api/v1/namespaces/default/configmaps';
const configMap = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});

describe('create', () => {
  it('sets what the server decides and answers 201', async () => {
    const reply = await client.post(CM, configMap('made', { data: { a: '1' } }));
    expect(reply.code).toBe(201);
    expect(reply.json).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1', data: { a: '1' } });
    const { metadata } = reply.json;
    expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(metadata.namespace).toBe('default');
    expect(metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(metadata.resourceVersion).toBe(String(mock.store.resourceVersion));
    expect(metadata.generation).toBeUndefined();
  });

  it('makes names from generateName', async () => {
    const reply = await client.post(CM, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } });
    expect(reply.json.metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
  });

  it('refuses a second object of the same name', async () => {
    await client.post(CM, configMap('twice'));
    const reply = await client.post(CM, configMap('twice'));
    expect(reply.code).toBe(409);
    expect(reply.json).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      reason: 'AlreadyExists',
      message: 'configmaps "twice" already exists',
      details: { name: 'twice', kind: 'configmaps' },
      code: 409,
    });
  });

  it('names what is wrong with a name', async () => {
    const reply = await client.post(CM, configMap('Bad_Name'));
    expect(reply.code).toBe(422);
    expect(reply.json.reason).toBe('Invalid');
    expect(reply.json.message).toContain(
      'ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of',
    );
    expect(reply.json.details.causes[0]).toMatchObject({ reason: 'FieldValueInvalid', field: 'metadata.name' });
  });

  it.each([
    ['labels', { labels: { 'a b': 'x' } }, 'metadata.labels'],
    ['label values', { labels: { a: 'x y' } }, 'metadata.labels'],
    ['annotations', { annotations: { '/x': 'y' } }, 'metadata.annotations'],
    ['annotation size', { annotations: { a: 'x'.repeat(300_000) } }, 'metadata.annotations'],
    [
      'owners',
      { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '' }] },
      'metadata.ownerReferences.uid',
    ],
  ])('checks %s', async (_what, metadata, field) => {
    const reply = await client.post(CM, configMap('checked', { metadata: { name: 'checked', ...metadata } }));
    expect(reply.code).toBe(422);
    expect(reply.json.details.causes[0].field).toBe(field);
  });

  it('needs the namespace', async () => {
    const reply = await client.post('/api/v1/namespaces/nowhere/configmaps', configMap('a'));
    expect(reply.code).toBe(404);
    expect(reply.json.message).toBe('namespaces "nowhere" not found');
  });

  it('refuses another namespace in the body', async () => {
    const reply = await client.post(CM, configMap('a', { metadata: { name: 'a', namespace: 'kube-system' } }));
    expect(reply.code).toBe(400);
    expect(reply.json.message).toContain(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  });

  it('refuses another kind in the body', async () => {
    const reply = await client.post(CM, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } });
    expect(reply.code).toBe(400);
    expect(reply.json.reason).toBe('BadRequest');
  });

  it('refuses values of a wrong JSON type', async () => {
    const reply = await client.post(CM, configMap('typed', { data: { a: 1 } }));
    expect(reply.code).toBe(400);
    expect(reply.json.message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    );
  });

  it.each(['Strict', 'Warn', 'Ignore'])('treats unknown fields as fieldValidation=%s says', async (mode) => {
    const name = `unknown-${mode.toLowerCase()}`;
    const reply = await client.post(`${CM}?fieldValidation=${mode}`, configMap(name, { dada: {}, data: {} }));
    if (mode === 'Strict') {
      expect(reply.code).toBe(400);
      expect(reply.json.message).toContain('strict decoding error: unknown field "dada"');
    } else {
      expect(reply.code).toBe(201);
      expect(reply.json.dada).toBeUndefined();
      expect(reply.headers.warning).toBe(mode === 'Warn' ? '299 - "unknown field \\"dada\\""' : undefined);
    }
  });

  it('reports fields that come twice', async () => {
    const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"double"},"data":{"a":"1","a":"2"}}';
    const strict = await client.send('POST', `${CM}?fieldValidation=Strict`, { body });
    expect(strict.code).toBe(400);
    expect(strict.json.message).toContain('strict decoding error: duplicate field "data.a"');
    const warned = await client.send('POST', CM, { body });
    expect(warned.json.data).toEqual({ a: '2' });
    expect(warned.headers.warning).toBe('299 - "duplicate field \\"data.a\\""');
  });

  it('stores nothing for dryRun=All', async () => {
    const before = mock.store.resourceVersion;
    const reply = await client.post(`${CM}?dryRun=All`, configMap('dry'));
    expect(reply.code).toBe(201);
    expect(reply.json.metadata.uid).toBeTruthy();
    expect(mock.store.resourceVersion).toBe(before);
    expect((await client.get(`${CM}/dry`)).code).toBe(404);
  });

  it('reads YAML bodies', async () => {
    const reply = await client.send('POST', CM, {
      body: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: "1"\n',
      type: 'application/yaml',
    });
    expect(reply.code).toBe(201);
    expect(reply.json.data).toEqual({ a: '1' });
  });
});

describe('update', () => {
  it('checks the version the client has seen', async () => {
    const made = (await client.post(CM, configMap('locked'))).json;
    const first = await client.put(`${CM}/locked`, { ...made, data: { a: '1' } });
    expect(first.code).toBe(200);
    const second = await client.put(`${CM}/locked`, { ...made, data: { a: '2' } });
    expect(second.code).toBe(409);
    expect(second.json).toMatchObject({ reason: 'Conflict', details: { name: 'locked', kind: 'configmaps' } });
    expect(second.json.message).toBe(
      'Operation cannot be fulfilled on configmaps "locked": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  it('overwrites without a version for built-in kinds', async () => {
    await client.post(CM, configMap('unlocked'));
    expect((await client.put(`${CM}/unlocked`, configMap('unlocked', { data: { b: '2' } }))).code).toBe(200);
  });

  it('keeps what the server has set', async () => {
    const made = (await client.post(CM, configMap('kept'))).json;
    const reply = await client.put(`${CM}/kept`, {
      ...configMap('kept', { data: { x: 'y' } }),
      metadata: { name: 'kept', creationTimestamp: '2001-01-01T00:00:00Z' },
    });
    expect(reply.json.metadata.uid).toBe(made.metadata.uid);
    expect(reply.json.metadata.creationTimestamp).toBe(made.metadata.creationTimestamp);
  });

  it('writes nothing when nothing changes', async () => {
    const made = (await client.post(CM, configMap('same', { data: { a: '1' } }))).json;
    const reply = await client.put(`${CM}/same`, made);
    expect(reply.code).toBe(200);
    expect(reply.json.metadata.resourceVersion).toBe(made.metadata.resourceVersion);
  });

  it('refuses another uid', async () => {
    await client.post(CM, configMap('uid'));
    const reply = await client.put(`${CM}/uid`, configMap('uid', { metadata: { name: 'uid', uid: 'other' } }));
    expect(reply.code).toBe(409);
    expect(reply.json.message).toContain('Precondition failed: UID in precondition: other');
  });
});

describe('generation and status', () => {
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const labels = { app: 'web' };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  };

  it('counts changes of the spec alone, and keeps status to its subresource', async () => {
    const made = await client.post(path, { ...deployment, status: { replicas: 9 } });
    expect(made.code).toBe(201);
    expect(made.json.metadata.generation).toBe(1);
    expect(made.json.status?.replicas).toBeUndefined();

    const status = await client.merge(`${path}/web/status`, { status: { replicas: 3 }, spec: { replicas: 7 } });
    expect(status.code).toBe(200);
    expect(status.json.status.replicas).toBe(3);
    expect(status.json.spec.replicas).toBe(1);
    expect(status.json.metadata.generation).toBe(1);

    const spec = await client.merge(`${path}/web`, { status: { replicas: 5 }, spec: { replicas: 2 } });
    expect(spec.json.status.replicas).toBe(3);
    expect(spec.json.spec.replicas).toBe(2);
    expect(spec.json.metadata.generation).toBe(2);

    const labelled = await client.merge(`${path}/web`, { metadata: { labels: { a: 'b' } } });
    expect(labelled.json.metadata.generation).toBe(2);
  });

  it('tells the selector of a kind that names the labels themselves', async () => {
    const path = '/api/v1/namespaces/default/replicationcontrollers';
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const metadata = { name: 'old' };
    await client.post(path, { apiVersion: 'v1', kind: 'ReplicationController', metadata, spec: { template } });
    expect((await client.get(`${path}/old/scale`)).json).toMatchObject({
      kind: 'Scale',
      spec: { replicas: 1 },
      status: { replicas: 0, selector: 'a=b' },
    });
  });

  it('scales', async () => {
    const scale = await client.get(`${path}/web/scale`);
    expect(scale.json).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'web', namespace: 'default' },
      spec: { replicas: 2 },
      status: { replicas: 3, selector: 'app=web' },
    });
    const put = await client.put(`${path}/web/scale`, { ...scale.json, spec: { replicas: 5 } });
    expect(put.json.spec.replicas).toBe(5);
    const patched = await client.merge(`${path}/web/scale`, { spec: { replicas: 6 } });
    expect(patched.json.spec.replicas).toBe(6);
    expect((await client.put(`${path}/web/scale`, { ...scale.json, spec: { replicas: 1 } })).code).toBe(409);
    expect((await client.merge(`${path}/web/scale`, { spec: { replicas: -1 } })).code).toBe(422);
    expect((await client.get(`${path}/web`)).json.spec.replicas).toBe(6);
  });
});

describe('patch', () => {
  it('applies JSON patches', async () => {
    await client.post(CM, configMap('patched', { data: { a: '1', b: '2' } }));
    const patch = (body: unknown) =>
      client.send('PATCH', `${CM}/patched`, { body, type: 'application/json-patch+json' });
    const reply = await patch([
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'replace', path: '/data/a', value: '3' },
      { op: 'remove', path: '/data/b' },
      { op: 'add', path: '/metadata/annotations', value: {} },
      { op: 'add', path: '/metadata/annotations/example.com~1d', value: '4' },
    ]);
    expect(reply.code).toBe(200);
    expect(reply.json.data).toEqual({ a: '3' });
    expect(reply.json.metadata.annotations).toEqual({ 'example.com/d': '4' });
    expect((await patch([{ op: 'test', path: '/data/a', value: 'x' }])).code).toBe(422);
    expect((await patch([{ op: 'remove', path: '/data/none' }])).code).toBe(422);
    expect((await patch({ op: 'remove' })).code).toBe(400);
    expect((await patch([{ op: 'jump', path: '/data' }])).code).toBe(422);
  });

  it('applies merge patches, with locking when they carry a version', async () => {
    await client.post(CM, configMap('merged', { data: { a: '1', b: '2' } }));
    const reply = await client.merge(`${CM}/merged`, { data: { a: null, c: '3' } });
    expect(reply.json.data).toEqual({ b: '2', c: '3' });
    const stale = await client.merge(`${CM}/merged`, { metadata: { resourceVersion: '1' }, data: { d: '4' } });
    expect(stale.code).toBe(409);
  });

  it('refuses other patch types', async () => {
    await client.post(CM, configMap('typed-patch'));
    const reply = await client.send('PATCH', `${CM}/typed-patch`, { body: {}, type: 'application/json' });
    expect(reply.code).toBe(415);
    expect(reply.json.reason).toBe('UnsupportedMediaType');
  });

  it('needs a manager for server-side apply and creates what is missing', async () => {
    const body = configMap('applied', { data: { a: '1' } });
    const type = 'application/apply-patch+yaml';
    expect((await client.send('PATCH', `${CM}/applied`, { body, type })).code).toBe(422);
    const made = await client.send('PATCH', `${CM}/applied?fieldManager=me`, { body, type });
    expect(made.code).toBe(201);
    expect(made.json.metadata.managedFields[0]).toMatchObject({ manager: 'me', operation: 'Apply' });
    const again = await client.send('PATCH', `${CM}/applied?fieldManager=me`, {
      body: { ...body, data: { a: '2' } },
      type,
    });
    expect(again.code).toBe(200);
    expect(again.json.data).toEqual({ a: '2' });
  });
});

describe('delete', () => {
  it('answers a Status that names what is gone', async () => {
    const made = (await client.post(CM, configMap('gone'))).json;
    const reply = await client.delete(`${CM}/gone`);
    expect(reply.code).toBe(200);
    expect(reply.json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'gone', kind: 'configmaps', uid: made.metadata.uid },
    });
    expect((await client.delete(`${CM}/gone`)).code).toBe(404);
  });

  it('honours preconditions', async () => {
    await client.post(CM, configMap('guarded'));
    const reply = await client.delete(`${CM}/guarded`, { preconditions: { uid: 'other' } });
    expect(reply.code).toBe(409);
    expect((await client.get(`${CM}/guarded`)).code).toBe(200);
  });

  it('waits for finalizers, which can then only become fewer', async () => {
    await client.post(CM, configMap('held', { metadata: { name: 'held', finalizers: ['example.com/a'] } }));
    const reply = await client.delete(`${CM}/held`);
    expect(reply.json.kind).toBe('ConfigMap');
    expect(reply.json.metadata.deletionTimestamp).toBeTruthy();
    const added = await client.merge(`${CM}/held`, { metadata: { finalizers: ['example.com/a', 'example.com/b'] } });
    expect(added.code).toBe(422);
    expect(added.json.message).toContain('no new finalizers can be added if the object is being deleted');
    expect((await client.merge(`${CM}/held`, { metadata: { finalizers: null } })).code).toBe(200);
    expect((await client.get(`${CM}/held`)).code).toBe(404);
  });

  it('deletes collections by selector', async () => {
    for (const name of ['dc-1', 'dc-2', 'dc-3']) {
      await client.post(CM, configMap(name, { metadata: { name, labels: { dc: name === 'dc-3' ? 'no' : 'yes' } } }));
    }
    const reply = await client.delete(`${CM}?labelSelector=dc%3Dyes`);
    expect(reply.code).toBe(200);
    const left = await client.get(`${CM}?labelSelector=dc`);
    expect(left.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['dc-3']);
  });
});
