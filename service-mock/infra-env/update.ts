/** Changes of infra-envs. Upstream: assisted-service, internal/bminventory/inventory.go, UpdateInfraEnvInternal. */

import type { Core } from '../core/core.ts';
import { infraEnvOf } from '../core/lookup.ts';
import type { InfraEnvRow } from '../core/rows.ts';
import { integerField, objectField, objectsField, refuse, textField, withoutEmpty } from '../core/wire.ts';
import { featureFacts, featureFactsWithoutCluster } from '../features/facts.ts';
import { compatibilityProblem } from '../features/feature-checks.ts';
import { checkIgnition } from '../ignition/parsing.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { certificateBundleProblem } from '../validations/certificates.ts';
import { ntpSourcesProblem } from '../validations/names.ts';
import { sshKeysProblem } from '../validations/ssh-keys.ts';
import { imageInput, refreshImage } from './image.ts';
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

/** @param internalIgnition config that the service itself lays over the discovery ignition; not to be had by REST. */
export function updateInfraEnv(core: Core, id: string, body: JsonObject, internalIgnition?: string): JsonObject {
  const infraEnv = infraEnvOf(core, id);
  checkTexts(core, body, internalIgnition);
  const type = textField(body, 'image_type') || infraEnv.type;
  checkWhole(core, infraEnv, body, type);
  checkNtp(infraEnv, body);
  const changed = changedRow(infraEnv, body, type, internalIgnition);
  if (changed.ignitionConfigOverride !== infraEnv.ignitionConfigOverride) refuse(ignitionSizeProblem(core, changed));
  const before = imageInput(infraEnv);
  Object.assign(infraEnv, changed);
  refreshImage(core, infraEnv, before !== imageInput(infraEnv));
  return infraEnvView(infraEnv);
}

/** @throws OperationError 400 for the first text that cannot be. */
function checkTexts(core: Core, body: JsonObject, internalIgnition: string | undefined): void {
  const secret = textField(body, 'pull_secret');
  if (secret) refuse(secretProblem(core, secret));
  const key = textField(body, 'ssh_authorized_key');
  if (key) refuse(sshKeysProblem(key.trim()));
  refuse(infraEnvProxiesProblem(objectField(body, 'proxy')));
  checkIgnition(textField(body, 'ignition_config_override') ?? '');
  checkIgnition(internalIgnition ?? '');
  refuse(staticNetworksProblem(objectsField(body, 'static_network_config') ?? []));
  const trustBundle = textField(body, 'additional_trust_bundle')?.trim();
  if (trustBundle) refuse(certificateBundleProblem(trustBundle));
}

/** @throws OperationError 400 for what does not go with the rest of the infra-env, or with its cluster. */
function checkWhole(core: Core, infraEnv: InfraEnvRow, body: JsonObject, type: string): void {
  refuse(rendezvousProblem(type, textField(body, 'rendezvous_ip')));
  refuse(kernelArgumentsProblem(body));
  const { cpuArchitecture: architecture, clusterId } = infraEnv;
  const version = textField(body, 'openshift_version') ?? infraEnv.openshiftVersion;
  if (core.settings.ENABLE_IMAGE_SERVICE) core.versions.osImageVersion(version, architecture);
  const cluster = core.store.clusters.get(clusterId);
  const problem = architectureProblem(core, cluster, architecture, version);
  if (problem !== undefined) throw new OperationError(500, problem);
  const facts = cluster ? featureFacts(cluster, {}, type) : featureFactsWithoutCluster({ type });
  refuse(compatibilityProblem(cluster, facts, architecture));
}

function checkNtp(infraEnv: InfraEnvRow, body: JsonObject): void {
  const additional = textField(body, 'additional_ntp_sources');
  const sources = textField(body, 'ntp_sources');
  if ((additional ?? infraEnv.additionalNtpSources) && (sources ?? infraEnv.ntpSources))
    refuse('ntp_sources and additional_ntp_sources are mutually exclusive');
  if (additional) refuse(ntpSourcesProblem(additional));
  if (sources) refuse(ntpSourcesProblem(sources));
}

/** The row as it is to be. What is emptied stays where emptying is not possible. */
function changedRow(
  infraEnv: InfraEnvRow,
  body: JsonObject,
  type: string,
  internalIgnition: string | undefined,
): InfraEnvRow {
  const proxy = objectField(body, 'proxy');
  const networks = objectsField(body, 'static_network_config');
  const kernel = kernelArguments(body);
  const rendezvousIp = textField(body, 'rendezvous_ip') ?? infraEnv.rendezvousIp;
  return {
    ...infraEnv,
    type,
    proxy: proxy ? withoutEmpty({ ...infraEnv.proxy, ...proxy }) : infraEnv.proxy,
    pullSecret: textField(body, 'pull_secret') || infraEnv.pullSecret,
    additionalNtpSources: textField(body, 'additional_ntp_sources') ?? infraEnv.additionalNtpSources,
    ntpSources: textField(body, 'ntp_sources') ?? infraEnv.ntpSources,
    sshAuthorizedKey: textField(body, 'ssh_authorized_key')?.trim() || infraEnv.sshAuthorizedKey,
    ignitionConfigOverride: textField(body, 'ignition_config_override') || infraEnv.ignitionConfigOverride,
    internalIgnitionOverride: internalIgnition ?? infraEnv.internalIgnitionOverride,
    openshiftVersion: textField(body, 'openshift_version') || infraEnv.openshiftVersion,
    staticNetworkConfig: networks ? storedStaticNetworks(networks) : infraEnv.staticNetworkConfig,
    kernelArguments: kernel === undefined ? infraEnv.kernelArguments : kernel || undefined,
    additionalTrustBundle: textField(body, 'additional_trust_bundle')?.trim() ?? infraEnv.additionalTrustBundle,
    networkDiscoveryDelaySeconds:
      integerField(body, 'network_discovery_delay_seconds') ?? infraEnv.networkDiscoveryDelaySeconds,
    rendezvousIp: (type === 'disconnected-iso' && rendezvousIp) || undefined,
  };
}
