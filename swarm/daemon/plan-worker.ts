/** Reads plans beside the daemon's own thread; see plan-reader.ts. */
import { parentPort } from 'node:worker_threads';
import { expandPlan } from '../plan/expand.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { parsePlan } from '../plan/load.ts';
import { PlanError, type PlanProblem } from '../plan/plan.ts';
import type { NoopMeans } from './noop-setup.ts';
import { applyOverrides, type Overrides } from './overrides.ts';
import { readyPlan } from './ready-plan.ts';

export interface PlanQuestion {
  text: string;
  /** Replaces the plan's own. */
  seed: string | null;
  overrides: Overrides;
  /** What hosts with `agent: noop` run; null where there can be none. */
  noop: NoopMeans | null;
}

export type PlanAnswer =
  | { plan: ExpandedPlan }
  /** Its syntax or its values are wrong. */
  | { problems: readonly PlanProblem[]; more: number }
  /** It contradicts itself or what is asked beside it. */
  | { refused: string }
  | { fault: string };

/** Problems told of one plan; a text that is no plan at all may have millions. */
const PROBLEMS_TOLD = 100;

parentPort!.on('message', async (question: PlanQuestion) => parentPort!.postMessage(await answer(question)));
// From now on time counts as reading.
parentPort!.postMessage('ready');

async function answer({ text, seed, overrides, noop }: PlanQuestion): Promise<PlanAnswer> {
  try {
    const plan = expandPlan(
      parsePlan(text, 'plan', { allowFiles: false, programs: noop?.programs ?? null }),
      seed === null ? {} : { seed },
    );
    return {
      plan: await readyPlan(
        applyOverrides(plan, { ...overrides, ...(noop?.outside && { noopOutside: true }) }),
        () => {},
        noop?.programs ?? null,
      ),
    };
  } catch (error) {
    if (error instanceof PlanError) {
      const { problems } = error;
      return { problems: problems.slice(0, PROBLEMS_TOLD), more: Math.max(0, problems.length - PROBLEMS_TOLD) };
    }
    if (error instanceof RangeError) return { refused: error.message };
    return { fault: (error as Error).message };
  }
}
