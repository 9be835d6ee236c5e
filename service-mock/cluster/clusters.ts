/** Operations on clusters. Source: Service facts 1.2 and 1.6. */

import { FINALIZING_STAGES } from '../../model/protocol/states.ts';
import { aboutCluster, aboutHost, type Core } from '../core/core.ts';
import { clusterOf, ON_CHANGING, ON_MANIFESTS } from '../core/lookup.ts';
import type { ClusterRow, ManifestRow, VipRow } from '../core/rows.ts';
import { clusterView, hostView, operatorView } from '../core/views.ts';
import {
  booleanField,
  eachOf,
  integerField,
  objectField,
  objectsField,
  requiredText,
  textField,
} from '../core/wire.ts';
import { displayName, effectiveRole } from '../host/host.ts';
import { fixRoles, setBootstrap } from '../host/roles.ts';
import { refreshHost, runHost } from '../host/state-machine/machine.ts';
import { HOST_VALIDATION_IDS, NEVER_IGNORABLE_HOST_VALIDATIONS } from '../host/validations/host-validations.ts';
import { networkOfVip, placeProblem } from '../network/cluster-networks.ts';
import { familiesOf } from '../network/networks.ts';
import { builtinOperators, chosenOperators, OPERATORS } from '../operators/operators.ts';
import {
  type AssistedServiceApi,
  type Json,
  type JsonObject,
  type KubeKey,
  OperationError,
  type Rows,
} from '../service-api.ts';
import { NO_TRANSITION } from '../statemachine/machine.ts';
import {
  checkBaseDomain,
  checkClusterName,
  checkNoProxy,
  checkNtpSources,
  checkProxy,
  checkPullSecret,
  checkSshKey,
  checkTags,
} from '../validations/names.ts';
import { ignoreList } from '../validations/results.ts';
import { compareBase, type Release } from '../versions/versions.ts';
import { isDay2Cluster } from './cluster.ts';
import { checkCertificate, clusterFile, credentialFile, installConfig, password } from './files.ts';
import { checkOverrides } from './install-config-overrides.ts';
import { preparationSucceeded, updateConnectivity } from './monitoring.ts';
import {
  checkControlPlane,
  checkDualStack,
  checkVips,
  cidrsField,
  clusterNetworksField,
  controlPlane,
  platformChange,
  platformOfNew,
  vipsField,
} from './parameters.ts';
import { emptyProgress, updateFinalizingProgress } from './progress.ts';
import { refreshCluster, runCluster } from './state-machine/machine.ts';
import { CLUSTER_VALIDATION_IDS, NEVER_IGNORABLE_CLUSTER_VALIDATIONS } from './validations/cluster-validations.ts';

const UPDATABLE: ReadonlySet<string> = new Set(['insufficient', 'ready', 'pending-for-input', 'adding-hosts']);
const INSTALLING: ReadonlySet<string> = new Set([
  'preparing-for-installation',
  'installing',
  'installing-pending-user-action',
  'finalizing',
]);
const DEFAULT_CLUSTER_NETWORK = { cidr: '10.128.0.0/14', hostPrefix: 23 };
const DEFAULT_SERVICE_NETWORK = '172.30.0.0/16';
const OPERATOR_STATUSES: readonly string[] = ['failed', 'progressing', 'available'];

type Operations = Pick<
  AssistedServiceApi,
  | 'registerCluster'
  | 'importCluster'
  | 'listClusters'
  | 'getCluster'
  | 'updateCluster'
  | 'deleteCluster'
  | 'installCluster'
  | 'cancelCluster'
  | 'resetCluster'
  | 'allowAddHosts'
  | 'listClusterHosts'
  | 'updateClusterFinalizingProgress'
  | 'completeInstallation'
  | 'uploadIngressCert'
  | 'clusterCredentials'
  | 'downloadClusterFile'
  | 'downloadClusterCredentials'
  | 'getInstallConfig'
  | 'updateInstallConfig'
  | 'getIgnoredValidations'
  | 'setIgnoredValidations'
  | 'listManifests'
  | 'createManifest'
  | 'updateManifest'
  | 'deleteManifest'
  | 'downloadManifest'
  | 'listMonitoredOperators'
  | 'reportMonitoredOperator'
  | 'updateClusterLogsProgress'
  | 'uploadLogs'
>;

function newCluster(id: string, kind: string, name: string, now: number, kubeKey: KubeKey | undefined): ClusterRow {
  return {
    id,
    kubeKey,
    kind,
    name,
    openshiftVersion: '',
    releaseImage: '',
    baseDnsDomain: '',
    cpuArchitecture: '',
    controlPlaneCount: 0,
    highAvailabilityMode: '',
    platform: {},
    userManagedNetworking: undefined,
    vipDhcpAllocation: undefined,
    loadBalancer: '',
    networkType: undefined,
    apiVips: [],
    ingressVips: [],
    apiVipDnsName: undefined,
    clusterNetworks: [],
    serviceNetworks: [],
    machineNetworks: [],
    sshPublicKey: '',
    pullSecret: '',
    httpProxy: '',
    httpsProxy: '',
    noProxy: '',
    additionalNtpSource: '',
    ntpSources: '',
    hyperthreading: undefined,
    schedulableMasters: undefined,
    diskEncryption: { enableOn: '', mode: '', tangServers: '' },
    ignitionEndpoint: {},
    tags: '',
    imported: false,
    operatorBundles: [],
    openshiftClusterId: '',
    installConfigOverrides: '',
    ignoredHostValidations: '',
    ignoredClusterValidations: '',
    operators: [],
    manifests: new Map(),
    status: '',
    statusInfo: '',
    statusUpdatedAt: now,
    createdAt: now,
    updatedAt: now,
    installStartedAt: 0,
    installCompletedAt: 0,
    preparation: { status: '', reason: '' },
    progress: emptyProgress(),
    logsInfo: '',
    controllerLogsCollectedAt: 0,
    controllerLogsStartedAt: 0,
    triggeredAt: now,
    validations: [],
    connectivityGroups: '',
    groups: undefined,
    ipCollisions: '',
    collisions: new Map(),
    connectivityVersion: 1,
    groupsVersion: 0,
    ingressCertUploaded: false,
    hosts: [],
    membersVersion: 0,
    connectivityArguments: undefined,
    throttle: { admitted: [], waiting: [] },
  };
}

/** Checks the pull secret against every image that the installation pulls. */
function checkSecret(core: Core, secret: string, releaseImage: string): void {
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

function checkNtp(additional: string | undefined, sources: string | undefined): void {
  if (additional && sources) throw new OperationError(400, 'ntp_sources and additional_ntp_source exclude each other');
  checkNtpSources(additional ?? '');
  checkNtpSources(sources ?? '');
}

function defaultNetworkType(release: Release, count: number): string {
  return compareBase(release.version, '4.12') >= 0 || count === 1 ? 'OVNKubernetes' : 'OpenShiftSDN';
}

/** The last version that can be installed with OpenShiftSDN, which alone takes VIPs from DHCP. */
const LAST_VERSION_WITH_SDN = '4.14';
/** Platforms that leave the networking to the user. */
const USER_MANAGED: readonly string[] = ['none', 'external'];

function checkNetworkType(type: string, version: string, count: number): void {
  if (type !== 'OpenShiftSDN') return;
  if (count === 1) throw new OperationError(400, 'OpenShiftSDN does not go with a single node');
  if (compareBase(version, LAST_VERSION_WITH_SDN) > 0)
    throw new OperationError(400, `OpenShiftSDN does not go with version ${version}`);
}

function checkEncryption({ mode, tang_servers }: JsonObject): void {
  if (mode === 'tang' && !tang_servers) throw new OperationError(400, 'disk_encryption: mode tang needs tang_servers');
}

function checkEndpoint(endpoint: JsonObject | undefined): void {
  const url = endpoint?.url;
  if (typeof url === 'string' && url !== '' && !/^https?:\/\/[^\s/]+/.test(url))
    throw new OperationError(400, `ignition_endpoint: '${url}' is no http or https URL`);
}

/**
 * The machine network that changed VIPs bring with them; undefined when there are none.
 * @throws OperationError 400 for VIPs that do not lie in one network of the hosts.
 */
function machineNetworkOf(
  cluster: ClusterRow,
  apiVips: readonly VipRow[],
  ingressVips: readonly VipRow[],
): string | undefined {
  const first = apiVips[0] ?? ingressVips[0];
  if (!first) return undefined;
  const network = networkOfVip(first.ip, cluster.hosts);
  if (network === undefined) throw new OperationError(400, `No host has a network that VIP ${first.ip} belongs to`);
  for (const [name, vips] of [
    ['api-vip', apiVips],
    ['ingress-vip', ingressVips],
  ] as const) {
    for (const { ip } of vips) {
      const problem = placeProblem(name, ip, network);
      if (problem) throw new OperationError(400, problem);
    }
  }
  return network;
}

export function clusterOperations(core: Core): Operations {
  const { clock, settings, store, events } = core;

  const touched = (cluster: ClusterRow) => {
    cluster.updatedAt = clock.now();
    cluster.triggeredAt = cluster.updatedAt;
  };

  const settle = (cluster: ClusterRow) => {
    for (const host of [...cluster.hosts]) refreshHost(core, host);
    refreshCluster(core, cluster);
  };

  function registerCluster(body: JsonObject, kubeKey?: KubeKey): JsonObject {
    const name = requiredText(body, 'name');
    const version = requiredText(body, 'openshift_version');
    const secret = requiredText(body, 'pull_secret');
    const { count, mode } = controlPlane({
      count: integerField(body, 'control_plane_count'),
      mode: textField(body, 'high_availability_mode'),
    });
    checkControlPlane(count, mode, version);
    const userManagedWanted = booleanField(body, 'user_managed_networking');
    const dhcp = booleanField(body, 'vip_dhcp_allocation') ?? false;
    const loadBalancer = String(objectField(body, 'load_balancer')?.type ?? 'cluster-managed');
    const apiVips = vipsField(body, 'api_vips') ?? [];
    const ingressVips = vipsField(body, 'ingress_vips') ?? [];
    const legacy = textField(body, 'cluster_network_cidr');
    const clusterNetworks = clusterNetworksField(body) ?? [
      legacy
        ? { cidr: legacy, hostPrefix: integerField(body, 'cluster_network_host_prefix') ?? 23 }
        : DEFAULT_CLUSTER_NETWORK,
    ];
    const serviceNetworks = cidrsField(body, 'service_networks') ?? [
      textField(body, 'service_network_cidr') ?? DEFAULT_SERVICE_NETWORK,
    ];
    const machineNetworks = cidrsField(body, 'machine_networks') ?? [];
    const pods = clusterNetworks.map((network) => network.cidr);
    checkVips({
      apiVips,
      ingressVips,
      machineNetworks,
      clusterNetworks: pods,
      serviceNetworks,
      userManaged: userManagedWanted ?? false,
      dhcp,
      loadBalancer,
    });
    checkDualStack(pods, serviceNetworks, machineNetworks);
    const { platform, userManaged } = platformOfNew(body, count, userManagedWanted);
    if (userManaged)
      checkVips({
        apiVips,
        ingressVips,
        machineNetworks,
        clusterNetworks: pods,
        serviceNetworks,
        userManaged,
        dhcp,
        loadBalancer,
      });
    checkClusterName(name, String(platform.type));
    const domain = textField(body, 'base_dns_domain') ?? '';
    checkBaseDomain(domain);
    const ssh = (textField(body, 'ssh_public_key') ?? '').trim();
    checkSshKey(ssh);
    for (const field of ['http_proxy', 'https_proxy']) checkProxy(field, textField(body, field));
    checkNoProxy(textField(body, 'no_proxy') ?? '');
    checkTags(textField(body, 'tags') ?? '');
    const encryption = objectField(body, 'disk_encryption') ?? {};
    checkEncryption(encryption);
    checkEndpoint(objectField(body, 'ignition_endpoint'));
    const image = textField(body, 'ocp_release_image');
    // A ClusterImageSet may name any image; its version was looked up before.
    if (image && !kubeKey && !settings.RELEASE_IMAGES.some((release) => release.url === image))
      throw new OperationError(400, `Release image ${image} is unknown`);
    const additionalNtp = textField(body, 'additional_ntp_source');
    const ntpSources = textField(body, 'ntp_sources');
    checkNtp(additionalNtp, ntpSources);
    const architecture = textField(body, 'cpu_architecture') ?? 'x86_64';
    const release = kubeKey && image ? core.versions.releaseByUrl(image) : core.versions.release(version, architecture);
    if (settings.ENABLE_IMAGE_SERVICE && release.cpuArchitectures.length === 1)
      core.versions.osImageVersion(release.version, architecture);
    checkSecret(core, secret, release.url);
    const networkType = textField(body, 'network_type') ?? defaultNetworkType(release, count);
    checkNetworkType(networkType, release.version, count);
    if (loadBalancer === 'user-managed' && USER_MANAGED.includes(String(platform.type)))
      throw new OperationError(400, `A user-managed load balancer does not go with platform ${platform.type}`);

    const cluster = newCluster(core.uuid(), 'Cluster', name, clock.now(), kubeKey);
    Object.assign(cluster, {
      openshiftVersion: release.version,
      releaseImage: release.url,
      baseDnsDomain: domain,
      cpuArchitecture: release.cpuArchitectures.length > 1 ? 'multi' : architecture,
      controlPlaneCount: count,
      highAvailabilityMode: mode,
      platform,
      userManagedNetworking: userManaged,
      vipDhcpAllocation: dhcp,
      loadBalancer,
      networkType,
      apiVips,
      ingressVips,
      clusterNetworks,
      serviceNetworks,
      machineNetworks,
      sshPublicKey: ssh,
      pullSecret: secret,
      httpProxy: textField(body, 'http_proxy') ?? '',
      httpsProxy: textField(body, 'https_proxy') ?? '',
      noProxy: textField(body, 'no_proxy') ?? '',
      additionalNtpSource: additionalNtp ?? (ntpSources ? '' : settings.NTP_DEFAULT_SERVER),
      ntpSources: ntpSources ?? '',
      hyperthreading: textField(body, 'hyperthreading') ?? 'all',
      schedulableMasters: booleanField(body, 'schedulable_masters') ?? false,
      diskEncryption: {
        enableOn: String(encryption.enable_on ?? 'none'),
        mode: String(encryption.mode ?? 'tpmv2'),
        tangServers: String(encryption.tang_servers ?? ''),
      },
      ignitionEndpoint: objectField(body, 'ignition_endpoint') ?? {},
      tags: textField(body, 'tags') ?? '',
      operatorBundles: objectsField(body, 'operator_bundles') ?? [],
      status: 'insufficient',
      statusInfo: 'Cluster is not ready for install',
    } satisfies Partial<ClusterRow>);
    cluster.operators = [
      ...builtinOperators(settings.CHECK_CLUSTER_VERSION),
      ...chosenOperators(objectsField(body, 'olm_operators') ?? [], cluster),
    ];
    store.addCluster(cluster);
    core.metrics.clusterCreated();
    events.emit('cluster_registration_succeeded', aboutCluster(cluster));
    return clusterView(cluster);
  }

  function importCluster(body: JsonObject, kubeKey?: KubeKey): JsonObject {
    const dnsName = requiredText(body, 'api_vip_dnsname');
    const wanted = requiredText(body, 'name');
    const openshiftId = kubeKey
      ? (textField(body, 'openshift_cluster_id') ?? '')
      : requiredText(body, 'openshift_cluster_id');
    const parts = /^api\.([^.]+)\.(.+)$/.exec(dnsName);
    const name = parts?.[1] ?? wanted;
    checkClusterName(name, 'baremetal');
    const cluster = newCluster(core.uuid(), 'AddHostsCluster', name, clock.now(), kubeKey);
    Object.assign(cluster, {
      baseDnsDomain: parts?.[2] ?? '',
      apiVipDnsName: dnsName,
      openshiftClusterId: openshiftId,
      openshiftVersion: textField(body, 'openshift_version') ?? '',
      platform: { external: {}, type: 'baremetal' },
      imported: true,
      status: 'adding-hosts',
      statusInfo: 'cluster is adding hosts to existing OCP cluster',
    } satisfies Partial<ClusterRow>);
    store.addCluster(cluster);
    core.metrics.clusterCreated();
    events.emit('cluster_registration_succeeded', aboutCluster(cluster));
    return importedView(cluster);
  }

  function updateCluster(id: string, body: JsonObject, { interactive = true } = {}): JsonObject {
    const cluster = clusterOf(core, id, ON_CHANGING);
    const count = integerField(body, 'control_plane_count');
    if (count !== undefined && !isDay2Cluster(cluster))
      checkControlPlane(count, cluster.highAvailabilityMode, cluster.openshiftVersion);
    const secret = textField(body, 'pull_secret');
    if (secret) checkSecret(core, secret, cluster.releaseImage);
    const name = textField(body, 'name');
    if (name) checkClusterName(name, String(objectField(body, 'platform')?.type ?? cluster.platform.type ?? ''));
    const ssh = textField(body, 'ssh_public_key')?.trim();
    checkSshKey(ssh ?? '');
    const clusterNetworks = clusterNetworksField(body);
    const serviceNetworks = cidrsField(body, 'service_networks');
    const machineNetworks = cidrsField(body, 'machine_networks');
    const dhcp = booleanField(body, 'vip_dhcp_allocation');
    const userManaged = booleanField(body, 'user_managed_networking');
    const loadBalancer = objectField(body, 'load_balancer')?.type;
    const dhcpChanges = dhcp !== undefined && dhcp !== (cluster.vipDhcpAllocation ?? false);
    const givenApi = vipsField(body, 'api_vips');
    const givenIngress = vipsField(body, 'ingress_vips');
    const forget = dhcpChanges && !givenApi && !givenIngress;
    const apiVips = givenApi ?? (forget ? [] : cluster.apiVips);
    const ingressVips = givenIngress ?? (forget ? [] : cluster.ingressVips);
    const pods = (clusterNetworks ?? cluster.clusterNetworks).map((network) => network.cidr);
    checkVips({
      apiVips,
      ingressVips,
      machineNetworks: machineNetworks ?? cluster.machineNetworks,
      clusterNetworks: pods,
      serviceNetworks: serviceNetworks ?? cluster.serviceNetworks,
      userManaged: userManaged ?? false,
      dhcp: dhcp ?? false,
      loadBalancer: String(loadBalancer ?? cluster.loadBalancer),
    });
    checkDualStack(pods, serviceNetworks ?? cluster.serviceNetworks, machineNetworks ?? cluster.machineNetworks);
    for (const field of ['http_proxy', 'https_proxy']) checkProxy(field, textField(body, field));
    checkNoProxy(textField(body, 'no_proxy') ?? '');
    checkTags(textField(body, 'tags') ?? '');
    if (!UPDATABLE.has(cluster.status)) {
      throw new OperationError(
        409,
        `Cluster ${id} is in ${cluster.status} state, cluster can be updated only in one of [${[...UPDATABLE].join(' ')}]`,
      );
    }
    const platform = platformChange(cluster, body, userManaged);
    const domain = textField(body, 'base_dns_domain');
    checkBaseDomain(domain ?? '');
    checkNtp(textField(body, 'additional_ntp_source'), textField(body, 'ntp_sources'));
    const managed = platform?.userManaged ?? cluster.userManagedNetworking === true;
    if (managed && (givenApi?.length || givenIngress?.length)) {
      throw new OperationError(
        400,
        `${givenApi?.length ? 'API' : 'Ingress'} VIPs cannot be set with User Managed Networking`,
      );
    }
    const dnsName = textField(body, 'api_vip_dns_name');
    if (dnsName !== undefined && !isDay2Cluster(cluster))
      throw new OperationError(400, `api_vip_dns_name cannot be set for day-1 cluster ${id}`);
    const operators = objectsField(body, 'olm_operators');
    const chosen = operators && chosenOperators(operators, cluster);
    const networkType = textField(body, 'network_type');
    if (networkType) checkNetworkType(networkType, cluster.openshiftVersion, cluster.controlPlaneCount);
    if (dhcp && !cluster.vipDhcpAllocation && compareBase(cluster.openshiftVersion, LAST_VERSION_WITH_SDN) > 0)
      throw new OperationError(400, `VIPs from DHCP do not go with version ${cluster.openshiftVersion}`);
    const single = cluster.controlPlaneCount === 1;
    const stacks = [pods, serviceNetworks ?? cluster.serviceNetworks, machineNetworks ?? cluster.machineNetworks];
    const dualStack = stacks.some((list) => (familiesOf(list)?.length ?? 0) > 1);
    const placed = !managed && !single && !dualStack && String(loadBalancer ?? cluster.loadBalancer) !== 'user-managed';
    if (placed && dhcp !== true && !cluster.vipDhcpAllocation) {
      if (interactive && machineNetworks && machineNetworks.length > 0)
        throw new OperationError(400, 'The machine network follows from the VIPs, it cannot be set');
    }

    const keep = (rows: readonly { ip: string; verification: string }[], now: typeof apiVips) =>
      now.map((vip) => rows.find((row) => row.ip === vip.ip) ?? vip);
    const network =
      interactive && placed && (givenApi || givenIngress) ? machineNetworkOf(cluster, apiVips, ingressVips) : undefined;
    cluster.apiVips = managed ? [] : keep(cluster.apiVips, apiVips);
    cluster.ingressVips = managed ? [] : keep(cluster.ingressVips, ingressVips);
    if (
      cluster.controlPlaneCount !== 1 &&
      (givenApi || givenIngress) &&
      !machineNetworks &&
      apiVips.length + ingressVips.length === 0
    )
      cluster.machineNetworks = [];
    if (platform) {
      cluster.platform = platform.platform;
      cluster.userManagedNetworking = platform.userManaged;
    }
    if (clusterNetworks) cluster.clusterNetworks = clusterNetworks;
    if (serviceNetworks) cluster.serviceNetworks = serviceNetworks;
    if (machineNetworks) cluster.machineNetworks = machineNetworks;
    else if (network !== undefined) cluster.machineNetworks = [network];
    if (dhcp !== undefined) cluster.vipDhcpAllocation = dhcp;
    if (count !== undefined) cluster.controlPlaneCount = count;
    if (loadBalancer !== undefined) cluster.loadBalancer = String(loadBalancer);
    if (chosen) cluster.operators = [...cluster.operators.filter((operator) => operator.type === 'builtin'), ...chosen];
    if (dnsName !== undefined) cluster.apiVipDnsName = dnsName;
    const bundles = objectsField(body, 'operator_bundles');
    if (bundles) cluster.operatorBundles = bundles;
    const endpoint = objectField(body, 'ignition_endpoint');
    if (endpoint) cluster.ignitionEndpoint = { ...cluster.ignitionEndpoint, ...endpoint };
    const encryption = objectField(body, 'disk_encryption');
    if (encryption) {
      if (cluster.imported)
        throw new OperationError(400, `Disk encryption of imported cluster ${id} cannot be changed`);
      cluster.diskEncryption = {
        enableOn: String(encryption.enable_on ?? cluster.diskEncryption.enableOn),
        mode: String(encryption.mode ?? cluster.diskEncryption.mode),
        tangServers: String(encryption.tang_servers ?? cluster.diskEncryption.tangServers),
      };
    }
    const proxyBefore = [cluster.httpProxy, cluster.httpsProxy, cluster.noProxy].join(' ');
    assignTexts(cluster, body, ssh);
    const schedulable = booleanField(body, 'schedulable_masters');
    if (schedulable !== undefined) cluster.schedulableMasters = schedulable;
    touched(cluster);
    if (interactive) settle(cluster);
    if (proxyBefore !== [cluster.httpProxy, cluster.httpsProxy, cluster.noProxy].join(' '))
      events.emit('proxy_settings_changed', aboutCluster(cluster));
    return clusterView(cluster);
  }

  function assignTexts(cluster: ClusterRow, body: JsonObject, ssh: string | undefined): void {
    cluster.name = textField(body, 'name') || cluster.name;
    cluster.baseDnsDomain = textField(body, 'base_dns_domain') ?? cluster.baseDnsDomain;
    cluster.pullSecret = textField(body, 'pull_secret') ?? cluster.pullSecret;
    cluster.sshPublicKey = ssh ?? cluster.sshPublicKey;
    cluster.httpProxy = textField(body, 'http_proxy') ?? cluster.httpProxy;
    cluster.httpsProxy = textField(body, 'https_proxy') ?? cluster.httpsProxy;
    cluster.noProxy = textField(body, 'no_proxy') ?? cluster.noProxy;
    cluster.additionalNtpSource = textField(body, 'additional_ntp_source') ?? cluster.additionalNtpSource;
    cluster.ntpSources = textField(body, 'ntp_sources') ?? cluster.ntpSources;
    cluster.hyperthreading = textField(body, 'hyperthreading') ?? cluster.hyperthreading;
    cluster.networkType = textField(body, 'network_type') ?? cluster.networkType;
    cluster.tags = textField(body, 'tags') ?? cluster.tags;
  }

  function deleteCluster(id: string): void {
    const cluster = clusterOf(core, id, ON_CHANGING);
    if (INSTALLING.has(cluster.status)) {
      throw new OperationError(
        409,
        `Cluster ${id} is being installed and cannot be deleted; wait, or cancel or reset the installation`,
      );
    }
    for (const host of [...cluster.hosts]) {
      if (host.infraEnv.clusterId === id) {
        store.removeHost(host);
        events.emit('host_deregistered', aboutHost(host), displayName(host));
      } else if (!runHost(core, host, 'unbind')) {
        // One that is just on its way to the cluster cannot be freed yet, and must not stay with a cluster that is gone.
        throw new OperationError(500, NO_TRANSITION);
      }
    }
    store.removeCluster(cluster);
    events.emit('cluster_deregistered', aboutCluster(cluster));
    events.retire(id, (other) => store.stands(other));
  }

  function installCluster(id: string): JsonObject {
    const cluster = clusterOf(core, id, ON_CHANGING);
    if (fixRoles(core, cluster)) {
      updateConnectivity(core, cluster);
      for (const host of [...cluster.hosts]) {
        if (host.status !== 'known' && host.kind === 'Host')
          throw new OperationError(400, `Host ${displayName(host)} is ${host.status}, it is not ready to be installed`);
        refreshHost(core, host);
      }
      refreshCluster(core, cluster);
    }
    if (cluster.status !== 'ready') {
      throw new OperationError(409, `Cluster ${id} is not ready for installation: ${cluster.statusInfo}`);
    }
    if (cluster.ignoredHostValidations !== '' || cluster.ignoredClusterValidations !== '')
      events.emit('validations_ignored', aboutCluster(cluster), cluster.id);
    runCluster(core, cluster, 'prepare', '');
    setBootstrap(core, cluster);
    const startedAt = cluster.installStartedAt;
    clock.setTimer(settings.PREPARATION_DURATION, () => {
      if (store.clusters.get(id) !== cluster || cluster.installStartedAt !== startedAt) return;
      cluster.openshiftClusterId = core.uuid();
      preparationSucceeded(core, cluster);
    });
    const hosts = cluster.hosts.map((host) => hostView(host, { customized: false }));
    return { ...clusterView(cluster, { networks: false }), hosts };
  }

  function cancelCluster(id: string): JsonObject {
    const cluster = clusterOf(core, id, ON_CHANGING);
    const before = cluster.status;
    const reason = 'Installation was cancelled by user';
    if (!runCluster(core, cluster, 'cancel', reason)) {
      events.emit('cancel_installation_failed', aboutCluster(cluster), NO_TRANSITION);
      throw new OperationError(409, `The installation of cluster ${id} cannot be canceled while it is ${before}`);
    }
    events.emit('cluster_installation_canceled', aboutCluster(cluster));
    if (before === 'preparing-for-installation' || before === 'installing' || before === 'finalizing') {
      core.metrics.installationFinished('cancelled', (clock.now() - cluster.installStartedAt) / 1000);
    }
    for (const host of cluster.hosts) {
      const done = runHost(core, host, 'cancel', { reason });
      if (done) events.emit('host_installation_cancelled', aboutHost(host), displayName(host));
      else events.emit('host_cancel_installation_failed', aboutHost(host), displayName(host), NO_TRANSITION);
    }
    return clusterView(cluster, { networks: false });
  }

  function resetCluster(id: string): JsonObject {
    const cluster = clusterOf(core, id, ON_CHANGING);
    const before = cluster.status;
    if (!runCluster(core, cluster, 'reset', 'cluster was reset by user')) {
      events.emit('reset_installation_failed', aboutCluster(cluster), NO_TRANSITION);
      throw new OperationError(409, `The installation of cluster ${id} cannot be reset while it is ${before}`);
    }
    events.emit('cluster_installation_reset', aboutCluster(cluster));
    for (const host of cluster.hosts) {
      const done = runHost(core, host, 'reset');
      if (done) events.emit('host_installation_reset', aboutHost(host), displayName(host));
      else events.emit('host_installation_reset_failed', aboutHost(host), displayName(host), NO_TRANSITION);
    }
    return clusterView(cluster, { networks: false });
  }

  function allowAddHosts(id: string): JsonObject {
    const cluster = clusterOf(core, id, ON_CHANGING);
    if (cluster.status !== 'installed' || cluster.kind !== 'Cluster') {
      throw new OperationError(
        400,
        `Cluster ${id} cannot take more hosts: it must be an installed cluster, it is ${cluster.status}`,
      );
    }
    cluster.apiVipDnsName = `api.${cluster.name}.${cluster.baseDnsDomain}`;
    cluster.kind = 'AddHostsCluster';
    cluster.status = 'adding-hosts';
    cluster.updatedAt = clock.now();
    return clusterView(cluster, { networks: false });
  }

  function listClusterHosts(id: string, query: Parameters<Operations['listClusterHosts']>[1]): Rows {
    const hosts = (store.clusters.get(id)?.hosts ?? []).filter(
      (host) => (!query.role || effectiveRole(host) === query.role) && (!query.status || host.status === query.status),
    );
    return eachOf(hosts, (host) =>
      hostView(host, { customized: false, inventory: query.withInventory, connectivity: query.withConnectivity }),
    );
  }

  function updateClusterFinalizingProgress(id: string, body: JsonObject): void {
    const stage = requiredText(body, 'finalizing_stage');
    if (!FINALIZING_STAGES.includes(stage as (typeof FINALIZING_STAGES)[number]))
      throw new OperationError(400, `Finalizing stage '${stage}' is unknown`);
    const cluster = clusterOf(core, id, ON_CHANGING);
    if (
      cluster.status !== 'installing' &&
      cluster.status !== 'finalizing' &&
      cluster.status !== 'installing-pending-user-action'
    ) {
      throw new OperationError(400, `Cluster ${id} is ${cluster.status}, it has no finalizing stage now`);
    }
    if (cluster.progress.finalizingStage === stage) return;
    cluster.progress.finalizingStage = stage;
    cluster.progress.finalizingStageStartedAt = clock.now();
    cluster.progress.finalizingStageTimedOut = false;
    cluster.updatedAt = clock.now();
    events.emit('cluster_finalizing_stage_updated', aboutCluster(cluster), stage);
  }

  function completeInstallation(id: string, body: JsonObject): JsonObject {
    const cluster = clusterOf(core, id, ON_CHANGING);
    const report = objectField(body, 'data')?.controller_operator_report;
    if (booleanField(body, 'is_success') === false && Array.isArray(report)) {
      const names = report
        .filter((item) => (item as JsonObject).status === 'failed')
        .map((item) => String((item as JsonObject).name));
      events.emit('cluster_operator_report', aboutCluster(cluster), names.join(', '));
    }
    return clusterView(cluster, { networks: false });
  }

  function uploadIngressCert(id: string, pem: string): void {
    const cluster = clusterOf(core, id);
    if (cluster.status !== 'finalizing' && cluster.status !== 'installed') {
      throw new OperationError(
        400,
        `Cluster ${id} is ${cluster.status}; the ingress certificate is taken only in finalizing or installed`,
      );
    }
    if (cluster.ingressCertUploaded) return;
    checkCertificate(pem);
    cluster.ingressCertUploaded = true;
    cluster.triggeredAt = clock.now();
  }

  function clusterCredentials(id: string): JsonObject {
    const cluster = clusterOf(core, id);
    const console = cluster.operators.find((operator) => operator.name === 'console');
    if (console?.status !== 'available') throw new OperationError(409, 'The console is not available yet');
    return {
      console_url: `https://console-openshift-console.apps.${cluster.name}.${cluster.baseDnsDomain}`,
      password: password(cluster),
      username: 'kubeadmin',
    };
  }

  function updateInstallConfig(id: string, overrides: string): void {
    const cluster = clusterOf(core, id, ON_CHANGING);
    checkOverrides(overrides);
    cluster.installConfigOverrides = overrides;
    touched(cluster);
    events.emit('install_config_applied', aboutCluster(cluster));
  }

  const ignored = (cluster: ClusterRow): JsonObject => ({
    ...(cluster.ignoredClusterValidations ? { 'cluster-validation-ids': cluster.ignoredClusterValidations } : {}),
    ...(cluster.ignoredHostValidations ? { 'host-validation-ids': cluster.ignoredHostValidations } : {}),
  });

  function checkIgnored(
    kind: 'cluster' | 'host',
    text: string,
    known: readonly string[],
    never: ReadonlySet<string>,
  ): void {
    if (text === '') return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new OperationError(400, `'${text.slice(0, 60)}' is no JSON array of validation ids`);
    }
    if (!Array.isArray(value))
      throw new OperationError(400, `'${text.slice(0, 60)}' is no JSON array of validation ids`);
    const ids = value.map(String);
    const unknown = ids.filter((id) => id.toLowerCase() !== 'all' && !known.includes(id));
    const refused = ids.filter((id) => never.has(id));
    const problems = [
      ...unknown.map((id) => `Validation ID '${id}' is not a known ${kind} validation`),
      ...(refused.length > 0 ? [`unable to ignore the following ${kind} validations (${refused.join(',')})`] : []),
    ];
    if (problems.length > 0)
      throw new OperationError(400, `cannot proceed due to the following errors: ${problems.join('\n')}`);
  }

  function setIgnoredValidations(id: string, body: JsonObject): JsonObject {
    const cluster = store.clusters.get(id);
    if (!cluster)
      throw new OperationError(500, `failed to fetch cluster ${id} to apply ignored validations: record not found`);
    if (!UPDATABLE.has(cluster.status))
      throw new OperationError(400, `Cluster ${id} is ${cluster.status}, ignored validations can no longer be changed`);
    const ofCluster = textField(body, 'cluster-validation-ids') ?? '';
    const ofHosts = textField(body, 'host-validation-ids') ?? '';
    checkIgnored('cluster', ofCluster, CLUSTER_VALIDATION_IDS, NEVER_IGNORABLE_CLUSTER_VALIDATIONS);
    checkIgnored('host', ofHosts, HOST_VALIDATION_IDS, NEVER_IGNORABLE_HOST_VALIDATIONS);
    cluster.ignoredClusterValidations = ignoreList(ofCluster).length > 0 ? ofCluster : '';
    cluster.ignoredHostValidations = ignoreList(ofHosts).length > 0 ? ofHosts : '';
    cluster.updatedAt = clock.now();
    return ignored(cluster);
  }

  const manifestKey = (folder: string, name: string) => `${folder}/${name}`;
  const manifestView = ({ folder, fileName, source }: ManifestRow): JsonObject => ({
    file_name: fileName,
    folder,
    manifest_source: source,
  });

  function manifestOf(id: string, folder: string, name: string): ManifestRow {
    const manifest = clusterOf(core, id, ON_MANIFESTS).manifests.get(manifestKey(folder || 'manifests', name));
    if (!manifest) throw new OperationError(404, `Cluster ${id} has no manifest ${folder || 'manifests'}/${name}`);
    return manifest;
  }

  function createManifest(id: string, body: JsonObject): JsonObject {
    const cluster = clusterOf(core, id, ON_MANIFESTS);
    const fileName = requiredText(body, 'file_name');
    const folder = textField(body, 'folder') || 'manifests';
    if (folder !== 'manifests' && folder !== 'openshift')
      throw new OperationError(400, `Folder ${folder} is unknown. Known are manifests, openshift`);
    if (fileName.includes(' '))
      throw new OperationError(422, `Manifest ${fileName} of cluster ${id} must have no space in its name`);
    if (!/^[^/\s]+\.(ya?ml|json|ya?ml\.patch[\w.]*)$/.test(fileName))
      throw new OperationError(400, `Manifest ${fileName} must be a .yaml, .yml or .json file without folders`);
    const text = requiredText(body, 'content');
    if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text))
      throw new OperationError(400, `Content of manifest ${fileName} is not base64`);
    const content = Buffer.from(text, 'base64');
    if (content.length === 0) throw new OperationError(400, `Manifest ${fileName} is empty`);
    const manifest: ManifestRow = { folder, fileName, content, source: 'user' };
    cluster.manifests.set(manifestKey(folder, fileName), manifest);
    return manifestView(manifest);
  }

  function checkManifestsChangeable(cluster: ClusterRow): void {
    if (!UPDATABLE.has(cluster.status))
      throw new OperationError(400, `Cluster ${cluster.id} is ${cluster.status}, its manifests cannot be changed`);
  }

  function updateManifest(id: string, body: JsonObject): JsonObject {
    const cluster = clusterOf(core, id, ON_MANIFESTS);
    checkManifestsChangeable(cluster);
    const folder = textField(body, 'folder') || 'manifests';
    const name = requiredText(body, 'file_name');
    const content = textField(body, 'updated_content') ?? manifestOf(id, folder, name).content.toString('base64');
    const target = {
      folder: textField(body, 'updated_folder') ?? folder,
      file_name: textField(body, 'updated_file_name') ?? name,
    };
    const answer = createManifest(id, { ...target, content });
    if (target.folder !== folder || target.file_name !== name) cluster.manifests.delete(manifestKey(folder, name));
    return answer;
  }

  function reportMonitoredOperator(id: string, body: JsonObject): void {
    const cluster = clusterOf(core, id);
    const name = requiredText(body, 'name');
    const operator = cluster.operators.find((candidate) => candidate.name === name);
    if (!operator) throw new OperationError(404, `Operator ${name} is not monitored for cluster ${id}`);
    const status = textField(body, 'status') ?? '';
    if (status !== '' && !OPERATOR_STATUSES.includes(status))
      throw new OperationError(400, `Operator status ${status} is unknown. Known are ${OPERATOR_STATUSES.join(', ')}`);
    const info = textField(body, 'status_info') ?? '';
    Object.assign(operator, {
      status,
      statusInfo: info,
      version: textField(body, 'version') || operator.version,
      statusUpdatedAt: clock.now(),
    });
    events.emit('cluster_operator_status', aboutCluster(cluster), name, status, info);
    updateFinalizingProgress(core, cluster);
  }

  function uploadLogs(id: string, query: Parameters<Operations['uploadLogs']>[1], bytes: number): void {
    if (query.logs_type === 'host') {
      if (query.host_id === undefined) throw new OperationError(400, 'Logs of a host need host_id');
      const host = store.clusters.get(id)?.hosts.find((candidate) => candidate.id === query.host_id);
      if (!host)
        throw new OperationError(404, `failed to get host ${query.host_id} in cluster ${id}: record not found`);
      if (bytes === 0) throw new OperationError(400, 'The uploaded log is empty');
      host.logsCollectedAt = clock.now();
      host.logsInfo = 'collecting';
      host.updatedAt = clock.now();
      events.emit('host_logs_uploaded', aboutHost(host), displayName(host), host.cluster?.id ?? '');
      return;
    }
    const cluster = clusterOf(core, id);
    if (bytes === 0) throw new OperationError(400, 'The uploaded log is empty');
    // Only the first of many uploads is told of.
    if (cluster.controllerLogsCollectedAt === 0) events.emit('cluster_logs_uploaded', aboutCluster(cluster));
    cluster.controllerLogsCollectedAt = clock.now();
    cluster.logsInfo = 'collecting';
  }

  return {
    registerCluster,
    importCluster,
    // Without an identity service everything belongs to everybody, an owner selects nothing.
    listClusters: ({ with_hosts, openshift_cluster_id }) =>
      eachOf(
        [...store.clusters.values()].filter(
          (cluster) => !openshift_cluster_id || cluster.openshiftClusterId === openshift_cluster_id,
        ),
        (cluster) =>
          with_hosts
            ? clusterView(cluster)
            : { ...clusterView(cluster, { hosts: false, networks: false, counts: true }), hosts: [] as Json[] },
      ),
    getCluster: (id, { excludeHosts }) => clusterView(clusterOf(core, id), { hosts: !excludeHosts }),
    updateCluster,
    deleteCluster,
    installCluster,
    cancelCluster,
    resetCluster,
    allowAddHosts,
    listClusterHosts,
    updateClusterFinalizingProgress,
    completeInstallation,
    uploadIngressCert,
    clusterCredentials,
    downloadClusterFile: (id, name) => clusterFile(clusterOf(core, id), name),
    downloadClusterCredentials: (id, name) => credentialFile(clusterOf(core, id), name),
    getInstallConfig: (id) => installConfig(clusterOf(core, id, ON_CHANGING)),
    updateInstallConfig,
    getIgnoredValidations: (id) => ignored(clusterOf(core, id, ON_CHANGING)),
    setIgnoredValidations,
    listManifests: (id, systemToo) =>
      [...clusterOf(core, id, ON_MANIFESTS).manifests.values()]
        .filter((manifest) => systemToo || manifest.source === 'user')
        .map(manifestView),
    createManifest,
    updateManifest,
    deleteManifest: (id, folder, name) => {
      const cluster = clusterOf(core, id, ON_MANIFESTS);
      checkManifestsChangeable(cluster);
      cluster.manifests.delete(manifestKey(folder || 'manifests', name));
    },
    downloadManifest: (id, folder, name) => manifestOf(id, folder, name).content,
    listMonitoredOperators: (id, name) => {
      const rows = (store.clusters.get(id)?.operators ?? []).filter((operator) => !name || operator.name === name);
      if (name && rows.length === 0) throw new OperationError(404, 'record not found');
      return rows.map((operator) => operatorView(operator, id));
    },
    reportMonitoredOperator,
    updateClusterLogsProgress: (id, body) => {
      const cluster = clusterOf(core, id);
      cluster.logsInfo = textField(body, 'logs_state') ?? '';
      if (cluster.logsInfo === 'requested') cluster.controllerLogsStartedAt = clock.now();
      cluster.updatedAt = clock.now();
    },
    uploadLogs,
  };
}

/** What the answer to an import shows: nothing of the row's defaults has been read back. */
function importedView(cluster: ClusterRow): JsonObject {
  const {
    disk_encryption: _encryption,
    ignition_endpoint: _endpoint,
    org_soft_timeouts_enabled: _soft,
    progress: _progress,
    schedulable_masters_forced_true: _forced,
    ...view
  } = clusterView(cluster);
  return {
    ...view,
    api_vips: null,
    cluster_networks: null,
    ingress_vips: null,
    load_balancer: { type: 'cluster-managed' },
    machine_networks: null,
    monitored_operators: null,
    operator_bundles: null,
    platform: { type: 'baremetal' },
    service_networks: null,
  };
}

export const SUPPORTED_OPERATORS: readonly string[] = Object.keys(OPERATORS);
