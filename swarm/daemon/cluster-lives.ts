/**
 * The lives of a run's clusters. One is made when its cluster arrives: a plan may have a million clusters of which a
 * hundred live at a time, and a run that ends early never makes the others.
 */
import { ClusterLife, type LifeContext } from '../cluster/cluster-life.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';

export class ClusterLives {
  /** Of the plan, whether they have arrived or not. */
  readonly planned: number;
  /** In the order of their arrival, with the slot of the first host in the telemetry. */
  readonly #due: readonly { cluster: ClusterPlan; firstHostSlot: number }[];
  readonly #arrived: ClusterLife[] = [];
  /** By index of the cluster. */
  readonly #lifeOf = new Map<number, ClusterLife>();
  #over = false;

  constructor(clusters: readonly ClusterPlan[]) {
    this.planned = clusters.length;
    let hosts = 0;
    this.#due = clusters
      .map((cluster) => {
        const firstHostSlot = hosts;
        hosts += cluster.hosts.length;
        return { cluster, firstHostSlot };
      })
      .sort((a, b) => a.cluster.arrivalMs - b.cluster.arrivalMs);
  }

  /** In the order of their arrival, ended ones included. */
  get arrived(): readonly ClusterLife[] {
    return this.#arrived;
  }

  /** @param cluster index in the plan; undefined before it has arrived */
  of(cluster: number): ClusterLife | undefined {
    return this.#lifeOf.get(cluster);
  }

  /** Those that were stopped, and those that will never arrive because the run was. */
  get cancelled(): number {
    const stopped = this.#arrived.filter((life) => life.outcome?.result === 'cancelled').length;
    return stopped + (this.#over ? this.planned - this.#arrived.length : 0);
  }

  /** Ends all that live as failed. */
  fail(reason: string): void {
    for (const life of this.#arrived) life.fail(reason);
  }

  /**
   * Lets all clusters arrive and live; resolves when none lives any more. An abort of `signal` ends the lives that there
   * are and lets no further cluster arrive.
   * @param ended told of each life that has ended
   */
  async live(context: LifeContext, signal: AbortSignal, ended: (life: ClusterLife) => void): Promise<void> {
    const { clock } = context;
    const origin = clock.now();
    const living: Promise<void>[] = [];
    for (const { cluster, firstHostSlot } of this.#due) {
      const wait = origin + cluster.arrivalMs - clock.now();
      if (wait > 0) await clock.sleep(wait, signal).catch(() => {});
      if (signal.aborted) break;
      const life = new ClusterLife(context, cluster, cluster.index, firstHostSlot);
      this.#arrived.push(life);
      this.#lifeOf.set(cluster.index, life);
      living.push(life.run(signal).then(() => ended(life)));
    }
    this.#over = true;
    await Promise.all(living);
  }
}
