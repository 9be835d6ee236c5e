/** What webhooks and policies that admission asks have in common: operations on resources, and conditions. */
import {
  causeDuplicate,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooMany,
  type StatusCause,
} from '../../api/causes.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { labelKeyFaults } from '../../api/names.ts';
import { items, strings, text } from '../fields.ts';
import { oneOf, required } from './checks.ts';
import { type Check, type Rule, rows } from './rule.ts';

const SOURCE = 'pkg/apis/admissionregistration/validation/validation.go';

/** `*` makes all others needless. */
const wildcardAlone =
  (what: string, literal: (list: readonly string[]) => GoLiteral = stringsLiteral): Check =>
  (value, { path }) => {
    const list = strings({ value }, 'value');
    return list.length > 1 && list.includes('*')
      ? causeInvalid(path, literal(list), `if '*' is present, must not specify other ${what}`)
      : undefined;
  };

/** validateResources */
const resources: Check = (value, { path }) => {
  const list = strings({ value }, 'value');
  if (list.length === 0) return causeRequired(path);
  const causes: StatusCause[] = [];
  const [wholes, parts] = [new Set<string>(), new Set<string>()];
  let hasPlain = false;
  for (const [index, entry] of list.entries()) {
    const here = `${path}[${index}]`;
    const slash = entry.indexOf('/');
    const [resource, part] = [entry.slice(0, slash), entry.slice(slash + 1)];
    if (entry === '') causes.push(causeRequired(here));
    else if (slash < 0) hasPlain = entry !== '*';
    else {
      const doubled = (wildcard: string) =>
        causes.push(causeInvalid(here, entry, `if '${wildcard}' is present, must not specify ${entry}`));
      if (wholes.has(resource)) doubled(`${resource}/*`);
      if (parts.has(part)) doubled(`*/${part}`);
      if (part === '*') wholes.add(resource);
      if (resource === '*') parts.add(part);
    }
  }
  const whole = (detail: string) => causes.push(causeInvalid(path, stringsLiteral(list), detail));
  if (list.length > 1 && list.includes('*/*')) whole("if '*/*' is present, must not specify other resources");
  if (list.includes('*') && hasPlain) whole("if '*' is present, must not specify other resources without subresources");
  return causes;
};

const operationsLiteral = (list: readonly string[]) =>
  new GoLiteral(stringsLiteral(list).text.replace('[]string', '[]admissionregistration.OperationType'));

export const OPERATION_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateRuleWithOperations`, [
    ['operations', required()],
    ['operations', wildcardAlone('operations', operationsLiteral)],
    ['operations[*]', each('*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE')],
  ]),
  ...rows(`${SOURCE} validateRule`, [
    ['apiGroups', required()],
    ['apiGroups', wildcardAlone('API groups')],
    ['apiVersions', required()],
    ['apiVersions', wildcardAlone('API versions')],
    ['apiVersions[*]', required()],
    ['resources', resources],
    ['scope', oneOf('*', 'Cluster', 'Namespaced')],
  ]),
];

function each(...allowed: string[]): Check {
  return (value, { path }) => (allowed.includes(String(value)) ? undefined : causeNotSupported(path, value, allowed));
}

/** validateMatchConditions; whether an expression is one nobody looks. */
export const matchConditions: Check = (value, { path }) => {
  const conditions = items({ value }, 'value');
  const causes = conditions.length > 64 ? [causeTooMany(path, conditions.length, 64)] : [];
  const names = conditions.map((condition) => text(condition, 'name'));
  return [
    ...causes,
    ...conditions.flatMap((condition, index) => {
      const here = `${path}[${index}]`;
      const named = names[index]!;
      const expression = text(condition, 'expression').trim() === '' ? [causeRequired(`${here}.expression`)] : [];
      const faults = named === '' ? [causeRequired(`${here}.name`)] : keyFaults(named, `${here}.name`);
      const doubled = named !== '' && names.indexOf(named) < index ? [causeDuplicate(`${here}.name`, named)] : [];
      return [...expression, ...faults, ...doubled];
    }),
  ];
};

export const keyFaults = (key: string, path: string) =>
  labelKeyFaults(key).map((fault) => causeInvalid(path, key, fault));
