/**
 * The bodies that operations take, one schema a model. Upstream: assisted-service, swagger.yaml.
 */
import { FINALIZING_STAGES, HOST_STAGES } from '../../model/protocol/states.ts';
import {
  boolean,
  choice,
  integer,
  list,
  map,
  object,
  optionalString,
  pattern,
  string,
  uuid,
} from '../validations/schema.ts';

const CIDR = pattern(
  '^(?:(?:(?:[0-9]{1,3}\\.){3}[0-9]{1,3}\\/(?:(?:[0-9])|(?:[1-2][0-9])|(?:3[0-2])))|(?:(?:[0-9a-fA-F]*:[0-9a-fA-F]*){2,})/(?:(?:[0-9])|(?:[1-9][0-9])|(?:1[0-1][0-9])|(?:12[0-8])))$',
);
const IP = pattern('^(?:(?:(?:[0-9]{1,3}\\.){3}[0-9]{1,3})|(?:(?:[0-9a-fA-F]*:[0-9a-fA-F]*){2,}))?$');
const MANIFEST_FILE = pattern('^[^\\/]*\\.(json|ya?ml(\\.patch_?[a-zA-Z0-9_]*)?)$');
const RENDEZVOUS_IP = pattern(
  '^(?:$|(?:(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])|(?:([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,5}(:[0-9a-fA-F]{1,4}){1,2}|([0-9a-fA-F]{1,4}:){1,4}(:[0-9a-fA-F]{1,4}){1,3}|([0-9a-fA-F]{1,4}:){1,3}(:[0-9a-fA-F]{1,4}){1,4}|([0-9a-fA-F]{1,4}:){1,2}(:[0-9a-fA-F]{1,4}){1,5}|[0-9a-fA-F]{1,4}:(:[0-9a-fA-F]{1,4}){1,6}|:(:[0-9a-fA-F]{1,4}){1,7}|:|fe80:(:[0-9a-fA-F]{0,4}){0,4}%[0-9a-zA-Z]{1,}|::(ffff(:0{1,4}){0,1}:){0,1}((25[0-5]|(2[0-4]|1?[0-9])?[0-9])\\.){3}(25[0-5]|(2[0-4]|1?[0-9])?[0-9])|([0-9a-fA-F]{1,4}:){1,4}:((25[0-5]|(2[0-4]|1?[0-9])?[0-9])\\.){3}(25[0-5]|(2[0-4]|1?[0-9])?[0-9]))))$',
);

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
const subnet = string({ pattern: CIDR, goType: 'models.Subnet' });
const ip = string({ pattern: IP, goType: 'models.IP' });
const verification = choice(['unverified', 'failed', 'succeeded'], { goType: 'models.VipVerification', pointer: true });
const hostPrefix = integer({ minimum: 1, maximum: 128 });

const apiVip = object('APIVip', { cluster_id: uuid(), ip, verification });
const ingressVip = object('IngressVip', { cluster_id: uuid(), ip, verification });
const clusterNetwork = object('ClusterNetwork', { cluster_id: uuid(), cidr: subnet, host_prefix: hostPrefix });
const machineNetwork = object('MachineNetwork', { cluster_id: uuid(), cidr: subnet });
const serviceNetwork = object('ServiceNetwork', { cluster_id: uuid(), cidr: subnet });
const proxy = object('Proxy', {
  http_proxy: optionalString(),
  https_proxy: optionalString(),
  no_proxy: optionalString(),
});
const platform = object('Platform', {
  'type*': choice(['baremetal', 'nutanix', 'vsphere', 'none', 'external'], { goType: 'models.PlatformType' }),
  external: object('PlatformExternal', {
    platform_name: optionalString({ minLength: 1 }),
    cloud_controller_manager: choice(['', 'External'], { pointer: true }),
  }),
});
const diskEncryption = object('DiskEncryption', {
  enable_on: choice(NODE_SETS, { pointer: true }),
  mode: choice(['tpmv2', 'tang'], { pointer: true }),
  tang_servers: string(),
});
const ignitionEndpoint = object('IgnitionEndpoint', { url: optionalString(), ca_certificate: optionalString() });
const loadBalancer = object('LoadBalancer', { type: choice(['cluster-managed', 'user-managed']) });
const olmOperators = list(object('OperatorCreateParams', { name: string(), properties: string() }));
const operatorBundles = list(object('BundleCreateParams', { 'id*': string(), optional_operators: list(string()) }));

/** Fields that creating and updating a cluster have in common. */
const clusterFields = {
  base_dns_domain: string(),
  cluster_network_cidr: string({ pattern: CIDR, pointer: true }),
  cluster_network_host_prefix: hostPrefix,
  service_network_cidr: string({ pattern: CIDR, pointer: true }),
  api_vips: list(apiVip),
  ingress_vips: list(ingressVip),
  ssh_public_key: string(),
  vip_dhcp_allocation: boolean,
  http_proxy: optionalString(),
  https_proxy: optionalString(),
  no_proxy: optionalString(),
  user_managed_networking: boolean,
  additional_ntp_source: optionalString(),
  ntp_sources: optionalString(),
  olm_operators: olmOperators,
  operator_bundles: operatorBundles,
  hyperthreading: choice(NODE_SETS, { pointer: true }),
  network_type: choice(NETWORK_TYPES, { pointer: true }),
  schedulable_masters: boolean,
  cluster_networks: list(clusterNetwork),
  service_networks: list(serviceNetwork),
  machine_networks: list(machineNetwork),
  platform,
  disk_encryption: diskEncryption,
  ignition_endpoint: ignitionEndpoint,
  tags: optionalString(),
  control_plane_count: integer(),
  load_balancer: loadBalancer,
};

const clusterName = string({ minLength: 1, maxLength: 54 });

export const CLUSTER_CREATE = object('ClusterCreateParams', {
  ...clusterFields,
  'name*': clusterName,
  'openshift_version*': string(),
  'pull_secret*': string(),
  high_availability_mode: choice(['Full', 'None'], { pointer: true }),
  ocp_release_image: string(),
  cpu_architecture: choice([...ARCHITECTURES, 'multi']),
});

export const CLUSTER_UPDATE = object('V2ClusterUpdateParams', {
  ...clusterFields,
  name: { ...clusterName, pointer: true },
  api_vip_dns_name: optionalString(),
  machine_network_cidr: optionalString({ pattern: CIDR }),
  pull_secret: optionalString(),
  cluster_network_host_prefix: { ...hostPrefix, pointer: true },
});

export const CLUSTER_IMPORT = object('ImportClusterParams', {
  'name*': string(),
  'api_vip_dnsname*': string(),
  openshift_version: string(),
  'openshift_cluster_id*': uuid(),
});

export const CLUSTER_DISCONNECTED = object('DisconnectedClusterCreateParams', {
  'name*': clusterName,
  'openshift_version*': string(),
});

export const CLUSTER_FINALIZING_PROGRESS = object('ClusterFinalizingProgress', {
  finalizing_stage: choice(FINALIZING_STAGES, { goType: 'models.FinalizingStage' }),
});

const staticNetworkConfig = list(
  object('HostStaticNetworkConfig', {
    network_yaml: string(),
    mac_interface_map: list(
      object('MacInterfaceMapItems0', {
        'mac_address!': string({ pattern: pattern('^([0-9A-Fa-f]{2}[:]){5}([0-9A-Fa-f]{2})$') }),
        logical_nic_name: string(),
      }),
      'models.MacInterfaceMap',
    ),
  }),
);
const kernelArguments = list(
  object('KernelArgument', {
    operation: choice(['append', 'replace', 'delete']),
    value: string({ pattern: pattern('^(?:(?:[^ \\t\\n\\r"]+)|(?:"[^"]*"))+$') }),
  }),
  'models.KernelArguments',
);

const infraEnvFields = {
  proxy,
  additional_ntp_sources: optionalString(),
  ntp_sources: optionalString(),
  ssh_authorized_key: optionalString(),
  static_network_config: staticNetworkConfig,
  rendezvous_ip: optionalString({ pattern: RENDEZVOUS_IP }),
  image_type: imageType,
  ignition_config_override: string(),
  kernel_arguments: kernelArguments,
  additional_trust_bundle: string({ maxLength: 65_535 }),
  openshift_version: string(),
  network_discovery_delay_seconds: integer({ minimum: 0 }),
};

export const INFRA_ENV_CREATE = object('InfraEnvCreateParams', {
  ...infraEnvFields,
  'name*': string(),
  'pull_secret*': string(),
  cluster_id: uuid({ pointer: true }),
  cpu_architecture: choice(ARCHITECTURES),
});

export const INFRA_ENV_UPDATE = object('InfraEnvUpdateParams', { ...infraEnvFields, pull_secret: string() });

export const HOST_CREATE = object('HostCreateParams', { 'host_id*': uuid(), discovery_agent_version: string() });

export const HOST_UPDATE = object('HostUpdateParams', {
  host_role: choice(['auto-assign', 'master', 'arbiter', 'worker'], { pointer: true }),
  host_name: optionalString(),
  disks_selected_config: list(
    object('DiskConfigParams', {
      'id*': string(),
      role: choice(['none', 'install'], { goType: 'models.DiskRole' }),
    }),
  ),
  disks_skip_formatting: list(
    object('DiskSkipFormattingParams', { 'disk_id*': string(), 'skip_formatting*': boolean }),
  ),
  machine_config_pool_name: optionalString(),
  ignition_endpoint_token: optionalString(),
  ignition_endpoint_http_headers: list(
    object('IgnitionEndpointHTTPHeadersParams', { 'key*': string(), 'value*': string() }),
  ),
  node_labels: list(object('NodeLabelParams', { 'key*': string(), 'value*': string() })),
  fencing_credentials: object('FencingCredentialsParams', {
    'address*': string(),
    'username*': string(),
    'password*': string(),
    certificate_verification: choice(['Enabled', 'Disabled'], { pointer: true }),
    mac_address: optionalString(),
  }),
});

export const HOST_PROGRESS = object('HostProgress', {
  current_stage: choice(HOST_STAGES, { goType: 'models.HostStage' }),
  progress_info: string(),
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
  step_id: string(),
  exit_code: integer(),
  output: string(),
  error: string(),
});

export const BIND_HOST = object('BindHostParams', { 'cluster_id*': uuid() });

export const INSTALLER_ARGS = object('InstallerArgsParams', { args: list(string()) });

export const HOST_IGNITION = object('HostIgnitionParams', { config: string() });

export const LOGS_PROGRESS = object('LogsProgressParams', {
  'logs_state*': choice(['requested', 'collecting', 'completed', 'timeout', ''], { goType: 'models.LogsState' }),
});

export const COMPLETION = object('CompletionParams', { 'is_success*': boolean, error_info: string(), data: map });

export const MANIFEST_CREATE = object('CreateManifestParams', {
  folder: choice(MANIFEST_FOLDERS, { pointer: true }),
  'file_name*': string({ pattern: MANIFEST_FILE }),
  'content*': string(),
});

export const MANIFEST_UPDATE = object('UpdateManifestParams', {
  'folder!': choice(MANIFEST_FOLDERS),
  'file_name!': string({ pattern: MANIFEST_FILE }),
  updated_folder: choice(MANIFEST_FOLDERS, { pointer: true }),
  updated_file_name: optionalString({ pattern: MANIFEST_FILE }),
  updated_content: optionalString(),
});

export const OPERATOR_REPORT = object('OperatorMonitorReport', {
  name: string(),
  version: string(),
  status: choice(['failed', 'progressing', 'available'], { goType: 'models.OperatorStatus' }),
  status_info: string(),
});

export const EVENT = object('Event', {
  name: string(),
  cluster_id: uuid({ pointer: true }),
  host_id: uuid({ pointer: true }),
  infra_env_id: uuid({ pointer: true }),
  'severity*': choice(['info', 'warning', 'error', 'critical']),
  category: choice(['user', 'metrics']),
  'message*': string(),
  'event_time*': string({ format: 'date-time' }),
  request_id: uuid(),
  props: string(),
});

export const IGNORED_VALIDATIONS = object('IgnoredValidations', {
  'cluster-validation-ids': string(),
  'host-validation-ids': string(),
});

export const INGRESS_CERT = string({ goType: 'models.IngressCertParams' });

export const STRING = string();
