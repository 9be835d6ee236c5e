/**
 * Base domains of clusters, and what becomes of them with a cluster's name.
 * Upstream: assisted-service, internal/dns/dns.go, ValidateDNSName, and models/validations/dns_validation.go.
 */

const PATTERN = '^([a-z\\d]([\\-]*[a-z\\d]+)*\\.)+[a-z\\d]+([\\-]*[a-z\\d]+)+$';
/** Lengths in characters. */
const LONGEST_DOMAIN = 255;
const LONGEST_LABEL = 63;
/** What is left for the suffix of the longest name below the ingress domain. */
const LONGEST_SUFFIX = 191;

/** @returns what is wrong with a domain, or with it and the name that comes before it. */
export function domainProblem(clusterName: string, domain: string): string | undefined {
  if (!isDomain(domain)) {
    return `DNS format mismatch: ${domain} domain name is not valid. Must match regex [${PATTERN}], be no more than 255 characters, and not be in dotted decimal format (##.##.##.##)`;
  }
  const suffix = `apps.${clusterName}.${domain}`;
  if (Buffer.byteLength(suffix) > LONGEST_SUFFIX) return 'Combination of cluster name and base DNS domain too long';
  const long = suffix.split('.').find((label) => Buffer.byteLength(label) > LONGEST_LABEL);
  return long && `DNS label '${long}' is longer than 63 bytes`;
}

const LABEL = /^[a-z\d](?:[-a-z\d]*[a-z\d])?$/;
const LAST_LABEL = /^[a-z\d][-a-z\d]*[a-z\d]$/;

function isDomain(text: string): boolean {
  const domain = /^validateNoWildcardDNS\../.test(text)
    ? text.slice('validateNoWildcardDNS.'.length).replace(/\.$/, '')
    : text;
  if (LAST_LABEL.test(domain) && domain.length < LONGEST_LABEL) return true;
  const labels = domain.split('.');
  const last = labels.pop()!;
  return (
    labels.length > 0 &&
    labels.every((label) => LABEL.test(label)) &&
    LAST_LABEL.test(last) &&
    domain.length <= LONGEST_DOMAIN &&
    !/(?:\d+\.){3}\d+/.test(domain)
  );
}
