/** Drivers of storage, what nodes have of them, and attachments. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooLong,
} from '../../api/causes.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import { labelKeyFaults } from '../../api/names.ts';
import { fields, items, strings, text } from '../fields.ts';
import { tokenSecondsFaults } from './access.ts';
import {
  atCreation,
  exactlyOneOf,
  immutable,
  name,
  nonNegative,
  present,
  renamed,
  required,
  unless,
} from './checks.ts';
import { nonNegativeQuantity } from './resources.ts';
import { below, type Check, type Rule, rows } from './rule.ts';
import { labelSelector } from './selectors.ts';
import { sizeOf } from './storage.ts';
import { csiDriverName } from './volume-kinds.ts';
import { INLINE_VOLUME_RULES } from './volumes.ts';

const SOURCE = 'pkg/apis/storage/validation/validation.go';

const MODES = ['Persistent', 'Ephemeral'];

const tokenRequests: Check = (value, { path }) => {
  const requests = items({ value }, 'value');
  const audiences = requests.map((request) => text(request, 'audience'));
  return requests.flatMap((request, index) => {
    const audience = audiences[index]!;
    if (audiences.indexOf(audience) < index) return [causeDuplicate(`${path}[${index}].audience`, audience)];
    const here = `${path}[${index}].expirationSeconds`;
    return tokenSecondsFaults(request.expirationSeconds).map((fault) =>
      causeInvalid(here, request.expirationSeconds, fault),
    );
  });
};

export const CSI_DRIVER_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateCSIDriverSpec`, [
    ['spec.attachRequired', renamed('attachRequired', 'attachedRequired', present())],
    ['spec.fsGroupPolicy', exactlyOneOf('File', 'None', 'ReadWriteOnceWithFSType')],
    ['spec.tokenRequests', tokenRequests],
    [
      'spec.volumeLifecycleModes',
      (value, { path }) =>
        strings({ value }, 'value')
          .filter((mode) => !MODES.includes(mode))
          .map((mode) => causeNotSupported(path, mode, MODES)),
    ],
  ]),
  ...rows(`${SOURCE} ValidateCSIDriverUpdate`, [
    ['spec.attachRequired', renamed('attachRequired', 'attachedRequired', immutable())],
    [
      'spec.volumeLifecycleModes',
      (value, place) => {
        const literal = stringsLiteral(strings({ value }, 'value')).text.replace(
          '[]string',
          '[]storage.VolumeLifecycleMode',
        );
        return immutable()(value, place) && causeInvalid(place.path, new GoLiteral(literal), 'field is immutable');
      },
    ],
  ]),
];

const NODE_ID_LIMIT = 256;

const topologyKeys: Check = (value, { path }) => {
  const here = path.replace(/\.topologyKeys$/, '');
  const keys = strings({ value }, 'value');
  return keys.flatMap((key, index) => [
    ...(key === '' ? [causeRequired(here)] : []),
    ...(keys.indexOf(key) < index ? [causeDuplicate(here, key)] : []),
    ...labelKeyFaults(key).map((fault) => causeInvalid(here, key, fault)),
  ]);
};

const uniqueDriver: Check = (value, { path, object, holder }) => {
  const drivers = items(object, 'spec', 'drivers');
  const isSecond = drivers.findIndex((driver) => driver.name === value) < drivers.indexOf(holder);
  return isSecond ? causeDuplicate(path, value ?? '') : undefined;
};

const sameDrivers: Check = (_value, { object, old }) =>
  items(old, 'spec', 'drivers').flatMap((before) =>
    items(object, 'spec', 'drivers')
      .filter((driver) => driver.name === before.name && !equalJson(driver, before))
      .map((driver) => causeInvalid('CSINodeDriver', driver, 'field is immutable')),
  );

export const CSI_NODE_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateCSINodeDriver`, [
    ['spec.drivers[*].name', csiDriverName],
    ['spec.drivers[*].nodeID', required()],
    [
      'spec.drivers[*].nodeID',
      unless(
        (value) => typeof value === 'string' && value.length > NODE_ID_LIMIT,
        `must be ${NODE_ID_LIMIT} characters or less`,
      ),
    ],
    ['spec.drivers[*].allocatable.count', nonNegative],
    ['spec.drivers[*].name', uniqueDriver],
    ['spec.drivers[*].topologyKeys', topologyKeys],
  ]),
  ...rows(`${SOURCE} ValidateCSINodeUpdate`, [['', sameDrivers]]),
];

export const CSI_STORAGE_CAPACITY_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidateCSIStorageCapacity`, [
    ['nodeTopology', labelSelector],
    ['storageClassName', (value, place) => name('dns-subdomain', { empty: true })(value ?? '', place)],
    ['capacity', nonNegativeQuantity],
  ]),
  ...rows(`${SOURCE} ValidateCSIStorageCapacityUpdate`, [
    ['nodeTopology', immutable()],
    ['storageClassName', immutable('field is immutable', '')],
  ]),
];

const volumeSource: Check = (value, { path }) => {
  const { inlineVolumeSpec: inline, persistentVolumeName: named } = fields({ value }, 'value');
  const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inline === undefined && named === undefined) return causeRequired(path, detail);
  if (inline !== undefined && named !== undefined) return causeForbidden(path, detail);
  if (named !== '') return undefined;
  return causeRequired(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName');
};

export const VOLUME_ATTACHMENT_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateVolumeAttachmentSpec`, [
    ['spec.attacher', required()],
    ['spec.source', volumeSource],
  ]),
  ...below('spec.source.inlineVolumeSpec', INLINE_VOLUME_RULES),
  ...rows(`${SOURCE} validateNodeName`, [
    ['spec.nodeName', (value, place) => name('dns-subdomain', { empty: true })(value ?? '', place)],
  ]),
  ...rows(`${SOURCE} ValidateVolumeAttachmentV1`, [
    ['spec.attacher', atCreation(csiDriverName)],
    ['spec.source.persistentVolumeName', atCreation(name('dns-subdomain', { empty: true }))],
  ]),
  ...rows(`${SOURCE} ValidateVolumeAttachmentUpdate`, [['spec', immutable()]]),
];

const METADATA_LIMIT_BYTES = 256 * 1024;
const MESSAGE_LIMIT = 1024;

const errorMessage: Check = (value, { path }) =>
  typeof value === 'string' && Buffer.byteLength(value) > MESSAGE_LIMIT
    ? causeTooLong(path, METADATA_LIMIT_BYTES)
    : undefined;

export const VOLUME_ATTACHMENT_STATUS_RULES: readonly Rule[] = rows(`${SOURCE} validateVolumeAttachmentStatus`, [
  [
    'status.attachmentMetadata',
    (value, { path }) =>
      sizeOf(fields({ value }, 'value')) > METADATA_LIMIT_BYTES ? causeTooLong(path, METADATA_LIMIT_BYTES) : undefined,
  ],
  ['status.attachError.message', errorMessage],
  ['status.detachError.message', errorMessage],
]);
