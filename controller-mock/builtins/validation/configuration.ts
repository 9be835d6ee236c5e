/** ConfigMaps, Secrets and Namespaces. */
import { jsonFault } from '../../../model/protocol/json-syntax.ts';
import { causeForbidden, causeInvalid, causeRequired, causeTooLong, type StatusCause } from '../../api/causes.ts';
import { jsonType } from '../../api/go-values.ts';
import { equalJson, isPlainObject } from '../../api/json.ts';
import { configKeyFaults, labelKeyFaults } from '../../api/names.ts';
import { fields, strings, text } from '../fields.ts';
import { immutable } from './checks.ts';
import { type Check, type Place, type Rule, rows } from './rule.ts';

const SOURCE = 'pkg/apis/core/validation/validation.go';

/** Total size of the values of one ConfigMap or Secret. */
const DATA_LIMIT_BYTES = 2 ** 20;

const keys: Check = (value, place) => {
  let causes: StatusCause[] | undefined;
  for (const key in value as object) {
    const faults = configKeyFaults(key);
    if (faults.length === 0) continue;
    causes ??= [];
    causes.push(...faults.map((fault) => causeInvalid(`${place.path}[${key}]`, key, fault)));
  }
  return causes;
};

function sizeOf(values: Readonly<Record<string, unknown>>, encoding: 'utf8' | 'base64'): number {
  let size = 0;
  for (const key in values) size += Buffer.byteLength(values[key] as string, encoding);
  return size;
}

const keysOfBoth: Check = (value, place) => {
  const binary = fields(place.object, 'binaryData');
  return Object.keys((value ?? {}) as object)
    .filter((key) => Object.hasOwn(binary, key))
    .map((key) => causeInvalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
};

const isFixed = ({ old }: Place) => old?.immutable === true;

const staysFixed: Check = (value, place) =>
  isFixed(place) && value !== true ? causeForbidden(place.path, FIXED) : undefined;
const fixedContent: Check = (value, place) =>
  isFixed(place) && !equalJson(value ?? {}, place.before ?? {}) ? causeForbidden(place.path, FIXED) : undefined;
const FIXED = 'field is immutable when `immutable` is set';

const configMapSize: Check = (_value, { object }) =>
  sizeOf(fields(object, 'data'), 'utf8') + sizeOf(fields(object, 'binaryData'), 'base64') > DATA_LIMIT_BYTES
    ? // Go cannot name the whole: its path is one empty name, which it shows so.
      causeTooLong('[]', DATA_LIMIT_BYTES)
    : undefined;

export const CONFIG_MAP_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidateConfigMapUpdate`, [
    ['immutable', staysFixed],
    ['data', fixedContent],
    ['binaryData', fixedContent],
  ]),
  ...rows(`${SOURCE} ValidateConfigMap`, [
    ['data', keys],
    ['data', keysOfBoth],
    ['binaryData', keys],
    ['', configMapSize],
  ]),
];

/** Keys that a Secret of a type must have. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

const ACCOUNT = 'kubernetes.io/service-account.name';

const typedData: Check = (_value, { object }) => {
  const type = text(object, 'type');
  const data = fields(object, 'data');
  const causes: StatusCause[] = [];
  for (const key of SECRET_KEYS[type] ?? []) {
    if (!Object.hasOwn(data, key)) causes.push(causeRequired(`data[${key}]`));
    else if (key.startsWith('.docker')) {
      const fault = registriesFault(String(data[key]));
      if (fault !== undefined) causes.push(causeInvalid(`data[${key}]`, '<secret contents redacted>', fault));
    }
  }
  if (type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
    causes.push(causeRequired('data[username]'), causeRequired('data[password]'));
  }
  if (type === 'kubernetes.io/ssh-auth' && !data['ssh-privatekey']) causes.push(causeRequired('data[ssh-privatekey]'));
  if (type === 'kubernetes.io/service-account-token' && !object.metadata.annotations?.[ACCOUNT]) {
    causes.push(causeRequired(`metadata.annotations[${ACCOUNT}]`));
  }
  return causes;
};

/** What Go says of base64 that is to be a JSON object. */
function registriesFault(base64: string): string | undefined {
  const json = Buffer.from(base64, 'base64').toString();
  const fault = jsonFault(json);
  if (fault !== undefined) return fault;
  const value: unknown = JSON.parse(json);
  if (value === null || isPlainObject(value)) return undefined;
  return `json: cannot unmarshal ${jsonType(value)} into Go value of type map[string]interface {}`;
}

export const SECRET_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidateSecretUpdate`, [
    ['type', immutable('field is immutable', '')],
    ['immutable', staysFixed],
    ['data', fixedContent],
  ]),
  ...rows(`${SOURCE} ValidateSecret`, [
    ['data', keys],
    [
      'data',
      (value, place) =>
        sizeOf((value ?? {}) as Record<string, string>, 'base64') > DATA_LIMIT_BYTES
          ? causeTooLong(place.path, DATA_LIMIT_BYTES)
          : undefined,
    ],
    ['', typedData],
  ]),
];

const FINALIZERS = ['kubernetes', 'orphan', 'foregroundDeletion'];

/** validateFinalizerName. @param path of the list, or of the item */
function finalizerFaults(finalizer: string, path: string): StatusCause[] {
  const faults = [...labelKeyFaults(finalizer)];
  if (!finalizer.includes('/') && !FINALIZERS.includes(finalizer)) {
    faults.push('name is neither a standard finalizer name nor is it fully qualified');
  }
  return faults.map((fault) => causeInvalid(path, finalizer, fault));
}

export const NAMESPACE_RULES: readonly Rule[] = rows(`${SOURCE} ValidateNamespace`, [
  [
    'spec.finalizers',
    (value, place) => strings({ value }, 'value').flatMap((finalizer) => finalizerFaults(finalizer, place.path)),
  ],
]);

export const NAMESPACE_FINALIZE_RULES: readonly Rule[] = rows(`${SOURCE} ValidateNamespaceFinalizeUpdate`, [
  ['spec.finalizers[*]', (value, place) => finalizerFaults(String(value), place.path)],
]);

export const NAMESPACE_STATUS_RULES: readonly Rule[] = rows(`${SOURCE} ValidateNamespaceStatusUpdate`, [
  [
    'status.phase',
    (value, { object }) => {
      const isGoing = object.metadata.deletionTimestamp !== undefined;
      const [wanted, not] = isGoing ? ['Terminating', ' not'] : ['Active', ''];
      const detail = `may only be '${wanted}' if \`deletionTimestamp\` is${not} empty`;
      return value === wanted ? undefined : causeInvalid('status.Phase', value ?? '', detail);
    },
  ],
]);
