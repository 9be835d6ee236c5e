/**
 * Clusters that are complete are removed and made anew, at the plan's rate: same names, same hosts with the same identities, as when
 * somebody provisions machines once more. The service takes them as it takes new ones: names of clusters need not be unique, and hosts
 * have a row for each infra-env, of which a deleted one gives way (assisted-service, internal/host/host.go, RegisterHost and
 * internal/common/db.go, DeleteSoftDeletedHost).
 *
 *   turn ── complete cluster, by the seed ──> removed ──> machines gone ──> a life like the first ──> complete | failed
 */
import { hashWords, mixWords, unitNumber } from '../../model/time/random.ts';
import type { ClusterLife, LifeContext } from '../cluster/cluster-life.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import type { ChurnCounts } from '../telemetry/churn-counts.ts';
import type { ClusterLives } from './cluster-lives.ts';
import type { MachinesAtWork } from './machines-at-work.ts';

const HOUR_MS = 3_600_000;
const CANCELLED = 'the run came to its end before the cluster that was made anew';

export interface ChurnOptions {
  plan: Pick<ExpandedPlan, 'seed' | 'clusters'>;
  /** Share of the clusters in a simulated hour. */
  perHour: number;
  lives: ClusterLives;
  context: LifeContext;
  machines: MachinesAtWork;
  counts: ChurnCounts;
  warn: (message: string) => void;
}

export class Churn {
  readonly #options: ChurnOptions;
  readonly #end = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  /** Indexes of clusters that are not complete, or could not be removed. */
  readonly #busy = new Set<number>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ChurnOptions) {
    this.#options = options;
  }

  /** Begins. Call once. @param signal ends it, too */
  start(signal: AbortSignal): void {
    this.#running = this.#run(AbortSignal.any([signal, this.#end.signal]));
  }

  /** No further cluster is removed, and those under way are given up: what they are stands in the counts. Resolves when nothing moves any more. */
  async end(): Promise<void> {
    this.#end.abort(new Error(CANCELLED));
    await this.#running;
    await Promise.all(this.#underWay);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { plan, perHour, context, counts } = this.#options;
    const { clock } = context;
    const gapMs = HOUR_MS / (perHour * plan.clusters.length);
    const draws = hashWords(`churn/${plan.seed}`);
    let due = clock.now();
    while (!signal.aborted) {
      due += gapMs;
      await clock.sleep(due - clock.now(), signal).catch(() => {});
      if (signal.aborted) return;
      const complete = this.#complete();
      // Until the first cluster is complete nobody has a turn.
      if (counts.turns === 0 && complete.length === 0) continue;
      const life = complete[Math.floor(unitNumber(mixWords(draws, counts.turns++)) * complete.length)];
      if (!life) continue;
      counts.begun++;
      const work = this.#renew(life, signal).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    }
  }

  /** In the order of their index. Stock programs are left alone: what they have written stays on their disks. */
  #complete(): ClusterLife[] {
    return this.#options.lives.standing
      .filter(
        ({ cluster, outcome }) =>
          outcome?.result === 'complete' &&
          !this.#busy.has(cluster.index) &&
          cluster.hosts.every(({ kind }) => kind === 'native'),
      )
      .sort((a, b) => a.cluster.index - b.cluster.index);
  }

  async #renew(life: ClusterLife, signal: AbortSignal): Promise<void> {
    const { lives, context, machines, counts, warn } = this.#options;
    const { index, name } = life.cluster;
    this.#busy.add(index);
    try {
      await life.remove(signal);
    } catch (error) {
      if (signal.aborted) counts.results.unfinished++;
      else {
        counts.results['not-removed']++;
        warn(`${name} could not be removed to be made anew: ${error instanceof Error ? error.message : String(error)}`);
      }
      return;
    }
    counts.removed++;
    await machines.gone(index, signal);
    if (signal.aborted) {
      counts.results.unfinished++;
      return;
    }
    const { result } = await lives.anew(context, life, signal, CANCELLED);
    counts.results[result === 'cancelled' ? 'unfinished' : result]++;
    if (result === 'complete') this.#busy.delete(index);
  }
}
