/** Conditions of an AgentClusterInstall by the state of its cluster. Upstream: assisted-service, clusterdeployments_controller.go. */
import type { ClusterRow } from '../../core/rows.ts';
import { type Finding, no, setClusterCondition, type UntypedFinding, unknownStatus, yes } from '../conditions.ts';
import { isUserError, messageOf } from '../errors.ts';
import { RECONCILE_PAUSE } from '../labels.ts';
import type { ClusterDeployment, ClusterInstall, ClusterInstallStatus } from '../objects.ts';

/** What the conditions of a cluster that is ready depend on besides. */
export interface AgentCounts {
  approved: number;
  /** Agents whose spec could not be applied. */
  unsynced: number;
  masters: number;
  arbiters: number;
  workers: number;
}

export const NO_AGENTS: AgentCounts = { approved: 0, unsynced: 0, masters: 0, arbiters: 0, workers: 0 };

/** Go's strconv.ParseBool. */
const TRUE = /^(1|t|T|TRUE|true|True)$/;

export function isOnHold(install: ClusterInstall, deployment: ClusterDeployment): boolean {
  return install.spec.holdInstallation === true || TRUE.test(deployment.metadata.annotations?.[RECONCILE_PAUSE] ?? '');
}

/** @param error why the spec could not be applied. */
export function clusterSpecSynced(status: ClusterInstallStatus, error: unknown, now: number): void {
  const finding: Finding =
    error === undefined
      ? { type: 'SpecSynced', status: 'True', reason: 'SyncOK', message: 'SyncOK' }
      : isUserError(error)
        ? {
            type: 'SpecSynced',
            status: 'False',
            reason: 'InputError',
            message: `The Spec could not be synced due to an input error: ${messageOf(error)}`,
          }
        : {
            type: 'SpecSynced',
            status: 'False',
            reason: 'BackendError',
            message: `The Spec could not be synced due to backend error: ${messageOf(error)}`,
          };
  set(status, finding, now);
}

const ALL_BUT_SYNCED = ['Validated', 'RequirementsMet', 'Completed', 'Failed', 'Stopped'];

export function setClusterConditionsUnknown(status: ClusterInstallStatus, now: number): void {
  status.debugInfo = { eventsURL: '', logsURL: '' };
  for (const type of ALL_BUT_SYNCED) {
    set(status, { type, status: 'Unknown', reason: 'NotAvailable', message: 'Information not available' }, now);
  }
}

/** Sets all conditions that follow from the state of a cluster. */
export function setClusterConditions(
  install: ClusterInstall,
  deployment: ClusterDeployment,
  status: ClusterInstallStatus,
  cluster: ClusterRow,
  agents: AgentCounts,
  now: number,
): void {
  const findings = [
    requirementsMet(install, cluster, agents),
    validated(cluster),
    completed(install, deployment, cluster),
    failed(cluster),
    stopped(cluster),
    lastPreparation(cluster),
  ];
  for (const finding of findings) if (finding) set(status, finding, now);
}

function set(status: ClusterInstallStatus, finding: Finding, now: number): void {
  status.conditions ??= [];
  setClusterCondition(status.conditions, finding, now);
}

/** How many Agents of each role an AgentClusterInstall asks for. */
export function wantedAgents({ spec: { provisionRequirements } }: ClusterInstall): {
  masters: number;
  arbiters: number;
  workers: number;
  all: number;
} {
  const {
    controlPlaneAgents: masters = 0,
    arbiterAgents: arbiters = 0,
    workerAgents: workers = 0,
  } = provisionRequirements;
  return { masters, arbiters, workers, all: masters + arbiters + workers };
}

function requirementsMet(install: ClusterInstall, { status }: ClusterRow, agents: AgentCounts): Finding {
  return { type: 'RequirementsMet', ...requirementsFound(install, status, agents) };
}

function requirementsFound(install: ClusterInstall, status: string, agents: AgentCounts): UntypedFinding {
  switch (status) {
    case 'ready':
      return readiness(install, agents);
    case 'insufficient':
    case 'pending-for-input':
      return no('ClusterNotReady', 'The cluster is not ready to begin the installation');
    case 'preparing-for-installation':
    case 'installing':
    case 'installing-pending-user-action':
    case 'adding-hosts':
    case 'finalizing':
      return yes('ClusterAlreadyInstalling', 'The cluster requirements are met');
    case 'installed':
    case 'error':
      return yes('ClusterInstallationStopped', 'The cluster installation stopped');
    default:
      return unknownStatus(status);
  }
}

function readiness(install: ClusterInstall, agents: AgentCounts): UntypedFinding {
  const wanted = wantedAgents(install);
  const { masters, arbiters, workers, unsynced, approved } = agents;
  if (masters !== wanted.masters || workers !== wanted.workers || arbiters !== wanted.arbiters) {
    return no(
      'InsufficientAgents',
      `The cluster currently requires exactly ${wanted.masters} master agents, ${wanted.arbiters} arbiter agents and ` +
        `${wanted.workers} worker agents, but currently registered ${masters} master agents, ${arbiters} arbiter agents ` +
        `and ${workers} worker agents`,
    );
  }
  if (unsynced !== 0) return no('UnsyncedAgents', `The cluster currently has ${unsynced} agents with spec error`);
  if (approved < wanted.all) {
    const missing = wanted.all - approved;
    return no('UnapprovedAgents', `The installation is pending on the approval of ${missing} agents`);
  }
  return yes('ClusterIsReady', 'The cluster is ready to begin the installation');
}

function validated(cluster: ClusterRow): Finding {
  return { type: 'Validated', ...validationsFound(cluster) };
}

function validationsFound({ status, validations }: ClusterRow): UntypedFinding {
  const failures = validations
    .filter((result) => result.status !== 'success')
    .toSorted((a, b) => (a.category < b.category ? -1 : a.category > b.category ? 1 : 0))
    .map(({ message }) => message)
    .join(',');
  if (status === 'insufficient') return no('ValidationsFailing', `The cluster's validations are failing: ${failures}`);
  if (status === 'pending-for-input')
    return no('ValidationsUserPending', `The cluster's validations are pending for user: ${failures}`);
  if (status !== 'adding-hosts' && validations.length === 0) {
    const message = "The cluster's validations have not yet been calculated";
    return { status: 'Unknown', reason: 'ValidationsUnknown', message };
  }
  return yes('ValidationsPassing', "The cluster's validations are passing");
}

function completed(install: ClusterInstall, deployment: ClusterDeployment, cluster: ClusterRow): Finding {
  return { type: 'Completed', ...completionFound(install, deployment, cluster) };
}

function completionFound(install: ClusterInstall, deployment: ClusterDeployment, cluster: ClusterRow): UntypedFinding {
  const { status, statusInfo } = cluster;
  switch (status) {
    case 'installed':
    case 'adding-hosts':
      return yes('InstallationCompleted', `The installation has completed: ${statusInfo}`);
    case 'error':
      return no('InstallationFailed', `The installation has failed: ${statusInfo}`);
    case 'ready':
      if (isOnHold(install, deployment))
        return no('InstallationOnHold', 'The installation is on hold. To unhold set holdInstallation to false');
      return no('InstallationNotStarted', 'The installation has not yet started');
    case 'insufficient':
    case 'pending-for-input':
      return no('InstallationNotStarted', 'The installation has not yet started');
    case 'preparing-for-installation':
    case 'installing':
    case 'finalizing':
    case 'installing-pending-user-action': {
      const message = `The installation is in progress: ${statusInfo}${versionProgress(cluster)}`;
      return no('InstallationInProgress', message);
    }
    default:
      return unknownStatus(status);
  }
}

function versionProgress({ operators }: ClusterRow): string {
  const version = operators.find(({ name }) => name === 'cvo');
  if (!version || version.status === '') return '';
  return `. Cluster version status: ${version.status}, message: ${version.statusInfo}`;
}

function failed({ status, statusInfo }: ClusterRow): Finding {
  return {
    type: 'Failed',
    ...(status === 'error'
      ? yes('InstallationFailed', `The installation failed: ${statusInfo}`)
      : no('InstallationNotFailed', 'The installation has not failed')),
  };
}

function stopped({ status }: ClusterRow): Finding {
  return { type: 'Stopped', ...stopFound(status) };
}

function stopFound(status: string): UntypedFinding {
  switch (status) {
    case 'error':
      return yes('InstallationFailed', 'The installation has stopped due to error');
    case 'cancelled':
      return yes('InstallationCancelled', 'The installation has stopped because it was cancelled');
    case 'installed':
    case 'adding-hosts':
      return yes('InstallationCompleted', 'The installation has stopped because it completed successfully');
    default:
      return no('InstallationNotStopped', 'The installation is waiting to start or in progress');
  }
}

/** @returns undefined for a preparation that says nothing of the kind. */
function lastPreparation({ preparation: { status, reason } }: ClusterRow): Finding | undefined {
  const found = preparationFound(status, reason);
  return found && { type: 'LastInstallationPreparationFailed', ...found };
}

function preparationFound(status: string, reason: string): UntypedFinding | undefined {
  switch (status) {
    case '':
      return no('Cluster preparation has never been performed for this cluster', '');
    case 'success':
      return no('There is no failing prior preparation attempt', '');
    case 'failed':
      return yes('The last installation preparation failed', reason);
    default:
      return undefined;
  }
}
