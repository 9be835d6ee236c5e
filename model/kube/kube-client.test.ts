import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KubeMock, startKubeMock } from '../../controller-mock/index.ts';
import { ScaledClock, startClock } from '../time/clock.ts';
import { Informer } from './informer.ts';
import { type KubeCall, KubeClient } from './kube-client.ts';
import { KubeError } from './kube-error.ts';
import type { KubeObject } from './kube-object.ts';
import { loadKubeconfig } from './kubeconfig.ts';
import { RESOURCES } from './resources.ts';

const CLOCK = new ScaledClock(startClock(1));

let mock: KubeMock;
let client: KubeClient;
let calls: KubeCall[];
const informers: Informer[] = [];

const configMap = (name: string, data: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});
const follow = (keep?: (object: KubeObject) => KubeObject) => {
  const informer = new Informer({
    client,
    resource: RESOURCES.configMaps,
    selection: { namespace: 'default' },
    clock: CLOCK,
    random: () => 0,
    ...(keep && { keep }),
  });
  informers.push(informer);
  return informer;
};
const dataOf = (object: KubeObject | undefined) => object?.data as Record<string, string> | undefined;

beforeEach(async () => {
  mock = await startKubeMock();
  calls = [];
  client = new KubeClient({
    kubeconfig: loadKubeconfig({ text: mock.kubeconfig }),
    clock: CLOCK,
    onCall: (call) => calls.push(call),
  });
});
afterEach(async () => {
  await Promise.all(informers.splice(0).map((informer) => informer.stop()));
  await client.close();
  await mock.close();
});

describe('a client', () => {
  it('creates, reads, changes, applies and deletes an object, and tells of each request', async () => {
    await client.create(RESOURCES.configMaps, configMap('a', { one: '1' }));
    const read = await client.get(RESOURCES.configMaps, 'default', 'a');
    expect(dataOf(read)).toEqual({ one: '1' });
    await client.update(RESOURCES.configMaps, { ...read, data: { one: '2' } });
    await client.patch(RESOURCES.configMaps, 'default', 'a', { data: { two: '2' } });
    const applied = await client.apply(RESOURCES.configMaps, configMap('a', { three: '3' }), { fieldManager: 'me' });
    expect(dataOf(applied)).toEqual({ one: '2', two: '2', three: '3' });
    await client.delete(RESOURCES.configMaps, 'default', 'a');
    expect((await client.list(RESOURCES.configMaps, { namespace: 'default', labelSelector: 'x=y' })).items).toEqual([]);
    expect(calls.map(({ verb, resource, status }) => `${verb} ${resource} ${status}`)).toEqual([
      'create configmaps 201',
      'get configmaps 200',
      'update configmaps 200',
      'patch configmaps 200',
      'patch configmaps 200',
      'delete configmaps 200',
      'list configmaps 200',
    ]);
  });

  it('lists in pages', async () => {
    for (let i = 0; i < 501; i++) mock.cluster.create({ group: '', resource: 'configmaps' }, configMap(`c${i}`));
    const { items } = await client.list(RESOURCES.configMaps, { namespace: 'default' });
    expect(items.filter(({ metadata }) => /^c\d/.test(metadata.name)).length).toBe(501);
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(calls.length).toBe(2);
  });

  it.each([
    ['what is not there', () => client.get(RESOURCES.configMaps, 'default', 'none'), { status: 404, notFound: true }],
    [
      'what is there already',
      () => client.create(RESOURCES.configMaps, configMap('kube-root-ca.crt')),
      { status: 409, alreadyExists: true, conflict: false },
    ],
    [
      'an old version',
      async () => {
        const old = await client.create(RESOURCES.configMaps, configMap('old'));
        await client.patch(RESOURCES.configMaps, 'default', 'old', { data: { a: 'b' } });
        await client.update(RESOURCES.configMaps, old);
      },
      { status: 409, conflict: true, alreadyExists: false },
    ],
    [
      'a field that is unknown, in an apply',
      () => client.apply(RESOURCES.configMaps, { ...configMap('x'), spec: {} }, { fieldManager: 'me' }),
      { status: 500, passing: false, unfit: true },
    ],
  ])('names %s', async (_, work, expected) => {
    const error = await (work() as Promise<unknown>).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(KubeError);
    expect(error).toMatchObject(expected);
  });

  it('lists tables as kubectl does, in pages', async () => {
    for (let i = 0; i < 501; i += 50) {
      const some = Array.from({ length: Math.min(50, 501 - i) }, (_, j) => configMap(`m${i + j}`));
      await Promise.all(some.map((one) => client.create(RESOURCES.configMaps, one)));
    }
    let asked = 0;
    const rows: number[] = [];
    for await (const page of client.tables(RESOURCES.configMaps, { namespace: 'default' }, () => asked++))
      rows.push(page);
    // The namespace has its root certificate as well.
    expect(rows[0]).toBe(500);
    expect(rows.slice(1)).toEqual([expect.any(Number)]);
    expect(rows[1]).toBeGreaterThanOrEqual(1);
    expect(asked).toBe(2);
  });

  it('says which server gave no response', async () => {
    await mock.close();
    const error = await client.get(RESOURCES.configMaps, 'default', 'a').catch((thrown) => thrown);
    expect(error).toMatchObject({ status: 0, reason: 'Unreachable', passing: true });
    expect(error.message).toContain(`get configmaps default/a: no response from ${mock.url}`);
  });

  it('speaks plain HTTP where the kubeconfig says so, marked or not', async () => {
    const plain = await startKubeMock({ tls: false });
    const text = plain.kubeconfig.replace(/ *insecure-skip-tls-verify: true\n/, '');
    expect(text).not.toContain('insecure');
    const other = new KubeClient({ kubeconfig: loadKubeconfig({ text }), clock: CLOCK });
    try {
      expect(JSON.parse(await other.text('/version'))).toHaveProperty('gitVersion');
    } finally {
      await other.close();
      await plain.close();
    }
  });

  it('knows whether a kind is served', async () => {
    expect(await client.serves(RESOURCES.secrets)).toBe(true);
    expect(await client.serves(RESOURCES.infraEnvs)).toBe(false);
  });

  it('ends a request at once when its signal aborts', async () => {
    const gone = new AbortController();
    gone.abort(new Error('enough'));
    await expect(client.get(RESOURCES.configMaps, 'default', 'a', gone.signal)).rejects.toThrow('enough');
    expect(calls).toEqual([]);
  });
});

describe('an informer', () => {
  it('has an index of a name once', () => {
    const informer = follow().addIndex('data', () => []);
    expect(() => informer.addIndex('data', () => [])).toThrow("the informer of configmaps has an index 'data' already");
  });

  it('tells of what is there and of every change, and keeps what it is asked to', async () => {
    await client.create(RESOURCES.configMaps, configMap('a', { owner: 'x' }));
    const informer = follow(({ apiVersion, kind, metadata, data }) => ({ apiVersion, kind, metadata, data }));
    informer.addIndex('owner', (object) => (dataOf(object)?.owner ? [dataOf(object)!.owner!] : []));
    const told: string[] = [];
    informer.onChange((after, before) => {
      const { name } = (after ?? before)!.metadata;
      if (name !== 'kube-root-ca.crt') told.push(`${name} ${before ? 'was' : 'new'} ${after ? 'is' : 'gone'}`);
    });
    await informer.start().synced;
    expect(informer.select('owner', 'x').map(({ metadata }) => metadata.name)).toEqual(['a']);
    await client.patch(RESOURCES.configMaps, 'default', 'a', { data: { owner: 'y' } });
    await client.create(RESOURCES.configMaps, configMap('b'));
    await client.delete(RESOURCES.configMaps, 'default', 'a');
    await expect.poll(() => told).toEqual(['a new is', 'a was is', 'b new is', 'a was gone']);
    expect(informer.select('owner', 'x')).toEqual([]);
    expect(informer.select('owner', 'y')).toEqual([]);
  });

  it('finds out what happened while its watch was lost, and while its history was', async () => {
    const informer = follow();
    await informer.start().synced;
    for (let round = 0; round < 3; round++) {
      mock.handler.endWatches('/configmaps');
      await client.create(RESOURCES.configMaps, configMap(`round-${round}`));
      await expect.poll(() => informer.get('default', `round-${round}`)).toBeDefined();
    }
  });

  it('stops before its first list, and after', async () => {
    const early = follow();
    await early.stop();
    await expect(early.synced).rejects.toThrow('stopped');
    const late = follow();
    await late.start().synced;
    await late.stop();
  });
});
