/** The operator and etcd while a run lasts: what they use, by phase of the run, and how often they were restarted. */
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { conditionOf, type KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import type { BackupPhase, ResourceFigures, RestartFigures } from './backup-figures.ts';
import type { BackupJobs } from './backup-jobs.ts';
import { SINGLE_NAMESPACE } from './backup-options.ts';
import {
  BACKUP_CONTAINER,
  BACKUP_RESOURCES,
  JOB_POD_SELECTOR,
  OPERATOR_CONTAINER,
  OPERATOR_SELECTOR,
} from './backup-resources.ts';
import type { BackupSite } from './backup-site.ts';
import { ClusterWatch } from './cluster-watch.ts';
import type { Preflight } from './preflight.ts';
import { Usage } from './usage.ts';

/** Milliseconds of the clock between two samples: metrics-server has new ones as often. */
const SAMPLE_MS = 15_000;
/** Between two looks at backup pods, which may be over before a sample of theirs is new. */
const BACKUP_SAMPLE_MS = 5_000;

export class Programs {
  readonly #site: BackupSite;
  readonly #found: Preflight;
  readonly #jobs: BackupJobs | null;
  readonly #phase: () => BackupPhase;
  readonly #stop = new AbortController();
  readonly #operator = new Usage();
  readonly #etcd = new Usage();
  readonly #backupPods = new Usage();
  readonly #operatorPods: PodWatch;
  #etcdPods: PodWatch | null = null;
  #unavailable: string | null = null;
  #sampling: Promise<void> = Promise.resolve();

  constructor(site: BackupSite, found: Preflight, jobs: BackupJobs | null, phase: () => BackupPhase) {
    this.#site = site;
    this.#found = found;
    this.#jobs = jobs;
    this.#phase = phase;
    this.#operatorPods = new PodWatch(site, found.cluster.operatorNamespace, OPERATOR_SELECTOR);
  }

  /** Begins to watch and to sample. @throws the signal's reason */
  async start(signal: AbortSignal): Promise<void> {
    await this.#operatorPods.start(signal);
    // Control planes that are hosted elsewhere show none.
    const [namespace, selector] = this.#found.cluster.openshift
      ? ['openshift-etcd', 'app=etcd']
      : ['kube-system', 'component=etcd'];
    if (await this.#hasPods(namespace, selector, signal)) {
      this.#etcdPods = new PodWatch(this.#site, namespace, selector);
      await this.#etcdPods.start(signal);
    }
    if (!this.#found.hasMetrics) this.#unavailable = 'the cluster does not serve metrics.k8s.io';
    else this.#sampling = this.#sample();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the run is over'));
    await this.#sampling;
    await Promise.all([this.#operatorPods.stop(), this.#etcdPods?.stop()]);
  }

  get figures(): ResourceFigures {
    return {
      unavailable: this.#unavailable,
      operator: this.#operator.figures,
      etcd: this.#etcdPods && this.#etcd.figures,
      backupPods: this.#backupPods.figures,
      operatorRestarts: this.#operatorPods.restarts,
      etcdRestarts: this.#etcdPods?.restarts ?? null,
      operatorAlive: this.#operatorPods.anyReady,
    };
  }

  async #hasPods(namespace: string, labelSelector: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { items } = await this.#site.requests.ask(
        (client) => client.list(RESOURCES.pods, { namespace, labelSelector }, signal),
        signal,
        this.#site.requests.patienceMs,
      );
      return items.length > 0;
    } catch (error) {
      if (isKubeError(error) && !error.passing) return false;
      throw error;
    }
  }

  async #sample(): Promise<void> {
    const { clock, requests } = this.#site;
    const { signal } = this.#stop;
    for (let round = 0; !signal.aborted; round++) {
      const phase = this.#phase();
      const all = round % (SAMPLE_MS / BACKUP_SAMPLE_MS) === 0;
      const last = await Promise.allSettled([
        all && this.#take(requests.sampler, this.#operatorPods, OPERATOR_CONTAINER, this.#operator, phase),
        all && this.#etcdPods && this.#take(requests.sampler, this.#etcdPods, 'etcd', this.#etcd, phase),
        this.#jobs && this.#jobs.underWay.size > 0 && this.#takeBackups(requests.sampler, this.#jobs, phase),
      ]);
      const failed = last.find((one) => one.status === 'rejected');
      const none = this.#operator.isEmpty;
      if (all) this.#unavailable = failed && none && !signal.aborted ? (failed.reason as Error).message : null;
      if (phase === 'watch') this.#jobs?.mark();
      await clock.sleep(BACKUP_SAMPLE_MS, signal).catch(() => {});
    }
  }

  async #take(
    client: KubeClient,
    { namespace, selector }: PodWatch,
    container: string,
    into: Usage,
    phase: BackupPhase,
  ): Promise<void> {
    const where = { namespace, labelSelector: selector };
    const { items } = await client.list(BACKUP_RESOURCES.podMetrics, where);
    for (const item of items) into.add(item, container, phase);
  }

  async #takeBackups(client: KubeClient, jobs: BackupJobs, phase: BackupPhase): Promise<void> {
    const where = this.#site.options.separateNamespaces ? {} : { namespace: SINGLE_NAMESPACE };
    const selection = { ...where, labelSelector: JOB_POD_SELECTOR };
    for await (const { items } of client.pages(BACKUP_RESOURCES.podMetrics, selection)) {
      for (const item of items) {
        if (jobs.hasPod(item.metadata.namespace, item.metadata.name)) {
          this.#backupPods.add(item, BACKUP_CONTAINER, phase);
        }
      }
    }
  }
}

/** Pods of one program, with their restarts since the watch began. */
class PodWatch {
  readonly namespace: string;
  readonly selector: string;
  readonly #watch: ClusterWatch;
  /** Restarts of containers when they were first seen, and now; by pod's uid and container. */
  readonly #counts = new Map<string, { first: number; now: number }>();
  readonly #uids = new Set<string>();
  #synced = false;
  #replaced = 0;

  constructor(site: BackupSite, namespace: string, selector: string) {
    this.namespace = namespace;
    this.selector = selector;
    this.#watch = new ClusterWatch(site, {
      resource: RESOURCES.pods,
      selection: { namespace, labelSelector: selector },
      what: `pods of ${namespace}`,
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#watch.informer.onChange((after) => after && this.#follow(after));
    await this.#watch.start(signal);
    this.#synced = true;
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  get restarts(): RestartFigures {
    let restarts = 0;
    for (const { first, now } of this.#counts.values()) restarts += Math.max(0, now - first);
    return { restarts, replaced: this.#replaced };
  }

  get anyReady(): boolean {
    return [...this.#watch.informer.list()].some((pod) => conditionOf(pod, 'Ready')?.status === 'True');
  }

  #follow(pod: KubeObject): void {
    const { uid = '' } = pod.metadata;
    if (!this.#uids.has(uid)) {
      this.#uids.add(uid);
      if (this.#synced) this.#replaced += 1;
    }
    const { containerStatuses = [] } = (pod.status ?? {}) as {
      containerStatuses?: { name: string; restartCount: number }[];
    };
    for (const { name, restartCount } of containerStatuses) {
      const key = `${uid}/${name}`;
      const known = this.#counts.get(key);
      if (known) known.now = Math.max(known.now, restartCount);
      // All restarts of a pod that came later are of this run.
      else this.#counts.set(key, { first: this.#synced ? 0 : restartCount, now: restartCount });
    }
  }
}
