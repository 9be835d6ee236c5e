import type { ClusterAccess } from '../api/cluster-access.ts';

/** What every cluster has from its first second. */
export function seedEmptyWorld(cluster: ClusterAccess): void {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    cluster.create({ group: '', resource: 'namespaces' }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
}
