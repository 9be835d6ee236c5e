/**
 * A hub with a service as its operator deploys it, and the part of the operator that configuration is about: the ConfigMap that
 * the annotation names goes into the Deployment's template with its hash, whenever the AgentServiceConfig changes and at no other
 * time (assisted-service, agentserviceconfig_controller.go: it does not watch the user's ConfigMap).
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KubeMock, seedHub, startKubeMock } from '../../../../controller-mock/index.ts';
import { Informer } from '../../../../model/kube/informer.ts';
import { KubeClient } from '../../../../model/kube/kube-client.ts';
import { unlessNotFound } from '../../../../model/kube/kube-error.ts';
import { editable, type KubeObject } from '../../../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../../../model/kube/resources.ts';
import { ScaledClock, startClock } from '../../../../model/time/clock.ts';
import { OVERRIDE_ANNOTATION } from '../hub-reading.ts';

export const NAMESPACE = 'multicluster-engine';
const HASH_ANNOTATION = 'agent-install.openshift.io/user-config-hash';
const CLOCK = new ScaledClock(startClock(1));

export const OPERATOR_MINIMA = JSON.stringify([
  {
    version: 'default',
    master: { cpu_cores: 4, ram_mib: 16384, disk_size_gb: 100 },
    arbiter: { cpu_cores: 2, ram_mib: 8192, disk_size_gb: 50 },
    worker: { cpu_cores: 2, ram_mib: 8192, disk_size_gb: 100 },
    sno: { cpu_cores: 8, ram_mib: 16384, disk_size_gb: 100 },
  },
  { version: '4.22', match_type: 'min_version', sno: { cpu_cores: 4 } },
]);

/** What the operator's ConfigMap holds, as far as it matters. */
export const OPERATOR_DATA: Readonly<Record<string, string>> = {
  AUTH_TYPE: 'local',
  AGENT_DOCKER_IMAGE: 'registry.example.com/multicluster-engine/assisted-installer-agent-rhel9:v2.9.0',
  INSTALLER_IMAGE: 'registry.example.com/multicluster-engine/assisted-installer-rhel9:v2.9.0',
  CONTROLLER_IMAGE: 'registry.example.com/multicluster-engine/assisted-installer-controller-rhel9:v2.9.0',
  SERVICE_BASE_URL: '',
  ENABLE_IMAGE_SERVICE: 'true',
  ENABLE_KUBE_API: 'True',
  ENABLE_DATA_COLLECTION: 'True',
  EVENT_RATE_LIMITS: '',
  LOG_LEVEL: 'info',
  HW_VALIDATOR_REQUIREMENTS: OPERATOR_MINIMA,
  OS_IMAGES: JSON.stringify([
    { openshift_version: '4.20', cpu_architecture: 'x86_64', url: 'https://mirror.example.com/a.iso', version: '1' },
  ]),
};

export class DeployedService {
  readonly mock: KubeMock;
  readonly client: KubeClient;
  /** Path of a file. */
  readonly kubeconfig: string;
  /** How often the Deployment got a new template. */
  rollOuts = 0;
  #operator: Informer | null = null;
  #work: Promise<void> = Promise.resolve();
  /** Roll-outs stay where they are. */
  stuck = false;

  private constructor(mock: KubeMock, client: KubeClient, kubeconfig: string) {
    this.mock = mock;
    this.client = client;
    this.kubeconfig = kubeconfig;
  }

  /** @param data laid over {@link OPERATOR_DATA}. */
  static async start(data: Record<string, string> = {}): Promise<DeployedService> {
    const mock = await startKubeMock({ tls: false, world: seedHub });
    const kubeconfig = join(mkdtempSync(join(tmpdir(), 'swarm-hub-')), 'kubeconfig');
    writeFileSync(kubeconfig, mock.kubeconfig);
    const client = new KubeClient({ kubeconfig: loadKubeconfig({ text: mock.kubeconfig }), clock: CLOCK });
    const hub = new DeployedService(mock, client, kubeconfig);
    const config = await client.create(RESOURCES.agentServiceConfigs, agentServiceConfig());
    await client.create(RESOURCES.configMaps, configMap('assisted-service', { ...OPERATOR_DATA, ...data }));
    await client.create(RESOURCES.deployments, deployment(config));
    await hub.#rollOut();
    return hub;
  }

  /** Lets the operator work from now on. */
  async operate(): Promise<void> {
    this.#operator = new Informer({ client: this.client, resource: RESOURCES.agentServiceConfigs, clock: CLOCK });
    this.#operator.start().onChange((config) => {
      if (config) this.#work = this.#work.then(() => this.#reconcile(config));
    });
    await this.#operator.synced;
  }

  async close(): Promise<void> {
    await this.#operator?.stop();
    await this.#work;
    await this.client.close();
    await this.mock.close();
  }

  config(): Promise<KubeObject> {
    return this.client.get(RESOURCES.agentServiceConfigs, undefined, 'agent');
  }

  configMap(name: string): Promise<KubeObject | undefined> {
    return unlessNotFound(this.client.get(RESOURCES.configMaps, NAMESPACE, name));
  }

  createConfigMap(name: string, data: Record<string, string>): Promise<KubeObject> {
    return this.client.create(RESOURCES.configMaps, configMap(name, data));
  }

  annotate(annotations: Record<string, string | null>): Promise<KubeObject> {
    return this.client.patch(RESOURCES.agentServiceConfigs, undefined, 'agent', { metadata: { annotations } });
  }

  async #reconcile(config: KubeObject): Promise<void> {
    const name = config.metadata.annotations?.[OVERRIDE_ANNOTATION];
    const map = name === undefined ? undefined : await this.configMap(name);
    if (name !== undefined && !map) {
      await this.#condition(
        'ReconcileCompleted',
        'False',
        `Failed to generate definition for AssistedServiceDeployment`,
      );
      return;
    }
    const deployed = editable(await this.client.get(RESOURCES.deployments, NAMESPACE, 'assisted-service'));
    const { template } = deployed.spec as {
      template: { metadata: KubeObject['metadata']; spec: { containers: { envFrom: object[] }[] } };
    };
    const hash = map ? createHash('md5').update(JSON.stringify(map.data)).digest('hex') : '';
    if (template.metadata.annotations?.[HASH_ANNOTATION] === hash) return;
    template.metadata.annotations = { [HASH_ANNOTATION]: hash };
    template.spec.containers[0]!.envFrom = [
      { configMapRef: { name: 'assisted-service' } },
      ...(name === undefined ? [] : [{ configMapRef: { name } }]),
    ];
    await this.client.update(RESOURCES.deployments, deployed);
    this.rollOuts++;
    if (!this.stuck) await this.#rollOut();
    await this.#condition('ReconcileCompleted', 'True', 'AgentServiceConfig reconcile completed without error.');
  }

  async #condition(type: string, status: string, message: string): Promise<void> {
    const now = '2026-01-02T03:04:05Z';
    const condition = { type, status, reason: 'Told', message, lastTransitionTime: now, lastHeartbeatTime: now };
    await this.client.patch(
      RESOURCES.agentServiceConfigs,
      undefined,
      'agent',
      { status: { conditions: [condition] } },
      { subresource: 'status' },
    );
  }

  /** What the Deployment's controller and a kubelet come to. */
  async #rollOut(): Promise<void> {
    const { metadata } = await this.client.get(RESOURCES.deployments, NAMESPACE, 'assisted-service');
    const status = {
      observedGeneration: metadata.generation,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
    };
    await this.client.patch(
      RESOURCES.deployments,
      NAMESPACE,
      'assisted-service',
      { status },
      { subresource: 'status' },
    );
  }
}

function agentServiceConfig(): KubeObject {
  const volume = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } };
  return {
    apiVersion: 'agent-install.openshift.io/v1beta1',
    kind: 'AgentServiceConfig',
    metadata: { name: 'agent' },
    spec: { databaseStorage: volume, filesystemStorage: volume, imageStorage: volume },
  };
}

function configMap(name: string, data: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE }, data };
}

function deployment({ metadata }: KubeObject): KubeObject {
  const secret = (name: string, key: string) => ({ name, valueFrom: { secretKeyRef: { name: 'postgres', key } } });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'assisted-service',
      namespace: NAMESPACE,
      ownerReferences: [
        {
          apiVersion: 'agent-install.openshift.io/v1beta1',
          kind: 'AgentServiceConfig',
          name: 'agent',
          uid: metadata.uid!,
        },
      ],
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'assisted-service' } },
      template: {
        metadata: { labels: { app: 'assisted-service' }, annotations: { [HASH_ANNOTATION]: '' } },
        spec: {
          containers: [
            {
              name: 'assisted-service',
              image: 'registry.example.com/multicluster-engine/assisted-service-rhel9:v2.9.0',
              envFrom: [{ configMapRef: { name: 'assisted-service' } }],
              env: [secret('DB_PASS', 'db.password'), secret('DB_HOST', 'db.host')],
              resources: { requests: { cpu: '200m', memory: '512Mi' } },
            },
            {
              name: 'postgres',
              image: 'registry.example.com/postgresql:15',
              resources: { requests: { cpu: '100m', memory: '400Mi' } },
            },
          ],
        },
      },
    },
  };
}
