/** Roles and their bindings; reviews of rights and tokens. */
import { causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { nameFaults } from '../../api/names.ts';
import { fields, items, strings, text } from '../fields.ts';
import { exactlyOneOf, first, immutable, name, required } from './checks.ts';
import { type Check, type Rule, rows } from './rule.ts';
import { labelSelector, requirementFaults, selectorFaults } from './selectors.ts';

const SOURCE = 'pkg/apis/rbac/validation/validation.go';

const GROUP = 'rbac.authorization.k8s.io';

/** ValidatePolicyRule */
const policyRule =
  (isNamespaced: boolean): Check =>
  (value, { path }) => {
    const [verbs, urls, groups, resources] = ['verbs', 'nonResourceURLs', 'apiGroups', 'resources'].map((field) =>
      strings(value, field),
    ) as [string[], string[], string[], string[]];
    const causes: StatusCause[] = [];
    if (verbs.length === 0) causes.push(causeRequired(`${path}.verbs`, 'verbs must contain at least one value'));
    if (urls.length > 0) {
      const fault = (detail: string) =>
        causes.push(causeInvalid(`${path}.nonResourceURLs`, stringsLiteral(urls), detail));
      if (isNamespaced) fault('namespaced rules cannot apply to non-resource URLs');
      if (groups.length + resources.length + strings(value, 'resourceNames').length > 0) {
        fault('rules cannot apply to both regular resources and non-resource URLs');
      }
      return causes;
    }
    if (groups.length === 0) {
      causes.push(causeRequired(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
    }
    if (resources.length === 0) {
      causes.push(causeRequired(`${path}.resources`, 'resource rules must supply at least one resource'));
    }
    return causes;
  };

export const ROLE_RULES: readonly Rule[] = rows(`${SOURCE} ValidatePolicyRule`, [['rules[*]', policyRule(true)]]);

export const CLUSTER_ROLE_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidatePolicyRule`, [['rules[*]', policyRule(false)]]),
  ...rows(`${SOURCE} ValidateClusterRole`, [
    [
      'aggregationRule',
      (value, { path }) =>
        value !== undefined && items(value, 'clusterRoleSelectors').length === 0
          ? causeRequired(
              `${path}.clusterRoleSelectors`,
              'at least one clusterRoleSelector required if aggregationRule is non-nil',
            )
          : undefined,
    ],
    ['aggregationRule.clusterRoleSelectors[*]', labelSelector],
    [
      'aggregationRule.clusterRoleSelectors[*]',
      // What no selector can be made of is named a second time.
      (value, { path }) =>
        selectorFaults(value, path).length > 0
          ? causeInvalid(path, new GoLiteral('"null"'), 'invalid label selector.')
          : undefined,
    ],
  ]),
];

const subject =
  (isNamespaced: boolean): Check =>
  (value, { path }) => {
    const [kind, named, group, namespace] = ['kind', 'name', 'apiGroup', 'namespace'].map((field) =>
      text(value, field),
    ) as [string, string, string, string];
    const causes: StatusCause[] = named === '' ? [causeRequired(`${path}.name`)] : [];
    if (kind === 'ServiceAccount') {
      if (named !== '') {
        const faults = nameFaults(named, 'dns-subdomain');
        causes.push(...faults.map((fault) => causeInvalid(`${path}.name`, named, fault)));
      }
      if (group !== '') causes.push(causeNotSupported(`${path}.apiGroup`, group, ['']));
      if (!isNamespaced && namespace === '') causes.push(causeRequired(`${path}.namespace`));
    } else if (kind === 'User' || kind === 'Group') {
      if (group !== GROUP) causes.push(causeNotSupported(`${path}.apiGroup`, group, [GROUP]));
    } else causes.push(causeNotSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']));
    return causes;
  };

const bindingRules = (kind: 'RoleBinding' | 'ClusterRoleBinding', ...roles: string[]): Rule[] => [
  ...rows(`${SOURCE} Validate${kind}`, [
    ['roleRef.apiGroup', exactlyOneOf(GROUP)],
    ['roleRef.kind', exactlyOneOf(...roles)],
    ['roleRef.name', first(required(), name('path-segment'))],
  ]),
  ...rows(`${SOURCE} ValidateRoleBindingSubject`, [['subjects[*]', subject(kind === 'RoleBinding')]]),
  ...rows(`${SOURCE} Validate${kind}Update`, [
    [
      'roleRef',
      (value, place) => {
        const literal = ['apiGroup', 'kind', 'name'].map((field) => JSON.stringify(text(value, field)));
        const shown = new GoLiteral(`rbac.RoleRef{APIGroup:${literal[0]}, Kind:${literal[1]}, Name:${literal[2]}}`);
        const found = immutable('cannot change roleRef')(value, place);
        return found && causeInvalid(place.path, shown, 'cannot change roleRef');
      },
    ],
  ]),
];

export const ROLE_BINDING_RULES: readonly Rule[] = bindingRules('RoleBinding', 'Role', 'ClusterRole');
export const CLUSTER_ROLE_BINDING_RULES: readonly Rule[] = bindingRules('ClusterRoleBinding', 'ClusterRole');

const AUTHORIZATION = 'pkg/apis/authorization/validation/validation.go';

const pathLiteral = (value: unknown) => {
  const [path, verb] = ['path', 'verb'].map((field) => JSON.stringify(text(value, field)));
  return new GoLiteral(`authorization.NonResourceAttributes{Path:${path}, Verb:${verb}}`);
};

const oneQuestion: Check = (value, { path }) => {
  const { resourceAttributes: resource, nonResourceAttributes: other } = fields({ value }, 'value');
  if (resource !== undefined && other !== undefined) {
    return causeInvalid(
      `${path}.nonResourceAttributes`,
      pathLiteral(other),
      'cannot be specified in combination with resourceAttributes',
    );
  }
  if (resource !== undefined || other !== undefined) return undefined;
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return causeInvalid(`${path}.resourceAttributes`, null, detail);
};

const somebody: Check = (value, { path }) =>
  text(value, 'user') === '' && strings(value, 'groups').length === 0
    ? causeInvalid(`${path}.user`, '', 'at least one of user or group must be specified')
    : undefined;

/** validateFieldSelectorAttributes, validateLabelSelectorAttributes */
const asked =
  (faults: (requirement: Record<string, unknown>, path: string) => StatusCause[]): Check =>
  (value, { path }) => {
    if (value === undefined) return undefined;
    const raw = text(value, 'rawSelector');
    const requirements = items(value, 'requirements');
    const causes: StatusCause[] = [];
    if (raw !== '' && requirements.length > 0) {
      causes.push(causeInvalid(`${path}.rawSelector`, raw, 'may not specified at the same time as requirements'));
    }
    if (raw === '' && requirements.length === 0) {
      const detail = `when ${path} is specified, requirements or rawSelector is required`;
      causes.push(causeRequired(`${path}.requirements`, detail));
    }
    return [
      ...causes,
      ...requirements.flatMap((requirement, index) => faults(requirement, `${path}.requirements[${index}]`)),
    ];
  };

function fieldFaults(requirement: Record<string, unknown>, path: string): StatusCause[] {
  const key = text(requirement, 'key') === '' ? [causeRequired(`${path}.key`, 'must be specified')] : [];
  const others = requirementFaults({ ...requirement, key: 'a' }, path, { anyValue: true, anyOperator: true });
  return [...key, ...others];
}

const reviewRules = (source: string, ...more: (readonly [string, Check])[]): Rule[] =>
  rows(`${AUTHORIZATION} ${source}`, [
    ['spec', oneQuestion],
    ...more,
    ['spec.resourceAttributes.fieldSelector', asked(fieldFaults)],
    [
      'spec.resourceAttributes.labelSelector',
      asked((requirement, path) => requirementFaults(requirement, path, { anyOperator: true })),
    ],
  ]);

/** @param allowed field that the metadata of the review may have */
const noMetadata =
  (detail: string, allowed?: string): Check =>
  (value, { path }) => {
    const given = Object.keys(fields({ value }, 'value')).filter((key) => key !== 'managedFields' && key !== allowed);
    return given.length > 0 ? causeInvalid(path, value, detail) : undefined;
  };

export const SUBJECT_ACCESS_REVIEW_RULES: readonly Rule[] = reviewRules(
  'ValidateSubjectAccessReview',
  ['spec', somebody],
  ['metadata', noMetadata('must be empty')],
);

export const SELF_SUBJECT_ACCESS_REVIEW_RULES: readonly Rule[] = reviewRules('ValidateSelfSubjectAccessReview', [
  'metadata',
  noMetadata('must be empty'),
]);

export const LOCAL_SUBJECT_ACCESS_REVIEW_RULES: readonly Rule[] = reviewRules(
  'ValidateLocalSubjectAccessReview',
  ['spec', somebody],
  ['metadata', noMetadata('must be empty except for namespace', 'namespace')],
  [
    'spec.resourceAttributes',
    (value, { object, path }) => {
      const namespace = text(value, 'namespace');
      return value === undefined || namespace === (object.metadata.namespace ?? '')
        ? undefined
        : causeInvalid(`${path}.namespace`, namespace, 'must match metadata.namespace');
    },
  ],
  [
    'spec.nonResourceAttributes',
    (value, { path }) =>
      value === undefined ? undefined : causeInvalid(path, pathLiteral(value), 'disallowed on this kind of request'),
  ],
);

/** What is wrong with the seconds for which a token is wanted. */
export function tokenSecondsFaults(seconds: unknown): string[] {
  if (typeof seconds !== 'number') return [];
  if (seconds < 600) return ['may not specify a duration less than 10 minutes'];
  return seconds > 2 ** 32 ? ['may not specify a duration larger than 2^32 seconds'] : [];
}

export const TOKEN_REQUEST_RULES: readonly Rule[] = rows(
  'pkg/apis/authentication/validation/validation.go ValidateTokenRequest',
  [
    [
      'spec.expirationSeconds',
      (value, { path }) => tokenSecondsFaults(value).map((fault) => causeInvalid(path, value, fault)),
    ],
  ],
);
