/**
 * What the machine's DNS says: the cluster's names lead to its virtual addresses (without any: to addresses in the machine
 * network that no host owns, where a load balancer would be), names that only a wildcard would answer lead nowhere, everything
 * else is a host of the outside world (assisted-installer-agent src/domain_resolution/domain_resolution.go).
 */
import { goJson } from '../../../model/protocol/go-json.ts';
import { hashWords } from '../../../model/time/random.ts';
import { API_VIP_OFFSET, formatIpv4, INGRESS_VIP_OFFSET, parseCidr } from '../../host/ipv4.ts';
import type { ClusterPlan } from '../../plan/expanded-plan.ts';
import { objectArgument, objectList, type Step, textField } from './step.ts';

const STEP = 'domain resolution';
/** A network for documentation (RFC 5737): outside hosts get one address of it each. */
const OUTSIDE = '198.51.100';

export const domainResolution: Step<string[]> = {
  parse: (args) =>
    objectList(STEP, objectArgument(STEP, args).domains, 'domains').map((domain) =>
      textField(STEP, domain, 'domain_name'),
    ),
  pieces: (names) => names.length,
  run: (names, { cluster }) => ({
    output: goJson({ resolutions: names.map((name) => resolve(name, cluster)) }),
  }),
};

function resolve(name: string, cluster: ClusterPlan) {
  const bare = name.replace(/\.$/, '');
  const address = addressOf(bare.toLowerCase(), cluster);
  return {
    cnames: address === null ? null : [`${bare}.`],
    domain_name: name,
    ipv4_addresses: address === null ? [] : [address],
    ipv6_addresses: [],
  };
}

function addressOf(name: string, cluster: ClusterPlan): string | null {
  const base = parseCidr(cluster.machineNetwork).network.base;
  if (name === '' || name.startsWith('validatenowildcarddns')) return null;
  if (/^api(-int)?\./.test(name)) return cluster.apiVip ?? formatIpv4(base + API_VIP_OFFSET);
  if (/\.apps\./.test(name)) return cluster.ingressVip ?? formatIpv4(base + INGRESS_VIP_OFFSET);
  if (name.endsWith(`.${cluster.baseDomain.toLowerCase()}`)) return null;
  return `${OUTSIDE}.${1 + (hashWords(name).a % 254)}`;
}
