/**
 * What can go wrong with hosts and clusters of a plan, by name. What the service makes of each stands in
 * `swarm/plan/fault-outcomes.ts`; what a machine does of itself because of it, in `swarm/host` and `swarm/pool`.
 */
import type { HostStage } from '../protocol/states.ts';

/** When something happens to a host: so many simulated milliseconds after it came to a phase. */
export interface FaultMoment {
  at: FaultPhase;
  afterMs: number;
}

/** Phases of a host after which something can happen to it. */
export const FAULT_PHASES = ['registered', 'discovered', 'installing', 'writing', 'rebooted'] as const;
export type FaultPhase = (typeof FAULT_PHASES)[number];

/** Where a BareMetalHost may get stuck or fail: metal3-io/baremetal-operator, apis/metal3.io/v1alpha1, ProvisioningState. */
export const FAULT_BMH_STATES = ['registering', 'inspecting', 'provisioning'] as const;
export type FaultBmhState = (typeof FAULT_BMH_STATES)[number];

/** Stages at which an installer can be made to fail: those that installers of all roles report, and one of single nodes alone. */
export const FAULT_STAGES = [
  'Starting installation',
  'Installing',
  'Waiting for bootkube',
  'Writing image to disk',
] as const satisfies readonly HostStage[];
export type FaultStage = (typeof FAULT_STAGES)[number];

/** A fault of one host. Times are simulated milliseconds. */
export type HostFault =
  | { kind: 'no-boot' }
  | { kind: 'late-boot'; byMs: number }
  | ({ kind: 'reboot' } & FaultMoment)
  | ({ kind: 'silent' } & FaultMoment)
  | ({ kind: 'agent-restart' } & FaultMoment)
  | { kind: 'agent-image-pull'; lastingMs: number }
  | { kind: 'installer-fails'; stage: FaultStage; message: string }
  /** Null where the profile's is kept. */
  | { kind: 'hardware'; cpus: number | null; memoryBytes: number | null; diskBytes: number | null }
  /** Ahead of the service's clock; behind it when negative. */
  | { kind: 'clock-skew'; byMs: number }
  /** The name of another host of the cluster, by its ordinal. */
  | { kind: 'duplicate-hostname'; of: number }
  /** The motherboard serial of another host of the cluster, and so its id. */
  | { kind: 'duplicate-id'; of: number }
  /** Share of the cluster's other hosts that it does not reach, from 0 to 1. */
  | { kind: 'no-connectivity'; peers: number }
  /** From the first time that they are asked for; null for ever. */
  | { kind: 'image-unavailable'; lastingMs: number | null }
  | { kind: 'slow-disk'; syncMs: number }
  | { kind: 'log-upload-fails' }
  | { kind: 'wrong-token' }
  | { kind: 'no-ignition' }
  | { kind: 'node-never-joins' }
  | { kind: 'node-never-ready' }
  | { kind: 'bmh-stuck'; state: FaultBmhState }
  | { kind: 'bmh-fails'; state: FaultBmhState; message: string };

export type HostFaultKind = HostFault['kind'];

/** Faults of a whole cluster: what its spoke does (model/spoke/faults.ts). */
export const CLUSTER_FAULT_KINDS = [
  'console-degraded',
  'cluster-version-stuck',
  'no-ingress-certificate',
  'csv-failed',
] as const;
export type ClusterFaultKind = (typeof CLUSTER_FAULT_KINDS)[number];

export type FaultKind = HostFaultKind | ClusterFaultKind;

/** Keys that a plan may give beside `fault` and those that choose who is met. */
export type FaultKey =
  | 'by'
  | 'at'
  | 'after'
  | 'lasting'
  | 'stage'
  | 'message'
  | 'cpus'
  | 'memory'
  | 'disk'
  | 'peers'
  | 'latency'
  | 'state';

/** One row of the table of faults. */
export interface FaultRow {
  /** One line for people. */
  readonly description: string;
  readonly of: 'host' | 'cluster';
  readonly keys: readonly FaultKey[];
  /** Replaced commands of no-op hosts can show it as well. */
  readonly noop: boolean;
}

const host = (description: string, keys: readonly FaultKey[] = [], noop = true): FaultRow => ({
  description,
  of: 'host',
  keys,
  noop,
});
const cluster = (description: string, noop = true): FaultRow => ({ description, of: 'cluster', keys: [], noop });

export const FAULTS: Readonly<Record<FaultKind, FaultRow>> = {
  'no-boot': host('the host never boots: nothing of it ever reaches the service'),
  'late-boot': host('the host boots so much later', ['by']),
  reboot: host('the machine is reset in the middle and boots the discovery image again', ['at', 'after']),
  silent: host('the machine loses its power in the middle and never answers again', ['at', 'after']),
  'agent-restart': host('the agent is killed, and its systemd unit starts it again after 3 s', ['at', 'after']),
  'agent-image-pull': host("pulling the agent's image fails for so long, retried as its unit does", ['lasting']),
  'installer-fails': host('the installer ends at a stage with this message', ['stage', 'message']),
  hardware: host('the machine has less than the service asks for', ['cpus', 'memory', 'disk']),
  'clock-skew': host("the host's clock is ahead of the service's by so much, or behind (-20m)", ['by'], false),
  'duplicate-hostname': host('the host has the name of another one of its cluster'),
  'duplicate-id': host('the host has the serial number of another one of its cluster, and so its id'),
  'no-connectivity': host("the host does not reach so many of its cluster's others", ['peers'], false),
  'image-unavailable': host('the images of the installation cannot be pulled, for so long or for ever', ['lasting']),
  'slow-disk': host('the installation disk takes so long to sync', ['latency']),
  'log-upload-fails': host("none of the host's logs reaches the service"),
  'wrong-token': host('the host has another token than the service gave it'),
  'no-ignition': host('the rebooted machine never asks for its ignition'),
  'node-never-joins': host('the rebooted machine fetches its ignition and never becomes a node'),
  'node-never-ready': host('the node never turns Ready'),
  'bmh-stuck': host('the BareMetalHost stays in a state', ['state']),
  'bmh-fails': host('the BareMetalHost fails in a state, again and again', ['state', 'message']),
  'console-degraded': cluster('the console operator fails and stays failed'),
  'cluster-version-stuck': cluster('the ClusterVersion never becomes available'),
  'no-ingress-certificate': cluster('the ConfigMap with the ingress certificate never appears'),
  'csv-failed': cluster('the operators of OLM fail', false),
};

export const FAULT_KINDS = Object.keys(FAULTS) as [FaultKind, ...FaultKind[]];
