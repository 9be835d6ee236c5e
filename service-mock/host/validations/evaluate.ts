/** Evaluates the validations of a host. Upstream: assisted-service, internal/host/refresh_status_preprocessor.go, preprocess. */

import type { Core } from '../../core/core.ts';
import type { HostRow } from '../../core/rows.ts';
import { trimmed } from '../../core/shared-values.ts';
import { hostOperatorResults } from '../../operators/operators.ts';
import { DISABLED, ignoreList, isIgnored, type ValidationResult, validationResult } from '../../validations/results.ts';
import { isWrongBootStage } from '../stages.ts';
import { installationDiskSpeed, keepsPartitions } from '../traits.ts';
import type { HostContext, Outcome } from './check.ts';
import { isBadImage } from './connection.ts';
import { HOST_VALIDATIONS, NEVER_IGNORABLE_HOST_VALIDATIONS } from './host-validations.ts';

/** What the state machine asks: which validations hold, and conditions beside them. */
export interface HostVerdict {
  readonly results: readonly ValidationResult[];
  holds(id: string): boolean;
}

/** Evaluates every validation of a host. */
export function evaluateHost(core: Core, host: HostRow): HostVerdict {
  const cluster = host.cluster;
  const context: HostContext = {
    core,
    host,
    cluster,
    now: core.clock.now(),
    requirement: cluster ? core.hardware.ofHost(host, cluster) : core.hardware.ofInfraEnv(host.infraEnv),
    minimum: core.hardware.minimum(cluster, host.infraEnv),
  };
  const ignored = ignoreList(cluster?.ignoredHostValidations ?? '');
  const disabled = cluster?.ignoredHostValidations ? [] : core.settings.DISABLED_HOST_VALIDATIONS;
  const failing = new Set<string>();
  const results: ValidationResult[] = [];
  for (const { id, category, evaluate, hiddenIn } of HOST_VALIDATIONS) {
    const outcome: Outcome = disabled.includes(id) ? DISABLED : evaluate(context);
    if (!outcome) continue;
    const [status, message] = outcome;
    if (status !== 'success' && status !== 'disabled') failing.add(id);
    if (!hiddenIn?.(host.stage)) results.push(validationResult(id, category, status, message));
  }
  if (cluster) {
    for (const result of hostOperatorResults(host, cluster)) {
      if (result.status !== 'success') failing.add(result.id);
      results.push(result);
    }
  }
  for (const id of [...failing]) if (isIgnored(ignored, id, NEVER_IGNORABLE_HOST_VALIDATIONS)) failing.delete(id);
  return { results: trimmed(results), holds: (id) => !failing.has(id) };
}

/** Conditions that are no validations. */
export const hostConditions = {
  /** Measured and good, or not to be measured. */
  diskSpeedSuccessful(host: HostRow): boolean {
    if (keepsPartitions(host) || host.inventory?.deviceType === 'persistent') return true;
    return installationDiskSpeed(host)?.exitCode === 0;
  },
  imagesSuccessful(host: HostRow): boolean {
    return host.imageStatuses.size > 0 && ![...host.imageStatuses.values()].some(isBadImage);
  },
  waitsForOthers(host: HostRow): boolean {
    return isWrongBootStage(host.stage) && host.cluster?.status === 'installing-pending-user-action';
  },
};
