/** Policies that admission asks, and their bindings. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooLong,
  type StatusCause,
} from '../../api/causes.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import { nameFaults } from '../../api/names.ts';
import { at, items, strings, text } from '../fields.ts';
import { keyFaults, matchConditions, OPERATION_RULES } from './admission-operations.ts';
import { first, name, oneOf, present, required, unless } from './checks.ts';
import { below, type Check, type Place, type Rule, rows } from './rule.ts';
import { selectorFaults, strictLabelSelector } from './selectors.ts';

const SOURCE = 'pkg/apis/admissionregistration/validation/validation.go';

const resourceNames: Check = (value, { path }) => {
  const names = strings({ value }, 'value');
  return names.flatMap((entry, index) => [
    ...nameFaults(entry, 'path-segment').map((fault) => causeInvalid(`${path}[${index}]`, entry, fault)),
    ...(names.indexOf(entry) < index ? [causeDuplicate(`${path}[${index}]`, entry)] : []),
  ]);
};

const MATCH_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateMatchResources`, [
    ['matchPolicy', first(required(), oneOf('Equivalent', 'Exact'))],
    ['namespaceSelector', first(present(), strictLabelSelector)],
    ['objectSelector', first(present(), strictLabelSelector)],
  ]),
  ...['resourceRules[*]', 'excludeResourceRules[*]'].flatMap((field) => [
    ...rows(`${SOURCE} validateNamedRuleWithOperations`, [[`${field}.resourceNames`, resourceNames]]),
    ...below(field, OPERATION_RULES),
  ]),
];

const paramVersion: Check = (value, { path }) => {
  const given = String(value ?? '');
  if (given === '') return causeRequired(path);
  const [before = '', after, ...more] = given.split('/');
  if (more.length > 0) return causeInvalid(path, given, `unexpected GroupVersion string: ${given}`);
  const [group, version] = after === undefined ? ['', before] : [before, after];
  const causes: StatusCause[] = [];
  const groupFaults = group === '' ? [] : nameFaults(group, 'dns-subdomain');
  if (groupFaults.length > 0) causes.push(causeInvalid(path, group, groupFaults.join(',')));
  if (version === '') return [...causes, causeInvalid(path, given, 'version must be specified')];
  const versionFaults = nameFaults(version, 'dns-1035-label');
  return versionFaults.length > 0 ? [...causes, causeInvalid(path, version, versionFaults.join(','))] : causes;
};

const paramKind: Check = (value, { path }) => {
  const kind = String(value ?? '');
  if (kind === '') return causeRequired(path);
  const faults = nameFaults(kind.toLowerCase(), 'dns-1035-label');
  const detail = `may have mixed case, but should otherwise match: ${faults.join(',')}`;
  return faults.length > 0 ? causeInvalid(path, kind, detail) : undefined;
};

/** An expression, or a text of blanks (validateValidation and its neighbours). */
const expression =
  (detail = ''): Check =>
  (value, { path }) =>
    String(value ?? '').trim() === '' ? causeRequired(path, detail) : undefined;

const notBlank = (detail: string): Check => unless((value) => !!value && String(value).trim() === '', detail);

const NEITHER = 'validations or auditAnnotations must contain at least one item';
const hasNothing = ({ object }: Place) =>
  items(object, 'spec', 'validations').length + items(object, 'spec', 'auditAnnotations').length === 0;

const CEL_WORDS = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

const variableName: Check = (value, { path }) => {
  const given = String(value ?? '');
  if (given.trim() === '') return causeRequired(path, 'name is not specified');
  return /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(given) && !CEL_WORDS.has(given)
    ? undefined
    : causeInvalid(path, given, 'name is not a valid CEL identifier');
};

const auditKeys: Check = (value, { path, object }) => {
  const keys = items({ value }, 'value').map((annotation) => text(annotation, 'key'));
  return keys.flatMap((key, index) => [
    ...keyFaults(`${object.metadata.name}/${key}`, `${path}[${index}].key`),
    ...(keys.indexOf(key) < index ? [causeDuplicate(`${path}[${index}].key`, key)] : []),
  ]);
};

export const ADMISSION_POLICY_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateValidatingAdmissionPolicySpec`, [
    ['spec.failurePolicy', first(required(), oneOf('Fail', 'Ignore'))],
  ]),
  ...rows(`${SOURCE} validateParamKind`, [
    ['spec.paramKind.apiVersion', paramVersion],
    ['spec.paramKind.kind', paramKind],
  ]),
  ...rows(`${SOURCE} validateValidatingAdmissionPolicySpec`, [['spec.matchConstraints', present()]]),
  ...below('spec.matchConstraints', MATCH_RULES),
  ...rows(`${SOURCE} validateValidatingAdmissionPolicySpec`, [['spec.matchConstraints.resourceRules', required()]]),
  ...rows(`${SOURCE} validateMatchConditions`, [
    [
      'spec.matchConditions',
      (value, place) => (place.old && equalJson(value, place.before) ? undefined : matchConditions(value, place)),
    ],
  ]),
  ...rows(`${SOURCE} validateVariable`, [
    ['spec.variables[*].name', variableName],
    ['spec.variables[*].expression', expression('expression is not specified')],
  ]),
  ...rows(`${SOURCE} validateValidatingAdmissionPolicySpec`, [
    ['spec.validations', (_value, place) => (hasNothing(place) ? causeRequired(place.path, NEITHER) : undefined)],
    ['spec.auditAnnotations', (_value, place) => (hasNothing(place) ? causeRequired(place.path, NEITHER) : undefined)],
  ]),
  ...rows(`${SOURCE} validateValidation`, [
    ['spec.validations[*].expression', expression('expression is not specified')],
    ['spec.validations[*].messageExpression', notBlank('must be non-empty if specified')],
    [
      'spec.validations[*].message',
      first(
        notBlank('message must be non-empty if specified'),
        unless((value) => /[\n\r]/.test(String(value ?? '').trim()), 'message must not contain line breaks'),
      ),
    ],
    ['spec.validations[*].reason', oneOf('Forbidden', 'Invalid', 'RequestEntityTooLarge')],
  ]),
  ...rows(`${SOURCE} validateAuditAnnotation`, [
    [
      'spec.auditAnnotations',
      unless((value) => items({ value }, 'value').length > 20, 'must not have more than 20 auditAnnotations'),
    ],
    ['spec.auditAnnotations', auditKeys],
    ['spec.auditAnnotations[*].valueExpression', expression('valueExpression is not specified')],
  ]),
];

const STATUSES = ['False', 'True', 'Unknown'];
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const REASON_TEXT =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

/** apimachinery, pkg/apis/meta/v1/validation/validation.go ValidateConditions */
const conditions: Check = (value, { path }) => {
  const list = items({ value }, 'value');
  const types = list.map((condition) => text(condition, 'type'));
  return list.flatMap((condition, index) => {
    const here = `${path}[${index}]`;
    const type = types[index]!;
    const doubled = types.indexOf(type) < index ? [causeDuplicate(`${here}.type`, type)] : [];
    const causes = [...doubled, ...keyFaults(type, `${here}.type`)];
    const { status, observedGeneration, reason, message } = condition;
    if (!STATUSES.includes(String(status))) causes.push(causeNotSupported(`${here}.status`, status ?? '', STATUSES));
    if (typeof observedGeneration === 'number' && observedGeneration < 0) {
      const detail = 'must be greater than or equal to zero';
      causes.push(causeInvalid(`${here}.observedGeneration`, observedGeneration, detail));
    }
    if (!condition.lastTransitionTime) causes.push(causeRequired(`${here}.lastTransitionTime`, 'must be set'));
    if (!reason) causes.push(causeRequired(`${here}.reason`, 'must be set'));
    else if (!REASON.test(String(reason))) causes.push(causeInvalid(`${here}.reason`, reason, REASON_TEXT));
    if (String(reason ?? '').length > 1024) causes.push(causeTooLong(`${here}.reason`, 1024));
    if (Buffer.byteLength(String(message ?? '')) > 32_768) causes.push(causeTooLong(`${here}.message`, 32_768));
    return causes;
  });
};

export const ADMISSION_POLICY_STATUS_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateExpressionWarning`, [
    ['status.typeChecking.expressionWarnings[*].warning', required()],
    ['status.typeChecking.expressionWarnings[*].fieldRef', expression()],
  ]),
  ...rows(`${SOURCE} validateValidatingAdmissionPolicyStatus`, [['status.conditions', conditions]]),
];

const ACTIONS = ['Audit', 'Deny', 'Warn'];
const BOTH =
  'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';

const validationActions: Check = (value, { path }) => {
  const actions = strings({ value }, 'value');
  if (actions.length === 0) return causeRequired(path, 'at least one validation action is required');
  const causes = actions.flatMap((action, index) => [
    ...(ACTIONS.includes(action) ? [] : [causeNotSupported(`${path}[${index}]`, action, ACTIONS)]),
    ...(actions.indexOf(action) < index ? [causeDuplicate(`${path}[${index}]`, action)] : []),
  ]);
  if (!actions.includes('Deny') || !actions.includes('Warn')) return causes;
  const literal = stringsLiteral(actions).text.replace('[]string', '[]admissionregistration.ValidationAction');
  return [...causes, causeInvalid(path, new GoLiteral(literal), BOTH)];
};

const paramRef: Check = (value, { path }) => {
  if (value === undefined) return undefined;
  const named = text(value, 'name');
  const selector = at(value, 'selector');
  const causes =
    named === '' ? [] : nameFaults(named, 'path-segment').map((fault) => causeInvalid(`${path}.name`, named, fault));
  const exclusive = (field: string) =>
    causes.push(causeForbidden(`${path}.${field}`, 'name and selector are mutually exclusive'));
  if (named !== '' && selector !== undefined) exclusive('name');
  causes.push(...selectorFaults(selector, `${path}.selector`));
  if (named !== '' && selector !== undefined) exclusive('selector');
  if (named === '' && selector === undefined)
    causes.push(causeRequired(path, 'one of name or selector must be specified'));
  return causes;
};

export const ADMISSION_BINDING_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateValidatingAdmissionPolicyBindingSpec`, [
    ['spec.policyName', first(required(), name('dns-subdomain'))],
  ]),
  ...rows(`${SOURCE} validateParamRef`, [
    ['spec.paramRef', paramRef],
    ['spec.paramRef.parameterNotFoundAction', first(required(), oneOf('Deny', 'Allow'))],
  ]),
  ...below('spec.matchResources', MATCH_RULES),
  ...rows(`${SOURCE} validateValidationActions`, [['spec.validationActions', validationActions]]),
];
