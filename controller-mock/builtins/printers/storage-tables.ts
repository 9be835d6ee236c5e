/** Tables of volumes and of what provides them. */
import type { KubeObject } from '../../api/object.ts';
import type { TablePrinter } from '../../api/resource-type.ts';
import { at, items, strings, text } from '../fields.ts';
import { ageColumn, boolean, column, field, length, nameColumn, printerOf, wide } from './columns.ts';

const ACCESS_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

function accessModes(modes: readonly string[]): string {
  return Object.entries(ACCESS_MODES)
    .filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

const phase = (object: KubeObject) =>
  object.metadata.deletionTimestamp ? 'Terminating' : text(object, 'status', 'phase');

const STORAGE_CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

const storageClass = (object: KubeObject) =>
  object.metadata.annotations?.[STORAGE_CLASS_ANNOTATION] ?? text(object, 'spec', 'storageClassName');

const bound = (claim: KubeObject) => text(claim, 'spec', 'volumeName') !== '';

/** By apiVersion and kind. */
export const STORAGE_TABLES: Readonly<Record<string, TablePrinter>> = {
  'v1 PersistentVolume': printerOf(
    nameColumn,
    column('Capacity', field('spec.capacity.storage', '0')),
    column('Access Modes', (object) => accessModes(strings(object, 'spec', 'accessModes'))),
    column('Reclaim Policy', field('spec.persistentVolumeReclaimPolicy')),
    column('Status', phase),
    column('Claim', (object) => {
      const claim = at(object, 'spec', 'claimRef');
      return claim ? `${text(claim, 'namespace')}/${text(claim, 'name')}` : '';
    }),
    column('StorageClass', storageClass),
    column('VolumeAttributesClass', field('spec.volumeAttributesClassName', '<unset>')),
    column('Reason', field('status.reason')),
    ageColumn,
    wide('VolumeMode', field('spec.volumeMode', '<unset>')),
  ),
  'v1 PersistentVolumeClaim': printerOf(
    nameColumn,
    column('Status', phase),
    column('Volume', field('spec.volumeName')),
    column('Capacity', (object) => (bound(object) ? field('status.capacity.storage', '0')(object, 0) : '')),
    column('Access Modes', (object) => (bound(object) ? accessModes(strings(object, 'status', 'accessModes')) : '')),
    column('StorageClass', storageClass),
    column('VolumeAttributesClass', field('spec.volumeAttributesClassName', '<unset>')),
    ageColumn,
    wide('VolumeMode', field('spec.volumeMode', '<unset>')),
  ),
  'storage.k8s.io/v1 StorageClass': printerOf(
    {
      ...nameColumn,
      cell: ({ metadata: { name = '', annotations } }) =>
        annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true' ? `${name} (default)` : name,
    },
    column('Provisioner', field('provisioner')),
    column('ReclaimPolicy', field('reclaimPolicy', 'Delete')),
    column('VolumeBindingMode', field('volumeBindingMode', 'Immediate')),
    column('AllowVolumeExpansion', boolean('allowVolumeExpansion')),
    ageColumn,
  ),
  'storage.k8s.io/v1 VolumeAttachment': printerOf(
    nameColumn,
    { ...column('Attacher', field('spec.attacher')), format: 'name' },
    column('PV', field('spec.source.persistentVolumeName')),
    column('Node', field('spec.nodeName')),
    column('Attached', boolean('status.attached'), 'boolean'),
    ageColumn,
  ),
  'storage.k8s.io/v1 CSINode': printerOf(
    nameColumn,
    column('Drivers', (object) => length(at(object, 'spec', 'drivers')), 'integer'),
    ageColumn,
  ),
  'storage.k8s.io/v1 CSIDriver': printerOf(
    nameColumn,
    column('AttachRequired', boolean('spec.attachRequired', true), 'boolean'),
    column('PodInfoOnMount', boolean('spec.podInfoOnMount'), 'boolean'),
    column('StorageCapacity', boolean('spec.storageCapacity'), 'boolean'),
    column('TokenRequests', (object) =>
      at(object, 'spec', 'tokenRequests') === undefined
        ? '<unset>'
        : items(object, 'spec', 'tokenRequests')
            .map((entry) => text(entry, 'audience'))
            .join(','),
    ),
    column('RequiresRepublish', boolean('spec.requiresRepublish'), 'boolean'),
    column('Modes', (object) => strings(object, 'spec', 'volumeLifecycleModes').join(',') || '<none>'),
    ageColumn,
  ),
};
