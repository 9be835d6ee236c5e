/** Who makes the ramdisks by which the BareMetalHosts of a hub boot. */
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { RESOURCES } from '../../model/kube/resources.ts';

/** Version of an OpenShift hub from which on the service makes them. */
const LEAST = { major: 4, minor: 12 } as const;

/**
 * Whether a service with ALLOW_CONVERGED_FLOW makes the ramdisks on this hub, found out as it does itself: assisted-service,
 * internal/controller/controllers/bmo_utils.go, ConvergedFlowAvailable.
 * @throws KubeError when the hub does not answer now
 */
export async function isConverged(client: KubeClient): Promise<boolean> {
  try {
    const operator = await client.get(RESOURCES.clusterOperators, undefined, 'baremetal');
    const { versions = [] } = (operator.status ?? {}) as { versions?: { version?: string }[] };
    const [major = 0, minor = 0] = (versions[0]?.version ?? '').split('.').map(Number);
    return major > LEAST.major || (major === LEAST.major && minor >= LEAST.minor);
  } catch (error) {
    // A hub that is no OpenShift has no such kind.
    if (isKubeError(error) && !error.passing) return false;
    throw error;
  }
}
