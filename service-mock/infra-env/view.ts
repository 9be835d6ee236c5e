/** Infra-envs as the API shows them. Upstream: assisted-service, swagger.yaml and models/infra_env.go. */
import type { InfraEnvRow } from '../core/rows.ts';
import { API_PATH, USER, wireDate, withoutEmpty } from '../core/wire.ts';
import type { JsonObject } from '../service-api.ts';

export function infraEnvView(infraEnv: InfraEnvRow): JsonObject {
  return {
    ...withoutEmpty({
      additional_ntp_sources: infraEnv.additionalNtpSources,
      additional_trust_bundle: infraEnv.additionalTrustBundle,
      cluster_id: infraEnv.clusterId,
      cpu_architecture: infraEnv.cpuArchitecture,
      created_at: wireDate(infraEnv.createdAt),
      download_url: infraEnv.downloadUrl,
      email_domain: USER.email_domain,
      expires_at: wireDate(0),
      href: `${API_PATH}/infra-envs/${infraEnv.id}`,
      id: infraEnv.id,
      ignition_config_override: infraEnv.ignitionConfigOverride,
      kernel_arguments: infraEnv.kernelArguments,
      kind: 'InfraEnv',
    }),
    name: infraEnv.name,
    ...withoutEmpty({
      network_discovery_delay_seconds: infraEnv.networkDiscoveryDelaySeconds,
      ntp_sources: infraEnv.ntpSources,
      openshift_version: infraEnv.openshiftVersion,
      proxy: infraEnv.proxy,
      pull_secret_set: infraEnv.pullSecret !== '',
      rendezvous_ip: infraEnv.rendezvousIp,
      ssh_authorized_key: infraEnv.sshAuthorizedKey,
      static_network_config: infraEnv.staticNetworkConfig,
      type: infraEnv.type,
      updated_at: wireDate(infraEnv.updatedAt),
      user_name: USER.user_name,
    }),
  };
}
