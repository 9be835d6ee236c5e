/**
 * Checks that new and changed clusters share. Upstream: assisted-service, internal/bminventory/inventory.go (validateRegisterClusterInternalParams,
 * validateUpdateCluster and what they call).
 */
import type { Core } from '../core/core.ts';
import { textField } from '../core/wire.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { checkNoProxy, checkNtpSources, checkProxy, checkTags } from '../validations/names.ts';
import { checkPullSecret } from '../validations/pull-secret.ts';
import { compareBase, type Release } from '../versions/versions.ts';

/** Checks the pull secret against every image that the installation pulls. */
export function checkSecret(core: Core, secret: string, releaseImage: string): void {
  const { settings } = core;
  checkPullSecret(
    secret,
    [releaseImage, settings.AGENT_DOCKER_IMAGE, settings.INSTALLER_IMAGE, settings.CONTROLLER_IMAGE].filter(
      (image) => image !== '',
    ),
    settings.PUBLIC_CONTAINER_REGISTRIES,
    'pull secret for new cluster is invalid',
  );
}

export function checkNtp(additional: string | undefined, sources: string | undefined): void {
  if (additional && sources) throw new OperationError(400, 'ntp_sources and additional_ntp_source exclude each other');
  checkNtpSources(additional ?? '');
  checkNtpSources(sources ?? '');
}

export function defaultNetworkType(release: Release, count: number): string {
  return compareBase(release.version, '4.12') >= 0 || count === 1 ? 'OVNKubernetes' : 'OpenShiftSDN';
}

/** The last version that can be installed with OpenShiftSDN, which alone takes VIPs from DHCP. */
export const LAST_VERSION_WITH_SDN = '4.14';

export function checkNetworkType(type: string, version: string, count: number): void {
  if (type !== 'OpenShiftSDN') return;
  if (count === 1) throw new OperationError(400, 'OpenShiftSDN does not go with a single node');
  if (compareBase(version, LAST_VERSION_WITH_SDN) > 0)
    throw new OperationError(400, `OpenShiftSDN does not go with version ${version}`);
}

export function checkEncryption({ mode, tang_servers }: JsonObject): void {
  if (mode === 'tang' && !tang_servers) throw new OperationError(400, 'disk_encryption: mode tang needs tang_servers');
}

export function checkEndpoint(endpoint: JsonObject | undefined): void {
  const url = endpoint?.url;
  if (typeof url === 'string' && url !== '' && !/^https?:\/\/[^\s/]+/.test(url))
    throw new OperationError(400, `ignition_endpoint: '${url}' is no http or https URL`);
}

/** @throws OperationError 400 for proxies, exceptions of them or tags that are malformed. */
export function checkProxiesAndTags(body: JsonObject): void {
  for (const field of ['http_proxy', 'https_proxy']) checkProxy(field, textField(body, field));
  checkNoProxy(textField(body, 'no_proxy') ?? '');
  checkTags(textField(body, 'tags') ?? '');
}
