import { afterEach, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import type { KubeObject } from '../api/object.ts';
import { ServedCluster } from '../server/served-cluster.ts';
import { STANDARD_KINDS } from '../standard-kinds.ts';
import { NAMESPACE_GRACE_MS } from './namespace-lifecycle.ts';

const NAMESPACES = { group: '', resource: 'namespaces' };
const CONFIG_MAPS = { group: '', resource: 'configmaps' };
const NAME = 'edge-1';

let served: ServedCluster;
afterEach(() => served.close());

const turns = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

function start(namespaceGraceMs: number) {
  const clock = new ManualClock();
  served = new ServedCluster(STANDARD_KINDS, {
    clock,
    historyLength: 100,
    firstResourceVersion: 0,
    anonymous: 'all',
    bookmarkIntervalMs: 60_000,
    caPem: '',
    namespaceGraceMs,
    token: 'token',
  });
  const { cluster } = served;
  cluster.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } });
  const add = (name: string, finalizers: string[] = []) =>
    cluster.create(CONFIG_MAPS, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: NAME, finalizers },
    });
  return {
    add,
    remove: () => cluster.delete(NAMESPACES, '', NAME),
    release: (name: string) =>
      cluster.modify(CONFIG_MAPS, NAME, name, (draft: KubeObject) => {
        draft.metadata.finalizers = [];
      }),
    has: (name: string) => cluster.get(CONFIG_MAPS, NAME, name) !== undefined,
    isThere: () => cluster.get(NAMESPACES, '', NAME) !== undefined,
    pass: (ms: number) => clock.advance(ms, turns),
    clock,
  };
}

it('leaves content alone for five seconds, then the namespace goes with it', async () => {
  const { add, remove, has, isThere, pass } = start(NAMESPACE_GRACE_MS);
  add('free');
  remove();
  await pass(4_999);
  expect(has('free')).toBe(true);
  await pass(1);
  await turns();
  expect(has('free')).toBe(false);
  expect(isThere()).toBe(false);
});

it('comes back while something waits for its finalizers', async () => {
  const { add, remove, release, has, isThere, pass } = start(NAMESPACE_GRACE_MS);
  add('held', ['example.com/hold']);
  add('free');
  remove();
  await pass(5_000);
  await turns();
  expect(has('free')).toBe(false);
  // The conditions it has set are a change of the namespace: five seconds later it looks again, and then every eight.
  await pass(5_000);
  await turns();
  release('held');
  expect(has('held')).toBe(false);
  await pass(7_999);
  expect(isThere()).toBe(true);
  await pass(1);
  await turns();
  expect(isThere()).toBe(false);
});

it('goes at once without a grace, as soon as its content has gone', async () => {
  const { add, remove, release, isThere, clock } = start(0);
  add('held', ['example.com/hold']);
  remove();
  await turns();
  expect(isThere()).toBe(true);
  release('held');
  await turns();
  expect(isThere()).toBe(false);
  expect(clock.pending).toBe(0);
});

it('leaves no timer behind', async () => {
  const { remove, clock } = start(NAMESPACE_GRACE_MS);
  remove();
  expect(clock.pending).toBe(1);
  served.close();
  expect(clock.pending).toBe(0);
});
