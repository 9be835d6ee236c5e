/** Objects of a spoke that belong to the cluster as a whole: those that assisted-installer and its controller read. */
import { stringify } from 'yaml';
import type { OperatorPhase } from '../../../model/spoke/profiles.ts';
import type { KubeObject } from '../../api/object.ts';
import type { SpokeSettings } from './spoke-settings.ts';

export const NAMESPACES = [
  'assisted-installer',
  'openshift-config',
  'openshift-config-managed',
  'openshift-dns',
  'openshift-dns-operator',
  'openshift-machine-api',
  'openshift-machine-config-operator',
  'openshift-marketplace',
] as const;

export const SERVICE_NETWORK = '172.30.0.0/16';
/**
 * The tenth address of the service network, which the controller looks for: openshift/assisted-installer,
 * src/assisted_installer_controller/assisted_installer_controller.go, HackDNSAddressConflict.
 */
export const DNS_ADDRESS = '172.30.0.10';

export const DNS_SERVICE = { namespace: 'openshift-dns', name: 'dns-default' } as const;

export function namespaceObject(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function configMap(namespace: string, name: string, data: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data };
}

/** `kube-system/cluster-config-v1`. */
export function installConfig({ name, platform, topology }: SpokeSettings): KubeObject {
  const { controlPlanes, arbiters, workers } = topology;
  const text = stringify({
    apiVersion: 'v1',
    baseDomain: 'example.com',
    metadata: { name },
    controlPlane: { name: 'master', replicas: controlPlanes, hyperthreading: 'Enabled' },
    ...(arbiters > 0 && { arbiter: { name: 'arbiter', replicas: arbiters, hyperthreading: 'Enabled' } }),
    compute: [{ name: 'worker', replicas: workers, hyperthreading: 'Enabled' }],
    networking: {
      networkType: 'OVNKubernetes',
      clusterNetwork: [{ cidr: '10.128.0.0/14', hostPrefix: 23 }],
      serviceNetwork: [SERVICE_NETWORK],
    },
    platform: { [platform]: {} },
  });
  return configMap('kube-system', 'cluster-config-v1', { 'install-config': text });
}

export function installManifests(version: string): KubeObject {
  return configMap('openshift-config', 'openshift-install-manifests', {
    invoker: 'assisted-service',
    version: `v${version}`,
  });
}

function service(namespace: string, name: string, clusterIP: string, ports: [string, number, string][]): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ports: ports.map(([portName, port, protocol]) => ({ name: portName, port, protocol, targetPort: port })),
    },
  };
}

export function dnsService(): KubeObject {
  return service(DNS_SERVICE.namespace, DNS_SERVICE.name, DNS_ADDRESS, [
    ['dns', 53, 'UDP'],
    ['dns-tcp', 53, 'TCP'],
    ['metrics', 9154, 'TCP'],
  ]);
}

/** Holds the address that the DNS service wants. */
export function dnsAddressThief(): KubeObject {
  return service('openshift-marketplace', 'certified-operators', DNS_ADDRESS, [['grpc', 50_051, 'TCP']]);
}

export function dnsOperatorPod(): KubeObject {
  return pod('openshift-dns-operator', 'dns-operator-5c9d7b6f4-x2wlq', { name: 'dns-operator' }, 'dns-operator');
}

/** A pod that runs. */
export function pod(
  namespace: string,
  name: string,
  labels: Record<string, string>,
  container: string,
  place?: { node: string; address: string },
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels },
    spec: {
      ...(place && { nodeName: place.node }),
      containers: [{ name: container, image: `quay.io/openshift-release-dev/ocp-v4.0-art-dev:${container}` }],
    },
    status: {
      phase: 'Running',
      ...(place && { hostIP: place.address, podIP: place.address }),
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [
        {
          name: container,
          image: `quay.io/openshift-release-dev/ocp-v4.0-art-dev:${container}`,
          imageID: '',
          ready: true,
          restartCount: 0,
          state: { running: {} },
        },
      ],
    },
  };
}

export function proxy(): KubeObject {
  return { apiVersion: 'config.openshift.io/v1', kind: 'Proxy', metadata: { name: 'cluster' }, spec: {}, status: {} };
}

const PLATFORM_TYPES: Readonly<Record<SpokeSettings['platform'], string>> = {
  none: 'None',
  baremetal: 'BareMetal',
  vsphere: 'VSphere',
  nutanix: 'Nutanix',
  external: 'External',
};

export function infrastructure({
  name,
  platform,
  topology,
}: Pick<SpokeSettings, 'name' | 'platform' | 'topology'>): KubeObject {
  const type = PLATFORM_TYPES[platform];
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'Infrastructure',
    metadata: { name: 'cluster' },
    spec: { platformSpec: { type } },
    status: {
      infrastructureName: name,
      platform: type,
      platformStatus: { type },
      apiServerURL: `https://api.${name}.example.com:6443`,
      apiServerInternalURI: `https://api-int.${name}.example.com:6443`,
      controlPlaneTopology: topology.controlPlanes === 1 ? 'SingleReplica' : 'HighlyAvailable',
      infrastructureTopology:
        topology.controlPlanes === 1 && topology.workers < 2 ? 'SingleReplica' : 'HighlyAvailable',
    },
  };
}

interface Condition {
  type: string;
  status: 'True' | 'False';
  reason: string;
  message: string;
  lastTransitionTime: string;
}

/**
 * Conditions of a ClusterOperator or ClusterVersion. The one that decides comes first: the controller takes the first
 * that tells it something (openshift/assisted-installer, src/utils/utils.go, MonitoredOperatorStatus).
 * @param before conditions so far, whose transition times stay where nothing changes
 */
export function operatorConditions(
  phase: Pick<OperatorPhase, 'status' | 'message'>,
  before: readonly Condition[],
  now: string,
): Condition[] {
  const { status, message } = phase;
  const make = (type: string, on: boolean, reason: string, text: string): Condition => {
    const value = on ? 'True' : 'False';
    const last = before.find((condition) => condition.type === type);
    return {
      type,
      status: value,
      reason,
      message: text,
      lastTransitionTime: last?.status === value ? last.lastTransitionTime : now,
    };
  };
  const available = make(
    'Available',
    status === 'available',
    status === 'available' ? 'AsExpected' : 'NotAvailable',
    status === 'progressing' ? '' : message,
  );
  const progressing = make(
    'Progressing',
    status === 'progressing',
    status === 'progressing' ? 'Progressing' : 'AsExpected',
    message,
  );
  const degraded = make(
    'Degraded',
    status === 'failed',
    status === 'failed' ? 'Failed' : 'AsExpected',
    status === 'failed' ? message : '',
  );
  const rest = [make('Upgradeable', true, 'AsExpected', '')];
  if (status === 'progressing') return [progressing, available, degraded, ...rest];
  if (status === 'failed') return [degraded, available, progressing, ...rest];
  return [available, progressing, degraded, ...rest];
}

/** Optional parts of a cluster, all of which are in use. */
const CAPABILITIES = [
  'Build',
  'CSISnapshot',
  'CloudControllerManager',
  'CloudCredential',
  'Console',
  'DeploymentConfig',
  'ImageRegistry',
  'Ingress',
  'Insights',
  'MachineAPI',
  'NodeTuning',
  'OperatorLifecycleManager',
  'OperatorLifecycleManagerV1',
  'Storage',
  'baremetal',
  'marketplace',
  'openshift-samples',
];

export function clusterVersion(version: string, clusterId: string, now: string): KubeObject {
  const image = `quay.io/openshift-release-dev/ocp-release:${version}-x86_64`;
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterVersion',
    metadata: { name: 'version' },
    spec: { clusterID: clusterId },
    status: {
      desired: { version, image },
      observedGeneration: 1,
      versionHash: '',
      capabilities: { enabledCapabilities: CAPABILITIES, knownCapabilities: CAPABILITIES },
      history: [{ state: 'Partial', version, image, startedTime: now, completionTime: null, verified: false }],
      availableUpdates: null,
      conditions: [],
    },
  };
}

/** Puts a phase into a ClusterVersion or a ClusterOperator. */
export function enterPhase(draft: KubeObject, phase: OperatorPhase, version: string, now: string): void {
  const status = { ...(draft.status as Record<string, unknown>) };
  draft.status = status;
  const shown = { status: phase.status, message: phase.message.replaceAll('{version}', version) };
  status.conditions = operatorConditions(shown, (status.conditions ?? []) as Condition[], now);
  if (phase.status !== 'available') return;
  if (draft.kind === 'ClusterVersion') {
    const history = (status.history ?? []) as Record<string, unknown>[];
    status.history = history.map((entry) => ({
      ...entry,
      state: 'Completed',
      completionTime: entry.completionTime ?? now,
    }));
  } else {
    status.versions = [{ name: 'operator', version }];
  }
}

export function clusterOperator(name: string, version: string): KubeObject {
  return {
    apiVersion: 'config.openshift.io/v1',
    kind: 'ClusterOperator',
    metadata: { name },
    spec: {},
    status: { conditions: [], versions: [{ name: 'operator', version }], relatedObjects: [] },
  };
}

export function machineConfigPool(role: string): KubeObject {
  return {
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'MachineConfigPool',
    metadata: { name: role, labels: { [`pools.operator.machineconfiguration.openshift.io/${role}`]: '' } },
    spec: {
      paused: false,
      machineConfigSelector: { matchLabels: { 'machineconfiguration.openshift.io/role': role } },
      nodeSelector: { matchLabels: { [`node-role.kubernetes.io/${role}`]: '' } },
    },
    status: {
      machineCount: 0,
      readyMachineCount: 0,
      updatedMachineCount: 0,
      unavailableMachineCount: 0,
      degradedMachineCount: 0,
      conditions: [],
    },
  };
}

export function machineConfig(name: string, role: string): KubeObject {
  return {
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'MachineConfig',
    metadata: {
      name,
      labels: { 'machineconfiguration.openshift.io/role': role },
      annotations: { 'machineconfiguration.openshift.io/generated-by-controller-version': 'controller-mock' },
    },
    spec: { config: { ignition: { version: '3.4.0' } }, osImageURL: '' },
  };
}
