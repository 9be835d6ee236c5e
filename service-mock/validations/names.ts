/** What names, keys, proxies and tags must be like. Upstream: assisted-service, pkg/validations/validations.go and internal/cluster/validations/validations.go. */

import { parseCidr, parseIp } from '../network/networks.ts';
import { OperationError } from '../service-api.ts';

export const FORBIDDEN_HOSTNAMES: readonly string[] = [
  'localhost',
  'localhost.localdomain',
  'localhost4',
  'localhost4.localdomain4',
  'localhost6',
  'localhost6.localdomain6',
];
/** What a host may be called. */
export const HOSTNAME = /^[a-z0-9][a-z0-9-]{0,62}(?:[.][a-z0-9-]{1,63})*$/;
const MAX_HOSTNAME = 63;

/** Why a host cannot bear a name; undefined when it can. */
export function hostnameProblem(name: string): string | undefined {
  if (FORBIDDEN_HOSTNAMES.includes(name)) return `The host name ${name} is forbidden`;
  if (name.length > MAX_HOSTNAME)
    return `hostname is too long, must be ${MAX_HOSTNAME} characters or less. Hostname: ${name} has ${name.length} characters`;
  if (!HOSTNAME.test(name))
    return `Hostname does not pass required regex validation: ${HOSTNAME.source}. Hostname: ${name}`;
  return undefined;
}

const CLUSTER_NAME = /^([a-z0-9]([-a-z0-9]{0,52}[a-z0-9])?)$/;
const DOTTED_CLUSTER_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const MAX_CLUSTER_NAME = 54;

/** @throws OperationError 400 for a name that no cluster can bear; dots go only with platform none. */
export function checkClusterName(name: string, platform: string): void {
  const good = (platform === 'none' ? DOTTED_CLUSTER_NAME : CLUSTER_NAME).test(name) && name.length <= MAX_CLUSTER_NAME;
  if (!good) {
    throw new OperationError(
      400,
      `Cluster name format is not valid: '${name}'. Name must start and end with either a letter or number and consist of lower-case letters, numbers, and hyphens. Subdomains in cluster names are only valid with none platform.`,
    );
  }
}

/** @throws OperationError 400 for a base domain that is none. */
export function checkBaseDomain(domain: string): void {
  if (domain !== '' && !/^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(domain)) {
    throw new OperationError(
      400,
      `DNS format mismatch: ${domain} domain name is not valid. Must match regex [^([a-z\\d]([\\-]*[a-z\\d]+)*\\.)+[a-z\\d]+([\\-]*[a-z\\d]+)+$], be no more than 255 characters, and not be in dotted decimal format (##.##.##.##)`,
    );
  }
}

/** Upstream: internal/cluster/validations/validations.go, sshPublicKeyRegex. */
const SSH_KEY =
  /^(ssh-rsa AAAAB3NzaC1yc2|ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNT|ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzOD|ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1Mj|ssh-ed25519 AAAAC3NzaC1lZDI1NTE5|ssh-dss AAAAB3NzaC1kc3)[0-9A-Za-z+/]+[=]{0,3}( .*)?$/;

/** @throws OperationError 400 unless every line is a public key; nothing at all is good. */
export function checkSshKey(text: string): void {
  if (text === '') return;
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (!SSH_KEY.test(line))
      throw new OperationError(
        400,
        `SSH key: ${line} does not match any supported type: ssh-rsa, ssh-ed25519, ecdsa-[VARIANT]`,
      );
  }
}

/** @throws OperationError 400 for a list with an entry that is neither host name nor address. */
export function checkNtpSources(text: string): void {
  for (const source of text === '' ? [] : text.split(',')) {
    if (!/^([a-zA-Z0-9][a-zA-Z0-9.-]*|[0-9a-fA-F:]+)$/.test(source.trim())) {
      throw new OperationError(400, `Invalid NTP source: ${source}`);
    }
  }
}

/** @throws OperationError 400 for a proxy that is no http URL. */
export function checkProxy(field: string, url: string | undefined): void {
  if (!url) return;
  const schemes = field === 'http_proxy' ? ['http'] : ['http', 'https'];
  const words = `Failed to validate ${field === 'http_proxy' ? 'HTTP' : 'HTTPS'} Proxy`;
  const scheme = /^([a-z]+):\/\/[^\s/]+/.exec(url)?.[1];
  if (scheme === undefined) throw new OperationError(400, `${words}: Proxy URL format is not valid: '${url}'`);
  if (!schemes.includes(scheme)) {
    const allowed = schemes.join(' or ');
    throw new OperationError(400, `${words}: The URL scheme must be ${allowed} and specified in the URL: '${url}'`);
  }
}

const DOMAIN = /^([a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/;

/** @throws OperationError 400 for an entry that is no domain, address or network, or that is given twice. */
export function checkNoProxy(text: string): void {
  if (text === '' || text === '*') return;
  const seen = new Set<string>();
  for (const entry of text.split(',')) {
    const known = DOMAIN.test(entry.replace(/^\*?\./, '')) || parseIp(entry) || parseCidr(entry);
    if (!known) throw new OperationError(400, `no_proxy: '${entry}' is no domain, address or network`);
    if (seen.has(entry)) throw new OperationError(400, `no_proxy: ${entry} is given twice`);
    seen.add(entry);
  }
}

/** @throws OperationError 400 unless tags are words of letters, digits, underscores and inner blanks. */
export function checkTags(tags: string): void {
  if (tags !== '' && !tags.split(',').every((tag) => /^\w+( \w+)*$/.test(tag)))
    throw new OperationError(400, `Tags '${tags}' are not valid, write for example tag1,tag2`);
}
