/**
 * All workspaces of a cluster: it tells their stages what clients did to the objects, and writes objects when the stages move.
 *
 *   clients ──▶ DevWorkspace ──follow──▶ stages (workspace-stages.ts) ──moves──▶ status, claims, routing, Deployment, pod
 */
import { hashWords, mixWords, unitNumber } from '../../../model/time/random.ts';
import type { KubeObject } from '../../api/object.ts';
import { ApiStatusError } from '../../api/status.ts';
import { at, items, text } from '../../builtins/fields.ts';
import { podLogsOf } from '../../builtins/index.ts';
import type { StoreChange } from '../../store/store.ts';
import { overridesFault } from './container-overrides.ts';
import { claimOf, claimSize, storageType } from './template.ts';
import { WorkspaceFinalizers } from './workspace-finalizers.ts';
import * as make from './workspace-objects.ts';
import { workspacePodStatus } from './workspace-pod-status.ts';
import { askPassConfigMap } from './workspace-pod-template.ts';
import { WorkspacePods } from './workspace-pods.ts';
import { DONE, progress, WorkspaceRecords, type WorkspacesOptions } from './workspace-records.ts';
import {
  type StartFailure,
  WORKSPACE_STAGES,
  type Workspace,
  type WorkspaceMoves,
  type WorkspacePod,
  type WorkspaceSite,
} from './workspace-stages.ts';
import { ANNOTATIONS, annotated, FINALIZERS, LABELS, RESOURCES } from './world-objects.ts';

export class Workspaces implements WorkspaceMoves {
  readonly site: WorkspaceSite;
  readonly #records: WorkspaceRecords;
  readonly #pods: WorkspacePods;
  readonly #finalizers: WorkspaceFinalizers;
  /** By uid. */
  readonly #workspaces = new Map<string, Workspace>();
  /** By namespace and id. */
  readonly #byId = new Map<string, Workspace>();

  constructor(options: WorkspacesOptions) {
    this.#records = new WorkspaceRecords(options);
    this.#pods = new WorkspacePods(this.#records);
    this.#finalizers = new WorkspaceFinalizers(this.#records);
    const { profile, startFailureShare } = options.settings;
    this.site = {
      profile,
      moves: this,
      startFailureShare,
      reconciles: true,
      claimsPending: false,
      imagePull: 0,
      progressTimeoutMs: this.#records.config.progressTimeoutMs,
    };
  }

  /** Claims get no volumes, and pods that need them wait. */
  setClaimsPending(pending: boolean): void {
    this.site.claimsPending = pending;
    this.#records.claimsPending = pending;
    this.lookAtAll();
  }

  /** How many there are. */
  get size(): number {
    return this.#workspaces.size;
  }

  /** Something that all of them look at has changed. */
  lookAtAll(): void {
    for (const workspace of this.#workspaces.values()) this.#records.options.lifecycle.look(workspace);
  }

  /** Hears every change of the store. */
  follow({ collection, type, record, previous }: StoreChange): void {
    if (collection === 'workspace.devfile.io/devworkspaces')
      this.#followWorkspace(type, record.object, previous?.object);
    else if (collection === 'controller.devfile.io/devworkspaceoperatorconfigs') {
      if (!this.#records.readConfig(type, record.object)) return;
      this.site.progressTimeoutMs = this.#records.config.progressTimeoutMs;
    } else if (collection === '/persistentvolumeclaims') {
      if (type === 'DELETED') this.#records.options.volumes.dropClaim(record.namespace, record.name);
    } else if (collection === 'batch/jobs' && type === 'MODIFIED') this.#finalizers.followJob(record.object);
    else if (collection === '/pods' && type === 'DELETED') this.#followPod(record.object);
    else if (collection === 'apps/deployments') this.#followDeployment(type, record.object);
  }

  /** Of the operator that is played, nobody else makes any. */
  #followDeployment(type: StoreChange['type'], object: KubeObject): void {
    const { settings, lifecycle } = this.#records.options;
    if (settings.operator === 'played') return;
    const { namespace, labels } = object.metadata;
    const workspace = this.#byId.get(`${namespace}/${labels?.[LABELS.id]}`);
    if (!workspace) return;
    lifecycle.change(workspace, () => {
      workspace.replica = type === 'DELETED' ? null : at(object, 'spec', 'replicas') !== 0;
    });
  }

  #followWorkspace(type: StoreChange['type'], object: KubeObject, before: KubeObject | undefined): void {
    const uid = object.metadata.uid ?? '';
    this.#records.count(before, -1);
    if (type !== 'DELETED') this.#records.count(object, 1);
    const { lifecycle } = this.#records.options;
    const known = this.#workspaces.get(uid);
    const started = at(object, 'spec', 'started') === true;
    if (type === 'DELETED') {
      if (known) this.#forget(known);
    } else if (!known) {
      const workspace = this.#newWorkspace(object);
      this.#workspaces.set(uid, workspace);
      lifecycle.add(workspace, WORKSPACE_STAGES, workspace);
    } else if (known.id === '' && text(object, 'status', 'devworkspaceId') !== '') {
      known.id = text(object, 'status', 'devworkspaceId');
      this.#byId.set(`${known.namespace}/${known.id}`, known);
    } else if (known.started !== started || known.deleted !== !!object.metadata.deletionTimestamp) {
      lifecycle.change(known, (workspace) => {
        workspace.started = started;
        workspace.deleted = !!object.metadata.deletionTimestamp;
      });
    }
  }

  #newWorkspace(object: KubeObject): Workspace {
    const { namespace = '', name = '', uid = '' } = object.metadata;
    const words = hashWords(`${this.#records.options.settings.seed}\n${namespace}\n${name}`);
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
      replica: null,
      podless: false,
      finalizing: 'next',
      random: (purpose, ordinal) => unitNumber(mixWords(mixWords(words, hashWords(purpose).a), ordinal)),
    };
  }

  #forget(workspace: Workspace): void {
    this.#records.options.lifecycle.remove(workspace);
    this.#pods.forget(workspace);
    this.#workspaces.delete(workspace.uid);
    this.#byId.delete(`${workspace.namespace}/${workspace.id}`);
  }

  /** A pod is gone. Of one that somebody deleted, the ReplicaSet makes another. */
  #followPod(object: KubeObject): void {
    const { namespace = '', name = '', labels } = object.metadata;
    podLogsOf(this.#records.options.cluster).forget(namespace, name);
    const workspace = this.#byId.get(`${namespace}/${labels?.[LABELS.id]}`);
    if (workspace) this.#pods.replace(workspace, name);
  }

  // WorkspaceMoves

  identify(workspace: Workspace): string | null {
    const { objects } = this.#records.options;
    const object = this.#records.object(workspace);
    const given = object?.metadata.annotations?.[ANNOTATIONS.idOverride] ?? '';
    const id = given || `workspace${workspace.uid.split('-').slice(0, 3).join('')}`;
    const fault = given === '' ? undefined : this.#overrideFault(workspace.namespace, given);
    objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, () => ({
      status: fault
        ? { devworkspaceId: '', phase: 'Failed', message: `Failed to set DevWorkspace ID: ${fault}` }
        : { devworkspaceId: id },
    }));
    this.#records.options.onReconcile();
    if (!fault) this.#byId.set(`${workspace.namespace}/${id}`, workspace);
    return fault ? null : id;
  }

  #overrideFault(namespace: string, id: string): string | undefined {
    if (id.length > 25) return 'maximum length for DevWorkspace ID override is 25 characters';
    const taken = this.#records.options.objects
      .list(RESOURCES.workspaces, namespace)
      .some((other) => text(other, 'status', 'devworkspaceId') === id);
    return taken ? 'DevWorkspace ID specified in override already exists in namespace' : undefined;
  }

  begin(workspace: Workspace): void {
    const { objects } = this.#records.options;
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
    this.#records.options.onReconcile();
  }

  resolve(workspace: Workspace): StartFailure | null {
    const object = this.#records.object(workspace);
    if (!object) return null;
    const type = storageType(object);
    if (type === null) {
      return { reason: 'BadRequest', message: 'Error provisioning storage: configured storage type not supported' };
    }
    const fault = overridesFault(object);
    if (fault !== null) return { reason: 'BadRequest', message: `Error processing devfile: ${fault}` };
    const claim = claimOf(object, workspace.id, this.#records.config.claimName);
    if (claim !== undefined && type !== 'per-workspace') this.#addFinalizer(workspace, FINALIZERS.storage);
    this.#records.options.objects.create(RESOURCES.configMaps, askPassConfigMap(workspace.namespace));
    if (claim === undefined) return null;
    const made = this.#makeClaim(workspace, object, claim);
    if (typeof made !== 'boolean') return made;
    const waiting = `Provisioning storage: Updated ${claim} PVC on cluster`;
    if (made) this.#records.writeStatus(workspace, 'Starting', progress(2, waiting));
    return null;
  }

  /** @returns whether there was none yet; or why there can be none */
  #makeClaim(workspace: Workspace, object: KubeObject, name: string): StartFailure | boolean {
    const { objects } = this.#records.options;
    const { perWorkspaceSize, commonSize, storageClass, accessModes } = this.#records.config;
    const there = objects.get(RESOURCES.claims, workspace.namespace, name);
    if (there) {
      return there.metadata.deletionTimestamp
        ? { reason: 'InfrastructureFailure', message: 'Error provisioning storage: DevWorkspace PVC is being deleted' }
        : false;
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
    return true;
  }

  #addFinalizer(workspace: Workspace, finalizer: string): void {
    const { objects } = this.#records.options;
    if (this.#records.object(workspace)?.metadata.finalizers?.includes(finalizer)) return;
    objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) => ({
      metadata: { finalizers: [...(live.metadata.finalizers ?? []), finalizer] },
    }));
  }

  permit(workspace: Workspace): void {
    const { objects } = this.#records.options;
    const { namespace, id } = workspace;
    const object = this.#records.object(workspace);
    if (!object) return;
    this.#records.bindClaim(workspace, object);
    this.#addFinalizer(workspace, FINALIZERS.rbac);
    const known = objects.get(RESOURCES.roleBindings, namespace, make.SHARED_NAMES.roleBinding);
    if (items(known, 'subjects').some(({ name }) => name === make.serviceAccountName(id))) return;
    if (!objects.get(RESOURCES.roles, namespace, make.SHARED_NAMES.role)) {
      objects.create(RESOURCES.roles, make.role(namespace));
    }
    if (!objects.create(RESOURCES.roleBindings, make.roleBinding(namespace, id))) {
      objects.amend(RESOURCES.roleBindings, namespace, make.SHARED_NAMES.roleBinding, (live) => ({
        subjects: [...items(live, 'subjects'), make.subjectOf(namespace, id)],
      }));
    }
    this.#records.writeStatus(workspace, 'Starting', progress(3));
  }

  route(workspace: Workspace): void {
    const { objects } = this.#records.options;
    const { namespace, id } = workspace;
    const object = this.#records.object(workspace);
    if (!object) return;
    const routingClass = text(object, 'spec', 'routingClass') || this.#records.config.routingClass;
    const identity = { workspace: object, id };
    if (!objects.create(RESOURCES.routings, make.routing(identity, routingClass))) {
      objects.amend(RESOURCES.routings, namespace, `routing-${id}`, (live) => ({
        metadata: annotated(live, { [ANNOTATIONS.started]: 'true' }),
      }));
    }
    this.#records.writeStatus(workspace, 'Starting', progress(3, 'Preparing networking'));
  }

  run(workspace: Workspace): void {
    this.#records.writeStatus(workspace, 'Running', progress(DONE.length));
    const { objects } = this.#records.options;
    const startedAt = String(Math.floor(objects.nowMs()));
    objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) =>
      live.metadata.annotations?.[ANNOTATIONS.startedAt] === undefined
        ? { metadata: annotated(live, { [ANNOTATIONS.startedAt]: startedAt }) }
        : {},
    );
  }

  fail(workspace: Workspace, { reason, message }: StartFailure): void {
    const done = { resolve: 1, storage: 2, roles: 3, routing: 3, account: 5, deployment: 6, none: 1, running: 7 }[
      workspace.step
    ];
    const observed = new Map<string, { status: 'True' | 'False'; message?: string; reason?: string }>(progress(done));
    observed.set('FailedStart', {
      status: 'True',
      message: message.charAt(0).toUpperCase() + message.slice(1),
      reason,
    });
    this.#records.writeStatus(workspace, 'Failing', observed);
  }

  giveUp(workspace: Workspace): void {
    this.#records.options.objects.amend(RESOURCES.workspaces, workspace.namespace, workspace.name, (live) => ({
      spec: { ...(live.spec as object), started: false },
    }));
    this.#records.options.onReconcile();
  }

  stop(workspace: Workspace): void {
    const { objects } = this.#records.options;
    const { namespace, name, id, pod } = workspace;
    const object = this.#records.object(workspace);
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
    if (this.#records.config.cleanupOnStop) {
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
    this.#records.writeStatus(workspace, workspace.phase, this.#failedStart(workspace));
  }

  /** A workspace that has failed keeps the condition that says why. */
  #failedStart(workspace: Workspace): Map<string, { status: 'True' | 'False'; message?: string; reason?: string }> {
    const conditions = items(this.#records.object(workspace), 'status', 'conditions');
    const found = conditions.find(({ type }) => type === 'FailedStart');
    if (!found || !['Failing', 'Failed'].includes(workspace.phase)) return new Map();
    return new Map([
      ['FailedStart', { status: 'True', message: text(found, 'message'), reason: text(found, 'reason') }],
    ]);
  }

  stopped(workspace: Workspace): void {
    this.#pods.scaledDown(workspace);
    const observed = this.#failedStart(workspace);
    const message = workspace.phase === 'Failed' ? 'Workspace stopped due to error' : 'Workspace is stopped';
    observed.set('Started', { status: 'False', message });
    this.#records.writeStatus(workspace, workspace.phase, observed);
  }

  account(workspace: Workspace): StartFailure | null {
    return this.#pods.account(workspace);
  }

  deploy(workspace: Workspace): StartFailure | null {
    return this.#pods.deploy(workspace);
  }

  podMoved(workspace: Workspace, pod: WorkspacePod): void {
    this.#pods.podMoved(workspace, pod);
  }

  initStarted(workspace: Workspace): number {
    return this.#pods.initStarted(workspace);
  }

  initEnded(workspace: Workspace, pod: WorkspacePod): boolean {
    return this.#pods.initEnded(workspace, pod);
  }

  containerStarted(workspace: Workspace, pod: WorkspacePod): boolean {
    return this.#pods.containerStarted(workspace, pod);
  }

  podEnded(workspace: Workspace, pod: WorkspacePod): void {
    this.#pods.podEnded(workspace, pod);
  }

  scale(workspace: Workspace): void {
    this.#pods.scale(workspace);
  }

  finalize(workspace: Workspace): Workspace['finalizing'] {
    return this.#finalizers.finalize(workspace);
  }
}
