/**
 * Kinds of group agent-install.openshift.io, as in openshift/assisted-service, config/crd/bases (August 2026).
 */

import { COMMON_PARTS } from './common-parts.ts';
import type { KindDefinition } from './definition.ts';
import { fields, parts } from './notation.ts';

const GROUP = 'agent-install.openshift.io';

const PARTS = parts(
  `
$Ingress: object  # Host names where there are no routes.
  assistedServiceHostname!: string  # The service's.
  className: string  # Class of the Ingress objects.
  imageServiceHostname!: string  # The image service's.
$MustGatherImages: list of object  # Images that collect the state of failed clusters.
  cpuArchitecture: string enum=x86_64|aarch64|arm64|ppc64le|s390x|multi  # Architecture.
  name!: string  # ocp, or an operator.
  openshiftVersion!: string  # OpenShift version it is for.
  url!: string  # The image.
$OsImages: list of object  # Live systems to boot hosts from.
  cpuArchitecture: string  # Architecture.
  openshiftVersion!: string  # OpenShift version it is for.
  rootFSUrl: string  # Where its root file system is.
  url!: string  # Where its image is.
  version!: string  # Version of the system.
`,
  COMMON_PARTS,
);

const AGENT: KindDefinition = {
  group: GROUP,
  kind: 'Agent',
  plural: 'agents',
  namespaced: true,
  description: 'A host the service has discovered.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1beta1',
      columns: [
        { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterDeploymentName.name' },
        { name: 'Approved', type: 'boolean', jsonPath: '.spec.approved' },
        { name: 'Role', type: 'string', jsonPath: '.status.role' },
        { name: 'Stage', type: 'string', jsonPath: '.status.progress.currentStage' },
        { name: 'Hostname', type: 'string', jsonPath: '.status.inventory.hostname', priority: 1 },
        { name: 'Requested Hostname', type: 'string', jsonPath: '.spec.hostname', priority: 1 },
      ],
      fields: fields(
        `
spec: object  # What the user wants of the host.
  approved!: boolean  # The host may be installed.
  clusterDeploymentName: object  # Cluster the host belongs to.
    name: string  # Name of the ClusterDeployment.
    namespace: string  # Namespace of the ClusterDeployment.
  fencingCredentialsSecretRef: string  # Secret with credentials for fencing.
  hostname: string  # Name the node gets.
  ignitionConfigOverrides: string  # Laid over the ignition of the host, as JSON.
  ignitionEndpointHTTPHeaders: map of string  # Headers of the request for the ignition.
  ignitionEndpointTokenReference: $NamespacedReference  # Secret with the token of the ignition server.
  installation_disk_id: string  # Disk to install on, by its id.
  installation_disk_path: string  # Disk to install on, by its path.
  installerArgs: string  # More arguments of the image writer, as a JSON list.
  machineConfigPool: string  # Pool the node joins.
  nodeLabels: map of string  # Labels the node gets.
  role!: string  # auto-assign, master, arbiter or worker.
status: object  # What the service knows of the host.
  bootstrap: boolean  # The host runs the bootstrap.
  conditions: $HeartbeatConditions
  csrStatus: object  # Certificate requests the service approved on the spoke.
    approvedCSRs: list of object  # Approved requests.
      approvedAt!: time  # When it was approved.
      name!: string  # Its name.
      type!: string  # Client or serving.
    lastApprovalAttempt: time  # When it last tried.
  debugInfo: $DebugInfo
  deprovision_info: object  # Node that is left behind after the host was unbound.
    cluster_name: string  # Cluster it was in.
    cluster_namespace: string  # Namespace of that cluster.
    message: string  # What went wrong.
    node_name: string  # Name of the node.
  installation_disk_id: string  # Disk it is installed on.
  inventory: object  # Hardware as the agent reported it.
    bmcAddress: string  # IPv4 address of the management controller.
    bmcV6Address: string  # IPv6 address of the management controller.
    boot: object  # How the host was booted.
      currentBootMode: string  # uefi or bios.
      deviceType: string  # Kind of boot device.
      pxeInterface: string  # Interface of a network boot.
    cpu: object  # Processors.
      architecture: string  # For instance x86_64.
      clockMegahertz: int64  # Clock in MHz.
      count: int64  # Number of logical processors.
      flags: list of string  # Features.
      modelName: string  # Model.
    disks: list of object  # Disks.
      bootable: boolean  # Whether something can be booted from it.
      byID: string  # Stable path by serial number.
      byPath: string  # Stable path by bus address.
      driveType: string  # HDD, SSD and others.
      hctl: string  # SCSI address.
      id!: string  # What the installation disk is chosen by.
      installationEligibility: object  # Whether a system may be installed on it.
        eligible: boolean  # It may.
        notEligibleReasons!: list of string  # Why not.
      ioPerf: object  # Speed.
        syncDurationMilliseconds: int64  # Duration of a synchronous write.
      model: string  # Model.
      name: string  # Kernel name.
      path: string  # Device path.
      serial: string  # Serial number.
      sizeBytes: int64  # Size.
      smart: string  # Health as the disk tells it.
      vendor: string  # Maker.
      wwn: string  # World wide name.
    gpus: list of object  # Graphics processors.
      address: string  # Bus address.
      deviceID: string  # Device number.
      name: string  # Name.
      vendor: string  # Maker.
      vendorID: string  # Maker's number.
    hostname: string  # Name the host has itself.
    interfaces: list of object  # Network interfaces.
      biosDevName: string  # Firmware's name.
      clientID: string  # DHCP client.
      flags!: list of string  # State.
      hasCarrier: boolean  # Whether a cable is in.
      ipV4Addresses!: list of string  # IPv4 addresses with prefix length.
      ipV6Addresses!: list of string  # IPv6 addresses with prefix length.
      macAddress: string  # Hardware address.
      mtu: int64  # Largest packet.
      name: string  # Kernel name.
      product: string  # Product number.
      speedMbps: int64  # Speed in Mbit/s.
      vendor: string  # Maker's number.
    memory: object  # Memory.
      physicalBytes: int64  # Built in.
      usableBytes: int64  # Left to the operating system.
    reportTime: time  # When it was reported.
    systemVendor: object  # The machine.
      manufacturer: string  # Maker.
      productName: string  # Product.
      serialNumber: string  # Serial number.
      virtual: boolean  # Whether it is a virtual machine.
  kind: string  # Kind the service gives it.
  ntpSources: list of object  # Time sources.
    sourceName: string  # Its name.
    sourceState: string  # Whether it is in use.
  progress: object  # How far the installation is.
    currentStage: string  # Stage under way.
    installationPercentage: int64  # Part that is done.
    progressInfo: string  # What the stage says of itself.
    progressStages: list of string  # Stages of this host in their order.
    stageStartTime: time  # Start of the stage.
    stageUpdateTime: time  # Last news of the stage.
  role: string  # Role it has.
  validationsInfo: $ValidationsInfo
`,
        PARTS,
      ),
    },
  ],
};

const INFRA_ENV: KindDefinition = {
  group: GROUP,
  kind: 'InfraEnv',
  plural: 'infraenvs',
  namespaced: true,
  description: 'A discovery image and the hosts that boot from it.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1beta1',
      columns: [
        { name: 'ISO Created At', type: 'string', jsonPath: '.status.createdTime' },
        { name: 'ISO URL', type: 'string', jsonPath: '.status.isoDownloadURL', priority: 1 },
      ],
      fields: fields(
        String.raw`
spec: object  # What the image shall contain.
  additionalNTPSources: list of string  # Time sources beside those of DHCP.
  additionalTrustBundle: string  # Certificates to trust, in PEM.
  agentApproval: object  # What happens to new Agents.
    autoApprove: boolean default=false  # They are approved at once.
  agentLabels: map of string  # Labels new Agents get.
  clusterRef: object  # Cluster its hosts belong to; without it they are bound later.
    name: string  # Name of the ClusterDeployment.
    namespace: string  # Namespace of the ClusterDeployment.
  cpuArchitecture: string default=x86_64  # Architecture of the hosts.
  ignitionConfigOverride: string  # Laid over the discovery ignition, as JSON.
  imageType: string  # full-iso or minimal-iso.
  ipxeScriptType: string enum=""|DiscoveryImageAlways|BootOrderControl default=DiscoveryImageAlways  # What the iPXE script does once a host is installed.
  kernelArguments: list of object  # Changes of the kernel command line.
    operation: string enum=append|replace|delete  # What is done.
    value: string /^(?:(?:[^ \t\n\r"]+)|(?:"[^"]*"))+$/  # The argument.
  mirrorRegistryRef: $NamespacedReference  # ConfigMap with mirror registries.
  networkDiscoveryDelaySeconds: int64 min=0  # Time the network gets before discovery starts.
  nmStateConfigLabelSelector: $LabelSelector  # NMStateConfigs that go into the image.
  ntpSources: list of string  # Time sources in place of all others.
  osImageVersion: string  # OpenShift version whose live system is used.
  proxy: $Proxy  # Proxy of the hosts.
  pullSecretRef!: $LocalReference  # Secret with the registry credentials.
  sshAuthorizedKey: string  # Public key of user core.
status: object  # The image.
  agentLabelSelector: $LabelSelector  # Finds the Agents of this image.
  bootArtifacts: object  # The same for network boot.
    discoveryIgnitionURL: string  # URL of the ignition.
    initrd: string  # URL of the initial file system.
    ipxeScript: string  # URL of the iPXE script.
    kernel: string  # URL of the kernel.
    rootfs: string  # URL of the root file system.
  conditions: $HeartbeatConditions
  createdTime: time  # When the image was made.
  debugInfo: object  # Where to look when something is wrong.
    eventsURL: string  # Events of the image.
    staticNetworkDownloadURL: string  # Network configuration that is in it.
  isoDownloadURL: string  # Where the image is.
`,
        PARTS,
      ),
    },
  ],
};

const NM_STATE_CONFIG: KindDefinition = {
  group: GROUP,
  kind: 'NMStateConfig',
  plural: 'nmstateconfigs',
  namespaced: true,
  description: 'Network configuration of one host.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1beta1',
      fields: fields(
        `
spec: object  # The configuration.
  config: object open  # State of the network in the form of nmstate.
  interfaces: list minItems=1 of object  # Interfaces by which the host is recognised.
    macAddress!: string /^([0-9A-Fa-f]{2}[:]){5}([0-9A-Fa-f]{2})$/  # Hardware address.
    name!: string  # Name used in the configuration.
`,
        PARTS,
      ),
    },
  ],
};

const AGENT_CLASSIFICATION: KindDefinition = {
  group: GROUP,
  kind: 'AgentClassification',
  plural: 'agentclassifications',
  namespaced: true,
  description: 'Labels Agents by a query over their inventory.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1beta1',
      fields: fields(
        `
spec: object  # The label and its query.
  labelKey!: string  # Label, without its prefix.
  labelValue!: string  # Value matching Agents get.
  query!: string  # Query in the language of jq; must give true or false.
status: object  # Outcome.
  conditions: $HeartbeatConditions
  errorCount: integer  # Agents the query failed for.
  matchedCount: integer  # Agents that match.
`,
        PARTS,
      ),
    },
  ],
};

const AGENT_SERVICE_CONFIG: KindDefinition = {
  group: GROUP,
  kind: 'AgentServiceConfig',
  plural: 'agentserviceconfigs',
  namespaced: false,
  description: 'How the service is deployed.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1beta1',
      fields: fields(
        `
spec: object  # The deployment.
  OSImageAdditionalParamsRef: $LocalReference  # Secret with headers and query of image requests.
  OSImageCACertRef: $LocalReference  # ConfigMap with the authority of the image servers.
  databaseStorage!: $VolumeClaimSpec  # The database's volume.
  filesystemStorage!: $VolumeClaimSpec  # The service's volume.
  iPXEHTTPRoute: string enum=enabled|disabled  # Whether iPXE scripts are served over plain http.
  imageStorage: $VolumeClaimSpec  # The image service's volume.
  ingress: $Ingress
  mirrorRegistryRef: $LocalReference  # ConfigMap with mirror registries.
  mustGatherImages: $MustGatherImages
  osImages: $OsImages
  unauthenticatedRegistries: list of string  # Registries that need no credentials.
status: object  # How it goes.
  conditions: $HeartbeatConditions
  immutableAnnotations: map of string  # Annotations that were found first and are kept.
`,
        PARTS,
      ),
    },
  ],
};

const HYPERSHIFT_AGENT_SERVICE_CONFIG: KindDefinition = {
  group: GROUP,
  kind: 'HypershiftAgentServiceConfig',
  plural: 'hypershiftagentserviceconfigs',
  shortNames: ['hasc'],
  namespaced: true,
  description: 'How the service is deployed for a hosted cluster.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1beta1',
      fields: fields(
        `
spec: object  # The deployment.
  OSImageAdditionalParamsRef: $LocalReference  # Secret with headers and query of image requests.
  OSImageCACertRef: $LocalReference  # ConfigMap with the authority of the image servers.
  databaseStorage!: $VolumeClaimSpec  # The database's volume.
  filesystemStorage!: $VolumeClaimSpec  # The service's volume.
  iPXEHTTPRoute: string enum=enabled|disabled  # Whether iPXE scripts are served over plain http.
  imageStorage: $VolumeClaimSpec  # The image service's volume.
  ingress: $Ingress
  kubeconfigSecretRef!: $LocalReference  # Secret with the kubeconfig of the hosted cluster.
  mirrorRegistryRef: $LocalReference  # ConfigMap with mirror registries.
  mustGatherImages: $MustGatherImages
  osImages: $OsImages
  unauthenticatedRegistries: list of string  # Registries that need no credentials.
status: object  # How it goes.
  conditions: $HeartbeatConditions
`,
        PARTS,
      ),
    },
  ],
};

export const AGENT_INSTALL_KINDS: readonly KindDefinition[] = [
  AGENT,
  INFRA_ENV,
  NM_STATE_CONFIG,
  AGENT_CLASSIFICATION,
  AGENT_SERVICE_CONFIG,
  HYPERSHIFT_AGENT_SERVICE_CONFIG,
];
