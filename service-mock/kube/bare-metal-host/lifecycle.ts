/**
 * When a BareMetalHost may go, and when the Bare Metal Operator is to leave it alone: finalizer, detached and paused.
 * Upstream: assisted-service, bmh_agent_controller.go.
 */
import { RESOURCES } from '../../../model/kube/resources.ts';
import { INFRA_ENV_LABEL } from '../labels.ts';
import type { Agent } from '../objects.ts';
import { drainNode } from './drain.ts';
import {
  annotate,
  type BareMetalHost,
  BMH_DETACHED,
  BMH_FINALIZER,
  BMH_HARDWARE_DETAILS,
  BMH_HOST_MANAGEMENT,
  BMH_PAUSED,
  BMH_REMOVE_ON_DELETE,
  BMH_SPOKE_CREATED,
  BMH_STATUS,
  hasAnnotation,
  OWNED_BY_US,
  removeAnnotations,
  stateOf,
} from './objects.ts';
import { type BmhWork, RETRY_MS, type Verdict } from './work.ts';

/** Upstream: handleBMHFinalizer. */
export async function keepFinalizer(work: BmhWork): Promise<Verdict> {
  const { context, host, agent, converged } = work;
  const { metadata } = host;
  const finalizers = metadata.finalizers ?? [];
  if (metadata.labels?.[INFRA_ENV_LABEL] === undefined) {
    removeFinalizer(host);
    return 'stop';
  }
  if (metadata.deletionTimestamp === undefined) {
    if (!finalizers.includes(BMH_FINALIZER)) metadata.finalizers = [...finalizers, BMH_FINALIZER];
    return 'next';
  }
  const removesAgent = converged && hasAnnotation(host, BMH_REMOVE_ON_DELETE);
  if (!finalizers.includes(BMH_FINALIZER) || !agent) {
    if (removesAgent) removeAnnotations(host, BMH_DETACHED);
    removeAnnotations(host, BMH_PAUSED);
    removeFinalizer(host);
    return 'stop';
  }
  if (removesAgent) {
    if (agent.spec.clusterDeploymentName) {
      const drained = await drainNode(work, agent);
      if (drained !== 'next') return drained;
      removeAnnotations(host, BMH_DETACHED, BMH_PAUSED);
      host.spec.automatedCleaningMode = 'metadata';
      if (stateOf(host) !== 'deleting') return { requeueAfterMs: RETRY_MS };
    }
    await context.client.delete(RESOURCES.agents, agent.metadata.namespace, agent.metadata.name);
  }
  removeFinalizer(host);
  return 'stop';
}

function removeFinalizer({ metadata }: BareMetalHost): void {
  if (!metadata.finalizers?.includes(BMH_FINALIZER)) return;
  const kept = metadata.finalizers.filter((finalizer) => finalizer !== BMH_FINALIZER);
  if (kept.length > 0) metadata.finalizers = kept;
  else delete metadata.finalizers;
}

/** Whether the user has to boot the host anew, as it left an installed cluster. */
export function waitsForReboot({ status }: Agent): boolean {
  const bound = status?.conditions?.find(({ type }) => type === 'Bound');
  return bound?.reason === 'UnbindingPendingUserAction';
}

/** Has a host that left its cluster boot the image again. Upstream: reconcileUnboundAgent. */
export function bootUnboundAgain({ host, converged }: BmhWork): Verdict {
  if (!converged) {
    // Without the annotation it was dealt with before.
    if (!hasAnnotation(host, BMH_DETACHED)) return 'next';
    removeAnnotations(host, BMH_DETACHED, BMH_PAUSED, BMH_HARDWARE_DETAILS, BMH_SPOKE_CREATED);
    delete host.spec.image;
    return 'stop';
  }
  const state = stateOf(host);
  if (state === 'provisioned') delete host.spec.customDeploy;
  if (hasAnnotation(host, BMH_DETACHED)) removeAnnotations(host, BMH_DETACHED, BMH_PAUSED);
  removeAnnotations(host, BMH_HARDWARE_DETAILS, BMH_SPOKE_CREATED);
  return state === 'provisioned' || state === 'deprovisioning' ? 'stop' : 'next';
}

/** Stages from which on a host without the converged flow boots from its disk, or never will. */
const DETACH_STAGES: ReadonlySet<string> = new Set(['Failed', 'Rebooting', 'Joined', 'Done']);

/** Upstream: handlePauseAndDetachBMHAnnotations. */
export function detachAndPause(work: BmhWork): void {
  const { host, agent, converged, context } = work;
  if (hasAnnotation(host, BMH_HOST_MANAGEMENT) && converged && !hasAnnotation(host, BMH_REMOVE_ON_DELETE)) {
    removeAnnotations(host, BMH_DETACHED, BMH_PAUSED);
    return;
  }
  const { PAUSE_PROVISIONED_BMHS: pauses } = context.settings;
  const state = stateOf(host);
  const isDone = converged ? state === 'provisioned' : DETACH_STAGES.has(agent?.status?.progress?.currentStage ?? '');
  if (isDone) {
    if (!agent || !waitsForReboot(agent)) annotate(host, BMH_DETACHED, detachedValue(work));
    if (pauses && host.status?.operationalStatus === 'detached') pause(host);
  }
  // A host that was moved here is restored by its operator from what we noted, once it may.
  if (pauses && state === '' && hasAnnotation(host, BMH_PAUSED) && hasAnnotation(host, BMH_STATUS)) {
    removeAnnotations(host, BMH_PAUSED);
  }
}

/** With an agent to be removed the operator is to wait for us when the host is deleted. */
function detachedValue({ host, converged }: BmhWork): string {
  return converged && hasAnnotation(host, BMH_REMOVE_ON_DELETE)
    ? JSON.stringify({ deleteAction: 'delay' })
    : OWNED_BY_US;
}

function pause(host: BareMetalHost): void {
  annotate(host, BMH_STATUS, JSON.stringify(host.status));
  annotate(host, BMH_PAUSED, OWNED_BY_US);
}
