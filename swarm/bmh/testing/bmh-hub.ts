import { type KubeMock, seedHub, startKubeMock } from '../../../controller-mock/index.ts';
import { Informer } from '../../../model/kube/informer.ts';
import { type KubeCall, KubeClient } from '../../../model/kube/kube-client.ts';
import { unlessNotFound } from '../../../model/kube/kube-error.ts';
import type { KubeObject } from '../../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import { type Clock, ScaledClock, startClock } from '../../../model/time/clock.ts';
import { type BareMetalHost, editableHost, type HardwareDetails } from '../bare-metal-host.ts';
import { BareMetalOperator, type BareMetalOperatorOptions, type BmhEvent } from '../bare-metal-operator.ts';
import type { Boot } from '../machine-node.ts';
import type { HostRef } from '../reconcile-context.ts';

export const NAMESPACE = 'assisted-installer';

export interface HostWishes {
  name?: string;
  spec?: Record<string, unknown>;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  /** Of the Secret; null for none. */
  credentials?: Record<string, string> | null;
}

/** What inspection finds, of any machine. */
export const HARDWARE: HardwareDetails = {
  hostname: 'localhost.localdomain',
  ramMebibytes: 16_384,
  cpu: { arch: 'x86_64', model: 'Sim', count: 8, clockMegahertz: 2100, flags: ['aes'] },
  nics: [{ name: 'eth0', mac: '02:00:00:00:00:01', ip: '192.0.2.7', model: '0x8086 0x1572', pxe: true }],
  storage: [{ name: '/dev/sda', sizeBytes: 120_000_000_000, rotational: false, type: 'SSD' }],
  systemVendor: { manufacturer: 'Sim', productName: 'Machine', serialNumber: 'S1' },
};

/** A hub in memory, reached over HTTP, with an operator that works on it. */
export class BmhHub {
  readonly mock: KubeMock;
  readonly clock: Clock;
  readonly client: KubeClient;
  /** Requests of the operator. */
  readonly calls: KubeCall[] = [];
  readonly events: BmhEvent[] = [];
  /** `name on agent http://…` and `name off`, in order. */
  readonly power: string[] = [];
  operator: BareMetalOperator | null = null;
  /** The operator waits for images that the service makes. */
  converged = false;
  readonly #informers: Informer[] = [];
  #own: KubeClient | null = null;
  #hosts = 0;

  private constructor(mock: KubeMock, clock: Clock) {
    this.mock = mock;
    this.clock = clock;
    this.client = new KubeClient({ kubeconfig: loadKubeconfig({ text: mock.kubeconfig }), clock });
  }

  /** @param speed simulated milliseconds in one of wall-clock time */
  static async start(speed = 1000): Promise<BmhHub> {
    const clock = new ScaledClock(startClock(speed));
    return new BmhHub(await startKubeMock({ world: seedHub, tls: false, clock }), clock);
  }

  /** @param port where the operator reaches the hub; its own port when absent */
  async operate(options: Partial<BareMetalOperatorOptions> = {}, port = this.mock.port): Promise<BareMetalOperator> {
    this.converged = options.converged ?? false;
    this.#own = new KubeClient({
      kubeconfig: loadKubeconfig({ text: this.mock.kubeconfig.replaceAll(`:${this.mock.port}`, `:${port}`) }),
      clock: this.clock,
      onCall: (call) => this.calls.push(call),
    });
    this.operator = new BareMetalOperator({
      client: this.#own,
      clock: this.clock,
      seed: 'test',
      hardwareOf: () => HARDWARE,
      onPower: (host, on, boot) => this.power.push(powerLine(host, on, boot)),
      onEvent: (event) => this.events.push(event),
      ...options,
    });
    await this.operator.start();
    return this.operator;
  }

  /** Ends the operator, as a process ends. */
  async halt(): Promise<void> {
    await this.operator?.stop();
    await this.#own?.close();
    this.operator = null;
    this.#own = null;
  }

  /** All that statuses of a host say about errors, from now on: `type count message`, without repetitions. */
  async followErrors(name: string): Promise<readonly string[]> {
    const seen: string[] = [];
    const informer = new Informer({
      client: this.client,
      clock: this.clock,
      resource: RESOURCES.bareMetalHosts,
      selection: { namespace: NAMESPACE },
    });
    informer.onChange((after) => {
      if (after?.metadata.name !== name) return;
      const { errorType = 'none', errorCount, errorMessage } = editableHost(after).status;
      const line = `${errorType} ${errorCount} ${errorMessage}`.trim();
      if (seen.at(-1) !== line) seen.push(line);
    });
    this.#informers.push(informer);
    await informer.start().synced;
    return seen;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.stop()));
    await this.halt();
    await this.client.close();
    await this.mock.close();
  }

  /** Makes a host and its Secret. */
  async addHost(wishes: HostWishes = {}): Promise<string> {
    const index = this.#hosts++;
    const name = wishes.name ?? `host-${index}`;
    const { credentials = { username: 'admin', password: 'secret' } } = wishes;
    if (credentials) await this.addSecret(name, credentials);
    await this.client.create(RESOURCES.bareMetalHosts, bareMetalHost(name, index, wishes));
    return name;
  }

  async addSecret(host: string, credentials: Record<string, string>): Promise<void> {
    await this.client.create(RESOURCES.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `${host}-bmc`, namespace: NAMESPACE },
      type: 'Opaque',
      stringData: credentials,
    });
  }

  /** Undefined when it is gone. */
  async host(name: string): Promise<BareMetalHost | undefined> {
    const object = await unlessNotFound(this.client.get(RESOURCES.bareMetalHosts, NAMESPACE, name));
    return object && editableHost(object);
  }

  /** All of them. */
  async hosts(): Promise<BareMetalHost[]> {
    return (await this.client.list(RESOURCES.bareMetalHosts, { namespace: NAMESPACE })).items.map(editableHost);
  }

  async patch(name: string, patch: object): Promise<KubeObject> {
    return this.client.patch(RESOURCES.bareMetalHosts, NAMESPACE, name, patch);
  }

  annotate(name: string, annotations: Record<string, string | null>): Promise<KubeObject> {
    return this.patch(name, { metadata: { annotations } });
  }

  async remove(name: string): Promise<void> {
    await this.client.delete(RESOURCES.bareMetalHosts, NAMESPACE, name);
  }

  /** States a host has gone to so far, as the operator told. */
  states(name: string): string[] {
    return this.events.flatMap((event) => (event.kind === 'state' && event.host.name === name ? [event.after] : []));
  }

  powerOf(name: string): string[] {
    return this.power.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  }

  /** The requests of one kind, such as `update baremetalhosts/status`, that were answered with success. */
  count(what: string): number {
    return this.calls.filter(({ verb, resource, status }) => `${verb} ${resource}` === what && status < 300).length;
  }

  /** Errors that the operator told of, but for conflicts of writes, which are part of its life. */
  errors(): string[] {
    return this.events.flatMap((event) =>
      event.kind === 'error' && !event.message.includes('the object has been modified') ? [event.message] : [],
    );
  }
}

function powerLine({ name }: HostRef, on: boolean, { runs, image }: Boot): string {
  return on ? [name, 'on', runs, image].filter((part) => part !== '').join(' ') : `${name} off`;
}

function bareMetalHost(name: string, index: number, { spec, annotations, labels }: HostWishes): KubeObject {
  return {
    apiVersion: 'metal3.io/v1alpha1',
    kind: 'BareMetalHost',
    metadata: { name, namespace: NAMESPACE, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: {
      online: true,
      automatedCleaningMode: 'disabled',
      bootMACAddress: macOf(index),
      bmc: {
        address: `redfish-virtualmedia+https://192.0.2.10/redfish/v1/Systems/${index}`,
        credentialsName: `${name}-bmc`,
        disableCertificateVerification: true,
      },
      ...spec,
    },
  };
}

export function macOf(index: number): string {
  return `02:00:00:00:${hex(index >>> 8)}:${hex(index & 255)}`;
}

const hex = (byte: number) => byte.toString(16).padStart(2, '0');
