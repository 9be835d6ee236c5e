/** Namespaces as admission guards them: kubernetes/apiserver, pkg/admission/plugin/namespace/lifecycle/admission.go Lifecycle.Admit. */
import type { ResourceType } from '../../api/resource-type.ts';
import { forbidden, notFound } from '../../api/status.ts';
import type { WritableCluster } from '../writable-cluster.ts';

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/** Nothing new comes into a namespace that is not there or about to go. @throws ApiStatusError 403, 404 */
export function checkNamespaceAccepts(
  cluster: WritableCluster,
  type: ResourceType,
  namespace: string,
  name: string,
): void {
  const namespaces = cluster.registry.preferred({ group: '', resource: 'namespaces' });
  if (!namespaces) return;
  const owner = cluster.objects.collection(namespaces).get('', namespace)?.object;
  if (!owner) throw notFound(namespaces, namespace);
  if (!owner.metadata.deletionTimestamp) return;
  throw forbidden(type, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

/** Namespaces that the cluster itself lives in stay. @throws ApiStatusError 403 */
export function checkDeletable(type: ResourceType, name: string): void {
  if (type.group === '' && type.plural === 'namespaces' && IMMORTAL.has(name)) {
    throw forbidden(type, name, 'this namespace may not be deleted');
  }
}
