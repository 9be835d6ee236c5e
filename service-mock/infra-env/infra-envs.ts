/** Operations on infra-envs. Source: Service facts 1.3 and 7. */

import type { Core } from '../core/core.ts';
import { clusterOf, infraEnvOf } from '../core/lookup.ts';
import type { InfraEnvRow } from '../core/rows.ts';
import { infraEnvView } from '../core/views.ts';
import {
  eachOf,
  integerField,
  objectField,
  objectsField,
  requiredText,
  textField,
  wireDate,
  withoutEmpty,
} from '../core/wire.ts';
import { checkIgnition } from '../ignition/parsing.ts';
import { type AssistedServiceApi, type JsonObject, type KubeKey, OperationError } from '../service-api.ts';
import { checkNtpSources, checkProxy, checkPullSecret, checkSshKey } from '../validations/names.ts';
import { baseVersion } from '../versions/versions.ts';
import { infraEnvFile } from './files.ts';
import { ISO_NAMES } from './image-urls.ts';
import { minimalInitrd } from './static-network.ts';

type Operations = Pick<
  AssistedServiceApi,
  | 'registerInfraEnv'
  | 'listInfraEnvs'
  | 'getInfraEnv'
  | 'updateInfraEnv'
  | 'deleteInfraEnv'
  | 'infraEnvImageUrl'
  | 'infraEnvFileUrl'
  | 'downloadInfraEnvFile'
  | 'downloadMinimalInitrd'
>;

function checkImageType(type: string): void {
  if (!ISO_NAMES[type])
    throw new OperationError(400, `image_type ${type} is unknown. Known are ${Object.keys(ISO_NAMES).join(', ')}`);
}

/** Static network config as rows store it. @throws OperationError 400 for an entry without YAML or with a bad MAC. */
function staticNetwork(body: JsonObject): string | undefined {
  const entries = objectsField(body, 'static_network_config');
  if (!entries) return undefined;
  for (const entry of entries) {
    if (typeof entry.network_yaml !== 'string' || entry.network_yaml.trim() === '') {
      throw new OperationError(400, 'static_network_config: network_yaml is missing');
    }
    for (const item of (entry.mac_interface_map as JsonObject[] | null) ?? []) {
      const mac = String(item.mac_address ?? '');
      if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac))
        throw new OperationError(400, `static_network_config: '${mac}' is no MAC address`);
    }
  }
  return entries.length === 0 ? '' : JSON.stringify(entries);
}

function kernelArguments(body: JsonObject): string | undefined {
  const list = objectsField(body, 'kernel_arguments');
  if (!list) return undefined;
  for (const { operation, value } of list) {
    if (operation !== 'append')
      throw new OperationError(400, `Only kernel argument operation append is supported.  Got ${operation}`);
    if (typeof value !== 'string' || !/^[^\s"']+(=("[^"]*"|\S*))?$/.test(value))
      throw new OperationError(400, `Kernel argument '${value}' is not valid`);
  }
  return list.length === 0 ? '' : JSON.stringify(list);
}

/** A new infra-env is not told what is wrong with its key. Upstream: bminventory/inventory.go, validateInfraEnvCreateParams. */
function checkNewSshKey(text: string): void {
  try {
    checkSshKey(text);
  } catch {
    throw new OperationError(400, 'SSH key is not valid');
  }
}

/** @throws OperationError 400 for a text that holds no certificate. */
function checkTrustBundle(text: string): void {
  if (text.trim() !== '' && !/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/.test(text))
    throw new OperationError(400, 'invalid block');
}

/** Upstream: assisted-service, bminventory/inventory.go, getIgnitionConfigForLogging. */
function imageDetails({ proxy, type, sshAuthorizedKey }: InfraEnvRow): string {
  return [
    ...(proxy.http_proxy ? [`proxy URL is "${proxy.http_proxy}"`] : []),
    `Image type is "${type}"`,
    `SSH public key is ${sshAuthorizedKey ? 'set' : 'not set'}`,
  ].join(', ');
}

/** All that an image is made from. */
function imageInput({ hosts: _hosts, updatedAt: _updated, generatedAt: _generated, ...input }: InfraEnvRow): string {
  return JSON.stringify(input);
}

export function infraEnvOperations(core: Core): Operations {
  const { clock, settings, store, events } = core;

  /** Makes the image anew; that is told only when something of it changed. */
  function refreshImage(infraEnv: InfraEnvRow, changed: boolean): void {
    infraEnv.updatedAt = clock.now();
    infraEnv.generatedAt = infraEnv.updatedAt;
    if (!changed) return;
    infraEnv.downloadUrl = settings.ENABLE_IMAGE_SERVICE ? core.urls.iso(infraEnv) : '';
    events.emit(
      'image_info_updated',
      { clusterId: infraEnv.clusterId || undefined, infraEnvId: infraEnv.id },
      imageDetails(infraEnv),
    );
  }

  function registerInfraEnv(body: JsonObject, kubeKey?: KubeKey): JsonObject {
    const name = textField(body, 'name') ?? '';
    const secret = requiredText(body, 'pull_secret');
    const clusterId = textField(body, 'cluster_id') ?? '';
    const cluster = clusterId === '' ? undefined : clusterOf(core, clusterId);
    const architecture = textField(body, 'cpu_architecture') || 'x86_64';
    if (cluster?.cpuArchitecture && cluster.cpuArchitecture !== 'multi' && cluster.cpuArchitecture !== architecture) {
      throw new OperationError(
        400,
        `Specified CPU architecture (${architecture}) doesn't match the cluster (${cluster.cpuArchitecture})`,
      );
    }
    const type = architecture === 's390x' ? 'full-iso' : textField(body, 'image_type') || settings.ISO_IMAGE_TYPE;
    checkImageType(type);
    const additional = textField(body, 'additional_ntp_sources') ?? '';
    const sources = textField(body, 'ntp_sources') ?? '';
    if (additional && sources)
      throw new OperationError(400, 'ntp_sources and additional_ntp_sources are mutually exclusive');
    checkNtpSources(additional);
    checkNtpSources(sources);
    const ssh = (textField(body, 'ssh_authorized_key') ?? '').trim();
    checkNewSshKey(ssh);
    const proxy = objectField(body, 'proxy') ?? {};
    for (const field of ['http_proxy', 'https_proxy']) checkProxy(field, textField(proxy, field));
    const override = textField(body, 'ignition_config_override') ?? '';
    checkIgnition(override);
    checkTrustBundle(textField(body, 'additional_trust_bundle') ?? '');
    if (textField(body, 'rendezvous_ip') && type !== 'disconnected-iso')
      throw new OperationError(400, 'rendezvous_ip goes only with disconnected-iso');
    const wanted = textField(body, 'openshift_version');
    const version = settings.ENABLE_IMAGE_SERVICE ? core.versions.osImageVersion(wanted, architecture) : (wanted ?? '');
    checkPullSecret(secret, [settings.AGENT_DOCKER_IMAGE], settings.PUBLIC_CONTAINER_REGISTRIES);
    const now = clock.now();
    const infraEnv: InfraEnvRow = {
      id: core.uuid(),
      kubeKey,
      name,
      clusterId,
      openshiftVersion: settings.ENABLE_IMAGE_SERVICE ? version : baseVersion(version),
      cpuArchitecture: architecture,
      type,
      proxy: withoutEmpty(proxy),
      additionalNtpSources: additional || (sources ? '' : settings.NTP_DEFAULT_SERVER),
      ntpSources: sources,
      sshAuthorizedKey: ssh,
      pullSecret: secret,
      staticNetworkConfig: staticNetwork(body) ?? '',
      rendezvousIp: textField(body, 'rendezvous_ip'),
      ignitionConfigOverride: override,
      internalIgnitionOverride: '',
      kernelArguments: kernelArguments(body) || undefined,
      additionalTrustBundle: (textField(body, 'additional_trust_bundle') ?? '').trim(),
      networkDiscoveryDelaySeconds: integerField(body, 'network_discovery_delay_seconds'),
      downloadUrl: '',
      generatedAt: 0,
      createdAt: now,
      updatedAt: now,
      hosts: new Map(),
    };
    store.addInfraEnv(infraEnv);
    events.emit('infra_env_registered', { infraEnvId: infraEnv.id });
    refreshImage(infraEnv, true);
    return infraEnvView(infraEnv);
  }

  function updateInfraEnv(id: string, body: JsonObject, internalIgnition?: string): JsonObject {
    const infraEnv = infraEnvOf(core, id);
    const secret = textField(body, 'pull_secret');
    if (secret) checkPullSecret(secret, [settings.AGENT_DOCKER_IMAGE], settings.PUBLIC_CONTAINER_REGISTRIES);
    const type = textField(body, 'image_type') || infraEnv.type;
    checkImageType(type);
    const additional = textField(body, 'additional_ntp_sources');
    const sources = textField(body, 'ntp_sources');
    if ((additional ?? infraEnv.additionalNtpSources) && (sources ?? infraEnv.ntpSources)) {
      throw new OperationError(400, 'ntp_sources and additional_ntp_sources are mutually exclusive');
    }
    checkNtpSources(additional ?? '');
    checkNtpSources(sources ?? '');
    const ssh = textField(body, 'ssh_authorized_key')?.trim();
    checkSshKey(ssh ?? '');
    const proxy = objectField(body, 'proxy');
    for (const field of ['http_proxy', 'https_proxy']) checkProxy(field, proxy && textField(proxy, field));
    const override = textField(body, 'ignition_config_override');
    checkIgnition(override ?? '');
    const wanted = textField(body, 'openshift_version');
    const version = wanted && core.versions.osImageVersion(wanted, infraEnv.cpuArchitecture);
    const network = staticNetwork(body);
    const kernel = kernelArguments(body);
    const before = imageInput(infraEnv);
    infraEnv.pullSecret = secret ?? infraEnv.pullSecret;
    infraEnv.type = type;
    infraEnv.additionalNtpSources = additional ?? infraEnv.additionalNtpSources;
    infraEnv.ntpSources = sources ?? infraEnv.ntpSources;
    infraEnv.sshAuthorizedKey = ssh ?? infraEnv.sshAuthorizedKey;
    if (proxy) infraEnv.proxy = { ...infraEnv.proxy, ...withoutEmpty(proxy) };
    infraEnv.ignitionConfigOverride = override || infraEnv.ignitionConfigOverride;
    infraEnv.internalIgnitionOverride = internalIgnition ?? infraEnv.internalIgnitionOverride;
    if (version) infraEnv.openshiftVersion = version;
    infraEnv.staticNetworkConfig = network ?? infraEnv.staticNetworkConfig;
    if (kernel !== undefined) infraEnv.kernelArguments = kernel || undefined;
    infraEnv.additionalTrustBundle =
      textField(body, 'additional_trust_bundle')?.trim() ?? infraEnv.additionalTrustBundle;
    infraEnv.networkDiscoveryDelaySeconds =
      integerField(body, 'network_discovery_delay_seconds') ?? infraEnv.networkDiscoveryDelaySeconds;
    infraEnv.rendezvousIp = textField(body, 'rendezvous_ip') ?? infraEnv.rendezvousIp;
    refreshImage(infraEnv, before !== imageInput(infraEnv));
    return infraEnvView(infraEnv);
  }

  function deleteInfraEnv(id: string): void {
    const infraEnv = infraEnvOf(core, id);
    if (infraEnv.hosts.size > 0) {
      throw new OperationError(
        400,
        `Infra-env ${id} cannot be deleted, ${infraEnv.hosts.size} hosts still belong to it`,
      );
    }
    store.removeInfraEnv(infraEnv);
    events.emit('infra_env_deregistered', { infraEnvId: id });
    events.retire(id, (other) => store.stands(other));
  }

  return {
    registerInfraEnv,
    listInfraEnvs: ({ cluster_id }) =>
      eachOf(
        [...store.infraEnvs.values()].filter((row) => !cluster_id || row.clusterId === cluster_id),
        infraEnvView,
      ),
    getInfraEnv: (id) => infraEnvView(infraEnvOf(core, id)),
    updateInfraEnv,
    deleteInfraEnv,
    infraEnvImageUrl: (id) => {
      const infraEnv = infraEnvOf(core, id);
      if (!settings.ENABLE_IMAGE_SERVICE) throw new OperationError(400, 'image service is disabled');
      // Each question makes a new address, which counts from then on.
      infraEnv.downloadUrl = core.urls.iso(infraEnv);
      return { expires_at: wireDate(0), url: infraEnv.downloadUrl };
    },
    infraEnvFileUrl: (id, name, scriptType) => {
      if (scriptType !== undefined && name !== 'ipxe-script') {
        throw new OperationError(400, 'ipxe_script_type can be set only for "ipxe-script"');
      }
      const infraEnv = infraEnvOf(core, id);
      return { expires_at: wireDate(0), url: core.urls.file(infraEnv.id, name, scriptType) };
    },
    downloadInfraEnvFile: (id, name, query) => infraEnvFile(core, infraEnvOf(core, id), name, query),
    downloadMinimalInitrd: (id) => minimalInitrd(infraEnvOf(core, id)),
  };
}
