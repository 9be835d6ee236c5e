/**
 * The operator as a program of the cluster: its Deployments and pods, its kinds, its webhooks, and etcd beside it. Names are those
 * of devfile/devworkspace-operator, deploy/deployment, and of webhook/server.
 */
import type { KubeObject } from '../../api/object.ts';
import { customResourceDefinition } from '../kinds/definition.ts';
import { DEV_WORKSPACE_KINDS } from '../kinds/devworkspace.ts';
import { operatorConfigObject, type WorldSettings } from './settings.ts';
import { VERSION_PROFILES } from './versions.ts';
import { NODES, nodeOf } from './workspace-pod-status.ts';
import { controllerOf, RESOURCES, type WorldObjects } from './world-objects.ts';

export const CONTROLLER = 'devworkspace-controller-manager';
export const WEBHOOK_SERVER = 'devworkspace-webhook-server';
const CONTROLLER_LABELS = {
  'app.kubernetes.io/name': 'devworkspace-controller',
  'app.kubernetes.io/part-of': 'devworkspace-operator',
};
const WEBHOOK_LABELS = {
  'app.kubernetes.io/name': 'devworkspace-webhook-server',
  'app.kubernetes.io/part-of': 'devworkspace-operator',
};

/** A program with one pod. */
interface Program {
  readonly deployment: string;
  readonly labels: Record<string, string>;
  readonly container: Record<string, unknown>;
}

export class OperatorPrograms {
  readonly #settings: WorldSettings;
  readonly #objects: WorldObjects;
  /** Name of the pod of each Deployment. */
  readonly #pods = new Map<string, string>();

  constructor(settings: WorldSettings, objects: WorldObjects) {
    this.#settings = settings;
    this.#objects = objects;
  }

  /** All that is there before the first workspace. */
  seed(): void {
    const { operatorNamespace, operatorConfig, flavour } = this.#settings;
    this.#seedKinds();
    this.#namespace(operatorNamespace);
    for (const name of NODES) this.#objects.create(RESOURCES.nodes, node(name));
    for (const program of this.#programs()) {
      this.#objects.create(RESOURCES.deployments, this.#deployment(program));
      this.startPod(program.deployment);
    }
    this.#seedWebhooks();
    const [namespace, name, labels] =
      flavour === 'openshift'
        ? ['openshift-etcd', 'etcd-master-0', { app: 'etcd', k8s_app: 'etcd' }]
        : ['kube-system', 'etcd-control-plane', { component: 'etcd', tier: 'control-plane' }];
    if (flavour === 'openshift') this.#namespace(namespace);
    this.#objects.create(RESOURCES.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name, labels },
      spec: { nodeName: NODES[0], containers: [{ name: 'etcd', image: 'registry.example/etcd:3.5' }] },
      status: runningStatus([{ name: 'etcd', image: 'registry.example/etcd:3.5' }], 0, this.#objects.now()),
    });
    if (operatorConfig) {
      this.#objects.createChecked(RESOURCES.configs, operatorConfigObject(operatorNamespace, operatorConfig));
    }
  }

  #seedKinds(): void {
    const { backoffLimit } = VERSION_PROFILES[this.#settings.version];
    for (const definition of DEV_WORKSPACE_KINDS) {
      const crd = structuredClone(customResourceDefinition(definition));
      if (definition.kind === 'DevWorkspaceOperatorConfig') setBackoffLimit(crd, backoffLimit);
      this.#objects.createChecked(RESOURCES.crds, crd);
    }
  }

  #namespace(name: string): void {
    this.#objects.create(RESOURCES.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  #programs(): readonly Program[] {
    const { operatorNamespace } = this.#settings;
    return [
      {
        deployment: CONTROLLER,
        labels: CONTROLLER_LABELS,
        container: {
          name: 'devworkspace-controller',
          image: 'registry.example/devworkspace-controller:next',
          args: ['/usr/local/bin/devworkspace-controller', '--enable-leader-election', '--metrics-addr=0.0.0.0:8443'],
          env: [
            { name: 'RELATED_IMAGE_project_backup', value: 'registry.example/project-backup:next' },
            { name: 'WATCH_NAMESPACE', value: '' },
            { name: 'OPERATOR_NAME', value: 'devworkspace-operator' },
            { name: 'MAX_CONCURRENT_RECONCILES', value: '5' },
          ],
          resources: { requests: { cpu: '250m', memory: '100Mi' }, limits: { cpu: '3', memory: '5Gi' } },
        },
      },
      {
        deployment: WEBHOOK_SERVER,
        labels: WEBHOOK_LABELS,
        container: {
          name: 'webhook-server',
          image: 'registry.example/devworkspace-controller:next',
          env: [{ name: 'WATCH_NAMESPACE', value: operatorNamespace }],
          resources: { requests: { cpu: '100m', memory: '20Mi' }, limits: { cpu: '200m', memory: '300Mi' } },
        },
      },
    ];
  }

  #deployment({ deployment, labels, container }: Program): KubeObject {
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: this.#settings.operatorNamespace, name: deployment, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
      status: { replicas: 1, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1, observedGeneration: 1 },
    };
  }

  /** A new pod for a Deployment; the one it had is gone. */
  startPod(deployment: string): void {
    const objects = this.#objects;
    const { operatorNamespace } = this.#settings;
    const owner = objects.get(RESOURCES.deployments, operatorNamespace, deployment);
    if (!owner) return;
    const before = this.#pods.get(deployment);
    if (before) objects.delete(RESOURCES.pods, operatorNamespace, before, { gracePeriodSeconds: 0 });
    const { template } = owner.spec as {
      template: { metadata: { labels: Record<string, string> }; spec: { containers: Record<string, unknown>[] } };
    };
    const pod = objects.create(RESOURCES.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: operatorNamespace,
        generateName: `${deployment}-`,
        labels: template.metadata.labels,
        ownerReferences: [controllerOf(owner)],
      },
      spec: { ...structuredClone(template.spec), nodeName: nodeOf(deployment) },
      status: runningStatus(template.spec.containers, 0, objects.now()),
    });
    if (pod) this.#pods.set(deployment, pod.metadata.name ?? '');
    this.setReady(deployment, true);
  }

  /** Whether the pod of a Deployment is ready, and how often its container was started again. */
  setReady(deployment: string, ready: boolean, restarts?: number): void {
    const objects = this.#objects;
    const { operatorNamespace } = this.#settings;
    const count = ready ? 1 : 0;
    objects.amend(RESOURCES.deployments, operatorNamespace, deployment, (live) => ({
      status: {
        replicas: 1,
        updatedReplicas: 1,
        observedGeneration: live.metadata.generation ?? 1,
        ...(ready ? { readyReplicas: 1, availableReplicas: 1 } : { unavailableReplicas: 1 - count }),
      },
    }));
    objects.amend(RESOURCES.pods, operatorNamespace, this.#pods.get(deployment) ?? '', (live) => {
      const { containers } = live.spec as { containers: Record<string, unknown>[] };
      const before = live.status as { containerStatuses?: { restartCount?: number }[] };
      const restartCount = restarts ?? before.containerStatuses?.[0]?.restartCount ?? 0;
      return { status: runningStatus(containers, restartCount, objects.now(), ready) };
    });
  }

  /** How often the container of a Deployment's pod was started again. */
  restartsOf(deployment: string): number {
    const pod = this.#objects.get(RESOURCES.pods, this.#settings.operatorNamespace, this.#pods.get(deployment) ?? '');
    const status = pod?.status as { containerStatuses?: { restartCount?: number }[] } | undefined;
    return status?.containerStatuses?.[0]?.restartCount ?? 0;
  }

  #seedWebhooks(): void {
    const { operatorNamespace } = this.#settings;
    const configuration = (kind: string, name: string, path: string, rules: unknown[]): KubeObject => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind,
      metadata: { name: 'controller.devfile.io', labels: WEBHOOK_LABELS },
      webhooks: [
        {
          name,
          failurePolicy: 'Fail',
          sideEffects: 'None',
          admissionReviewVersions: ['v1beta1', 'v1'],
          clientConfig: { service: { name: 'devworkspace-webhookserver', namespace: operatorNamespace, path } },
          rules,
        },
      ],
    });
    const rule = (apiVersions: string[]) => ({
      operations: ['CREATE', 'UPDATE'],
      apiGroups: ['workspace.devfile.io'],
      apiVersions,
      resources: ['devworkspaces'],
    });
    this.#objects.create(
      RESOURCES.mutatingWebhooks,
      configuration('MutatingWebhookConfiguration', 'mutate.devworkspace-controller.svc', '/mutate', [
        rule(['v1alpha1', 'v1alpha2']),
      ]),
    );
    this.#objects.create(
      RESOURCES.validatingWebhooks,
      configuration('ValidatingWebhookConfiguration', 'validate-devfile.devworkspace-controller.svc', '/validate', [
        rule(['v1alpha2']),
      ]),
    );
  }
}

/** The field's default at this release; without one there is no such field. */
function setBackoffLimit(crd: KubeObject, backoffLimit: number | undefined): void {
  type Node = { properties?: Record<string, Node & { default?: unknown }> };
  const { versions } = crd.spec as { versions: { schema: { openAPIV3Schema: Node } }[] };
  for (const { schema } of versions) {
    const workspace = schema.openAPIV3Schema.properties?.config?.properties?.workspace;
    const fields = workspace?.properties?.backupCronJob?.properties;
    if (!fields?.backoffLimit) continue;
    if (backoffLimit === undefined) delete fields.backoffLimit;
    else fields.backoffLimit.default = backoffLimit;
  }
}

function runningStatus(
  containers: readonly Record<string, unknown>[],
  restartCount: number,
  now: string,
  ready = true,
) {
  const condition = (type: string, on: boolean) => ({
    type,
    status: on ? 'True' : 'False',
    lastProbeTime: null,
    lastTransitionTime: now,
  });
  return {
    phase: 'Running',
    startTime: now,
    hostIP: '192.0.2.31',
    podIP: '198.51.100.2',
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', ready),
      condition('Ready', ready),
    ],
    containerStatuses: containers.map(({ name, image }) => ({
      name,
      image,
      imageID: '',
      ready,
      started: ready,
      restartCount,
      state: ready
        ? { running: { startedAt: now } }
        : { terminated: { exitCode: 1, reason: 'Error', startedAt: now, finishedAt: now } },
    })),
  };
}

function node(name: string): KubeObject {
  const resources = { cpu: '32', memory: '134217728Ki', pods: '250' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'node-role.kubernetes.io/worker': '' } },
    spec: {},
    status: {
      capacity: resources,
      allocatable: resources,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
      ],
    },
  };
}
