/**
 * What a cluster can have, which of it goes together, and on what. A row says what a feature cannot be with, and from which version on it is.
 * Upstream: assisted-service, internal/featuresupport: features_misc.go, features_networking.go, features_olm_operators.go and features_platforms.go.
 */
import { compareBase } from '../versions/versions.ts';
import type { FeatureFacts } from './facts.ts';

/** A feature: names are upstream's, as texts have them. */
export interface Feature {
  readonly name: string;
  readonly isActive: (facts: FeatureFacts) => boolean;
  /** First version that has it, `major.minor`. */
  readonly from?: string;
  /** First version that has it no more. */
  readonly until?: string;
  /** Features that it cannot be with. */
  readonly excludes?: readonly Exclusion[];
  /** Architectures that lack it. */
  readonly lacking?: readonly Lack[];
}

/** A feature, or architecture, that is excluded; where a version is given, only before it. */
type Exclusion = string | readonly [feature: string, before: string];
type Lack = string | readonly [architecture: string, before: string];

const ARM = 'arm64';
const IBM = ['s390x', 'ppc64le'] as const;
const NOT_X86 = [ARM, ...IBM] as const;

const withOperator =
  (...names: string[]) =>
  ({ operators }: FeatureFacts) =>
    names.some((name) => operators.has(name));
const onPlatform =
  (...names: string[]) =>
  ({ platform }: FeatureFacts) =>
    names.includes(platform);
const withNetworkType =
  (type: string) =>
  ({ networkType }: FeatureFacts) =>
    networkType === type;

const NETWORK_TYPES = ['sdn', 'ovn', 'cilium', 'calico', 'cisco', 'no-cni'] as const;
const otherTypes = (own: (typeof NETWORK_TYPES)[number]) => NETWORK_TYPES.filter((type) => type !== own);

const GENERAL: Readonly<Record<string, Feature>> = {
  sno: {
    name: 'Single Node OpenShift',
    isActive: ({ isSingleNode }) => isSingleNode,
    excludes: [
      'odf',
      'nutanix',
      'vsphere',
      'cluster-networking',
      'vip-dhcp',
      'user-load-balancer',
      'node-healthcheck',
      'self-node-remediation',
      'fence-agents-remediation',
      'node-maintenance',
      'kube-descheduler',
      ['primary-v6', '4.19'],
    ],
    lacking: IBM.map((architecture) => [architecture, '4.13'] as const),
  },
  tna: {
    name: 'TNA Clusters',
    isActive: ({ hasArbiter }) => hasArbiter,
    from: '4.19',
    excludes: ['nutanix', 'vsphere', 'external', 'oci', ['none', '4.22']],
  },
  tnf: {
    name: 'TNF Clusters',
    isActive: ({ isFencing }) => isFencing,
    from: '4.20',
    excludes: ['nutanix', 'vsphere', 'external', 'oci'],
  },
  'minimal-iso': {
    name: 'Minimal ISO',
    isActive: ({ imageType }) => imageType === 'minimal-iso',
    lacking: ['s390x'],
  },
  'full-iso': { name: 'Full ISO', isActive: ({ imageType }) => imageType === 'full-iso', excludes: ['oci'] },
  'more-masters': {
    name: 'Non-standard HA OCP Control Plane',
    isActive: ({ controlPlaneCount }) => controlPlaneCount > 3,
    from: '4.18',
    excludes: ['nutanix', 'vsphere'],
    lacking: [...NOT_X86, 'multi'],
  },
};

const NETWORKING: Readonly<Record<string, Feature>> = {
  'vip-dhcp': {
    name: 'VIP Automatic Allocation',
    isActive: ({ vipDhcp }) => vipDhcp,
    until: '4.15',
    excludes: ['sno', 'oci', 'none', 'external', 'user-load-balancer'],
  },
  'cluster-networking': {
    name: 'Cluster Managed Networking',
    isActive: ({ userManaged }) => userManaged === false,
    excludes: ['sno', 'user-networking', 'oci', 'none', 'external'],
    lacking: [...IBM, [ARM, '4.11']],
  },
  'dual-stack': {
    name: 'Dual-Stack',
    isActive: ({ isDualStack }) => isDualStack,
    excludes: ['user-load-balancer', ['vsphere', '4.13']],
  },
  'dual-stack-vips': {
    name: 'Dual-Stack VIPs',
    isActive: ({ hasDualStackVips }) => hasDualStackVips,
    from: '4.12',
    excludes: ['oci', 'user-load-balancer'],
  },
  'user-networking': {
    name: 'User Managed Networking',
    isActive: ({ userManaged }) => userManaged === true,
    excludes: ['cluster-networking', 'nutanix', 'baremetal', 'user-load-balancer'],
  },
  'platform-networking': {
    name: 'Platform managed networking',
    isActive: onPlatform('external', 'none'),
    excludes: ['baremetal', 'vsphere', 'nutanix'],
  },
  sdn: {
    name: 'Openshift SDN',
    isActive: withNetworkType('OpenShiftSDN'),
    until: '4.15',
    excludes: otherTypes('sdn'),
  },
  ovn: { name: 'Openshift OVN', isActive: withNetworkType('OVNKubernetes'), excludes: otherTypes('ovn') },
  cilium: { name: 'Cilium CNI', isActive: withNetworkType('Cilium'), excludes: otherTypes('cilium') },
  calico: { name: 'Calico CNI', isActive: withNetworkType('Calico'), excludes: otherTypes('calico') },
  cisco: { name: 'Cisco ACI CNI', isActive: withNetworkType('CiscoACI'), excludes: otherTypes('cisco') },
  'no-cni': { name: 'None CNI', isActive: withNetworkType('None'), excludes: otherTypes('no-cni') },
  'user-load-balancer': {
    name: 'User Managed Load Balancer',
    isActive: ({ userLoadBalancer }) => userLoadBalancer,
    from: '4.16',
    excludes: [
      'external',
      'oci',
      'none',
      'nutanix',
      'user-networking',
      'vip-dhcp',
      'dual-stack',
      'dual-stack-vips',
      'sno',
      'primary-v6',
    ],
  },
  'primary-v6': {
    name: 'Dual-Stack Primary IPv6',
    isActive: ({ isPrimaryV6 }) => isPrimaryV6,
    from: '4.12',
    excludes: ['user-load-balancer', 'external', 'oci', 'nutanix', 'vsphere', ['sno', '4.19']],
  },
};

const PLATFORMS: Readonly<Record<string, Feature>> = {
  baremetal: {
    name: 'Baremetal Platform Integration',
    isActive: onPlatform('baremetal'),
    excludes: ['platform-networking', 'user-networking'],
  },
  none: {
    name: 'None Platform Integration',
    isActive: onPlatform('none'),
    excludes: ['vip-dhcp', 'cluster-networking', 'user-load-balancer', ['tna', '4.22']],
  },
  nutanix: {
    name: 'Nutanix Platform Integration',
    isActive: onPlatform('nutanix'),
    from: '4.11',
    excludes: [
      'sno',
      'tna',
      'tnf',
      'user-networking',
      'lvm',
      'mce',
      'cnv',
      'platform-networking',
      'mtv',
      'more-masters',
      'user-load-balancer',
      'osc',
      'nmstate',
      'primary-v6',
    ],
    lacking: NOT_X86,
  },
  vsphere: {
    name: 'vSphere Platform Integration',
    isActive: onPlatform('vsphere'),
    excludes: [
      'sno',
      'tna',
      'tnf',
      'lvm',
      'platform-networking',
      'cnv',
      'mtv',
      'more-masters',
      'osc',
      'primary-v6',
      ['dual-stack', '4.13'],
    ],
    lacking: IBM,
  },
  oci: {
    name: 'Oracle Cloud Infrastructure external platform',
    isActive: ({ platform, isOracle }) => platform === 'external' && isOracle,
    from: '4.14',
    excludes: [
      'tna',
      'tnf',
      'cluster-networking',
      'vip-dhcp',
      'dual-stack-vips',
      'full-iso',
      'user-load-balancer',
      'nmstate',
      'odf',
      'openshift-ai',
      'primary-v6',
    ],
    lacking: IBM,
  },
  external: {
    name: 'External Platform Integration',
    isActive: onPlatform('external'),
    from: '4.14',
    excludes: ['tna', 'tnf', 'cluster-networking', 'vip-dhcp', 'user-load-balancer', 'nmstate', 'primary-v6'],
  },
};

/** Operators by their name, unless more than that makes them a feature. */
const OPERATORS: Readonly<Record<string, Omit<Feature, 'isActive'> & Partial<Pick<Feature, 'isActive'>>>> = {
  lvm: {
    name: 'Logical Volume Management',
    from: '4.11',
    excludes: ['nutanix', 'vsphere', 'odf', ['vip-dhcp', '4.15'], ['cluster-networking', '4.15']],
    lacking: IBM,
  },
  odf: {
    name: 'OpenShift Data Foundation',
    isActive: withOperator('odf', 'ocs'),
    excludes: ['sno', 'lvm', 'oci'],
    lacking: [ARM],
  },
  cnv: { name: 'OpenShift Virtualization', excludes: ['nutanix', 'vsphere'], lacking: [...IBM, [ARM, '4.14']] },
  lso: { name: 'Local Storage Operator', lacking: [ARM] },
  mce: { name: 'multicluster engine', from: '4.10', excludes: ['nutanix'] },
  mtv: {
    name: 'OpenShift Migration Toolkit for Virtualization',
    isActive: ({ operators }) => operators.has('mtv') && operators.has('cnv'),
    from: '4.14',
    excludes: ['nutanix', 'vsphere'],
    lacking: NOT_X86,
  },
  osc: { name: 'OpenShift sandboxed containers', from: '4.10', excludes: ['nutanix', 'vsphere'], lacking: NOT_X86 },
  'node-feature-discovery': { name: 'Node Feature Discovery', from: '4.6', lacking: IBM },
  'nvidia-gpu': { name: 'NVIDIA GPU', lacking: NOT_X86 },
  pipelines: { name: 'Pipelines' },
  servicemesh: { name: 'ServiceMesh' },
  serverless: { name: 'ServerLess' },
  'openshift-ai': { name: 'OpenShift AI', from: '4.12', excludes: ['oci'], lacking: NOT_X86 },
  authorino: { name: 'Authorino', lacking: [ARM] },
  nmstate: {
    name: 'Nmstate node network configuration',
    from: '4.12',
    excludes: ['nutanix', 'external', 'oci'],
    lacking: NOT_X86,
  },
  'amd-gpu': { name: 'AMD GPU', lacking: NOT_X86 },
  kmm: { name: 'Kernel Module Management' },
  'node-healthcheck': { name: 'Node Healthcheck', excludes: ['sno'] },
  'self-node-remediation': { name: 'Self Node Remediation', excludes: ['sno'] },
  'fence-agents-remediation': { name: 'Fence Agents Remediation', excludes: ['sno'] },
  'node-maintenance': { name: 'Node Maintenance Operator', excludes: ['sno'] },
  'kube-descheduler': { name: 'Kube Descheduler', excludes: ['sno'] },
  'cluster-observability': { name: 'Cluster Observability' },
  loki: { name: 'Loki Operator', from: '4.17' },
  'openshift-logging': { name: 'Red Hat OpenShift Logging Operator', from: '4.17' },
  numaresources: { name: 'NUMA Resources' },
  oadp: { name: 'OADP Operator' },
  metallb: { name: 'MetalLB', from: '4.11' },
};

/** By what rows call them. */
export const FEATURES: Readonly<Record<string, Feature>> = {
  ...GENERAL,
  ...NETWORKING,
  ...PLATFORMS,
  ...Object.fromEntries(
    Object.entries(OPERATORS).map(([name, operator]) => [name, { isActive: withOperator(name), ...operator }]),
  ),
};

/** Whether a version has a feature on an architecture. */
export function isAvailable(feature: Feature, version: string, architecture: string): boolean {
  if (feature.from !== undefined && compareBase(version, feature.from) < 0) return false;
  if (feature.until !== undefined && compareBase(version, feature.until) >= 0) return false;
  return runsOn(feature, version, architecture);
}

/** Whether a feature is on an architecture, in whatever version has it at all. */
export function runsOn({ lacking }: Feature, version: string, architecture: string): boolean {
  return !applies(lacking, version).includes(architecture);
}

/** What a feature cannot be with. */
export function excludedBy({ excludes }: Feature, version: string): readonly string[] {
  return applies(excludes, version);
}

function applies(list: readonly (Exclusion | Lack)[] | undefined, version: string): string[] {
  return (list ?? []).flatMap((item) => {
    if (typeof item === 'string') return [item];
    return compareBase(version, item[1]) < 0 ? [item[0]] : [];
  });
}
