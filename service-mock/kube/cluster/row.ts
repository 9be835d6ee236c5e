/**
 * What a ClusterDeployment and its AgentClusterInstall ask of their row.
 * Upstream: assisted-service, clusterdeployments_controller.go, CreateClusterParams and updateIfNeeded.
 */
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { ClusterRow } from '../../core/rows.ts';
import { formatCidr, formatIp, parseCidr, parseIp } from '../../network/networks.ts';
import type { JsonObject } from '../../service-api.ts';
import { compareBase, type Release } from '../../versions/versions.ts';
import type { KubeContext } from '../context.ts';
import { messageOf, wrapped } from '../errors.ts';
import { CONSUMER_LABEL } from '../labels.ts';
import type { ClusterDeployment, ClusterInstall, ClusterInstallSpec } from '../objects.ts';
import { ensureLabelled, getSecret, pullSecretKey, validPullSecret } from '../secrets.ts';

/** Both objects of a cluster. */
export interface ClusterObjects {
  deployment: ClusterDeployment;
  install: ClusterInstall;
}

/** Installed already, by us or by somebody else. */
export function isInstalled({ deployment, install }: ClusterObjects): boolean {
  if (deployment.spec.installed) return true;
  return (
    install.status?.conditions?.some(
      ({ type, reason }) => type === 'Completed' && reason === 'InstallationCompleted',
    ) ?? false
  );
}

/** @throws OperationError for what the service refuses; Error for a certificate that is missing. */
export async function registerCluster(
  context: KubeContext,
  { deployment, install }: ClusterObjects,
  pullSecret: string,
  release: Release,
): Promise<ClusterRow> {
  const { spec } = install;
  const { namespace, name } = deployment.metadata;
  const endpoint = spec.ignitionEndpoint && (await ignitionEndpoint(context, spec.ignitionEndpoint));
  const { controlPlaneAgents = 0, workerAgents = 0 } = spec.provisionRequirements;
  const { proxy, loadBalancer, diskEncryption } = spec;
  const networks = networksOf(spec);
  const made = context.service.registerCluster(
    {
      base_dns_domain: deployment.spec.baseDomain,
      name: deployment.spec.clusterName,
      openshift_version: release.version,
      pull_secret: pullSecret,
      vip_dhcp_allocation: false,
      api_vips: vips(spec.apiVIPs),
      ingress_vips: vips(spec.ingressVIPs),
      ssh_public_key: spec.sshPublicKey ?? '',
      cpu_architecture: release.cpuArchitecture,
      user_managed_networking: isUserManaged(spec),
      ...(platformOf(spec) && { platform: platformOf(spec)! }),
      schedulable_masters: spec.mastersSchedulable ?? false,
      control_plane_count: controlPlaneAgents,
      ocp_release_image: release.url,
      ...networks,
      ...(controlPlaneAgents === 1 && workerAgents === 0 && { high_availability_mode: 'None' }),
      ...(spec.ntpSources?.length && { ntp_sources: spec.ntpSources.join(',') }),
      ...(isHyperthreadingSaid(spec) && { hyperthreading: hyperthreading(spec) }),
      ...(diskEncryption && (diskEncryption.enableOn || diskEncryption.mode || diskEncryption.tangServers)
        ? { disk_encryption: encryption(diskEncryption) }
        : {}),
      ...(proxy?.noProxy && { no_proxy: proxy.noProxy }),
      ...(proxy?.httpProxy && { http_proxy: proxy.httpProxy }),
      ...(proxy?.httpsProxy && { https_proxy: proxy.httpsProxy }),
      ...(endpoint && { ignition_endpoint: endpoint }),
      ...(LOAD_BALANCERS[loadBalancer?.type ?? ''] && {
        load_balancer: { type: LOAD_BALANCERS[loadBalancer?.type ?? '']! },
      }),
      ...(install.metadata.labels?.[CONSUMER_LABEL] && { tags: install.metadata.labels[CONSUMER_LABEL] }),
    },
    { namespace, name },
  );
  return context.core.store.clusters.get(made.id as string)!;
}

/** A row for a cluster that is installed already. */
export function importCluster(
  context: KubeContext,
  { deployment, install }: ClusterObjects,
  release: Release | undefined,
): ClusterRow {
  const { clusterName, baseDomain } = deployment.spec;
  const { namespace, name } = deployment.metadata;
  const made = context.service.importCluster(
    {
      api_vip_dnsname: `api.${clusterName}.${baseDomain}`,
      name: clusterName,
      ...(release && { openshift_version: release.version.split('.').slice(0, 2).join('.') }),
      ...(install.spec.clusterMetadata && { openshift_cluster_id: install.spec.clusterMetadata.clusterID }),
    },
    { namespace, name },
  );
  return context.core.store.clusters.get(made.id as string)!;
}

/** Brings the row to what the objects say, when it differs. @throws as the service refuses; Error with what failed. */
export async function changeCluster(context: KubeContext, objects: ClusterObjects, cluster: ClusterRow): Promise<void> {
  const { deployment, install } = objects;
  const { spec } = install;
  const changes: JsonObject = {};
  const change = (field: string, value: string | undefined, present: string) => {
    if (value !== undefined && value !== present) changes[field] = value;
  };
  change('name', deployment.spec.clusterName, cluster.name);
  change('base_dns_domain', deployment.spec.baseDomain, cluster.baseDnsDomain);
  try {
    Object.assign(changes, networkChanges(deployment, spec, cluster));
  } catch (error) {
    throw wrapped('failed to update network params', error);
  }
  change('ssh_public_key', (spec.sshPublicKey ?? '').trim(), cluster.sshPublicKey);
  if (spec.ntpSources?.length) change('ntp_sources', spec.ntpSources.join(','), cluster.ntpSources);
  if (spec.ignitionEndpoint) {
    const endpoint = await endpointForChange(context, install);
    if (JSON.stringify(endpoint) !== JSON.stringify(cluster.ignitionEndpoint)) changes.ignition_endpoint = endpoint;
  }
  try {
    const key = pullSecretKey(deployment.metadata.namespace, deployment.spec.pullSecretRef);
    change('pull_secret', await validPullSecret(context, key), cluster.pullSecret);
  } catch (error) {
    throw wrapped('failed to get pull secret for update', error);
  }
  change('hyperthreading', hyperthreading(spec), cluster.hyperthreading ?? '');
  const platform = platformOf(spec);
  if (platform && platform.type !== cluster.platform.type) changes.platform = platform;
  if (spec.diskEncryption) {
    const wanted = encryption(spec.diskEncryption);
    const { enableOn, mode, tangServers } = cluster.diskEncryption;
    if (wanted.enable_on !== enableOn || wanted.mode !== mode || (wanted.tang_servers ?? '') !== tangServers)
      changes.disk_encryption = wanted;
  }
  const proxy = spec.proxy ?? {};
  change('http_proxy', spec.proxy ? (proxy.httpProxy ?? '') : undefined, cluster.httpProxy);
  change('https_proxy', spec.proxy ? (proxy.httpsProxy ?? '') : undefined, cluster.httpsProxy);
  change('no_proxy', spec.proxy ? (proxy.noProxy ?? '') : undefined, cluster.noProxy);
  if ((spec.mastersSchedulable ?? false) !== (cluster.schedulableMasters ?? false))
    changes.schedulable_masters = spec.mastersSchedulable ?? false;
  const { controlPlaneAgents = 0 } = spec.provisionRequirements;
  if (controlPlaneAgents !== cluster.controlPlaneCount) changes.control_plane_count = controlPlaneAgents;
  change('tags', install.metadata.labels?.[CONSUMER_LABEL], cluster.tags);
  if (Object.keys(changes).length === 0) return;
  if (!spec.proxy) Object.assign(changes, { http_proxy: '', https_proxy: '', no_proxy: '' });
  context.service.updateCluster(cluster.id, changes, { interactive: false });
}

async function endpointForChange(context: KubeContext, install: ClusterInstall): Promise<JsonObject> {
  try {
    return await ignitionEndpoint(context, install.spec.ignitionEndpoint!);
  } catch (error) {
    const { namespace, name } = install.metadata;
    throw wrapped(
      "Couldn't resolve clusterdeployment ignition fields",
      wrapped(`Failed to get and parse ignition ca certificate ${namespace}/${name}`, error),
    );
  }
}

/** A single node without workers always manages its networking itself, whatever is said. */
export function isUserManaged({ networking, provisionRequirements }: ClusterInstallSpec): boolean {
  const { controlPlaneAgents = 0, workerAgents = 0 } = provisionRequirements;
  return networking.userManagedNetworking === true || (controlPlaneAgents === 1 && workerAgents === 0);
}

const PLATFORMS: Readonly<Record<string, string>> = {
  VSphere: 'vsphere',
  None: 'none',
  BareMetal: 'baremetal',
  External: 'external',
  Nutanix: 'nutanix',
};

/** @returns undefined when the service is to choose. @throws Error for an external platform without details. */
function platformOf({ platformType = '', external }: ClusterInstallSpec): JsonObject | undefined {
  const type = PLATFORMS[platformType];
  if (type === undefined) return undefined;
  if (type !== 'external') return { type };
  if (!external) throw new Error('For external platform, the external platform spec must be set');
  const { platformName = '', cloudControllerManager = '' } = external;
  return { type, external: { platform_name: platformName, cloud_controller_manager: cloudControllerManager } };
}

const LOAD_BALANCERS: Readonly<Record<string, string>> = {
  ClusterManaged: 'cluster-managed',
  UserManaged: 'user-managed',
};

function isHyperthreadingSaid({ controlPlane, arbiter, compute = [] }: ClusterInstallSpec): boolean {
  return !!controlPlane || !!arbiter || compute.some(({ name }) => name === 'worker');
}

function hyperthreading(spec: ClusterInstallSpec): string {
  if (!isHyperthreadingSaid(spec)) return 'all';
  const { controlPlane, arbiter, compute = [] } = spec;
  const pools = [
    ...(controlPlane?.hyperthreading === 'Enabled' ? ['masters'] : []),
    ...(arbiter?.hyperthreading === 'Enabled' ? ['arbiters'] : []),
    ...(compute.some((pool) => pool.name === 'worker' && pool.hyperthreading === 'Enabled') ? ['workers'] : []),
  ];
  return pools.length > 0 ? pools.join(',') : 'none';
}

function encryption({ enableOn, mode, tangServers }: NonNullable<ClusterInstallSpec['diskEncryption']>): JsonObject {
  return {
    enable_on: enableOn ?? 'none',
    mode: mode ?? 'tpmv2',
    ...(tangServers && { tang_servers: tangServers }),
  };
}

function cidr(text: string): string {
  const parsed = parseCidr(text);
  return parsed ? formatCidr(parsed) : text;
}

function vips(list: readonly string[] = []): JsonObject[] {
  return list.map((text) => {
    const parsed = parseIp(text);
    return { ip: parsed ? formatIp(parsed) : text };
  });
}

function networksOf({ networking }: ClusterInstallSpec): JsonObject {
  const { clusterNetwork = [], serviceNetwork = [], machineNetwork = [] } = networking;
  return {
    ...(clusterNetwork.length > 0 && {
      cluster_networks: clusterNetwork.map((one) => ({ cidr: cidr(one.cidr), host_prefix: one.hostPrefix ?? 0 })),
    }),
    ...(serviceNetwork.length > 0 && { service_networks: serviceNetwork.map((one) => ({ cidr: cidr(one) })) }),
    ...(machineNetwork.length > 0 && { machine_networks: machineNetwork.map((one) => ({ cidr: cidr(one.cidr) })) }),
  };
}

function networkChanges(deployment: ClusterDeployment, spec: ClusterInstallSpec, cluster: ClusterRow): JsonObject {
  const wanted = networksOf(spec);
  const present: JsonObject = {
    cluster_networks: cluster.clusterNetworks.map((one) => ({ cidr: one.cidr, host_prefix: one.hostPrefix })),
    service_networks: cluster.serviceNetworks.map((one) => ({ cidr: one })),
    machine_networks: cluster.machineNetworks.map((one) => ({ cidr: one })),
  };
  const changes: JsonObject = {};
  for (const [field, value] of Object.entries(wanted)) {
    if (JSON.stringify(value) !== JSON.stringify(present[field])) changes[field] = value;
  }
  const type = spec.networking.networkType || defaultNetworkType(deployment, { ...present, ...wanted }, cluster);
  if (type !== undefined && type !== (cluster.networkType ?? '')) changes.network_type = type;
  Object.assign(changes, vipChanges(spec, cluster));
  const userManaged = isUserManaged(spec);
  if (userManaged !== (cluster.userManagedNetworking ?? false)) changes.user_managed_networking = userManaged;
  const balancer = LOAD_BALANCERS[spec.loadBalancer?.type ?? ''];
  if (balancer !== undefined && balancer !== cluster.loadBalancer) changes.load_balancer = { type: balancer };
  return changes;
}

function defaultNetworkType(
  deployment: ClusterDeployment,
  networks: JsonObject,
  cluster: ClusterRow,
): string | undefined {
  if (deployment.spec.installed) return undefined;
  const hasIpv6 = Object.values(networks).some((list) =>
    (list as { cidr: string }[]).some((one) => parseCidr(one.cidr)?.family === 6),
  );
  const isRecent = compareBase(cluster.openshiftVersion, '4.12') >= 0;
  return hasIpv6 || cluster.controlPlaneCount === 1 || isRecent ? 'OVNKubernetes' : 'OpenShiftSDN';
}

/** Only VIPs that are said are looked at: a single node's come from its host. */
function vipChanges(
  { apiVIP = '', apiVIPs = [], ingressVIP = '', ingressVIPs = [] }: ClusterInstallSpec,
  cluster: ClusterRow,
): JsonObject {
  if (cluster.vipDhcpAllocation || (!apiVIP && !ingressVIP && apiVIPs.length === 0 && ingressVIPs.length === 0))
    return {};
  const changes: JsonObject = {};
  const compare = (
    field: string,
    what: string,
    single: string,
    several: string[],
    present: readonly { ip: string }[],
  ) => {
    const wanted = vips(several.length > 0 ? several : single ? [single] : []);
    if (single && several.length > 0 && vips([single])[0]!.ip !== wanted[0]!.ip)
      throw new Error(`${what} must be the same as the first element of ${what}s`);
    if (JSON.stringify(wanted) !== JSON.stringify(present.map(({ ip }) => ({ ip })))) changes[field] = wanted;
  };
  compare('api_vips', 'apiVIP', apiVIP, apiVIPs, cluster.apiVips);
  compare('ingress_vips', 'ingressVIP', ingressVIP, ingressVIPs, cluster.ingressVips);
  return changes;
}

/** @throws Error for a certificate that is missing. */
async function ignitionEndpoint(
  context: KubeContext,
  { url = '', caCertificateReference: ref }: NonNullable<ClusterInstallSpec['ignitionEndpoint']>,
): Promise<JsonObject> {
  if (!ref) return { url, ca_certificate: '' };
  let value: string | undefined;
  try {
    const secret = await getSecret(context, ref);
    await ensureLabelled(context, RESOURCES.secrets, secret);
    value = secret.data?.['tls.crt'];
  } catch (error) {
    throw wrapped('error getting ca certificate secret', error);
  }
  if (value === undefined) throw new Error('CA Secret is missing tls.crt key');
  return { url, ca_certificate: value };
}

/**
 * The release image of a ClusterImageSet.
 * @throws Error that names both, when the version of the image cannot be told
 */
export function releaseOf({ core }: KubeContext, url: string, imageSet: string): Release {
  try {
    return core.versions.releaseByUrl(url);
  } catch (error) {
    throw new Error(
      `failed to get release image '${url}'. Please ensure the releaseImage field in ClusterImageSet '${imageSet}' is valid,  (error: ${messageOf(error)}).`,
    );
  }
}
