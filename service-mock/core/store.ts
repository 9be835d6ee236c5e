/** Everything the service knows, by id and by the custom resource that it belongs to. */
import type { KubeKey } from '../service-api.ts';
import type { ClusterRow, HostRow, InfraEnvRow } from './rows.ts';

export class Store {
  readonly clusters = new Map<string, ClusterRow>();
  readonly infraEnvs = new Map<string, InfraEnvRow>();
  /** Ids of deleted hosts by infra-env, of those that stand. */
  readonly #deletedHosts = new Map<string, Set<string>>();
  readonly #clustersByKube = new Map<string, ClusterRow>();
  readonly #infraEnvsByKube = new Map<string, InfraEnvRow>();
  readonly #hostsByKube = new Map<string, HostRow>();

  addCluster(cluster: ClusterRow): void {
    this.clusters.set(cluster.id, cluster);
    if (cluster.kubeKey) this.#clustersByKube.set(kubeText(cluster.kubeKey), cluster);
  }

  removeCluster(cluster: ClusterRow): void {
    this.clusters.delete(cluster.id);
    if (cluster.kubeKey) this.#clustersByKube.delete(kubeText(cluster.kubeKey));
  }

  clusterByKube(key: KubeKey): ClusterRow | undefined {
    return this.#clustersByKube.get(kubeText(key));
  }

  addInfraEnv(infraEnv: InfraEnvRow): void {
    this.infraEnvs.set(infraEnv.id, infraEnv);
    if (infraEnv.kubeKey) this.#infraEnvsByKube.set(kubeText(infraEnv.kubeKey), infraEnv);
  }

  removeInfraEnv(infraEnv: InfraEnvRow): void {
    this.infraEnvs.delete(infraEnv.id);
    this.#deletedHosts.delete(infraEnv.id);
    if (infraEnv.kubeKey) this.#infraEnvsByKube.delete(kubeText(infraEnv.kubeKey));
  }

  infraEnvByKube(key: KubeKey): InfraEnvRow | undefined {
    return this.#infraEnvsByKube.get(kubeText(key));
  }

  /** The host whose Agent has this key; its name is the host's id. */
  hostByKube(key: KubeKey): HostRow | undefined {
    return this.#hostsByKube.get(kubeText(key));
  }

  setKubeNamespace(host: HostRow, namespace: string): void {
    this.#forgetAgent(host);
    host.kubeNamespace = namespace;
    if (namespace !== '') this.#hostsByKube.set(kubeText({ namespace, name: host.id }), host);
  }

  #forgetAgent(host: HostRow): void {
    const key = kubeText({ namespace: host.kubeNamespace, name: host.id });
    if (this.#hostsByKube.get(key) === host) this.#hostsByKube.delete(key);
  }

  /** Whether a host was deleted, or its infra-env with it: its events can be asked for alone. */
  isDeletedHost(infraEnvId: string, hostId: string): boolean {
    if (infraEnvId === '') return false;
    return !this.infraEnvs.has(infraEnvId) || (this.#deletedHosts.get(infraEnvId)?.has(hostId) ?? false);
  }

  /** Whether a cluster or an infra-env of this id is there. */
  stands(id: string): boolean {
    return this.clusters.has(id) || this.infraEnvs.has(id);
  }

  /** Hosts that are there. */
  get hosts(): number {
    let count = 0;
    for (const { hosts } of this.infraEnvs.values()) count += hosts.size;
    return count;
  }

  addHost(host: HostRow): void {
    host.infraEnv.hosts.set(host.id, host);
    this.#deletedHosts.get(host.infraEnv.id)?.delete(host.id);
    if (host.cluster) attach(host, host.cluster);
  }

  removeHost(host: HostRow): void {
    host.infraEnv.hosts.delete(host.id);
    const { id } = host.infraEnv;
    // The host of an Agent outlives its infra-env.
    if (this.infraEnvs.has(id)) {
      const deleted = this.#deletedHosts.get(id) ?? new Set();
      this.#deletedHosts.set(id, deleted.add(host.id));
    }
    this.#forgetAgent(host);
    if (host.cluster) detach(host, host.cluster);
  }

  /** Binds a host to a cluster, or frees it. */
  moveHost(host: HostRow, cluster: ClusterRow | undefined): void {
    if (host.cluster === cluster) return;
    if (host.cluster) detach(host, host.cluster);
    host.cluster = cluster;
    if (cluster) attach(host, cluster);
  }
}

function kubeText({ namespace, name }: KubeKey): string {
  return `${namespace}/${name}`;
}

function attach(host: HostRow, cluster: ClusterRow): void {
  cluster.hosts.push(host);
  touchMembers(cluster);
}

function detach(host: HostRow, cluster: ClusterRow): void {
  const at = cluster.hosts.indexOf(host);
  if (at >= 0) cluster.hosts.splice(at, 1);
  touchMembers(cluster);
}

/** To be called when anything changed that peers' connectivity checks or groups depend on. */
export function touchMembers(cluster: ClusterRow): void {
  cluster.membersVersion++;
  cluster.connectivityVersion++;
}
