/** The reconcilers that a service runs. Upstream: assisted-service, cmd/main.go, startKubeAPIControllers. */
import { clusterDeploymentReconciler } from './cluster-deployment-reconciler.ts';
import { clusterInstallReconciler } from './cluster-install-reconciler.ts';
import type { KubeContext } from './context.ts';
import { infraEnvReconciler } from './infra-env-reconciler.ts';
import type { Reconciler } from './reconciler.ts';

export function reconcilersOf(context: KubeContext): readonly Reconciler[] {
  return [infraEnvReconciler(context), clusterDeploymentReconciler(context), clusterInstallReconciler(context)];
}
