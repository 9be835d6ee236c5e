/** Deployments of workspaces and the pods that follow: made by the operator, moved by kubelets that are played here. */
import { hashWords } from '../../../model/time/random.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, items, text } from '../../builtins/fields.ts';
import { podLogsOf } from '../../builtins/index.ts';
import { RESTORE_CONTAINER, type Restore, type RestoreCourse, restoreOf, runRestore } from './restores.ts';
import * as routes from './routing-objects.ts';
import { claimOf, containersOf, sourcesOf, storageType } from './template.ts';
import { VERSION_PROFILES } from './versions.ts';
import type { Place } from './volumes.ts';
import * as make from './workspace-objects.ts';
import { workspacePodStatus } from './workspace-pod-status.ts';
import { podTemplate } from './workspace-pod-template.ts';
import { progress, type WorkspaceRecords } from './workspace-records.ts';
import type { StartFailure, Workspace, WorkspacePod } from './workspace-stages.ts';
import { LABELS, RESOURCES } from './world-objects.ts';

interface Running {
  restore: Restore | undefined;
  course: RestoreCourse | undefined;
  deployment: KubeObject;
  replicaSet: string;
}

export class WorkspacePods {
  readonly #records: WorkspaceRecords;
  readonly #running = new Map<Workspace, Running>();

  constructor(records: WorkspaceRecords) {
    this.#records = records;
  }

  /** The workspace is gone. */
  forget(workspace: Workspace): void {
    this.#running.delete(workspace);
  }

  /** A pod that somebody deleted: the ReplicaSet makes another one. */
  replace(workspace: Workspace, name: string): void {
    const running = this.#running.get(workspace);
    if (!running || workspace.pod?.name !== name || workspace.pod.state === 'ending' || workspace.deleted) return;
    this.#records.options.lifecycle.change(workspace, () => {
      workspace.pod = this.#startPod(workspace, running);
    });
  }

  account(workspace: Workspace): StartFailure | null {
    const { objects } = this.#records.options;
    const object = this.#records.object(workspace);
    if (!object) return null;
    const identity = { workspace: object, id: workspace.id };
    const routingFailure = this.#finishRouting(identity);
    if (routingFailure) return routingFailure;
    objects.create(RESOURCES.configMaps, make.metadataConfigMap(identity));
    // Where accounts get secrets to pull images with, they have them by the next look.
    if (objects.create(RESOURCES.serviceAccounts, make.serviceAccount(identity))) {
      this.#records.writeStatus(workspace, 'Starting', progress(4, 'Waiting for DevWorkspace ServiceAccount'));
    }
    return null;
  }

  deploy(workspace: Workspace): StartFailure | null {
    const { settings, secrets } = this.#records.options;
    const object = this.#records.object(workspace);
    if (!object) return null;
    const { id } = workspace;
    const identity = { workspace: object, id };
    const version = VERSION_PROFILES[settings.version];
    const restore = restoreOf(identity, {
      config: this.#records.config,
      backup: this.#records.backup,
      version,
      secrets,
    });
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
    if (containersOf(object).length === 0) {
      workspace.podless = true;
      this.#records.writeStatus(workspace, 'Starting', progress(6));
      return null;
    }
    const claim = claimOf(object, id, this.#records.config.claimName);
    const template = podTemplate(identity, {
      claim,
      imagePullPolicy: this.#records.config.imagePullPolicy,
      podSecurityContext: this.#records.config.podSecurityContext,
      containerSecurityContext: this.#records.config.containerSecurityContext,
      restore: restore?.container,
      restoreSecret: restore?.secret?.metadata.name,
      creator,
    });
    this.#makeDeployment(workspace, identity, template, restore);
    this.#records.writeStatus(workspace, 'Starting', progress(6, 'Waiting for workspace deployment'));
    return null;
  }

  #finishRouting({ workspace, id }: make.Identity): StartFailure | null {
    const { objects, settings } = this.#records.options;
    const namespace = workspace.metadata.namespace ?? '';
    const openshift = settings.flavour === 'openshift';
    const routingClass = text(workspace, 'spec', 'routingClass') || this.#records.config.routingClass;
    const { hostSuffix } = this.#records.config;
    const fault = routingFault(routingClass, openshift, hostSuffix);
    objects.amend(RESOURCES.routings, namespace, `routing-${id}`, () => ({
      status: fault ? { phase: 'Failed', message: fault } : { phase: 'Ready', message: 'DevWorkspaceRouting prepared' },
    }));
    if (fault) {
      return { reason: 'InfrastructureFailure', message: `Failed to set up networking for workspace: ${fault}` };
    }
    const routing = objects.get(RESOURCES.routings, namespace, `routing-${id}`);
    const identity = { workspace, id };
    const service = routing && routes.service(identity, routing);
    if (!routing || !service) return null;
    objects.create(RESOURCES.services, service);
    const access = openshift ? RESOURCES.routes : RESOURCES.ingresses;
    for (const object of routes.publicAccess(identity, routing, hostSuffix, openshift)) objects.create(access, object);
    const mainUrl = routes.mainUrl(identity, hostSuffix, openshift);
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
    template: make.PodTemplate,
    restore: Restore | undefined,
  ): void {
    const { objects } = this.#records.options;
    const { namespace, id } = workspace;
    workspace.podless = false;
    const deadline = Math.floor(this.#records.config.progressTimeoutMs / 1000);
    objects.create(RESOURCES.deployments, make.deployment(identity, template, deadline));
    // What has changed in the devfile since the last start comes with this one (workspace/deployment.go, SyncDeploymentToCluster).
    objects.amend(RESOURCES.deployments, namespace, id, (live) => ({
      spec: { ...(live.spec as object), replicas: 1, template },
      status: { replicas: 1, updatedReplicas: 1, unavailableReplicas: 1, observedGeneration: 1 },
    }));
    const deployment = objects.get(RESOURCES.deployments, namespace, id);
    if (deployment) this.#rollOut(workspace, deployment, restore);
  }

  /** What the Deployment's controller makes of one that has a replica. */
  #rollOut(workspace: Workspace, deployment: KubeObject, restore: Restore | undefined): void {
    const { objects } = this.#records.options;
    const { namespace } = workspace;
    const spec = JSON.stringify(at(deployment, 'spec', 'template', 'spec'));
    const hash = hashWords(spec).a.toString(36).padStart(7, '0').slice(0, 9);
    const set = make.replicaSet(deployment, hash);
    const replicaSet = set.metadata.name ?? '';
    if (!objects.create(RESOURCES.replicaSets, set)) {
      objects.amend(RESOURCES.replicaSets, namespace, replicaSet, (live) => ({
        spec: { ...(live.spec as object), replicas: 1 },
        status: set.status,
      }));
    }
    const running: Running = { restore, course: undefined, deployment, replicaSet };
    this.#running.set(workspace, running);
    // Recreate: a pod that is still ending comes first.
    if (workspace.pod === null) workspace.pod = this.#startPod(workspace, running);
  }

  /** A Deployment that an operator outside has made or scaled. */
  scale(workspace: Workspace): void {
    const { objects } = this.#records.options;
    const { namespace, id, pod } = workspace;
    if (pod) {
      objects.delete(RESOURCES.pods, namespace, pod.name, { gracePeriodSeconds: 10 });
      this.scaledDown(workspace);
      return;
    }
    const deployment = objects.get(RESOURCES.deployments, namespace, id);
    if (!deployment) return;
    this.#rollOut(workspace, deployment, this.#restoreIn(deployment));
    const counts = { replicas: 1, updatedReplicas: 1, unavailableReplicas: 1 };
    const observedGeneration = deployment.metadata.generation ?? 1;
    objects.amend(RESOURCES.deployments, namespace, id, () => ({ status: { ...counts, observedGeneration } }));
  }

  #restoreIn(deployment: KubeObject): Restore | undefined {
    const spec = at(deployment, 'spec', 'template', 'spec');
    const container = items(spec, 'initContainers').find(({ name }) => name === RESTORE_CONTAINER);
    if (!container) return undefined;
    const { namespace = '' } = deployment.metadata;
    const volume = items(spec, 'volumes').find(({ name }) => name === 'registry-auth-secret');
    const image = items(container, 'env').find(({ name }) => name === 'BACKUP_IMAGE');
    const secret = this.#records.options.objects.get(
      RESOURCES.secrets,
      namespace,
      text(volume, 'secret', 'secretName'),
    );
    return { image: text(image, 'value'), container, secret };
  }

  #startPod(workspace: Workspace, { replicaSet, restore }: Running): WorkspacePod | null {
    const { objects } = this.#records.options;
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
    const { objects } = this.#records.options;
    const { namespace, id } = workspace;
    if (pod.state === 'pulling') {
      const object = this.#records.object(workspace);
      if (object) this.#records.bindClaim(workspace, object);
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
    const claim = claimOf(object, workspace.id, this.#records.config.claimName);
    if (claim === undefined || storageType(object) === 'async') return undefined;
    return { namespace: workspace.namespace, claim, path: sourcesOf(object, workspace.id) };
  }

  /** @returns how long it takes, in milliseconds */
  initStarted(workspace: Workspace): number {
    const { registry, volumes } = this.#records.options;
    const running = this.#running.get(workspace);
    const object = this.#records.object(workspace);
    if (!running?.restore || !object) return 0;
    const place = this.#place(workspace, object);
    const found = place ? volumes.read(place) : new Map();
    running.course = runRestore(registry, running.restore, found, workspace.random('restore', workspace.starts));
    return Math.max(1, running.course.ms);
  }

  initEnded(workspace: Workspace, pod: WorkspacePod): boolean {
    const { cluster, objects, volumes } = this.#records.options;
    const course = this.#running.get(workspace)?.course;
    const object = this.#records.object(workspace);
    if (!course || !object) return true;
    podLogsOf(cluster).append(workspace.namespace, pod.name, 'workspace-restore', objects.nowMs(), course.log);
    if (!course.content) return false;
    const place = this.#place(workspace, object);
    if (place) volumes.write(place, course.content);
    return true;
  }

  containerStarted(workspace: Workspace, pod: WorkspacePod): boolean {
    const { settings, volumes, cluster, objects } = this.#records.options;
    const object = this.#records.object(workspace);
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

  podEnded(workspace: Workspace, pod: WorkspacePod): void {
    const { objects } = this.#records.options;
    const { namespace } = workspace;
    objects.delete(RESOURCES.pods, namespace, pod.name, { gracePeriodSeconds: 0 });
  }

  /** The Deployment of a workspace that stops has no replicas any more; the pod may still be ending. */
  scaledDown(workspace: Workspace): void {
    const { objects } = this.#records.options;
    const { namespace, id } = workspace;
    const running = this.#running.get(workspace);
    if (!running) return;
    objects.amend(RESOURCES.replicaSets, namespace, running.replicaSet, (live) => ({
      spec: { ...(live.spec as object), replicas: 0 },
      status: { replicas: 0, observedGeneration: 2 },
    }));
    objects.amend(RESOURCES.deployments, namespace, id, (live) => ({
      status: { observedGeneration: live.metadata.generation ?? 1 },
    }));
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
