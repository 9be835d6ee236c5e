/** What a plan comes to: numbers for `swarm plan show`, as data and as text. */
import { FAULTS, type FaultKind } from '../../model/faults/faults.ts';
import { formatDuration } from './duration.ts';
import { expandPlan } from './expand.ts';
import { type ClusterPlan, type ExpandedPlan, SERVICE_OF_HUB } from './expanded-plan.ts';
import { faultCounts } from './fault-choice.ts';
import { linkName } from './link-plans.ts';
import { estimateNeeds, type NeedsEstimate, ownRunner, PORTS_PER_ADDRESS, type Runner } from './needs.ts';
import { USUAL_POLL_SECONDS } from './open-connections.ts';
import { type Arrival, formatProblem, type Plan } from './plan.ts';

export interface PlanDescription {
  name: string;
  seed: string;
  /** False when the next run would invent another one. */
  seedGiven: boolean;
  /** Base URL or `embedded`. */
  service: string;
  openshiftVersion: string;
  clockSpeed: number;
  shard: { index: number; count: number };
  /** Sums of this shard; infra-envs without a cluster count as neither cluster nor day 2. */
  totals: { clusters: number; infraEnvsOnly: number; hosts: number; day2Hosts: number };
  topologies: TopologyDescription[];
  /** Hosts and clusters that go wrong; empty where none does. */
  faults: { fault: FaultKind; of: 'host' | 'cluster'; count: number }[];
  /** Null when all hosts are native. */
  noop: NoopDescription | null;
  /** Slow links; empty when no host has one. */
  links: LinkDescription[];
  arrival: ArrivalDescription;
  load: LoadEstimate;
  needs: NeedsEstimate;
  /** What a reader should know before starting, one sentence each. */
  notes: string[];
  /** Formatted with their place. */
  warnings: string[];
}

/** Clusters whose hosts run the stock programs, and what these need while they wait. */
export interface NoopDescription {
  clusters: number;
  hosts: number;
  /** Already in {@link NeedsEstimate.memoryMiB}. */
  memoryMiB: number;
  processors: number;
}

export interface LinkDescription {
  /** Preset and figures. */
  link: string;
  /** Of the plan's hosts, more than 0 to 1. */
  share: number;
  /** Of this shard. */
  hosts: number;
}

/** Clusters that are alike. */
export interface TopologyDescription {
  /** `SNO`, `compact`, `3+2`, `2+1 arbiter`, … */
  topology: string;
  platform: string;
  /** Only infra-envs with hosts. */
  justInfraEnv: boolean;
  clusters: number;
  hosts: number;
  day2Hosts: number;
  /** Of the clusters: those with no-op hosts. */
  noopClusters: number;
  /** Hardware profiles of the hosts. */
  profiles: string[];
  /** Name of the first such cluster. */
  example: string;
}

export interface ArrivalDescription {
  /** `all at once`, `500 clusters/h`, `40 clusters every 5m`. */
  text: string;
  /** Simulated seconds from the first cluster's start to the last one's. */
  durationSeconds: number;
  /** Sums of what has started by then: at every start if these are few, else at 11 moments evenly spread over the duration. */
  curve: { atSeconds: number; clusters: number; hosts: number }[];
}

/** When all hosts are discovered and wait. Rates are of wall-clock time. */
export interface LoadEstimate {
  pollIntervalSeconds: number;
  getsPerMinute: number;
  postsPerMinute: number;
  requestsPerSecond: number;
  connectionsOpenedPerSecond: number;
  /** Connections open at a time, idle ones included; 0 for one shared pool. */
  openConnections: number;
}

/** Inventory, time, names, addresses and virtual addresses are each reported again once in an hour (assisted-installer-agent, src/commands/reply_cache.go). */
const HOURLY_REPORTS_PER_MINUTE = 0.1;
const UNBOUND_REPORTS_PER_MINUTE = 0.03;
/** At most so many hosts of one cluster are asked for connectivity in a minute (assisted-service, internal/host/hostcommands/connectivity_check_cmd.go). */
const CONNECTIVITY_CHECKS_PER_MINUTE = 150;
/** What of a stock agent and its runner is not shared with those of other hosts. */
const NOOP_HOST_MIB = 20;
/** Their polls cost 0.2 s of processor time a minute, commands included. */
const NOOP_HOSTS_PER_PROCESSOR = 300;
const CURVE_POINTS = 11;

/**
 * Describes this generator's part of a plan.
 * @param expanded the plan when it was expanded before
 * @param runner what it would be run by
 * @throws RangeError as expandPlan does.
 */
export function describePlan(
  plan: Plan,
  expanded: ExpandedPlan = expandPlan(plan),
  runner: Runner = ownRunner(expanded.clusters.length),
): PlanDescription {
  const { clusters } = expanded;
  const topologies = new Map<string, TopologyDescription>();
  for (const cluster of clusters) {
    const topology = topologyName(cluster);
    const profiles = [...new Set(cluster.hosts.map((host) => host.profile))];
    const key = JSON.stringify([topology, cluster.platform, cluster.justInfraEnv, cluster.day2Workers, profiles]);
    const entry = topologies.get(key) ?? {
      topology,
      platform: cluster.platform,
      justInfraEnv: cluster.justInfraEnv,
      clusters: 0,
      hosts: 0,
      day2Hosts: 0,
      noopClusters: 0,
      profiles,
      example: cluster.name,
    };
    entry.clusters++;
    entry.hosts += cluster.hosts.length;
    entry.day2Hosts += cluster.day2Workers;
    if (isNoop(cluster)) entry.noopClusters++;
    topologies.set(key, entry);
  }
  const infraEnvsOnly = clusters.filter((cluster) => cluster.justInfraEnv).length;
  const load = estimateLoad(plan, clusters, expanded.hostCount);
  const noop = describeNoop(clusters.filter(isNoop));
  const needs = estimateNeeds(expanded, runner, noop);
  return {
    name: plan.name,
    seed: plan.seed,
    seedGiven: plan.seedGiven,
    service: plan.service.url === SERVICE_OF_HUB ? `of the hub (${plan.hub?.kubeconfig})` : plan.service.url,
    openshiftVersion: plan.openshiftVersion,
    clockSpeed: plan.clockSpeed,
    shard: expanded.shard,
    totals: {
      clusters: clusters.length - infraEnvsOnly,
      infraEnvsOnly,
      hosts: expanded.hostCount,
      day2Hosts: clusters.reduce((sum, cluster) => sum + cluster.day2Workers, 0),
    },
    topologies: [...topologies.values()],
    faults: [...faultCounts(clusters)].map(([fault, amount]) => ({ fault, of: FAULTS[fault].of, count: amount })),
    noop,
    links: (expanded.links ?? []).map((link) => ({ link: linkName(link), share: link.share, hosts: link.hosts })),
    arrival: describeArrival(plan, clusters),
    load,
    needs,
    notes: notesOf(plan, needs, noop),
    warnings: plan.warnings.map(formatProblem),
  };
}

function isNoop(cluster: ClusterPlan): boolean {
  return cluster.hosts.some(({ kind }) => kind === 'noop');
}

function describeNoop(clusters: readonly ClusterPlan[]): NoopDescription | null {
  if (clusters.length === 0) return null;
  const hosts = clusters.reduce((sum, cluster) => sum + cluster.hosts.length, 0);
  return {
    clusters: clusters.length,
    hosts,
    memoryMiB: hosts * NOOP_HOST_MIB,
    processors: Math.ceil((hosts * 100) / NOOP_HOSTS_PER_PROCESSOR) / 100,
  };
}

function topologyName(cluster: ClusterPlan): string {
  const { controlPlanes, arbiters, workers, day2Workers } = cluster;
  const base =
    arbiters > 0
      ? `${controlPlanes}+${arbiters} arbiter${workers > 0 ? `+${workers}` : ''}`
      : controlPlanes === 1
        ? 'SNO'
        : controlPlanes === 3 && workers === 0
          ? 'compact'
          : `${controlPlanes}+${workers}`;
  return day2Workers > 0 ? `${base}, ${day2Workers} on day 2` : base;
}

function arrivalText(arrival: Arrival): string {
  switch (arrival.kind) {
    case 'all':
      return 'all at once';
    case 'rate':
      return `${round(arrival.clustersPerHour)} clusters/h`;
    case 'batches':
      return `${arrival.size} clusters every ${formatDuration(arrival.everySeconds)}`;
    case 'steps': {
      const { unit, first, add, times, everySeconds } = arrival;
      const level = (value: number) => (unit === 'hosts' ? `${round(value)} hosts` : `${round(value)} clusters/h`);
      const raise = add === null ? `${times} times as much` : `${level(add)} more`;
      return `${level(first)}, ${raise} every ${formatDuration(everySeconds)}`;
    }
  }
}

function describeArrival(plan: Plan, clusters: readonly ClusterPlan[]): ArrivalDescription {
  const { arrival } = plan;
  const text = arrivalText(arrival);
  const duration = (clusters.at(-1)?.arrivalMs ?? 0) / 1000;
  const moments = [...new Set(clusters.map((cluster) => cluster.arrivalMs / 1000))];
  const shown =
    moments.length <= CURVE_POINTS
      ? moments
      : Array.from({ length: CURVE_POINTS }, (_, i) => (duration * i) / (CURVE_POINTS - 1));
  const curve = [];
  let at = 0;
  let hosts = 0;
  for (const moment of shown) {
    for (; at < clusters.length && clusters[at]!.arrivalMs <= moment * 1000; at++) hosts += clusters[at]!.hosts.length;
    curve.push({ atSeconds: round(moment), clusters: at, hosts });
  }
  return { text, durationSeconds: round(duration), curve };
}

function estimateLoad(plan: Plan, clusters: readonly ClusterPlan[], hosts: number): LoadEstimate {
  const interval = plan.pollIntervalSeconds ?? USUAL_POLL_SECONDS;
  const pollsPerMinute = 60 / interval;
  let posts = 0;
  for (const cluster of clusters) {
    const size = cluster.hosts.length - cluster.day2Workers;
    if (cluster.justInfraEnv) {
      posts += size * UNBOUND_REPORTS_PER_MINUTE;
    } else {
      const connectivity =
        size > 1 ? Math.min(size * pollsPerMinute, size > 150 ? CONNECTIVITY_CHECKS_PER_MINUTE : Infinity) : 0;
      posts += size * HOURLY_REPORTS_PER_MINUTE + connectivity;
    }
  }
  const getsPerMinute = hosts * pollsPerMinute * plan.clockSpeed;
  const postsPerMinute = posts * plan.clockSpeed;
  const { mode, idleSeconds } = plan.connections;
  const opened = mode === 'per-poll' ? getsPerMinute / 60 : 0;
  // An idle connection lingers in simulated time, which passes faster by the clock's speed.
  const open = mode === 'per-poll' ? (opened * idleSeconds) / plan.clockSpeed : mode === 'keep-alive' ? hosts : 0;
  return {
    pollIntervalSeconds: interval,
    getsPerMinute: Math.round(getsPerMinute),
    postsPerMinute: Math.round(postsPerMinute),
    requestsPerSecond: round((getsPerMinute + postsPerMinute) / 60),
    connectionsOpenedPerSecond: Math.round(opened * 100) / 100,
    openConnections: Math.round(open),
  };
}

function notesOf(plan: Plan, needs: NeedsEstimate, noop: NoopDescription | null): string[] {
  const notes: string[] = [];
  if (noop) {
    notes.push('No-op hosts keep real time (clock_speed is 1), and need the programs and namespaces of docs/noop.md.');
    const ignored = [
      ...(plan.pollIntervalSeconds === null ? [] : ['poll_interval']),
      ...(plan.connections.mode === 'per-poll' ? [] : ['connections.mode']),
      ...(plan.connections.sourceAddresses.length === 0 ? [] : ['connections.source_addresses']),
    ];
    if (ignored.length > 0)
      notes.push(`No-op hosts do as stock agents do, whatever the plan says: ${ignored.join(', ')}.`);
  }
  if (!plan.seedGiven)
    notes.push('No seed is given: every run invents one, so names and addresses differ from run to run.');
  const given = Math.max(1, plan.connections.sourceAddresses.length);
  if (needs.sourceAddresses > given) {
    notes.push(
      `About ${needs.localPorts} local ports are held at a time, ${PORTS_PER_ADDRESS} are usual for one address: ` +
        `give ${needs.sourceAddresses} in connections.source_addresses (${given} now), or choose another connections.mode.`,
    );
  }
  if (plan.connections.mode !== 'per-poll') {
    notes.push(
      `connections.mode is ${plan.connections.mode}: stock agents open a new connection for every poll, so the service has less to do.`,
    );
  }
  if (plan.pollIntervalSeconds !== null) {
    notes.push('poll_interval is given: agents do not obey the interval that the service asks for.');
  }
  if (plan.spokeProfile !== 'typical') {
    notes.push(`spoke_profile is ${plan.spokeProfile}: clusters install faster than real ones, with fewer requests.`);
  }
  if (plan.clockSpeed !== 1) {
    notes.push(
      `Time runs ${plan.clockSpeed} times as fast as in reality; rates are of real seconds, durations of simulated ones.`,
    );
  }
  if (plan.clusters.some(({ api, infraEnvLabels }) => api === 'rest' && Object.keys(infraEnvLabels).length > 0)) {
    notes.push("infraenv_labels are given and not sent: the service's REST API has no labels on infra-envs.");
  }
  const readers = plan.readers.reduce((sum, { amount }) => sum + amount, 0);
  if (readers > 0) {
    const perSecond = plan.readers.reduce((sum, { amount, everySeconds }) => sum + amount / everySeconds, 0);
    notes.push(
      `${readers} readers look ${Number((perSecond * plan.clockSpeed).toPrecision(3))} times a second, all together, beside the load of hosts.`,
    );
  }
  if (plan.churnPerHour !== null) {
    const clusters = plan.clusters.reduce((sum, { amount }) => sum + amount, 0) * plan.churnPerHour;
    const when = plan.phases.soakSeconds > 0 ? '' : '; give phases.soak for the time in which they are';
    notes.push(
      `Complete clusters are removed and made anew, ${Number(clusters.toPrecision(3))} in a simulated hour${when}.`,
    );
  }
  if (plan.keep)
    notes.push(
      'keep is true: clusters and infra-envs stay on the service, and their objects on the hub, after the run.',
    );
  return notes;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A description for a terminal, a line feed at its end. */
export function renderDescription(description: PlanDescription): string {
  const { totals, arrival, load, needs, shard } = description;
  const lines: string[] = [];
  const row = (label: string, value: string) => lines.push(`${(label === '' ? '' : `${label}:`).padEnd(14)}${value}`);
  row('Plan', `${description.name}, seed ${description.seed}${description.seedGiven ? '' : ' (invented)'}`);
  row('Service', `${description.service}, OpenShift ${description.openshiftVersion}`);
  if (shard.count > 1) row('Shard', `${shard.index} of ${shard.count} (figures are of this shard)`);
  row(
    'Makes',
    [
      count(totals.clusters, 'cluster'),
      ...(totals.infraEnvsOnly > 0
        ? [count(totals.infraEnvsOnly, 'infra-env without a cluster', 'infra-envs without a cluster')]
        : []),
      `${count(totals.hosts, 'host')}${totals.day2Hosts > 0 ? ` (${totals.day2Hosts} on day 2)` : ''}`,
    ].join(', '),
  );
  lines.push('');
  const mixed = description.noop !== null;
  lines.push(
    ...table(
      ['topology', 'platform', 'number', ...(mixed ? ['no-op'] : []), 'hosts', 'hardware', 'first name'],
      description.topologies.map((entry) => [
        entry.justInfraEnv ? 'infra-env only' : entry.topology,
        entry.justInfraEnv ? '-' : entry.platform,
        `${entry.clusters}`,
        ...(mixed ? [`${entry.noopClusters}`] : []),
        `${entry.hosts}`,
        entry.profiles.join(', '),
        entry.example,
      ]),
    ),
  );
  lines.push('');
  row(
    'Arrival',
    `${arrival.text}${arrival.durationSeconds > 0 ? `, over ${formatDuration(arrival.durationSeconds)}` : ''}`,
  );
  if (arrival.curve.length > 1) {
    const most = arrival.curve.at(-1)!.hosts;
    for (const point of arrival.curve) {
      const bar = '#'.repeat(Math.round((40 * point.hosts) / Math.max(1, most)));
      lines.push(
        `${''.padEnd(14)}${formatDuration(point.atSeconds).padStart(9)}  ${bar.padEnd(40)}  ${count(point.clusters, 'cluster')}, ${count(point.hosts, 'host')}`,
      );
    }
  }
  if (description.faults.length > 0) {
    row('Faults', description.faults.map(({ fault, of, count: amount }) => `${fault} ${count(amount, of)}`).join(', '));
  }
  row(
    'Steady load',
    `${load.requestsPerSecond} requests/s (${load.getsPerMinute} GET and ${load.postsPerMinute} POST a minute), polls every ${formatDuration(load.pollIntervalSeconds)}; the simulated user's looks at clusters come on top`,
  );
  row(
    'Connections',
    load.openConnections > 0
      ? `${load.openConnections} open while all hosts wait, ${load.connectionsOpenedPerSecond} new a second; at most ${needs.connections} open at once`
      : 'one shared pool',
  );
  row(
    'Needs',
    `about ${needs.memoryMiB} MiB of memory, ${needs.fileDescriptors} file descriptors, ${needs.threads} threads, ${needs.localPorts} local ports`,
  );
  for (const assumption of needs.assumptions) lines.push(`${''.padEnd(14)}${assumption}`);
  if (description.noop) {
    const { clusters, hosts, memoryMiB, processors } = description.noop;
    row(
      'No-op agents',
      `${count(hosts, 'host')} of ${count(clusters, 'cluster')}: ${memoryMiB} MiB of that memory, and ${processors} of a processor while they wait; more while they install`,
    );
  }
  for (const [number, { link, share, hosts }] of description.links.entries()) {
    row(number === 0 ? 'Links' : '', `${count(hosts, 'host')} (${Number((share * 100).toPrecision(5))}%): ${link}`);
  }
  for (const note of description.notes) lines.push(`Note: ${note}`);
  for (const warning of description.warnings) lines.push(`Warning: ${warning}`);
  return `${lines.join('\n')}\n`;
}

function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((cells) => cells[column]!.length)));
  return [head, ...rows].map((cells) =>
    `  ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  );
}
