/** Objects of a spoke that belong to one host: node, certificate requests, Machine, BareMetalHost. */
import { isIP } from 'node:net';
import { INGRESS_CA_BUNDLE } from '../../../model/spoke/ingress-certificate.ts';
import type { KubeObject } from '../../api/object.ts';
import { kubeletRequest } from './kubelet-request.ts';
import type { HostSettings } from './spoke-settings.ts';

export const MACHINE_NAMESPACE = 'openshift-machine-api';
export const PAUSED_ANNOTATION = 'baremetalhost.metal3.io/paused';

const CONFIG_ANNOTATION = 'machineconfiguration.openshift.io';

/** What a node's kubelet and the machine-config daemon report. */
export interface NodeFacts {
  version: string;
  /** Whether pods of users may run on the control plane. */
  schedulableControlPlane: boolean;
  systemUuid: string;
  now: string;
}

/** The node as its kubelet creates it: not Ready. */
export function node(host: HostSettings, { version, schedulableControlPlane, systemUuid, now }: NodeFacts): KubeObject {
  const worker = host.role === 'worker' || (host.role === 'master' && schedulableControlPlane);
  const resources = {
    cpu: `${host.cpuCores}`,
    memory: `${host.memoryMiB * 1024}Ki`,
    pods: '250',
    'ephemeral-storage': '104322028Ki',
  };
  const minor = Number(version.split('.')[1] ?? 18);
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: host.name.toLowerCase(),
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': host.name.toLowerCase(),
        'kubernetes.io/os': 'linux',
        'node.openshift.io/os_id': 'rhcos',
        ...(host.role === 'master' && {
          'node-role.kubernetes.io/control-plane': '',
          'node-role.kubernetes.io/master': '',
        }),
        ...(host.role === 'arbiter' && { 'node-role.kubernetes.io/arbiter': '' }),
        ...(worker && { 'node-role.kubernetes.io/worker': '' }),
      },
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: worker ? {} : { taints: [{ key: `node-role.kubernetes.io/${host.role}`, effect: 'NoSchedule' }] },
    status: {
      addresses: [
        ...host.addresses.map((address) => ({ type: 'InternalIP', address })),
        { type: 'Hostname', address: host.name.toLowerCase() },
      ],
      allocatable: resources,
      capacity: resources,
      conditions: [
        healthy('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available', now),
        healthy('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure', now),
        healthy('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available', now),
        readyCondition(false, now),
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
      // Kubernetes 1.13 came with OpenShift 4.0, and both count alike since.
      nodeInfo: {
        architecture: 'amd64',
        bootID: systemUuid,
        containerRuntimeVersion: `cri-o://1.${minor + 13}.0`,
        kernelVersion: '5.14.0-427.el9.x86_64',
        kubeProxyVersion: `v1.${minor + 13}.0`,
        kubeletVersion: `v1.${minor + 13}.0`,
        machineID: systemUuid.replaceAll('-', ''),
        operatingSystem: 'linux',
        osImage: `Red Hat Enterprise Linux CoreOS ${version}`,
        systemUUID: systemUuid,
      },
    },
  };
}

function healthy(type: string, reason: string, message: string, now: string) {
  return { type, status: 'False', reason, message, lastHeartbeatTime: now, lastTransitionTime: now };
}

function readyCondition(ready: boolean, now: string) {
  return {
    type: 'Ready',
    status: ready ? 'True' : 'False',
    reason: ready ? 'KubeletReady' : 'KubeletNotReady',
    message: ready ? 'kubelet is posting ready status' : 'the network plug-in is not ready',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
}

type NodeCondition = ReturnType<typeof readyCondition>;

function changeConditions(draft: KubeObject, change: (condition: NodeCondition) => NodeCondition): void {
  const status = (draft.status ?? {}) as { conditions?: NodeCondition[] };
  draft.status = {
    ...status,
    conditions: (status.conditions ?? [readyCondition(false, new Date(0).toISOString())]).map(change),
  };
}

export function markReady(draft: KubeObject, now: string): void {
  changeConditions(draft, (condition) => (condition.type === 'Ready' ? readyCondition(true, now) : condition));
}

/** The kubelet has fallen silent, and the control plane has noticed. */
export function markUnreachable(draft: KubeObject, now: string): void {
  changeConditions(draft, (condition) => ({
    ...condition,
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
    lastTransitionTime: now,
  }));
}

/** What the machine-config daemon writes once the node has its configuration; a bootstrap waits for it on all masters. */
export function markConfigured(draft: KubeObject, config: string): void {
  draft.metadata.annotations = {
    ...draft.metadata.annotations,
    [`${CONFIG_ANNOTATION}/currentConfig`]: config,
    [`${CONFIG_ANNOTATION}/desiredConfig`]: config,
    [`${CONFIG_ANNOTATION}/state`]: 'Done',
  };
}

export type CsrPurpose = 'client' | 'serving';

/** A kubelet asks for a certificate; a node has to be let in twice. */
export function certificateRequest(host: Pick<HostSettings, 'name' | 'addresses'>, purpose: CsrPurpose): KubeObject {
  const nodeName = host.name.toLowerCase();
  const pem = kubeletRequest({ nodeName, addresses: host.addresses, purpose });
  const nodeUser = `system:node:${nodeName}`;
  const bootstrapper = 'system:serviceaccount:openshift-machine-config-operator:node-bootstrapper';
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: 'csr-' },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName:
        purpose === 'client' ? 'kubernetes.io/kube-apiserver-client-kubelet' : 'kubernetes.io/kubelet-serving',
      usages: ['digital signature', purpose === 'client' ? 'client auth' : 'server auth'],
      username: purpose === 'client' ? bootstrapper : nodeUser,
      groups:
        purpose === 'client'
          ? [
              'system:serviceaccounts:openshift-machine-config-operator',
              'system:serviceaccounts',
              'system:authenticated',
            ]
          : ['system:nodes', 'system:authenticated'],
    },
    status: {},
  };
}

export function approval(now: string) {
  return {
    type: 'Approved',
    status: 'True',
    reason: 'AutoApproved',
    message: 'Approved while the cluster is bootstrapped.',
    lastUpdateTime: now,
    lastTransitionTime: now,
  };
}

/** The Machine of a host on bare metal. */
export function machine(spoke: string, host: HostSettings): KubeObject {
  const role = host.role;
  return {
    apiVersion: 'machine.openshift.io/v1beta1',
    kind: 'Machine',
    metadata: {
      namespace: MACHINE_NAMESPACE,
      name: `${spoke}-machine-${host.name.split('.')[0]}`,
      labels: {
        'machine.openshift.io/cluster-api-cluster': spoke,
        'machine.openshift.io/cluster-api-machine-role': role,
        'machine.openshift.io/cluster-api-machine-type': role,
      },
    },
    spec: { metadata: {}, providerSpec: { value: { kind: 'BareMetalMachineProviderSpec' } } },
    status: { phase: role === 'worker' ? 'Provisioning' : 'Running' },
  };
}

/**
 * The BareMetalHost the installation leaves behind: hosts of the control plane have been adopted, workers wait for the
 * controller (openshift/assisted-installer, src/assisted_installer_controller/assisted_installer_controller.go, UpdateBMHs).
 */
export function bareMetalHost(spoke: string, host: HostSettings): KubeObject {
  const adopted = host.role !== 'worker';
  return {
    apiVersion: 'metal3.io/v1alpha1',
    kind: 'BareMetalHost',
    metadata: {
      namespace: MACHINE_NAMESPACE,
      name: host.name.toLowerCase(),
      ...(!adopted && { annotations: { [PAUSED_ANNOTATION]: '' } }),
    },
    spec: {
      online: true,
      automatedCleaningMode: 'metadata',
      ...(host.macAddress && { bootMACAddress: host.macAddress }),
      ...(adopted && {
        externallyProvisioned: true,
        consumerRef: {
          apiVersion: 'machine.openshift.io/v1beta1',
          kind: 'Machine',
          namespace: MACHINE_NAMESPACE,
          name: machine(spoke, host).metadata.name,
        },
      }),
    },
    status: bareMetalStatus(adopted ? 'externally provisioned' : ''),
  };
}

export function bareMetalStatus(state: string) {
  return {
    errorCount: 0,
    errorMessage: '',
    hardwareProfile: '',
    operationalStatus: state === '' ? '' : 'OK',
    poweredOn: true,
    provisioning: { ID: '', state },
  };
}

export function provisioning(): KubeObject {
  return {
    apiVersion: 'metal3.io/v1alpha1',
    kind: 'Provisioning',
    metadata: { name: 'provisioning-configuration' },
    spec: { provisioningNetwork: 'Disabled' },
  };
}

/**
 * The line of the machine-config-server by which a host's request for its ignition is recognised
 * (openshift/assisted-installer, src/common/common.go, SetConfiguringStatusForHosts).
 */
export function ignitionLogLine(host: HostSettings, now: Date): string {
  const [address = ''] = host.addresses;
  const stamp = now.toISOString();
  const prefix = `I${stamp.slice(5, 7)}${stamp.slice(8, 10)} ${stamp.slice(11, 23)}000       1 api.go:64]`;
  const place = isIP(address) === 6 ? `[${address}]:41000` : `${address}:41000`;
  const pool = host.role === 'worker' ? 'worker' : host.role;
  return `${prefix} Pool ${pool} requested by address:"${place}" User-Agent:"Ignition/2.20.0" Accept-Header: "application/vnd.coreos.ignition+json;version=3.4.0, */*;q=0.1"`;
}

/** What is issued for a certificate request, as base64: some certificate, since nobody looks into it. */
export const CERTIFICATE = Buffer.from(INGRESS_CA_BUNDLE).toString('base64');
