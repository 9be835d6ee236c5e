/** The state machine of hosts: its rules, and what sets it going. Upstream: assisted-service, internal/host/host.go. */

import { aboutHost, type Core } from '../../core/core.ts';
import type { ClusterRow, HostRow } from '../../core/rows.ts';
import { StateMachine } from '../../statemachine/machine.ts';
import { failureWords, keepResults } from '../../validations/results.ts';
import { displayName } from '../traits.ts';
import { evaluateHost } from '../validations/evaluate.ts';
import type { HostRule, HostTransition, HostTrigger } from './context.ts';
import { POOL_RULES } from './pool-rules.ts';
import { REFRESH_RULES } from './refresh-rules.ts';
import { TRIGGER_RULES } from './trigger-rules.ts';

/** Rules of bound hosts, then of the pool. */
export const HOST_RULES: readonly HostRule[] = [...TRIGGER_RULES, ...REFRESH_RULES, ...POOL_RULES];

const machine = new StateMachine(HOST_RULES);

/** Details that a trigger may carry. */
export interface HostTriggerDetails {
  reason?: string;
  target?: ClusterRow;
  isNew?: boolean;
}

/** Runs a trigger. @returns false when no rule fits (nothing happened). @throws OperationError when a rule refuses. */
export function runHost(core: Core, host: HostRow, trigger: HostTrigger, details: HostTriggerDetails = {}): boolean {
  const context: HostTransition = {
    core,
    host,
    verdict: undefined,
    reason: details.reason ?? '',
    target: details.target,
    isNew: details.isNew ?? false,
  };
  return machine.run(trigger, host.status, context) !== undefined;
}

/** Evaluates all validations of a host, tells of flips and lets its state follow. */
export function refreshHost(core: Core, host: HostRow): void {
  const verdict = evaluateHost(core, host);
  keepResults(core, host, verdict.results, {
    failed: (id, lost) => {
      if (lost) core.metrics.hostValidationLost(id);
      core.events.emit('host_validation_failed', aboutHost(host), displayName(host), id, failureWords(lost));
    },
    fixed: (id) => core.events.emit('host_validation_fixed', aboutHost(host), displayName(host), id),
    turned: () => core.events.notice(aboutHost(host)),
  });
  machine.run('refresh', host.status, { core, host, verdict, reason: '', target: undefined, isNew: false });
}
