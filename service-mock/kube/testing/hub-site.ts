/** Support for tests: a hub and a service in kube mode on it, both over HTTP on a fast clock, with machines that answer as healthy ones do. */
import { expect } from 'vitest';
import { type KubeMock, seedHub, startKubeMock } from '../../../controller-mock/index.ts';
import { Informer } from '../../../model/kube/informer.ts';
import { type KubeCall, KubeClient } from '../../../model/kube/kube-client.ts';
import { unlessNotFound } from '../../../model/kube/kube-error.ts';
import type { Condition, KubeObject } from '../../../model/kube/kube-object.ts';
import { conditionOf } from '../../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../../model/kube/kubeconfig.ts';
import { apiVersionOf, type KubeResource, RESOURCES } from '../../../model/kube/resources.ts';
import { ScaledClock, startClock } from '../../../model/time/clock.ts';
import { type ServiceMock, startServiceMock } from '../../index.ts';
import type { JsonObject, ServiceSettings } from '../../service-api.ts';
import { ANSWERS, CERTIFICATE, inventoryOf, PULL_SECRET, type Step } from '../../testing/test-site.ts';
import type { Agent, ClusterInstall, InfraEnv } from '../objects.ts';

/** Simulated seconds in one second. */
const SPEED = 60;
const API = '/api/assisted-install/v2';
const AGENT_IMAGE = 'quay.io/edge-infrastructure/assisted-installer-agent:latest';
/** Wall-clock milliseconds between two rounds of polls. */
const POLL_MS = 60;
export const RELEASE_IMAGE = 'registry.example.com/openshift-release/ocp-release:4.18.30-x86_64';
/** Of {@link HubSite.eventually}; generous, because many tests share a machine. */
const PATIENCE_MS = 25_000;

/** Status and reason of a condition as it was, one after the other. */
export type History = string[];

export interface SiteMachine {
  readonly id: string;
  readonly infraEnvId: string;
  readonly index: number;
  readonly network: string;
  /** No further polls. */
  isOff: boolean;
  /** Changes of the inventory that the machine reports. */
  inventory: (document: JsonObject) => void;
}

export interface SiteOptions {
  settings?: Partial<ServiceSettings>;
  onProblem?: (message: string) => void;
}

export class HubSite {
  readonly mock: KubeMock;
  readonly client: KubeClient;
  readonly clock: ScaledClock;
  service: ServiceMock;
  /** Requests of the service to the hub. */
  readonly calls: KubeCall[] = [];
  readonly machines: SiteMachine[] = [];
  readonly #options: SiteOptions;
  readonly #informers: Informer[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #polling: Promise<void> = Promise.resolve();

  private constructor(mock: KubeMock, clock: ScaledClock, service: ServiceMock, options: SiteOptions) {
    this.mock = mock;
    this.clock = clock;
    this.service = service;
    this.#options = options;
    this.client = new KubeClient({ kubeconfig: loadKubeconfig({ text: mock.kubeconfig }), clock });
    this.#poll();
  }

  static async start(options: SiteOptions = {}): Promise<HubSite> {
    const clock = new ScaledClock(startClock(SPEED));
    const mock = await startKubeMock({ world: seedHub, tls: false, clock });
    const calls: KubeCall[] = [];
    const service = await HubSite.#serve(mock, clock, options, calls);
    const site = new HubSite(mock, clock, service, options);
    (site as { calls: KubeCall[] }).calls = calls;
    return site;
  }

  static #serve(mock: KubeMock, clock: ScaledClock, options: SiteOptions, calls: KubeCall[]): Promise<ServiceMock> {
    return startServiceMock({
      clock,
      kube: { kubeconfig: mock.kubeconfig, onCall: (call) => calls.push(call) },
      onProblem: options.onProblem ?? (() => {}),
      onFailure: () => {},
      settings: { IMAGE_SERVICE_BASE_URL: 'http://images.example.com', ...options.settings },
    });
  }

  /** Ends the service and starts one that knows nothing. */
  async restartService(): Promise<void> {
    await this.service.close();
    this.service = await HubSite.#serve(this.mock, this.clock, this.#options, this.calls);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#polling;
    await Promise.all(this.#informers.map((informer) => informer.stop()));
    await this.service.close();
    await this.client.close();
    await this.mock.close();
  }

  #poll(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      const polls = this.machines.filter(({ isOff }) => !isOff).map((machine) => this.poll(machine));
      // The service may be away.
      this.#polling = Promise.allSettled(polls).then(() => this.#poll());
    }, POLL_MS);
  }

  /** Waits until a look at something no longer throws. */
  async eventually<T>(look: () => T | Promise<T>): Promise<T> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await look();
      } catch (error) {
        if (Date.now() > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async get<T extends KubeObject = KubeObject>(
    resource: KubeResource,
    namespace: string | undefined,
    name: string,
  ): Promise<T> {
    return (await this.client.get(resource, namespace, name)) as T;
  }

  /** Waits until a condition has this status and reason. @returns the object. */
  condition(
    resource: KubeResource,
    namespace: string,
    name: string,
    type: string,
    expected: Partial<Condition>,
  ): Promise<KubeObject> {
    return this.eventually(async () => {
      const object = await this.client.get(resource, namespace, name);
      expect(conditionOf(object, type)).toMatchObject(expected);
      return object;
    });
  }

  async gone(resource: KubeResource, namespace: string | undefined, name: string): Promise<void> {
    await this.eventually(async () => {
      expect(await unlessNotFound(this.client.get(resource, namespace, name))).toBeUndefined();
    });
  }

  /** Follows the reasons of a condition from now on. */
  async history(resource: KubeResource, namespace: string, name: string, type: string): Promise<History> {
    const history: History = [];
    const informer = new Informer({
      client: this.client,
      resource,
      selection: { namespace, fieldSelector: `metadata.name=${name}` },
      clock: this.clock,
    });
    informer.onChange((after) => {
      const reason = after && conditionOf(after, type)?.reason;
      if (reason !== undefined && history.at(-1) !== reason) history.push(reason);
    });
    this.#informers.push(informer);
    await informer.start().synced;
    return history;
  }

  /** The id of the row of an InfraEnv, when its image is there. */
  async infraEnvId(namespace: string, name = namespace): Promise<string> {
    await this.condition(RESOURCES.infraEnvs, namespace, name, 'ImageCreated', { status: 'True' });
    const { status } = await this.get<InfraEnv>(RESOURCES.infraEnvs, namespace, name);
    return new URL(status!.debugInfo.eventsURL).searchParams.get('infra_env_id')!;
  }

  /** The id of the row of a cluster, when there is one. */
  clusterId(name: string): Promise<string> {
    return this.eventually(async () => {
      const { status } = await this.get<ClusterInstall>(RESOURCES.agentClusterInstalls, name, name);
      return new URL(status!.debugInfo.eventsURL).searchParams.get('cluster_id')!;
    });
  }

  approve(namespace: string, { id }: SiteMachine, spec: object = {}): Promise<KubeObject> {
    return this.client.patch(RESOURCES.agents, namespace, id, { spec: { approved: true, ...spec } });
  }

  agent(namespace: string, { id }: SiteMachine): Promise<Agent> {
    return this.get<Agent>(RESOURCES.agents, namespace, id);
  }

  /** Waits until an Agent tells of this state of its host. */
  state(namespace: string, machine: SiteMachine, state: string): Promise<Agent> {
    return this.eventually(async () => {
      const agent = await this.agent(namespace, machine);
      expect(agent.status?.debugInfo.state).toBe(state);
      return agent;
    });
  }

  /** Goes through stages of an installation; the machine is silent from its reboot on. */
  async install(machine: SiteMachine, ...stages: string[]): Promise<void> {
    for (const stage of stages) {
      await this.eventually(() => this.progress(machine, stage));
      if (stage === 'Rebooting') machine.isOff = true;
    }
  }

  /** A request of an agent. @returns status and body. */
  async call(method: string, path: string, body?: unknown): Promise<{ status: number; body: JsonObject }> {
    const response = await fetch(`${this.service.url}${API}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', discovery_agent_version: AGENT_IMAGE },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as JsonObject) };
  }

  /** Boots a machine with the image of an infra-env: it registers and polls from now on. */
  async boot(infraEnvId: string, network = '192.168.10'): Promise<SiteMachine> {
    const index = this.machines.length + 1;
    const id = `${index.toString(16).padStart(8, '0')}-1111-4111-8111-111111111111`;
    const machine: SiteMachine = { id, infraEnvId, index, network, isOff: false, inventory: () => {} };
    await this.register(machine);
    this.machines.push(machine);
    return machine;
  }

  async register({ id, infraEnvId }: SiteMachine): Promise<void> {
    const { status, body } = await this.call('POST', `/infra-envs/${infraEnvId}/hosts`, {
      host_id: id,
      discovery_agent_version: AGENT_IMAGE,
    });
    expect({ status, body }).toMatchObject({ status: 201 });
  }

  async poll(machine: SiteMachine): Promise<void> {
    const path = `/infra-envs/${machine.infraEnvId}/hosts/${machine.id}`;
    const seconds = Math.floor(this.clock.now() / 1000);
    const { body } = await this.call('GET', `${path}/instructions?timestamp=${seconds}`);
    for (const step of (body.instructions ?? []) as unknown as Step[]) {
      const output = this.#answer(step, machine);
      if (output === undefined) continue;
      await this.call('POST', `${path}/instructions`, {
        step_type: step.step_type,
        step_id: step.step_id || 'x',
        exit_code: 0,
        output: JSON.stringify(output),
        error: '',
      });
    }
    // A machine whose agent ends starts it anew, as systemd does.
    if (body.post_step_action === 'exit') await this.register(machine);
  }

  #answer(step: Step, machine: SiteMachine): unknown {
    if (step.step_type === 'inventory') {
      const document = inventoryOf(machine.index, machine.network);
      machine.inventory(document);
      return document;
    }
    return ANSWERS[step.step_type]?.(step, { ...machine, answers: {} });
  }

  async progress({ id, infraEnvId }: SiteMachine, stage: string, info = ''): Promise<void> {
    const { status, body } = await this.call('PUT', `/infra-envs/${infraEnvId}/hosts/${id}/progress`, {
      current_stage: stage,
      progress_info: info,
    });
    expect({ status, body }).toMatchObject({ status: 200 });
  }

  /** What the controller of a cluster reports at the end of an installation. */
  async finish(clusterId: string): Promise<void> {
    await this.eventually(async () => {
      const { status, body } = await this.call(
        'POST',
        `/clusters/${clusterId}/uploads/ingress-cert`,
        CERTIFICATE as unknown as JsonObject,
      );
      expect({ status, body }).toMatchObject({ status: 201 });
    });
    for (const { name } of this.service.api.listMonitoredOperators(clusterId)) {
      await this.call('PUT', `/clusters/${clusterId}/monitored-operators`, {
        name,
        status: 'available',
        status_info: 'fine',
      });
    }
  }

  async apply(...objects: KubeObject[]): Promise<void> {
    for (const object of objects) {
      const resource = Object.values<KubeResource>(RESOURCES).find(
        (one) => one.kind === object.kind && apiVersionOf(one) === object.apiVersion,
      )!;
      await this.client.apply(resource, object, { fieldManager: 'user', force: true });
    }
  }
}

export const namespaceOf = (name: string): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

export const pullSecretOf = (namespace: string, text = PULL_SECRET): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'pull', namespace },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': Buffer.from(text).toString('base64') },
});

export const imageSetOf = (name: string, releaseImage = RELEASE_IMAGE): KubeObject => ({
  apiVersion: 'hive.openshift.io/v1',
  kind: 'ClusterImageSet',
  metadata: { name },
  spec: { releaseImage },
});

export const deploymentOf = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'hive.openshift.io/v1',
  kind: 'ClusterDeployment',
  metadata: { name, namespace: name },
  spec: {
    clusterName: name,
    baseDomain: 'example.com',
    pullSecretRef: { name: 'pull' },
    clusterInstallRef: {
      group: 'extensions.hive.openshift.io',
      version: 'v1beta1',
      kind: 'AgentClusterInstall',
      name,
    },
    platform: { agentBareMetal: { agentSelector: {} } },
    ...spec,
  },
});

export const installOf = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'extensions.hive.openshift.io/v1beta1',
  kind: 'AgentClusterInstall',
  metadata: { name, namespace: name },
  spec: {
    clusterDeploymentRef: { name },
    imageSetRef: { name: 'release' },
    networking: {
      clusterNetwork: [{ cidr: '10.128.0.0/14', hostPrefix: 23 }],
      serviceNetwork: ['172.30.0.0/16'],
      machineNetwork: [{ cidr: '192.168.10.0/24' }],
    },
    provisionRequirements: { controlPlaneAgents: 1 },
    ...spec,
  },
});

/** Of the cluster of its name. */
export const infraEnvOf = (name: string, spec: object = {}): KubeObject =>
  poolOf(name, { clusterRef: { name, namespace: name }, ...spec });

/** Of no cluster. */
export const poolOf = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'agent-install.openshift.io/v1beta1',
  kind: 'InfraEnv',
  metadata: { name, namespace: name },
  spec: { pullSecretRef: { name: 'pull' }, ...spec },
});
