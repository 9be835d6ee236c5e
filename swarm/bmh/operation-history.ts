/** `status.operationHistory`. Upstream: internal/controller/metal3.io/host_state_machine.go, recordStateBegin and recordStateEnd. */
import type { BareMetalHost, OperationHistory, ProvisioningState } from './bare-metal-host.ts';

/** BareMetalHost.OperationMetricForState. */
const OPERATIONS: Partial<Record<ProvisioningState, keyof OperationHistory>> = {
  registering: 'register',
  inspecting: 'inspect',
  provisioning: 'provision',
  deprovisioning: 'deprovision',
};

/** Nothing when it has begun and not ended. @param now RFC 3339 */
export function recordStateBegin({ status }: BareMetalHost, state: ProvisioningState, now: string): void {
  const operation = OPERATIONS[state];
  if (!operation) return;
  const { start, end } = status.operationHistory[operation];
  if (start === null || end !== null) status.operationHistory[operation] = { start: now, end: null };
}

/** @returns whether it had begun and not ended. */
export function recordStateEnd({ status }: BareMetalHost, state: ProvisioningState, now: string): boolean {
  const operation = OPERATIONS[state];
  if (!operation) return false;
  const { start, end } = status.operationHistory[operation];
  if (start === null || end !== null) return false;
  status.operationHistory[operation] = { start, end: now };
  return true;
}
