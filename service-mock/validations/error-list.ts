/** Several problems as one text. Upstream: hashicorp/go-multierror, format.go, ListFormatFunc. */

/** @returns undefined for none. */
export function errorList(problems: readonly string[]): string | undefined {
  if (problems.length === 0) return undefined;
  if (problems.length === 1) return `1 error occurred:\n\t* ${problems[0]}\n\n`;
  return `${problems.length} errors occurred:\n\t${problems.map((problem) => `* ${problem}`).join('\n\t')}\n\n`;
}

/**
 * As {@link errorList}, where the service looks for the words "0 errors occurred" to tell whether there are any: it takes
 * ten, twenty or more tens of problems for none. Upstream: internal/cluster/validations/validations.go.
 */
export function countedErrorList(problems: readonly string[]): string | undefined {
  return problems.length % 10 === 0 ? undefined : errorList(problems);
}
