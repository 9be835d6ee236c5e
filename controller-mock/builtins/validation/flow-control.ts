/** Flow schemas and priority levels of requests. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  type StatusCause,
} from '../../api/causes.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import { nameFaults } from '../../api/names.ts';
import { at, type Fields, items, number, strings, text } from '../fields.ts';
import { first, name, required, unless } from './checks.ts';
import { type Check, type Place, type Rule, rows } from './rule.ts';

const SOURCE = 'pkg/apis/flowcontrol/validation/validation.go';

const HIGHEST_PRECEDENCE = 10_000;

const precedence: Check = (value, { path, object }) => {
  const given = typeof value === 'number' ? value : 0;
  if (given <= 0) return causeInvalid(path, given, 'must be a positive value');
  if (given > HIGHEST_PRECEDENCE) return causeInvalid(path, given, `must not be greater than ${HIGHEST_PRECEDENCE}`);
  return given === 1 && object.metadata.name !== 'exempt'
    ? causeInvalid(path, given, "only the schema named 'exempt' may have matchingPrecedence 1")
    : undefined;
};

const SUBJECTS = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const;
type SubjectKind = keyof typeof SUBJECTS;

const isKind = (kind: string): kind is SubjectKind => Object.hasOwn(SUBJECTS, kind);

/** ValidateFlowSchemaSubject */
const subject: Check = (value, { path }) => {
  const kind = text(value, 'kind');
  if (!isKind(kind)) return causeNotSupported(`${path}.kind`, kind, Object.keys(SUBJECTS));
  const own = SUBJECTS[kind];
  const causes = subjectFaults(kind, at(value, own), `${path}.${own}`);
  for (const other of ['serviceAccount', 'user', 'group']) {
    if (other === own || at(value, other) === undefined) continue;
    const title = `${other[0]!.toUpperCase()}${other.slice(1)}`;
    causes.push(causeForbidden(`${path}.${other}`, `${other} is forbidden when subject kind is not '${title}'`));
  }
  return causes;
};

function subjectFaults(kind: SubjectKind, value: unknown, path: string): StatusCause[] {
  if (value === undefined) {
    return [causeRequired(path, `${SUBJECTS[kind]} is required when subject kind is '${kind}'`)];
  }
  const named = text(value, 'name');
  const causes = named === '' ? [causeRequired(`${path}.name`)] : [];
  if (kind !== 'ServiceAccount') return causes;
  if (named !== '' && named !== '*') {
    causes.push(...nameFaults(named, 'dns-subdomain').map((fault) => causeInvalid(`${path}.name`, named, fault)));
  }
  const namespace = text(value, 'namespace');
  if (namespace === '') causes.push(causeRequired(`${path}.namespace`, 'must specify namespace for service account'));
  else {
    const faults = nameFaults(namespace, 'dns-label');
    causes.push(...faults.map((fault) => causeInvalid(`${path}.namespace`, namespace, fault)));
  }
  return causes;
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

const isCrowded = (list: readonly string[]) => list.length > 1 && list.includes('*');
const crowded = (list: readonly string[], path: string, what: string) =>
  isCrowded(list)
    ? [causeInvalid(path, stringsLiteral(list), `if '*' is present, must not specify other ${what}`)]
    : [];

const verbs: Check = (value, { path }) => {
  const list = strings({ value }, 'value');
  if (list.length === 0) return causeRequired(path, 'verbs must contain at least one value');
  if (list.includes('*')) return crowded(list, path, 'verbs');
  return list.every((verb) => VERBS.includes(verb)) ? undefined : causeNotSupported(path, stringsLiteral(list), VERBS);
};

const listOf =
  (missing: string, others: string): Check =>
  (value, { path }) => {
    const list = strings({ value }, 'value');
    return list.length === 0 ? causeRequired(path, missing) : crowded(list, path, others);
  };

const namespaces: Check = (value, { path, holder }) => {
  const list = strings({ value }, 'value');
  if (list.length === 0 && holder.clusterScope !== true) {
    return causeRequired(path, 'resource rules that are not cluster scoped must supply at least one namespace');
  }
  if (list.includes('*')) return crowded(list, path, 'namespaces');
  return list.flatMap((namespace, index) =>
    nameFaults(namespace, 'dns-label').map((fault) =>
      causeInvalid(
        `${path}[${index}]`,
        namespace,
        `each member of this list must be '*' or a DNS-1123 label; ${fault}`,
      ),
    ),
  );
};

/** ValidateNonResourceURLPath */
function urlFault(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (url === '/') return undefined;
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const { length } = url.split('*');
  return length > 2 || (length === 2 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}

const urls: Check = (value, { path }) => {
  const list = strings({ value }, 'value');
  if (list.length === 0) return causeRequired(path, 'nonResourceURLs must contain at least one value');
  if (list.includes('*')) return crowded(list, path, 'non-resource URLs');
  return list.flatMap((url, index) => {
    const fault = urlFault(url);
    return fault === undefined ? [] : [causeInvalid(`${path}[${index}]`, url, fault)];
  });
};

const someRule: Check = (value, { path }) =>
  items(value, 'resourceRules').length + items(value, 'nonResourceRules').length === 0
    ? causeRequired(path, 'at least one of resourceRules and nonResourceRules has to be non-empty')
    : undefined;

const conditions: Check = (value, { path }) => {
  const types = items({ value }, 'value').map((condition) => text(condition, 'type'));
  return types.flatMap((type, index) => [
    ...(types.indexOf(type) < index ? [causeDuplicate(`${path}[${index}].type`, type)] : []),
    ...(type === '' ? [causeRequired(`${path}[${index}].type`, 'must not be empty')] : []),
  ]);
};

const everything = {
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  clusterScope: true,
  namespaces: ['*'],
};

const groups = (...names: string[]) => names.map((group) => ({ kind: 'Group', group: { name: group } }));

const schemaOf = (level: string, matchingPrecedence: number, byUser: boolean, ...names: string[]): Fields => ({
  priorityLevelConfiguration: { name: level },
  matchingPrecedence,
  ...(byUser && { distinguisherMethod: { type: 'ByUser' } }),
  rules: [
    {
      subjects: groups(...names),
      resourceRules: [everything],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    },
  ],
});

/** Schemas and levels that every server has as they are (kubernetes/apiserver, pkg/apis/flowcontrol/bootstrap/default.go). */
const MANDATORY_SCHEMAS: Readonly<Record<string, Fields>> = {
  exempt: schemaOf('exempt', 1, false, 'system:masters'),
  'catch-all': schemaOf('catch-all', 10_000, true, 'system:unauthenticated', 'system:authenticated'),
};
const CATCH_ALL: Fields = {
  type: 'Limited',
  limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
};

const mandatorySchema: Check = (value, { path, object }) => {
  const wanted = MANDATORY_SCHEMAS[object.metadata.name ?? ''];
  if (wanted === undefined || equalJson(value, wanted)) return undefined;
  return causeInvalid(path, value, `spec of '${object.metadata.name}' must equal the fixed value`);
};

const methodLiteral = (type: unknown) =>
  new GoLiteral(`flowcontrol.FlowDistinguisherMethod{Type:${JSON.stringify(type ?? '')}}`);

export const FLOW_SCHEMA_STATUS_RULES: readonly Rule[] = rows(`${SOURCE} ValidateFlowSchemaStatus`, [
  ['status.conditions', conditions],
]);

export const FLOW_SCHEMA_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidateFlowSchemaSpec`, [
    ['spec.matchingPrecedence', precedence],
    [
      'spec.distinguisherMethod.type',
      (value, { path, holder }) =>
        value === 'ByNamespace' || value === 'ByUser'
          ? undefined
          : causeNotSupported(path, methodLiteral(holder.type), ['ByNamespace', 'ByUser']),
    ],
    ['spec.priorityLevelConfiguration.name', first(required('must reference a priority level'), name('dns-subdomain'))],
  ]),
  ...rows(`${SOURCE} ValidateFlowSchemaPolicyRulesWithSubjects`, [
    ['spec.rules[*].subjects[*]', subject],
    ['spec.rules[*].subjects', required('subjects must contain at least one value')],
    ['spec.rules[*]', someRule],
  ]),
  ...rows(`${SOURCE} ValidateFlowSchemaResourcePolicyRule`, [
    ['spec.rules[*].resourceRules[*].verbs', verbs],
    [
      'spec.rules[*].resourceRules[*].apiGroups',
      listOf('resource rules must supply at least one api group', 'api groups'),
    ],
    [
      'spec.rules[*].resourceRules[*].resources',
      listOf('resource rules must supply at least one resource', 'resources'),
    ],
    ['spec.rules[*].resourceRules[*].namespaces', namespaces],
  ]),
  ...rows(`${SOURCE} ValidateFlowSchemaNonResourcePolicyRule`, [
    ['spec.rules[*].nonResourceRules[*].verbs', verbs],
    ['spec.rules[*].nonResourceRules[*].nonResourceURLs', urls],
  ]),
  ...rows(`${SOURCE} ValidateFlowSchema`, [['spec', mandatorySchema]]),
  ...FLOW_SCHEMA_STATUS_RULES,
];

const isExempt = (place: Place) => text(place.object, 'spec', 'type') === 'Exempt';
const isLimited = (place: Place) => text(place.object, 'spec', 'type') === 'Limited';

const levelType: Check = (value, { path, object }) => {
  const given = value ?? '';
  const causes =
    (object.metadata.name === 'exempt') === (given === 'Exempt')
      ? []
      : [causeInvalid(path, given, "type must be 'Exempt' if and only if name is 'exempt'")];
  if (given === 'Exempt' || given === 'Limited') return causes;
  return [...causes, causeNotSupported(path, given, ['Exempt', 'Limited'])];
};

const percent = unless(
  (value) => typeof value === 'number' && (value < 0 || value > 100),
  'must be between 0 and 100, inclusive',
);
const shares = unless((value) => typeof value === 'number' && value < 0, 'must be a non-negative integer');

const MOST_QUEUES = 10_000_000;
const MOST_HASH_BITS = 60;

/** kubernetes/apiserver, pkg/util/shufflesharding/dealer.go RequiredEntropyBits */
const entropyBits = (queues: number, handSize: number) => Math.ceil(Math.log2(queues) * handSize);

const queuing: Check = (value, { path }) => {
  if (value === undefined) return undefined;
  const [queues, handSize, limit] = ['queues', 'handSize', 'queueLengthLimit'].map((field) => number(value, field)) as [
    number,
    number,
    number,
  ];
  const causes: StatusCause[] = [];
  const fault = (field: string, given: number, detail: string) =>
    causes.push(causeInvalid(`${path}.${field}`, given, detail));
  if (limit <= 0) fault('queueLengthLimit', limit, 'must be positive');
  if (queues <= 0) fault('queues', queues, 'must be positive');
  else if (queues > MOST_QUEUES) fault('queues', queues, `must not be greater than ${MOST_QUEUES}`);
  if (handSize <= 0) fault('handSize', handSize, 'must be positive');
  else if (handSize > queues) fault('handSize', handSize, `should not be greater than queues (${queues})`);
  else if (entropyBits(queues, handSize) > MOST_HASH_BITS) {
    const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${MOST_HASH_BITS}`;
    fault('handSize', handSize, detail);
  }
  return causes;
};

const limitResponse: Check = (value, { path }) => {
  const type = text(value, 'type');
  const queues = at(value, 'queuing');
  if (type === 'Reject') {
    const detail = 'must be nil if limited.limitResponse.type is not Limited';
    return queues === undefined ? undefined : causeForbidden(`${path}.queuing`, detail);
  }
  if (type !== 'Queue') return causeNotSupported(`${path}.type`, type, ['Queue', 'Reject']);
  const detail = 'must not be empty if limited.limitResponse.type is Limited';
  return queues === undefined ? causeRequired(`${path}.queuing`, detail) : undefined;
};

const limited: Check = (value, place) => {
  if (isExempt(place)) {
    return value === undefined ? undefined : causeForbidden(place.path, 'must be nil if the type is not Limited');
  }
  return isLimited(place) && value === undefined
    ? causeRequired(place.path, 'must not be empty when type is Limited')
    : undefined;
};

const mandatoryLevel: Check = (value, { path, object }) => {
  const named = object.metadata.name;
  if (named === 'catch-all') {
    return equalJson(value, CATCH_ALL)
      ? undefined
      : causeInvalid(path, value, "spec of 'catch-all' must equal the fixed value");
  }
  const { exempt: _, ...rest } = value as Fields;
  if (named !== 'exempt' || equalJson(rest, { type: 'Exempt' })) return undefined;
  return causeInvalid(path, value, "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value");
};

const inLimited =
  (check: Check): Check =>
  (value, place) =>
    isLimited(place) ? check(value, place) : undefined;
const inExempt =
  (check: Check): Check =>
  (value, place) =>
    isExempt(place) ? check(value, place) : undefined;

export const PRIORITY_LEVEL_STATUS_RULES: readonly Rule[] = rows(`${SOURCE} ValidatePriorityLevelConfigurationStatus`, [
  ['status.conditions', conditions],
]);

export const PRIORITY_LEVEL_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidatePriorityLevelConfigurationSpec`, [
    ['spec.type', levelType],
    ['spec.limited', limited],
    [
      'spec.exempt',
      inLimited((value, { path }) =>
        value === undefined ? undefined : causeForbidden(path, 'must be nil if the type is Limited'),
      ),
    ],
  ]),
  ...rows(`${SOURCE} ValidateExemptPriorityLevelConfiguration`, [
    ['spec.exempt.nominalConcurrencyShares', inExempt(shares)],
    ['spec.exempt.lendablePercent', inExempt(percent)],
  ]),
  ...rows(`${SOURCE} ValidateLimitedPriorityLevelConfiguration`, [
    ['spec.limited.nominalConcurrencyShares', inLimited(shares)],
    ['spec.limited.limitResponse', inLimited(limitResponse)],
    [
      'spec.limited.limitResponse.queuing',
      (value, place) => (isLimited(place) && place.holder.type === 'Queue' ? queuing(value, place) : undefined),
    ],
    ['spec.limited.lendablePercent', inLimited(percent)],
    [
      'spec.limited.borrowingLimitPercent',
      inLimited(
        unless((value) => typeof value === 'number' && value < 0, 'if specified, must be a non-negative integer'),
      ),
    ],
  ]),
  ...rows(`${SOURCE} ValidateIfMandatoryPriorityLevelConfigurationObject`, [['spec', mandatoryLevel]]),
  ...PRIORITY_LEVEL_STATUS_RULES,
];
