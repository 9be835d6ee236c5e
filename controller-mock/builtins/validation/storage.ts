/** Claims and classes of storage. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooLong,
  type StatusCause,
} from '../../api/causes.ts';
import { equalJson } from '../../api/json.ts';
import { labelKeyFaults, nameFaults } from '../../api/names.ts';
import type { KubeObject } from '../../api/object.ts';
import { quantityNanos } from '../../api/quantity.ts';
import { at, type Fields, fields, items, strings, text } from '../fields.ts';
import { exactlyOneOf, first, immutable, name, oneOf, renamed, required, textWithout, unchanged } from './checks.ts';
import { basicQuantity, nameLiteral, quantityFaults } from './resources.ts';
import { below, type Check, type Rule, rows } from './rule.ts';
import { labelSelector, topologyTerm } from './selectors.ts';
import { accessModes } from './volumes.ts';

const CORE = 'pkg/apis/core/validation/validation.go';
const SOURCE = 'pkg/apis/storage/validation/validation.go';

const requested = (claim: unknown) => at(claim, 'spec', 'resources', 'requests', 'storage');

/** Of the spec. */
const requestedSize: Check = (value, place) => {
  const path = `${place.path}.resources[storage]`;
  const size = at(value, 'resources', 'requests', 'storage');
  return size === undefined
    ? causeRequired(path)
    : quantityNanos(size) <= 0n
      ? causeInvalid(path, size, 'must be greater than zero')
      : undefined;
};

const dataSource: Check = (value, { path, old }) => {
  if (value === undefined) return undefined;
  const causes = ['name', 'kind']
    .filter((field) => !text(value, field))
    .map((field) => causeRequired(`${path}.${field}`));
  const kind = text(value, 'kind');
  const group = text(value, 'apiGroup');
  if (group === '' && kind !== 'PersistentVolumeClaim') {
    causes.push(causeInvalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  }
  const wasWrong = ['dataSource', 'dataSourceRef'].some((field) => {
    const before = text(old, 'spec', field, 'apiGroup');
    return before !== '' && nameFaults(before, 'dns-subdomain').length > 0;
  });
  if (group === '' || wasWrong) return causes;
  return [
    ...causes,
    ...nameFaults(group, 'dns-subdomain').map((fault) => causeInvalid(`${path}.apiGroup`, group, fault)),
  ];
};

const sameDataSources: Check = (value, { path }) => {
  const { dataSource: source, dataSourceRef: reference } = value as Fields;
  if (source === undefined || reference === undefined || equalJson(source, reference)) return undefined;
  return causeInvalid(path, `${path}.dataSource`, 'must match dataSourceRef');
};

const CLASS = 'volume.beta.kubernetes.io/storage-class';

/** What of a claim stays as it was created; a volume and a class are named once, and a bound claim may grow. */
function fixedClaim(claim: KubeObject, old: KubeObject): Fields {
  const { resources, volumeName, storageClassName, ...rest } = fields(claim, 'spec');
  const before = old.metadata.annotations?.[CLASS];
  const now = at(claim, 'spec', 'storageClassName');
  const mayName =
    at(old, 'spec', 'storageClassName') === undefined && (before === undefined || now === before || now === undefined);
  const isBound = text(old, 'status', 'phase') === 'Bound';
  const requests = fields(resources, 'requests');
  return {
    ...rest,
    ...(text(old, 'spec', 'volumeName') !== '' && { volumeName }),
    ...(!mayName && { storageClassName }),
    resources: isBound ? { ...(resources as Fields), requests: { ...requests, storage: '' } } : resources,
  };
}

const sameClaim: Check = (_value, { object, old }) => {
  if (!old || equalJson(fixedClaim(object, old), fixedClaim(old, old))) return undefined;
  const detail =
    'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  return causeForbidden('spec', detail);
};

const growing: Check = (_value, { object, old }) => {
  if (!old || quantityNanos(requested(object)) >= quantityNanos(requested(old))) return undefined;
  const kept = at(old, 'status', 'capacity', 'storage');
  return quantityNanos(requested(object)) <= quantityNanos(kept)
    ? causeForbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')
    : undefined;
};

const sameAnnotation: Check = (value, { old, object }) => {
  const [now, before] = [text(value, CLASS), old?.metadata.annotations?.[CLASS] ?? ''];
  const moved = now === '' && before !== '' && at(object, 'spec', 'storageClassName') === before;
  if (!old || now === before || moved) return undefined;
  return causeInvalid(`metadata.annotations.${CLASS}`, now, 'field is immutable');
};

/** Of the spec of a claim, be it of a template. */
export const CLAIM_SPEC_RULES: readonly Rule[] = [
  ...rows(`${CORE} ValidatePersistentVolumeClaimSpec`, [
    ['accessModes', accessModes('at least 1 access mode is required')],
    ['selector', labelSelector],
    ['', requestedSize],
    ['storageClassName', name('dns-subdomain')],
    [
      'volumeMode',
      (value, place) => (value === undefined ? undefined : exactlyOneOf('Block', 'Filesystem')(value, place)),
    ],
  ]),
  ...rows(`${CORE} validateDataSource, validateDataSourceRef`, [
    ['dataSource', dataSource],
    ['dataSourceRef', dataSource],
    ['dataSourceRef.namespace', name('dns-label')],
    ['', sameDataSources],
  ]),
];

export const CLAIM_RULES: readonly Rule[] = [
  ...below('spec!', CLAIM_SPEC_RULES),
  ...rows(`${CORE} ValidatePersistentVolumeClaimUpdate`, [
    ['metadata.annotations', sameAnnotation],
    ['', sameClaim],
    ['', growing],
    ['spec.volumeMode', renamed('spec.volumeMode', 'volumeMode', immutable())],
  ]),
];

const RESIZES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

/** validatePersistentVolumeClaimResourceKey */
function claimResourceFaults(key: string, path: string): StatusCause[] {
  const faults = labelKeyFaults(key).map((fault) => causeInvalid(path, key, fault));
  const isNative = !key.includes('/') || key.includes('kubernetes.io/');
  return faults.length === 0 && isNative && key !== 'storage' ? [causeNotSupported(path, key, ['storage'])] : faults;
}

export const CLAIM_STATUS_RULES: readonly Rule[] = rows(`${CORE} ValidatePersistentVolumeClaimStatusUpdate`, [
  ['status.capacity{*}', basicQuantity],
  [
    'status.allocatedResourceStatuses',
    (value) =>
      Object.entries((value ?? {}) as Record<string, string>).flatMap(([key, state]) => {
        const path = 'status.allocatedResourceStatus';
        const causes = claimResourceFaults(key, path);
        return RESIZES.includes(state) ? causes : [...causes, causeNotSupported(path, nameLiteral(key), RESIZES)];
      }),
  ],
  [
    'status.allocatedResources',
    (value, place) =>
      Object.entries((value ?? {}) as Fields).flatMap(([key, quantity]) => {
        const causes = claimResourceFaults(key, place.path);
        const here = `${place.path}[${key}]`;
        if (causes.length > 0) return causes;
        const isNegative = quantityNanos(quantity) <= -(10n ** 9n);
        const whole = Number(quantityNanos(quantity) / 10n ** 9n);
        return isNegative
          ? [causeInvalid(here, whole, 'must be a valid resource quantity')]
          : quantityFaults('storage', quantity, here);
      }),
  ],
]);

const PARAMETERS = 512;
const PARAMETERS_LIMIT_BYTES = 256 * 1024;

/** Bytes of all keys and values. */
export const sizeOf = (map: Readonly<Fields>) =>
  Object.entries(map).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(String(value)), 0);

const parameters: Check = (value, { path }) => {
  const given = fields({ value }, 'value');
  if (Object.keys(given).length > PARAMETERS) return causeTooLong(path, PARAMETERS);
  const causes = '' in given ? [causeInvalid(path, '', 'field can not be empty.')] : [];
  return sizeOf(given) > PARAMETERS_LIMIT_BYTES ? [...causes, causeTooLong(path, PARAMETERS_LIMIT_BYTES)] : causes;
};

/** Terms that select the same as one before. */
const distinctTerms: Check = (value, { path }) => {
  const terms = items({ value }, 'value').map((term) => termKey(term));
  // Upstream compares with as many empty terms as there are terms, too.
  const blanks = terms.map(() => termKey({}));
  return terms.flatMap((key, index) =>
    [...blanks, ...terms.slice(0, index)]
      .filter((other) => other === key)
      .map(() => causeDuplicate(`${path}[${index}].matchLabelExpressions`, '')),
  );
};

const termKey = (term: Fields) =>
  JSON.stringify(
    items(term, 'matchLabelExpressions')
      .map((expression) => [text(expression, 'key'), [...new Set(strings(expression, 'values'))].sort()])
      .sort(),
  );

const kept = (field: string): Check => unchanged(`updates to ${field} are forbidden.`);

export const STORAGE_CLASS_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidateStorageClass`, [
    [
      'provisioner',
      first(
        required(),
        textWithout((given) => labelKeyFaults(given.toLowerCase())),
      ),
    ],
    ['parameters', parameters],
    ['reclaimPolicy', oneOf('Delete', 'Retain')],
    ['volumeBindingMode', exactlyOneOf('Immediate', 'WaitForFirstConsumer')],
    ['allowedTopologies[*]', topologyTerm],
    ['allowedTopologies', distinctTerms],
  ]),
  ...rows(`${SOURCE} ValidateStorageClassUpdate`, [
    ['parameters', kept('parameters')],
    ['provisioner', kept('provisioner')],
    ['reclaimPolicy', kept('reclaimPolicy')],
    ['volumeBindingMode', immutable()],
  ]),
];
