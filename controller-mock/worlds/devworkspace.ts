/**
 * A cluster for developer workspaces: the kinds of the DevWorkspace Operator and its namespace. Objects are stored as they
 * are written; nothing starts or stops workspaces here. DevWorkspace facts 1.1 and appendix B.
 */
import type { ClusterAccess } from '../server/resource.ts';
import { customResourceDefinition } from './kinds/definition.ts';
import { DEV_WORKSPACE_KINDS } from './kinds/devworkspace.ts';

/** Where the operator is when it was installed from a catalog. */
const OPERATOR_NAMESPACE = 'openshift-operators';

export function seedDevWorkspaces(cluster: ClusterAccess): void {
  const crds = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
  for (const definition of DEV_WORKSPACE_KINDS) cluster.create(crds, customResourceDefinition(definition));
  cluster.create(
    { group: '', resource: 'namespaces' },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: OPERATOR_NAMESPACE } },
  );
}
