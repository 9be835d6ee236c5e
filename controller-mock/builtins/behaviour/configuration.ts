/** ConfigMaps, Secrets and storage. */
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, ensure, type Fields, fields, fill, text } from '../fields.ts';
import { type Behaviours, defaulted } from './behaviour.ts';

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

/**
 * Fields of features that are off, and the two ways to name a source: kubernetes, pkg/api/persistentvolumeclaim/util.go
 * DropDisabledFields, EnforceDataSourceBackwardsCompatibility, NormalizeDataSources.
 */
function settleClaim(claim: KubeObject, old: KubeObject | undefined): void {
  const spec = ensure(claim, 'spec');
  const before = fields(old, 'spec');
  if (before.volumeAttributesClassName === undefined) delete spec.volumeAttributesClassName;
  if (text(spec, 'dataSourceRef', 'namespace') !== '' && before.dataSourceRef === undefined) delete spec.dataSourceRef;
  const { dataSource, dataSourceRef } = spec;
  const wasThere = before.dataSource !== undefined || before.dataSourceRef !== undefined;
  if (!wasThere && dataSourceRef === undefined && dataSource !== undefined && !isKnownSource(dataSource)) {
    delete spec.dataSource;
  } else if (dataSourceRef === undefined && dataSource !== undefined)
    spec.dataSourceRef = { ...(dataSource as Fields) };
  else if (dataSource === undefined && dataSourceRef !== undefined && text(dataSourceRef, 'namespace') === '') {
    spec.dataSource = { ...(dataSourceRef as Fields) };
  }
}

const isKnownSource = (source: unknown) => {
  const group = text(source, 'apiGroup');
  const kind = text(source, 'kind');
  return group === ''
    ? kind === 'PersistentVolumeClaim'
    : group === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot';
};

/** A feature that is off (pkg/api/persistentvolume/util.go DropDisabledSpecFields). */
function settleVolume(volume: KubeObject, old: KubeObject | undefined): void {
  const spec = ensure(volume, 'spec');
  if (at(old, 'spec', 'volumeAttributesClassName') === undefined) delete spec.volumeAttributesClassName;
}

function fillVolume(volume: KubeObject): void {
  const spec = ensure(volume, 'spec');
  fill(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
  const hostPath = spec.hostPath;
  if (isPlainObject(hostPath)) fill(hostPath, { type: '' });
}

export const CONFIGURATION_BEHAVIOUR: Behaviours = {
  'v1 Secret': {
    ...defaulted(fillSecret),
    selectableFields: { type: (secret) => text(secret, 'type') },
  },
  'v1 PersistentVolumeClaim': {
    setDefaults: (claim) => fill(ensure(claim, 'spec'), { volumeMode: 'Filesystem' }),
    prepareCreate(claim) {
      settleClaim(claim, undefined);
      fill(ensure(claim, 'status'), { phase: 'Pending' });
    },
    prepareUpdate: settleClaim,
  },
  'v1 PersistentVolume': {
    setDefaults: fillVolume,
    prepareCreate(volume, { clock }) {
      settleVolume(volume, undefined);
      const lastPhaseTransitionTime = rfc3339(clock.now());
      fill(ensure(volume, 'status'), { phase: 'Pending', lastPhaseTransitionTime });
    },
    prepareUpdate: settleVolume,
  },
  'storage.k8s.io/v1 StorageClass': defaulted((object) =>
    fill(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  ),
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
