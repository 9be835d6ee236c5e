/**
 * Acts as metal3's Bare Metal Operator on a hub: takes BareMetalHosts through their provisioning states, and has their machines
 * switched on and off. What the hub sees is what the operator writes; the management controllers and the provisioner behind it
 * are the table of node-stages.ts.
 *
 *   informers ──key──▶ queue ──▶ HostReconciler ──▶ writes
 *                        ▲             │ asks
 *                        │             ▼
 *                        └──changed── Provisioner ──stages of lifecycle──▶ onPower
 *
 * All state is that of the objects: one that is started anew, after a crash as well, goes on where the hub is.
 * Upstream: metal3-io/baremetal-operator, main.go.
 */
import { availableParallelism } from 'node:os';
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { type KubeObject, splitKey } from '../../model/kube/kube-object.ts';
import type { RateLimitOptions } from '../../model/kube/rate-limit.ts';
import { RESOURCES, resourceName } from '../../model/kube/resources.ts';
import { WorkQueue } from '../../model/kube/work-queue.ts';
import type { Clock } from '../../model/time/clock.ts';
import { type Draws, hashWords, mixWords, unitNumber } from '../../model/time/random.ts';
import type { HardwareDetails, ProvisioningState } from './bare-metal-host.ts';
import { HostReconciler } from './host-reconciler.ts';
import { HubObjects, type HubWrites } from './hub-objects.ts';
import type { Boot, MachineNode } from './machine-node.ts';
import { Provisioner } from './provisioner.ts';
import { refuseBesideRealOperator } from './real-operator.ts';
import type { HostRef } from './reconcile-context.ts';
import { BMH_TIMINGS, type BmhFailure, type BmhFault, type BmhTimings, checkFailures } from './timings.ts';

/** Of the operator's client: main.go, --kube-api-qps and --kube-api-burst. For whoever makes the {@link KubeClient}. */
export const OPERATOR_LIMIT: Readonly<RateLimitOptions> = { qps: 20, burst: 30 };

/** PROVISIONING_LIMIT: pkg/provisioner/ironic/factory.go. */
export const PROVISIONING_LIMIT = 20;

/** Largest and smallest default of BMO_CONCURRENCY, which is the number of processors in between: main.go. */
const CONCURRENCY = { least: 2, most: 8 } as const;

/** --max-provisioning-retries: main.go. */
const MAX_PROVISIONING_RETRIES = 5;

/** Simulated milliseconds after which a ramdisk that is not made is worth a word; said of the first host only. */
const RAMDISK_PATIENCE_MS = 4 * 60_000;

/** What happened, for people and records. */
export type BmhEvent =
  | { kind: 'state'; host: HostRef; before: string; after: ProvisioningState }
  /** A host waits for somebody who seems not to come. */
  | { kind: 'waiting'; host: HostRef; message: string }
  | { kind: 'error'; host: HostRef | null; message: string };

export interface BareMetalOperatorOptions {
  client: KubeClient;
  clock: Clock;
  /** Of all that is drawn: jitter, which hosts fail, ids. */
  seed: string;
  /**
   * A machine runs what it booted (`on`, with the boot), or its power went. Machines are known by their bootMACAddress.
   * The boot has taken its time already: `boot.runs` says whether an agent is alive from this moment on.
   */
  onPower: (host: HostRef, on: boolean, boot: Boot) => void;
  /** What inspection finds in a machine. Called at the end of each inspection. */
  hardwareOf: (host: HostRef) => HardwareDetails;
  /** Namespaces to work in; all when absent. */
  namespaces?: readonly string[];
  /** Hosts to work on, such as those of one run; all when absent. */
  labelSelector?: string;
  /**
   * The service makes the ramdisks (converged flow): hosts get a PreprovisioningImage each and wait for it, as with
   * --build-preprov-image. Default false.
   */
  converged?: boolean;
  timings?: Partial<BmhTimings>;
  /** None when absent. */
  failures?: readonly BmhFailure[];
  /** What goes wrong with the machine of a bootMACAddress (lower case) for as long as its host is there; nothing when absent. */
  faultOf?: (mac: string) => BmhFault | null;
  /** Machines that are inspected, provisioned or deprovisioned at once; default {@link PROVISIONING_LIMIT}. */
  limit?: number;
  /** Machines that boot by virtual media are limited as well, which they are not upstream. Default false. */
  limitVirtualMedia?: boolean;
  /** Hosts looked at simultaneously; default as upstream's BMO_CONCURRENCY. */
  concurrency?: number;
  /** Failures of provisioning one image after which a host is left alone; 0 for never. Default 5. */
  maxProvisioningRetries?: number;
  onEvent?: (event: BmhEvent) => void;
}

export class BareMetalOperator {
  readonly #options: BareMetalOperatorOptions;
  readonly #hub: HubObjects;
  readonly #provisioner: Provisioner;
  readonly #queue: WorkQueue;
  readonly #hosts = new Map<string, HostRef>();
  /** Since when hosts wait for a ramdisk; null once somebody was told. */
  #awaited: Map<string, number> | null = new Map();
  /** Namespaces whose hosts a real operator holds. */
  #held: ReadonlySet<string> = new Set();

  /** Nothing is sent before {@link start}. @throws Error for failures that are not valid */
  constructor(options: BareMetalOperatorOptions) {
    const { client, clock, seed, failures = [], converged = false } = options;
    checkFailures(failures);
    this.#options = options;
    this.#hub = new HubObjects({
      client,
      clock,
      namespaces: options.namespaces,
      labelSelector: options.labelSelector,
      images: converged,
      onHost: (key, after, before) => this.#onHost(key, after, before),
      onOwned: (keys) => {
        for (const key of keys) if (this.#hosts.has(key)) this.#queue.add(key);
      },
      onError: ({ message }) => this.#tell({ kind: 'error', host: null, message }),
    });
    this.#provisioner = new Provisioner({
      clock,
      seed,
      failures,
      timings: { ...BMH_TIMINGS, ...options.timings },
      limit: options.limit ?? PROVISIONING_LIMIT,
      limitVirtualMedia: options.limitVirtualMedia ?? false,
      drawsOf: (key) => drawsOf(`${seed}\n${key}`),
      faultOf: options.faultOf ?? (() => null),
      listener: {
        changed: ({ key }) => this.#queue.add(key),
        power: (node) => this.#onPower(node),
      },
    });
    const reconciler = new HostReconciler(
      {
        hub: this.#hub,
        provisioner: this.#provisioner,
        hardwareOf: options.hardwareOf,
        images: converged,
        maxProvisioningRetries: options.maxProvisioningRetries ?? MAX_PROVISIONING_RETRIES,
        onRamdiskAwaited: (key) => this.#noteAwaited(key),
        onRamdiskAnswered: (key) => void this.#awaited?.delete(key),
        now: () => clock.now(),
      },
      (host, before) => {
        const { namespace = '', name } = host.metadata;
        this.#tell({
          kind: 'state',
          host: this.#refOf(`${namespace}/${name}`),
          before,
          after: host.status.provisioning.state,
        });
      },
    );
    this.#queue = new WorkQueue({
      clock,
      work: (key) => reconciler.reconcile(key),
      workers: options.concurrency ?? Math.min(Math.max(availableParallelism(), CONCURRENCY.least), CONCURRENCY.most),
      onError: (key, error) => this.#tell({ kind: 'error', host: this.#refOf(key), message: messageOf(error) }),
    });
  }

  /**
   * Looks for a real operator, then begins.
   * @throws Error when a real operator holds the same hosts, and when the hub does not serve BareMetalHosts; KubeError when it
   *   cannot be asked
   */
  async start(): Promise<void> {
    const { client, namespaces, labelSelector, converged } = this.#options;
    for (const resource of [RESOURCES.bareMetalHosts, ...(converged ? [RESOURCES.preprovisioningImages] : [])]) {
      if (await client.serves(resource)) continue;
      throw new Error(
        `the hub ${client.server} does not serve ${resourceName(resource)}: install the CustomResourceDefinitions of metal3.io, ` +
          'or leave BareMetalHosts out',
      );
    }
    this.#held = await refuseBesideRealOperator({ client, namespaces, labelSelector });
    await this.#hub.start();
  }

  /** Nothing is written afterwards, and nobody's power changes. Hosts stay as they are. */
  async stop(): Promise<void> {
    this.#provisioner.close();
    await Promise.all([this.#hub.stop(), this.#queue.stop()]);
  }

  /**
   * The agent that a custom deployment has started ended: after an installation, when its machine reboots into what was
   * installed, or because it failed. The host is provisioned then, or in error. Without effect on other machines.
   */
  agentEnded({ namespace, name }: Pick<HostRef, 'namespace' | 'name'>, failure?: string): void {
    this.#provisioner.agentEnded(`${namespace}/${name}`, failure);
  }

  /** Writes since the start. */
  get writes(): Readonly<HubWrites> {
    return this.#hub.writes;
  }

  /** Hosts that wait to be looked at, or are. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** Machines that are being inspected, cleaned, deployed or deprovisioned. */
  get busy(): number {
    return this.#provisioner.busy;
  }

  /** A service that has the converged flow switched off answers no PreprovisioningImage, and says so nowhere. */
  #noteAwaited(key: string): void {
    const now = this.#options.clock.now();
    const since = this.#awaited?.get(key);
    if (since === undefined) this.#awaited?.set(key, now);
    else if (now - since >= RAMDISK_PATIENCE_MS) {
      this.#awaited = null;
      const message =
        `nobody has answered its PreprovisioningImage for ${Math.round((now - since) / 60_000)} min: ` +
        'does the service have the converged flow switched off (ALLOW_CONVERGED_FLOW)? Say so then: converged is false';
      this.#tell({ kind: 'waiting', host: this.#refOf(key), message });
    }
  }

  /** Discards updates of hosts that its own writes of the status are: updateEventHandler. */
  #onHost(key: string, after: KubeObject | undefined, before: KubeObject | undefined): void {
    const { namespace = '' } = splitKey(key);
    if (this.#held.has(namespace)) return;
    if (after === undefined) {
      this.#hub.forgetHost(key);
      this.#queue.add(key);
      return;
    }
    this.#hosts.set(key, refOf(after));
    if (before && !hasNews(after, before)) return;
    this.#queue.add(key);
  }

  #onPower(node: MachineNode): void {
    const { power, booted, boot, key } = node;
    if (power && !booted) return;
    this.#options.onPower(this.#refOf(key), power, boot);
    if (!this.#provisioner.node(key)) this.#hosts.delete(key);
  }

  #refOf(key: string): HostRef {
    const { namespace = '', name } = splitKey(key);
    return this.#hosts.get(key) ?? { namespace, name, bootMACAddress: '' };
  }

  #tell(event: BmhEvent): void {
    this.#options.onEvent?.(event);
  }
}

function refOf({ metadata, spec }: KubeObject): HostRef {
  const { bootMACAddress = '' } = (spec ?? {}) as { bootMACAddress?: string };
  return { namespace: metadata.namespace ?? '', name: metadata.name, bootMACAddress: bootMACAddress.toLowerCase() };
}

function hasNews({ metadata: after }: KubeObject, { metadata: before }: KubeObject): boolean {
  const parts = ({ finalizers, annotations, deletionTimestamp }: KubeObject['metadata']) =>
    JSON.stringify([finalizers, annotations, deletionTimestamp]);
  return after.generation !== before.generation || parts(after) !== parts(before);
}

/** A subject's own numbers. */
function drawsOf(subject: string): Draws {
  return { random: (purpose, ordinal) => unitNumber(mixWords(hashWords(`${subject}\n${purpose}`), ordinal)) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
