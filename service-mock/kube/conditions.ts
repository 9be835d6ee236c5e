/** Conditions in the status of objects, dated as upstream dates them. */
import type { Condition } from '../../model/kube/kube-object.ts';
import { rfc3339 } from '../../model/protocol/go-time.ts';

/** What a condition says, without its dates. */
export type Finding = Pick<Condition, 'type' | 'status'> & { reason: string; message: string };

/** A finding without the condition that it is about. */
export type UntypedFinding = Omit<Finding, 'type'>;
export const yes = (reason: string, message: string): UntypedFinding => ({ status: 'True', reason, message });
export const no = (reason: string, message: string): UntypedFinding => ({ status: 'False', reason, message });
/** Of a state that has no words. */
export const unknownStatus = (status: string): UntypedFinding => ({
  status: 'Unknown',
  reason: 'UnknownStatus',
  message: `The installation status is currently not recognized: ${status}`,
});

/**
 * Sets a condition of an InfraEnv or an Agent: only another status makes a transition.
 * Upstream: custom-resource-status, conditions/v1/conditions.go, SetStatusConditionNoHeartbeat.
 * @param now epoch milliseconds
 */
export function setCondition(conditions: Condition[], finding: Finding, now: number): void {
  const known = conditions.find(({ type }) => type === finding.type);
  if (!known) {
    conditions.push({ lastTransitionTime: rfc3339(now), ...withoutEmptyMessage(finding) });
    return;
  }
  if (known.status !== finding.status) known.lastTransitionTime = rfc3339(now);
  assign(known, finding);
}

/**
 * Sets a condition of an AgentClusterInstall: whatever changes makes a transition and a probe, otherwise neither is dated anew.
 * Upstream: assisted-service, clusterdeployments_controller.go, setClusterCondition.
 * @param now epoch milliseconds
 */
export function setClusterCondition(conditions: Condition[], finding: Finding, now: number): void {
  const date = { lastProbeTime: rfc3339(now), lastTransitionTime: rfc3339(now) };
  const known = conditions.find(({ type }) => type === finding.type);
  if (!known) {
    conditions.push({ ...date, ...withoutEmptyMessage(finding) });
    return;
  }
  const { status, reason = '', message = '' } = known;
  if (status === finding.status && reason === finding.reason && message === finding.message) return;
  Object.assign(known, date);
  assign(known, finding);
}

/** Go leaves empty texts out. */
function withoutEmptyMessage({ message, ...rest }: Finding): Condition {
  return message === '' ? rest : { ...rest, message };
}

function assign(known: Condition, { status, reason, message }: Finding): void {
  known.status = status;
  known.reason = reason;
  if (message === '') delete known.message;
  else known.message = message;
}
