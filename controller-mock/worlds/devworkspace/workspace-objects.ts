/** Objects that belong to one workspace: devfile/devworkspace-operator, pkg/provision, at each function the file it is from. */
import { stringify } from 'yaml';
import { at, items, text } from '../../builtins/fields.ts';
import type { KubeObject } from '../../server/resource.ts';
import { containersOf, mountsSources, sourcesOf, storageType } from './template.ts';
import { controllerOf, LABELS } from './world-objects.ts';

const RBAC = 'rbac.authorization.k8s.io';
const RBAC_LABELS = {
  'app.kubernetes.io/name': 'devworkspace-workspaces',
  'app.kubernetes.io/part-of': 'devworkspace-operator',
  'controller.devfile.io/workspace-rbac': 'true',
};

/** What is in a namespace for all of its workspaces. */
export const SHARED_NAMES = {
  role: 'devworkspace-default-role',
  roleBinding: 'devworkspace-default-rolebinding',
} as const;

export interface Identity {
  readonly workspace: KubeObject;
  readonly id: string;
}

function head(namespace: string, name: string, labels: Record<string, string>) {
  return { namespace, name, labels };
}

const namespaceOf = ({ workspace }: Identity) => workspace.metadata.namespace ?? '';

export function owned({ workspace, id }: Identity, name: string, labels: Record<string, string> = {}) {
  return {
    ...head(workspace.metadata.namespace ?? '', name, { [LABELS.id]: id, ...labels }),
    ownerReferences: [controllerOf(workspace)],
  };
}

export interface ClaimSettings {
  readonly size: string;
  readonly storageClass: string | undefined;
  readonly accessModes: readonly string[];
}

/** storage/perWorkspaceStorage.go, syncPerWorkspacePVC; storage/shared.go, syncCommonPVC */
export function claim(
  identity: Identity,
  name: string,
  { size, storageClass, accessModes }: ClaimSettings,
): KubeObject {
  const own = storageType(identity.workspace) === 'per-workspace';
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: own
      ? owned(identity, name, { [LABELS.claimType]: 'per-workspace' })
      : head(namespaceOf(identity), name, { [LABELS.claimType]: 'per-user' }),
    spec: {
      accessModes: [...accessModes],
      resources: { requests: { storage: size } },
      ...(storageClass && { storageClassName: storageClass }),
    },
  };
}

const READ = ['get', 'list', 'watch'];

/** workspace/rbac/role.go, generateDefaultRole */
export function role(namespace: string): KubeObject {
  const rule = (apiGroups: string[], resources: string[], verbs: string[]) => ({ apiGroups, resources, verbs });
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: head(namespace, SHARED_NAMES.role, RBAC_LABELS),
    rules: [
      rule([''], ['pods/exec'], ['create']),
      rule([''], ['pods'], READ),
      rule(['metrics.k8s.io'], ['pods'], READ),
      rule(['apps', 'extensions'], ['deployments', 'replicasets'], READ),
      rule([''], ['secrets'], ['get', 'list', 'create', 'patch', 'update', 'delete']),
      rule([''], ['configmaps'], ['get', 'list', 'create', 'patch', 'update', 'delete']),
      rule(['workspace.devfile.io'], ['devworkspaces'], ['get', 'watch', 'list', 'patch', 'update']),
      rule(['controller.devfile.io'], ['devworkspaceroutings'], READ),
      rule(
        ['workspace.devfile.io'],
        ['devworkspacetemplates'],
        ['get', 'create', 'patch', 'update', 'delete', 'list', 'watch'],
      ),
    ],
  };
}

export const serviceAccountName = (id: string) => `${id}-sa`;

/** workspace/rbac/rolebinding.go, addServiceAccountToRolebinding */
export function subjectOf(namespace: string, id: string) {
  return { kind: 'ServiceAccount', name: serviceAccountName(id), namespace };
}

export function roleBinding(namespace: string, id: string): KubeObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: head(namespace, SHARED_NAMES.roleBinding, RBAC_LABELS),
    roleRef: { apiGroup: RBAC, kind: 'Role', name: SHARED_NAMES.role },
    subjects: [subjectOf(namespace, id)],
  };
}

/** workspace/serviceaccount.go */
export function serviceAccount(identity: Identity): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: owned(identity, serviceAccountName(identity.id), {
      [LABELS.name]: identity.workspace.metadata.name ?? '',
    }),
    automountServiceAccountToken: true,
  };
}

/** metadata/metadata.go; the resolved devfile is the written one, as parents are not resolved here. */
export function metadataConfigMap(identity: Identity): KubeObject {
  const template = stringify(at(identity.workspace, 'spec', 'template'));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: owned(identity, `${identity.id}-metadata`, {
      'app.kubernetes.io/name': 'devworkspace-controller',
      'app.kubernetes.io/part-of': 'devworkspace-operator',
      [LABELS.watchConfigMap]: 'true',
    }),
    data: { 'original.devworkspace.yaml': template, 'flattened.devworkspace.yaml': template },
  };
}

export interface PodSettings {
  readonly claim: string | undefined;
  readonly imagePullPolicy: string;
  /** Comes first, and makes the clone of projects unnecessary. */
  readonly restore: Record<string, unknown> | undefined;
  /** Secret with the registry's credentials for it. */
  readonly restoreSecret: string | undefined;
  readonly creator: string;
}

function container({ workspace, id }: Identity, component: Record<string, unknown>, settings: PodSettings) {
  const spec = component.container as Record<string, unknown>;
  const quantities = (kind: 'Request' | 'Limit') => ({
    ...(text(spec, `cpu${kind}`) && { cpu: text(spec, `cpu${kind}`) }),
    memory: text(spec, `memory${kind}`) || (kind === 'Limit' ? '256Mi' : '128Mi'),
  });
  const mounts = items(spec, 'volumeMounts').map((mount) => ({
    name: text(mount, 'name'),
    mountPath: text(mount, 'path') || `/${text(mount, 'name')}`,
  }));
  if (mountsSources(component))
    mounts.push({ name: 'projects', mountPath: text(spec, 'sourceMapping') || '/projects' });
  return {
    name: text(component, 'name'),
    image: text(spec, 'image'),
    imagePullPolicy: settings.imagePullPolicy,
    ...(Array.isArray(spec.command) && { command: spec.command }),
    ...(Array.isArray(spec.args) && { args: spec.args }),
    env: [
      ...items(spec, 'env'),
      { name: 'DEVWORKSPACE_NAMESPACE', value: workspace.metadata.namespace },
      { name: 'DEVWORKSPACE_NAME', value: workspace.metadata.name },
      { name: 'DEVWORKSPACE_ID', value: id },
      { name: 'DEVWORKSPACE_CREATOR', value: settings.creator },
      { name: 'DEVWORKSPACE_IDLE_TIMEOUT', value: '15m' },
      { name: 'DEVWORKSPACE_METADATA', value: '/devworkspace-metadata' },
    ],
    resources: { limits: quantities('Limit'), requests: quantities('Request') },
    volumeMounts: [
      ...mounts.map((mount) => mountOf(workspace, id, mount, settings.claim)),
      { name: 'workspace-metadata', mountPath: '/devworkspace-metadata', readOnly: true },
    ],
  };
}

/** A directory of the claim; without one, a volume that goes with the pod. */
function mountOf(
  workspace: KubeObject,
  id: string,
  { name, mountPath }: { name: string; mountPath: string },
  claimName: string | undefined,
) {
  if (claimName === undefined) return { name, mountPath };
  const sources = sourcesOf(workspace, id);
  return { name: claimName, mountPath, subPath: `${sources.slice(0, -'projects'.length)}${name}` };
}

/** workspace/deployment.go, getSpecDeployment: what the pods of a workspace are like. */
export function podTemplate(
  identity: Identity,
  settings: PodSettings,
): { metadata: object; spec: Record<string, unknown> } {
  const { workspace, id } = identity;
  const containers = containersOf(workspace).map((component) => container(identity, component, settings));
  const names = new Set(containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name)));
  names.delete('workspace-metadata');
  const volume = (name: string) =>
    name === settings.claim ? { name, persistentVolumeClaim: { claimName: settings.claim } } : { name, emptyDir: {} };
  const restoreMount = mountOf(workspace, id, { name: 'projects', mountPath: '/projects' }, settings.claim);
  if (settings.restore) names.add(restoreMount.name);
  const { restoreSecret } = settings;
  return {
    metadata: {
      labels: {
        [LABELS.id]: id,
        [LABELS.name]: workspace.metadata.name ?? '',
        [LABELS.creator]: settings.creator,
      },
    },
    spec: {
      ...(settings.restore && {
        initContainers: [
          {
            ...settings.restore,
            volumeMounts: [
              restoreMount,
              ...(restoreSecret ? [{ name: 'registry-auth-secret', mountPath: '/tmp/.docker', readOnly: true }] : []),
            ],
          },
        ],
      }),
      containers,
      volumes: [
        ...[...names].map(volume),
        { name: 'workspace-metadata', configMap: { name: `${id}-metadata`, optional: true, defaultMode: 0o644 } },
        ...(restoreSecret
          ? [{ name: 'registry-auth-secret', secret: { secretName: restoreSecret, defaultMode: 0o640 } }]
          : []),
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 10,
      serviceAccountName: serviceAccountName(id),
    },
  };
}

export function deployment(
  identity: Identity,
  template: ReturnType<typeof podTemplate>,
  progressDeadlineSeconds: number,
): KubeObject {
  const { workspace, id } = identity;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: owned(identity, id, {
      [LABELS.name]: workspace.metadata.name ?? '',
      [LABELS.creator]: workspace.metadata.labels?.[LABELS.creator] ?? '',
    }),
    spec: {
      replicas: 1,
      selector: { matchLabels: { [LABELS.id]: id } },
      strategy: { type: 'Recreate' },
      progressDeadlineSeconds,
      template,
    },
    status: {},
  };
}

/** What the Deployment's controller makes of it: kubernetes, pkg/controller/deployment/sync.go, getNewReplicaSet. */
export function replicaSet(owner: KubeObject, hash: string): KubeObject {
  const { selector, template } = owner.spec as {
    selector: { matchLabels: Record<string, string> };
    template: { metadata: { labels: Record<string, string> }; spec: unknown };
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      namespace: owner.metadata.namespace ?? '',
      name: `${owner.metadata.name}-${hash}`,
      labels: { ...template.metadata.labels, 'pod-template-hash': hash },
      annotations: {
        'deployment.kubernetes.io/desired-replicas': '1',
        'deployment.kubernetes.io/max-replicas': '1',
        'deployment.kubernetes.io/revision': '1',
      },
      ownerReferences: [controllerOf(owner)],
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { ...selector.matchLabels, 'pod-template-hash': hash } },
      template: {
        metadata: { labels: { ...template.metadata.labels, 'pod-template-hash': hash } },
        spec: template.spec,
      },
    },
    status: { replicas: 1, fullyLabeledReplicas: 1, observedGeneration: 1 },
  };
}

export function pod(owner: KubeObject): KubeObject {
  const { template } = owner.spec as { template: { metadata: { labels: Record<string, string> }; spec: object } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: owner.metadata.namespace ?? '',
      generateName: `${owner.metadata.name}-`,
      labels: template.metadata.labels,
      ownerReferences: [controllerOf(owner)],
    },
    spec: structuredClone(template.spec),
    status: { phase: 'Pending', qosClass: 'Burstable' },
  };
}

/** workspace/routing.go, getSpecRouting */
export function routing(identity: Identity, routingClass: string): KubeObject {
  const endpoints: Record<string, unknown[]> = {};
  for (const component of containersOf(identity.workspace)) {
    const list = items(component, 'container', 'endpoints');
    if (list.length > 0) endpoints[text(component, 'name')] = list;
  }
  return {
    apiVersion: 'controller.devfile.io/v1alpha1',
    kind: 'DevWorkspaceRouting',
    metadata: {
      ...owned(identity, `routing-${identity.id}`),
      annotations: { 'controller.devfile.io/devworkspace-started': 'true' },
    },
    spec: {
      devworkspaceId: identity.id,
      routingClass,
      endpoints,
      podSelector: { [LABELS.id]: identity.id },
    },
  };
}

/** storage/cleanup.go, getSpecCommonPVCCleanupJob */
export function cleanupJob({ workspace, id }: Identity, claimName: string): KubeObject {
  const labels = {
    [LABELS.id]: id,
    [LABELS.name]: workspace.metadata.name ?? '',
    [LABELS.creator]: workspace.metadata.labels?.[LABELS.creator] ?? '',
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      namespace: workspace.metadata.namespace ?? '',
      name: `cleanup-${id}`,
      labels,
      ownerReferences: [controllerOf(workspace)],
    },
    spec: {
      completions: 1,
      backoffLimit: 3,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          volumes: [{ name: claimName, persistentVolumeClaim: { claimName } }],
          containers: [
            {
              name: `cleanup-${id}`,
              image: 'registry.example/ubi-micro:9',
              command: ['/bin/sh'],
              args: ['-c', `rm -rf /tmp/devworkspaces/${id}`],
              resources: { requests: { cpu: '5m', memory: '32Mi' }, limits: { cpu: '50m', memory: '100Mi' } },
              volumeMounts: [{ name: claimName, mountPath: '/tmp/devworkspaces/' }],
            },
          ],
        },
      },
    },
  };
}
