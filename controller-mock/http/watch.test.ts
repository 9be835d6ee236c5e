import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KubeMock, startKubeMock } from '../index.ts';
import { TestClient } from '../testing/test-client.ts';

let mock: KubeMock;
let client: TestClient;

beforeEach(async () => {
  mock = await startKubeMock({ tls: false, historyLength: 50, bookmarkIntervalMs: 50 });
  // Every namespace has this one; these tests count.
  remove('kube-root-ca.crt');
  client = new TestClient(mock);
});

afterEach(async () => {
  client.close();
  await mock.close();
});

const CM = '/api/v1/namespaces/default/configmaps';
const RESOURCE = { group: '', resource: 'configmaps' };

function put(name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', labels }, data };
  const live = mock.cluster.get(RESOURCE, 'default', name);
  return live ? mock.cluster.update(RESOURCE, object) : mock.cluster.create(RESOURCE, object);
}

const remove = (name: string) => mock.cluster.delete(RESOURCE, 'default', name);

describe('watch', () => {
  it('sends objects of now first, then what happens', async () => {
    put('a');
    const watch = await client.watch(`${CM}?watch=true`);
    expect(await watch.take(1)).toEqual(['ADDED a']);
    put('b');
    put('b', { x: '1' });
    remove('a');
    expect(await watch.take(3)).toEqual(['ADDED b', 'MODIFIED b', 'DELETED a']);
    watch.close();
  });

  it('goes on after a version, and the version of a deletion is new', async () => {
    const made = put('a');
    put('b');
    const watch = await client.watch(`${CM}?watch=1&resourceVersion=${made.metadata.resourceVersion}`);
    expect(await watch.take(1)).toEqual(['ADDED b']);
    remove('a');
    const line = await watch.next();
    expect(line?.type).toBe('DELETED');
    expect(Number(line?.object.metadata.resourceVersion)).toBe(mock.store.resourceVersion);
    expect(line?.object.metadata.uid).toBe(made.metadata.uid);
    watch.close();
  });

  it('turns changes of what a selector matches into ADDED and DELETED', async () => {
    put('a', {}, { on: 'no' });
    const watch = await client.watch(
      `${CM}?watch=1&resourceVersion=${mock.store.resourceVersion}&labelSelector=on%3Dyes`,
    );
    put('a', { step: '1' }, { on: 'yes' });
    put('a', { step: '2' }, { on: 'yes' });
    put('a', { step: '3' }, { on: 'no' });
    put('a', { step: '4' }, { on: 'no' });
    put('b', {}, { on: 'yes' });
    const lines = [await watch.next(), await watch.next(), await watch.next(), await watch.next()];
    expect(lines.map((line) => `${line?.type} ${line?.object.metadata.name}`)).toEqual([
      'ADDED a',
      'MODIFIED a',
      'DELETED a',
      'ADDED b',
    ]);
    const gone = lines[2]!.object;
    expect(gone.data).toEqual({ step: '2' });
    expect(Number(gone.metadata.resourceVersion)).toBeGreaterThan(Number(lines[1]!.object.metadata.resourceVersion));
    watch.close();
  });

  it('watches one object by field selector and by path', async () => {
    put('a');
    for (const path of [`${CM}?watch=1&fieldSelector=metadata.name%3Da`, `${CM}/a?watch=1`]) {
      const watch = await client.watch(path);
      put('other', { at: path });
      put('a', { at: path });
      expect(await watch.take(2)).toEqual(['ADDED a', 'MODIFIED a']);
      watch.close();
    }
  });

  it('ends with 410 for a version history has forgotten, and refuses one from the future', async () => {
    for (let index = 0; index < 60; index++) put('a', { index: String(index) });
    const old = await client.get(`${CM}?watch=1&resourceVersion=1`);
    expect(old.code).toBe(200);
    expect(old.json).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
    expect((await client.get(`${CM}?watch=1&resourceVersion=999999`)).code).toBe(410);
  });

  it('ends after timeoutSeconds with a bookmark', async () => {
    const watch = await client.watch(`${CM}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true`);
    let last: string | undefined;
    for (let line = await watch.next(); line; line = await watch.next()) {
      last = line.type;
      expect(line.object.kind).toBe('ConfigMap');
      expect(line.object.metadata.resourceVersion).toBe(String(mock.store.resourceVersion));
    }
    expect(last).toBe('BOOKMARK');
    expect(mock.handler.watches).toBe(0);
  });

  it('marks the end of the initial objects of a WatchList', async () => {
    put('a');
    put('b');
    const watch = await client.watch(
      `${CM}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=`,
    );
    expect(await watch.take(2)).toEqual(['ADDED a', 'ADDED b']);
    const mark = await watch.next();
    expect(mark?.type).toBe('BOOKMARK');
    expect(mark?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
    expect(mark?.object.metadata.resourceVersion).toBe(String(mock.store.resourceVersion));
    watch.close();
  });

  it.each([
    ['watch=1&sendInitialEvents=true', 'resourceVersionMatch'],
    ['watch=1&resourceVersionMatch=NotOlderThan', 'resourceVersionMatch'],
    ['sendInitialEvents=true', 'sendInitialEvents'],
    ['resourceVersionMatch=Exact', 'resourceVersionMatch'],
    ['resourceVersion=1&resourceVersionMatch=Sometimes', 'resourceVersionMatch'],
  ])('refuses %s', async (query, field) => {
    const reply = await client.get(`${CM}?${query}`);
    expect(reply.code).toBe(422);
    expect(reply.json.details.causes[0].field).toBe(field);
  });

  it('sends Tables and metadata alone, as asked', async () => {
    put('a');
    const table = await client.watch(`${CM}?watch=1`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const row = (await table.next())?.object as unknown as { kind: string; rows: { cells: unknown[] }[] };
    expect(row.kind).toBe('Table');
    expect(row.rows[0]?.cells[0]).toBe('a');
    table.close();
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const partial = await client.watch(`${CM}?watch=1`, { accept });
    const object = (await partial.next())?.object;
    expect(object).toMatchObject({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { name: 'a' },
    });
    expect(object).not.toHaveProperty('data');
    partial.close();
  });

  it('lets a slow client read at its own pace, and cuts it when history has moved on', async () => {
    put('seen');
    const request = client.open('GET', `${CM}?watch=1`);
    request.on('error', () => {});
    const response = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      request.on('response', resolve);
      request.end();
    });
    response.pause();
    // More than the sockets take and more changes than history keeps.
    const big = 'x'.repeat(200_000);
    for (let index = 0; index < 120; index++) {
      put('big', { big, index: String(index) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
    });
    response.resume();
    await new Promise((resolve) => response.once('end', resolve));
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; object: { code?: number; reason?: string } });
    expect(lines.length).toBeLessThan(115);
    expect(lines.at(-1)).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    expect(mock.handler.watches).toBe(0);
  });

  it('forgets watches of clients that have gone', async () => {
    const watch = await client.watch(`${CM}?watch=1`);
    expect(mock.handler.watches).toBe(1);
    watch.close();
    await watch.ended;
    put('a');
    await expect.poll(() => mock.handler.watches).toBe(0);
  });
});

describe('list', () => {
  it('keeps all pages of a list at the version of the first', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) put(name, { first: 'yes' });
    const first = (await client.get(`${CM}?limit=2`)).json;
    expect(first.metadata.remainingItemCount).toBe(3);
    const version = first.metadata.resourceVersion;
    remove('c');
    put('aa');
    put('d', { changed: 'yes' });
    const names: string[] = [];
    let token: string | undefined = first.metadata.continue;
    while (token) {
      const page: {
        items: { metadata: { name: string }; data?: object }[];
        metadata: { continue?: string; resourceVersion: string };
      } = (await client.get(`${CM}?limit=2&continue=${token}`)).json;
      expect(page.metadata.resourceVersion).toBe(version);
      for (const item of page.items) {
        names.push(item.metadata.name);
        expect(item.data).toEqual({ first: 'yes' });
      }
      token = page.metadata.continue;
    }
    expect(names).toEqual(['c', 'd', 'e']);
  });

  it('answers 410 with a token to go on, once a page has expired', async () => {
    for (const name of ['a', 'b', 'c', 'd']) put(name);
    const first = (await client.get(`${CM}?limit=2`)).json;
    put('a', { changed: 'yes' });
    mock.store.compact();
    const reply = await client.get(`${CM}?limit=2&continue=${first.metadata.continue}`);
    expect(reply.code).toBe(410);
    expect(reply.json.reason).toBe('Expired');
    const rest = await client.get(`${CM}?limit=2&continue=${reply.json.metadata.continue}`);
    expect(rest.json.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['c', 'd']);
  });

  it('reads exact versions and refuses those to come', async () => {
    put('a');
    const version = mock.store.resourceVersion;
    put('b');
    const exact = await client.get(`${CM}?resourceVersion=${version}&resourceVersionMatch=Exact`);
    expect(exact.json.items).toHaveLength(1);
    expect((await client.get(`${CM}?resourceVersion=${version}`)).json.items).toHaveLength(2);
    const future = await client.get(`${CM}?resourceVersion=${version + 100}`);
    expect(future.code).toBe(504);
    expect(future.json.details.causes[0].reason).toBe('ResourceVersionTooLarge');
    expect(future.headers['retry-after']).toBe('1');
  });

  it('says no to what it cannot read', async () => {
    for (const query of [
      'continue=x',
      'resourceVersion=abc',
      'limit=many',
      'labelSelector=a%3D%3D%3Db',
      'labelSelector=a%20in%20(b',
      'labelSelector=%40%40',
      'fieldSelector=spec.nothing%3D1',
      'fieldSelector=metadata.name',
      'watch=perhaps',
    ]) {
      const reply = await client.get(`${CM}?${query}`);
      expect([query, reply.code, reply.json.reason]).toEqual([query, 400, 'BadRequest']);
    }
  });

  it('compresses long answers for clients that can read them', async () => {
    put('big', { big: 'x'.repeat(200_000) });
    const reply = await client.get(CM, { 'accept-encoding': 'gzip' });
    expect(reply.headers['content-encoding']).toBe('gzip');
    expect(Number(reply.headers['content-length'])).toBeLessThan(10_000);
  });
});
