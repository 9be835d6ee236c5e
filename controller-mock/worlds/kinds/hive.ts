/**
 * Kinds of groups extensions.hive.openshift.io (openshift/assisted-service, config/crd/bases) and hive.openshift.io
 * (openshift/hive, config/crds), as of August 2026.
 */

import { COMMON_PARTS } from './common-parts.ts';
import { AGE, type KindDefinition } from './definition.ts';
import { fields, parts } from './notation.ts';

const PARTS = parts(
  `
$ClusterMetadata: object  # The installed cluster.
  adminKubeconfigSecretRef!: $LocalReference  # Secret with the kubeconfig.
  adminPasswordSecretRef: $LocalReference  # Secret with the password of kubeadmin.
  clusterID!: string  # Id of the cluster.
  infraID!: string  # Name of its infrastructure.
  metadataJSONSecretRef: $LocalReference  # Secret with all the installer noted down.
  platform: object  # What depends on the platform.
    aws: object  # Amazon Web Services.
      hostedZoneRole: string  # Role that may change the hosted zone.
    azure: object  # Azure.
      resourceGroupName!: string  # Resource group of the cluster.
    gcp: object  # Google Cloud.
      networkProjectID: string  # Project that has the network.
$ConditionalUpdateRisk: object
  conditions: list by=type minItems=1 maxItems=8
    @rule self.exists_one(x, x.type == 'Applies')
      @message must contain a condition of type 'Applies'
    []: $StandardCondition
  matchingRules!: $MatchingRules
  message!: string minLength=1
  name!: string minLength=1
  url!: string:uri minLength=1
$DataSourceImages: list of object
  name: string
  referenceName: string
  uuid!: string
$NodeNetwork: object
  excludeNetworkSubnetCidr: atomic list of string
  network: string
  networkSubnetCidr: set of string
$ProbeConditions: list of object  # What is known about the state, one entry a type.
  lastProbeTime: time  # When it was last looked at.
  lastTransitionTime: time  # When the status last changed.
  message: string  # For people.
  reason: string  # One word that says why.
  status!: string  # True, False or Unknown.
  type!: string  # What the entry is about.
`,
  COMMON_PARTS,
);

const AGENT_CLUSTER_INSTALL: KindDefinition = {
  group: 'extensions.hive.openshift.io',
  kind: 'AgentClusterInstall',
  plural: 'agentclusterinstalls',
  shortNames: ['aci'],
  namespaced: true,
  description: 'A cluster to be installed on Agents.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1beta1',
      columns: [
        { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterDeploymentRef.name' },
        { name: 'State', type: 'string', jsonPath: '.status.debugInfo.state' },
      ],
      fields: fields(
        `
spec!: object  # The cluster.
  apiVIP: string  # Address of the API.
  apiVIPs: list maxItems=2 of string  # Addresses of the API.
  arbiter: object  # One pool of hosts.
    hyperthreading: string enum=""|Enabled|Disabled default=Enabled  # Whether logical processors are used.
    name!: string  # Name of the pool.
  clusterDeploymentRef!: $LocalReference  # The ClusterDeployment.
  clusterMetadata: $ClusterMetadata
  compute: list of object  # Pools of workers.
    hyperthreading: string enum=""|Enabled|Disabled default=Enabled  # Whether logical processors are used.
    name!: string  # Name of the pool.
  controlPlane: object  # One pool of hosts.
    hyperthreading: string enum=""|Enabled|Disabled default=Enabled  # Whether logical processors are used.
    name!: string  # Name of the pool.
  diskEncryption: object  # Encryption of the installation disks.
    enableOn: string enum=none|all|masters|arbiters|workers|masters,arbiters|masters,workers|arbiters,workers|masters,arbiters,workers default=none  # Roles whose disks are encrypted.
    mode: string enum=tpmv2|tang  # Where the key is.
    tangServers: string  # Tang servers, as a JSON list.
  external: object  # Platform External.
    cloudControllerManager: string default=""  # Whether a cloud controller manager is brought.
      @allOf [{"enum":["","BareMetal","None","VSphere","Nutanix","External"]},{"enum":["","External"]}]
    platformName: string default=Unknown  # Name of the platform.
      @rule oldSelf == 'Unknown' || self == oldSelf
        @message platform name cannot be changed once set
  holdInstallation: boolean  # Nothing is installed while this is set.
  ignitionEndpoint: object  # A foreign ignition server.
    caCertificateReference: $NamespacedReference  # Secret with its authority.
    url: string  # Its URL.
  imageSetRef: $NameReference  # ClusterImageSet with the release.
  ingressVIP: string  # Address of the routes.
  ingressVIPs: list maxItems=2 of string  # Addresses of the routes.
  loadBalancer: object  # Load balancing of the platform.
    type: string enum=ClusterManaged|UserManaged default=ClusterManaged  # Whose business it is.
  manifestsConfigMapRef: $LocalReference  # ConfigMap with manifests to add.
  manifestsConfigMapRefs: list of $NameReference  # ConfigMaps with manifests to add.
  mastersSchedulable: boolean  # Workloads may run on the control plane.
  mirrorRegistryRef: $NamespacedReference  # ConfigMap with mirror registries.
  networking!: object  # Networks.
    clusterNetwork: list of object  # Networks of the pods.
      cidr!: string  # Address and prefix length.
      hostPrefix: int32  # Prefix length of the part a node gets.
    machineNetwork: list of object  # Networks of the hosts.
      cidr!: string  # Address and prefix length.
    networkType: string enum=OpenShiftSDN|OVNKubernetes|CiscoACI|Cilium|Calico|None  # Network plug-in.
    serviceNetwork: list of string  # Networks of the services.
    userManagedNetworking: boolean  # Load balancing and DNS are the business of the user.
  ntpSources: list of string  # Time sources.
  platformType: string enum=""|BareMetal|None|VSphere|Nutanix|External  # Platform the cluster is installed for.
  provisionRequirements!: object  # How many hosts the installation waits for.
    arbiterAgents: integer min=0  # Arbiters.
    controlPlaneAgents!: integer  # Hosts of the control plane.
    workerAgents: integer min=0  # Workers.
  proxy: $Proxy  # Proxy of the cluster.
  sshPublicKey: string  # Public key of user core.
status: object  # How the installation goes.
  apiVIP: string  # Address of the API.
  apiVIPs: list maxItems=2 of string  # Addresses of the API.
  conditions: $ProbeConditions
  connectivityMajorityGroups: string  # Hosts that reach each other, as JSON.
  controlPlaneAgentsDiscovered: integer  # Hosts of the control plane that were found.
  controlPlaneAgentsReady: integer  # Those of them that are ready.
  debugInfo: $DebugInfo
  ingressVIP: string  # Address of the routes.
  ingressVIPs: list maxItems=2 of string  # Addresses of the routes.
  machineNetwork: list of object  # Networks of the hosts.
    cidr!: string  # Address and prefix length.
  platformType: string enum=""|BareMetal|None|VSphere|Nutanix|External  # Platform the cluster is installed for.
  progress: object  # How far it is.
    totalPercentage!: int64  # Part that is done.
  userManagedNetworking: boolean  # Load balancing and DNS are the business of the user.
  validationsInfo: $ValidationsInfo
  workerAgentsDiscovered: integer  # Workers that were found.
  workerAgentsReady: integer  # Those of them that are ready.
`,
        PARTS,
      ),
    },
  ],
};

const CLUSTER_DEPLOYMENT: KindDefinition = {
  group: 'hive.openshift.io',
  kind: 'ClusterDeployment',
  plural: 'clusterdeployments',
  shortNames: ['cd'],
  namespaced: true,
  description: 'A cluster.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      columns: [
        { name: 'InfraID', type: 'string', jsonPath: '.spec.clusterMetadata.infraID' },
        { name: 'Platform', type: 'string', jsonPath: '.metadata.labels.hive\\.openshift\\.io/cluster-platform' },
        { name: 'Region', type: 'string', jsonPath: '.metadata.labels.hive\\.openshift\\.io/cluster-region' },
        { name: 'Version', type: 'string', jsonPath: '.metadata.labels.hive\\.openshift\\.io/version' },
        { name: 'ClusterType', type: 'string', jsonPath: '.metadata.labels.hive\\.openshift\\.io/cluster-type' },
        { name: 'ProvisionStatus', type: 'string', jsonPath: ".status.conditions[?(@.type=='Provisioned')].reason" },
        { name: 'PowerState', type: 'string', jsonPath: '.status.powerState' },
        AGE,
      ],
      fields: fields(
        String.raw`
spec: object  # The cluster.
  baseDomain!: string  # Domain its names are below.
  boundServiceAccountSigningKeySecretRef: $LocalReference
  certificateBundles: list of object
    certificateSecretRef!: $LocalReference
    generate: boolean
    name!: string
  clusterInstallRef: object  # What installs it.
    group!: string  # Group of the kind.
    kind!: string  # The kind.
    name!: string  # Name of the object.
    version!: string  # Version of the kind.
  clusterMetadata: $ClusterMetadata
  clusterName!: string  # Name of the cluster.
  clusterPoolRef: object
    claimName: string
    claimedTimestamp: time
    clusterDeploymentCustomization: $LocalReference
    namespace!: string
    poolName!: string
  controlPlaneConfig: object
    apiServerIPOverride: string
    apiURLOverride: string
    servingCertificates: object
      additional: list of object
        domain!: string
        name!: string
      default: string
  hibernateAfter: string /^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$/
  ingress: list maxItems=16 of object
    domain!: string
    httpErrorCodePages: $NameReference
    name!: string
    namespaceSelector: $LabelSelector
    routeSelector: $LabelSelector
    servingCertificate: string
    tuningOptions: object
      clientFinTimeout: string:duration
      clientTimeout: string:duration
      configurationManagement: string enum=Dynamic|ForkAndReload
      connectTimeout: string /^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$/
      headerBufferBytes: int32 min=16384
      headerBufferMaxRewriteBytes: int32 min=4096
      healthCheckInterval: string /^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$/
      httpKeepAliveTimeout: string minLength=1 maxLength=16
        @rule self.matches('^([0-9]+(\\.[0-9]+)?(ms|s|m))+$')
          @message httpKeepAliveTimeout must be a valid duration string composed of an unsigned integer value, optionally followed by a decimal fraction and a unit suffix (ms, s, m)
        @rule !self.matches('^([0-9]+(\\.[0-9]+)?(ms|s|m))+$') || duration(self) <= duration('15m')
          @message httpKeepAliveTimeout must be less than or equal to 15 minutes
        @rule !self.matches('^([0-9]+(\\.[0-9]+)?(ms|s|m))+$') || duration(self) >= duration('1ms')
          @message httpKeepAliveTimeout must be greater than or equal to 1 millisecond
      maxConnections: int32
        @rule self == 0 || self == -1 || (self >= 2000 && self <= 2000000)
          @message maxConnections must be 0, -1, or between 2000 and 2000000
      reloadInterval: string /^(0|([0-9]+(\.[0-9]+)?(ns|us|µs|μs|ms|s|m|h))+)$/
      serverFinTimeout: string:duration
      serverTimeout: string:duration
      threadCount: int32 min=1 max=64
      tlsInspectDelay: string:duration
      tunnelTimeout: string:duration
  installAttemptsLimit: int32  # Most attempts to install it.
  installed: boolean  # It is installed.
  manageDNS: boolean
  platform!: object  # Where it runs.
    agentBareMetal: object  # On Agents.
      agentSelector!: $LabelSelector
    aws: object
      credentialsAssumeRole: object
        externalID: string
        roleARN!: string
      credentialsSecretRef: $LocalReference
      privateLink: object
        additionalAllowedPrincipals: list of string
        enabled!: boolean
      region!: string
      userTags: map of string
    azure: object
      baseDomainResourceGroupName: string
      cloudName: string enum=""|AzurePublicCloud|AzureUSGovernmentCloud|AzureChinaCloud|AzureGermanCloud
      credentialsSecretRef!: $LocalReference
      region!: string
    baremetal: object
      libvirtSSHPrivateKeySecretRef!: $LocalReference
    gcp: object
      credentialsSecretRef: $LocalReference
      discardLocalSsdOnHibernate: boolean
      privateServiceConnect: object
        enabled!: boolean
        serviceAttachment: object
          subnet: object
            cidr: string
            existing: object
              name!: string
              project: string
      region!: string
    ibmcloud: object
      accountID: string
      cisInstanceCRN: string
      credentialsSecretRef!: $LocalReference
      region!: string
    none: object
    nutanix: object
      certificatesSecretRef: $LocalReference
      credentialsSecretRef!: $LocalReference
      failureDomains: list of object
        dataSourceImages: $DataSourceImages
        name!: string minLength=1 maxLength=64 /^[0-9A-Za-z_.-@/]+$/
        prismElement!: object
          endpoint: object
            address!: string
            port!: int32
          name: string
          uuid!: string
        storageContainers: $DataSourceImages
        subnetUUIDs!: set minItems=1 of string
      prismCentral!: object
        address!: string
        port!: int32
    openstack: object
      certificatesSecretRef: $LocalReference
      cloud!: string
      credentialsSecretRef!: $LocalReference
      trunkSupport: boolean
    vsphere: object
      certificatesSecretRef!: $LocalReference
      cluster: string
      credentialsSecretRef!: $LocalReference
      datacenter: string
      defaultDatastore: string
      folder: string
      infrastructure: object
        apiVIP: string
        apiVIPs: list:ip maxItems=2 of string
        cluster: string
        clusterOSImage: string
        datacenter: string
        defaultDatastore: string
        defaultMachinePlatform: object
          coresPerSocket: int32
          cpus: int32
          dataDisks: list by=name maxItems=29 of object
            name!: string maxLength=80 /^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$/
            provisioningMode: string enum=Thin|Thick|EagerlyZeroed
            sizeGiB!: int32 min=1 max=16384
          memoryMB: int64
          osDisk: object
            diskSizeGB: int32
          zones: list of string
        diskType: string enum=""|thin|thick|eagerZeroedThick
        dnsRecordsType: string enum=Internal|External
        failureDomains: list of object
          name!: string minLength=1 maxLength=256
          region!: string
          regionType: string
            @allOf [{"enum":["HostGroup","Datacenter","ComputeCluster"]},{"enum":["Datacenter","ComputeCluster"]}]
          server!: string minLength=1 maxLength=255
          topology!: object
            computeCluster!: string minLength=1 maxLength=2048
            datacenter!: string minLength=1 maxLength=80
            datastore!: string minLength=1 maxLength=2048
            folder: string minLength=1 maxLength=2048 /^/.*?/vm/.*?/
            hostGroup: string maxLength=80
            networks!: list minItems=1 maxItems=10 of string
            resourcePool: string minLength=1 maxLength=2048 /^/.*?/host/.*?/Resources.*/
            tagIDs: list of string
            template: string minLength=1 maxLength=2048 /^/.*?/vm/.*?/
          zone!: string
          zoneType: string
            @allOf [{"enum":["HostGroup","Datacenter","ComputeCluster"]},{"enum":["ComputeCluster","HostGroup"]}]
        folder: string /^/.*?/vm/.*?/
        hosts: list of object
          failureDomain: string
          networkDevice!: object
            gateway: string:ipv6
            ipAddrs!: list:ipv6 of string
            nameservers: list:ipv6 of string
          role!: string enum=""|bootstrap|control-plane|compute
        ingressVIP: string
        ingressVIPs: list:ip maxItems=2 of string
        loadBalancer: object
          type: string enum=OpenShiftManagedDefault|UserManaged default=OpenShiftManagedDefault
            @rule oldSelf == '' || self == oldSelf
              @message type is immutable once set
        network: string
        nodeNetworking: object
          external: $NodeNetwork
          internal: $NodeNetwork
        password: string
        resourcePool: string
        username: string
        vCenter: string
        vcenters: list minItems=1 maxItems=3 of object
          datacenters!: list minItems=1 of string
          password!: string
          port: int32 min=1 max=32767 default=443
          server!: string maxLength=255
          user!: string
      network: string
      vCenter: string
  powerState: string enum=""|Running|Hibernating  # Whether it shall run.
  preserveOnDelete: boolean  # The cluster stays when this object is deleted.
  provisioning: object
    customizationRef: $LocalReference
    imageSetRef: $NameReference
    installConfigSecretRef: $LocalReference
    installerEnv: $EnvVars
    installerImageOverride: string
    manifestsConfigMapRef: $LocalReference
    manifestsSecretRef: $LocalReference
    releaseImage: string
    sshKnownHosts: list of string
    sshPrivateKeySecretRef: $LocalReference
  pullSecretRef: $LocalReference  # Secret with the registry credentials.
status: object  # How it is.
  apiURL: string  # Its API.
  certificateBundles: list of object
    generated!: boolean
    name!: string
  cliImage: string
  clusterVersionStatus: object
    availableUpdates!: $Releases
    capabilities: object
      enabledCapabilities: atomic list of string
      knownCapabilities: atomic list of string
    conditionalUpdateRisks: list by=name minItems=1 maxItems=500 of $ConditionalUpdateRisk
    conditionalUpdates: atomic list maxItems=500 of object
      conditions: $StandardConditions
      release!: $Release
      riskNames: set minItems=1 maxItems=500 of string maxLength=256
      risks!: list by=name minItems=1 maxItems=200 of $ConditionalUpdateRisk
    conditions: $OpenshiftConditions
    desired!: $Release
    history: $History
    observedGeneration!: int64
    versionHash!: string
  conditions: $ProbeConditions
  installRestarts: integer
  installStartedTimestamp: time  # When that began.
  installVersion: string  # OpenShift version.
  installedTimestamp: time  # When it was installed.
  installerImage: string
  platformStatus: object
    aws: object
      privateLink: object
        hostedZoneID: string
        vpcEndpointID: string
        vpcEndpointService: object
          additionalAllowedPrincipals: list of string
          defaultAllowedPrincipal: string
          id: string
          name: string
    gcp: object
      privateServiceConnect: object
        endpoint: string
        endpointAddress: string
        serviceAttachment: string
        serviceAttachmentFirewall: string
        serviceAttachmentSubnet: string
  powerState: string  # Whether it runs.
  provisionRef: $LocalReference
  webConsoleURL: string  # Its console.
`,
        PARTS,
      ),
    },
  ],
};

const CLUSTER_IMAGE_SET: KindDefinition = {
  group: 'hive.openshift.io',
  kind: 'ClusterImageSet',
  plural: 'clusterimagesets',
  shortNames: ['imgset'],
  namespaced: false,
  description: 'A release that can be installed.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      columns: [{ name: 'Release', type: 'string', jsonPath: '.spec.releaseImage' }],
      fields: fields(
        `
spec: object  # The release.
  releaseImage!: string  # Release image.
status: object  # Nothing is reported.
`,
        PARTS,
      ),
    },
  ],
};

export const HIVE_KINDS: readonly KindDefinition[] = [AGENT_CLUSTER_INSTALL, CLUSTER_DEPLOYMENT, CLUSTER_IMAGE_SET];
