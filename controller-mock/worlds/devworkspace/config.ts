/**
 * What the operator's settings object says: devfile/devworkspace-operator, pkg/config/defaults.go and sync.go for workspaces,
 * which get it merged with defaults; backups take the object as it is.
 */
import { goDurationMs } from '../../../model/time/go-duration.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, number, strings, text } from '../../builtins/fields.ts';
import { type Flavour, HOST_SUFFIX } from './settings.ts';

export interface WorkspaceConfig {
  readonly progressTimeoutMs: number;
  readonly claimName: string;
  readonly storageClass: string | undefined;
  readonly accessModes: readonly string[];
  readonly commonSize: string;
  readonly perWorkspaceSize: string;
  readonly imagePullPolicy: string;
  /** Of the pods of workspaces, and of their containers. */
  readonly podSecurityContext: Record<string, unknown>;
  readonly containerSecurityContext: Record<string, unknown>;
  readonly routingClass: string;
  readonly hostSuffix: string;
  readonly cleanupOnStop: boolean;
  readonly restoreEnv: readonly Record<string, unknown>[];
  readonly restoreResources: Record<string, unknown>;
}

const RESTORE_RESOURCES = { limits: { memory: '1Gi', cpu: '500m' }, requests: { memory: '128Mi', cpu: '100m' } };

/** defaults.go, setDefaultPodSecurityContext and setDefaultContainerSecurityContext */
const SECURITY_CONTEXTS = {
  kubernetes: { pod: { runAsUser: 1234, runAsGroup: 0, runAsNonRoot: true, fsGroup: 1234 }, container: {} },
  openshift: {
    pod: {},
    container: {
      readOnlyRootFilesystem: false,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    },
  },
} as const satisfies Record<Flavour, unknown>;

/** @param object the settings object, if there is one */
export function workspaceConfig(object: KubeObject | undefined, flavour: Flavour): WorkspaceConfig {
  const workspace = at(object, 'config', 'workspace');
  const routing = at(object, 'config', 'routing');
  const modes = strings(workspace, 'storageAccessMode');
  const env = at(workspace, 'restore', 'env');
  return {
    progressTimeoutMs: goDurationMs(text(workspace, 'progressTimeout') || '5m') ?? 300_000,
    claimName: text(workspace, 'pvcName') || 'claim-devworkspace',
    storageClass: text(workspace, 'storageClassName') || undefined,
    accessModes: modes.length > 0 ? modes : ['ReadWriteOnce'],
    commonSize: text(workspace, 'defaultStorageSize', 'common') || '10Gi',
    perWorkspaceSize: text(workspace, 'defaultStorageSize', 'perWorkspace') || '10Gi',
    imagePullPolicy: text(workspace, 'imagePullPolicy') || 'Always',
    podSecurityContext: { ...SECURITY_CONTEXTS[flavour].pod, ...record(workspace, 'podSecurityContext') },
    containerSecurityContext: {
      ...SECURITY_CONTEXTS[flavour].container,
      ...record(workspace, 'containerSecurityContext'),
    },
    routingClass: text(routing, 'defaultRoutingClass') || 'basic',
    // OpenShift finds its own.
    hostSuffix: text(routing, 'clusterHostSuffix') || (flavour === 'openshift' ? HOST_SUFFIX : ''),
    cleanupOnStop: at(workspace, 'cleanupOnStop') === true,
    restoreEnv: Array.isArray(env) ? env : [],
    restoreResources: { ...RESTORE_RESOURCES, ...record(workspace, 'restore', 'resources') },
  };
}

function record(from: unknown, ...path: string[]): object {
  const found = at(from, ...path);
  return typeof found === 'object' && found !== null ? found : {};
}

export interface BackupConfig {
  readonly enabled: boolean;
  readonly schedule: string;
  /** undefined: as Kubernetes has it. */
  readonly backoffLimit: number | undefined;
  /** undefined: there is no registry in the settings. */
  readonly registryPath: string | undefined;
  /** '' for none. */
  readonly authSecret: string;
  readonly orasArgs: string;
  readonly claimName: string;
  /** '' for none. */
  readonly imagePullPolicy: string;
  readonly podSecurityContext: unknown;
}

/** undefined when the object has no part about backups. */
export function backupConfig(object: KubeObject | undefined): BackupConfig | undefined {
  const backup = at(object, 'config', 'workspace', 'backupCronJob');
  if (backup === undefined) return undefined;
  const workspace = at(object, 'config', 'workspace');
  const path = at(backup, 'registry', 'path');
  return {
    enabled: at(backup, 'enable') === true,
    schedule: text(backup, 'schedule'),
    backoffLimit: at(backup, 'backoffLimit') === undefined ? undefined : number(backup, 'backoffLimit'),
    registryPath: typeof path === 'string' ? path : undefined,
    authSecret: text(backup, 'registry', 'authSecret'),
    orasArgs: text(backup, 'oras', 'extraArgs'),
    claimName: text(workspace, 'pvcName') || 'claim-devworkspace',
    imagePullPolicy: text(workspace, 'imagePullPolicy'),
    podSecurityContext: at(workspace, 'podSecurityContext'),
  };
}
