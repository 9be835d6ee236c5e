/**
 * All workspaces of a cluster: it tells their stages what clients did to the objects, and writes objects when the stages move.
 *
 *   clients ──▶ DevWorkspace ──follow──▶ stages (workspace-stages.ts) ──moves──▶ status, claims, routing, Deployment, pod
 */
import type { Lifecycle } from '../../../model/lifecycle/lifecycle.ts';
import { hashWords, mixWords, unitNumber } from '../../../model/time/random.ts';
import { at, items, text } from '../../builtins/fields.ts';
import { podLogsOf } from '../../builtins/index.ts';
import type { ClusterAccess, KubeObject } from '../../server/resource.ts';
import { ApiStatusError } from '../../server/status.ts';
import type { StoreChange } from '../../store/store.ts';
import { type Condition, infoMessage, type Observed, syncConditions } from './conditions.ts';
import { type BackupConfig, backupConfig, type WorkspaceConfig, workspaceConfig } from './config.ts';
import type { Registry } from './registry.ts';
import type { RegistrySecrets } from './registry-secrets.ts';
import { type Restore, type RestoreCourse, restoreOf, runRestore } from './restores.ts';
import { CONFIG_NAME, type WorldSettings } from './settings.ts';
import type { Turn } from './slots.ts';
import { claimOf, claimSize, containersOf, sourcesOf, storageType } from './template.ts';
import { VERSION_PROFILES } from './versions.ts';
import type { Place, Volumes } from './volumes.ts';
import * as make from './workspace-objects.ts';
import { workspacePodStatus } from './workspace-pod-status.ts';
import {
  type StartFailure,
  WORKSPACE_STAGES,
  type Workspace,
  type WorkspaceMoves,
  type WorkspacePod,
  type WorkspaceSite,
} from './workspace-stages.ts';
import { ANNOTATIONS, annotated, FINALIZERS, LABELS, RESOURCES, type WorldObjects } from './world-objects.ts';

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

interface Running {
  restore: Restore | undefined;
  course: RestoreCourse | undefined;
  turn: Turn | undefined;
  deployment: KubeObject;
  replicaSet: string;
}

/** Messages of conditions: devworkspace_controller.go, Reconcile. */
const DONE: readonly [type: string, message: string][] = [
  ['Started', 'DevWorkspace is starting'],
  ['DevWorkspaceResolved', 'Resolved plugins and parents from DevWorkspace'],
  ['StorageReady', 'Storage ready'],
  ['RoutingReady', 'Networking ready'],
  ['ServiceAccountReady', 'DevWorkspace serviceaccount ready'],
  ['PullSecretsReady', 'DevWorkspace secrets ready'],
  ['DeploymentReady', 'DevWorkspace deployment ready'],
  ['Ready', ''],
];

/** The first so many are done, the next one is waited for. */
function progress(done: number, waiting?: string): Observed {
  const found = new Map(
    DONE.slice(0, done).map(([type, message]) => [type, { status: 'True' as 'True' | 'False', message }]),
  );
  if (waiting !== undefined) found.set(DONE[done]![0], { status: 'False', message: waiting });
  return found;
}

export class Workspaces implements WorkspaceMoves {
  readonly site: WorkspaceSite;
  readonly #options: WorkspacesOptions;
  /** By uid. */
  readonly #workspaces = new Map<string, Workspace>();
  /** By namespace and id. */
  readonly #byId = new Map<string, Workspace>();
  readonly #running = new Map<Workspace, Running>();
  /** Workspaces of a namespace that are not being deleted; and those of them that share its claim. */
  readonly #counts = new Map<string, { all: number; sharing: number }>();
  /** Those whose finalizers wait for a cleanup Job, by its namespace and name. */
  readonly #cleanups = new Map<string, Workspace>();
  #config: WorkspaceConfig;
  #backup: BackupConfig | undefined;

  constructor(options: WorkspacesOptions) {
    this.#options = options;
    const { settings } = options;
    this.#config = workspaceConfig(undefined, settings.flavour);
    this.site = {
      profile: settings.profile,
      moves: this,
      startFailureShare: settings.startFailureShare,
      reconciles: true,
      claimsPending: false,
      imagePull: 0,
      progressTimeoutMs: this.#config.progressTimeoutMs,
    };
  }

  /** How many there are. */
  get size(): number {
    return this.#workspaces.size;
  }

  /** Something that all of them look at has changed. */
  lookAtAll(): void {
    for (const workspace of this.#workspaces.values()) this.#options.lifecycle.look(workspace);
  }

  /** Hears every change of the store. */
  follow({ collection, type, record, previous }: StoreChange): void {
    if (collection === 'workspace.devfile.io/devworkspaces')
      this.#followWorkspace(type, record.object, previous?.object);
    else if (collection === 'controller.devfile.io/devworkspaceoperatorconfigs') this.#readConfig(type, record.object);
    else if (collection === '/persistentvolumeclaims') {
      if (type === 'DELETED') this.#options.volumes.dropClaim(record.namespace, record.name);
    } else if (collection === 'batch/jobs' && type === 'MODIFIED') this.#followCleanup(record.object);
    else if (collection === '/pods' && type === 'DELETED') this.#followPod(record.object);
  }

  #followWorkspace(type: StoreChange['type'], object: KubeObject, before: KubeObject | undefined): void {
    const uid = object.metadata.uid ?? '';
    this.#count(before, -1);
    if (type !== 'DELETED') this.#count(object, 1);
    const { lifecycle } = this.#options;
    const known = this.#workspaces.get(uid);
    const started = at(object, 'spec', 'started') === true;
    if (type === 'DELETED') {
      if (known) this.#forget(known);
    } else if (!known) {
      const workspace = this.#newWorkspace(object);
      this.#workspaces.set(uid, workspace);
      lifecycle.add(workspace, WORKSPACE_STAGES, workspace);
    } else if (known.started !== started || known.deleted !== !!object.metadata.deletionTimestamp) {
      lifecycle.change(known, (workspace) => {
        workspace.started = started;
        workspace.deleted = !!object.metadata.deletionTimestamp;
      });
    }
  }

  #newWorkspace(object: KubeObject): Workspace {
    const { namespace = '', name = '', uid = '' } = object.metadata;
    const words = hashWords(`${this.#options.settings.seed}\n${namespace}\n${name}`);
    return {
      site: this.site,
      namespace,
      name,
      uid,
      id: text(object, 'status', 'devworkspaceId'),
      started: at(object, 'spec', 'started') === true,
      deleted: !!object.metadata.deletionTimestamp,
      phase: '',
      step: 'none',
      stopping: false,
      starts: 0,
      pod: null,
      podless: false,
      finalizing: 'next',
      random: (purpose, ordinal) => unitNumber(mixWords(mixWords(words, hashWords(purpose).a), ordinal)),
    };
  }

  #count(object: KubeObject | undefined, change: 1 | -1): void {
    if (!object || object.metadata.deletionTimestamp) return;
    const namespace = object.metadata.namespace ?? '';
    const counts = this.#counts.get(namespace) ?? { all: 0, sharing: 0 };
    counts.all += change;
    const kind = storageType(object);
    if (kind === 'common' || kind === 'async') counts.sharing += change;
    if (counts.all > 0) this.#counts.set(namespace, counts);
    else this.#counts.delete(namespace);
  }

  #forget(workspace: Workspace): void {
    this.#options.lifecycle.remove(workspace);
    this.#running.get(workspace)?.turn?.leave();
    this.#running.delete(workspace);
    this.#workspaces.delete(workspace.uid);
    this.#byId.delete(`${workspace.namespace}/${workspace.id}`);
  }

  #readConfig(type: StoreChange['type'], object: KubeObject): void {
    const { settings } = this.#options;
    if (object.metadata.name !== CONFIG_NAME || object.metadata.namespace !== settings.operatorNamespace) return;
    const shown = type === 'DELETED' ? undefined : object;
    this.#config = workspaceConfig(shown, settings.flavour);
    this.#backup = backupConfig(shown);
    this.site.progressTimeoutMs = this.#config.progressTimeoutMs;
  }

  /** A pod is gone. Of one that somebody deleted, the ReplicaSet makes another. */
  #followPod(object: KubeObject): void {
    const { namespace = '', name = '', labels } = object.metadata;
    podLogsOf(this.#options.cluster).forget(namespace, name);
    const workspace = this.#byId.get(`${namespace}/${labels?.[LABELS.id]}`);
    const running = workspace && this.#running.get(workspace);
    if (!running || workspace.pod?.name !== name || workspace.pod.state === 'ending' || workspace.deleted) return;
    this.#options.lifecycle.change(workspace, () => {
      workspace.pod = this.#startPod(workspace, running);
    });
  }

  #object({ namespace, name, uid }: Workspace): KubeObject | undefined {
    const object = this.#options.objects.get(RESOURCES.workspaces, namespace, name);
    return object?.metadata.uid === uid ? object : undefined;
  }

  /** @param conditions in place of those there are */
  #writeStatus(workspace: Workspace, phase: string, observed: Observed, more: Record<string, unknown> = {}): void {
    const { objects } = this.#options;
    const now = objects.now();
    objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) => {
      const status = (live.status ?? {}) as { conditions?: Condition[]; mainUrl?: string };
      const conditions = syncConditions(status.conditions ?? [], observed, now);
      const message = infoMessage(phase, status.mainUrl, observed);
      return { status: { ...status, devworkspaceId: workspace.id, phase, message, conditions, ...more } };
    });
    this.#options.onReconcile();
  }

  // WorkspaceMoves

  identify(workspace: Workspace): string | null {
    const { objects } = this.#options;
    const object = this.#object(workspace);
    const given = object?.metadata.annotations?.[ANNOTATIONS.idOverride] ?? '';
    const id = given || `workspace${workspace.uid.split('-').slice(0, 3).join('')}`;
    const fault = given === '' ? undefined : this.#overrideFault(workspace.namespace, given);
    objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, () => ({
      status: fault
        ? { devworkspaceId: '', phase: 'Failed', message: `Failed to set DevWorkspace ID: ${fault}` }
        : { devworkspaceId: id },
    }));
    this.#options.onReconcile();
    if (!fault) this.#byId.set(`${workspace.namespace}/${id}`, workspace);
    return fault ? null : id;
  }

  #overrideFault(namespace: string, id: string): string | undefined {
    if (id.length > 25) return 'maximum length for DevWorkspace ID override is 25 characters';
    const taken = this.#options.objects
      .list(RESOURCES.workspaces, namespace)
      .some((other) => text(other, 'status', 'devworkspaceId') === id);
    return taken ? 'DevWorkspace ID specified in override already exists in namespace' : undefined;
  }

  begin(workspace: Workspace): void {
    const { objects } = this.#options;
    const lastTransitionTime = objects.now();
    const started = { type: 'Started', status: 'True', lastTransitionTime, message: 'DevWorkspace is starting' };
    objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) => ({
      metadata: annotated(live, { [ANNOTATIONS.stoppedBy]: undefined }),
      status: {
        ...(live.status as object),
        devworkspaceId: workspace.id,
        phase: 'Starting',
        message: 'Initializing DevWorkspace',
        conditions: [started],
      },
    }));
    this.#options.onReconcile();
  }

  resolve(workspace: Workspace): StartFailure | null {
    const object = this.#object(workspace);
    if (!object) return null;
    const type = storageType(object);
    if (type === null) {
      return { reason: 'BadRequest', message: 'Error provisioning storage: configured storage type not supported' };
    }
    const claim = claimOf(object, workspace.id, this.#config.claimName);
    if (claim !== undefined) {
      const failure = this.#makeClaim(workspace, object, claim);
      if (failure) return failure;
    }
    this.#addFinalizers(workspace, claim !== undefined && type !== 'per-workspace');
    const waiting = claim === undefined ? undefined : `Provisioning storage: Updated ${claim} PVC on cluster`;
    this.#writeStatus(workspace, 'Starting', progress(2, waiting));
    return null;
  }

  #makeClaim(workspace: Workspace, object: KubeObject, name: string): StartFailure | null {
    const { objects } = this.#options;
    const { perWorkspaceSize, commonSize, storageClass, accessModes } = this.#config;
    const there = objects.get(RESOURCES.claims, workspace.namespace, name);
    if (there) {
      return there.metadata.deletionTimestamp
        ? { reason: 'InfrastructureFailure', message: 'Error provisioning storage: DevWorkspace PVC is being deleted' }
        : null;
    }
    const size = storageType(object) === 'per-workspace' ? claimSize(object, perWorkspaceSize) : commonSize;
    try {
      const claim = make.claim({ workspace: object, id: workspace.id }, name, { size, storageClass, accessModes });
      objects.createChecked(RESOURCES.claims, claim);
    } catch (error) {
      if (!(error instanceof ApiStatusError)) throw error;
      const message = `Error provisioning storage: Failed to sync ${name} PVC to cluster: ${error.message}`;
      return { reason: 'InfrastructureFailure', message };
    }
    return null;
  }

  #addFinalizers(workspace: Workspace, storage: boolean): void {
    const wanted = [...(storage ? [FINALIZERS.storage] : []), FINALIZERS.rbac];
    const { objects } = this.#options;
    const finalizers = this.#object(workspace)?.metadata.finalizers ?? [];
    const missing = wanted.filter((finalizer) => !finalizers.includes(finalizer));
    if (missing.length === 0) return;
    objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) => ({
      metadata: { finalizers: [...(live.metadata.finalizers ?? []), ...missing] },
    }));
  }

  route(workspace: Workspace): void {
    const { objects } = this.#options;
    const { namespace, id } = workspace;
    const object = this.#object(workspace);
    if (!object) return;
    this.#bindClaim(workspace, object);
    if (!objects.get(RESOURCES.roles, namespace, make.SHARED_NAMES.role)) {
      objects.create(RESOURCES.roles, make.role(namespace));
    }
    if (!objects.create(RESOURCES.roleBindings, make.roleBinding(namespace, id))) {
      objects.amend(RESOURCES.roleBindings, namespace, make.SHARED_NAMES.roleBinding, (live) =>
        items(live, 'subjects').some(({ name }) => name === make.serviceAccountName(id))
          ? {}
          : { subjects: [...items(live, 'subjects'), make.subjectOf(namespace, id)] },
      );
    }
    const routingClass = text(object, 'spec', 'routingClass') || this.#config.routingClass;
    const identity = { workspace: object, id };
    if (!objects.create(RESOURCES.routings, make.routing(identity, routingClass))) {
      objects.amend(RESOURCES.routings, namespace, `routing-${id}`, (live) => ({
        metadata: annotated(live, { [ANNOTATIONS.started]: 'true' }),
      }));
    }
    this.#writeStatus(workspace, 'Starting', progress(3, 'Preparing networking'));
  }

  #bindClaim(workspace: Workspace, object: KubeObject): void {
    const { objects } = this.#options;
    const name = claimOf(object, workspace.id, this.#config.claimName);
    if (name === undefined || this.site.claimsPending) return;
    const claim = objects.get(RESOURCES.claims, workspace.namespace, name);
    if (!claim || text(claim, 'status', 'phase') === 'Bound') return;
    objects.amend(RESOURCES.claims, workspace.namespace, name, (live) => ({
      spec: { ...(live.spec as object), volumeName: `pvc-${live.metadata.uid}` },
      status: {
        phase: 'Bound',
        accessModes: at(live, 'spec', 'accessModes'),
        capacity: at(live, 'spec', 'resources', 'requests'),
      },
    }));
  }

  deploy(workspace: Workspace): StartFailure | null {
    const { objects, settings, secrets } = this.#options;
    const object = this.#object(workspace);
    if (!object) return null;
    const { namespace, id } = workspace;
    const identity = { workspace: object, id };
    const routingFailure = this.#finishRouting(identity);
    if (routingFailure) return routingFailure;
    const version = VERSION_PROFILES[settings.version];
    const restore = restoreOf(object, { config: this.#config, backup: this.#backup, version, secrets });
    if (restore && 'error' in restore) {
      const message = `Failed to set up workspace-restore init container: ${restore.error}`;
      return { reason: 'InfrastructureFailure', message };
    }
    const creator = object.metadata.labels?.[LABELS.creator];
    if (creator === undefined) {
      const why = 'workspace must have creator specified to be run. Recreate it to fix an issue';
      return {
        reason: 'InfrastructureFailure',
        message: `Error creating DevWorkspace deployment: Error while creating workspace deployment: ${why}`,
      };
    }
    if (!objects.get(RESOURCES.serviceAccounts, namespace, make.serviceAccountName(id))) {
      objects.create(RESOURCES.serviceAccounts, make.serviceAccount(identity));
      objects.create(RESOURCES.configMaps, make.metadataConfigMap(identity));
    }
    if (containersOf(object).length === 0) {
      workspace.podless = true;
      this.#writeStatus(workspace, 'Starting', progress(6));
      return null;
    }
    const claim = claimOf(object, id, this.#config.claimName);
    const template = make.podTemplate(identity, {
      claim,
      imagePullPolicy: this.#config.imagePullPolicy,
      restore: restore?.container,
      restoreSecret: restore?.secret?.metadata.name,
      creator,
    });
    this.#makeDeployment(workspace, identity, template, restore);
    this.#writeStatus(workspace, 'Starting', progress(6, 'Waiting for workspace deployment'));
    return null;
  }

  #finishRouting({ workspace, id }: make.Identity): StartFailure | null {
    const { objects, settings } = this.#options;
    const namespace = workspace.metadata.namespace ?? '';
    const openshift = settings.flavour === 'openshift';
    const routingClass = text(workspace, 'spec', 'routingClass') || this.#config.routingClass;
    const { hostSuffix } = this.#config;
    const fault = routingFault(routingClass, openshift, hostSuffix);
    objects.amend(RESOURCES.routings, namespace, `routing-${id}`, () => ({
      status: fault ? { phase: 'Failed', message: fault } : { phase: 'Ready', message: 'DevWorkspaceRouting prepared' },
    }));
    if (fault) {
      return { reason: 'InfrastructureFailure', message: `Failed to set up networking for workspace: ${fault}` };
    }
    const routing = objects.get(RESOURCES.routings, namespace, `routing-${id}`);
    const identity = { workspace, id };
    const service = routing && make.service(identity, routing);
    if (!routing || !service) return null;
    objects.create(RESOURCES.services, service);
    const access = openshift ? RESOURCES.routes : RESOURCES.ingresses;
    for (const object of make.publicAccess(identity, routing, hostSuffix, openshift)) objects.create(access, object);
    const mainUrl = make.mainUrl(identity, hostSuffix, openshift);
    if (mainUrl !== '') {
      objects.amend(RESOURCES.workspaces, namespace, workspace.metadata.name ?? '', (live) => ({
        status: { ...(live.status as object), mainUrl },
      }));
    }
    return null;
  }

  #makeDeployment(
    workspace: Workspace,
    identity: make.Identity,
    template: ReturnType<typeof make.podTemplate>,
    restore: Restore | undefined,
  ): void {
    const { objects } = this.#options;
    const { namespace, id } = workspace;
    workspace.podless = false;
    const deadline = Math.floor(this.#config.progressTimeoutMs / 1000);
    objects.create(RESOURCES.deployments, make.deployment(identity, template, deadline));
    objects.amend(RESOURCES.deployments, namespace, id, (live) => ({
      spec: {
        ...(live.spec as object),
        replicas: 1,
        template: { ...(at(live, 'spec', 'template') as object), spec: at(live, 'spec', 'template', 'spec') },
      },
      status: { replicas: 1, updatedReplicas: 1, unavailableReplicas: 1, observedGeneration: 1 },
    }));
    const deployment = objects.get(RESOURCES.deployments, namespace, id);
    if (!deployment) return;
    const hash = hashWords(JSON.stringify(template.spec)).a.toString(36).padStart(7, '0').slice(0, 9);
    const set = make.replicaSet(deployment, hash);
    const replicaSet = set.metadata.name ?? '';
    if (!objects.create(RESOURCES.replicaSets, set)) {
      objects.amend(RESOURCES.replicaSets, namespace, replicaSet, (live) => ({
        spec: { ...(live.spec as object), replicas: 1 },
        status: set.status,
      }));
    }
    const running: Running = { restore, course: undefined, turn: undefined, deployment, replicaSet };
    this.#running.set(workspace, running);
    // Recreate: a pod that is still ending comes first.
    if (workspace.pod === null) workspace.pod = this.#startPod(workspace, running);
  }

  #startPod(workspace: Workspace, { replicaSet, restore }: Running): WorkspacePod | null {
    const { objects } = this.#options;
    const owner = objects.get(RESOURCES.replicaSets, workspace.namespace, replicaSet);
    const pod = owner && objects.create(RESOURCES.pods, make.pod(owner));
    if (!pod) return null;
    return {
      name: pod.metadata.name ?? '',
      state: 'pending',
      hasInit: restore !== undefined,
      hasClaim: items(pod, 'spec', 'volumes').some((volume) => volume.persistentVolumeClaim !== undefined),
      initMs: 0,
      crashes: 0,
      stuck: null,
    };
  }

  podMoved(workspace: Workspace, pod: WorkspacePod): void {
    const { objects } = this.#options;
    const { namespace, id } = workspace;
    if (pod.state === 'pulling') {
      const object = this.#object(workspace);
      if (object) this.#bindClaim(workspace, object);
    }
    objects.amend(RESOURCES.pods, namespace, pod.name, (live) => workspacePodStatus(live, pod, objects.now()));
    if (pod.stuck && pod.stuck.container === '') {
      const live = objects.get(RESOURCES.pods, namespace, pod.name);
      const [container] = items(live, 'spec', pod.stuck.init ? 'initContainers' : 'containers');
      pod.stuck = { ...pod.stuck, container: text(container, 'name') };
    }
    if (pod.state !== 'ready') return;
    const counts = { replicas: 1, readyReplicas: 1, availableReplicas: 1, observedGeneration: 1 };
    objects.amend(RESOURCES.deployments, namespace, id, () => ({ status: { ...counts, updatedReplicas: 1 } }));
    const { replicaSet = '' } = this.#running.get(workspace) ?? {};
    objects.amend(RESOURCES.replicaSets, namespace, replicaSet, () => ({
      status: { ...counts, fullyLabeledReplicas: 1 },
    }));
  }

  /** Where the sources of a workspace are. */
  #place(workspace: Workspace, object: KubeObject): Place | undefined {
    const claim = claimOf(object, workspace.id, this.#config.claimName);
    if (claim === undefined || storageType(object) === 'async') return undefined;
    return { namespace: workspace.namespace, claim, path: sourcesOf(object, workspace.id) };
  }

  initStarted(workspace: Workspace, _pod: WorkspacePod): number {
    const { registry, volumes } = this.#options;
    const running = this.#running.get(workspace);
    const object = this.#object(workspace);
    if (!running?.restore || !object) return 0;
    const place = this.#place(workspace, object);
    const found = place ? volumes.read(place) : new Map();
    running.course = runRestore(registry, running.restore, found, workspace.random('restore', workspace.starts));
    return Math.max(1, running.course.ms);
  }

  initEnded(workspace: Workspace, pod: WorkspacePod): boolean {
    const { cluster, objects, volumes } = this.#options;
    const course = this.#running.get(workspace)?.course;
    const object = this.#object(workspace);
    if (!course || !object) return true;
    podLogsOf(cluster).append(workspace.namespace, pod.name, 'workspace-restore', objects.nowMs(), course.log);
    if (!course.content) return false;
    const place = this.#place(workspace, object);
    if (place) volumes.write(place, course.content);
    return true;
  }

  containerStarted(workspace: Workspace, pod: WorkspacePod): boolean {
    const { settings, volumes, cluster, objects } = this.#options;
    const object = this.#object(workspace);
    if (!object) return true;
    const place = this.#place(workspace, object);
    const outcome = settings.program(object, place ? volumes.read(place) : new Map());
    if ('error' in outcome) {
      const name = text(containersOf(object)[0], 'name');
      podLogsOf(cluster).append(workspace.namespace, pod.name, name, objects.nowMs(), outcome.error);
      return false;
    }
    if (place) volumes.write(place, outcome.content);
    return true;
  }

  run(workspace: Workspace): void {
    this.#writeStatus(workspace, 'Running', progress(DONE.length));
    const { objects } = this.#options;
    const startedAt = String(Math.floor(objects.nowMs()));
    objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) =>
      live.metadata.annotations?.[ANNOTATIONS.startedAt] === undefined
        ? { metadata: annotated(live, { [ANNOTATIONS.startedAt]: startedAt }) }
        : {},
    );
  }

  fail(workspace: Workspace, { reason, message }: StartFailure): void {
    const done = { resolve: 1, storage: 2, routing: 3, deployment: 6, none: 1, running: 7 }[workspace.step];
    const observed = new Map<string, { status: 'True' | 'False'; message?: string; reason?: string }>(progress(done));
    observed.set('FailedStart', {
      status: 'True',
      message: message.charAt(0).toUpperCase() + message.slice(1),
      reason,
    });
    this.#writeStatus(workspace, 'Failing', observed);
  }

  giveUp(workspace: Workspace): void {
    this.#options.objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) => ({
      spec: { ...(live.spec as object), started: false },
    }));
    this.#options.onReconcile();
  }

  stop(workspace: Workspace): void {
    const { objects } = this.#options;
    const { namespace, name, id, pod } = workspace;
    const object = this.#object(workspace);
    if (object?.metadata.annotations?.[ANNOTATIONS.startedAt] !== undefined) {
      objects.amend(RESOURCES.workspaces, namespace, name, (live) => ({
        metadata: annotated(live, { [ANNOTATIONS.startedAt]: undefined }),
      }));
    }
    const deployment = objects.get(RESOURCES.deployments, namespace, id);
    if (!deployment) return;
    objects.amend(RESOURCES.routings, namespace, `routing-${id}`, (live) => ({
      metadata: annotated(live, { [ANNOTATIONS.started]: 'false' }),
      status: { ...(live.status as object), phase: 'Stopped', message: 'DevWorkspace is not started' },
    }));
    if (this.#config.cleanupOnStop) {
      objects.delete(RESOURCES.deployments, namespace, id);
      objects.delete(RESOURCES.routings, namespace, `routing-${id}`);
    } else {
      objects.amend(RESOURCES.deployments, namespace, id, (live) => ({
        spec: { ...(live.spec as object), replicas: 0 },
      }));
    }
    if (pod) {
      objects.amend(RESOURCES.pods, namespace, pod.name, (live) => workspacePodStatus(live, pod, objects.now()));
      objects.delete(RESOURCES.pods, namespace, pod.name, { gracePeriodSeconds: 10 });
    }
    this.#writeStatus(workspace, workspace.phase, this.#failedStart(workspace));
  }

  /** A workspace that has failed keeps the condition that says why. */
  #failedStart(workspace: Workspace): Map<string, { status: 'True' | 'False'; message?: string; reason?: string }> {
    const conditions = items(this.#object(workspace), 'status', 'conditions');
    const found = conditions.find(({ type }) => type === 'FailedStart');
    if (!found || !['Failing', 'Failed'].includes(workspace.phase)) return new Map();
    return new Map([
      ['FailedStart', { status: 'True', message: text(found, 'message'), reason: text(found, 'reason') }],
    ]);
  }

  podEnded(workspace: Workspace, pod: WorkspacePod): void {
    const { objects } = this.#options;
    const { namespace, id } = workspace;
    const running = this.#running.get(workspace);
    objects.delete(RESOURCES.pods, namespace, pod.name, { gracePeriodSeconds: 0 });
    if (running && workspace.step === 'none') {
      objects.amend(RESOURCES.replicaSets, namespace, running.replicaSet, (live) => ({
        spec: { ...(live.spec as object), replicas: 0 },
        status: { replicas: 0, observedGeneration: 2 },
      }));
      objects.amend(RESOURCES.deployments, namespace, id, (live) => ({
        status: { observedGeneration: live.metadata.generation ?? 1 },
      }));
    }
  }

  stopped(workspace: Workspace): void {
    const observed = this.#failedStart(workspace);
    const message = workspace.phase === 'Failed' ? 'Workspace stopped due to error' : 'Workspace is stopped';
    observed.set('Started', { status: 'False', message });
    this.#writeStatus(workspace, workspace.phase, observed);
  }

  finalize(workspace: Workspace): Workspace['finalizing'] {
    const { objects } = this.#options;
    const object = this.#object(workspace);
    const finalizers = object?.metadata.finalizers ?? [];
    const finalizer = finalizers.find((each) => each === FINALIZERS.storage || each === FINALIZERS.rbac);
    if (!object || finalizer === undefined) return 'cleanup';
    this.#writeStatus(
      workspace,
      'Terminating',
      new Map([['Started', { status: 'True', message: 'Cleaning up resources for deletion' }]]),
    );
    const namespace = objects.get(RESOURCES.namespaces, '', workspace.namespace);
    const terminating = text(namespace, 'status', 'phase') === 'Terminating';
    if (!terminating) {
      const waits =
        finalizer === FINALIZERS.storage ? this.#cleanStorage(workspace, object) : this.#cleanRoles(workspace);
      if (waits) return 'cleanup';
    }
    this.#dropFinalizer(workspace, finalizer);
    return 'next';
  }

  #dropFinalizer(workspace: Workspace, finalizer: string): void {
    this.#options.objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) => {
      const left = live.metadata.finalizers?.filter((each) => each !== finalizer) ?? [];
      return { metadata: { finalizers: left } };
    });
  }

  /** @returns whether something must be waited for */
  #cleanStorage(workspace: Workspace, object: KubeObject): boolean {
    const { objects, volumes } = this.#options;
    const { namespace, id } = workspace;
    objects.delete(RESOURCES.deployments, namespace, id);
    if (storageType(object) === 'per-workspace') return false;
    const { claimName } = this.#config;
    const claim = objects.get(RESOURCES.claims, namespace, claimName);
    if (!claim) return false;
    if ((this.#counts.get(namespace)?.sharing ?? 0) === 0) {
      objects.delete(RESOURCES.claims, namespace, claimName);
      return false;
    }
    const job = make.cleanupJob({ workspace: object, id }, claimName);
    volumes.remove({ namespace, claim: claimName, path: id });
    if (!objects.create(RESOURCES.jobs, job)) return false;
    this.#cleanups.set(`${namespace}/${job.metadata.name}`, workspace);
    return true;
  }

  #cleanRoles(workspace: Workspace): boolean {
    const { objects } = this.#options;
    const { namespace, id } = workspace;
    const { role, roleBinding } = make.SHARED_NAMES;
    if ((this.#counts.get(namespace)?.all ?? 0) === 0) {
      objects.delete(RESOURCES.roles, namespace, role);
      objects.delete(RESOURCES.roleBindings, namespace, roleBinding);
    } else {
      objects.amend(RESOURCES.roleBindings, namespace, roleBinding, (live) => ({
        subjects: items(live, 'subjects').filter(({ name }) => name !== make.serviceAccountName(id)),
      }));
    }
    return false;
  }

  #followCleanup(job: KubeObject): void {
    const key = `${job.metadata.namespace}/${job.metadata.name}`;
    const workspace = this.#cleanups.get(key);
    const done = items(job, 'status', 'conditions').find(
      ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
    );
    if (!workspace || !done) return;
    this.#cleanups.delete(key);
    if (done.type === 'Failed') return;
    this.#options.lifecycle.change(workspace, () => {
      this.#dropFinalizer(workspace, FINALIZERS.storage);
      workspace.finalizing = 'next';
    });
  }
}

/** solvers/solver.go and basic_solver.go: why a class of routing cannot be had. */
function routingFault(routingClass: string, openshift: boolean, hostSuffix: string): string | undefined {
  switch (routingClass) {
    case 'basic':
      return hostSuffix === ''
        ? 'basic routing requires .config.routing.clusterHostSuffix to be set in operator config'
        : undefined;
    case 'cluster':
      return undefined;
    case 'cluster-tls':
    case 'web-terminal':
      return openshift ? undefined : `routing class ${routingClass} only supported on OpenShift`;
    default:
      return `routing class ${routingClass} is not known to the operator`;
  }
}
