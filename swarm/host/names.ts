/**
 * What the DNS of a machine's network says: the cluster's names lead to its virtual addresses (without any: to addresses in the
 * machine network that no host owns, where a load balancer would be), names that only a wildcard would answer lead nowhere,
 * everything else is a host of the outside world.
 */
import { hashWords } from '../../model/time/random.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import { API_VIP_OFFSET, formatIpv4, INGRESS_VIP_OFFSET, parseCidr } from './ipv4.ts';

/** What names of a cluster depend on. */
export type NamedCluster = Pick<ClusterPlan, 'machineNetwork' | 'apiVip' | 'ingressVip' | 'baseDomain'>;

/** A network for documentation (RFC 5737): outside hosts get one address of it each. */
const OUTSIDE = '198.51.100';

/** The IPv4 address of a name without a dot at its end; null for one that leads nowhere. */
export function addressOfName(name: string, cluster: NamedCluster): string | null {
  const lower = name.toLowerCase();
  const base = parseCidr(cluster.machineNetwork).network.base;
  if (lower === '' || lower.startsWith('validatenowildcarddns')) return null;
  if (/^api(-int)?\./.test(lower)) return cluster.apiVip ?? formatIpv4(base + API_VIP_OFFSET);
  if (/\.apps\./.test(lower)) return cluster.ingressVip ?? formatIpv4(base + INGRESS_VIP_OFFSET);
  if (lower.endsWith(`.${cluster.baseDomain.toLowerCase()}`)) return null;
  return `${OUTSIDE}.${1 + (hashWords(lower).a % 254)}`;
}
