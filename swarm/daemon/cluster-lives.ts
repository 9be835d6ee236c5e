/**
 * The lives of a run's clusters. One is made when its cluster arrives: a plan may have a million clusters of which a
 * hundred live at a time, and a run that ends early never makes the others.
 */
import { ClusterLife, type LifeContext } from '../cluster/cluster-life.ts';
import type { ClusterPlan, LoadLevel, LoadStep } from '../plan/expanded-plan.ts';
import { ArrivalPace } from './arrival-pace.ts';

export class ClusterLives {
  /** Of the plan, whether they have arrived or not. */
  readonly planned: number;
  /** In the order of their arrival, with the slot of the first host in the telemetry. */
  readonly #due: readonly { cluster: ClusterPlan; firstHostSlot: number }[];
  readonly #arrived: ClusterLife[] = [];
  /** By index of the cluster. */
  readonly #lifeOf = new Map<number, ClusterLife>();
  #over = false;
  #failed = 0;
  #complete = 0;
  #pace: ArrivalPace | null = null;

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

  /** How many clusters there are, and how many of them came to which end. */
  get counts(): { of: number; failed: number; complete: number } {
    return { of: this.planned, failed: this.#failed, complete: this.#complete };
  }

  /** Of arrivals; null before the first may come, and after the last one. */
  get pace(): ArrivalPace | null {
    return this.#over ? null : this.#pace;
  }

  /** Ends all that live as failed. */
  fail(reason: string): void {
    for (const life of this.#arrived) life.fail(reason);
  }

  /**
   * Lets all clusters arrive and live; resolves when none lives any more. An abort of `signal` ends the lives that there
   * are and lets no further cluster arrive.
   * @param ended told of each life that has ended
   * @param steps when the load is raised; lives last at least until the end of the last one
   * @param onStep told of each step that begins
   */
  async live(
    context: LifeContext,
    signal: AbortSignal,
    ended: (life: ClusterLife) => void,
    steps: readonly LoadStep[],
    onStep: (step: number, level: LoadLevel) => void,
  ): Promise<void> {
    const pace = new ArrivalPace(context.clock);
    this.#pace = pace;
    const living: Promise<void>[] = [];
    let step = 0;
    const stepsUntil = async (ms: number) => {
      for (; !signal.aborted && step < steps.length && steps[step]!.atMs <= ms; step++) {
        await pace.until(steps[step]!.atMs, signal);
        if (!signal.aborted) onStep(step + 1, steps[step]!.level);
      }
    };
    for (const { cluster, firstHostSlot } of this.#due) {
      await stepsUntil(cluster.arrivalMs);
      await pace.until(cluster.arrivalMs, signal);
      if (signal.aborted) break;
      const life = new ClusterLife(context, cluster, cluster.index, firstHostSlot);
      this.#arrived.push(life);
      this.#lifeOf.set(cluster.index, life);
      living.push(
        life.run(signal).then(({ result }) => {
          if (result === 'failed') this.#failed++;
          if (result === 'complete') this.#complete++;
          ended(life);
        }),
      );
    }
    await pace.until(steps.at(-1)?.endMs ?? 0, signal);
    this.#over = true;
    await Promise.all(living);
  }
}
