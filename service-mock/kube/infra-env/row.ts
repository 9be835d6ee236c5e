/** What an InfraEnv asks of its row. Upstream: assisted-service, infraenv_controller.go, createInfraEnv and updateInfraEnv. */

import { isEmptySelector, matchesSelector } from '../../../model/kube/label-selector.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { ClusterRow, InfraEnvRow } from '../../core/rows.ts';
import { type Json, type JsonObject, OperationError } from '../../service-api.ts';
import { checkMirrorRegistries } from '../cluster/mirror-registries.ts';
import type { KubeContext } from '../context.ts';
import type { InfraEnv, InfraEnvSpec, NMStateConfig } from '../objects.ts';
import { ensureLabelled, getSecret, pullSecretKey, validPullSecret } from '../secrets.ts';

/** @throws Error for what the service refuses, and for references that lead nowhere. */
export async function registerInfraEnv(
  context: KubeContext,
  infraEnv: InfraEnv,
  cluster: ClusterRow | undefined,
): Promise<InfraEnvRow> {
  const { core, service } = context;
  const { spec, metadata } = infraEnv;
  const { namespace, name } = metadata;
  const version = osImageVersion(context, spec, cluster);
  const secret = await validPullSecret(context, pullSecretKey(namespace, spec.pullSecretRef));
  const networks = staticNetworks(context, spec);
  await checkMirrorRegistries(context, spec.mirrorRegistryRef);
  const made = service.registerInfraEnv(
    {
      name,
      image_type: imageType(context, spec),
      ignition_config_override: spec.ignitionConfigOverride ?? '',
      pull_secret: secret,
      ssh_authorized_key: spec.sshAuthorizedKey ?? '',
      cpu_architecture: spec.cpuArchitecture ?? '',
      ...(cluster && { cluster_id: cluster.id }),
      openshift_version: version,
      additional_trust_bundle: spec.additionalTrustBundle ?? '',
      network_discovery_delay_seconds: spec.networkDiscoveryDelaySeconds ?? null,
      ...(spec.proxy && { proxy: proxyOf(spec.proxy) }),
      ...ntpOf(spec),
      ...(spec.kernelArguments?.length && { kernel_arguments: kernelArguments(spec) }),
      ...(networks.length > 0 && { static_network_config: networks }),
    },
    { namespace, name },
  );
  return core.store.infraEnvs.get(made.id as string)!;
}

/** @throws Error for what the service refuses, and for references that lead nowhere. */
export async function changeInfraEnv(context: KubeContext, infraEnv: InfraEnv, row: InfraEnvRow): Promise<void> {
  const { spec, metadata } = infraEnv;
  const key = pullSecretKey(metadata.namespace, spec.pullSecretRef);
  const secret = await validPullSecret(context, key);
  await ensureLabelled(context, RESOURCES.secrets, await getSecret(context, key!));
  const networks = staticNetworks(context, spec);
  const type = imageType(context, spec);
  const { sshAuthorizedKey = '', additionalTrustBundle = '', osImageVersion: version = '' } = spec;
  const delay = spec.networkDiscoveryDelaySeconds;
  await checkMirrorRegistries(context, spec.mirrorRegistryRef);
  context.service.updateInfraEnv(row.id, {
    ...(spec.proxy && { proxy: proxyOf(spec.proxy) }),
    ...ntpOf(spec),
    ...(type !== row.type && { image_type: type }),
    ...(spec.ignitionConfigOverride && { ignition_config_override: spec.ignitionConfigOverride }),
    // An empty key is no change: updateInfraEnvData.
    ...(sshAuthorizedKey !== '' &&
      sshAuthorizedKey !== row.sshAuthorizedKey && { ssh_authorized_key: sshAuthorizedKey }),
    ...(additionalTrustBundle.trim() !== row.additionalTrustBundle && {
      additional_trust_bundle: additionalTrustBundle,
    }),
    ...(version !== '' && version !== row.openshiftVersion && { openshift_version: version }),
    pull_secret: secret,
    ...(networks.length > 0
      ? { static_network_config: networks }
      : row.staticNetworkConfig !== '' && { static_network_config: [] }),
    ...(JSON.stringify(kernelArguments(spec)) !== (row.kernelArguments ?? '[]') && {
      kernel_arguments: kernelArguments(spec),
    }),
    ...(delay !== null &&
      delay !== undefined &&
      delay !== row.networkDiscoveryDelaySeconds && { network_discovery_delay_seconds: delay }),
  });
}

function imageType({ settings }: KubeContext, { imageType: wanted, cpuArchitecture }: InfraEnvSpec): string {
  return wanted || (cpuArchitecture === 's390x' ? 'full-iso' : settings.ISO_IMAGE_TYPE);
}

/** @throws OperationError 404 for a version without an image. */
function osImageVersion({ core, settings }: KubeContext, spec: InfraEnvSpec, cluster: ClusterRow | undefined): string {
  const { osImageVersion: version = '', cpuArchitecture = '' } = spec;
  if (cluster && version === '') return cluster.openshiftVersion;
  if (version === '' || !settings.ENABLE_IMAGE_SERVICE) return '';
  try {
    core.versions.osImageVersion(version, cpuArchitecture);
  } catch {
    throw new OperationError(404, 'Specified OSImageVersion is missing from AgentServiceConfig');
  }
  return version;
}

function proxyOf({ httpProxy = '', httpsProxy = '', noProxy = '' }: NonNullable<InfraEnvSpec['proxy']>): JsonObject {
  return { http_proxy: httpProxy, https_proxy: httpsProxy, no_proxy: noProxy };
}

function ntpOf({ additionalNTPSources = [], ntpSources = [] }: InfraEnvSpec): JsonObject {
  return {
    ...(additionalNTPSources.length > 0 && { additional_ntp_sources: additionalNTPSources.join(',') }),
    ...(ntpSources.length > 0 && { ntp_sources: ntpSources.join(',') }),
  };
}

function kernelArguments({ kernelArguments: list = [] }: InfraEnvSpec): JsonObject[] {
  return list.map(({ operation, value }) => ({ operation, value }));
}

/** The NMStateConfigs that an InfraEnv selects, of all namespaces, as the API takes them; a selector of nothing selects none. */
function staticNetworks(
  { cache }: KubeContext,
  { nmStateConfigLabelSelector: selector = {} }: InfraEnvSpec,
): JsonObject[] {
  if (isEmptySelector(selector)) return [];
  return [...(cache.of(RESOURCES.nmStateConfigs).list() as Iterable<NMStateConfig>)]
    .filter(({ metadata }) => matchesSelector(metadata.labels, selector))
    .map(({ spec }) => ({
      mac_interface_map: (spec?.interfaces ?? []).map(({ name, macAddress }) => ({
        mac_address: macAddress,
        logical_nic_name: name,
      })) as Json[],
      network_yaml: JSON.stringify(spec?.config ?? {}),
    }));
}
