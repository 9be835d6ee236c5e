/** What all who look after workspaces share: the settings, and how the objects of a workspace are read and written. */
import type { Lifecycle } from '../../../model/lifecycle/lifecycle.ts';
import type { ClusterAccess } from '../../api/cluster-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, text } from '../../builtins/fields.ts';
import type { StoreChange } from '../../store/store.ts';
import { type Condition, infoMessage, type Observed, syncConditions } from './conditions.ts';
import { type BackupConfig, backupConfig, type WorkspaceConfig, workspaceConfig } from './config.ts';
import type { Registry } from './registry.ts';
import type { RegistrySecrets } from './registry-secrets.ts';
import { CONFIG_NAME, type WorldSettings } from './settings.ts';
import { claimOf, storageType } from './template.ts';
import type { Volumes } from './volumes.ts';
import type { Workspace } from './workspace-stages.ts';
import { annotated, RESOURCES, type WorldObjects } from './world-objects.ts';

export interface WorkspacesOptions {
  readonly settings: WorldSettings;
  readonly objects: WorldObjects;
  readonly cluster: ClusterAccess;
  readonly lifecycle: Lifecycle;
  readonly volumes: Volumes;
  readonly registry: Registry;
  readonly secrets: RegistrySecrets;
  /** The operator did something. */
  onReconcile(): void;
}

/** Messages of conditions: devworkspace_controller.go, Reconcile. */
export const DONE: readonly [type: string, message: string][] = [
  ['Started', 'DevWorkspace is starting'],
  ['DevWorkspaceResolved', 'Resolved plugins and parents from DevWorkspace'],
  ['StorageReady', 'Storage ready'],
  ['RoutingReady', 'Networking ready'],
  ['ServiceAccountReady', 'DevWorkspace serviceaccount ready'],
  ['PullSecretsReady', 'DevWorkspace secrets ready'],
  ['DeploymentReady', 'DevWorkspace deployment ready'],
  ['Ready', ''],
];

/** kubernetes, pkg/controller/volume/persistentvolume/pv_controller.go, bindVolumeToClaim */
const BOUND = { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' };

/** The first so many are done, the next one is waited for. */
export function progress(done: number, waiting?: string): Observed {
  const found = new Map(
    DONE.slice(0, done).map(([type, message]) => [type, { status: 'True' as 'True' | 'False', message }]),
  );
  if (waiting !== undefined) found.set(DONE[done]![0], { status: 'False', message: waiting });
  return found;
}

export class WorkspaceRecords {
  readonly options: WorkspacesOptions;
  /** Workspaces of a namespace that are not being deleted; and those of them that share its claim. */
  readonly #counts = new Map<string, { all: number; sharing: number }>();
  config: WorkspaceConfig;
  backup: BackupConfig | undefined;
  claimsPending = false;

  constructor(options: WorkspacesOptions) {
    this.options = options;
    this.config = workspaceConfig(undefined, options.settings.flavour);
  }

  /** Workspaces of a namespace that are not being deleted. */
  countOf(namespace: string): { readonly all: number; readonly sharing: number } {
    return this.#counts.get(namespace) ?? { all: 0, sharing: 0 };
  }

  /** A workspace came or went, as an object of this state. */
  count(object: KubeObject | undefined, change: 1 | -1): void {
    if (!object || object.metadata.deletionTimestamp) return;
    const namespace = object.metadata.namespace ?? '';
    const counts = this.#counts.get(namespace) ?? { all: 0, sharing: 0 };
    counts.all += change;
    const kind = storageType(object);
    if (kind === 'common' || kind === 'async') counts.sharing += change;
    if (counts.all > 0) this.#counts.set(namespace, counts);
    else this.#counts.delete(namespace);
  }

  /** The settings object has changed. @returns whether it was that */
  readConfig(type: StoreChange['type'], object: KubeObject): boolean {
    const { settings } = this.options;
    if (object.metadata.name !== CONFIG_NAME || object.metadata.namespace !== settings.operatorNamespace) return false;
    const shown = type === 'DELETED' ? undefined : object;
    this.config = workspaceConfig(shown, settings.flavour);
    this.backup = backupConfig(shown);
    return true;
  }

  /** undefined when it is gone, or another one of its name is there. */
  object({ namespace, name, uid }: Workspace): KubeObject | undefined {
    const object = this.options.objects.get(RESOURCES.workspaces, namespace, name);
    return object?.metadata.uid === uid ? object : undefined;
  }

  /** @param conditions in place of those there are */
  writeStatus(workspace: Workspace, phase: string, observed: Observed, more: Record<string, unknown> = {}): void {
    const { objects } = this.options;
    const now = objects.now();
    objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) => {
      const status = (live.status ?? {}) as { conditions?: Condition[]; mainUrl?: string };
      const conditions = syncConditions(status.conditions ?? [], this.#seen(observed), now);
      const message = infoMessage(phase, status.mainUrl, observed);
      return { status: { ...status, devworkspaceId: workspace.id, phase, message, conditions, ...more } };
    });
    this.options.onReconcile();
  }

  /**
   * On Kubernetes accounts get no secrets to pull images with, and the operator has nothing to say of them
   * (pkg/provision/workspace/pull_secret.go).
   */
  #seen(observed: Observed): Observed {
    if (this.options.settings.flavour === 'openshift' || observed.get('PullSecretsReady')?.status !== 'True')
      return observed;
    return new Map([...observed].filter(([type]) => type !== 'PullSecretsReady'));
  }

  /** The workspace's claim gets its volume. */
  bindClaim(workspace: Workspace, object: KubeObject): void {
    const { objects } = this.options;
    const name = claimOf(object, workspace.id, this.config.claimName);
    if (name === undefined || this.claimsPending) return;
    const claim = objects.get(RESOURCES.claims, workspace.namespace, name);
    if (!claim || text(claim, 'status', 'phase') === 'Bound') return;
    objects.amend(RESOURCES.claims, workspace.namespace, name, (live) => ({
      metadata: annotated(live, BOUND),
      spec: { ...(live.spec as object), volumeName: `pvc-${live.metadata.uid}` },
      status: {
        phase: 'Bound',
        accessModes: at(live, 'spec', 'accessModes'),
        capacity: at(live, 'spec', 'resources', 'requests'),
      },
    }));
  }
}
