import {
  CoreV1Api as Core,
  type CoreV1Api,
  type Informer,
  KubeConfig,
  makeInformer,
  type ObjectCache,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import type { KubeObject } from '../api/object.ts';
import { type KubeMock, startKubeMock } from '../index.ts';

const RESOURCE = { group: '', resource: 'configmaps' };
const NAMES = 200;

let mock: KubeMock;
const informers: Informer<V1ConfigMap>[] = [];

afterEach(async () => {
  for (const informer of informers.splice(0)) await informer.stop();
  await mock.close();
});

function follow(labelSelector?: string): Informer<V1ConfigMap> & ObjectCache<V1ConfigMap> {
  const config = new KubeConfig();
  config.loadFromString(mock.kubeconfig);
  const api: CoreV1Api = config.makeApiClient(Core);
  const list = () =>
    api.listNamespacedConfigMap({ namespace: 'default', ...(labelSelector !== undefined && { labelSelector }) });
  const informer = makeInformer(config, '/api/v1/namespaces/default/configmaps', list, labelSelector);
  informer.on('error', () => {
    // What users of the library do: start over, a moment later.
    setTimeout(() => {
      if (informers.includes(informer)) void informer.start().catch(() => {});
    }, 20);
  });
  informers.push(informer);
  return informer;
}

/** Name and version of every object. */
const shown = (objects: readonly { metadata?: { name?: string; resourceVersion?: string } }[]) =>
  objects.map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`).sort();

const inStore = (labelSelector = ''): string[] =>
  shown(mock.cluster.list(RESOURCE, { namespace: 'default', labelSelector }));

/** Creates, changes or deletes one object, by a number. */
function change(step: number): void {
  const name = `cm-${(step * 7919) % NAMES}`;
  const live = mock.cluster.get(RESOURCE, 'default', name);
  if (live && step % 5 === 0) {
    mock.cluster.delete(RESOURCE, 'default', name);
    return;
  }
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', labels: { half: step % 3 === 0 ? 'yes' : 'no' } },
    data: { step: String(step) },
  };
  if (live) mock.cluster.update(RESOURCE, object);
  else mock.cluster.create(RESOURCE, object);
}

it('stays consistent through 10,000 changes, cut connections, lost history and a restart', {
  timeout: 60_000,
}, async () => {
  mock = await startKubeMock({ tls: false, historyLength: 2000 });
  const { port, token } = mock;
  const all = follow();
  const half = follow('half=yes');
  await all.start();
  await half.start();
  for (let step = 0; step < 5000; step++) {
    change(step);
    if (step % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (step % 1000 === 500) mock.handler.close();
    if (step % 1000 === 600) mock.store.compact();
  }
  await expect.poll(() => shown(all.list()), { timeout: 20_000 }).toEqual(inStore());
  await expect.poll(() => shown(half.list()), { timeout: 20_000 }).toEqual(inStore('half=yes'));

  // Another life on the same port, without the objects of the first, above its versions.
  const last = mock.store.resourceVersion;
  await mock.close();
  mock = await startKubeMock({ tls: false, port, token, historyLength: 2000, firstResourceVersion: last + 1000 });
  for (let step = 5000; step < 10_000; step++) {
    change(step);
    if (step % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => shown(all.list()), { timeout: 20_000 }).toEqual(inStore());
  await expect.poll(() => shown(half.list()), { timeout: 20_000 }).toEqual(inStore('half=yes'));
});

it('tells every watcher the same story, whatever it selects and wherever it starts', async () => {
  mock = await startKubeMock({ tls: false });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(50_000), { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('', 'half=yes', 'half!=yes', 'half notin (yes)', 'missing'),
      async (steps, at, labelSelector) => {
        const start = Math.floor(at * steps.length);
        for (const step of steps.slice(0, start)) change(step);
        const from = mock.store.resourceVersion;
        const state = new Map(
          mock.cluster
            .list(RESOURCE, { namespace: 'default', labelSelector })
            .map((object) => [object.metadata.name, object]),
        );
        for (const step of steps.slice(start)) change(step);
        const query = new URLSearchParams({
          watch: 'true',
          resourceVersion: String(from),
          labelSelector,
          timeoutSeconds: '60',
          allowWatchBookmarks: 'true',
        });
        const abort = new AbortController();
        const response = await fetch(`${mock.url}/api/v1/namespaces/default/configmaps?${query}`, {
          headers: { authorization: `Bearer ${mock.token}` },
          signal: abort.signal,
        });
        // The end of the story is marked by ending all watches, which sends a last bookmark.
        await new Promise((resolve) => setTimeout(resolve, 5));
        mock.handler.close();
        let version = from;
        for (const line of (await response.text()).trimEnd().split('\n')) {
          const { type, object } = JSON.parse(line) as { type: string; object: KubeObject };
          expect(Number(object.metadata.resourceVersion)).toBeGreaterThanOrEqual(version);
          version = Number(object.metadata.resourceVersion);
          const known = state.has(object.metadata.name);
          if (type === 'DELETED') {
            expect(known).toBe(true);
            state.delete(object.metadata.name);
          } else if (type !== 'BOOKMARK') {
            expect(type).toBe(known ? 'MODIFIED' : 'ADDED');
            state.set(object.metadata.name, object);
          }
        }
        expect(shown([...state.values()])).toEqual(inStore(labelSelector));
      },
    ),
    { numRuns: 60 },
  );
});
