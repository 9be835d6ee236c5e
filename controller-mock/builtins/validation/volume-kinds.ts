/** Kinds of volumes that stand by themselves, and what each asks for. */
import {
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooLong,
  type StatusCause,
} from '../../api/causes.ts';
import { stringsLiteral } from '../../api/go-values.ts';
import { nameFaults } from '../../api/names.ts';
import { at, strings, text } from '../fields.ts';
import { between, first, name, oneOf, present, renamed, required, textWithout, unless, when } from './checks.ts';
import { type Check, type Place, type Rule, rows } from './rule.ts';

const SOURCE = 'pkg/apis/core/validation/validation.go';

/** Kinds of volumes by their fields, in the order in which they are looked at; what a second one is called. */
const KINDS = {
  hostPath: 'hostPath',
  gcePersistentDisk: 'gcePersistentDisk',
  awsElasticBlockStore: 'awsElasticBlockStore',
  glusterfs: 'glusterfs',
  flocker: 'flocker',
  nfs: 'nfs',
  rbd: 'rbd',
  quobyte: 'quobyte',
  cephfs: 'cephFS',
  iscsi: 'iscsi',
  cinder: 'cinder',
  fc: 'fc',
  flexVolume: 'flexVolume',
  azureFile: 'azureFile',
  vsphereVolume: 'vsphereVolume',
  photonPersistentDisk: 'photonPersistentDisk',
  portworxVolume: 'portworxVolume',
  azureDisk: 'azureDisk',
  scaleIO: 'scaleIO',
  local: 'local',
  storageos: 'storageos',
  csi: 'csi',
} as const;
export type Kind = keyof typeof KINDS;

export const kindsOf = (spec: unknown): Kind[] =>
  (Object.keys(KINDS) as Kind[]).filter((kind) => at(spec, kind) !== undefined);

export const oneKind: Check = (value, { path }) => {
  if (value === undefined) return undefined;
  const kinds = kindsOf(value);
  if (kinds.length === 0) return causeRequired(path, 'must specify a volume type');
  // A flexVolume comes in beside any other.
  return kinds
    .slice(1)
    .filter((kind) => kind !== 'flexVolume')
    .map((kind) => causeForbidden(`${path}.${KINDS[kind]}`, 'may not specify more than 1 volume type'));
};

/** A path without steps back (validatePathNoBacksteps). */
const pathInside: Check = textWithout((given) => (given.split('/').includes('..') ? ["must not contain '..'"] : []));

/** validatePVSecretReference */
const secretAt = (field: string): Rule[] =>
  rows(`${SOURCE} validatePVSecretReference`, [
    [`${field}.name`, first(required(), name('dns-subdomain'))],
    [`${field}.namespace`, first(required(), name('dns-label'))],
  ]);

const requiredAll = (source: string, ...names: string[]): Rule[] =>
  rows(
    `${SOURCE} ${source}`,
    names.map((field) => [field, required()] as const),
  );

const ISCSI_NAMES = [
  /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/,
  /^eui.[a-zA-Z0-9]{16}$/,
  /^naa.[a-zA-Z0-9]{32}$/,
];
const PREFIXES = ['iqn', 'eui', 'naa'];

const iscsiName: Check = textWithout((given) => {
  const index = PREFIXES.findIndex((prefix) => given.startsWith(prefix));
  return index >= 0 && ISCSI_NAMES[index]!.test(given) ? [] : ['must be valid format'];
});

/** validateCSIDriverName of volumes; other kinds call the driver otherwise. */
export const csiDriverName: Check = (value, place) => {
  const given = String(value ?? '');
  const causes: StatusCause[] = given === '' ? [causeRequired(place.path)] : [];
  if (given.length > 63) causes.push(causeTooLong(place.path, 63));
  return [
    ...causes,
    ...nameFaults(given.toLowerCase(), 'dns-subdomain').map((fault) => causeInvalid(place.path, given, fault)),
  ];
};

const hasPath = ({ holder }: Place) => text(holder, 'path') !== '';
export const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const partition = (value: unknown, place: Place) =>
  between(0, 255)(value, place) && causeInvalid(place.path, value, 'must be between 1 and 255, inclusive');
const needsAuth = ({ holder }: Place) => holder.chapAuthDiscovery === true || holder.chapAuthSession === true;

const MANAGED_URI = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const BLOB_URI = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

const azureUri: Check = (value, { path, holder }) => {
  const [prefix, form] = holder.kind === 'Managed' ? ['/subscriptions/', MANAGED_URI] : ['https://', BLOB_URI];
  const isWrong = holder.kind !== undefined && !String(value ?? '').startsWith(prefix!);
  return isWrong ? causeNotSupported(path, value ?? '', [form]) : undefined;
};

/** Names of options that belong to Kubernetes are nobody else's. */
const flexOptions: Check = (value, { path }) =>
  Object.keys((value ?? {}) as object)
    .filter((key) => /\.(kubernetes|k8s)\.io$/.test(`.${key.split('/')[0]!.toLowerCase()}`))
    .map((key) => causeInvalid(`${path}[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'));

export const HOST_PORTS = 'must be a host:port pair or multiple pairs separated by commas';

/** As Go splits them: one colon, but within brackets. */
export const hostPortFaults = (given: string) =>
  given
    .split(',')
    .filter((pair) => !/^(\[[^\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair))
    .map(() => HOST_PORTS);

const PORTAL_LIMIT = 64;

/** Together with the name of the volume (of none, where it is written into an attachment). */
const portalLength: Check = (value, { path, holder, object }) => {
  const volume = object.kind === 'PersistentVolume' ? (object.metadata.name ?? '') : '';
  if (holder.initiatorName === undefined || `${volume}:${value ?? ''}`.length <= PORTAL_LIMIT) return undefined;
  const detail =
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  return causeInvalid(path.replace(/targetPortal$/, 'targetportal'), value ?? '', detail);
};

/** validateFCVolumeSource */
export const fibreChannel: Check = (value, { path }) => {
  if (value === undefined) return undefined;
  const targets = strings(value, 'targetWWNs');
  const ids = strings(value, 'wwids');
  const here = `${path}.targetWWNs`;
  if (targets.length + ids.length === 0) {
    return causeRequired(here, 'must specify either targetWWNs or wwids, but not both');
  }
  const causes: StatusCause[] = [];
  if (targets.length > 0 && ids.length > 0) {
    causes.push(
      causeInvalid(here, stringsLiteral(targets), 'targetWWNs and wwids can not be specified simultaneously'),
    );
  }
  const lun = at(value, 'lun');
  if (targets.length > 0 && lun === undefined) {
    causes.push(causeRequired(`${path}.lun`, 'lun is required if targetWWNs is specified'));
  } else if (targets.length > 0 && ((lun as number) < 0 || (lun as number) > 255)) {
    causes.push(causeInvalid(`${path}.lun`, lun, 'must be between 0 and 255, inclusive'));
  }
  return causes;
};

/** What each kind of volume asks for. */
const KIND_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateHostPathVolumeSource`, [
    ['hostPath.path', first(required(), pathInside)],
    ['hostPath.type', when(hasPath, oneOf(...HOST_PATH_TYPES))],
  ]),
  ...rows(`${SOURCE} validateGCEPersistentDiskVolumeSource`, [
    ['gcePersistentDisk.pdName', renamed('gcePersistentDisk', 'persistentDisk', required())],
    ['gcePersistentDisk.partition', renamed('gcePersistentDisk', 'persistentDisk', partition)],
  ]),
  ...requiredAll('validateAWSElasticBlockStoreVolumeSource', 'awsElasticBlockStore.volumeID'),
  ...rows(`${SOURCE} validateAWSElasticBlockStoreVolumeSource`, [['awsElasticBlockStore.partition', partition]]),
  ...requiredAll('validateGlusterfsPersistentVolumeSource', 'glusterfs.endpoints', 'glusterfs.path'),
  ...rows(`${SOURCE} validateFlockerVolumeSource`, [
    [
      'flocker',
      (value, place) => {
        if (value === undefined) return undefined;
        const isNamed = text(value, 'datasetName') !== '';
        const hasId = text(value, 'datasetUUID') !== '';
        if (!isNamed && !hasId) return causeRequired(place.path, 'one of datasetName and datasetUUID is required');
        const detail = 'datasetName and datasetUUID can not be specified simultaneously';
        return isNamed && hasId ? causeInvalid(place.path, 'resource', detail) : undefined;
      },
    ],
    ['flocker.datasetName', textWithout((given) => (given.includes('/') ? ["must not contain '/'"] : []))],
  ]),
  ...rows(`${SOURCE} validateNFSVolumeSource`, [
    ['nfs.server', required()],
    ['nfs.path', required()],
    ['nfs.path', unless((value) => !String(value ?? '').startsWith('/'), 'must be an absolute path')],
  ]),
  ...requiredAll('validateRBDPersistentVolumeSource', 'rbd.monitors', 'rbd.image'),
  ...requiredAll('validateQuobyteVolumeSource', 'quobyte.volume'),
  ...rows(`${SOURCE} validateQuobyteVolumeSource`, [
    ['quobyte.registry', first(required(HOST_PORTS), textWithout(hostPortFaults))],
  ]),
  ...requiredAll('validateCephFSPersistentVolumeSource', 'cephfs.monitors'),
  ...requiredAll('validateISCSIPersistentVolumeSource', 'iscsi.targetPortal'),
  ...rows(`${SOURCE} validateISCSIPersistentVolumeSource`, [
    ['iscsi.targetPortal', portalLength],
    ['iscsi.iqn', first(required(), iscsiName)],
    ['iscsi.lun', between(0, 255)],
    ['iscsi.secretRef', when(needsAuth, present())],
    ['iscsi.secretRef.name', required()],
    ['iscsi.initiatorName', renamed('initiatorName', 'initiatorname', iscsiName)],
  ]),
  ...requiredAll(
    'validateCinderPersistentVolumeSource',
    'cinder.volumeID',
    'cinder.secretRef.name',
    'cinder.secretRef.namespace',
  ),
  ...rows(`${SOURCE} validateFCVolumeSource`, [['fc', fibreChannel]]),
  ...requiredAll('validateFlexPersistentVolumeSource', 'flexVolume.driver'),
  ...rows(`${SOURCE} validateFlexPersistentVolumeSource`, [['flexVolume.options', flexOptions]]),
  ...requiredAll('validateAzureFilePV', 'azureFile.secretName', 'azureFile.shareName'),
  ...requiredAll('validateVsphereVolumeSource', 'vsphereVolume.volumePath'),
  ...requiredAll('validatePhotonPersistentDiskVolumeSource', 'photonPersistentDisk.pdID'),
  ...requiredAll('validatePortworxVolumeSource', 'portworxVolume.volumeID'),
  ...rows(`${SOURCE} validateAzureDisk`, [
    ['azureDisk.diskName', required()],
    ['azureDisk.diskURI', required()],
    ['azureDisk.cachingMode', oneOf('None', 'ReadOnly', 'ReadWrite')],
    ['azureDisk.kind', oneOf('Dedicated', 'Managed', 'Shared')],
    ['azureDisk.diskURI', azureUri],
  ]),
  ...requiredAll('validateScaleIOPersistentVolumeSource', 'scaleIO.gateway', 'scaleIO.system', 'scaleIO.volumeName'),
  ...rows(`${SOURCE} validateLocalVolumeSource`, [['local.path', first(required(), pathInside)]]),
  ...rows(`${SOURCE} validateStorageOSPersistentVolumeSource`, [
    ['storageos.volumeName', first(required(), name('dns-label'))],
    ['storageos.volumeNamespace', name('dns-label')],
    ['storageos.secretRef.name', required()],
    ['storageos.secretRef.namespace', required()],
  ]),
  ...rows(`${SOURCE} validateCSIPersistentVolumeSource`, [
    ['csi.driver', csiDriverName],
    ['csi.volumeHandle', required()],
  ]),
  ...['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'].flatMap(
    (reference) => secretAt(`csi.${reference}`),
  ),
];

/** Of several kinds of volumes in one, only the first is looked at. */
function ofFirstKind(rules: readonly Rule[]): Rule[] {
  return rules.map((rule) => {
    const kind = /^\w+/.exec(rule.field)![0] as Kind;
    return {
      ...rule,
      check: when((place) => kindsOf(holderOf(place, kind))[0] === kind || kind === 'flexVolume', rule.check),
    };
  });
}

/** The object in which a kind of volume stands, above a place in it. */
function holderOf({ path, object }: Place, kind: Kind): unknown {
  const keys = path.split(/[.[\]]+/);
  return at(object, ...keys.slice(0, keys.indexOf(kind)));
}

/** Rules of all kinds, from the object on in which they stand. */
export const VOLUME_KIND_RULES: readonly Rule[] = ofFirstKind(KIND_RULES);
