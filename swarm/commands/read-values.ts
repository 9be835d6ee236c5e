/** Values files of manifests on the command line, with a plan or in place of one. */
import { readFileSync } from 'node:fs';
import { type ManifestValues, manifestValues } from '../../manifests/index.ts';
import { parseValues, type ValuesNetwork } from '../daemon/manifest-values.ts';
import { formatProblem, type Plan, PlanError } from '../plan/plan.ts';
import { InputError } from './exit.ts';

/** What a values file says. */
export interface ReadValues {
  values: ManifestValues;
  /** The clusters; the given plan when there was one. */
  plan: Plan;
  network: ValuesNetwork;
}

/** @throws InputError with one line a problem; secrets are not shown. */
export function readValues(file: string, plan: Plan | null): ReadValues {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : code;
    throw new InputError(`${file} cannot be read: ${reason}; give the path of a YAML or JSON file`);
  }
  return valuesIn(file, text, plan);
}

function valuesIn(file: string, text: string, plan: Plan | null): ReadValues {
  try {
    const parsed = parseValues(file, text, plan);
    return { ...parsed, plan: plan ?? parsed.plan! };
  } catch (error) {
    if (error instanceof PlanError) throw new InputError(error.message, { cause: error });
    throw error;
  }
}

/** Values that a plan itself gives its manifests, with their defaults. @throws InputError when a plan lacks what the objects need. */
export function valuesOfPlan(plan: Plan): ReadValues {
  const own = plan.manifests.values;
  if (own !== null) return valuesIn(own.file, own.text, plan);
  if (plan.releaseImage === null && plan.clusters.some((cluster) => !cluster.justInfraEnv)) {
    const position = plan.clusters.find((cluster) => !cluster.justInfraEnv)!.position;
    throw new InputError(
      formatProblem({
        ...position,
        message:
          'clusters made by custom resources need a release image, and the plan has none; add the key release_image, or give a values file with release_image or image_set',
      }),
    );
  }
  return { values: manifestValues({}, plan), plan, network: {} };
}
