/** The readers of a run, with connections of their own. */
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { createServiceClient, type ServiceClient } from '../service/service-client.ts';
import { Readers } from './readers.ts';
import { type ReadTargets, restLooks } from './rest-looks.ts';
import type { UserOptions } from './run-parts.ts';
import { createUserRuntime, USER_MACHINE } from './user-client.ts';

/** Browsers and kubectl name themselves; who reads a hub's audit log finds these. */
const USER_AGENT = 'kubectl/v1.33.0 (linux/amd64) assisted-swarm';

/**
 * Lets the plan's readers look at things until what it returns is called, or ended.
 * @param targets what the run has made and is there
 * @throws Error when a kubeconfig or certificate cannot be read
 */
export async function startReaders(options: UserOptions, targets: () => ReadTargets): Promise<() => Promise<void>> {
  const { plan, baseUrl, clock, telemetry, readers: figures } = options;
  if (plan.readers.length === 0) return async () => {};
  // Each has its own connection, which stays open from one look to the next as that of a browser.
  const runtime = createUserRuntime({ tls: plan.service.tls, clock, telemetry }, 'keep-alive');
  const hub = await hubOf(options);
  const hubLooks = hub && (await import('./hub-looks.ts')).hubLooks(hub);
  const clients: ServiceClient[] = [];
  const readers = new Readers({
    readers: plan.readers,
    seed: plan.seed,
    clock,
    figures,
    lookingOf: (load, reader) => {
      if (load === 'hub-list') return hubLooks!;
      const client = createServiceClient({
        runtime,
        kind: 'reader',
        baseUrl,
        token: null,
        authorization: plan.service.userAuthorization,
        machine: USER_MACHINE - 1 - reader,
      });
      clients.push(client);
      return restLooks(load, client, targets);
    },
  });
  readers.start();
  return async () => {
    await readers.stop();
    for (const client of clients) client.release();
    await Promise.all([runtime.transport.close(), hub?.close()]);
  };
}

/** Null where nobody looks at a hub. */
async function hubOf({ plan, hub, clock, hubRequests }: UserOptions): Promise<KubeClient | null> {
  const amount = plan.readers.reduce((sum, one) => sum + (one.load === 'hub-list' ? one.amount : 0), 0);
  if (amount === 0 || hub === null) return null;
  // What they need is most of the program, and nothing to runs without a hub.
  const { KubeClient } = await import('../../model/kube/kube-client.ts');
  const { loadKubeconfig } = await import('../../model/kube/kubeconfig.ts');
  return new KubeClient({
    kubeconfig: loadKubeconfig(hub),
    clock,
    userAgent: USER_AGENT,
    connections: amount,
    onCall: (call) => hubRequests.record('reader', call),
  });
}
