/**
 * The service's side of a hub: reconcilers of its custom resources, over HTTP as any client of the hub.
 *
 *   change of an object → informer ┐
 *                                   ├→ key → queue of a reconciler → reconcile(key) → the service's rows, the hub's objects
 *   event of the service → notice  ┘
 *
 * Upstream: assisted-service, cmd/main.go, startKubeAPIControllers.
 */
import type { Informer } from '../../model/kube/informer.ts';
import { type KubeCall, KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError, type KubeError } from '../../model/kube/kube-error.ts';
import { keyOf, objectKey, splitKey } from '../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { type KubeResource, resourceName } from '../../model/kube/resources.ts';
import { WorkQueue } from '../../model/kube/work-queue.ts';
import type { Core } from '../core/core.ts';
import type { EventSubject } from '../events/events.ts';
import type { AssistedServiceApi, KubeKey } from '../service-api.ts';
import { createAgent } from './agent/creation.ts';
import type { KubeContext } from './context.ts';
import type { ControllerMetrics } from './controller-metrics.ts';
import { Informers } from './kube-cache.ts';
import type { Reconciler, ReconcilerWatch } from './reconciler.ts';
import { reconcilersOf } from './reconcilers.ts';
import { SpokeClients } from './spoke/spoke-clients.ts';

export interface KubeServiceOptions {
  /** Text of a kubeconfig. */
  kubeconfig: string;
  core: Core;
  service: AssistedServiceApi;
  /** Told once when the hub cannot be worked with, and once when it can again. */
  onProblem: (message: string) => void;
  /** Told of each failed reconciliation. */
  onFailure: (message: string) => void;
  /** Counts what reconcilers and their queues do. */
  metrics?: ControllerMetrics;
  onCall?: (call: KubeCall) => void;
}

/** Of controller-runtime's clients: pkg/client/config/config.go. */
const CLIENT_LIMIT = { qps: 20, burst: 30 };
const USER_AGENT = 'assisted-service/v0.0.0 (linux/amd64) kubernetes/$Format';
/** Wall-clock milliseconds between tries to reach a hub at the start. */
const RETRY_MS = 2000;

export class KubeService {
  readonly context: KubeContext;
  readonly #options: KubeServiceOptions;
  readonly #client: KubeClient;
  readonly #reader: KubeClient;
  readonly #informers: Informers;
  readonly #reconcilers: readonly Reconciler[];
  readonly #queues = new Map<Reconciler, WorkQueue>();
  readonly #stop = new AbortController();
  /** Resolves when the first list of every kind is in: what is not there before may only not be known yet. */
  #synced: Promise<void> = Promise.resolve();
  #isDown = false;
  #running: Promise<void> | undefined;

  /** @throws Error for a kubeconfig that cannot be used. */
  constructor(options: KubeServiceOptions) {
    this.#options = options;
    const { core, service } = options;
    const { clock, settings } = core;
    const kubeconfig = loadKubeconfig({ text: options.kubeconfig });
    const common = {
      kubeconfig,
      clock,
      limit: CLIENT_LIMIT,
      userAgent: USER_AGENT,
      onCall: (call: KubeCall) => this.#called(call),
    };
    this.#client = new KubeClient(common);
    // The cache has clients of its own: pkg/cache/internal/informers.go.
    this.#reader = new KubeClient(common);
    this.#informers = new Informers({
      client: this.#reader,
      clock,
      onError: (resource, error) => this.#lost(resource, error),
    });
    this.context = {
      core,
      service,
      settings,
      clock,
      client: this.#client,
      cache: this.#informers,
      notices: {
        cluster: (key) => this.#notify('cluster', key),
        infraEnv: (key) => this.#notify('infraEnv', key),
        agent: (key) => this.#notify('agent', key),
      },
      spokes: new SpokeClients(),
      report: options.onFailure,
    };
    this.#reconcilers = reconcilersOf(this.context);
    core.events.listen((about) => this.#happened(about));
  }

  /** Begins to work; what hinders is told and tried again. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Makes the Agent of a host that has just registered. @throws Error when that fails. */
  registered(infraEnvId: string, hostId: string): Promise<void> {
    return createAgent(this.context, infraEnvId, hostId);
  }

  /** Resolves when all that was under way has ended. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the service was stopped'));
    // Together: work may still wait for the first lists.
    await Promise.all([...[...this.#queues.values()].map((queue) => queue.stop()), this.#informers.stop()]);
    await this.#running;
    await Promise.all([this.#client.close(), this.#reader.close(), this.context.spokes.close()]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    try {
      await this.#awaitHub(signal);
      for (const reconciler of this.#reconcilers) this.#follow(reconciler);
      this.#synced = this.#informers.start();
      await this.#synced;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Waits until the hub answers and serves all kinds. */
  async #awaitHub(signal: AbortSignal): Promise<void> {
    for (;;) {
      const problem = await this.#problemOfHub(signal);
      if (problem === undefined) return;
      this.#down(`the hub ${this.#client.server} cannot be worked with: ${problem}; trying again`);
      await this.context.clock.sleep(RETRY_MS * this.context.clock.speed, signal);
    }
  }

  async #problemOfHub(signal: AbortSignal): Promise<string | undefined> {
    const missing: string[] = [];
    try {
      for (const resource of this.#kinds()) {
        if (!(await this.#reader.serves(resource, signal))) missing.push(resourceName(resource));
      }
    } catch (error) {
      signal.throwIfAborted();
      return isKubeError(error) ? error.message : String(error);
    }
    return missing.length > 0
      ? `it does not serve ${missing.join(', ')}; install the CustomResourceDefinitions`
      : undefined;
  }

  #kinds(): Set<KubeResource> {
    return new Set(
      this.#reconcilers.flatMap(({ resource, watches = [], reads = [] }) => [
        resource,
        ...watches.map((watch) => watch.resource),
        ...reads,
      ]),
    );
  }

  #follow(reconciler: Reconciler): void {
    const observer = this.#options.metrics?.queue(metricName(reconciler), () => queue.waiting);
    const queue: WorkQueue = new WorkQueue({
      ...(observer && { observer }),
      clock: this.context.clock,
      workers: reconciler.workers ?? 1,
      work: async (key) => {
        await this.#synced;
        const { namespace = '', name } = splitKey(key);
        const outcome = await reconciler.reconcile({ namespace, name });
        const lost = outcome !== null && outcome !== 'again' && this.#losesRequeue();
        return lost ? null : outcome;
      },
      onError: (key, error) => this.#failed(reconciler, key, error),
    });
    this.#queues.set(reconciler, queue);
    for (const resource of reconciler.reads ?? []) this.#informers.of(resource);
    this.#informers.of(reconciler.resource).onChange((after, before) => queue.add(keyOf((after ?? before)!)));
    for (const watch of reconciler.watches ?? []) this.#watch(watch, queue);
  }

  /** A planted fault: the key that is to come again later does not. */
  #losesRequeue(): boolean {
    const share = this.context.core.faults.amount('lost-requeue');
    return share !== null && Math.random() < share;
  }

  #watch(watch: ReconcilerWatch, queue: WorkQueue): void {
    const informer: Informer = this.#informers.of(watch.resource);
    informer.onChange((after, before) => {
      if (after && before && watch.matters?.(after, before) === false) return;
      const objects = [before, after].filter((object) => object !== undefined);
      // Once each, as controller-runtime's EnqueueRequestsFromMapFunc.
      for (const key of new Set(objects.flatMap((object) => [...watch.keysOf(object)]))) queue.add(key);
    });
  }

  #notify(notice: NonNullable<Reconciler['notice']>, { namespace, name }: KubeKey): void {
    // Rows may still be changing; work begins after whoever changes them.
    queueMicrotask(() => {
      for (const [reconciler, queue] of this.#queues) {
        if (reconciler.notice === notice) queue.add(objectKey(namespace, name));
      }
    });
  }

  /** Upstream: assisted-service, controllers/controller_event_wrapper.go. */
  #happened({ clusterId, hostId, infraEnvId }: EventSubject): void {
    const { store } = this.context.core;
    const infraEnv = infraEnvId === undefined ? undefined : store.infraEnvs.get(infraEnvId);
    let cluster = clusterId === undefined ? undefined : store.clusters.get(clusterId);
    if (hostId !== undefined) {
      const host = infraEnv?.hosts.get(hostId);
      if (host && host.kubeNamespace !== '') {
        this.context.notices.agent({ namespace: host.kubeNamespace, name: hostId });
      }
      cluster = host ? host.cluster : cluster;
    } else if (infraEnvId !== undefined) {
      if (infraEnv?.kubeKey) this.context.notices.infraEnv(infraEnv.kubeKey);
      return;
    }
    if (cluster?.kubeKey) this.context.notices.cluster(cluster.kubeKey);
  }

  #failed({ name }: Reconciler, key: string, error: unknown): void {
    // Somebody else was faster, or the cache was behind: as usual as the next try.
    if (isKubeError(error) && (error.conflict || error.status === 0)) return;
    const message = error instanceof Error ? error.message : String(error);
    this.context.report(`${name} ${key}: ${message}`);
  }

  #lost(resource: KubeResource, error: KubeError): void {
    this.#down(
      `the hub ${this.#client.server} no longer tells of ${resourceName(resource)}: ${error.message}; trying again`,
    );
  }

  #called(call: KubeCall): void {
    this.#options.onCall?.(call);
    if (this.#isDown && call.status > 0 && call.status < 300) {
      this.#isDown = false;
      this.#options.onProblem(`the hub ${this.#client.server} can be worked with again`);
    }
  }

  #down(message: string): void {
    if (this.#isDown || this.#stop.signal.aborted) return;
    this.#isDown = true;
    this.#options.onProblem(message);
  }
}

/** As the real service names its controllers: in small letters, and one by a name of its own (controllers/bmh_agent_controller.go). */
function metricName({ name }: Reconciler): string {
  return name === 'BareMetalHost' ? 'baremetal-agent-controller' : name.toLowerCase();
}
