/** What a command line or a request changes of an expanded plan. */

import type { TlsOptions } from '../plan/connections.ts';
import { type ExpandedPlan, SERVICE_OF_HUB } from '../plan/expanded-plan.ts';
import { redactUrl } from '../plan/redact.ts';
import { PLAN_LIMITS } from '../plan/schema.ts';
import { SERVICE_URL_ALLOWED, serviceUrl } from '../plan/service-url.ts';

/** Lowest clock speed; one simulated second in ten. */
const SLOWEST = 0.1;

export interface Overrides {
  keep?: boolean;
  /** Simulated milliseconds per wall-clock millisecond. */
  speed?: number;
  /** Base URL, or `embedded`. */
  service?: string;
  /** No-op hosts may work for a service or hub that is not on this machine. */
  noopOutside?: true;
  /** Added to the plan's own. */
  tls?: TlsOptions;
}

/**
 * The plan with these changes.
 * @throws RangeError when they contradict each other or the plan.
 */
export function applyOverrides(plan: ExpandedPlan, overrides: Overrides): ExpandedPlan {
  const url = overrides.service ?? plan.service.url;
  const clockSpeed = overrides.speed ?? plan.clockSpeed;
  if (!(clockSpeed >= SLOWEST && clockSpeed <= PLAN_LIMITS.clockSpeed)) {
    throw new RangeError(`clock speed ${clockSpeed}; allowed: a number from ${SLOWEST} to ${PLAN_LIMITS.clockSpeed}`);
  }
  if (plan.programs !== null && clockSpeed !== 1) {
    throw new RangeError(`clock speed ${clockSpeed} with stock programs, which keep real time; leave the speed at 1`);
  }
  if (plan.hub !== null && (url === 'embedded') !== (plan.hub.kubeconfig === 'embedded')) {
    throw new RangeError(
      `service ${redactUrl(url)} beside hub.kubeconfig ${plan.hub.kubeconfig}: an embedded hub and the embedded service belong together; leave the service as the plan has it, or give the plan another hub`,
    );
  }
  if (url !== 'embedded') {
    const ofHub = overrides.service === undefined && url === SERVICE_OF_HUB;
    if (!ofHub && serviceUrl(url) === null) {
      throw new RangeError(`service "${redactUrl(url)}" is no address; allowed: ${SERVICE_URL_ALLOWED}`);
    }
    if (clockSpeed !== 1) {
      throw new RangeError(
        `clock speed ${clockSpeed} with the service ${ofHub ? 'of a hub' : url}: only the embedded service can be sped up; leave the speed at 1 or use service embedded`,
      );
    }
  }
  return {
    ...plan,
    clockSpeed,
    keep: overrides.keep ?? plan.keep,
    ...(overrides.noopOutside && { noopOutside: true }),
    service: { ...plan.service, url: url.replace(/\/+$/, ''), tls: { ...plan.service.tls, ...overrides.tls } },
  };
}
