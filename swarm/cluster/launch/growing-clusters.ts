/**
 * Installed clusters that hosts of a launch join. The service follows such a host by its node in the cluster, which it reaches by
 * a kubeconfig in a Secret. That of a simulated cluster leads nowhere: it is replaced by one of a kube-api that is served here.
 *
 *   Agent of day 2, cluster installed ──> are its own hosts ours? ──yes──> serve its kube-api ──> Secret ──> nodes as hosts boot
 *                                                             └─no───> told once, left alone
 */
import type { KubeClient } from '../../../model/kube/kube-client.ts';
import { isKubeError } from '../../../model/kube/kube-error.ts';
import { splitKey } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import { type Outcome, WorkQueue } from '../../../model/kube/work-queue.ts';
import type { Clock } from '../../../model/time/clock.ts';
import { hashWords } from '../../../model/time/random.ts';
import { FIELD_MANAGER } from '../hub-objects.ts';
import type { SpokeServer } from '../spoke-server.ts';
import type { ClusterFacts, ClusterHostFacts } from './infra-env-facts.ts';

export interface GrowingClustersOptions {
  client: KubeClient;
  clock: Clock;
  spokes: SpokeServer;
  /** Null when it is gone. */
  cluster: (key: string) => ClusterFacts | null;
  hostsOf: (cluster: string) => ClusterHostFacts[];
  /** Ids of the hosts that this launch brings to an InfraEnv, now or before it was started anew. */
  idsOf: (infraEnv: string) => ReadonlySet<string>;
  /** Whether its machine is one that this process simulates now. */
  isAlive: (host: ClusterHostFacts) => boolean;
  warn: (message: string) => void;
}

const WORKERS = 4;
/** Simulated milliseconds after which a Secret is looked for again. */
const RETRY_MS = 10_000;
/** Of a DNS label, without what makes it unique. */
const LONGEST_NAME = 50;

export class GrowingClusters {
  readonly #options: GrowingClustersOptions;
  readonly #queue: WorkQueue;
  /** Kubeconfigs that are in Secrets, by cluster. */
  readonly #written = new Map<string, string>();
  /** Clusters that are left alone. */
  readonly #refused = new Set<string>();
  /** Ids of hosts of day 2 that are known in the served clusters, by cluster. */
  readonly #served = new Map<string, Set<string>>();
  /** Ids of hosts whose machines have booted from their disks, and of those whose clusters were told. */
  readonly #rebooted = new Set<string>();
  readonly #shown = new Set<string>();
  #deniedTold = false;

  constructor(options: GrowingClustersOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      clock: options.clock,
      workers: WORKERS,
      work: (key) => this.#reconcile(key),
      onError: (key, error) =>
        options.warn(
          `the kube-api of cluster ${key} is not served: ${error instanceof Error ? error.message : String(error)}`,
        ),
    });
  }

  /** A cluster or one of its hosts may have changed. */
  look(cluster: string): void {
    if (this.#served.has(cluster) || this.#options.cluster(cluster)?.installed) this.#queue.add(cluster);
  }

  /** What a machine boots. @param id of the host */
  boots(id: string, from: 'image' | 'disk'): void {
    this.#shown.delete(id);
    if (from === 'image') {
      this.#rebooted.delete(id);
      return;
    }
    this.#rebooted.add(id);
    for (const ids of this.#served.values()) if (ids.has(id)) this.#show(id);
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
  }

  async #reconcile(key: string): Promise<Outcome> {
    const { spokes, cluster: find, hostsOf, isAlive } = this.#options;
    const cluster = find(key);
    if (!cluster?.installed) {
      await this.#shut(key);
      return null;
    }
    if (this.#refused.has(key)) return null;
    const hosts = hostsOf(key);
    const isOurs = this.#ours();
    const joining = hosts.filter((host) => host.day2 && !host.added && isOurs(host));
    if (joining.length === 0) return null;
    const dayOne = hosts.filter(({ day2 }) => !day2);
    if (dayOne.length === 0 || !dayOne.every(isOurs)) {
      this.#refuse(key, `cluster ${key} was not installed by hosts of this launch and seed`);
      return null;
    }
    const platform = cluster.apiVip === null ? 'none' : 'baremetal';
    const approver = joining.some(({ hasBareMetalHost }) => hasBareMetalHost) ? 'cluster' : 'service';
    const kubeconfig = await spokes.open({ name: spokeName(key), platform }, [...dayOne, ...joining], approver);
    const outcome = await this.#write(key, cluster.kubeconfigSecret, kubeconfig);
    const ids = this.#served.get(key) ?? new Set();
    this.#served.set(key, ids);
    for (const host of joining) {
      ids.add(host.id);
      if (this.#rebooted.has(host.id) || (host.onDisk && !isAlive(host))) this.#show(host.id);
    }
    return outcome;
  }

  /** Looks at each InfraEnv once. */
  #ours(): (host: ClusterHostFacts) => boolean {
    const ids = new Map<string, ReadonlySet<string>>();
    return ({ id, infraEnv }) => {
      if (infraEnv === null) return false;
      const known = ids.get(infraEnv) ?? this.#options.idsOf(infraEnv);
      ids.set(infraEnv, known);
      return known.has(id);
    };
  }

  #show(id: string): void {
    if (this.#shown.has(id)) return;
    this.#shown.add(id);
    this.#options.spokes.hostRebooted(id);
  }

  async #shut(key: string): Promise<void> {
    this.#refused.delete(key);
    this.#written.delete(key);
    const ids = this.#served.get(key);
    if (!ids) return;
    this.#served.delete(key);
    for (const id of ids) this.#shown.delete(id);
    await this.#options.spokes.shut(spokeName(key));
  }

  async #write(key: string, secret: string, kubeconfig: string): Promise<Outcome> {
    if (this.#written.get(key) === kubeconfig) return null;
    const namespace = splitKey(key).namespace ?? '';
    const patch = { data: { kubeconfig: Buffer.from(kubeconfig).toString('base64') } };
    try {
      await this.#options.client.patch(RESOURCES.secrets, namespace, secret, patch, {
        kind: 'merge',
        fieldManager: FIELD_MANAGER,
      });
    } catch (error) {
      if (!isKubeError(error)) throw error;
      // The service makes it a moment after the end of the installation.
      if (error.notFound) return { requeueAfterMs: RETRY_MS };
      if (error.status !== 403) throw error;
      this.#denied(key, `Secret ${namespace}/${secret} (${error.message})`);
      return null;
    }
    this.#written.set(key, kubeconfig);
    return null;
  }

  #denied(key: string, secret: string): void {
    this.#refused.add(key);
    if (this.#deniedTold) return;
    this.#deniedTold = true;
    this.#options.warn(
      `the user of the kubeconfig may not write ${secret}: grant patch on secrets and start anew, ` +
        'or hosts of day 2 stay at Rebooting for the service, here and where that right is missing too',
    );
  }

  #refuse(key: string, why: string): void {
    this.#refused.add(key);
    this.#options.warn(
      `${why}: its kubeconfig stays as it is, and the service sees hosts of day 2 only if it leads to their nodes`,
    );
  }
}

/** Of the same cluster always the same, of others another. */
function spokeName(key: string): string {
  const { name } = splitKey(key);
  const { a } = hashWords(key);
  const start = name.replaceAll('.', '-').slice(0, LONGEST_NAME);
  return `${start}-${a.toString(16).padStart(8, '0')}`;
}
