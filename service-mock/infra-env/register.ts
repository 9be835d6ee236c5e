/** New infra-envs. Upstream: assisted-service, internal/bminventory/inventory.go, RegisterInfraEnvInternal. */
import type { Core } from '../core/core.ts';
import type { ClusterRow, InfraEnvRow } from '../core/rows.ts';
import { integerField, objectField, objectsField, refuse, textField, withoutEmpty } from '../core/wire.ts';
import { featureFacts } from '../features/facts.ts';
import { compatibilityProblem } from '../features/feature-checks.ts';
import { checkIgnition } from '../ignition/parsing.ts';
import { type JsonObject, type KubeKey, OperationError } from '../service-api.ts';
import { certificateBundleProblem } from '../validations/certificates.ts';
import { ntpSourcesProblem } from '../validations/names.ts';
import { sshKeysProblem } from '../validations/ssh-keys.ts';
import { normalizedArchitecture } from '../versions/versions.ts';
import { refreshImage } from './image.ts';
import {
  architectureProblem,
  ignitionSizeProblem,
  infraEnvProxiesProblem,
  kernelArguments,
  kernelArgumentsProblem,
  rendezvousProblem,
  secretProblem,
} from './parameters.ts';
import { staticNetworksProblem, storedStaticNetworks } from './static-network-checks.ts';
import { infraEnvView } from './view.ts';

export function registerInfraEnv(core: Core, body: JsonObject, kubeKey?: KubeKey): JsonObject {
  const name = textField(body, 'name') ?? '';
  const secret = textField(body, 'pull_secret') ?? '';
  const cluster = clusterOfNew(core, textField(body, 'cluster_id'));
  const architecture = normalizedArchitecture(textField(body, 'cpu_architecture') ?? '') || 'x86_64';
  const type = textField(body, 'image_type') || (architecture === 's390x' ? 'full-iso' : core.settings.ISO_IMAGE_TYPE);
  const wantedVersion = textField(body, 'openshift_version') ?? '';
  refuse(architectureProblem(core, cluster, architecture, wantedVersion));
  const texts = checkedTexts(core, body, type);
  const version = core.settings.ENABLE_IMAGE_SERVICE
    ? core.versions.osImageVersion(wantedVersion, architecture)
    : wantedVersion;
  refuse(kernelArgumentsProblem(body));
  if (cluster) refuse(compatibilityProblem(cluster, featureFacts(cluster, {}, type), architecture));
  const wrong = secretProblem(core, secret);
  if (wrong !== undefined) refuse(`pull secret for new infraEnv is invalid: ${wrong}`);
  const now = core.clock.now();
  const infraEnv: InfraEnvRow = {
    id: core.uuid(),
    kubeKey,
    name,
    clusterId: cluster?.id ?? '',
    openshiftVersion: version,
    cpuArchitecture: architecture,
    type,
    pullSecret: secret,
    ...texts,
    staticNetworkConfig: storedStaticNetworks(objectsField(body, 'static_network_config') ?? []),
    internalIgnitionOverride: '',
    kernelArguments: kernelArguments(body) || undefined,
    networkDiscoveryDelaySeconds: integerField(body, 'network_discovery_delay_seconds'),
    downloadUrl: '',
    generatedAt: 0,
    createdAt: now,
    updatedAt: now,
    hosts: new Map(),
  };
  if (infraEnv.ignitionConfigOverride !== '') refuse(ignitionSizeProblem(core, infraEnv));
  core.store.addInfraEnv(infraEnv);
  core.events.emit('infra_env_registered', { infraEnvId: infraEnv.id });
  refreshImage(core, infraEnv, true);
  return infraEnvView(infraEnv);
}

/** @throws OperationError 404 for one that does not exist. */
function clusterOfNew({ store }: Core, id: string | undefined): ClusterRow | undefined {
  if (!id) return undefined;
  const cluster = store.clusters.get(id);
  if (!cluster) throw new OperationError(404, `Cluster ID ${id} does not exist`);
  return cluster;
}

/** @throws OperationError 400 for the first text that cannot be. Upstream: validateInfraEnvCreateParams. */
function checkedTexts({ settings }: Core, body: JsonObject, type: string) {
  const proxy = objectField(body, 'proxy') ?? {};
  refuse(infraEnvProxiesProblem(proxy));
  const sources = textField(body, 'ntp_sources');
  const additional =
    textField(body, 'additional_ntp_sources') ?? (sources === undefined ? settings.NTP_DEFAULT_SERVER : '');
  if (additional !== settings.NTP_DEFAULT_SERVER) refuse(ntpSourcesProblem(additional));
  if (sources) {
    if (additional !== '') refuse('ntp_sources and additional_ntp_sources are mutually exclusive');
    refuse(ntpSourcesProblem(sources));
  }
  const key = textField(body, 'ssh_authorized_key') ?? '';
  // A new infra-env is not told what is wrong with its key.
  if (key !== '' && sshKeysProblem(key) !== undefined) refuse('SSH key is not valid');
  refuse(staticNetworksProblem(objectsField(body, 'static_network_config') ?? []));
  const trustBundle = (textField(body, 'additional_trust_bundle') ?? '').trim();
  if (trustBundle !== '') refuse(certificateBundleProblem(trustBundle));
  const rendezvousIp = textField(body, 'rendezvous_ip') || undefined;
  refuse(rendezvousProblem(type, rendezvousIp));
  const ignitionConfigOverride = textField(body, 'ignition_config_override') ?? '';
  checkIgnition(ignitionConfigOverride);
  return {
    additionalNtpSources: additional,
    ntpSources: sources ?? '',
    sshAuthorizedKey: key.trim(),
    proxy: withoutEmpty(proxy),
    ignitionConfigOverride,
    additionalTrustBundle: trustBundle,
    rendezvousIp,
  };
}
