/** ConfigMaps, Secrets and storage. */

import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { jsonFault } from '../../../model/protocol/json-syntax.ts';
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { jsonType } from '../../api/go-values.ts';
import { equalJson, isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, ensure, type Fields, fields, fill, strings, text } from '../fields.ts';
import { quantityValue } from '../quantity.ts';
import { type Behaviours, defaulted, immutable } from './behaviour.ts';

/** Total size of the values of one ConfigMap or Secret. */
const DATA_LIMIT_BYTES = 2 ** 20;

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;

function dataFaults(object: KubeObject, decode: boolean): StatusCause[] {
  const causes: StatusCause[] = [];
  let size = 0;
  for (const name of ['data', 'binaryData']) {
    for (const [key, value] of Object.entries(fields(object, name))) {
      if (!KEY.test(key) || key === '.' || key.startsWith('..')) {
        const detail =
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        causes.push(causeInvalid(`${name}[${key}]`, key, detail));
      }
      size += Buffer.byteLength(String(value), decode || name === 'binaryData' ? 'base64' : 'utf8');
    }
  }
  for (const key of Object.keys(fields(object, 'binaryData'))) {
    if (Object.hasOwn(fields(object, 'data'), key)) {
      causes.push(causeInvalid(`data[${key}]`, key, 'duplicate of key present in binaryData'));
    }
  }
  if (size > DATA_LIMIT_BYTES) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${DATA_LIMIT_BYTES} bytes`,
      field: decode ? 'data' : '',
    });
  }
  return causes;
}

function immutableFaults(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  if (at(old, 'immutable') !== true) return [];
  const causes: StatusCause[] = [];
  const forbid = (field: string) => causes.push(causeForbidden(field, 'field is immutable when `immutable` is set'));
  if (object.immutable !== true) forbid('immutable');
  for (const field of ['data', 'binaryData']) if (!equalJson(object[field] ?? {}, old?.[field] ?? {})) forbid(field);
  return causes;
}

/** Keys that a Secret of a type must have. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

function secretTypeFaults(secret: KubeObject): StatusCause[] {
  const type = text(secret, 'type');
  const data = fields(secret, 'data');
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
  if (type === 'kubernetes.io/service-account-token') {
    if (!secret.metadata.annotations?.['kubernetes.io/service-account.name']) {
      causes.push(causeRequired('metadata.annotations[kubernetes.io/service-account.name]'));
    }
  }
  return causes;
}

/** What Go says of base64 that is to be a JSON object. */
function registriesFault(base64: string): string | undefined {
  const json = Buffer.from(base64, 'base64').toString();
  const fault = jsonFault(json);
  if (fault !== undefined) return fault;
  const value: unknown = JSON.parse(json);
  if (value === null || isPlainObject(value)) return undefined;
  return `json: cannot unmarshal ${jsonType(value)} into Go value of type map[string]interface {}`;
}

/** `stringData` is written into `data` and never read back. */
function fillSecret(secret: KubeObject): void {
  fill(secret, { type: 'Opaque' });
  if (secret.type === '') secret.type = 'Opaque';
  const plain = fields(secret, 'stringData');
  for (const [key, value] of Object.entries(plain)) {
    ensure(secret, 'data')[key] = Buffer.from(String(value)).toString('base64');
  }
  delete secret.stringData;
}

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

function accessModeFaults(object: KubeObject): StatusCause[] {
  const modes = strings(object, 'spec', 'accessModes');
  if (modes.length === 0) return [causeRequired('spec.accessModes', 'at least 1 access mode is required')];
  return modes
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => causeNotSupported('spec.accessModes', mode, ACCESS_MODES));
}

const requested = (claim: KubeObject | undefined) => at(claim, 'spec', 'resources', 'requests', 'storage');

/** What of a claim stays as it was created; a volume is named once, and the size may grow. */
function fixedClaim(claim: KubeObject, old: KubeObject): Fields {
  const { resources: _, ...spec } = fields(claim, 'spec');
  const early = text(old, 'spec', 'volumeName') === '';
  const { volumeName: __, storageClassName: ___, ...rest } = spec;
  return early ? rest : spec;
}

function claimFaults(claim: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const causes = accessModeFaults(claim);
  const size = requested(claim);
  if (size === undefined) causes.push(causeRequired('spec.resources[storage]'));
  else if (quantityValue(size) <= 0) {
    causes.push(causeInvalid('spec.resources[storage]', size, 'must be greater than zero'));
  }
  if (!old) return causes;
  if (!equalJson(fixedClaim(claim, old), fixedClaim(old, old))) {
    const detail =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    causes.push(causeForbidden('spec', detail));
  }
  if (quantityValue(size) < quantityValue(requested(old))) {
    const detail = 'field can not be less than status.capacity';
    causes.push(causeForbidden('spec.resources.requests.storage', detail));
  }
  return causes;
}

function fillVolume(volume: KubeObject): void {
  const spec = ensure(volume, 'spec');
  fill(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
  const hostPath = spec.hostPath;
  if (isPlainObject(hostPath)) fill(hostPath, { type: '' });
}

export const CONFIGURATION_BEHAVIOUR: Behaviours = {
  'v1 ConfigMap': { validate: (object, old) => [...dataFaults(object, false), ...immutableFaults(object, old)] },
  'v1 Secret': {
    ...defaulted(fillSecret),
    selectableFields: { type: (secret) => text(secret, 'type') },
    validate: (secret, old) => [
      ...dataFaults(secret, true),
      ...secretTypeFaults(secret),
      ...(old ? immutable(secret, old, 'type') : []),
      ...immutableFaults(secret, old),
    ],
  },
  'v1 PersistentVolumeClaim': {
    setDefaults: (claim) => fill(ensure(claim, 'spec'), { volumeMode: 'Filesystem' }),
    prepareCreate: (claim) => fill(ensure(claim, 'status'), { phase: 'Pending' }),
    validate: claimFaults,
  },
  'v1 PersistentVolume': {
    setDefaults: fillVolume,
    prepareCreate(volume, { clock }) {
      const lastPhaseTransitionTime = rfc3339(clock.now());
      fill(ensure(volume, 'status'), { phase: 'Pending', lastPhaseTransitionTime });
    },
    validate(volume) {
      const causes = accessModeFaults(volume);
      if (at(volume, 'spec', 'capacity', 'storage') === undefined) causes.push(causeRequired('spec.capacity'));
      return causes;
    },
  },
  'storage.k8s.io/v1 StorageClass': {
    ...defaulted((object) => fill(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' })),
    validate(object, old) {
      if (!old) return [];
      return ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'].flatMap((field) =>
        equalJson(object[field], old[field]) ? [] : [causeForbidden(field, `updates to ${field} are forbidden.`)],
      );
    },
  },
  'storage.k8s.io/v1 CSIDriver': defaulted((object) =>
    fill(ensure(object, 'spec'), {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: ['Persistent'],
      requiresRepublish: false,
      seLinuxMount: false,
    }),
  ),
};
