/** The reconcilers that a service runs. Upstream: assisted-service, cmd/main.go, startKubeAPIControllers. */

import { classificationReconcilers } from './agent/classifications.ts';
import { agentReconciler } from './agent/reconciler.ts';
import { ConvergedFlow } from './bare-metal-host/converged-flow.ts';
import { bareMetalHostReconciler } from './bare-metal-host/reconciler.ts';
import { clusterDeploymentReconciler } from './cluster/deployment-reconciler.ts';
import { clusterInstallReconciler } from './cluster/install-reconciler.ts';
import type { KubeContext } from './context.ts';
import { infraEnvReconciler } from './infra-env/reconciler.ts';
import { preprovisioningImageReconciler } from './preprovisioning-image/reconciler.ts';
import type { Reconciler } from './reconciler.ts';

export function reconcilersOf(context: KubeContext): readonly Reconciler[] {
  return [
    infraEnvReconciler(context),
    agentReconciler(context),
    clusterDeploymentReconciler(context),
    clusterInstallReconciler(context),
    ...classificationReconcilers(context),
    ...bareMetalReconcilers(context),
  ];
}

function bareMetalReconcilers(context: KubeContext): Reconciler[] {
  const { ENABLE_METAL3, ENABLE_IMAGE_SERVICE } = context.settings;
  if (!ENABLE_METAL3 || !ENABLE_IMAGE_SERVICE) return [];
  const flow = new ConvergedFlow(context);
  return [bareMetalHostReconciler(context, flow), preprovisioningImageReconciler(context, flow)];
}
