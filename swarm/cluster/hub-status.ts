/**
 * AgentClusterInstalls, Agents and InfraEnvs as a cluster's user sees them. Their status repeats the service's own words in
 * `debugInfo`; conditions add what only controllers know.
 * Upstream: assisted-service, api/v1beta1/agent_types.go, infraenv_types.go, conditions.go;
 * api/hiveextension/v1beta1/agentclusterinstall_types.go; internal/controller/controllers/clusterdeployments_controller.go, updateStatus.
 */
import { type Condition, conditionOf, type KubeObject, keyOf } from '../../model/kube/kube-object.ts';
import type { ClusterStatus, HostRole, HostStage, HostStatus } from '../../model/protocol/states.ts';
import type { BootSource } from '../service/boot-source.ts';
import type { AgentState, ClusterInstallState } from '../telemetry/resource-states.ts';
import type { ClusterView, FailingValidation, HostView } from './cluster-adapter.ts';
import { failingOf } from './failing-validations.ts';
import { agentState, clusterInstallState } from './hub-states.ts';

interface DebugInfo {
  eventsURL?: string;
  state?: string;
  stateInfo?: string;
}

interface InstallSpec {
  holdInstallation?: boolean;
  clusterMetadata?: { adminKubeconfigSecretRef?: { name?: string } };
}

interface KeptStatus {
  conditions?: Condition[];
  debugInfo?: DebugInfo;
  failing?: FailingValidation[];
  /** Ours: what its conditions come to. */
  condition?: AgentState | ClusterInstallState;
  /** Ours: the service's id of an AgentClusterInstall's cluster. */
  id?: string | null;
}

interface AgentStatus extends KeptStatus {
  role?: HostRole;
  kind?: string;
  progress?: { currentStage?: HostStage | '' };
}

interface BareMetalHostStatus {
  provisioning?: { state?: string };
  errorType?: string;
  errorMessage?: string;
}

interface InfraEnvStatus {
  conditions?: Condition[];
  isoDownloadURL?: string;
  bootArtifacts?: { discoveryIgnitionURL?: string; ipxeScript?: string };
}

/** States of BareMetalHosts whose machines run what was asked for. */
const PROVISIONED: ReadonlySet<string | undefined> = new Set(['provisioned', 'externally provisioned']);
/** Of all conditions of an Agent those that say more than its state. */
const AGENT_TROUBLE: readonly Trouble[] = [
  ['SpecSynced', 'False'],
  ['Connected', 'False'],
];
/** The same of an AgentClusterInstall. */
const CLUSTER_TROUBLE: readonly Trouble[] = [
  ['SpecSynced', 'False'],
  ['RequirementsMet', 'False'],
];
type Trouble = readonly [type: string, status: Condition['status']];

/** An Agent without inventory and passing validations. @param ours false for those of InfraEnvs that are not of this run */
export function keptAgent(agent: KubeObject, ours: boolean): KubeObject {
  const { namespace, labels, deletionTimestamp } = agent.metadata;
  const kept = {
    apiVersion: agent.apiVersion,
    kind: agent.kind,
    metadata: {
      ...identityOf(agent),
      ...(namespace !== undefined && { namespace }),
      ...(labels && { labels }),
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
  };
  if (!ours) return kept;
  const { conditions, debugInfo, role, kind, progress, validationsInfo } = (agent.status ?? {}) as AgentStatus & {
    validationsInfo?: unknown;
  };
  const status = {
    conditions: telling(conditions, AGENT_TROUBLE),
    condition: agentState(conditions),
    debugInfo: { state: debugInfo?.state, stateInfo: debugInfo?.stateInfo },
    role,
    kind,
    progress: { currentStage: progress?.currentStage },
    failing: failingOf(validationsInfo),
  };
  return { ...kept, status };
}

export function keptClusterInstall(install: KubeObject): KubeObject {
  const { conditions, debugInfo, validationsInfo } = (install.status ?? {}) as KeptStatus & {
    validationsInfo?: unknown;
  };
  const { holdInstallation, clusterMetadata } = (install.spec ?? {}) as InstallSpec;
  const { apiVersion, kind, metadata } = install;
  return {
    apiVersion,
    kind,
    metadata: { ...identityOf(install), ...(metadata.namespace !== undefined && { namespace: metadata.namespace }) },
    spec: {
      holdInstallation,
      clusterMetadata: { adminKubeconfigSecretRef: clusterMetadata?.adminKubeconfigSecretRef },
    },
    status: {
      conditions: conditions ?? [],
      condition: clusterInstallState(conditions),
      debugInfo: { state: debugInfo?.state, stateInfo: debugInfo?.stateInfo },
      failing: failingOf(validationsInfo),
      id: URL.parse(debugInfo?.eventsURL ?? '')?.searchParams.get('cluster_id') ?? null,
    },
  };
}

export function keptInfraEnv(infraEnv: KubeObject): KubeObject {
  const { conditions, isoDownloadURL, bootArtifacts } = (infraEnv.status ?? {}) as InfraEnvStatus;
  const { apiVersion, kind, metadata } = infraEnv;
  return {
    apiVersion,
    kind,
    metadata: { ...identityOf(infraEnv), ...(metadata.namespace !== undefined && { namespace: metadata.namespace }) },
    status: { conditions, isoDownloadURL, bootArtifacts },
  };
}

/** Where the discovery ignition of an InfraEnv is; null while its image is not ready. */
export function discoveryIgnitionUrl(infraEnv: KubeObject): string | null {
  const { isoDownloadURL, bootArtifacts } = (infraEnv.status ?? {}) as InfraEnvStatus;
  return (isoDownloadURL && bootArtifacts?.discoveryIgnitionURL) || null;
}

/** Where hosts of an InfraEnv download what they boot; null while it does not say. */
export function bootSourceOf(infraEnv: KubeObject, from: BootSource['from']): BootSource | null {
  const { isoDownloadURL, bootArtifacts } = (infraEnv.status ?? {}) as InfraEnvStatus;
  const url = from === 'iso' ? isoDownloadURL : bootArtifacts?.ipxeScript;
  return url ? { from, url } : null;
}

/** What an InfraEnv says of its image, for people. */
export function imageState(infraEnv: KubeObject | undefined): string {
  if (!infraEnv) return 'the InfraEnv is not on the hub';
  const condition = conditionOf(infraEnv, 'ImageCreated');
  if (!condition) return 'the InfraEnv has no condition ImageCreated: does a service with kube-api watch this hub?';
  return `the InfraEnv's image is not ready: ${phrase(condition)}`;
}

/** Name of the Secret through which the service reaches an installed cluster. */
export function kubeconfigSecretOf(install: KubeObject, clusterDeployment: string): string {
  const { clusterMetadata } = (install.spec ?? {}) as InstallSpec;
  return clusterMetadata?.adminKubeconfigSecretRef?.name || `${clusterDeployment}-admin-kubeconfig`;
}

/** What the conditions of a kept object come to; null for an Agent that is none of ours. */
export function conditionStateOf(object: KubeObject): AgentState | ClusterInstallState | null {
  return ((object.status ?? {}) as KeptStatus).condition ?? null;
}

/** The service's own state as the resource repeats it; '' while it does not. */
export function repeatedState(object: KubeObject): string {
  return ((object.status ?? {}) as KeptStatus).debugInfo?.state ?? '';
}

/**
 * The service's id of an AgentClusterInstall's cluster, from where its events are to be read (status.debugInfo.eventsURL); null while
 * that is not known.
 */
export function serviceIdOf(install: KubeObject): string | null {
  return ((install.status ?? {}) as KeptStatus).id ?? null;
}

export function clusterViewOf(install: KubeObject): ClusterView {
  const { debugInfo, failing = [] } = (install.status ?? {}) as KeptStatus;
  const preparation = conditionOf(install, 'LastInstallationPreparationFailed');
  return {
    status: clusterStatusOf(install, debugInfo?.state),
    statusInfo: told(install, debugInfo, CLUSTER_TROUBLE),
    finalizingStage: null,
    preparationFailure: preparation?.status === 'True' ? (preparation.message ?? preparation.reason ?? '') : '',
    failing: () => failing,
  };
}

export function hostViewOf(agent: KubeObject): HostView {
  const { debugInfo, role, kind, progress, failing = [] } = (agent.status ?? {}) as AgentStatus;
  return {
    id: agent.metadata.name,
    // A registration makes the Agent first and its status a moment later.
    status: (debugInfo?.state || 'discovering') as HostStatus,
    statusInfo: told(agent, debugInfo, AGENT_TROUBLE),
    role: role || 'auto-assign',
    stage: progress?.currentStage || null,
    day2: kind === 'AddToExistingClusterHost',
    failing: () => failing,
  };
}

/**
 * `BareMetalHost ns/name is registering (registration error: no route to host)`, of one that is not provisioned, if possible one that
 * says why, and how many others are not; '' when all are.
 */
export function describeBareMetalHosts(hosts: readonly KubeObject[]): string {
  const waiting = hosts
    .map((host) => ({ host, status: (host.status ?? {}) as BareMetalHostStatus }))
    .filter(({ status }) => !PROVISIONED.has(status.provisioning?.state));
  const shown = waiting.find(({ status }) => status.errorMessage) ?? waiting[0];
  if (!shown) return '';
  const { host, status } = shown;
  const { errorType, errorMessage } = status;
  const error = errorMessage ? ` (${errorType ? `${errorType}: ` : ''}${errorMessage})` : '';
  const state = status.provisioning?.state || 'not taken up by its operator yet';
  const others = waiting.length - 1;
  const more = others > 0 ? `; ${others} more ${others === 1 ? 'is' : 'are'} not provisioned` : '';
  return `BareMetalHost ${keyOf(host)} is ${state}${error}${more}`;
}

/** An installation is at its end when its condition says so: until then controllers still write kubeconfig and metadata. */
function clusterStatusOf(install: KubeObject, state: string | undefined): ClusterStatus {
  if (!state) return 'pending-for-input';
  if (state !== 'installed' && state !== 'adding-hosts') return state as ClusterStatus;
  return conditionOf(install, 'Completed')?.status === 'True' ? state : 'finalizing';
}

/** The service's words, and those of conditions that add something. */
function told(object: KubeObject, debugInfo: DebugInfo | undefined, trouble: readonly Trouble[]): string {
  const { conditions } = (object.status ?? {}) as KeptStatus;
  const more = telling(conditions, trouble).map(phrase);
  const info = debugInfo?.stateInfo || (debugInfo?.state ? '' : 'the service has not looked at it yet');
  return [info, ...more].filter((part) => part !== '').join('; ');
}

function telling(conditions: Condition[] | undefined, trouble: readonly Trouble[]): Condition[] {
  return (conditions ?? []).filter(({ type, status }) =>
    trouble.some(([wantedType, wantedStatus]) => type === wantedType && status === wantedStatus),
  );
}

/** `SpecSynced False, InputError: …` */
function phrase({ type, status, reason, message }: Condition): string {
  return `${type} is ${status}${reason ? ` (${reason})` : ''}${message ? `: ${message}` : ''}`;
}

/** What every kept object needs of its metadata: name and version for the informer, uid for removals. */
function identityOf({ metadata: { name, uid, resourceVersion } }: KubeObject) {
  return {
    name,
    ...(uid !== undefined && { uid }),
    ...(resourceVersion !== undefined && { resourceVersion }),
  };
}
