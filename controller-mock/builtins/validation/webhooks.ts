/** Webhooks that admission asks. */
import { causeInvalid, causeNotSupported, causeRequired } from '../../api/causes.ts';
import { stringsLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import { nameFaults } from '../../api/names.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, type Fields, items, strings, text } from '../fields.ts';
import { matchConditions, OPERATION_RULES } from './admission-operations.ts';
import { oneOf, uniqueBy, unless } from './checks.ts';
import { below, type Check, type Rule, rows } from './rule.ts';
import { selectorFaults } from './selectors.ts';
import { webhookServiceFaults, webhookUrlFaults } from './webhook-addresses.ts';

const SOURCE = 'pkg/apis/admissionregistration/validation/validation.go';

const webhooksOf = (object: KubeObject | undefined) => items(object, 'webhooks');

/** apimachinery, pkg/util/validation/validation.go IsFullyQualifiedName */
const fullName: Check = (value, { path }) => {
  const given = String(value ?? '');
  if (given === '') return causeRequired(path);
  const faults = nameFaults(given, 'dns-subdomain');
  if (faults.length > 0) return causeInvalid(path, given, faults.join(','));
  const detail = 'should be a domain with at least three segments separated by dots';
  return given.split('.').length < 3 ? causeInvalid(path, given, detail) : undefined;
};

const SIDE_EFFECTS = ['None', 'NoneOnDryRun'];

const sideEffects: Check = (value, { path, old }) => {
  const wasWrong = webhooksOf(old).some((webhook) => !SIDE_EFFECTS.includes(text(webhook, 'sideEffects')));
  const allowed = wasWrong ? ['None', 'NoneOnDryRun', 'Some', 'Unknown'] : SIDE_EFFECTS;
  if (value === undefined) return causeRequired(path, `must specify one of ${allowed.join(', ')}`);
  return allowed.includes(String(value)) ? undefined : causeNotSupported(path, value, allowed);
};

const REVIEWS = ['v1', 'v1beta1'];
const isKnown = (webhook: Fields) => {
  const versions = strings(webhook, 'admissionReviewVersions');
  return versions.length === 0 || versions.some((version) => REVIEWS.includes(version));
};

const reviewVersions: Check = (value, { path, old }) => {
  const versions = strings({ value }, 'value');
  if (versions.length === 0) return causeRequired(path, `must specify one of ${REVIEWS.join(', ')}`);
  const causes = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [causeInvalid(`${path}[${index}]`, version, 'duplicate version')]
      : nameFaults(version, 'dns-1035-label').map((fault) => causeInvalid(`${path}[${index}]`, version, fault)),
  );
  if (!webhooksOf(old).every(isKnown) || versions.some((version) => REVIEWS.includes(version))) return causes;
  const detail = `must include at least one of ${REVIEWS.join(', ')}`;
  return [...causes, causeInvalid(path, stringsLiteral(versions), detail)];
};

const hasWrongSelector = (webhook: Fields) =>
  ['namespaceSelector', 'objectSelector'].some((field) => selectorFaults(webhook[field], '').length > 0);

const webhookSelector: Check = (value, { path, old }) =>
  value === undefined ? undefined : selectorFaults(value, path, { anyValue: webhooksOf(old).some(hasWrongSelector) });

const clientConfig: Check = (value, { path }) => {
  const url = at(value, 'url');
  const service = at(value, 'service');
  if ((url === undefined) === (service === undefined)) {
    return causeRequired(path, 'exactly one of url or service is required');
  }
  return url === undefined
    ? webhookServiceFaults(service, `${path}.service`)
    : webhookUrlFaults(String(url), `${path}.url`);
};

/** Conditions that are as they were are not looked at. */
const newConditions: Check = (value, place) => {
  const [now, before] = [place.object, place.old].map((object) =>
    webhooksOf(object).map((webhook) => webhook.matchConditions ?? []),
  );
  return place.old && equalJson(now, before) ? undefined : matchConditions(value, place);
};

const hasDoubledNames = (object: KubeObject | undefined) => {
  const names = webhooksOf(object).map((webhook) => text(webhook, 'name'));
  return new Set(names).size < names.length;
};

const WEBHOOK_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateValidatingWebhook, validateMutatingWebhook`, [['name', fullName]]),
  ...below('rules[*]', OPERATION_RULES),
  ...rows(`${SOURCE} validateValidatingWebhook, validateMutatingWebhook`, [
    ['failurePolicy', oneOf('Fail', 'Ignore')],
    ['matchPolicy', oneOf('Equivalent', 'Exact')],
    ['sideEffects', sideEffects],
    [
      'timeoutSeconds',
      unless(
        (value) => typeof value === 'number' && (value < 1 || value > 30),
        'the timeout value must be between 1 and 30 seconds',
      ),
    ],
    ['namespaceSelector', webhookSelector],
    ['objectSelector', webhookSelector],
    ['reinvocationPolicy', oneOf('IfNeeded', 'Never')],
    ['clientConfig', clientConfig],
  ]),
  ...rows(`${SOURCE} validateMatchConditions`, [['matchConditions', newConditions]]),
  ...rows(`${SOURCE} validateAdmissionReviewVersions`, [['admissionReviewVersions', reviewVersions]]),
];

export const WEBHOOK_CONFIGURATION_RULES: readonly Rule[] = [
  ...below('webhooks[*]', WEBHOOK_RULES),
  ...rows(`${SOURCE} validateValidatingWebhookConfiguration, validateMutatingWebhookConfiguration`, [
    ['webhooks', (value, place) => (hasDoubledNames(place.old) ? undefined : uniqueBy('name')(value, place))],
  ]),
];
