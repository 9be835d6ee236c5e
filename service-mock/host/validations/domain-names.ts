/**
 * Host validations of what a host resolves: the names of the cluster's load balancers, and wildcard records that would
 * be in the way. Texts are upstream's: assisted-service, internal/host/validator.go, shouldValidateDNSResolution,
 * checkDomainNameResolution and isDNSWildcardNotConfigured.
 */

import { isDay2Cluster, isSingleNode } from '../../cluster/traits.ts';
import type { Core } from '../../core/core.ts';
import type { ClusterRow } from '../../core/rows.ts';
import { isDay2Host } from '../traits.ts';
import { bound, broken, type Check, fail, type HostContext, type Outcome, pass, wait } from './check.ts';

const resolved = (domain: string): Outcome =>
  pass(`Domain name resolution for the ${domain} domain was successful or not required`);

/** Whether names must resolve through load balancers of the user. */
function resolutionMatters(cluster: ClusterRow, core: Core, domain: string, target: string): Outcome | 'check' {
  let managed = !cluster.userManagedNetworking;
  if (cluster.imported) {
    const answers = cluster.hosts.map((host) => host.apiVipConnectivity).filter((answer) => answer?.isSuccess);
    if (answers.length === 0) {
      return wait(
        `DNS validation for the ${domain} domain cannot be completed at the moment. This could be due to other validations`,
      );
    }
    managed = answers.some((answer) => answer?.managedNetworking);
  }
  if (managed) return resolved(domain);
  if (!isDay2Cluster(cluster) && isSingleNode(cluster) && core.settings.ENABLE_SINGLE_NODE_DNSMASQ) {
    return resolved(domain);
  }
  if (cluster.baseDnsDomain === '') {
    return broken(
      `DNS validation for the ${target} domain cannot be completed because the cluster does not have base_dns_domain set. Please update the cluster with the correct base_dns_domain`,
    );
  }
  return 'check';
}

/**
 * @param prefix what stands before the cluster's name in the name that hosts resolve.
 * @param shown what stands before it in messages.
 * @param target what the name leads to; messages name it when the cluster has no base domain.
 */
export function resolves(prefix: string, shown: string, target: string): Check {
  return bound((cluster, { core, host }) => {
    const domain = cluster.baseDnsDomain === '' ? target : `${shown}.${cluster.name}.${cluster.baseDnsDomain}`;
    const matter = resolutionMatters(cluster, core, domain, target);
    if (matter !== 'check') return matter;
    if (!host.domainResolutions) return broken('Error while evaluating DNS resolution on this host');
    const name = `${prefix}.${cluster.name}.${cluster.baseDnsDomain}`;
    const answer = host.domainResolutions.find(
      (item) =>
        item.domain_name === name && item.ipv4_addresses.length + item.ipv6_addresses.length + item.cnames.length > 0,
    );
    if (answer) return resolved(domain);
    return fail(
      `Couldn't resolve domain name ${domain} on the host. To continue installation, create the necessary DNS entries to resolve this domain name to your cluster's ${target} IP address`,
    );
  });
}

/** That no wildcard record answers for the cluster, neither for the full name nor through a search domain. */
export function noWildcard(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (isDay2Host(host)) return pass('DNS wildcard check is not required for day2');
  if (!host.domainResolutions) {
    return wait('DNS wildcard check cannot be performed yet because the host has not yet performed DNS resolution');
  }
  const domain = `${cluster.name}.${cluster.baseDnsDomain}`;
  const name = `validateNoWildcardDNS.${domain}`;
  const problems = {
    [`${name}.`]: (found: string) =>
      `DNS wildcard configuration was detected for domain *.${domain} - the installation will not be able to complete while this record exists. Please remove it to proceed. The domain resolves to ${found}`,
    [name]: (found: string) =>
      `Unexpected domain name resolution was detected for the relative domain name with the sub-domain *.${domain} despite the fact that no resolution exists for a Fully Qualified Domain Name (FQDN) with same sub-domain. This is usually a sign of DHCP-provided domain-search configuration. The installation will not be able to complete with this configuration in place. Please remove it to proceed. The relative domain name resolves to ${found}`,
  };
  for (const [spelling, problem] of Object.entries(problems)) {
    const answer = host.domainResolutions.find((item) => item.domain_name === spelling);
    if (!answer) {
      return broken(
        "Internal error - DNS wildcard check cannot be performed because the DNS validation result doesn't contain the wildcard domain",
      );
    }
    const found = [...answer.ipv4_addresses, ...answer.ipv6_addresses, ...answer.cnames];
    if (found.length > 0) return fail(problem(found.join(', ')));
  }
  return pass('DNS wildcard check was successful');
}
