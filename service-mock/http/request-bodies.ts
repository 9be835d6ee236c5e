/**
 * The bodies that operations take, one schema a model. Upstream: assisted-service, swagger.yaml.
 */
import { isIP } from 'node:net';
import { FINALIZING_STAGES, HOST_STAGES } from '../../model/protocol/states.ts';
import { choice, flag, integer, list, map, object, optionalText, pattern, text, uuid } from './schema.ts';

const CIDR = pattern(
  '^(?:(?:(?:[0-9]{1,3}\\.){3}[0-9]{1,3}\\/(?:(?:[0-9])|(?:[1-2][0-9])|(?:3[0-2])))|(?:(?:[0-9a-fA-F]*:[0-9a-fA-F]*){2,})/(?:(?:[0-9])|(?:[1-9][0-9])|(?:1[0-1][0-9])|(?:12[0-8])))$',
);
const IP = pattern('^(?:(?:(?:[0-9]{1,3}\\.){3}[0-9]{1,3})|(?:(?:[0-9a-fA-F]*:[0-9a-fA-F]*){2,}))?$');
const MANIFEST_FILE = pattern('^[^\\/]*\\.(json|ya?ml(\\.patch_?[a-zA-Z0-9_]*)?)$');
const RENDEZVOUS_IP = {
  source: '<an IP address, or nothing>',
  test: (value: string) => value === '' || isIP(value) !== 0,
};

const ARCHITECTURES = ['x86_64', 'aarch64', 'arm64', 'ppc64le', 's390x'];
const NODE_SETS = [
  'none',
  'masters',
  'arbiters',
  'workers',
  'masters,arbiters',
  'masters,workers',
  'arbiters,workers',
  'masters,arbiters,workers',
  'all',
];
const NETWORK_TYPES = ['OpenShiftSDN', 'OVNKubernetes', 'CiscoACI', 'Cilium', 'Calico', 'None'];
const MANIFEST_FOLDERS = ['manifests', 'openshift'];

const imageType = choice(['full-iso', 'minimal-iso', 'disconnected-iso'], { goType: 'models.ImageType' });
const subnet = text({ pattern: CIDR, goType: 'models.Subnet' });
const ip = text({ pattern: IP, goType: 'models.IP' });
const verification = choice(['unverified', 'failed', 'succeeded'], { goType: 'models.VipVerification', pointer: true });
const hostPrefix = integer({ minimum: 1, maximum: 128 });

const apiVip = object('APIVip', { cluster_id: uuid(), ip, verification });
const ingressVip = object('IngressVip', { cluster_id: uuid(), ip, verification });
const clusterNetwork = object('ClusterNetwork', { cluster_id: uuid(), cidr: subnet, host_prefix: hostPrefix });
const machineNetwork = object('MachineNetwork', { cluster_id: uuid(), cidr: subnet });
const serviceNetwork = object('ServiceNetwork', { cluster_id: uuid(), cidr: subnet });
const proxy = object('Proxy', { http_proxy: optionalText(), https_proxy: optionalText(), no_proxy: optionalText() });
const platform = object('Platform', {
  'type*': choice(['baremetal', 'nutanix', 'vsphere', 'none', 'external'], { goType: 'models.PlatformType' }),
  external: object('PlatformExternal', {
    platform_name: optionalText({ minLength: 1 }),
    cloud_controller_manager: choice(['', 'External'], { pointer: true }),
  }),
});
const diskEncryption = object('DiskEncryption', {
  enable_on: choice(NODE_SETS, { pointer: true }),
  mode: choice(['tpmv2', 'tang'], { pointer: true }),
  tang_servers: text(),
});
const ignitionEndpoint = object('IgnitionEndpoint', { url: optionalText(), ca_certificate: optionalText() });
const loadBalancer = object('LoadBalancer', { type: choice(['cluster-managed', 'user-managed']) });
const olmOperators = list(object('OperatorCreateParams', { name: text(), properties: text() }));
const operatorBundles = list(object('BundleCreateParams', { 'id*': text(), optional_operators: list(text()) }));

/** Fields that creating and updating a cluster have in common. */
const clusterFields = {
  base_dns_domain: text(),
  cluster_network_cidr: text({ pattern: CIDR, pointer: true }),
  cluster_network_host_prefix: hostPrefix,
  service_network_cidr: text({ pattern: CIDR, pointer: true }),
  api_vips: list(apiVip),
  ingress_vips: list(ingressVip),
  ssh_public_key: text(),
  vip_dhcp_allocation: flag,
  http_proxy: optionalText(),
  https_proxy: optionalText(),
  no_proxy: optionalText(),
  user_managed_networking: flag,
  additional_ntp_source: optionalText(),
  ntp_sources: optionalText(),
  olm_operators: olmOperators,
  operator_bundles: operatorBundles,
  hyperthreading: choice(NODE_SETS, { pointer: true }),
  network_type: choice(NETWORK_TYPES, { pointer: true }),
  schedulable_masters: flag,
  cluster_networks: list(clusterNetwork),
  service_networks: list(serviceNetwork),
  machine_networks: list(machineNetwork),
  platform,
  disk_encryption: diskEncryption,
  ignition_endpoint: ignitionEndpoint,
  tags: optionalText(),
  control_plane_count: integer(),
  load_balancer: loadBalancer,
};

const clusterName = text({ minLength: 1, maxLength: 54 });

export const CLUSTER_CREATE = object('ClusterCreateParams', {
  ...clusterFields,
  'name*': clusterName,
  'openshift_version*': text(),
  'pull_secret*': text(),
  high_availability_mode: choice(['Full', 'None'], { pointer: true }),
  ocp_release_image: text(),
  cpu_architecture: choice([...ARCHITECTURES, 'multi']),
});

export const CLUSTER_UPDATE = object('V2ClusterUpdateParams', {
  ...clusterFields,
  name: { ...clusterName, pointer: true },
  api_vip_dns_name: optionalText(),
  machine_network_cidr: optionalText({ pattern: CIDR }),
  pull_secret: optionalText(),
  cluster_network_host_prefix: { ...hostPrefix, pointer: true },
});

export const CLUSTER_IMPORT = object('ImportClusterParams', {
  'name*': text(),
  'api_vip_dnsname*': text(),
  openshift_version: text(),
  'openshift_cluster_id*': uuid(),
});

export const CLUSTER_DISCONNECTED = object('DisconnectedClusterCreateParams', {
  'name*': clusterName,
  'openshift_version*': text(),
});

export const CLUSTER_FINALIZING_PROGRESS = object('ClusterFinalizingProgress', {
  finalizing_stage: choice(FINALIZING_STAGES, { goType: 'models.FinalizingStage' }),
});

const staticNetworkConfig = list(
  object('HostStaticNetworkConfig', {
    network_yaml: text(),
    mac_interface_map: list(
      object('MacInterfaceMapItems0', {
        'mac_address*': text({ pattern: pattern('^([0-9A-Fa-f]{2}[:]){5}([0-9A-Fa-f]{2})$') }),
        logical_nic_name: text(),
      }),
      'models.MacInterfaceMap',
    ),
  }),
);
const kernelArguments = list(
  object('KernelArgument', {
    operation: choice(['append', 'replace', 'delete']),
    value: text({ pattern: pattern('^(?:(?:[^ \\t\\n\\r"]+)|(?:"[^"]*"))+$') }),
  }),
  'models.KernelArguments',
);

const infraEnvFields = {
  proxy,
  additional_ntp_sources: optionalText(),
  ntp_sources: optionalText(),
  ssh_authorized_key: optionalText(),
  static_network_config: staticNetworkConfig,
  rendezvous_ip: optionalText({ pattern: RENDEZVOUS_IP }),
  image_type: imageType,
  ignition_config_override: text(),
  kernel_arguments: kernelArguments,
  additional_trust_bundle: text({ maxLength: 65_535 }),
  openshift_version: text(),
  network_discovery_delay_seconds: integer({ minimum: 0 }),
};

export const INFRA_ENV_CREATE = object('InfraEnvCreateParams', {
  ...infraEnvFields,
  'name*': text(),
  'pull_secret*': text(),
  cluster_id: uuid({ pointer: true }),
  cpu_architecture: choice(ARCHITECTURES),
});

export const INFRA_ENV_UPDATE = object('InfraEnvUpdateParams', { ...infraEnvFields, pull_secret: text() });

export const HOST_CREATE = object('HostCreateParams', { 'host_id*': uuid(), discovery_agent_version: text() });

export const HOST_UPDATE = object('HostUpdateParams', {
  host_role: choice(['auto-assign', 'master', 'arbiter', 'worker'], { pointer: true }),
  host_name: optionalText(),
  disks_selected_config: list(
    object('DiskConfigParams', {
      'id*': text(),
      role: choice(['none', 'install'], { goType: 'models.DiskRole' }),
    }),
  ),
  disks_skip_formatting: list(object('DiskSkipFormattingParams', { 'disk_id*': text(), 'skip_formatting*': flag })),
  machine_config_pool_name: optionalText(),
  ignition_endpoint_token: optionalText(),
  ignition_endpoint_http_headers: list(
    object('IgnitionEndpointHTTPHeadersParams', { 'key*': text(), 'value*': text() }),
  ),
  node_labels: list(object('NodeLabelParams', { 'key*': text(), 'value*': text() })),
  fencing_credentials: object('FencingCredentialsParams', {
    'address*': text(),
    'username*': text(),
    'password*': text(),
    certificate_verification: choice(['Enabled', 'Disabled'], { pointer: true }),
    mac_address: optionalText(),
  }),
});

export const HOST_PROGRESS = object('HostProgress', {
  current_stage: choice(HOST_STAGES, { goType: 'models.HostStage' }),
  progress_info: text(),
});

/** All step types the service knows, those that no agent runs included, in the order of its messages. */
const STEP_TYPES = [
  'connectivity-check',
  'execute',
  'inventory',
  'install',
  'free-network-addresses',
  'dhcp-lease-allocate',
  'api-vip-connectivity-check',
  'tang-connectivity-check',
  'ntp-synchronizer',
  'installation-disk-speed-check',
  'container-image-availability',
  'domain-resolution',
  'stop-installation',
  'logs-gather',
  'next-step-runner',
  'upgrade-agent',
  'download-boot-artifacts',
  'reboot-for-reclaim',
  'verify-vips',
];

export const STEP_REPLY = object('StepReply', {
  step_type: choice(STEP_TYPES, { goType: 'models.StepType' }),
  step_id: text(),
  exit_code: integer(),
  output: text(),
  error: text(),
});

export const BIND_HOST = object('BindHostParams', { 'cluster_id*': uuid() });

export const INSTALLER_ARGS = object('InstallerArgsParams', { args: list(text()) });

export const HOST_IGNITION = object('HostIgnitionParams', { config: text() });

export const LOGS_PROGRESS = object('LogsProgressParams', {
  'logs_state*': choice(['requested', 'collecting', 'completed', 'timeout', ''], { goType: 'models.LogsState' }),
});

export const COMPLETION = object('CompletionParams', { 'is_success*': flag, error_info: text(), data: map });

export const MANIFEST_CREATE = object('CreateManifestParams', {
  folder: choice(MANIFEST_FOLDERS, { pointer: true }),
  'file_name*': text({ pattern: MANIFEST_FILE }),
  'content*': text(),
});

export const MANIFEST_UPDATE = object('UpdateManifestParams', {
  'folder*': choice(MANIFEST_FOLDERS),
  'file_name*': text({ pattern: MANIFEST_FILE }),
  updated_folder: choice(MANIFEST_FOLDERS, { pointer: true }),
  updated_file_name: optionalText({ pattern: MANIFEST_FILE }),
  updated_content: optionalText(),
});

export const OPERATOR_REPORT = object('OperatorMonitorReport', {
  name: text(),
  version: text(),
  status: choice(['failed', 'progressing', 'available'], { goType: 'models.OperatorStatus' }),
  status_info: text(),
});

export const EVENT = object('Event', {
  name: text(),
  cluster_id: uuid({ pointer: true }),
  host_id: uuid({ pointer: true }),
  infra_env_id: uuid({ pointer: true }),
  'severity*': choice(['info', 'warning', 'error', 'critical']),
  category: choice(['user', 'metrics']),
  'message*': text(),
  'event_time*': text({ format: 'date-time' }),
  request_id: uuid(),
  props: text(),
});

export const IGNORED_VALIDATIONS = object('IgnoredValidations', {
  'cluster-validation-ids': text(),
  'host-validation-ids': text(),
});

export const INGRESS_CERT = text({ goType: 'models.IngressCertParams' });

export const TEXT = text();
