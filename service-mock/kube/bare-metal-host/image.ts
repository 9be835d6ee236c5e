/** What a BareMetalHost boots. Upstream: assisted-service, bmh_agent_controller.go, reconcileBMH and shouldReconcileBMH. */
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Clock } from '../../../model/time/clock.ts';
import type { InfraEnv } from '../objects.ts';
import {
  annotate,
  type BareMetalHost,
  BMH_DETACHED,
  BMH_INSPECT,
  hasAnnotation,
  type PreprovisioningImage,
  stateOf,
} from './objects.ts';
import type { BmhWork, Verdict } from './work.ts';

/** Simulated milliseconds that an image has to be old, as each change of its InfraEnv makes another one. */
export const IMAGE_COOLDOWN_MS = 60_000;
const DEPLOY_METHOD = 'start_assisted_install';
/** States in which a host takes a new image at once. */
const READY_STATES: ReadonlySet<string> = new Set(['ready', 'available']);

export function setImage({ context, host, infraEnv, converged }: BmhWork): Verdict {
  if (!infraEnv) return 'stop';
  // Whoever detached it has to attach it again.
  if (hasAnnotation(host, BMH_DETACHED)) return 'next';
  if (converged) return setDeployMethod(host, imageOf(context.cache.of(RESOURCES.preprovisioningImages), host));
  if (!hasAnnotation(host, BMH_INSPECT)) annotate(host, BMH_INSPECT, 'disabled');
  host.spec.automatedCleaningMode = 'disabled';
  const need = imageNeed(host, infraEnv, context.clock);
  if (need !== 'new') return need;
  if (!READY_STATES.has(stateOf(host))) {
    // The old one has to be gone from the operator's cache first.
    delete host.spec.image;
    return 'stop';
  }
  host.spec.online = true;
  host.spec.image = { url: infraEnv.status!.isoDownloadURL!, format: 'live-iso' };
  return 'stop';
}

/** Whether a host needs another image: a verdict when it does not, or not yet. */
export function imageNeed(host: BareMetalHost, { status }: InfraEnv, clock: Clock): 'new' | Verdict {
  if (!status?.isoDownloadURL) return 'stop';
  if (host.spec.image?.url === status.isoDownloadURL) return 'next';
  const left = (status.createdTime ? Date.parse(status.createdTime) : 0) + IMAGE_COOLDOWN_MS - clock.now();
  return left > 0 ? { requeueAfterMs: left } : 'new';
}

function imageOf(
  images: { get(namespace: string, name: string): unknown },
  { metadata }: BareMetalHost,
): PreprovisioningImage | undefined {
  return images.get(metadata.namespace, metadata.name) as PreprovisioningImage | undefined;
}

/** The operator boots an image of its own until ours is ready, and would have to boot twice. */
function setDeployMethod(host: BareMetalHost, image: PreprovisioningImage | undefined): Verdict {
  if (host.spec.customDeploy?.method === DEPLOY_METHOD) return 'next';
  const ready = image?.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True' || ready.reason !== 'InfraEnvAvailable') return 'stop';
  host.spec.customDeploy = { method: DEPLOY_METHOD };
  return 'next';
}
