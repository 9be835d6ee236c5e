import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { KubeClient } from '../../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import { startWorldThread, type WorldThread } from './world-thread.ts';

const threads: WorldThread[] = [];
afterEach(() => Promise.all(threads.splice(0).map((thread) => thread.close())));

async function start(...given: Parameters<typeof startWorldThread>): Promise<WorldThread> {
  const thread = await startWorldThread(...given);
  threads.push(thread);
  return thread;
}

it('is a cluster for clients of this thread, whose time is theirs', async () => {
  const { kubeconfig, clock } = await start(600, { tls: false });
  const client = new KubeClient({ kubeconfig: loadKubeconfig({ text: kubeconfig }), clock });
  try {
    const before = clock.now();
    const made = await client.create(RESOURCES.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'mine' },
    });
    const createdAt = Date.parse(made.metadata.creationTimestamp!);
    // Times of objects have whole seconds.
    expect(createdAt).toBeGreaterThan(before - 1000);
    expect(createdAt).toBeLessThanOrEqual(clock.now());
    await clock.sleep(30_000);
    expect(clock.now()).toBeGreaterThanOrEqual(before + 30_000);
  } finally {
    await client.close();
  }
});

it('says why it cannot be started', async () => {
  await expect(startWorldThread(60, { podCapacity: 0 })).rejects.toThrow(
    'podCapacity is 0: it must be a number from 1',
  );
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  await expect(startWorldThread(60, { tls: false, port })).rejects.toThrow(String(port));
  taken.close();
});

it('is gone when it is closed', async () => {
  const { kubeconfig, close } = await startWorldThread(60, { tls: false });
  const server = loadKubeconfig({ text: kubeconfig }).getCurrentCluster()!.server;
  await close();
  await expect(fetch(server)).rejects.toThrow();
});
