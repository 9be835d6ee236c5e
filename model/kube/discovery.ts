/** Which kinds a hub serves, and under which names: each group is asked for once. Upstream: client-go, discovery/discovery_client.go. */
import type { KubeClient } from './kube-client.ts';
import { isKubeError } from './kube-error.ts';
import type { KubeResource } from './resources.ts';

interface ApiResourceList {
  resources?: { name: string; kind: string; namespaced: boolean }[];
}

export class KubeDiscovery {
  readonly #client: Pick<KubeClient, 'json'>;
  readonly #groups = new Map<string, Promise<KubeResource[]>>();

  constructor(client: Pick<KubeClient, 'json'>) {
    this.#client = client;
  }

  /** Undefined when the hub does not serve the kind. @throws KubeError */
  async find(apiVersion: string, kind: string, signal?: AbortSignal): Promise<KubeResource | undefined> {
    let group = this.#groups.get(apiVersion);
    if (!group) {
      group = this.#ask(apiVersion, signal);
      this.#groups.set(apiVersion, group);
      group.catch(() => this.#groups.delete(apiVersion));
    }
    return (await group).find((resource) => resource.kind === kind);
  }

  async #ask(apiVersion: string, signal?: AbortSignal): Promise<KubeResource[]> {
    const slash = apiVersion.indexOf('/');
    const group = slash < 0 ? '' : apiVersion.slice(0, slash);
    const version = apiVersion.slice(slash + 1);
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    let list: ApiResourceList;
    try {
      list = (await this.#client.json(path, signal)) as ApiResourceList;
    } catch (error) {
      if (isKubeError(error) && error.notFound) return [];
      throw error;
    }
    return (list.resources ?? [])
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => ({ group, version, plural: name, kind, namespaced }));
  }
}
