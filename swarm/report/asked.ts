/** What a run was asked for, in a few lines, from its plan.resolved.json. */
import { formatSeconds } from './chart-scale.ts';
import type { KeptSummary } from './kept-summary.ts';
import { countOf, formatCount } from './style.ts';
import { lateStart } from './summary.ts';

export type AskedRow = readonly [name: string, value: string];

/** The parts of an expanded plan that are looked at; older ones lack some. */
interface Resolved {
  openshiftVersion?: string;
  clockSpeed?: number;
  spokeProfile?: string;
  connections?: { mode?: string; idleSeconds?: number };
  pollIntervalSeconds?: number | null;
  userPollSeconds?: number | null;
  hub?: { kubeconfig?: string } | null;
  hostCount?: number;
  keep?: boolean;
  boot?: { from?: string; share?: number } | null;
  programs?: object | null;
  clusters?: ResolvedCluster[];
}
interface ResolvedCluster {
  controlPlanes?: number;
  arbiters?: number;
  workers?: number;
  day2Workers?: number;
  api?: string;
  justInfraEnv?: boolean;
  arrivalMs?: number;
}

/** @param plan contents of plan.resolved.json; null when it is not there */
export function askedRows(summary: KeptSummary, plan: unknown): AskedRow[] {
  const { seed, shard, service, clockSpeed } = summary;
  const rows: AskedRow[] = [
    ['Plan', summary.plan],
    ['Seed', seed],
    ...(shard.count > 1 ? [['Shard', `${shard.index} of ${shard.count}, counted from 0`] as const] : []),
    ...startRow(summary),
    ['Service', service],
    ...planRows(plan as Resolved | null),
    ['Clock', clockSpeed === 1 ? 'real time' : `compressed ${clockSpeed} times`],
  ];
  return rows.filter(([, value]) => value !== '');
}

function startRow(summary: Pick<KeptSummary, 'startAt' | 'startedLateSeconds'>): AskedRow[] {
  if (summary.startAt === null) return [];
  return [['Start', lateStart(summary) ?? `at ${summary.startAt}`]];
}

function planRows(plan: Resolved | null): AskedRow[] {
  if (typeof plan !== 'object' || plan === null) return [];
  const clusters = Array.isArray(plan.clusters) ? plan.clusters : [];
  const { hub, connections, pollIntervalSeconds: poll, userPollSeconds: userPoll, boot } = plan;
  return [
    ...(hub ? ([['Hub', hub.kubeconfig ?? '']] as const) : []),
    ['OpenShift', plan.openshiftVersion ?? ''],
    ['Hosts', plan.hostCount === undefined ? '' : formatCount(plan.hostCount)],
    ['Clusters', topologies(clusters)],
    ['Arrival', arrival(clusters)],
    ['Installation', plan.spokeProfile === undefined ? '' : `table "${plan.spokeProfile}"`],
    ['Connections', connections?.mode === undefined ? '' : `${connections.mode}, idle ${connections.idleSeconds} s`],
    ['Agents poll', poll ? `every ${poll} s` : ''],
    ['The user polls', userPoll ? `every ${userPoll} s` : ''],
    ['Boot downloads', boot ? `from ${boot.from}, ${Math.round((boot.share ?? 1) * 100)}% of the hosts` : ''],
    ['Stock programs', plan.programs ? 'yes' : ''],
    ['Kept on the service', plan.keep ? 'yes' : ''],
  ];
}

/** `40 × SNO, 5 × 3+2 (kube-api)`, the most frequent first. */
function topologies(clusters: readonly ResolvedCluster[]): string {
  const counts = new Map<string, number>();
  for (const cluster of clusters) {
    const name = topology(cluster);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${formatCount(count)} × ${name}`)
    .join(', ');
}

function topology({
  controlPlanes = 1,
  arbiters = 0,
  workers = 0,
  day2Workers = 0,
  api,
  justInfraEnv,
}: ResolvedCluster) {
  const alone = controlPlanes === 1 && workers === 0;
  const shape = alone
    ? 'SNO'
    : controlPlanes === 3 && workers === 0 && arbiters === 0
      ? 'compact'
      : `${controlPlanes}+${workers}`;
  return [
    justInfraEnv ? `infra-env with ${countOf(controlPlanes + workers, 'host')}` : shape,
    ...(arbiters > 0 ? [countOf(arbiters, 'arbiter')] : []),
    ...(day2Workers > 0 ? [`${day2Workers} on day 2`] : []),
    ...(api === 'kube' ? ['kube-api'] : []),
  ]
    .join(', ')
    .replace(/, (.*)$/, ' ($1)');
}

function arrival(clusters: readonly ResolvedCluster[]): string {
  const times = clusters.map(({ arrivalMs }) => arrivalMs ?? 0);
  const last = times.reduce((most, one) => Math.max(most, one), 0);
  if (clusters.length === 0) return '';
  return last === 0 ? 'all at once' : `over ${formatSeconds(Math.round(last / 1000))} of simulated time`;
}
