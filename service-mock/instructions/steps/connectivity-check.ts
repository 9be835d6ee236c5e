/** Arguments of the step `connectivity-check`. Upstream: assisted-service, internal/host/hostcommands/connectivity_check_cmd.go. */
import type { Core } from '../../core/core.ts';
import type { ClusterRow, HostRow } from '../../core/rows.ts';
import type { StepBuilder } from './step.ts';

/** Above this many members checks are handed out slowly: as many a minute. */
const THROTTLED_ABOVE = 150;

function isAdmitted(core: Core, cluster: ClusterRow, host: HostRow): boolean {
  const { admitted, waiting } = cluster.throttle;
  const now = core.clock.now();
  while (admitted.length > 0 && now - (admitted[0] as number) > 60_000) admitted.shift();
  let index = waiting.indexOf(host.id);
  if (index < 0) index = waiting.push(host.id) - 1;
  if (index >= THROTTLED_ABOVE - admitted.length) return false;
  waiting.splice(index, 1);
  admitted.push(now);
  return true;
}

/**
 * Every other member with its NICs. The text of all members is kept for the cluster and only the asking host is cut
 * out, so that a poll costs one slice instead of reading every inventory.
 */
export const connectivityStep: StepBuilder = (core, host) => {
  const cluster = host.cluster as ClusterRow;
  if (cluster.hosts.length < 2) return undefined;
  if (cluster.hosts.length > THROTTLED_ABOVE && !isAdmitted(core, cluster, host)) return undefined;
  let cache = cluster.connectivityArguments;
  if (!cache || cache.version !== cluster.membersVersion) {
    const pieces = new Map<string, string>();
    for (const member of cluster.hosts) {
      if (!member.inventory || member.status === 'discovering' || member.status === 'disconnected') continue;
      pieces.set(member.id, `{"host_id":"${member.id}","nics":${member.inventory.nicSummary}}`);
    }
    cache = { version: cluster.membersVersion, pieces, joined: [...pieces.values()].join(',') };
    cluster.connectivityArguments = cache;
  }
  const own = cache.pieces.get(host.id);
  if (cache.pieces.size - (own ? 1 : 0) === 0) return undefined;
  if (!own) return [`[${cache.joined}]`];
  const at = cache.joined.indexOf(own);
  const before = cache.joined.slice(0, at);
  const after = cache.joined.slice(at + own.length);
  return [`[${before === '' ? after.slice(1) : before.slice(0, -1) + after}]`];
};
