/** Rules for names and pull secrets. Source: Service facts 1.2, 1.5, 4.2. */
import { OperationError } from '../service-api.ts';
import { registryOf } from './versions.ts';

export const FORBIDDEN_HOSTNAMES: readonly string[] = [
  'localhost',
  'localhost.localdomain',
  'localhost4',
  'localhost4.localdomain4',
  'localhost6',
  'localhost6.localdomain6',
];
const HOSTNAME = /^[a-z0-9][a-z0-9-]{0,62}(?:[.][a-z0-9-]{1,63})*$/;
const MAX_HOSTNAME = 63;

/** Why a host cannot bear a name; undefined when it can. */
export function hostnameProblem(name: string): string | undefined {
  if (FORBIDDEN_HOSTNAMES.includes(name)) return `Hostname ${name} is forbidden`;
  if (name.length > MAX_HOSTNAME) return `Hostname ${name} is longer than ${MAX_HOSTNAME} characters`;
  if (!HOSTNAME.test(name)) return `Hostname ${name} does not match ${HOSTNAME.source}`;
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
      `Cluster name '${name}' is not valid: use 1 to ${MAX_CLUSTER_NAME} lower-case letters, digits and hyphens, and no hyphen at the ends; dots are allowed only with platform none`,
    );
  }
}

/** @throws OperationError 400 for a base domain that is none. */
export function checkBaseDomain(domain: string): void {
  if (domain !== '' && !/^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(domain)) {
    throw new OperationError(400, `Base domain '${domain}' is not a DNS domain`);
  }
}

const SSH_KEY = /^(ssh-(rsa|ed25519|dss)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com) [A-Za-z0-9+/]+={0,2}( .*)?$/;

/** @throws OperationError 400 unless every line is a public key. */
export function checkSshKey(text: string): void {
  for (const line of text.split('\n')) {
    if (line.trim() !== '' && !SSH_KEY.test(line.trim())) throw new OperationError(400, `SSH key is not valid: ${line.slice(0, 40)}`);
  }
}

/** @throws OperationError 400 for a list with an entry that is neither host name nor address. */
export function checkNtpSources(text: string): void {
  for (const source of text === '' ? [] : text.split(',')) {
    if (!/^([a-zA-Z0-9][a-zA-Z0-9.-]*|[0-9a-fA-F:]+)$/.test(source.trim())) {
      throw new OperationError(400, `NTP source '${source}' is neither a host name nor an address`);
    }
  }
}

/** @throws OperationError 400 for a proxy that is no http URL. */
export function checkProxy(field: string, url: string | undefined): void {
  if (!url) return;
  if (!/^https?:\/\/[^\s/]+/.test(url)) {
    throw new OperationError(400, `${field} '${url}' is not valid; write http://[user:password@]host[:port]`);
  }
}

/**
 * @param images everything that the pull secret must open.
 * @param open registries that need no credentials.
 * @throws OperationError 400 that says what is wrong.
 */
export function checkPullSecret(text: string, images: readonly string[], open: readonly string[]): void {
  const problem = pullSecretProblem(text, images, open);
  if (problem) throw new OperationError(400, `The pull secret is not valid: ${problem}`);
}

function pullSecretProblem(text: string, images: readonly string[], open: readonly string[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is no JSON';
  }
  const auths = (value as { auths?: unknown } | null)?.auths;
  if (typeof auths !== 'object' || auths === null || Object.keys(auths).length === 0) return 'it has no auths';
  for (const [registry, entry] of Object.entries(auths)) {
    const auth = (entry as { auth?: unknown } | null)?.auth;
    if (typeof auth !== 'string' || auth === '') return `auths of ${registry} has no auth`;
    if (!isBase64(auth)) return `auth of ${registry} is no base64`;
    const parts = Buffer.from(auth, 'base64').toString().split(':');
    if (parts.length !== 2 || parts[0] === '' || parts[1] === '') return `auth of ${registry} is not user:password`;
  }
  for (const image of images) {
    const registry = registryOf(image);
    if (!Object.hasOwn(auths, registry) && !open.includes(registry) && !(registry === 'docker.io' && Object.hasOwn(auths, 'https://index.docker.io/v1/'))) {
      return `it holds no credentials for ${registry}, which ${image} comes from`;
    }
  }
  return undefined;
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
