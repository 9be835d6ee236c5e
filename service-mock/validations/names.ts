/** What names, sources of time and tags must be like. Upstream: assisted-service, pkg/validations/validations.go, internal/cluster/validations/validations.go and internal/host/hostutil/host_utils.go. */

import { parseIp } from '../network/networks.ts';

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
  const length = Buffer.byteLength(name);
  if (length > MAX_HOSTNAME)
    return `hostname is too long, must be ${MAX_HOSTNAME} characters or less. Hostname: ${name} has ${length} characters`;
  if (!HOSTNAME.test(name))
    return `Hostname does not pass required regex validation: ${HOSTNAME.source}. Hostname: ${name}`;
  return FORBIDDEN_HOSTNAMES.includes(name) ? `The host name ${name} is forbidden` : undefined;
}

const CLUSTER_NAME = /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)?$/;
const DOTTED_CLUSTER_NAME = /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*)?$/;

/** Why a cluster cannot bear a name; undefined when it can. Dots go only with platform none. */
export function clusterNameProblem(name: string, platform: string): string | undefined {
  if ((platform === 'none' ? DOTTED_CLUSTER_NAME : CLUSTER_NAME).test(name)) return undefined;
  return `Cluster name format is not valid: '${name}'. Name must start and end with either a letter or number and consist of lower-case letters, numbers, and hyphens. Subdomains in cluster names are only valid with none platform.`;
}

const TIME_SOURCE = /^[a-z0-9][a-z0-9.-]{0,61}[a-z0-9]$/;

/** Why a list of sources of time cannot be; undefined when each is an address or a host name. */
export function ntpSourcesProblem(sources: string): string | undefined {
  const good = sources.split(',').every((source) => parseIp(source) !== undefined || TIME_SOURCE.test(source));
  return good ? undefined : `Invalid NTP source: ${sources}`;
}

/** Why tags cannot be; undefined when they are words of letters, digits, underscores and inner blanks. */
export function tagsProblem(tags: string): string | undefined {
  if (tags === '' || tags.split(',').every((tag) => /^\w+( \w+)*$/.test(tag))) return undefined;
  return `Invalid format for Tags: ${tags}. Tags should be a comma-separated list (e.g. tag1,tag2,tag3). Each tag can consist of the following characters: Alphanumeric (aA-zZ, 0-9), underscore (_) and white-spaces.`;
}
