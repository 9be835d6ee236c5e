/**
 * Proxies and their exceptions. Upstream: assisted-service, internal/bminventory/inventory.go, validateProxySettings, with
 * pkg/validations/validations.go and asaskevich/govalidator, validator.go and patterns.go.
 */
import { parseCidr, parseIp } from '../network/networks.ts';
import { compareBase } from '../versions/versions.ts';
import { parseUrl, UrlError } from './go-url.ts';
import { isUrlShaped } from './url-shape.ts';

/** Proxies of a cluster or an infra-env; undefined for what is not said. */
export interface Proxies {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly no: string | undefined;
}

/** @param version that is to be installed; empty for an infra-env. @returns the first problem. */
export function proxiesProblem({ http, https, no }: Proxies, version: string): string | undefined {
  const httpProblem = http && proxyProblem(http, ['http']);
  if (httpProblem) return `Failed to validate HTTP Proxy: ${httpProblem}`;
  const httpsProblem = https && proxyProblem(https, ['http', 'https']);
  if (httpsProblem) return `Failed to validate HTTPS Proxy: ${httpsProblem}`;
  return no ? noProxyProblem(no, version) : undefined;
}

function proxyProblem(url: string, schemes: readonly string[]): string | undefined {
  const scheme = isUrl(url) ? schemeOf(url) : undefined;
  if (scheme === undefined) return `Proxy URL format is not valid: '${url}'`;
  if (schemes.includes(scheme)) return undefined;
  return `The URL scheme must be ${schemes.join(' or ')} and specified in the URL: '${url}'`;
}

function schemeOf(url: string): string | undefined {
  try {
    return parseUrl(url).scheme;
  } catch (error) {
    if (error instanceof UrlError) return undefined;
    throw error;
  }
}

/** Lengths in characters; both ends are out. */
const SHORTEST_URL = 3;
const LONGEST_URL = 2083;

function isUrl(url: string): boolean {
  if (Buffer.byteLength(url) <= SHORTEST_URL || [...url].length >= LONGEST_URL || url.startsWith('.')) return false;
  try {
    const { host, path } = parseUrl(url.includes(':') && !url.includes('://') ? `http://${url}` : url);
    if (host.startsWith('.')) return false;
    if (host === '' && path !== '' && !path.includes('.')) return false;
  } catch (error) {
    if (error instanceof UrlError) return false;
    throw error;
  }
  return isUrlShaped(url);
}

const FIRST_VERSION_WITH_STAR = '4.8';

function noProxyProblem(list: string, version: string): string | undefined {
  if (list.includes('*')) {
    if (version === '' || compareBase(version, FIRST_VERSION_WITH_STAR) >= 0) return undefined;
    return `Sorry, no-proxy value '*' is not supported in release: ${version}`;
  }
  const seen = new Set<string>();
  for (const entry of list.split(',')) {
    if (seen.has(entry)) return `duplicate no_proxy entry defined: ${entry}`;
    const name = entry.replace(/^\./, '');
    if (!parseIp(name) && !parseCidr(name) && !isDnsName(name)) {
      return (
        'NO Proxy is a comma-separated list of destination domain names, domains, IP addresses or other network CIDRs. ' +
        "A domain can be prefaced with '.' to include all subdomains of that domain. Use '*' to bypass proxy for all " +
        `destinations with OpenShift 4.8 or later.: ${entry} is not a valid no_proxy entry`
      );
    }
    seen.add(entry);
  }
  return undefined;
}

const DNS_NAME = /^[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62}(?:\.[a-zA-Z0-9_][a-zA-Z0-9_-]{0,62})*[._]?$/;

function isDnsName(name: string): boolean {
  return name.replaceAll('.', '').length <= 255 && DNS_NAME.test(name);
}
