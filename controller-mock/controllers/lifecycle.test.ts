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
