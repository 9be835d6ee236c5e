/** Labels of nodes that have been replaced. */
import { items, text } from '../fields.ts';

/** pkg/api/node/util.go deprecatedNodeLabels */
export const OLD_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

/** Of a term or a selector: pkg/api/node/util.go GetWarningsForNodeSelectorTerm. */
export function expressionAdvice(selector: unknown, path: string): string[] {
  return items(selector, 'matchExpressions').flatMap((expression, index) => {
    const key = text(expression, 'key');
    return key in OLD_LABELS ? [`${path}.matchExpressions[${index}].key: ${key} is ${OLD_LABELS[key]}`] : [];
  });
}
