import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject, OwnerReference } from '../api/object.ts';
import { type KubeMock, startKubeMock } from '../index.ts';
import { TestClient } from '../testing/test-client.ts';

let mock: KubeMock;
let client: TestClient;

beforeAll(async () => {
  mock = await startKubeMock({ tls: false });
  client = new TestClient(mock);
});

afterAll(async () => {
  client.close();
  await mock.close();
});

const CM = '/api/v1/namespaces/default/configmaps';

async function make(name: string, owners: OwnerReference[] = [], finalizers: string[] = []): Promise<KubeObject> {
  const reply = await client.post(CM, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ownerReferences: owners, finalizers },
  });
  expect(reply.code).toBe(201);
  return reply.json;
}

const ownedBy = (owner: KubeObject, blocks = false): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: owner.metadata.name!,
  uid: owner.metadata.uid!,
  ...(blocks && { blockOwnerDeletion: true }),
});

const codeOf = async (name: string) => (await client.get(`${CM}/${name}`)).code;

describe('garbage collection', () => {
  it('deletes dependents in the background, down the line', async () => {
    const owner = await make('bg-owner');
    const child = await make('bg-child', [ownedBy(owner)]);
    await make('bg-grandchild', [ownedBy(child)]);
    await client.delete(`${CM}/bg-owner`);
    await expect.poll(() => codeOf('bg-grandchild')).toBe(404);
    expect(await codeOf('bg-child')).toBe(404);
  });

  it('keeps what another owner holds and takes the dead one off', async () => {
    const first = await make('two-first');
    const second = await make('two-second');
    await make('two-child', [ownedBy(first), ownedBy(second)]);
    await client.delete(`${CM}/two-first`);
    const owners = async () => (await client.get(`${CM}/two-child`)).json.metadata.ownerReferences;
    await expect.poll(async () => (await owners()).length).toBe(1);
    expect((await owners())[0].name).toBe('two-second');
  });

  it('keeps the owner until blocking dependents are gone, in the foreground', async () => {
    const owner = await make('fg-owner');
    await make('fg-child', [ownedBy(owner, true)], ['example.com/hold']);
    const reply = await client.delete(`${CM}/fg-owner?propagationPolicy=Foreground`);
    expect(reply.json.metadata.finalizers).toEqual(['foregroundDeletion']);
    await expect.poll(async () => (await client.get(`${CM}/fg-child`)).json.metadata.deletionTimestamp).toBeTruthy();
    expect(await codeOf('fg-owner')).toBe(200);
    await client.merge(`${CM}/fg-child`, { metadata: { finalizers: null } });
    await expect.poll(() => codeOf('fg-owner')).toBe(404);
    expect(await codeOf('fg-child')).toBe(404);
  });

  it('lets go of the reference to an owner that goes in the foreground, while another one stays', async () => {
    const going = await make('fg-going');
    const staying = await make('fg-staying');
    await make('fg-shared', [ownedBy(going, true), ownedBy(staying, true)]);
    await client.delete(`${CM}/fg-going?propagationPolicy=Foreground`);
    await expect.poll(() => codeOf('fg-going')).toBe(404);
    const owners = (await client.get(`${CM}/fg-shared`)).json.metadata.ownerReferences;
    expect(owners.map((owner: OwnerReference) => owner.name)).toEqual(['fg-staying']);
  });

  it('goes down two steps in the foreground', async () => {
    const owner = await make('deep-owner');
    const child = await make('deep-child', [ownedBy(owner, true)]);
    await make('deep-grandchild', [ownedBy(child, true)], ['example.com/hold']);
    await client.delete(`${CM}/deep-owner?propagationPolicy=Foreground`);
    const finalizers = async (name: string) => (await client.get(`${CM}/${name}`)).json.metadata?.finalizers;
    await expect.poll(() => finalizers('deep-child')).toEqual(['foregroundDeletion']);
    expect(await finalizers('deep-owner')).toEqual(['foregroundDeletion']);
    await client.merge(`${CM}/deep-grandchild`, { metadata: { finalizers: null } });
    await expect.poll(() => codeOf('deep-owner')).toBe(404);
  });

  it('takes an owner in another namespace for none, and says so', async () => {
    await client.post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'far' } });
    const far = await client.post('/api/v1/namespaces/far/configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'far-owner' },
    });
    const near = await make('far-child', [ownedBy(far.json)]);
    await expect.poll(() => codeOf('far-child')).toBe(404);
    const events = (await client.get('/api/v1/namespaces/default/events')).json.items;
    const { uid } = far.json.metadata;
    expect(events.filter((event: KubeObject) => event.reason === 'OwnerRefInvalidNamespace')).toMatchObject([
      {
        type: 'Warning',
        involvedObject: { kind: 'ConfigMap', name: 'far-child', namespace: 'default', uid: near.metadata.uid },
        message: `ownerRef [v1/ConfigMap, namespace: default, name: far-owner, uid: ${uid}] does not exist in namespace "default"`,
      },
    ]);
    expect((await client.get('/api/v1/namespaces/far/configmaps/far-owner')).code).toBe(200);
  });

  it('never collects what has no namespace for the sake of an owner that has one', async () => {
    const owner = await make('scoped-owner');
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    await client.post(roles, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'scoped', ownerReferences: [ownedBy(owner)] },
    });
    await make('scoped-child', [ownedBy(owner)]);
    await client.delete(`${CM}/scoped-owner`);
    await expect.poll(() => codeOf('scoped-child')).toBe(404);
    expect((await client.get(`${roles}/scoped`)).json.metadata.ownerReferences).toHaveLength(1);
  });

  it('judges an owner as soon as its kind is served', async () => {
    await make('early', [{ apiVersion: 'example.net/v1', kind: 'Late', name: 'x', uid: 'none' }]);
    const names = { plural: 'lates', singular: 'late', kind: 'Late', listKind: 'LateList' };
    const schema = { openAPIV3Schema: { type: 'object' } };
    await client.post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'lates.example.net' },
      spec: {
        group: 'example.net',
        scope: 'Namespaced',
        names,
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
    await expect.poll(() => codeOf('early')).toBe(404);
  });

  it('leaves orphans without owner', async () => {
    const owner = await make('orphan-owner');
    await make('orphan-child', [ownedBy(owner)]);
    await client.delete(`${CM}/orphan-owner`, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Orphan' });
    await expect.poll(() => codeOf('orphan-owner')).toBe(404);
    const child = await client.get(`${CM}/orphan-child`);
    expect(child.code).toBe(200);
    expect(child.json.metadata.ownerReferences).toBeUndefined();
  });

  it('deletes what names an owner that never was, but not one of an unknown kind', async () => {
    await make('dangling', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'none' }]);
    await make('foreign', [{ apiVersion: 'example.org/v1', kind: 'Thing', name: 'x', uid: 'none' }]);
    await expect.poll(() => codeOf('dangling')).toBe(404);
    expect(await codeOf('foreign')).toBe(200);
  });
});

describe('namespaces', () => {
  it('empty themselves and refuse new content while they go', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'going' } };
    const made = await client.post('/api/v1/namespaces', namespace);
    expect(made.json.status.phase).toBe('Active');
    const path = '/api/v1/namespaces/going/configmaps';
    const held = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'held', finalizers: ['example.com/hold'] } };
    await client.post(path, held);
    await client.post(path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'free' } });
    const deleted = await client.delete('/api/v1/namespaces/going');
    expect(deleted.json.status.phase).toBe('Terminating');

    const refused = await client.post(path, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late' } });
    expect(refused.code).toBe(403);
    expect(refused.json).toMatchObject({
      reason: 'Forbidden',
      message:
        'configmaps "late" is forbidden: unable to create new content in namespace going because it is being terminated',
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    });

    await expect.poll(async () => (await client.get(`${path}/free`)).code).toBe(404);
    const conditions = async () => (await client.get('/api/v1/namespaces/going')).json.status.conditions ?? [];
    await expect
      .poll(
        async () =>
          (await conditions()).find((entry: { type: string }) => entry.type === 'NamespaceFinalizersRemaining')
            ?.message,
      )
      .toBe('Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances');
    await client.merge(`${path}/held`, { metadata: { finalizers: [] } });
    await expect.poll(async () => (await client.get('/api/v1/namespaces/going')).code).toBe(404);
  });

  it('of the system stay', async () => {
    const reply = await client.delete('/api/v1/namespaces/default');
    expect(reply.code).toBe(403);
    expect(reply.json.message).toBe('namespaces "default" is forbidden: this namespace may not be deleted');
  });

  it('can be made again under the same name', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'again' } };
    await client.post('/api/v1/namespaces', namespace);
    await client.delete('/api/v1/namespaces/again');
    await expect.poll(async () => (await client.get('/api/v1/namespaces/again')).code).toBe(404);
    expect((await client.post('/api/v1/namespaces', namespace)).code).toBe(201);
  });
});
