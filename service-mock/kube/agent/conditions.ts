/** Conditions of an Agent by the state of its host. Upstream: assisted-service, agent_controller.go. */
import type { HostRow } from '../../core/rows.ts';
import { no, setCondition, type UntypedFinding, unknownStatus, yes } from '../conditions.ts';
import { messageOf } from '../errors.ts';
import type { Agent, AgentStatus } from '../objects.ts';

/** @param error why the spec could not be applied. @param isBackends whether that is the service's own failure. */
export function agentSpecSynced(status: AgentStatus, error: unknown, isBackends: boolean, now: number): void {
  const finding =
    error === undefined
      ? yes('SyncOK', 'The Spec has been successfully applied')
      : isBackends
        ? no('BackendError', `The Spec could not be synced due to backend error: ${messageOf(error)}`)
        : no('InputError', `The Spec could not be synced due to an input error: ${messageOf(error)}`);
  set(status, 'SpecSynced', finding, now);
}

export function agentCleanupFailed(status: AgentStatus, error: unknown, now: number): void {
  set(status, 'Cleanup', no('CleanupFailed', messageOf(error)), now);
}

/** Of an Agent whose host is not known. */
export function setAgentConditionsUnknown(status: AgentStatus, now: number): void {
  delete status.debugInfo.state;
  delete status.debugInfo.stateInfo;
  const finding: UntypedFinding = { status: 'Unknown', reason: 'NotAvailable', message: 'Information not available' };
  for (const type of ['Installed', 'Connected', 'RequirementsMet', 'Validated', 'Bound'])
    set(status, type, finding, now);
}

/** Sets all conditions that follow from the state of a host. */
export function setAgentConditions(agent: Agent, status: AgentStatus, host: HostRow, now: number): void {
  set(status, 'Connected', connected(host.status), now);
  set(status, 'RequirementsMet', requirementsMet(agent, host.status), now);
  set(status, 'Validated', validated(host), now);
  set(status, 'Installed', installed(host), now);
  set(status, 'Bound', bound(host.status), now);
}

const BINDING = no('Binding', 'The agent is currently binding to a cluster deployment');
const UNBINDING = no('Unbinding', 'The agent is currently unbinding from a cluster deployment');

function set(status: AgentStatus, type: string, finding: UntypedFinding, now: number): void {
  status.conditions ??= [];
  setCondition(status.conditions, { type, ...finding }, now);
}

function connected(status: string): UntypedFinding {
  if (status === 'disconnected' || status === 'disconnected-unbound') {
    return no(
      'AgentIsDisconnected',
      'The agent has not contacted the installation service in some time, user action should be taken',
    );
  }
  return yes('AgentIsConnected', "The agent's connection to the installation service is unimpaired");
}

function requirementsMet({ spec }: Agent, status: string): UntypedFinding {
  switch (status) {
    case 'known':
    case 'known-unbound':
      if (!spec.approved) return no('AgentIsNotApproved', 'The agent is not approved');
      return yes('AgentIsReady', 'The agent is ready to begin the installation');
    case 'insufficient':
    case 'disconnected':
    case 'insufficient-unbound':
    case 'disconnected-unbound':
    case 'discovering-unbound':
    case 'discovering':
    case 'pending-for-input':
      return no('AgentNotReady', 'The agent is not ready to begin the installation');
    case 'preparing-for-installation':
    case 'preparing-successful':
    case 'installing':
    case 'installing-in-progress':
    case 'installing-pending-user-action':
      return yes('AgentAlreadyInstalling', 'Installation already started and is in progress');
    case 'installed':
    case 'error':
    case 'added-to-existing-cluster':
      return yes('AgentInstallationStopped', 'The agent installation stopped');
    case 'binding':
      return BINDING;
    case 'unbinding':
    case 'unbinding-pending-user-action':
      return UNBINDING;
    default:
      return unknownStatus(status);
  }
}

function validated({ status, validations }: HostRow): UntypedFinding {
  const failures = validations
    .filter((result) => result.status !== 'success' && result.status !== 'disabled')
    .toSorted((a, b) => (a.category < b.category ? -1 : a.category > b.category ? 1 : 0))
    .map(({ message }) => message)
    .join(',');
  switch (status) {
    case 'binding':
      return BINDING;
    case 'unbinding':
    case 'unbinding-pending-user-action':
      return UNBINDING;
    case 'insufficient':
    case 'insufficient-unbound':
      return no('ValidationsFailing', `The agent's validations are failing: ${failures}`);
    case 'pending-for-input':
      return no('ValidationsUserPending', `The agent's validations are pending for user: ${failures}`);
  }
  if (validations.length === 0) {
    const message = "The agent's validations have not yet been calculated";
    return { status: 'Unknown', reason: 'ValidationsUnknown', message };
  }
  return yes('ValidationsPassing', "The agent's validations are passing");
}

function installed({ status, statusInfo }: HostRow): UntypedFinding {
  switch (status) {
    case 'installed':
    case 'added-to-existing-cluster':
      return yes('InstallationCompleted', `The installation has completed: ${statusInfo}`);
    case 'error':
      return no('InstallationFailed', `The installation has failed: ${statusInfo}`);
    case 'insufficient':
    case 'insufficient-unbound':
    case 'disconnected':
    case 'disconnected-unbound':
    case 'discovering':
    case 'discovering-unbound':
    case 'known':
    case 'known-unbound':
    case 'pending-for-input':
      return no('InstallationNotStarted', 'The installation has not yet started');
    case 'preparing-for-installation':
    case 'preparing-successful':
    case 'installing':
    case 'installing-in-progress':
    case 'installing-pending-user-action':
      return no('InstallationInProgress', `The installation is in progress: ${statusInfo}`);
    case 'binding':
      return BINDING;
    case 'unbinding':
    case 'unbinding-pending-user-action':
      return UNBINDING;
    default:
      return unknownStatus(status);
  }
}

function bound(status: string): UntypedFinding {
  switch (status) {
    case 'binding':
      return BINDING;
    case 'unbinding':
      return UNBINDING;
    case 'unbinding-pending-user-action':
      return no(
        'UnbindingPendingUserAction',
        'The agent is currently unbinding; Pending host reboot from infraenv image',
      );
    case 'disconnected-unbound':
    case 'known-unbound':
    case 'insufficient-unbound':
    case 'discovering-unbound':
      return no('Unbound', 'The agent is not bound to any cluster deployment');
    default:
      return yes('Bound', 'The agent is bound to a cluster deployment');
  }
}
