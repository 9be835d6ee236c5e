/** Volumes of pods. */
import { causeDuplicate, causeForbidden, causeInvalid, causeNotSupported, causeRequired } from '../../api/causes.ts';
import { annotationFaults, nameFaults } from '../../api/names.ts';
import { type Fields, fields, items, text } from '../fields.ts';
import { between, first, labels, name, oneOf, renamed, required, textWithout } from './checks.ts';
import { coreSource, onlyOneOf, outerPath, podOf } from './pod-facts.ts';
import { DOWNWARD_API_RULES, fileMode, KEY_TO_PATH_RULES, noBacksteps, PROJECTED_RULES } from './pod-files.ts';
import { below, type Check, type Rule, rows, Stop } from './rule.ts';
import { CLAIM_SPEC_RULES } from './storage.ts';
import { csiDriverName, fibreChannel, HOST_PATH_TYPES, HOST_PORTS, hostPortFaults } from './volume-kinds.ts';

/** In the order in which they are looked at; the first one found is the volume's. */
const SOURCES = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
] as const;

/** Some are misspelt in what the server says of a second one. */
const SPELT: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

const onlySource: Check = onlyOneOf(SOURCES, 'may not specify more than 1 volume type');

const misspelt =
  (spelt: string): Check =>
  (value, place) =>
    onlySource(value, place) &&
    new Stop(causeForbidden(`${outerPath(place.path)}.${spelt}`, 'may not specify more than 1 volume type'));

/** A source that comes after another. */
function guard(field: (typeof SOURCES)[number]): Rule[] {
  const spelt = SPELT[field];
  return rows(coreSource('validateVolumeSource'), [[field, spelt ? misspelt(spelt) : onlySource]]);
}

/** Rules of a source, for those volumes that have it alone. */
const source = (
  field: (typeof SOURCES)[number],
  upstream: string,
  checks: readonly (readonly [string, Check])[],
): Rule[] => [...guard(field), ...below(field, rows(coreSource(upstream), checks))];

const needs = (...names: string[]): (readonly [string, Check])[] => names.map((field) => [field, required()]);

const inDisk = (check: Check): Check => renamed('.gcePersistentDisk.', '.persistentDisk.', check);

const partition: Check = (value, { path }) =>
  typeof value === 'number' && (value < 0 || value > 255)
    ? causeInvalid(path, value, 'must be between 1 and 255, inclusive')
    : undefined;

const IQN = /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/;
const EUI = /^eui.[A-Za-z0-9]{16}$/;
const NAA = /^naa.[A-Za-z0-9]{32}$/;

function initiatorFaults(initiator: string): string[] {
  const pattern = { iqn: IQN, eui: EUI, naa: NAA }[initiator.slice(0, 3)];
  if (!pattern) return ['must be valid format starting with iqn, eui, or naa'];
  return pattern.test(initiator) ? [] : ['must be valid format'];
}

const shortPortal: Check = (value, { path, holder }) => {
  const iscsi = fields({ value }, 'value');
  const volume = text(holder, 'name');
  if (iscsi.initiatorName === undefined || `${volume}:${text(iscsi, 'targetPortal')}`.length <= 64) return undefined;
  const detail =
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  return causeInvalid(`${outerPath(path)}.name`, volume, detail);
};

const secretForChap: Check = (value, { path, holder }) =>
  (holder.chapAuthDiscovery === true || holder.chapAuthSession === true) && !value ? causeRequired(path) : undefined;

const registry: Check = (value, { path, holder }) => {
  if (!value) return causeRequired(path, HOST_PORTS);
  if (text(holder, 'tenant').length >= 65) {
    const detail = 'must be a UUID and may not exceed a length of 64 characters';
    return causeRequired(`${outerPath(path)}.tenant`, detail);
  }
  return hostPortFaults(String(value)).map((fault) => causeInvalid(path, value, fault));
};

const oneDataset: Check = (value, { path }) => {
  if (value === undefined) return undefined;
  const given = [text(value, 'datasetName'), text(value, 'datasetUUID')].filter(Boolean).length;
  if (given === 0) return causeRequired(path, 'one of datasetName and datasetUUID is required');
  if (given === 1) return undefined;
  return causeInvalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously');
};

const reservedOption: Check = (_value, { path }) => {
  const key = path.slice(path.lastIndexOf('[') + 1, -1);
  const domain = `.${key.split('/')[0]}`.toLowerCase();
  if (!domain.endsWith('.kubernetes.io') && !domain.endsWith('.k8s.io')) return undefined;
  return causeInvalid(path, key, 'kubernetes.io and k8s.io namespaces are reserved');
};

const MANAGED_URI = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const BLOB_URI = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

const diskUri: Check = (value, { path, holder }) => {
  const uri = text({ value }, 'value');
  if (holder.kind === 'Managed') {
    return uri.startsWith('/subscriptions/') ? undefined : causeNotSupported(path, uri, [MANAGED_URI]);
  }
  return uri.startsWith('https://') ? undefined : causeNotSupported(path, uri, [BLOB_URI]);
};

/** The name of the secret is said to be one of the volume's source itself. */
const publishSecret: Check = first(required(), renamed('.nodePublishSecretRef.name', '.name', name('dns-subdomain')));

const claimAnnotations: Check = (value, { path }) =>
  value ? annotationFaults(value as Record<string, string>, path) : undefined;

/** Of the metadata in a template of a claim: ValidateTemplateObjectMeta. Causes leave out that it is metadata. */
const onlyLabelled: Check = (value, { path }) =>
  Object.keys(fields(value, 'metadata'))
    .filter((field) => field !== 'labels' && field !== 'annotations')
    .map((field) => causeForbidden(`${path}.metadata.${field}`, 'cannot be set'));

const SOURCE_RULES: readonly Rule[] = [
  ...rows(coreSource('validateVolumeSource'), [
    [
      'emptyDir.sizeLimit',
      (value, { path }) =>
        String(value ?? '').startsWith('-')
          ? causeForbidden(path, 'SizeLimit field must be a valid resource quantity')
          : undefined,
    ],
  ]),
  ...source('hostPath', 'validateHostPathVolumeSource', [
    ['path', required()],
    ['path', noBacksteps],
    [
      'type',
      (value, { path, holder }) =>
        !holder.path || HOST_PATH_TYPES.includes(text({ value }, 'value'))
          ? undefined
          : causeNotSupported(path, value, HOST_PATH_TYPES),
    ],
  ]),
  ...source('gitRepo', 'validateGitRepoVolumeSource', [
    ...needs('repository'),
    ['directory', textWithout((path) => (path.startsWith('/') ? ['must be a relative path'] : []))],
    ['directory', noBacksteps],
  ]),
  ...source('gcePersistentDisk', 'validateGCEPersistentDiskVolumeSource', [
    ['pdName', inDisk(required())],
    ['partition', inDisk(partition)],
  ]),
  ...source('awsElasticBlockStore', 'validateAWSElasticBlockStoreVolumeSource', [
    ...needs('volumeID'),
    ['partition', partition],
  ]),
  ...source('secret', 'validateSecretVolumeSource', [...needs('secretName'), ['defaultMode', fileMode]]),
  ...below('secret.items[*]', KEY_TO_PATH_RULES),
  ...source('nfs', 'validateNFSVolumeSource', [
    ...needs('server', 'path'),
    [
      'path',
      (value, { path }) =>
        String(value ?? '').startsWith('/') ? undefined : causeInvalid(path, value ?? '', 'must be an absolute path'),
    ],
  ]),
  ...source('iscsi', 'validateISCSIVolumeSource', [
    ...needs('targetPortal', 'iqn'),
    ['iqn', textWithout(initiatorFaults)],
    ['lun', between(0, 255)],
    ['secretRef', secretForChap],
    ['initiatorName', renamed('.initiatorName', '.initiatorname', textWithout(initiatorFaults))],
    ['', shortPortal],
  ]),
  ...source('glusterfs', 'validateGlusterfsVolumeSource', needs('endpoints', 'path')),
  ...source('flocker', 'validateFlockerVolumeSource', [
    ['', oneDataset],
    ['datasetName', textWithout((dataset) => (dataset.includes('/') ? ["must not contain '/'"] : []))],
  ]),
  ...source('persistentVolumeClaim', 'validatePersistentClaimVolumeSource', needs('claimName')),
  ...source('rbd', 'validateRBDVolumeSource', needs('monitors', 'image')),
  ...source('cinder', 'validateCinderVolumeSource', needs('volumeID', 'secretRef.name')),
  ...source('cephfs', 'validateCephFSVolumeSource', needs('monitors')),
  ...source('quobyte', 'validateQuobyteVolumeSource', [['registry', registry], ...needs('volume')]),
  ...guard('downwardAPI'),
  ...below('downwardAPI', DOWNWARD_API_RULES),
  ...source('fc', 'validateFCVolumeSource', [['', fibreChannel]]),
  ...source('flexVolume', 'validateFlexVolumeSource', [...needs('driver'), ['options{*}', reservedOption]]),
  ...source('configMap', 'validateConfigMapVolumeSource', [...needs('name'), ['defaultMode', fileMode]]),
  ...below('configMap.items[*]', KEY_TO_PATH_RULES),
  ...source('azureFile', 'validateAzureFile', needs('secretName', 'shareName')),
  ...source('vsphereVolume', 'validateVsphereVolumeSource', needs('volumePath')),
  ...source('photonPersistentDisk', 'validatePhotonPersistentDiskVolumeSource', needs('pdID')),
  ...source('portworxVolume', 'validatePortworxVolumeSource', needs('volumeID')),
  ...source('azureDisk', 'validateAzureDisk', [
    ...needs('diskName', 'diskURI'),
    ['cachingMode', oneOf('None', 'ReadOnly', 'ReadWrite')],
    ['kind', oneOf('Dedicated', 'Managed', 'Shared')],
    ['diskURI', diskUri],
  ]),
  ...source('storageos', 'validateStorageOSVolumeSource', [
    ['volumeName', first(required(), name('dns-label'))],
    ['volumeNamespace', name('dns-label')],
    ['secretRef.name', required()],
  ]),
  ...guard('projected'),
  ...below('projected', PROJECTED_RULES),
  ...source('scaleIO', 'validateScaleIOVolumeSource', needs('gateway', 'system', 'volumeName')),
  ...source('csi', 'validateCSIVolumeSource', [
    ['driver', csiDriverName],
    ['nodePublishSecretRef.name', publishSecret],
  ]),
  ...source('ephemeral', 'validateEphemeralVolumeSource', [
    ['volumeClaimTemplate', (value, { path }) => (value === undefined ? causeRequired(path) : undefined)],
    ['volumeClaimTemplate.metadata.annotations', claimAnnotations],
    ['volumeClaimTemplate.metadata.labels', labels],
    ['volumeClaimTemplate', onlyLabelled],
  ]),
  ...below('ephemeral.volumeClaimTemplate.spec!', CLAIM_SPEC_RULES),
];

const claimName: Check = (value, place) => {
  const pod = text(podOf(place).metadata, 'name');
  const volume = text(place.holder, 'name');
  if (value === undefined || !podOf(place).isPod || pod === '' || volume === '') return undefined;
  const claim = `${pod}-${volume}`;
  return nameFaults(claim, 'dns-subdomain').map((fault) =>
    causeInvalid(`${outerPath(place.path)}.name`, volume, `PVC name ${JSON.stringify(claim)}: ${fault}`),
  );
};

const repeatedName: Check = (value, place) =>
  podOf(place).volumes.has(text({ value }, 'value')) ? causeDuplicate(place.path, value) : undefined;

/** Notes a volume that has no fault, for those who mount it; a claim that the pod would make itself is another's. */
const taken: Check = (value, place) => {
  const { volumes, spec, metadata, isPod } = podOf(place);
  const { path, causes } = place;
  const volume = value as Fields;
  if (!causes.some(({ field }) => field.startsWith(path))) volumes.set(text(volume, 'name'), volume);
  const claim = text(volume, 'persistentVolumeClaim', 'claimName');
  if (claim === '' || !isPod) return undefined;
  const made = items(spec, 'volumes')
    .filter((other) => other.ephemeral)
    .map((other) => `${metadata.name}-${other.name}`);
  if (!made.includes(claim)) return undefined;
  const detail = 'must not reference a PVC that gets created for an ephemeral volume';
  return causeInvalid(`${path}.persistentVolumeClaim.claimName`, claim, detail);
};

/** Of the spec of a pod. */
export const VOLUME_RULES: readonly Rule[] = below('volumes[*]', [
  ...SOURCE_RULES,
  ...rows(coreSource('validateVolumeSource'), [['ephemeral', claimName]]),
  ...rows(coreSource('ValidateVolumes'), [
    ['name', first(required(), name('dns-label'))],
    ['name', repeatedName],
    ['', taken],
  ]),
]);
