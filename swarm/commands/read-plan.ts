/** Plans from the command line. */
import type { Overrides } from '../daemon/overrides.ts';
import { applyOverrides } from '../daemon/overrides.ts';
import { readyPlan } from '../daemon/ready-plan.ts';
import { expandPlan, hostsOf } from '../plan/expand.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { loadPlan } from '../plan/load.ts';
import { formatProblem, type Plan, PlanError } from '../plan/plan.ts';
import { countOf, firstLines } from '../report/style.ts';
import { InputError } from './exit.ts';
import { note } from './note.ts';
import { readCa } from './read-ca.ts';

/** Warnings of a plan that are told at once. */
const TOLD_WARNINGS = 20;

/** Hosts from which on the clusters of a plan, and what they need, take more than a moment to work out. */
const MANY_HOSTS = 50_000;

/** Reads plan files; warnings go to `warn`. @throws InputError with one line a problem. */
export function readPlanFiles(files: readonly string[], warn: (text: string) => void): Plan {
  try {
    const plan = loadPlan(files);
    const warnings = plan.warnings.map((warning) => `warning: ${formatProblem(warning)}`);
    for (const line of firstLines(warnings, TOLD_WARNINGS, 'mend these first')) warn(line);
    return plan;
  } catch (error) {
    if (error instanceof PlanError) throw new InputError(error.message, { cause: error });
    throw error;
  }
}

export interface PlanOptions {
  seed?: string;
  shard?: { index: number; count: number };
  keep?: boolean;
  speed?: number;
  service?: string;
  insecure?: boolean;
  noopOutside?: true;
  /** Path of a PEM file. */
  ca?: string;
}

/** {@link expandWith}, ready to be run: with what the plan says of its custom resources. @throws InputError */
export async function runnablePlan(plan: Plan, options: PlanOptions): Promise<ExpandedPlan> {
  try {
    return await readyPlan(expandWith(plan, options), note);
  } catch (error) {
    if (error instanceof RangeError || error instanceof PlanError)
      throw new InputError(error.message, { cause: error });
    throw error;
  }
}

/** The plan with the command line's changes, expanded. @throws InputError */
export function expandWith(plan: Plan, options: PlanOptions): ExpandedPlan {
  const overrides: Overrides = {
    ...(options.keep && { keep: true }),
    ...(options.noopOutside && { noopOutside: true }),
    ...(options.speed !== undefined && { speed: options.speed }),
    ...(options.service !== undefined && { service: options.service }),
    tls: {
      ...(options.insecure && { insecure: true }),
      ...(options.ca !== undefined && { ca: readCa(options.ca) }),
    },
  };
  tellOfMany(plan);
  try {
    const expanded = expandPlan(plan, {
      ...(options.seed !== undefined && { seed: options.seed }),
      ...(options.shard !== undefined && { shard: options.shard }),
    });
    return applyOverrides(expanded, overrides);
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(error.message, { cause: error });
    throw error;
  }
}

/** Nothing else can be told meanwhile: it is the work of one thread. */
function tellOfMany({ clusters }: Plan): void {
  const amount = clusters.reduce((sum, one) => sum + one.amount, 0);
  const hosts = clusters.reduce((sum, one) => sum + one.amount * hostsOf(one), 0);
  if (hosts >= MANY_HOSTS)
    note(`working out ${countOf(amount, 'cluster')} with ${countOf(hosts, 'host')}, which takes a while`);
}
