/** Jobs and CronJobs. */
import { causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { cloneJson, equalJson } from '../../api/json.ts';
import { nameFaults } from '../../api/names.ts';
import { at, type Fields, fields, number } from '../fields.ts';
import { atMost, first, immutable, nonNegative, oneOf, present, required } from './checks.ts';
import { schedule, timeZone } from './cron.ts';
import { FAILURE_POLICY_RULES, SUCCESS_POLICY_RULES } from './job-policies.ts';
import { TEMPLATE_RULES } from './pod-spec.ts';
import { below, type Check, type Rule, rows } from './rule.ts';
import { labelsLiteral, selectorLiteral, selects } from './scaling.ts';
import { selectorFaults, strictLabelSelector } from './selectors.ts';

export const batchSource = (name: string): string => `pkg/apis/batch/validation/validation.go ${name}`;

/** Pods of one Indexed Job. */
const INDEXED_LIMIT = 100_000;
/** Of one that has more completions than that. */
const HIGH_LIMIT = 10_000;
const MANAGER_LIMIT_BYTES = 63;

const isIndexed = (spec: unknown): boolean => at(spec, 'completionMode') === 'Indexed';

/** More completions than the server can tell failed from, with a limit for each index. */
const isHigh = (spec: unknown): boolean =>
  isIndexed(spec) && number(spec, 'completions') > INDEXED_LIMIT && at(spec, 'backoffLimitPerIndex') !== undefined;

const HIGH = `when completions are above ${INDEXED_LIMIT} and used with backoff limit per index`;

const limitPerIndex: Check = (value, { path, holder }) => {
  if (value === undefined) {
    return holder.maxFailedIndexes === undefined
      ? undefined
      : causeRequired(path, 'when maxFailedIndexes is specified');
  }
  return isIndexed(holder) ? undefined : causeInvalid(path, value, 'requires indexed completion mode');
};

const HTTP_PATH = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/;

const manager: Check = (value, { path }) => {
  if (value === undefined) return undefined;
  if (value === '') return causeRequired(path);
  const given = String(value);
  const slash = given.indexOf('/');
  const [domain, rest] = [given.slice(0, slash), given.slice(slash + 1)];
  if (slash <= 0 || rest === '') {
    return causeInvalid(path, given, 'must be a domain-prefixed path (such as "acme.io/foo")');
  }
  const causes = nameFaults(domain, 'dns-subdomain').map((fault) => causeInvalid(path, domain, fault));
  if (!HTTP_PATH.test(rest)) {
    causes.push(
      causeInvalid(path, rest, `Invalid path (regex used for validation is '${HTTP_PATH.source.slice(1, -1)}')`),
    );
  }
  return causes;
};

const completions: Check = (value, { path, holder }) =>
  isIndexed(holder) && value === undefined ? causeRequired(path, 'when completion mode is Indexed') : undefined;

const parallelism: Check = (value, { path, holder }) => {
  if (typeof value !== 'number' || !isIndexed(holder)) return undefined;
  const causes: StatusCause[] = [];
  if (value > INDEXED_LIMIT) {
    const detail = `must be less than or equal to ${INDEXED_LIMIT} when completion mode is Indexed`;
    causes.push(causeInvalid(path, value, detail));
  }
  if (isHigh(holder) && value > HIGH_LIMIT) {
    causes.push(causeInvalid(path, value, `must be less than or equal to ${HIGH_LIMIT} ${HIGH}`));
  }
  return causes;
};

const failedIndexes: Check = (value, { path, holder }) => {
  if (typeof value !== 'number') {
    if (!isHigh(holder)) return undefined;
    return causeRequired(path, `must be specified when completions is above ${INDEXED_LIMIT}`);
  }
  if (!isIndexed(holder)) {
    return holder.completionMode === 'NonIndexed'
      ? causeInvalid(path, value, 'requires indexed completion mode')
      : undefined;
  }
  const faults: string[] = [];
  if (typeof holder.completions === 'number' && value > holder.completions) {
    faults.push('must be less than or equal to completions');
  }
  if (value > INDEXED_LIMIT) faults.push(`must be less than or equal to ${INDEXED_LIMIT}`);
  if (isHigh(holder) && value > HIGH_LIMIT) faults.push(`must be less than or equal to ${HIGH_LIMIT} ${HIGH}`);
  return faults.map((fault) => causeInvalid(path, value, fault));
};

const replacement: Check = (value, { path, holder }) => {
  if (value === undefined || value === 'Failed') return undefined;
  if (holder.podFailurePolicy !== undefined) return causeNotSupported(path, value, ['Failed']);
  return value === 'TerminatingOrFailed'
    ? undefined
    : causeNotSupported(path, value, ['Failed', 'TerminatingOrFailed']);
};

const restartPolicy: Check = (value, place) => {
  const { path } = place;
  if (value === undefined || value === 'Always') return causeRequired(path, 'valid values: "OnFailure", "Never"');
  if (value !== 'OnFailure' && value !== 'Never') return causeNotSupported(path, value, ['OnFailure', 'Never']);
  if (value === 'Never' || at(place.up(2), 'podFailurePolicy') === undefined) return undefined;
  return causeInvalid(path, value, 'only "Never" is supported when podFailurePolicy is specified');
};

/** Of a Job, and of what a CronJob makes Jobs of: validateJobSpec. */
const SPEC_RULES: readonly Rule[] = [
  ...rows(batchSource('validateJobSpec'), [
    ['parallelism', nonNegative],
    ['completions', nonNegative],
    ['activeDeadlineSeconds', nonNegative],
    ['backoffLimit', nonNegative],
    ['ttlSecondsAfterFinished', nonNegative],
    ['backoffLimitPerIndex', nonNegative],
    ['maxFailedIndexes', nonNegative],
    ['managedBy', manager],
    ['managedBy', atMost(MANAGER_LIMIT_BYTES)],
    ['completionMode', oneOf('NonIndexed', 'Indexed')],
    ['completions', completions],
    ['parallelism', parallelism],
    ['maxFailedIndexes', failedIndexes],
    ['backoffLimitPerIndex', limitPerIndex],
  ]),
  ...below('podFailurePolicy', FAILURE_POLICY_RULES),
  ...below('successPolicy', SUCCESS_POLICY_RULES),
  ...rows(batchSource('validatePodReplacementPolicy'), [['podReplacementPolicy', replacement]]),
  ...below('template!', TEMPLATE_RULES),
  ...rows(batchSource('validateJobSpec'), [['template!.spec!.restartPolicy', restartPolicy]]),
];

const selected: Check = (value, { path, holder }) => {
  const { selector } = holder;
  if (selectorFaults(selector, '').length > 0) return undefined;
  const labels = fields(value, 'metadata', 'labels');
  if (selector !== undefined && selects(selector, labels)) return undefined;
  return causeInvalid(`${path}.metadata.labels`, labelsLiteral(labels), '`selector` does not match template `labels`');
};

const LABELS = [
  ['controller-uid', 'uid'],
  ['job-name', 'name'],
  ['batch.kubernetes.io/controller-uid', 'uid'],
  ['batch.kubernetes.io/job-name', 'name'],
] as const;

/** That labels and selector are those that the server gives, unless the user wants to see to it. */
const generated: Check = (_value, { object }) => {
  const spec = fields(object, 'spec');
  if (spec.manualSelector === true || spec.selector === undefined) return undefined;
  const labels = fields(spec, 'template', 'metadata', 'labels');
  const causes: StatusCause[] = [];
  for (const [key, from] of LABELS) {
    const wanted = object.metadata[from] ?? '';
    const field = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) causes.push(causeRequired(field, `must be '${wanted}'`));
    else if (labels[key] !== wanted) causes.push(causeInvalid(field, labelsLiteral(labels), `must be '${wanted}'`));
  }
  const expected = Object.fromEntries(LABELS.map(([key, from]) => [key, object.metadata[from] ?? '']));
  if (selectorFaults(spec.selector, '').length === 0 && !selects(spec.selector, expected)) {
    causes.push(causeInvalid('spec.selector', selectorLiteral(spec.selector), '`selector` not auto-generated'));
  }
  return causes;
};

/** The last pod's name is a host's, too. */
const hostnames: Check = (value, { path, object }) => {
  const count = at(object, 'spec', 'completions');
  if (!isIndexed(object.spec) || typeof count !== 'number' || count <= 0) return undefined;
  const longest = `${value}-${count - 1}`;
  if (nameFaults(longest, 'dns-label').length === 0) return undefined;
  return causeInvalid(path, value, `will not able to create pod with invalid DNS label: ${longest}`);
};

const sameCompletions: Check = (value, { path, old, before, holder }) => {
  if (!old || value === before) return undefined;
  if (!isIndexed(holder)) return causeInvalid(path, value ?? null, 'field is immutable');
  if (value === undefined || value === holder.parallelism) return undefined;
  return causeInvalid(path, value, 'can only be modified in tandem with spec.parallelism');
};

/** What of a template may change before its first pod. */
const DIRECTIVES = ['nodeSelector', 'tolerations', 'schedulingGates'];

function withoutDirectives(template: unknown): Fields {
  const { metadata: _, ...rest } = cloneJson(fields(template)) as Fields;
  const spec = fields(rest, 'spec') as Fields;
  for (const field of DIRECTIVES) delete spec[field];
  const affinity = spec.affinity as Fields | undefined;
  if (affinity) delete affinity.nodeAffinity;
  if (affinity && Object.keys(affinity).length === 0) delete spec.affinity;
  return rest;
}

const sameTemplate: Check = (value, { path, old, before }) => {
  if (!old || equalJson(value, before)) return undefined;
  const waits = at(old, 'spec', 'suspend') === true && at(old, 'status', 'startTime') === undefined;
  if (waits && equalJson(withoutDirectives(value), withoutDirectives(before))) return undefined;
  return causeInvalid(path, value, 'field is immutable');
};

const sameSelector: Check = (value, { path, old, before }) =>
  !old || equalJson(value, before) ? undefined : causeInvalid(path, selectorLiteral(value), 'field is immutable');

const JOB_RULES: readonly Rule[] = [
  ...rows(batchSource('validateGeneratedSelector'), [['', generated]]),
  ...below('spec!', SPEC_RULES),
  ...rows(batchSource('ValidateJobSpec'), [
    ['spec.selector', present()],
    ['spec.selector', strictLabelSelector],
    ['spec.template', selected],
  ]),
  ...rows(batchSource('ValidateJob'), [['metadata.name', hostnames]]),
  ...rows(batchSource('validateCompletions'), [['spec.completions', sameCompletions]]),
  ...rows(batchSource('ValidateJobSpecUpdate'), [['spec.selector', sameSelector]]),
  ...rows(batchSource('validatePodTemplateUpdate'), [['spec.template', sameTemplate]]),
  ...rows(batchSource('ValidateJobSpecUpdate'), [
    ['spec.completionMode', immutable()],
    ['spec.podFailurePolicy', immutable()],
    ['spec.backoffLimitPerIndex', immutable()],
    ['spec.managedBy', immutable()],
    ['spec.successPolicy', immutable()],
  ]),
];

/** What the controller adds to it still fits into the name of a Job. */
const shortName: Check = (value, { path, old }) =>
  !old && String(value ?? '').length > 52 ? causeInvalid(path, value, 'must be no more than 52 characters') : undefined;

const noSelector: Check = (value, { path }) =>
  value === undefined ? undefined : causeInvalid(path, selectorLiteral(value), '`selector` will be auto-generated');

const notManual: Check = (value, { path }) =>
  value === true ? causeNotSupported(path, value, ['nil', 'false']) : undefined;

const CRON_JOB_RULES: readonly Rule[] = [
  ...rows(batchSource('validateScheduleFormat'), [['spec!.schedule', first(required(), schedule)]]),
  ...rows(batchSource('validateCronJobSpec'), [['spec.startingDeadlineSeconds', nonNegative]]),
  ...rows(batchSource('validateTimeZone'), [['spec.timeZone', timeZone]]),
  ...rows(batchSource('validateConcurrencyPolicy'), [['spec.concurrencyPolicy', oneOf('Allow', 'Forbid', 'Replace')]]),
  ...below('spec!.jobTemplate!.spec!', SPEC_RULES),
  ...rows(batchSource('ValidateJobTemplateSpec'), [
    ['spec.jobTemplate.spec.selector', noSelector],
    ['spec.jobTemplate.spec.manualSelector', notManual],
  ]),
  ...rows(batchSource('validateCronJobSpec'), [
    ['spec.successfulJobsHistoryLimit', nonNegative],
    ['spec.failedJobsHistoryLimit', nonNegative],
  ]),
  ...rows(batchSource('ValidateCronJobCreate'), [['metadata.name', shortName]]),
];

export const JOB_KIND_RULES: Readonly<Record<string, readonly Rule[]>> = {
  'batch/v1 Job': JOB_RULES,
  'batch/v1 CronJob': CRON_JOB_RULES,
};
