/**
 * The lives of a run's clusters. One is made when its cluster arrives: a plan may have a million clusters of which a
 * hundred live at a time, and a run that ends early never makes the others.
 */
import { ClusterLife, type LifeContext, type LifeOutcome } from '../cluster/cluster-life.ts';
import type { ClusterPlan, LoadLevel, LoadStep } from '../plan/expanded-plan.ts';
import { ArrivalPace } from './arrival-pace.ts';

export class ClusterLives {
  /** Of the plan, whether they have arrived or not. */
  readonly planned: number;
  /** In the order of their arrival, with the slot of the first host in the telemetry. */
  readonly #due: readonly { cluster: ClusterPlan; firstHostSlot: number }[];
  readonly #arrived: ClusterLife[] = [];
  /** The last of each cluster that has arrived, by its index. */
  readonly #lifeOf = new Map<number, ClusterLife>();
  /** Of clusters that were made anew: lives that failed, and how many came to an end of their own. */
  readonly #failedAnew: ClusterLife[] = [];
  #endedAnew = 0;
  #over = false;
  #failed = 0;
  #failedAsExpected = 0;
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

  /** The first life of each cluster, in the order of their arrival, and of clusters that were made anew those that failed. */
  get arrived(): readonly ClusterLife[] {
    return [...this.#arrived, ...this.#failedAnew];
  }

  /** The last life of each cluster that has arrived: whose objects stand on the service, if any do. */
  get standing(): readonly ClusterLife[] {
    return [...this.#lifeOf.values()];
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

  /** How many clusters there are, and how many of them came to which end; a cluster that was made anew counts once more when it has ended. */
  get counts(): { of: number; failed: number; complete: number } {
    const failed = this.#failedAnew.length;
    return {
      of: this.planned + this.#endedAnew,
      failed: this.#failed + failed,
      complete: this.#complete + this.#endedAnew - failed,
    };
  }

  /** First lives that failed as had to be expected of their faults; not among those that {@link counts} calls failed. */
  get failedAsExpected(): number {
    return this.#failedAsExpected;
  }

  /** Of arrivals; null before the first may come, and after the last one. */
  get pace(): ArrivalPace | null {
    return this.#over ? null : this.#pace;
  }

  /** Ends all that live as failed. */
  fail(reason: string): void {
    for (const life of this.standing) life.fail(reason);
  }

  /**
   * Lets a cluster whose objects are gone live once more, to the end.
   * @param cancelled why, when `signal` aborts
   */
  async anew(context: LifeContext, before: ClusterLife, signal: AbortSignal, cancelled: string): Promise<LifeOutcome> {
    const { cluster } = before;
    const { firstHostSlot } = this.#due.find((one) => one.cluster === cluster)!;
    const life = new ClusterLife(context, cluster, cluster.index, firstHostSlot, before.life + 1);
    this.#lifeOf.set(cluster.index, life);
    const outcome = await life.run(signal, cancelled);
    if (outcome.result !== 'cancelled') this.#endedAnew++;
    if (outcome.result === 'failed' && !outcome.asExpected) this.#failedAnew.push(life);
    return outcome;
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
        life.run(signal).then(({ result, asExpected }) => {
          if (result === 'failed' && asExpected) this.#failedAsExpected++;
          else if (result === 'failed') this.#failed++;
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
