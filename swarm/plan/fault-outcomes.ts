/**
 * What the service makes of each fault: how a host is seen in the end, and in which phase its cluster fails for it, if it does.
 * Upstream: assisted-service, internal/host/statemachine.go, transition.go and validator.go, internal/cluster/statemachine.go,
 * internal/common/common.go HasEnoughMastersAndWorkers, with the time-outs that a service has unless it is told otherwise.
 */
import type { ClusterFaultKind, HostFault } from '../../model/faults/faults.ts';
import { pullDelayMs } from '../../model/faults/image-pull.ts';
import type { ClusterPhase } from '../../model/protocol/phases.ts';
import type { HostStatus } from '../../model/protocol/states.ts';
import type { ClusterPlan, HostPlan, WaitLimits } from './expanded-plan.ts';

/** A host as the service shows it. */
export interface SeenHost {
  /** Any of these. */
  statuses: readonly HostStatus[];
  /** Part of its status_info. */
  info?: string;
  /** One of these validations fails. */
  validations?: readonly string[];
  /** Counts only as what it showed last, when its cluster had failed. */
  last?: true;
}

/** What is expected of one faulty host. */
export interface HostOutcome {
  /** Its ordinal in the cluster. */
  ordinal: number;
  fault: HostFault;
  /** It shows any of these; null where it looks like any other host, `missing` where the service never has it. */
  seen: readonly SeenHost[] | 'missing' | null;
  /** The cluster fails in one of these phases because of it, if nothing else comes first; empty where it does not. */
  failsIn: readonly ClusterPhase[];
  /** False where the cluster may as well come to its end: it depends on what the host did just before. */
  certain: boolean;
}

/** What is expected of a cluster with faults. */
export interface ClusterOutcome {
  hosts: readonly HostOutcome[];
  failsIn: readonly ClusterPhase[];
  /** It fails whatever else happens. */
  certain: boolean;
}

const MINUTE = 60_000;
const GIB = 2 ** 30;
const GB = 1e9;
/** Up to so long after its inventory a host cannot be installing yet: the first validations and the preparation take several polls. */
const BEFORE_INSTALLATION_MS = MINUTE;
/** What an installation takes before and beside the time-outs of stages. */
const INSTALLING_MS = 45 * MINUTE;
/** internal/host/config.go: HOST_STAGE_REBOOTING_TIMEOUT, singleNodeRebootTimeout; others an hour. */
const REBOOT_TIMEOUT_MS = 40 * MINUTE;
const SINGLE_NODE_REBOOT_TIMEOUT_MS = 80 * MINUTE;
const STAGE_TIMEOUT_MS = 60 * MINUTE;
/** internal/host/validator.go isTimeSyncedBetweenHostAndService: behind and ahead. internal/cluster/validator.go isNtpServerConfigured: apart. */
const BEHIND_MS = 20 * MINUTE;
const AHEAD_MS = 60 * MINUTE;
const APART_MS = 5 * MINUTE;
/** The service knows a clock from the last poll, so that clocks are off by as much again as polls are old. */
const POLL_MS = MINUTE;

/** Null for a cluster without faults. */
export function expectedOutcome(cluster: ClusterPlan, limits: WaitLimits): ClusterOutcome | null {
  const hosts = cluster.hosts
    .filter(({ fault }) => fault !== undefined)
    .map((host) => hostOutcome(cluster, host, limits));
  if (hosts.length === 0 && cluster.fault === undefined) return null;
  const own = ofCluster(cluster.fault);
  return {
    hosts,
    failsIn: [...new Set([...hosts.flatMap(({ failsIn }) => failsIn), ...own.failsIn])],
    certain:
      (own.failsIn.length > 0 && own.certain) || hosts.some(({ failsIn, certain }) => failsIn.length > 0 && certain),
  };
}

/** What a fault of the cluster as a whole leads to. */
export function ofCluster(fault: ClusterFaultKind | undefined): Pick<ClusterOutcome, 'failsIn' | 'certain'> {
  switch (fault) {
    case 'console-degraded':
    case 'no-ingress-certificate':
      return { failsIn: ['finalizing'], certain: true };
    case 'cluster-version-stuck':
      // Only a service with CHECK_CLUSTER_VERSION waits for it.
      return { failsIn: ['finalizing'], certain: false };
    default:
      // It is installed without the operators of OLM that failed.
      return { failsIn: [], certain: true };
  }
}

type Expected = Omit<HostOutcome, 'ordinal' | 'fault'>;

const NOTHING: Expected = { seen: null, failsIn: [], certain: true };
const MISSING: Expected = { seen: 'missing', failsIn: ['discovering'], certain: true };

function hostOutcome(cluster: ClusterPlan, host: HostPlan, limits: WaitLimits): HostOutcome {
  const fault = host.fault!;
  return { ordinal: host.ordinal, fault, ...expectedOf(fault, cluster, host, limits) };
}

function expectedOf(fault: HostFault, cluster: ClusterPlan, host: HostPlan, limits: WaitLimits): Expected {
  const unbound = cluster.justInfraEnv || cluster.flow.lateBinding === true;
  switch (fault.kind) {
    case 'no-boot':
    case 'duplicate-id':
    case 'bmh-stuck':
    case 'bmh-fails':
    case 'wrong-token':
      return MISSING;
    case 'late-boot':
      return late(host.bootDelayMs + fault.byMs, limits);
    case 'agent-image-pull':
      return late(host.bootDelayMs + pullDelayMs(fault.lastingMs), limits);
    case 'silent':
      return silent(fault, cluster, host, limits, unbound);
    case 'reboot':
      return rebooted(fault, cluster, host, limits);
    case 'agent-restart':
      if (fault.at === 'installing' || fault.at === 'writing') return restartedWhileInstalling(cluster, host);
      return fault.afterMs <= BEFORE_INSTALLATION_MS || cluster.justInfraEnv
        ? NOTHING
        : { seen: null, failsIn: ['preparing', 'installing'], certain: false };
    case 'installer-fails':
      return failsInstalling(cluster, host, [{ statuses: ['error'], info: fault.message }]);
    case 'hardware':
      return tooSmall(fault, cluster, host, unbound);
    case 'clock-skew':
      return skewed(fault.byMs, cluster);
    case 'duplicate-hostname':
      return insufficient('hostname-unique');
    case 'no-connectivity':
      return cutOff(fault.peers, cluster);
    case 'image-unavailable':
      return imageUnavailable(fault.lastingMs, cluster);
    case 'no-ignition':
      return stuckInReboot(cluster, host, limits);
    case 'node-never-joins':
    case 'node-never-ready':
      // On a single node the controller, which reports what follows the reboot, waits for the node itself.
      return cluster.controlPlanes === 1 ? stuckInReboot(cluster, host, limits) : stuckInStage(cluster, host, limits);
    case 'slow-disk':
    case 'log-upload-fails':
      return NOTHING;
  }
}

/** The host is not there in time, or comes like any other. */
function late(bootMs: number, limits: WaitLimits): Expected {
  return bootMs + MINUTE < limits.discovery * 1000 ? NOTHING : MISSING;
}

function insufficient(...validations: string[]): Expected {
  return { seen: [{ statuses: ['insufficient'], validations }], failsIn: ['preparing'], certain: true };
}

type At<K extends HostFault['kind']> = Extract<HostFault, { kind: K }>;

function silent(
  fault: At<'silent'>,
  cluster: ClusterPlan,
  host: HostPlan,
  limits: WaitLimits,
  unbound: boolean,
): Expected {
  const gone: SeenHost = { statuses: ['disconnected', 'disconnected-unbound'] };
  const lost: SeenHost = { statuses: ['error'], info: 'timeout while connecting to host' };
  switch (fault.at) {
    case 'registered':
    case 'discovered':
      // Of an infra-env the hosts have all been there for a moment, or have not.
      if (cluster.justInfraEnv) return { seen: [gone], failsIn: ['discovering'], certain: false };
      return {
        // One that was bound a moment before never comes back from there.
        seen: cluster.flow.lateBinding ? [gone, lost, { statuses: ['binding'] }] : [gone, lost],
        failsIn: [
          'discovering',
          'preparing',
          ...(unbound || fault.afterMs > BEFORE_INSTALLATION_MS ? (['installing'] as const) : []),
        ],
        certain: fault.afterMs <= BEFORE_INSTALLATION_MS,
      };
    case 'installing':
    case 'writing':
      return failsInstalling(cluster, host, [lost]);
    case 'rebooted':
      return stuckInReboot(cluster, host, limits);
  }
}

function rebooted(fault: At<'reboot'>, cluster: ClusterPlan, host: HostPlan, limits: WaitLimits): Expected {
  switch (fault.at) {
    case 'registered':
    case 'discovered':
      // Back in two to four minutes, of which the service bears three, and a preparation none.
      if (cluster.justInfraEnv) return NOTHING;
      return { seen: null, failsIn: ['preparing', 'installing'], certain: false };
    case 'installing':
    case 'writing':
      return restartedWhileInstalling(cluster, host);
    case 'rebooted': {
      const wrongDisk: SeenHost = {
        statuses: ['installing-pending-user-action'],
        info: 'Expected the host to boot from disk, but it booted the installation image',
      };
      const given: SeenHost = { statuses: ['error'], info: 'failed to boot from the installation disk' };
      // Agents may still show what was a minute ago when the cluster is given up.
      const late: SeenHost[] = cluster.api === 'kube' ? [{ statuses: ['installing-in-progress'], last: true }] : [];
      return pending(cluster, host, limits, [wrongDisk, given, ...late], 0);
    }
  }
}

function restartedWhileInstalling(cluster: ClusterPlan, host: HostPlan): Expected {
  return failsInstalling(cluster, host, [
    { statuses: ['error'], info: 'unexpectedly restarted during the installation' },
    // Whoever needs longer than the service's patience to come back.
    { statuses: ['error'], info: 'timeout while connecting to host' },
  ]);
}

/** Stays in the stage that it reboots in, until the service asks the user to look at it. */
function stuckInReboot(cluster: ClusterPlan, host: HostPlan, limits: WaitLimits): Expected {
  const timeoutMs = cluster.controlPlanes === 1 ? SINGLE_NODE_REBOOT_TIMEOUT_MS : REBOOT_TIMEOUT_MS;
  return pending(
    cluster,
    host,
    limits,
    [
      { statuses: ['installing-pending-user-action'], info: 'timed out when pulling the configuration files' },
      { statuses: ['error'], info: 'failed to boot from the installation disk' },
    ],
    timeoutMs,
  );
}

/** Waits for its user. @param afterMs until the service sees that it has to */
function pending(
  cluster: ClusterPlan,
  host: HostPlan,
  limits: WaitLimits,
  seen: readonly SeenHost[],
  afterMs: number,
): Expected {
  const inTime = limits.install * 1000 > afterMs + INSTALLING_MS;
  return {
    seen: inTime ? seen : [...seen, { statuses: ['installing-in-progress'] }],
    failsIn: ['installing', 'finalizing'],
    // A worker that is not needed is given up after an hour.
    certain: !survives(cluster, host),
  };
}

/** Stays in a stage after its reboot until that takes too long. */
function stuckInStage(cluster: ClusterPlan, host: HostPlan, limits: WaitLimits): Expected {
  const inTime = limits.install * 1000 > STAGE_TIMEOUT_MS + INSTALLING_MS;
  const tooLong: SeenHost = { statuses: ['error'], info: 'took longer than expected' };
  // Where others wait for it, theirs may be the first time-out.
  const withCluster: SeenHost = { statuses: ['error'], info: 'part of a cluster that failed to install' };
  return {
    seen: inTime ? [tooLong, withCluster] : [tooLong, withCluster, { statuses: ['installing-in-progress'] }],
    failsIn: ['installing', 'finalizing'],
    certain: !survives(cluster, host),
  };
}

function failsInstalling(cluster: ClusterPlan, host: HostPlan, seen: readonly SeenHost[]): Expected {
  return survives(cluster, host)
    ? { seen, failsIn: [], certain: true }
    : { seen, failsIn: ['installing', 'finalizing'], certain: true };
}

/** A cluster goes on without a worker where two others are left, or where it was the only one. */
function survives(cluster: ClusterPlan, host: HostPlan): boolean {
  if (host.role !== 'worker') return false;
  const lost = cluster.hosts.filter(({ role, day2, fault }) => role === 'worker' && !day2 && isLost(fault)).length;
  return cluster.workers < 2 || cluster.workers - lost >= 2;
}

function isLost(fault: HostFault | undefined): boolean {
  if (fault === undefined) return false;
  switch (fault.kind) {
    case 'installer-fails':
    case 'no-ignition':
    case 'node-never-joins':
    case 'node-never-ready':
      return true;
    case 'silent':
    case 'reboot':
      return fault.at === 'installing' || fault.at === 'writing' || fault.at === 'rebooted';
    case 'agent-restart':
      return fault.at === 'installing' || fault.at === 'writing';
    default:
      return false;
  }
}

/** Least hardware by role: assisted-service, data of HW_VALIDATOR_REQUIREMENTS. An unbound host has to be fit for any role. */
const LEAST = {
  single: { cpus: 8, memoryBytes: 16 * GIB, diskBytes: 100 * GB },
  master: { cpus: 4, memoryBytes: 16 * GIB, diskBytes: 100 * GB },
  arbiter: { cpus: 2, memoryBytes: 8 * GIB, diskBytes: 50 * GB },
  worker: { cpus: 2, memoryBytes: 8 * GIB, diskBytes: 100 * GB },
} as const;
/** The service lets so much memory be missing. */
const MEMORY_TOLERANCE_BYTES = 100 * 2 ** 20;

function tooSmall(fault: At<'hardware'>, cluster: ClusterPlan, host: HostPlan, unbound: boolean): Expected {
  const least = cluster.justInfraEnv ? LEAST.worker : LEAST[cluster.controlPlanes === 1 ? 'single' : host.role];
  const validations = tooSmallAs(fault, least);
  if (validations.length === 0) return NOTHING;
  // The service gives such a host another role, if it may choose.
  if (choosesRoles(cluster) && least !== LEAST.worker && tooSmallAs(fault, LEAST.worker).length === 0) return UNSURE;
  const seen: SeenHost[] = [{ statuses: ['insufficient', 'insufficient-unbound'], validations }];
  if (cluster.justInfraEnv) return { seen, failsIn: [], certain: true };
  return { seen, failsIn: unbound ? ['discovering', 'preparing'] : ['preparing'], certain: true };
}

function choosesRoles({ assignRoles, controlPlanes, justInfraEnv }: ClusterPlan): boolean {
  return !assignRoles && controlPlanes > 1 && !justInfraEnv;
}

/** The validations that fail of a host of a role that needs so much. */
function tooSmallAs(fault: At<'hardware'>, least: (typeof LEAST)[keyof typeof LEAST]): string[] {
  const validations: string[] = [];
  if (fault.cpus !== null && fault.cpus < least.cpus) validations.push('has-min-cpu-cores', 'has-cpu-cores-for-role');
  if (fault.memoryBytes !== null && fault.memoryBytes < least.memoryBytes - MEMORY_TOLERANCE_BYTES)
    validations.push('has-min-memory', 'has-memory-for-role');
  if (fault.diskBytes !== null && fault.diskBytes < least.diskBytes) validations.push('has-min-valid-disks');
  return validations;
}

/** Nothing is wrong with the host by itself: another role, or another moment, and its cluster is installed. */
const UNSURE: Expected = { seen: null, failsIn: ['preparing'], certain: false };

function skewed(byMs: number, cluster: ClusterPlan): Expected {
  if (cluster.justInfraEnv) return NOTHING;
  if (byMs <= -BEHIND_MS || byMs > AHEAD_MS + POLL_MS) return insufficient('time-synced-between-host-and-service');
  const others = cluster.hosts.filter(({ day2 }) => !day2).length > 1;
  const apartMs = others ? Math.abs(byMs) : 0;
  if (apartMs >= APART_MS + POLL_MS) return { seen: null, failsIn: ['preparing'], certain: true };
  const near = apartMs > APART_MS - POLL_MS || byMs < -BEHIND_MS + POLL_MS || byMs > AHEAD_MS;
  return near ? UNSURE : NOTHING;
}

/** Of several hosts that each miss some others it may be the one or the other that is outside of the largest group. */
function cutOff(peers: number, { hosts }: ClusterPlan): Expected {
  const several = hosts.filter(({ fault }) => fault?.kind === 'no-connectivity').length > 1;
  if (peers < 1 && several) return { seen: null, failsIn: ['preparing'], certain: true };
  return insufficient('belongs-to-majority-group');
}

function imageUnavailable(lastingMs: number | null, { api }: ClusterPlan): Expected {
  // Controllers of a hub prepare anew until it works.
  if (api === 'kube' && lastingMs !== null) return NOTHING;
  // The host is ready again before its user looks.
  return { seen: null, failsIn: ['preparing'], certain: true };
}
