/**
 * Checks that new and changed clusters share. Upstream: assisted-service, internal/bminventory/inventory.go (validateRegisterClusterInternalParams,
 * validateUpdateCluster and what they call) and internal/cluster/validations/validations.go.
 */
import type { Core } from '../core/core.ts';
import { textField } from '../core/wire.ts';
import type { JsonObject } from '../service-api.ts';
import { caCertificateProblem } from '../validations/certificates.ts';
import { parseUrl, UrlError } from '../validations/go-url.ts';
import { proxiesProblem } from '../validations/proxies.ts';
import { imagesOfService, pullSecretProblem } from '../validations/pull-secret.ts';
import { tangServersProblem } from '../validations/tang-servers.ts';
import { compareBase, type Release, versionProblem } from '../versions/versions.ts';

/** How many control-plane nodes are wanted, from either way of saying it. */
export function controlPlane(body: { count: number | undefined; mode: string | undefined }): {
  count: number;
  mode: string;
} {
  if (body.count === undefined) return body.mode === 'None' ? { count: 1, mode: 'None' } : { count: 3, mode: 'Full' };
  return { count: body.count, mode: body.mode ?? (body.count === 1 ? 'None' : 'Full') };
}

const MOST_MASTERS = 5;
const USUAL_MASTERS = 3;
const FIRST_VERSION_WITH_MORE_MASTERS = '4.18';
const FIRST_VERSION_WITH_ARBITER = '4.19';

/** Why a version cannot have so many control-plane nodes; undefined when it can. */
export function controlPlaneProblem(count: number, mode: string, version: string): string | undefined {
  if (mode === 'None' && count !== 1) return 'single-node clusters must have a single control plane node';
  const malformed = versionProblem(version);
  if (malformed !== undefined || mode !== 'Full') return malformed;
  if (count !== USUAL_MASTERS && compareBase(version, FIRST_VERSION_WITH_MORE_MASTERS) < 0)
    return `there should be exactly ${USUAL_MASTERS} dedicated control plane nodes for high availability mode Full in openshift version older than ${FIRST_VERSION_WITH_MORE_MASTERS}`;
  const two = compareBase(version, FIRST_VERSION_WITH_ARBITER) >= 0;
  const [fewest, since] = two ? [2, FIRST_VERSION_WITH_ARBITER] : [USUAL_MASTERS, FIRST_VERSION_WITH_MORE_MASTERS];
  if (count >= fewest && count <= MOST_MASTERS) return undefined;
  return `there should be ${fewest}-${MOST_MASTERS} dedicated control plane nodes for high availability mode Full in openshift version ${since} or newer`;
}

/** What is wrong with a pull secret for what an installation pulls. */
export function secretProblem({ settings }: Core, secret: string, releaseImage: string): string | undefined {
  return pullSecretProblem(secret, [...imagesOfService(settings), releaseImage], settings.PUBLIC_CONTAINER_REGISTRIES);
}

/** The network type of a cluster that asks for none. */
export function defaultNetworkType(release: Pick<Release, 'version'>, count: number): string {
  return compareBase(release.version, '4.12') >= 0 || count === 1 ? 'OVNKubernetes' : 'OpenShiftSDN';
}

/** @param version that is, or is to be, installed. */
export function clusterProxiesProblem(body: JsonObject, version: string): string | undefined {
  const [http, https, no] = ['http_proxy', 'https_proxy', 'no_proxy'].map((field) => textField(body, field));
  return proxiesProblem({ http, https, no }, version);
}

/** Why the servers that unlock disks are none; undefined when they are, and for other modes. Upstream: ValidateDiskEncryptionParams. */
export function encryptionProblem(encryption: JsonObject | undefined): string | undefined {
  if (encryption?.mode !== 'tang') return undefined;
  const text = textField(encryption, 'tang_servers') ?? '';
  return text === '' ? "Setting Tang mode but tang_servers isn't set" : tangServersProblem(text);
}

/** Why the endpoint of ignitions is none; undefined when it is, or none is given. Upstream: validateIgnitionEndpoint. */
export function endpointProblem(endpoint: JsonObject | undefined): string | undefined {
  const url = endpoint && textField(endpoint, 'url');
  if (url === undefined) return undefined;
  try {
    const { scheme } = parseUrl(url);
    if (scheme !== 'http' && scheme !== 'https')
      return `The URL scheme must be http(s) and specified in the URL: '${url}'`;
  } catch (error) {
    if (!(error instanceof UrlError)) throw error;
    return `URL '${url}' format is not valid: ${error.message}`;
  }
  const certificate = textField(endpoint!, 'ca_certificate');
  return certificate === undefined ? undefined : caCertificateProblem(certificate);
}
