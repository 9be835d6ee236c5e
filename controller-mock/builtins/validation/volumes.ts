/** PersistentVolumes, and the volumes that are written into attachments. */
import { posix } from 'node:path';
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired } from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import { equalJson, isPlainObject } from '../../api/json.ts';
import { at, type Fields, fields, strings } from '../fields.ts';
import { all, immutable, name, oneOf, present, renamed, required } from './checks.ts';
import { basicQuantity, positiveQuantity, quantityLiteral } from './resources.ts';
import { below, type Check, type Rule, rows } from './rule.ts';
import { nodeFieldRequirement, nodeRequirement } from './selectors.ts';
import { type Kind, kindsOf, oneKind, VOLUME_KIND_RULES } from './volume-kinds.ts';

const SOURCE = 'pkg/apis/core/validation/validation.go';

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];

/** Modes of volumes and of claims; causes name the list. @param missing what is said of none */
export const accessModes =
  (missing = ''): Check =>
  (value, { path }) => {
    const modes = strings({ value }, 'value');
    if (modes.length === 0) return causeRequired(path, missing);
    const causes = modes
      .filter((mode) => !ACCESS_MODES.includes(mode))
      .map((mode) => causeNotSupported(path, mode, ACCESS_MODES));
    const isShared = modes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode));
    if (modes.includes('ReadWriteOncePod') && isShared) {
      causes.push(causeForbidden(path, 'may not use ReadWriteOncePod with other access modes'));
    }
    return causes;
  };

/** Where a volume can be used: selectors of nodes. */
const nodeAffinity = (field: string): Rule[] => [
  ...rows(`${SOURCE} validateVolumeNodeAffinity`, [
    [`${field}.required`, present('must specify required node constraints')],
    [`${field}.required.nodeSelectorTerms`, required('must have at least one node selector term')],
  ]),
  ...rows(`${SOURCE} ValidateNodeSelectorTerm`, [
    [`${field}.required.nodeSelectorTerms[*].matchExpressions[*]`, nodeRequirement],
    [`${field}.required.nodeSelectorTerms[*].matchFields[*]`, nodeFieldRequirement],
  ]),
];

function resourcesLiteral(resources: Readonly<Fields>): GoLiteral {
  const names = Object.keys(resources).sort();
  const entries = names.map((key) => `${JSON.stringify(key)}:${quantityLiteral(resources[key]).text}`);
  return new GoLiteral(names.length === 0 ? 'core.ResourceList(nil)' : `core.ResourceList{${entries.join(', ')}}`);
}

const capacity: Check = (value, place) => {
  const given = fields({ value }, 'value');
  const causes = Object.keys(given).length === 0 ? [causeRequired(place.path)] : [];
  if (Object.keys(given).length === 1 && 'storage' in given) return causes;
  const literal = resourcesLiteral(given);
  return [...causes, causeNotSupported(place.path, literal, ['storage'])];
};

const recycledRoot: Check = (value, place) => {
  const { path = '' } = fields(place.holder, 'hostPath') as { path?: string };
  return value === 'Recycle' && path !== '' && posix.normalize(path) === '/'
    ? causeForbidden(place.path, "may not be 'recycle' for a hostPath mount of '/'")
    : undefined;
};

const localAffinity: Check = (value, { path, holder }) =>
  kindsOf(holder)[0] === 'local' && value === undefined
    ? causeRequired(path, 'Local volume requires node affinity')
    : undefined;

const SPEC_START: readonly Rule[] = rows(`${SOURCE} ValidatePersistentVolumeSpec`, [['accessModes', accessModes()]]);
const SPEC_KINDS: readonly Rule[] = [
  ...VOLUME_KIND_RULES,
  ...rows(`${SOURCE} ValidatePersistentVolumeSpec`, [
    ['', oneKind],
    ['nodeAffinity', localAffinity],
    ['persistentVolumeReclaimPolicy', recycledRoot],
  ]),
];

const MOUNTABLE: readonly Kind[] = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
];
const MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options';

const sourceOf = (spec: Readonly<Fields>): Fields =>
  Object.fromEntries(kindsOf(spec).map((kind) => [kind, spec[kind]]));

/** The secret with which a volume grows may come later. */
const sameSource: Check = (value, { old }) => {
  if (!old || !isPlainObject(value)) return undefined;
  const [now, before] = [sourceOf(value), sourceOf(fields(old, 'spec'))];
  if (before.csi && now.csi && at(before, 'csi', 'controllerExpandSecretRef') === undefined) {
    const { controllerExpandSecretRef: _, ...csi } = now.csi as Fields;
    now.csi = csi;
  }
  if (equalJson(now, before)) return undefined;
  return causeForbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation');
};

const sameAffinity: Check = (value, { old, before }) =>
  !old || before === undefined || equalJson(value, before)
    ? undefined
    : causeInvalid('nodeAffinity', value ?? null, 'field is immutable, except for updating from beta label to GA');

export const PERSISTENT_VOLUME_RULES: readonly Rule[] = [
  ...below('spec', SPEC_START),
  ...rows(`${SOURCE} ValidatePersistentVolumeSpec`, [
    ['spec.capacity', capacity],
    ['spec.capacity{*}', all(basicQuantity, positiveQuantity)],
    ['spec.persistentVolumeReclaimPolicy', oneOf('Delete', 'Recycle', 'Retain')],
  ]),
  ...nodeAffinity('spec.nodeAffinity'),
  ...below('spec', SPEC_KINDS),
  ...rows(`${SOURCE} ValidatePersistentVolumeSpec`, [
    ['spec.storageClassName', name('dns-subdomain')],
    ['spec.volumeMode', oneOf('Block', 'Filesystem')],
  ]),
  ...rows('pkg/volume/validation/pv_validation.go checkMountOption', [
    [
      'metadata.annotations',
      (value, { object }) =>
        at(value, MOUNT_OPTIONS) !== undefined && !kindsOf(object.spec).some((kind) => MOUNTABLE.includes(kind))
          ? causeForbidden(
              `metadata.annotations.${MOUNT_OPTIONS}`,
              'may not specify mount options for this volume type',
            )
          : undefined,
    ],
  ]),
  ...rows(`${SOURCE} ValidatePersistentVolumeUpdate`, [
    ['spec', sameSource],
    ['spec.volumeMode', renamed('spec.volumeMode', 'volumeMode', immutable())],
  ]),
  ...rows(`${SOURCE} validatePvNodeAffinity`, [['spec.nodeAffinity', sameAffinity]]),
];

const unspecified: Check = (value, { path }) =>
  value === undefined ? undefined : causeForbidden(path, 'may not be specified in the context of inline volumes');

/** A volume in an attachment. */
export const INLINE_VOLUME_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidatePersistentVolumeSpec`, [
    ['claimRef', unspecified],
    ['capacity', unspecified],
    ['csi', present('has to be specified in the context of inline volumes')],
  ]),
  ...SPEC_START,
  ...rows(`${SOURCE} ValidatePersistentVolumeSpec`, [
    [
      'persistentVolumeReclaimPolicy',
      (value, { path }) =>
        value && value !== 'Retain'
          ? causeForbidden(path, 'may only be Retain in the context of inline volumes')
          : undefined,
    ],
    ['nodeAffinity', unspecified],
  ]),
  ...SPEC_KINDS,
  ...rows(`${SOURCE} ValidatePersistentVolumeSpec`, [
    ['storageClassName', (value, place) => (value ? unspecified(value, place) : undefined)],
    [
      'volumeMode',
      (value, { path }) =>
        value !== undefined && value !== 'Filesystem'
          ? causeForbidden(path, 'may not specify volumeMode other than Filesystem in the context of inline volumes')
          : undefined,
    ],
  ]),
];
