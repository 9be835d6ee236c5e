/** Objects that belong to one workspace: devfile/devworkspace-operator, pkg/provision, at each function the file it is from. */
import { stringify } from 'yaml';
import type { KubeObject } from '../../api/object.ts';
import { at, items, text } from '../../builtins/fields.ts';
import { containersOf, storageType } from './template.ts';
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
  askPass: 'devworkspace-ssh-askpass',
} as const;

export interface Identity {
  readonly workspace: KubeObject;
  readonly id: string;
}

export function head(namespace: string, name: string, labels: Record<string, string>) {
  return { namespace, name, labels };
}

export const namespaceOf = ({ workspace }: Identity) => workspace.metadata.namespace ?? '';

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
  const template = stringify(at(identity.workspace, 'spec', 'template'), {
    indentSeq: false,
    lineWidth: 0,
    sortMapEntries: true,
  });
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

export interface PodTemplate {
  readonly metadata: { readonly labels: Record<string, string>; readonly name: string; readonly namespace: string };
  readonly spec: Record<string, unknown>;
}

export function deployment(identity: Identity, template: PodTemplate, progressDeadlineSeconds: number): KubeObject {
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
