/** Suggested and fixed roles. Upstream: assisted-service, internal/host/host.go, AutoAssignRole, and monitor.go, SortHosts and resetRoleAssignmentIfNotAllRolesAreSet. */
import type { HostRole } from '../../model/protocol/states.ts';
import { aboutHost, type Core } from '../core/core.ts';
import type { ClusterRow, HostRow } from '../core/rows.ts';
import { memoryNeeded } from '../hardware/hardware.ts';
import { hostOperatorResults } from '../operators/operators.ts';
import { displayName, effectiveRole, isDay2Host } from './traits.ts';

const GIB = 2 ** 30;
const BEFORE_INSTALLATION: ReadonlySet<string> = new Set([
  'discovering',
  'known',
  'disconnected',
  'insufficient',
  'pending-for-input',
]);
/** Operators whose needs a master must satisfy when roles are chosen. */
const STORAGE_AND_VIRTUALIZATION: ReadonlySet<string> = new Set(
  ['lso', 'odf', 'cnv', 'lvm'].map((name) => `${name}-requirements-satisfied`),
);

function weight(host: HostRow): number {
  const facts = host.inventory;
  if (!facts) return Number.POSITIVE_INFINITY;
  const disks = facts.disks.reduce((sum, disk) => sum + (disk.eligible ? Math.trunc(disk.sizeBytes / GIB) : 0), 0);
  return facts.cpuCount - 4 + 0.1 * (Math.trunc(facts.usableBytes / GIB) - 16) + 0.004 * (disks - 100);
}

/** Hosts in the order in which roles are handed out: without GPU first, the weakest first; unknown ones last. */
export function sortForRoles(hosts: readonly HostRow[]): HostRow[] {
  const weighed = hosts.map((host, index) => ({
    host,
    index,
    gpu: (host.inventory?.gpus ?? 0) > 0 ? 1 : 0,
    weight: weight(host),
  }));
  weighed.sort((a, b) => a.gpu - b.gpu || (a.weight === b.weight ? a.index - b.index : a.weight - b.weight));
  return weighed.map((item) => item.host);
}

export function canAssignRoles(cluster: ClusterRow): boolean {
  return cluster.hosts.every((host) => host.inventory !== undefined);
}

/** Whether a host has what a role needs. */
function isCandidate(core: Core, host: HostRow, cluster: ClusterRow, role: string, withOperators: boolean): boolean {
  if (host.role !== 'auto-assign' && host.role !== role && !(role === 'master' && host.role === 'bootstrap'))
    return false;
  const facts = host.inventory;
  if (!facts) return false;
  const need = core.hardware.ofHost(host, cluster, role);
  if (
    facts.cpuCount < need.cpuCores ||
    facts.physicalBytes < memoryNeeded(need.ramMib, facts.physicalBytesMethod, true)
  )
    return false;
  if (!withOperators) return true;
  return hostOperatorResults(host, cluster, role).every(
    (result) => result.status === 'success' || !STORAGE_AND_VIRTUALIZATION.has(result.id),
  );
}

function others(cluster: ClusterRow, host: HostRow, role: string): number {
  return cluster.hosts.filter((other) => other !== host && effectiveRole(other) === role).length;
}

function select(core: Core, host: HostRow, cluster: ClusterRow): HostRole {
  if (isDay2Host(host)) return 'worker';
  const wanted = cluster.controlPlaneCount;
  if (others(cluster, host, 'master') < wanted && isCandidate(core, host, cluster, 'master', true)) return 'master';
  if (wanted === 2 && others(cluster, host, 'arbiter') === 0 && isCandidate(core, host, cluster, 'arbiter', false))
    return 'arbiter';
  return 'worker';
}

/** Renews the suggestion of a host that has no fixed role; all hosts of the cluster must have an inventory. */
export function suggestRole(core: Core, host: HostRow): void {
  const cluster = host.cluster;
  if (!cluster || !host.inventory || host.role !== 'auto-assign' || !BEFORE_INSTALLATION.has(host.status)) return;
  const role = select(core, host, cluster);
  if (role === host.suggestedRole) return;
  host.suggestedRole = role;
  host.triggeredAt = core.clock.now();
  host.updatedAt = host.triggeredAt;
  core.events.emit('host_role_updated', aboutHost(host), displayName(host), role);
}

/** A newcomer without a suggestion makes all suggestions of its cluster start over. */
export function restartSuggestions(cluster: ClusterRow): void {
  const missing = cluster.hosts.some(
    (host) =>
      host.role === 'auto-assign' &&
      (host.suggestedRole === '' || host.suggestedRole === 'auto-assign') &&
      host.status !== 'disconnected' &&
      !isDay2Host(host),
  );
  if (!missing) return;
  for (const host of cluster.hosts) {
    if (host.role === 'auto-assign' && BEFORE_INSTALLATION.has(host.status)) host.suggestedRole = 'auto-assign';
  }
}

/** Turns suggestions into roles. @returns whether any role changed. */
export function fixRoles(core: Core, cluster: ClusterRow): boolean {
  if (!canAssignRoles(cluster)) return false;
  let changed = false;
  for (const host of sortForRoles(cluster.hosts)) {
    if (host.role !== 'auto-assign') continue;
    suggestRole(core, host);
    if (host.suggestedRole === 'auto-assign' || !BEFORE_INSTALLATION.has(host.status)) continue;
    host.role = host.suggestedRole;
    if (host.role === 'worker') host.bootstrap = false;
    host.triggeredAt = core.clock.now();
    changed = true;
  }
  return changed;
}

/** Turns the suggestion of one host into its role. Upstream: assisted-service, internal/host/host.go, AutoAssignRole. */
export function fixRole(core: Core, host: HostRow): void {
  if (host.role !== 'auto-assign') return;
  suggestRole(core, host);
  host.role = host.suggestedRole;
  host.triggeredAt = core.clock.now();
}

/** Members by role; hosts without one are counted as what they would become. */
export function countRoles(core: Core, cluster: ClusterRow): { masters: number; arbiters: number; workers: number } {
  const count = { masters: 0, arbiters: 0, workers: 0 };
  const open: HostRow[] = [];
  for (const host of cluster.hosts) {
    const role = effectiveRole(host);
    if (role === 'master') count.masters++;
    else if (role === 'arbiter') count.arbiters++;
    else if (role === 'worker') count.workers++;
    else open.push(host);
  }
  for (const host of open) {
    if (count.masters < cluster.controlPlaneCount && isCandidate(core, host, cluster, 'master', false)) count.masters++;
    else if (
      cluster.controlPlaneCount === 2 &&
      count.arbiters === 0 &&
      isCandidate(core, host, cluster, 'arbiter', false)
    )
      count.arbiters++;
    else count.workers++;
  }
  return count;
}

/** Members with fixed roles, split by role. */
function byRole(cluster: ClusterRow): { masters: HostRow[]; arbiters: HostRow[]; workers: HostRow[] } {
  return {
    masters: cluster.hosts.filter((host) => host.role === 'master' || host.role === 'bootstrap'),
    arbiters: cluster.hosts.filter((host) => host.role === 'arbiter'),
    workers: cluster.hosts.filter((host) => host.role === 'worker'),
  };
}

/** Whether enough nodes are in one of `statuses` for the cluster to go on. */
export function hasEnoughNodes(cluster: ClusterRow, statuses: ReadonlySet<string>): boolean {
  const { masters, arbiters, workers } = byRole(cluster);
  const within = (hosts: readonly HostRow[]) => hosts.filter((host) => statuses.has(host.status)).length;
  if (cluster.controlPlaneCount === 1) return within(masters) === 1 && within(workers) === 0;
  let needed = 3;
  if (arbiters.length > 0) {
    if (within(arbiters) === 0) return false;
    needed = 2;
  } else if (cluster.controlPlaneCount === 2) {
    needed = 2;
  }
  if (masters.length < needed || within(masters) < masters.length) return false;
  return workers.length < 2 || within(workers) >= 2;
}

export function countWorkers(cluster: ClusterRow): { all: number; installed: number } {
  const { workers } = byRole(cluster);
  return { all: workers.length, installed: workers.filter((host) => host.status === 'installed').length };
}

/** Marks the bootstrap host of an installation: one that is marked already, else the last master. */
export function setBootstrap(core: Core, cluster: ClusterRow): void {
  if (cluster.hosts.some((host) => host.bootstrap)) return;
  const host = byRole(cluster).masters.at(-1);
  if (!host) return;
  host.bootstrap = true;
  host.updatedAt = core.clock.now();
  core.events.emit('host_bootstrap_set', aboutHost(host), displayName(host));
}
