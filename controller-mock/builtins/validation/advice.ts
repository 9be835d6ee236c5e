/** What a server says of objects that it takes, as warnings: the strategies of pkg/registry, WarningsOnCreate and WarningsOnUpdate. */
import type { KubeObject } from '../../api/object.ts';
import { quantityNanos } from '../../api/quantity.ts';
import { at, fields, items, strings, text } from '../fields.ts';
import { addressAdvice } from './addresses.ts';
import { expressionAdvice, OLD_LABELS } from './old-labels.ts';
import { keyPairFault } from './pem.ts';
import { WORKLOAD_ADVICE } from './workload-advice.ts';

type Advice = (object: KubeObject, old: KubeObject | undefined) => readonly string[];

const HINTS = 'service.kubernetes.io/topology-aware-hints';

/** pkg/api/service/warnings.go GetWarningsForService */
function serviceAdvice({ metadata, spec }: KubeObject): string[] {
  const advice: string[] = [];
  if (metadata.annotations?.[HINTS] !== undefined) {
    advice.push(`annotation ${HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  }
  for (const field of ['clusterIPs', 'externalIPs', 'loadBalancerSourceRanges']) {
    if (field === 'clusterIPs' && text(spec, 'clusterIP') === 'None') continue;
    for (const [index, given] of strings(spec, field).entries()) {
      advice.push(...addressAdvice(`spec.${field}[${index}]`, given));
    }
  }
  const balancer = text(spec, 'loadBalancerIP');
  if (balancer !== '') advice.push(...addressAdvice('spec.loadBalancerIP', balancer));
  const isNamed = text(spec, 'type') === 'ExternalName';
  if (isNamed && strings(spec, 'externalIPs').length > 0) {
    advice.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  if (!isNamed && text(spec, 'externalName') !== '') {
    advice.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  return advice;
}

/** pkg/registry/core/secret/strategy.go warningsForSecret */
const secretAdvice: Advice = ({ type, data }) => {
  if (type !== 'kubernetes.io/tls') return [];
  const [certificate, key] = ['tls.crt', 'tls.key'].map((name) => Buffer.from(text(data, name), 'base64'));
  const fault = keyPairFault(certificate!, key!);
  return fault === undefined ? [] : [fault];
};

const CLASS = 'volume.beta.kubernetes.io/storage-class';
const MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options';
const USE_CLASS = 'deprecated since v1.8; use "storageClassName" attribute instead';

const OLD_VOLUMES: Readonly<Record<string, string>> = {
  cephfs: 'spec.cephfs: deprecated in v1.28, non-functional in v1.31+',
  photonPersistentDisk: 'spec.photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'spec.scaleIO: deprecated in v1.16, non-functional in v1.22+',
  storageos: 'spec.storageOS: deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'spec.glusterfs: deprecated in v1.25, non-functional in v1.26+',
  rbd: 'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
};

/** pkg/api/persistentvolume/util.go GetWarningsForPersistentVolume */
function volumeAdvice({ metadata, spec }: KubeObject): string[] {
  const { annotations = {} } = metadata;
  const advice: string[] = [];
  if (CLASS in annotations) advice.push(`metadata.annotations[${CLASS}]: ${USE_CLASS}`);
  if (MOUNT_OPTIONS in annotations) {
    advice.push(`metadata.annotations[${MOUNT_OPTIONS}]: deprecated since v1.31; use "mountOptions" attribute instead`);
  }
  if (text(spec, 'persistentVolumeReclaimPolicy') === 'Recycle') {
    advice.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    );
  }
  for (const [index, term] of items(spec, 'nodeAffinity', 'required', 'nodeSelectorTerms').entries()) {
    advice.push(...expressionAdvice(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`));
  }
  return [
    ...advice,
    ...Object.keys(OLD_VOLUMES)
      .filter((kind) => at(spec, kind))
      .map((kind) => OLD_VOLUMES[kind]!),
  ];
}

/** pkg/api/persistentvolumeclaim/util.go GetWarningsForPersistentVolumeClaim */
function claimAdvice({ metadata, spec }: KubeObject): string[] {
  const advice = CLASS in (metadata.annotations ?? {}) ? [`metadata.annotations[${CLASS}]: ${USE_CLASS}`] : [];
  for (const field of ['requests', 'limits']) {
    const size = at(spec, 'resources', field, 'storage');
    if (size === undefined || quantityNanos(size) % 10n ** 9n === 0n) continue;
    const path = `spec.resources.${field}[storage]`;
    advice.push(`${path}: fractional byte value ${JSON.stringify(size)} is invalid, must be an integer`);
  }
  return advice;
}

/** pkg/api/storage/util.go GetWarningsForStorageClass */
const classAdvice: Advice = (object) =>
  items(object, 'allowedTopologies').flatMap((term, index) =>
    items(term, 'matchLabelExpressions').flatMap((expression, at) => {
      const advice = OLD_LABELS[text(expression, 'key')];
      return advice ? [`allowedTopologies[${index}].matchLabelExpressions[${at}].key: ${advice}`] : [];
    }),
  );

/** pkg/api/storage/util.go GetWarningsForCSIStorageCapacity */
const capacityAdvice: Advice = ({ nodeTopology }) => [
  ...expressionAdvice(nodeTopology, 'nodeTopology'),
  ...Object.keys(fields(nodeTopology, 'matchLabels'))
    .filter((key) => key in OLD_LABELS)
    .map((key) => `nodeTopology.matchLabels.${key}: ${OLD_LABELS[key]}`),
];

const INGRESS_CLASS = 'kubernetes.io/ingress.class';

const ingressAdvice: Advice = ({ metadata, spec }, old) =>
  !old && metadata.annotations?.[INGRESS_CLASS] !== undefined && at(spec, 'ingressClassName') === undefined
    ? [`annotation ${JSON.stringify(INGRESS_CLASS)} is deprecated, please use 'spec.ingressClassName' instead`]
    : [];

const sliceAdvice: Advice = ({ addressType }, old) =>
  !old && addressType === 'FQDN' ? ['spec.addressType: FQDN endpoints are deprecated'] : [];

/** By apiVersion and kind: of writes to the object itself. */
export const ADVICE: Readonly<Record<string, Advice>> = {
  ...WORKLOAD_ADVICE,
  'v1 PersistentVolume': volumeAdvice,
  'v1 PersistentVolumeClaim': claimAdvice,
  'v1 Secret': secretAdvice,
  'v1 Service': serviceAdvice,
  'discovery.k8s.io/v1 EndpointSlice': sliceAdvice,
  'networking.k8s.io/v1 Ingress': ingressAdvice,
  'storage.k8s.io/v1 CSIStorageCapacity': capacityAdvice,
  'storage.k8s.io/v1 StorageClass': classAdvice,
};
