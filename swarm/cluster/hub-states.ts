/**
 * One word for where an Agent or an AgentClusterInstall stands, made from its conditions: what people look at first.
 * Upstream: assisted-service, internal/controller/controllers/agent_controller.go and clusterdeployments_controller.go; the reasons are
 * in api/v1beta1/agent_types.go and api/hiveextension/v1beta1/agentclusterinstall_types.go.
 */
import type { Condition } from '../../model/kube/kube-object.ts';
import type { AgentState, ClusterInstallState } from '../telemetry/resource-states.ts';

type Found = Pick<Condition, 'status' | 'reason'>;

/** The first rule that holds names the state. */
type Rule<State> = readonly [state: State, type: string, holds: (found: Found) => boolean];

const is =
  (status: Condition['status']) =>
  (found: Found): boolean =>
    found.status === status;
const because =
  (...reasons: string[]) =>
  (found: Found): boolean =>
    reasons.includes(found.reason ?? '');

const AGENT_RULES: readonly Rule<AgentState>[] = [
  ['spec-not-synced', 'SpecSynced', is('False')],
  ['unavailable', 'Installed', because('NotAvailable')],
  ['binding', 'Bound', because('Binding')],
  ['unbinding', 'Bound', because('Unbinding', 'UnbindingPendingUserAction')],
  ['installed', 'Installed', is('True')],
  ['failed', 'Installed', because('InstallationFailed')],
  ['disconnected', 'Connected', is('False')],
  ['installing', 'Installed', because('InstallationInProgress')],
  ['validations-failing', 'Validated', because('ValidationsFailing')],
  ['pending-for-input', 'Validated', because('ValidationsUserPending')],
  ['validating', 'Validated', is('Unknown')],
  ['not-approved', 'RequirementsMet', because('AgentIsNotApproved')],
  ['not-ready', 'RequirementsMet', is('False')],
  ['ready-unbound', 'Bound', is('False')],
  ['ready', 'RequirementsMet', is('True')],
];

const CLUSTER_INSTALL_RULES: readonly Rule<ClusterInstallState>[] = [
  ['spec-not-synced', 'SpecSynced', is('False')],
  ['unavailable', 'Completed', because('NotAvailable')],
  ['failed', 'Failed', is('True')],
  ['cancelled', 'Stopped', because('InstallationCancelled')],
  ['completed', 'Completed', is('True')],
  ['installing', 'Completed', because('InstallationInProgress')],
  ['validations-failing', 'Validated', because('ValidationsFailing')],
  ['pending-for-input', 'Validated', because('ValidationsUserPending')],
  ['validating', 'Validated', is('Unknown')],
  ['insufficient-agents', 'RequirementsMet', because('InsufficientAgents')],
  ['unsynced-agents', 'RequirementsMet', because('UnsyncedAgents')],
  ['unapproved-agents', 'RequirementsMet', because('UnapprovedAgents')],
  ['not-ready', 'RequirementsMet', is('False')],
  ['on-hold', 'Completed', because('InstallationOnHold')],
  ['requirements-met', 'RequirementsMet', is('True')],
];

/** `created` before its controller has looked at it. */
export function agentState(conditions: readonly Condition[] | undefined): AgentState {
  return stateOf(AGENT_RULES, conditions);
}

/** `created` before its controller has looked at it. */
export function clusterInstallState(conditions: readonly Condition[] | undefined): ClusterInstallState {
  return stateOf(CLUSTER_INSTALL_RULES, conditions);
}

function stateOf<State extends string>(
  rules: readonly Rule<State>[],
  conditions: readonly Condition[] = [],
): State | 'created' {
  for (const [state, type, holds] of rules) {
    const found = conditions.find((condition) => condition.type === type);
    if (found && holds(found)) return state;
  }
  return 'created';
}
