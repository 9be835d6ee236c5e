/** Plans that pods cannot run, each with the one sentence that says why and what to do. */
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { SERVICE_OF_HUB } from '../plan/expanded-plan.ts';
import type { LoadedPlan } from '../plan/load.ts';

/**
 * @param shards number of pods
 * @param service in place of the plan's
 * @returns null for a plan that can be run so
 */
export function fleetRefusal({ plan, given }: LoadedPlan, shards: number, service: string | null): string | null {
  const url = service ?? plan.service.url;
  if (url === 'embedded' || plan.hub?.kubeconfig === 'embedded') {
    return 'the service is embedded, so each pod would have one of its own and its load would be on itself; give the address of one that pods reach: --service URL, or service.url in the plan (with a hub: hub.kubeconfig)';
  }
  if (plan.clusters.some(({ noop }) => noop.share > 0)) {
    return 'the plan has no-op agents, which need the stock programs and user namespaces of Linux, and pods have neither; leave agent: noop out, and run those hosts by a plan of their own on a machine of yours';
  }
  if (given.shard !== undefined) {
    return `the plan says shard ${given.shard.index} of ${given.shard.count}, and each pod has a shard of its own; leave shard out`;
  }
  if (plan.connections.sourceAddresses.length > 0) {
    return 'connections.source_addresses names addresses of one machine, and a pod has one address that nobody knows before; leave it out, and raise --shards where its ports are too few';
  }
  if (given.hub?.spoke_address !== undefined) {
    return 'hub.spoke_address is the address of one machine, and each pod has its own; leave it out (clusters with day-2 workers on a hub: run them by a plan of their own on a machine of yours)';
  }
  const clusters = plan.clusters.reduce((sum, { amount }) => sum + amount, 0);
  if (clusters < shards) {
    const have = clusters === 1 ? '1 cluster' : `${clusters} clusters`;
    return `--shards ${shards} of a plan with ${have}: a cluster lives whole in one shard, so ${shards - clusters} would have nothing to do; allowed: at most ${clusters}`;
  }
  return null;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** What is allowed and may not be meant. @param needs ports that the largest shard holds */
export function fleetWarnings(
  shard: ExpandedPlan,
  { hubServer, localPorts, portsOfPod }: { hubServer: string | null; localPorts: number; portsOfPod: number },
): string[] {
  const warnings: string[] = [];
  const { url } = shard.service;
  for (const [what, address] of [
    ['service', url === SERVICE_OF_HUB ? null : url] as const,
    ['hub', hubServer] as const,
  ]) {
    if (address !== null && LOOPBACK.test(URL.parse(address)?.hostname ?? '')) {
      warnings.push(`the ${what} is ${address}: in a pod that is the pod itself, unless something there forwards it`);
    }
  }
  if (shard.hub !== null && shard.clusters.some(({ api, day2Workers }) => api === 'kube' && day2Workers > 0)) {
    warnings.push(
      'clusters with day-2 workers on a hub: the service must reach the kube-api of spokes, which a pod serves on loopback alone',
    );
  }
  if (localPorts > portsOfPod) {
    warnings.push(
      `the largest shard holds about ${localPorts} local ports at a time and a pod has ${portsOfPod}; give more --shards`,
    );
  }
  return warnings;
}
