/** How the programs of a world write objects: clients may have deleted or made anything meanwhile, and they go on. */
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import type { Clock } from '../../../model/time/clock.ts';
import type { DeleteOptions } from '../../api/cluster-access.ts';
import type { GroupResource, KubeObject, ObjectMeta, OwnerReference } from '../../api/object.ts';
import { ApiStatusError } from '../../api/status.ts';
import type { Cluster } from '../../registry/cluster.ts';
import type { ObjectParts } from '../../registry/trusted-writes.ts';

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

/** The object or its namespace is gone, is going, or somebody else has made it. */
const ABSENT_OR_TAKEN = new Set([403, 404, 409]);

export class WorldObjects {
  readonly #cluster: Cluster;
  readonly #clock: Clock;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** Simulated time as objects carry it. */
  now(): string {
    return rfc3339(this.#clock.now());
  }

  nowMs(): number {
    return this.#clock.now();
  }

  get(resource: GroupResource, namespace: string, name: string): KubeObject | undefined {
    return this.#cluster.get(resource, namespace, name);
  }

  list(resource: GroupResource, namespace = ''): KubeObject[] {
    return this.#cluster.list(resource, { namespace });
  }

  /** Makes an object whose form is known to be right: {@link Cluster.plant}. undefined when it cannot be made. */
  create(resource: GroupResource, object: KubeObject): KubeObject | undefined {
    return attempt(() => this.#cluster.plant(resource, object));
  }

  /** Makes one that says what users said. undefined when it cannot be made. @throws ApiStatusError when it is refused for that */
  createChecked(resource: GroupResource, object: KubeObject): KubeObject | undefined {
    return attempt(() => this.#cluster.create(resource, object));
  }

  /** Replaces parts of an object, if it is there: {@link Cluster.amend}. */
  amend(resource: GroupResource, namespace: string, name: string, parts: (live: KubeObject) => ObjectParts): void {
    attempt(() => this.#cluster.amend(resource, namespace, name, parts));
  }

  delete(resource: GroupResource, namespace: string, name: string, options: DeleteOptions = {}): void {
    attempt(() => this.#cluster.delete(resource, namespace, name, options));
  }
}

function attempt<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof ApiStatusError && ABSENT_OR_TAKEN.has(error.code)) return undefined;
    throw error;
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
