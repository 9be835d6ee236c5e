/** What a PreprovisioningImage says of itself. Upstream: assisted-service, preprovisioningimage_controller.go; k8s.io/apimachinery, pkg/api/meta/conditions.go. */
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import type { ImageCondition, PreprovisioningImage } from '../bare-metal-host/objects.ts';

/** A reason is a name in camel case; one of its own is its message's. */
export interface ImageFinding {
  readonly ready: ImageCondition['status'];
  readonly error: ImageCondition['status'];
  readonly reason: string;
  readonly message: string;
}

const waiting = (reason: string, message: string): ImageFinding => ({
  ready: 'False',
  error: 'False',
  reason,
  message,
});
const broken = (reason: string, message: string): ImageFinding => ({ ready: 'False', error: 'True', reason, message });

export const NOT_CREATED = waiting('WaitingForInfraEnvImageToBeCreated', 'Waiting for InfraEnv image to be created');
export const COOLING_DOWN = waiting('WaitingForInfraEnvImageToCoolDown', 'Waiting for InfraEnv image to cool down');
export const UNSUPPORTED_FORMAT = broken('UnsupportedImageFormat', 'Unsupported image format');

export function mismatchedArchitecture(image: string, infraEnv: string): ImageFinding {
  return broken(
    'InfraEnvArchMismatch',
    `PreprovisioningImage CPU architecture (${image}) does not match InfraEnv CPU architecture (${infraEnv})`,
  );
}

export function noIronicAgent(why: string): ImageFinding {
  return broken('IronicAgentIgnitionUpdateFailure', `Could not add ironic agent to image: ${why}`);
}

/** Name and namespace stand in this order, as upstream's. */
export function noInfraEnv(name: string, namespace: string): ImageFinding {
  return waiting('InfraEnvNotAvailable', `InfraEnv ${name}/${namespace} is not found or is being deleted`);
}

/** Sets both conditions; only another status makes a transition. @param now epoch milliseconds */
export function setFinding(image: PreprovisioningImage, finding: ImageFinding, now: number): void {
  image.status ??= {};
  image.status.conditions ??= [];
  const { reason, message } = finding;
  const generation = image.metadata.generation;
  for (const [type, status] of [
    ['Ready', finding.ready],
    ['Error', finding.error],
  ] as const) {
    const known = image.status.conditions.find((condition) => condition.type === type);
    const rest = { status, reason, message, ...(generation !== undefined && { observedGeneration: generation }) };
    if (!known) image.status.conditions.push({ type, lastTransitionTime: rfc3339(now), ...rest });
    else {
      if (known.status !== status) known.lastTransitionTime = rfc3339(now);
      Object.assign(known, rest);
    }
  }
}
