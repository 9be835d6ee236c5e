/** What the pods of a workspace are like: devfile/devworkspace-operator, pkg/provision and pkg/library. */

import type { KubeObject } from '../../api/object.ts';
import { items, text } from '../../builtins/fields.ts';
import { withOverrides } from './container-overrides.ts';
import { containersOf, mountsSources, sourcesOf, storageType } from './template.ts';
import {
  head,
  type Identity,
  namespaceOf,
  type PodTemplate,
  SHARED_NAMES,
  serviceAccountName,
} from './workspace-objects.ts';
import { LABELS } from './world-objects.ts';

const ASK_PASS_VOLUME = 'ssh-askpass';
const ASK_PASS_SCRIPT = 'ssh-askpass.sh';
const ASK_PASS_PATH = `/.ssh-askpass/${ASK_PASS_SCRIPT}`;

/** Of all containers, those that run first included: workspace/ssh.go, ProvisionSshAskPass; metadata/metadata.go, ProvisionWorkspaceMetadata. */
const COMMON_MOUNTS = [
  { name: ASK_PASS_VOLUME, mountPath: ASK_PASS_PATH, subPath: ASK_PASS_SCRIPT, readOnly: true },
  { name: 'workspace-metadata', mountPath: '/devworkspace-metadata', readOnly: true },
];
const METADATA_ENVIRONMENT = [
  { name: 'DEVWORKSPACE_METADATA', value: '/devworkspace-metadata' },
  { name: 'DEVWORKSPACE_FLATTENED_DEVFILE', value: '/devworkspace-metadata/flattened.devworkspace.yaml' },
  { name: 'DEVWORKSPACE_ORIGINAL_DEVFILE', value: '/devworkspace-metadata/original.devworkspace.yaml' },
];

/** workspace/ssh.go, constructSshAskPassCM: one in each namespace; nobody owns it. */
export function askPassConfigMap(namespace: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: head(namespace, SHARED_NAMES.askPass, {
      'app.kubernetes.io/defaultName': 'ssh-askpass-secret',
      'app.kubernetes.io/part-of': 'devworkspace-operator',
      [LABELS.watchConfigMap]: 'true',
    }),
    data: { [ASK_PASS_SCRIPT]: '#!/bin/sh\ncat /etc/ssh/passphrase\n' },
  };
}

/** library/env/workspaceenv.go, commonEnvironmentVariables */
export function commonEnvironment({ workspace, id }: Identity) {
  return [
    { name: 'DEVWORKSPACE_NAMESPACE', value: workspace.metadata.namespace ?? '' },
    { name: 'DEVWORKSPACE_NAME', value: workspace.metadata.name ?? '' },
    { name: 'DEVWORKSPACE_ID', value: id },
    { name: 'DEVWORKSPACE_CREATOR', value: workspace.metadata.labels?.[LABELS.creator] ?? '' },
    { name: 'DEVWORKSPACE_IDLE_TIMEOUT', value: '15m' },
    { name: 'SSH_ASKPASS', value: ASK_PASS_PATH },
    { name: 'DISPLAY', value: ':0' },
  ];
}

export interface PodSettings {
  readonly claim: string | undefined;
  readonly imagePullPolicy: string;
  readonly podSecurityContext: Record<string, unknown>;
  readonly containerSecurityContext: Record<string, unknown>;
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
  const withSources = mountsSources(component);
  let sources = mounts.find(({ name }) => name === 'projects')?.mountPath;
  if (withSources && sources === undefined) {
    sources = text(spec, 'sourceMapping') || '/projects';
    mounts.push({ name: 'projects', mountPath: sources });
  }
  return {
    name: text(component, 'name'),
    image: text(spec, 'image'),
    imagePullPolicy: settings.imagePullPolicy,
    ...(Array.isArray(spec.command) && { command: spec.command }),
    ...(Array.isArray(spec.args) && { args: spec.args }),
    // library/container/mountSources.go, handleMountSources
    env: [
      ...(withSources
        ? [
            { name: 'PROJECTS_ROOT', value: sources },
            { name: 'PROJECT_SOURCE', value: `${sources}${projectPath(workspace)}` },
          ]
        : []),
      { name: 'DEVWORKSPACE_COMPONENT_NAME', value: text(component, 'name') },
      ...items(spec, 'env'),
      ...commonEnvironment({ workspace, id }),
      ...METADATA_ENVIRONMENT,
    ],
    resources: { limits: quantities('Limit'), requests: quantities('Request') },
    volumeMounts: [...mounts.map((mount) => mountOf(workspace, id, mount, settings.claim)), ...COMMON_MOUNTS],
    securityContext: settings.containerSecurityContext,
  };
}

/** Of the first project, below that of all. */
function projectPath(workspace: KubeObject): string {
  const [project] = items(workspace, 'spec', 'template', 'projects');
  const path = text(project, 'clonePath') || text(project, 'name');
  return path === '' ? '' : `/${path}`;
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
export function podTemplate(identity: Identity, settings: PodSettings): PodTemplate {
  const { workspace, id } = identity;
  const containers = containersOf(workspace).map((component) =>
    withOverrides(component, container(identity, component, settings)),
  );
  const names = new Set(containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name)));
  names.delete('workspace-metadata');
  names.delete(ASK_PASS_VOLUME);
  const volume = (name: string) =>
    name === settings.claim ? { name, persistentVolumeClaim: { claimName: settings.claim } } : { name, emptyDir: {} };
  const restoreMount = mountOf(workspace, id, { name: 'projects', mountPath: '/projects' }, settings.claim);
  if (settings.restore) names.add(restoreMount.name);
  const { restoreSecret } = settings;
  // Makes the workspace's directory first, so that it can be written to (needsPVCWorkaround).
  const shared = storageType(workspace) === 'per-workspace' ? undefined : settings.claim;
  const directory = shared ? [{ name: shared, mountPath: '/tmp/workspace-storage', subPath: id }] : [];
  const [first] = containers;
  if (!settings.restore && first) first.volumeMounts.unshift(...directory);
  return {
    metadata: {
      name: id,
      namespace: namespaceOf(identity),
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
            env: [...items(settings.restore, 'env'), ...METADATA_ENVIRONMENT],
            volumeMounts: [
              ...directory,
              restoreMount,
              ...(restoreSecret ? [{ name: 'registry-auth-secret', mountPath: '/tmp/.docker', readOnly: true }] : []),
              ...COMMON_MOUNTS,
            ],
          },
        ],
      }),
      containers,
      volumes: [
        ...(restoreSecret
          ? [{ name: 'registry-auth-secret', secret: { secretName: restoreSecret, defaultMode: 0o640 } }]
          : []),
        { name: ASK_PASS_VOLUME, configMap: { name: SHARED_NAMES.askPass, defaultMode: 0o755 } },
        ...[...names].map(volume),
        { name: 'workspace-metadata', configMap: { name: `${id}-metadata`, optional: true, defaultMode: 0o644 } },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 10,
      serviceAccountName: serviceAccountName(id),
      securityContext: settings.podSecurityContext,
    },
  };
}
