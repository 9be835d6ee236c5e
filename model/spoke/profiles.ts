/**
 * How long things take in clusters that do not exist: one table a profile, interpreted by the installers, the spoke, the
 * controller and the spokes of the mock kube-api.
 */
import type { OperatorStatus } from '../protocol/states.ts';
import type { Draws } from '../time/random.ts';
import { type Span, seconds, spanMs } from '../time/span.ts';

/** Tables of how long things take while a cluster installs: as usually seen, or a fraction of it for demonstrations. */
export const SPOKE_PROFILE_NAMES = ['typical', 'quick'] as const;
export type SpokeProfileName = (typeof SPOKE_PROFILE_NAMES)[number];

/** Durations of a machine; each host has its own draw. */
export type HostDuration =
  /** Removing old volume groups, RAIDs and signatures from the installation disk. */
  | 'diskCleanup'
  /** Bootstrap: pulling the machine-config image, extracting the ignition, starting services. */
  | 'bootstrapPreparation'
  | 'writeBootstrap'
  | 'writeMaster'
  | 'writeArbiter'
  | 'writeWorker'
  | 'writeSingleNode'
  /** Deploying the release's operating system over the written image (`enable_skip_mco_reboot`). */
  | 'osImageOverwrite'
  /** `shutdown -r +1` until the machine is silent. */
  | 'shutdown'
  /** `shutdown -r now` until the machine is silent. */
  | 'shutdownSingleNode'
  /** Firmware and kernel, until the machine asks for its ignition. */
  | 'boot'
  /** Firmware, boot loader and image start of a machine that boots the discovery image again. */
  | 'discoveryBoot'
  /** From the ignition to a node object. */
  | 'nodeJoin'
  /** From the node object to condition Ready. */
  | 'nodeReady'
  /** `oc debug node/…` of the reboot notifier. */
  | 'rebootCount';

/** Durations of a cluster. */
export type ClusterDuration =
  /** From the start of bootkube to the bootstrap's kube-apiserver and machine-config-server. */
  | 'kubeApi'
  /** From enough Ready masters to `.bootkube.done`. */
  | 'bootkube'
  /** Single node: from the start of bootkube to `.bootkube.done`. */
  | 'bootkubeSingleNode'
  /** From `.bootkube.done` to the end of `progress.service`. */
  | 'etcdBootstrap'
  /** From the end of etcd's bootstrap to consistent MachineConfig annotations. */
  | 'machineConfigs'
  /** From the first Ready master that is not the bootstrap to the controller's process. */
  | 'controllerStart'
  /** From the moment the operators have nodes to run on to the ConfigMap with the ingress certificate. */
  | 'ingressCertificate'
  /** Applying the manifests of one OLM operator. */
  | 'manifestApply'
  | 'mustGather';

/** What the conditions of a cluster operator say from a moment on. */
export interface OperatorPhase {
  /** Since the operators have nodes to run on. */
  after: Span;
  status: OperatorStatus;
  /** `{version}` stands for the OpenShift version. */
  message: string;
}

/** State of an OLM operator's ClusterServiceVersion from a moment on; before the first one there is none. */
export interface CsvPhase {
  after: Span;
  phase: 'Pending' | 'InstallReady' | 'Installing' | 'Succeeded' | 'Failed';
  message: string;
}

/** Compressed sizes of what is uploaded, in bytes. */
export interface LogSizes {
  /** Controller log right after the start. */
  controller: number;
  /** What a minute of running adds to it. */
  controllerPerMinute: number;
  mustGather: number;
}

export interface SpokeProfile {
  host: Readonly<Record<HostDuration, Span>>;
  cluster: Readonly<Record<ClusterDuration, Span>>;
  /** Simulated milliseconds between two progress lines of the image writer. */
  writerLineMs: number;
  operators: Readonly<Record<'console' | 'cvo', readonly OperatorPhase[]>>;
  csv: readonly CsvPhase[];
  logs: LogSizes;
}

/** Cluster operators that a failed installation reports beside `console`. */
export const CLUSTER_OPERATORS = [
  'authentication',
  'baremetal',
  'cloud-controller-manager',
  'cloud-credential',
  'cluster-autoscaler',
  'config-operator',
  'console',
  'control-plane-machine-set',
  'csi-snapshot-controller',
  'dns',
  'etcd',
  'image-registry',
  'ingress',
  'insights',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-storage-version-migrator',
  'machine-api',
  'machine-approver',
  'machine-config',
  'marketplace',
  'monitoring',
  'network',
  'node-tuning',
  'olm',
  'openshift-apiserver',
  'openshift-controller-manager',
  'openshift-samples',
  'operator-lifecycle-manager',
  'operator-lifecycle-manager-catalog',
  'operator-lifecycle-manager-packageserver',
  'service-ca',
  'storage',
] as const;

/** A cluster on ordinary servers. */
const typical: SpokeProfile = {
  host: {
    diskCleanup: seconds(2, 3),
    bootstrapPreparation: seconds(60, 60),
    writeBootstrap: seconds(180, 120),
    writeMaster: seconds(180, 120),
    writeArbiter: seconds(180, 120),
    writeWorker: seconds(180, 120),
    writeSingleNode: seconds(180, 120),
    osImageOverwrite: seconds(60, 60),
    shutdown: seconds(60, 2),
    shutdownSingleNode: seconds(1, 2),
    boot: seconds(240, 180),
    discoveryBoot: seconds(120, 120),
    nodeJoin: seconds(90, 60),
    nodeReady: seconds(60, 60),
    rebootCount: seconds(15, 15),
  },
  cluster: {
    kubeApi: seconds(120, 60),
    bootkube: seconds(60, 60),
    bootkubeSingleNode: seconds(480, 240),
    etcdBootstrap: seconds(60, 60),
    machineConfigs: seconds(10, 20),
    controllerStart: seconds(30, 30),
    ingressCertificate: seconds(60, 60),
    manifestApply: seconds(5, 5),
    mustGather: seconds(240, 120),
  },
  writerLineMs: 1000,
  operators: {
    console: [
      {
        after: seconds(0, 0),
        status: 'progressing',
        message: 'Working toward version {version}, 0 replicas available',
      },
      {
        after: seconds(180, 60),
        status: 'progressing',
        message: 'SyncLoopRefreshProgressing: Working toward version {version}, 0 replicas available',
      },
      {
        after: seconds(300, 120),
        status: 'progressing',
        message: 'Working toward version {version}, 1 replicas available',
      },
      { after: seconds(420, 240), status: 'available', message: 'All is well' },
    ],
    cvo: [
      {
        after: seconds(0, 0),
        status: 'progressing',
        message: 'Working towards {version}: 512 of 903 done (56% complete)',
      },
      {
        after: seconds(60, 30),
        status: 'progressing',
        message: 'Working towards {version}: 689 of 903 done (76% complete)',
      },
      {
        after: seconds(150, 60),
        status: 'progressing',
        message: 'Working towards {version}: 781 of 903 done (86% complete)',
      },
      {
        after: seconds(270, 90),
        status: 'progressing',
        message: 'Working towards {version}: 856 of 903 done (94% complete)',
      },
      {
        after: seconds(390, 150),
        status: 'progressing',
        message:
          'Working towards {version}: 889 of 903 done (98% complete), waiting on authentication, console, monitoring',
      },
      { after: seconds(540, 300), status: 'available', message: 'Done applying {version}' },
    ],
  },
  csv: [
    { after: seconds(120, 120), phase: 'Pending', message: 'requirements not met' },
    { after: seconds(150, 150), phase: 'InstallReady', message: 'all requirements found, attempting install' },
    { after: seconds(180, 180), phase: 'Installing', message: 'installing: waiting for deployment to become ready' },
    { after: seconds(300, 300), phase: 'Succeeded', message: 'install strategy completed with no errors' },
  ],
  logs: {
    controller: 20_000,
    controllerPerMinute: 4_000,
    mustGather: 10_000_000,
  },
};

/** The same order of things in a fraction of the time, for demonstrations and tests. */
const quick: SpokeProfile = {
  host: {
    diskCleanup: seconds(1, 1),
    bootstrapPreparation: seconds(10, 5),
    writeBootstrap: seconds(40, 20),
    writeMaster: seconds(40, 20),
    writeArbiter: seconds(40, 20),
    writeWorker: seconds(40, 20),
    writeSingleNode: seconds(40, 20),
    osImageOverwrite: seconds(10, 5),
    shutdown: seconds(60, 2),
    shutdownSingleNode: seconds(1, 1),
    boot: seconds(40, 20),
    discoveryBoot: seconds(120, 120),
    nodeJoin: seconds(35, 10),
    nodeReady: seconds(35, 10),
    rebootCount: seconds(5, 5),
  },
  cluster: {
    kubeApi: seconds(20, 10),
    bootkube: seconds(10, 10),
    bootkubeSingleNode: seconds(60, 30),
    etcdBootstrap: seconds(10, 10),
    machineConfigs: seconds(5, 5),
    controllerStart: seconds(5, 5),
    ingressCertificate: seconds(10, 10),
    manifestApply: seconds(1, 1),
    mustGather: seconds(30, 30),
  },
  writerLineMs: 1000,
  operators: {
    console: [
      {
        after: seconds(0, 0),
        status: 'progressing',
        message: 'Working toward version {version}, 1 replicas available',
      },
      { after: seconds(60, 60), status: 'available', message: 'All is well' },
    ],
    cvo: [
      {
        after: seconds(0, 0),
        status: 'progressing',
        message: 'Working towards {version}: 689 of 903 done (76% complete)',
      },
      {
        after: seconds(40, 20),
        status: 'progressing',
        message: 'Working towards {version}: 889 of 903 done (98% complete)',
      },
      { after: seconds(80, 80), status: 'available', message: 'Done applying {version}' },
    ],
  },
  csv: [
    { after: seconds(20, 20), phase: 'Installing', message: 'installing: waiting for deployment to become ready' },
    { after: seconds(60, 60), phase: 'Succeeded', message: 'install strategy completed with no errors' },
  ],
  logs: {
    controller: 10_000,
    controllerPerMinute: 2_000,
    mustGather: 500_000,
  },
};

export const SPOKE_PROFILES: Readonly<Record<SpokeProfileName, SpokeProfile>> = { typical, quick };

/** @throws Error that names the profiles there are. */
export function spokeProfile(name: string): SpokeProfile {
  if (Object.hasOwn(SPOKE_PROFILES, name)) return SPOKE_PROFILES[name as SpokeProfileName];
  throw new Error(`unknown spoke profile "${name}": use one of ${Object.keys(SPOKE_PROFILES).join(', ')}`);
}

/** Simulated milliseconds; the same for every call with the same host and name. */
export function hostDurationMs(profile: SpokeProfile, host: Draws, name: HostDuration): number {
  return spanMs(profile.host[name], host.random(`spoke/${name}`, 0));
}
