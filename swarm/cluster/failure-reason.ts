/** Turns what the service says about a cluster and its hosts into the one line that explains why a cluster failed. */
import type { ClusterView, FailingValidation, HostView } from './cluster-adapter.ts';

/** Hosts named in full in one reason; the rest is counted. */
const NAMED_HOSTS = 3;

/** `: host 2 (id) is error: info; …`, or '' when there are none. `ordinalOf` gives a host's place in the plan. */
export function describeHosts(hosts: readonly HostView[], ordinalOf: (id: string) => number | undefined): string {
  if (hosts.length === 0) return '';
  const named = hosts.slice(0, NAMED_HOSTS).map((host) => {
    const stage = host.stage === null ? '' : ` in stage ${host.stage}`;
    return `host ${ordinalOf(host.id) ?? '?'} (${host.id}) is ${host.status}${stage}: ${host.statusInfo}`;
  });
  const more = hosts.length - named.length;
  return `; ${named.join('; ')}${more > 0 ? `; and ${more} more hosts` : ''}`;
}

/** `installing (info)`, and why the last preparation failed where the service tries again by itself. */
export function describeStatus({ status, statusInfo, preparationFailure }: ClusterView): string {
  return `${status} (${statusInfo})${preparationFailure && `; the last preparation failed: ${preparationFailure}`}`;
}

/** `insufficient (info); failing cluster validations: …; failing host validations: …`. */
export function describeFailing(view: ClusterView, hosts: readonly HostView[]): string {
  const parts = [describeStatus(view)];
  const cluster = decisive(view.failing());
  if (cluster.length > 0) parts.push(`failing cluster validations: ${cluster.map(phrase).join(', ')}`);

  const byId = new Map<string, { example: FailingValidation; hosts: number }>();
  for (const host of hosts) {
    if (host.status === 'known') continue;
    for (const one of decisive(host.failing())) {
      const seen = byId.get(one.id);
      if (seen) seen.hosts++;
      else byId.set(one.id, { example: one, hosts: 1 });
    }
  }
  if (byId.size > 0) {
    const list = [...byId.values()].map((one) => `${phrase(one.example)} on ${one.hosts} of ${hosts.length} hosts`);
    parts.push(`failing host validations: ${list.join(', ')}`);
  }
  return parts.join('; ');
}

/** Pending validations matter only when nothing has really failed: most of them wait for what failed. */
function decisive(failing: readonly FailingValidation[]): readonly FailingValidation[] {
  const failed = failing.filter((one) => one.status !== 'pending');
  return failed.length > 0 ? failed : failing;
}

function phrase(one: FailingValidation): string {
  return `${one.id} [${one.status}: ${one.message}]`;
}
