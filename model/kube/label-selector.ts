/** Label selectors inside of resources. Upstream: apimachinery, meta/v1/helpers.go, LabelSelectorAsSelector. */

/** As `metav1.LabelSelector`. */
export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

type Labels = Readonly<Record<string, string>>;

/** True for one that every object would match. */
export function isEmptySelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}

/** @throws Error for an operator that is unknown. */
export function matchesSelector(
  labels: Labels = {},
  { matchLabels = {}, matchExpressions = [] }: LabelSelector,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((expression) => matchesExpression(labels, expression))
  );
}

function matchesExpression(
  labels: Labels,
  { key, operator, values = [] }: { key: string; operator: string; values?: string[] },
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      throw new Error(`"${operator}" is not a valid label selector operator`);
  }
}
