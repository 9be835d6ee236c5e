/** Finds the load that a service holds: runs of a plan, one after the other, each with another level of load. */
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { redactUrl } from '../plan/redact.ts';
import { type CapacityResult, type CapacityTrial, summarizeCapacity, trialOf } from '../report/capacity.ts';
import { nextTrial } from '../report/capacity-search.ts';
import type { RunSummary } from '../report/summary.ts';
import { type CapacityUnit, mostOf, type TrialTimes, trialPlan, usualUnit } from './capacity-trial.ts';

export interface CapacityOptions {
  plan: ExpandedPlan;
  /** Null: hosts of infra-envs, clusters an hour of clusters that are to be installed. */
  unit: CapacityUnit | null;
  /** The first level. */
  from: number;
  /** The highest; null for what the plan has clusters for. */
  to: number | null;
  times: TrialTimes;
  /** Share of itself to which the border is found. */
  precision: number;
  /** Told of each trial, in a line. */
  tell: (line: string) => void;
  /** Runs a plan to its end. */
  run: (plan: ExpandedPlan) => Promise<{ summary: RunSummary; directory: string | null }>;
}

/** Searches until the border is known, or a trial is interrupted. */
export async function findCapacity(options: CapacityOptions): Promise<CapacityResult> {
  const { plan, from, times, precision, tell, run } = options;
  const unit = options.unit ?? usualUnit(plan);
  const most = mostOf(plan, unit, times);
  const to = Math.max(1, Math.min(options.to ?? most, most));
  if (options.to !== null && options.to > most) {
    tell(`warning: the plan has clusters for ${most} ${unit}; that is the most that is tried, and not ${options.to}`);
  }
  const trials: CapacityTrial[] = [];
  const result = (
    end: { held: number | null; failed: number | null },
    early: { interrupted?: boolean; gaveUp?: string } = {},
  ) => {
    const { name, seed, service } = plan;
    const { interrupted = false, gaveUp = null } = early;
    const of = { plan: name, seed, service: redactUrl(service.url), unit };
    return summarizeCapacity({ ...of, ...end, interrupted, gaveUp, trials });
  };
  for (;;) {
    const next = nextTrial({ from, to, precision }, trials);
    if ('end' in next) return result(next);
    tell(`trial ${trials.length + 1}: ${next.level} ${unit}${next.confirmation ? ', once more' : ''}`);
    const { summary, directory } = await run(trialPlan(plan, unit, next.level, times));
    if (summary.verdict === 'interrupted') return result(known(trials), { interrupted: true });
    const trial = trialOf(next, summary, directory);
    trials.push(trial);
    tell(`trial ${trials.length}: ${trial.held ? 'held' : `not held: ${trial.reasons[0]}`}`);
    if (summary.leftBehind.length > 0) {
      const gaveUp = notRecovered(trial, summary.leftBehind.length, unit);
      tell(gaveUp);
      return result(known(trials), { gaveUp });
    }
  }
}

/** What the trials so far say, at least. */
function known(trials: readonly CapacityTrial[]): { held: number | null; failed: number | null } {
  const failed = trials.filter((one) => !one.held).map(({ level }) => level);
  const lowest = failed.length > 0 ? Math.min(...failed) : null;
  const held = trials.filter((one) => one.held && one.level < (lowest ?? Infinity)).map(({ level }) => level);
  return { held: held.length > 0 ? Math.max(...held) : null, failed: lowest };
}

/** A trial on a service that is not empty, or does not answer, would say nothing of its load. */
function notRecovered({ level, run }: CapacityTrial, left: number, unit: CapacityUnit): string {
  return (
    `the service has not recovered from ${level} ${unit}: it does not remove ${left} of the objects of run ${run}; ` +
    `bring it back (restart it), remove them (swarm clean ${run}), and go on with --from`
  );
}
