/** New infra-envs. Upstream: assisted-service, internal/bminventory/inventory.go, RegisterInfraEnvInternal. */
import type { Core } from '../core/core.ts';
import { clusterOf } from '../core/lookup.ts';
import type { InfraEnvRow } from '../core/rows.ts';
import { integerField, objectField, requiredText, textField, withoutEmpty } from '../core/wire.ts';
import { checkIgnition } from '../ignition/parsing.ts';
import { type JsonObject, type KubeKey, OperationError } from '../service-api.ts';
import { baseVersion } from '../versions/versions.ts';
import { refreshImage } from './image.ts';
import {
  checkImageType,
  checkNewSshKey,
  checkNtp,
  checkProxies,
  checkSecret,
  checkTrustBundle,
  kernelArguments,
  staticNetwork,
} from './parameters.ts';
import { infraEnvView } from './view.ts';

export function registerInfraEnv(core: Core, body: JsonObject, kubeKey?: KubeKey): JsonObject {
  const name = textField(body, 'name') ?? '';
  const secret = requiredText(body, 'pull_secret');
  const clusterId = textField(body, 'cluster_id') ?? '';
  const architecture = architectureOf(core, clusterId, body);
  const type = imageTypeOf(core, architecture, body);
  const texts = checkedTexts(body, type);
  const version = imageVersion(core, textField(body, 'openshift_version'), architecture);
  checkSecret(core, secret);
  const now = core.clock.now();
  const infraEnv: InfraEnvRow = {
    id: core.uuid(),
    kubeKey,
    name,
    clusterId,
    openshiftVersion: version,
    cpuArchitecture: architecture,
    type,
    pullSecret: secret,
    ...texts,
    additionalNtpSources: texts.additionalNtpSources || (texts.ntpSources ? '' : core.settings.NTP_DEFAULT_SERVER),
    staticNetworkConfig: staticNetwork(body) ?? '',
    internalIgnitionOverride: '',
    kernelArguments: kernelArguments(body) || undefined,
    networkDiscoveryDelaySeconds: integerField(body, 'network_discovery_delay_seconds'),
    downloadUrl: '',
    generatedAt: 0,
    createdAt: now,
    updatedAt: now,
    hosts: new Map(),
  };
  core.store.addInfraEnv(infraEnv);
  core.events.emit('infra_env_registered', { infraEnvId: infraEnv.id });
  refreshImage(core, infraEnv, true);
  return infraEnvView(infraEnv);
}

/** @throws OperationError 400 for one that the cluster does not have. */
function architectureOf(core: Core, clusterId: string, body: JsonObject): string {
  const cluster = clusterId === '' ? undefined : clusterOf(core, clusterId);
  const architecture = textField(body, 'cpu_architecture') || 'x86_64';
  if (cluster?.cpuArchitecture && cluster.cpuArchitecture !== 'multi' && cluster.cpuArchitecture !== architecture) {
    throw new OperationError(
      400,
      `Specified CPU architecture (${architecture}) doesn't match the cluster (${cluster.cpuArchitecture})`,
    );
  }
  return architecture;
}

function imageTypeOf({ settings }: Core, architecture: string, body: JsonObject): string {
  const type = architecture === 's390x' ? 'full-iso' : textField(body, 'image_type') || settings.ISO_IMAGE_TYPE;
  checkImageType(type);
  return type;
}

function checkedTexts(body: JsonObject, type: string) {
  const additionalNtpSources = textField(body, 'additional_ntp_sources') ?? '';
  const ntpSources = textField(body, 'ntp_sources') ?? '';
  checkNtp(additionalNtpSources, ntpSources);
  const sshAuthorizedKey = (textField(body, 'ssh_authorized_key') ?? '').trim();
  checkNewSshKey(sshAuthorizedKey);
  const proxy = objectField(body, 'proxy') ?? {};
  checkProxies(proxy);
  const ignitionConfigOverride = textField(body, 'ignition_config_override') ?? '';
  checkIgnition(ignitionConfigOverride);
  const trustBundle = textField(body, 'additional_trust_bundle') ?? '';
  checkTrustBundle(trustBundle);
  const rendezvousIp = textField(body, 'rendezvous_ip');
  if (rendezvousIp && type !== 'disconnected-iso')
    throw new OperationError(400, 'rendezvous_ip goes only with disconnected-iso');
  return {
    additionalNtpSources,
    ntpSources,
    sshAuthorizedKey,
    proxy: withoutEmpty(proxy),
    ignitionConfigOverride,
    additionalTrustBundle: trustBundle.trim(),
    rendezvousIp,
  };
}

/** @throws OperationError 400 for a version that there is no image of. */
function imageVersion({ settings, versions }: Core, wanted: string | undefined, architecture: string): string {
  return settings.ENABLE_IMAGE_SERVICE ? versions.osImageVersion(wanted, architecture) : baseVersion(wanted ?? '');
}
