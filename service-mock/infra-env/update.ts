/** Changes of infra-envs. Upstream: assisted-service, internal/bminventory/inventory.go, UpdateInfraEnvInternal. */

import type { Core } from '../core/core.ts';
import { infraEnvOf } from '../core/lookup.ts';
import type { InfraEnvRow } from '../core/rows.ts';
import { integerField, objectField, textField, withoutEmpty } from '../core/wire.ts';
import { checkIgnition } from '../ignition/parsing.ts';
import type { JsonObject } from '../service-api.ts';
import { checkSshKey } from '../validations/names.ts';
import { imageInput, refreshImage } from './image.ts';
import { checkImageType, checkNtp, checkProxies, checkSecret, kernelArguments, staticNetwork } from './parameters.ts';
import { infraEnvView } from './view.ts';

/** @param internalIgnition config that the service itself lays over the discovery ignition; not to be had by REST. */
export function updateInfraEnv(core: Core, id: string, body: JsonObject, internalIgnition?: string): JsonObject {
  const infraEnv = infraEnvOf(core, id);
  const change = checkedChange(core, infraEnv, body);
  const before = imageInput(infraEnv);
  const { proxy } = change;
  if (proxy) infraEnv.proxy = { ...infraEnv.proxy, ...withoutEmpty(proxy) };
  infraEnv.pullSecret = textField(body, 'pull_secret') ?? infraEnv.pullSecret;
  infraEnv.type = change.type;
  infraEnv.additionalNtpSources = textField(body, 'additional_ntp_sources') ?? infraEnv.additionalNtpSources;
  infraEnv.ntpSources = textField(body, 'ntp_sources') ?? infraEnv.ntpSources;
  infraEnv.sshAuthorizedKey = textField(body, 'ssh_authorized_key')?.trim() ?? infraEnv.sshAuthorizedKey;
  infraEnv.ignitionConfigOverride = textField(body, 'ignition_config_override') || infraEnv.ignitionConfigOverride;
  infraEnv.internalIgnitionOverride = internalIgnition ?? infraEnv.internalIgnitionOverride;
  infraEnv.openshiftVersion = change.version || infraEnv.openshiftVersion;
  infraEnv.staticNetworkConfig = change.network ?? infraEnv.staticNetworkConfig;
  if (change.kernel !== undefined) infraEnv.kernelArguments = change.kernel || undefined;
  infraEnv.additionalTrustBundle = textField(body, 'additional_trust_bundle')?.trim() ?? infraEnv.additionalTrustBundle;
  infraEnv.networkDiscoveryDelaySeconds =
    integerField(body, 'network_discovery_delay_seconds') ?? infraEnv.networkDiscoveryDelaySeconds;
  infraEnv.rendezvousIp = textField(body, 'rendezvous_ip') ?? infraEnv.rendezvousIp;
  refreshImage(core, infraEnv, before !== imageInput(infraEnv));
  return infraEnvView(infraEnv);
}

/** @throws OperationError 400 before anything is changed. */
function checkedChange(core: Core, infraEnv: InfraEnvRow, body: JsonObject) {
  const secret = textField(body, 'pull_secret');
  if (secret) checkSecret(core, secret);
  const type = textField(body, 'image_type') || infraEnv.type;
  checkImageType(type);
  const additional = textField(body, 'additional_ntp_sources');
  const sources = textField(body, 'ntp_sources');
  checkNtp(additional ?? infraEnv.additionalNtpSources, sources ?? infraEnv.ntpSources);
  checkSshKey(textField(body, 'ssh_authorized_key')?.trim() ?? '');
  const proxy = objectField(body, 'proxy');
  checkProxies(proxy);
  checkIgnition(textField(body, 'ignition_config_override') ?? '');
  const wanted = textField(body, 'openshift_version');
  return {
    type,
    proxy,
    version: wanted && core.versions.osImageVersion(wanted, infraEnv.cpuArchitecture),
    network: staticNetwork(body),
    kernel: kernelArguments(body),
  };
}
