/** The last step before a plan is run. What custom resources need is loaded only for plans that have some: it is most of the program. */
import { checkPrograms } from '../noop/programs.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';

/**
 * The plan with what its manifests' values say.
 * @throws PlanError for values that are wrong; RangeError where a release is missing, or a stock program is none
 */
export async function readyPlan(plan: ExpandedPlan): Promise<ExpandedPlan> {
  if (plan.programs !== null) checkPrograms(plan.programs);
  if (plan.hub === null) return plan;
  const { plannedManifests } = await import('./manifest-source.ts');
  return plannedManifests(plan).plan;
}
