/** Validations of the service that do not pass, as its objects carry them: lists by category. */
import type { FailingValidation } from './cluster-adapter.ts';

/** What does not pass in a `validations_info` text; empty when the text is absent or no JSON. */
export function failingValidations(text: string | undefined): FailingValidation[] {
  if (!text) return [];
  try {
    return failingOf(JSON.parse(text));
  } catch {
    return [];
  }
}

/** The same of parsed `validations_info`, or of `validationsInfo` of a custom resource. */
export function failingOf(categories: unknown): FailingValidation[] {
  const failing: FailingValidation[] = [];
  for (const list of Object.values(categories ?? {})) {
    if (!Array.isArray(list)) continue;
    for (const one of list as Partial<FailingValidation>[]) {
      const status = one?.status;
      if (status !== 'failure' && status !== 'pending' && status !== 'error') continue;
      failing.push({ id: String(one.id), status, message: String(one.message ?? '') });
    }
  }
  return failing;
}
