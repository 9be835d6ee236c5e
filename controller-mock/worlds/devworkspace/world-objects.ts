/** What the objects of a world are called, and how its programs write them. */
import type { GroupResource, KubeObject, ObjectMeta, OwnerReference } from '../../api/object.ts';
import type { ObjectParts } from '../../registry/trusted-writes.ts';
import { TolerantObjects } from '../tolerant-objects.ts';

export const RESOURCES = {
  namespaces: { group: '', resource: 'namespaces' },
  nodes: { group: '', resource: 'nodes' },
  pods: { group: '', resource: 'pods' },
  secrets: { group: '', resource: 'secrets' },
  configMaps: { group: '', resource: 'configmaps' },
  services: { group: '', resource: 'services' },
  serviceAccounts: { group: '', resource: 'serviceaccounts' },
  claims: { group: '', resource: 'persistentvolumeclaims' },
  events: { group: '', resource: 'events' },
  deployments: { group: 'apps', resource: 'deployments' },
  replicaSets: { group: 'apps', resource: 'replicasets' },
  jobs: { group: 'batch', resource: 'jobs' },
  ingresses: { group: 'networking.k8s.io', resource: 'ingresses' },
  roles: { group: 'rbac.authorization.k8s.io', resource: 'roles' },
  roleBindings: { group: 'rbac.authorization.k8s.io', resource: 'rolebindings' },
  crds: { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
  mutatingWebhooks: { group: 'admissionregistration.k8s.io', resource: 'mutatingwebhookconfigurations' },
  validatingWebhooks: { group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations' },
  workspaces: { group: 'workspace.devfile.io', resource: 'devworkspaces' },
  configs: { group: 'controller.devfile.io', resource: 'devworkspaceoperatorconfigs' },
  routings: { group: 'controller.devfile.io', resource: 'devworkspaceroutings' },
  routes: { group: 'route.openshift.io', resource: 'routes' },
  imageStreams: { group: 'image.openshift.io', resource: 'imagestreams' },
} as const satisfies Record<string, GroupResource>;

export const LABELS = {
  id: 'controller.devfile.io/devworkspace_id',
  name: 'controller.devfile.io/devworkspace_name',
  creator: 'controller.devfile.io/creator',
  backupJob: 'controller.devfile.io/backup-job',
  watchSecret: 'controller.devfile.io/watch-secret',
  watchConfigMap: 'controller.devfile.io/watch-configmap',
  claimType: 'controller.devfile.io/devworkspace_pvc_type',
} as const;

export const ANNOTATIONS = {
  backupSuccessful: 'controller.devfile.io/last-backup-successful',
  backupFinishedAt: 'controller.devfile.io/last-backup-finished-at',
  backupError: 'controller.devfile.io/last-backup-error',
  startedAt: 'controller.devfile.io/started-at',
  stoppedBy: 'controller.devfile.io/stopped-by',
  started: 'controller.devfile.io/devworkspace-started',
  idOverride: 'controller.devfile.io/devworkspace_id_override',
} as const;

export const FINALIZERS = { storage: 'storage.controller.devfile.io', rbac: 'rbac.controller.devfile.io' } as const;

/** How the players of a world write their objects. */
export class WorldObjects extends TolerantObjects {
  nowMs(): number {
    return this.clock.now();
  }

  /** Makes an object whose form is known to be right: {@link Cluster.plant}. undefined when it cannot be made. */
  create(resource: GroupResource, object: KubeObject): KubeObject | undefined {
    return this.attempt(() => this.cluster.plant(resource, object));
  }

  /** Makes one that says what users said. undefined when it cannot be made. @throws ApiStatusError when it is refused for that */
  createChecked(resource: GroupResource, object: KubeObject): KubeObject | undefined {
    return this.attempt(() => this.cluster.create(resource, object));
  }

  /** Replaces parts of an object, if it is there: {@link Cluster.amend}. */
  amend(resource: GroupResource, namespace: string, name: string, parts: (live: KubeObject) => ObjectParts): void {
    this.attempt(() => this.cluster.amend(resource, namespace, name, parts));
  }
}

/** As controllers own what they make. */
export function controllerOf(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Annotations with some changed; undefined takes one away. */
export function annotated(object: KubeObject, changes: Readonly<Record<string, string | undefined>>): ObjectMeta {
  const annotations: Record<string, string> = { ...object.metadata.annotations };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete annotations[name];
    else annotations[name] = value;
  }
  return { annotations };
}
