import type { KubeClient } from '../../../model/kube/kube-client.ts';

/** What reconcilers do in an installed cluster. */
export type SpokeApi = Pick<KubeClient, 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete' | 'close'>;

/** Clients of installed clusters, which stay open as long as their kubeconfig is the same. */
export class SpokeClients {
  readonly #clients = new Map<string, { kubeconfig: string; client: SpokeApi }>();

  get(secret: string, kubeconfig: string, make: () => SpokeApi): SpokeApi {
    const known = this.#clients.get(secret);
    if (known?.kubeconfig === kubeconfig) return known.client;
    void known?.client.close();
    const client = make();
    this.#clients.set(secret, { kubeconfig, client });
    return client;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map(({ client }) => client.close()));
    this.#clients.clear();
  }
}
