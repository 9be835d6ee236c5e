/**
 * Kinds of group config.openshift.io, as in openshift/api, config/v1/zz_generated.crd-manifests, feature set Default
 * (August 2026).
 */

import { COMMON_PARTS } from './common-parts.ts';
import type { KindDefinition } from './definition.ts';
import { fields, parts } from './notation.ts';

const GROUP = 'config.openshift.io';

const PARTS = parts(
  `
$ApiServerInternalIPs: atomic list maxItems=2
  @rule size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true
    @message apiServerInternalIPs must contain at most one IPv4 address and at most one IPv6 address
  []: string minLength=1 maxLength=39
    @rule isIP(self)
      @message value must be a valid IP address
$BaremetalSpec: object
  @rule !has(oldSelf.apiServerInternalIPs) || has(self.apiServerInternalIPs)
    @message apiServerInternalIPs list is required once set
  @rule !has(oldSelf.ingressIPs) || has(self.ingressIPs)
    @message ingressIPs list is required once set
  apiServerInternalIPs: $ApiServerInternalIPs
  ingressIPs: $IngressIPs
  machineNetworks: $MachineNetworks
$BaremetalStatus: object
  apiServerInternalIP: string
  apiServerInternalIPs: atomic list:ip maxItems=2
    @rule self == oldSelf || (size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true)
      @message apiServerInternalIPs must contain at most one IPv4 address and at most one IPv6 address
    []: string
  ingressIP: string
  ingressIPs: atomic list:ip maxItems=2
    @rule self == oldSelf || (size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true)
      @message ingressIPs must contain at most one IPv4 address and at most one IPv6 address
    []: string
  loadBalancer: $LoadBalancer
  machineNetworks: $MachineNetworks
  nodeDNSIP: string
$CloudLoadBalancerConfig: object default={"dnsType":"PlatformDefault"} nullable
  @rule has(self.dnsType) && self.dnsType != 'ClusterHosted' ? !has(self.clusterHosted) : true
    @message clusterHosted is permitted only when dnsType is ClusterHosted
  clusterHosted: $ClusterHosted
  dnsType: string enum=ClusterHosted|PlatformDefault default=PlatformDefault
    @rule oldSelf == '' || self == oldSelf
      @message dnsType is immutable
$Cluster: object
  @rule has(self.type) && self.type == 'UUID' ?  has(self.uuid) : !has(self.uuid)
    @message uuid configuration is required when type is UUID, and forbidden otherwise
  @rule has(self.type) && self.type == 'Name' ?  has(self.name) : !has(self.name)
    @message name configuration is required when type is Name, and forbidden otherwise
  name: string
  type!: string enum=UUID|Name
  uuid: string
$ClusterHosted: object
  apiIntLoadBalancerIPs: set:ip maxItems=16 of string minLength=1 maxLength=39
    @rule isIP(self)
      @message value must be a valid IP address
  apiLoadBalancerIPs: set:ip maxItems=16 of string minLength=1 maxLength=39
    @rule isIP(self)
      @message value must be a valid IP address
  ingressLoadBalancerIPs: set:ip maxItems=16 of string minLength=1 maxLength=39
    @rule isIP(self)
      @message value must be a valid IP address
$IngressIPs: atomic list maxItems=2
  @rule size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true
    @message ingressIPs must contain at most one IPv4 address and at most one IPv6 address
  []: string minLength=1 maxLength=39
    @rule isIP(self)
      @message value must be a valid IP address
$LoadBalancer: object default={"type":"OpenShiftManagedDefault"}
  type: string enum=OpenShiftManagedDefault|UserManaged default=OpenShiftManagedDefault
    @rule oldSelf == '' || self == oldSelf
      @message type is immutable once set
$MachineNetworks: atomic list maxItems=32
  @rule self.all(x, self.exists_one(y, x == y))
  []: string minLength=1 maxLength=43
    @rule isCIDR(self)
      @message value must be a valid CIDR network address
$VsphereNodeNetwork: object
  excludeNetworkSubnetCidr: atomic list of string:cidr
  network: string
  networkSubnetCidr: set of string:cidr
`,
  COMMON_PARTS,
);

const CLUSTER_VERSION: KindDefinition = {
  group: GROUP,
  kind: 'ClusterVersion',
  plural: 'clusterversions',
  namespaced: false,
  description: 'The release of the cluster; there is one, version.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      columns: [
        { name: 'Version', type: 'string', jsonPath: '.status.history[?(@.state=="Completed")].version' },
        { name: 'Available', type: 'string', jsonPath: '.status.conditions[?(@.type=="Available")].status' },
        { name: 'Progressing', type: 'string', jsonPath: '.status.conditions[?(@.type=="Progressing")].status' },
        { name: 'Since', type: 'date', jsonPath: '.status.conditions[?(@.type=="Progressing")].lastTransitionTime' },
        { name: 'Status', type: 'string', jsonPath: '.status.conditions[?(@.type=="Progressing")].message' },
      ],
      fields: fields(
        String.raw`
@rule has(self.spec.capabilities) && has(self.spec.capabilities.additionalEnabledCapabilities) && self.spec.capabilities.baselineCapabilitySet == 'None' && 'marketplace' in self.spec.capabilities.additionalEnabledCapabilities ? 'OperatorLifecycleManager' in self.spec.capabilities.additionalEnabledCapabilities || (has(self.status) && has(self.status.capabilities) && has(self.status.capabilities.enabledCapabilities) && 'OperatorLifecycleManager' in self.status.capabilities.enabledCapabilities) : true
  @message "the \u0060marketplace\u0060 capability requires the \u0060OperatorLifecycleManager\u0060 capability, which is neither explicitly or implicitly enabled in this cluster, please enable the \u0060OperatorLifecycleManager\u0060 capability"
spec!: object  # The release that is wanted.
  capabilities: object
    additionalEnabledCapabilities: atomic list of string enum=openshift-samples|baremetal|marketplace|Console|Insights|Storage|CSISnapshot|NodeTuning|MachineAPI|Build|DeploymentConfig|ImageRegistry|OperatorLifecycleManager|CloudCredential|Ingress|CloudControllerManager|OperatorLifecycleManagerV1
    baselineCapabilitySet: string enum=None|v4.11|v4.12|v4.13|v4.14|v4.15|v4.16|v4.17|v4.18|vCurrent
  channel: string  # Channel of updates.
  clusterID!: string  # Id of the cluster.
  desiredUpdate: object  # A release.
    @rule has(self.architecture) && has(self.image) ? (self.architecture == "" || self.image == "") : true
      @message cannot set both Architecture and Image
    @rule has(self.architecture) && self.architecture != "" ? self.version != "" : true
      @message Version must be set if Architecture is set
    architecture: string enum=Multi|""
    force: boolean
    image: string  # Release image.
    version: string  # OpenShift version.
  overrides: list by=kind,group,namespace,name of object
    group!: string
    kind!: string
    name!: string
    namespace!: string
    unmanaged!: boolean
  upstream: string  # Server of updates.
status: object  # The release there is.
  availableUpdates!: $Releases
  capabilities: object  # Optional parts.
    enabledCapabilities: atomic list of string enum=openshift-samples|baremetal|marketplace|Console|Insights|Storage|CSISnapshot|NodeTuning|MachineAPI|Build|DeploymentConfig|ImageRegistry|OperatorLifecycleManager|CloudCredential|Ingress|CloudControllerManager|OperatorLifecycleManagerV1  # Parts that are in use.
    knownCapabilities: atomic list of string enum=openshift-samples|baremetal|marketplace|Console|Insights|Storage|CSISnapshot|NodeTuning|MachineAPI|Build|DeploymentConfig|ImageRegistry|OperatorLifecycleManager|CloudCredential|Ingress|CloudControllerManager|OperatorLifecycleManagerV1  # Parts there are.
  conditionalUpdates: atomic list maxItems=500 of object
    conditions: $StandardConditions
    release!: $Release
    risks!: list by=name minItems=1 maxItems=200 of object
      matchingRules!: $MatchingRules
      message!: string minLength=1
      name!: string minLength=1
      url!: string:uri minLength=1
  conditions: $OpenshiftConditions
  desired!: $Release
  history: $History
  observedGeneration!: int64  # Generation that was looked at.
  versionHash!: string  # Fingerprint of what is applied.
`,
        PARTS,
      ),
    },
  ],
};

const CLUSTER_OPERATOR: KindDefinition = {
  group: GROUP,
  kind: 'ClusterOperator',
  plural: 'clusteroperators',
  shortNames: ['co'],
  namespaced: false,
  description: 'State of one part of the cluster.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      columns: [
        { name: 'Version', type: 'string', jsonPath: '.status.versions[?(@.name=="operator")].version' },
        { name: 'Available', type: 'string', jsonPath: '.status.conditions[?(@.type=="Available")].status' },
        { name: 'Progressing', type: 'string', jsonPath: '.status.conditions[?(@.type=="Progressing")].status' },
        { name: 'Degraded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Degraded")].status' },
        { name: 'Since', type: 'date', jsonPath: '.status.conditions[?(@.type=="Available")].lastTransitionTime' },
      ],
      fields: fields(
        `
spec!: object  # Nothing can be wanted.
status: object  # How it is.
  conditions: $OpenshiftConditions
  extension: object open nullable  # More about it.
  relatedObjects: list of object  # Objects that matter when it fails.
    group!: string  # Group of the kind.
    name!: string  # Name of the object.
    namespace: string  # Namespace of the object.
    resource!: string  # Plural of the kind.
  versions: list of object  # Versions of its parts.
    name!: string  # Name of the part.
    version!: string  # Its version.
`,
        PARTS,
      ),
    },
  ],
};

const PROXY: KindDefinition = {
  group: GROUP,
  kind: 'Proxy',
  plural: 'proxies',
  namespaced: false,
  description: 'Proxy of the whole cluster; there is one, cluster.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      fields: fields(
        `
spec!: object  # What is wanted.
  httpProxy: string  # Proxy for http requests.
  httpsProxy: string  # Proxy for https requests.
  noProxy: string  # What is reached without it.
  readinessEndpoints: list of string  # URLs by which it is checked.
  trustedCA: $NameReference  # ConfigMap with its authority.
status: $Proxy  # What is in use.
`,
        PARTS,
      ),
    },
  ],
};

const INFRASTRUCTURE: KindDefinition = {
  group: GROUP,
  kind: 'Infrastructure',
  plural: 'infrastructures',
  namespaced: false,
  description: 'Where the cluster runs; there is one, cluster.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      fields: fields(
        String.raw`
spec!: object  # What is wanted.
  cloudConfig: object
    key: string
    name: string
  platformSpec: object  # The platform.
    @rule !has(oldSelf.vsphere) && has(self.vsphere) ? (has(self.vsphere.vcenters) && size(self.vsphere.vcenters) < 2) : true
      @message vcenters can have at most 1 item when configured post-install
    alibabaCloud: object
    aws: object
      serviceEndpoints: atomic list of object
        name: string /^[a-z0-9-]+$/
        url: string /^https:///
    azure: object
    baremetal: $BaremetalSpec
    equinixMetal: object
    external: object
      platformName: string default=Unknown
        @rule oldSelf == 'Unknown' || self == oldSelf
          @message platform name cannot be changed once set
    gcp: object
    ibmcloud: object
    kubevirt: object
    nutanix: object
      failureDomains: list by=name of object
        cluster!: $Cluster
        name!: string minLength=1 maxLength=64 /[a-z0-9]([-a-z0-9]*[a-z0-9])?/
        subnets!: atomic list minItems=1 maxItems=1 of $Cluster
      prismCentral!: object
        address!: string maxLength=256
        port!: int32 min=1 max=65535
      prismElements!: list by=name of object
        endpoint!: object
          address!: string maxLength=256
          port!: int32 min=1 max=65535
        name!: string maxLength=256
    openstack: $BaremetalSpec
    ovirt: object
    powervs: object
      serviceEndpoints: list by=name of object
        name!: string enum=CIS|COS|COSConfig|DNSServices|GlobalCatalog|GlobalSearch|GlobalTagging|HyperProtect|IAM|KeyProtect|Power|ResourceController|ResourceManager|VPC
        url!: string:uri /^https:///
    type: string enum=""|AWS|Azure|BareMetal|GCP|Libvirt|OpenStack|None|VSphere|oVirt|IBMCloud|KubeVirt|EquinixMetal|PowerVS|AlibabaCloud|Nutanix|External  # Its name.
    vsphere: object
      @rule !has(oldSelf.apiServerInternalIPs) || has(self.apiServerInternalIPs)
        @message apiServerInternalIPs list is required once set
      @rule !has(oldSelf.ingressIPs) || has(self.ingressIPs)
        @message ingressIPs list is required once set
      apiServerInternalIPs: $ApiServerInternalIPs
      failureDomains: list by=name of object
        @rule has(self.zoneAffinity) && self.zoneAffinity.type == 'HostGroup' ?  has(self.regionAffinity) && self.regionAffinity.type == 'ComputeCluster' : true
          @message when zoneAffinity type is HostGroup, regionAffinity type must be ComputeCluster
        @rule has(self.zoneAffinity) && self.zoneAffinity.type == 'ComputeCluster' ?  has(self.regionAffinity) && self.regionAffinity.type == 'Datacenter' : true
          @message when zoneAffinity type is ComputeCluster, regionAffinity type must be Datacenter
        name!: string minLength=1 maxLength=256
        region!: string minLength=1 maxLength=80
        regionAffinity: object
          type!: string enum=ComputeCluster|Datacenter
        server!: string minLength=1 maxLength=255
          @anyOf [{"format":"ipv4"},{"format":"ipv6"},{"format":"hostname"}]
        topology!: object
          computeCluster!: string maxLength=2048 /^/.*?/host/.*?/
          datacenter!: string maxLength=80
          datastore!: string maxLength=2048 /^/.*?/datastore/.*?/
          folder: string maxLength=2048 /^/.*?/vm/.*?/
          networks!: atomic list minItems=1 maxItems=10 of string
          resourcePool: string maxLength=2048 /^/.*?/host/.*?/Resources.*/
          template: string minLength=1 maxLength=2048 /^/.*?/vm/.*?/
        zone!: string minLength=1 maxLength=80
        zoneAffinity: object
          @rule has(self.type) && self.type == 'HostGroup' ?  has(self.hostGroup) : !has(self.hostGroup)
            @message hostGroup is required when type is HostGroup, and forbidden otherwise
          hostGroup: object
            hostGroup!: string minLength=1 maxLength=80
            vmGroup!: string minLength=1 maxLength=80
            vmHostRule!: string minLength=1 maxLength=80
          type!: string enum=HostGroup|ComputeCluster
      ingressIPs: $IngressIPs
      machineNetworks: $MachineNetworks
      nodeNetworking: object
        external: $VsphereNodeNetwork
        internal: $VsphereNodeNetwork
      vcenters: atomic list minItems=1 maxItems=3
        @rule self.all(x, self.exists_one(y, y.server == x.server))
          @message vcenters must have unique server values
        []: object
          datacenters!: set minItems=1 of string
          port: int32 min=1 max=32767
          server!: string maxLength=255
            @anyOf [{"format":"ipv4"},{"format":"ipv6"},{"format":"hostname"}]
status: object  # What there is.
  apiServerInternalURI: string  # The API from inside.
  apiServerURL: string  # The API from outside.
  controlPlaneTopology: string enum=HighlyAvailable|HighlyAvailableArbiter|SingleReplica|DualReplica|External default=HighlyAvailable  # HighlyAvailable, SingleReplica and others.
  cpuPartitioning: string enum=None|AllNodes default=None
  etcdDiscoveryDomain: string
  infrastructureName: string  # Name of the infrastructure.
  infrastructureTopology: string enum=HighlyAvailable|SingleReplica default=HighlyAvailable  # The same for workers.
  platform: string enum=""|AWS|Azure|BareMetal|GCP|Libvirt|OpenStack|None|VSphere|oVirt|IBMCloud|KubeVirt|EquinixMetal|PowerVS|AlibabaCloud|Nutanix|External  # Name of the platform.
  platformStatus: object  # The platform.
    alibabaCloud: object
      region!: string /^[0-9A-Za-z-]+$/
      resourceGroupID: string /^(rg-[0-9A-Za-z]+)?$/
      resourceTags: list by=key maxItems=20 of object
        key!: string minLength=1 maxLength=128
        value!: string minLength=1 maxLength=128
    aws: object
      cloudLoadBalancerConfig: $CloudLoadBalancerConfig
      ipFamily: string enum=IPv4|DualStackIPv6Primary|DualStackIPv4Primary default=IPv4
        @rule oldSelf == '' || self == oldSelf
          @message ipFamily is immutable once set
      region: string
      resourceTags: atomic list maxItems=25 of object
        key!: string minLength=1 maxLength=128
          @rule self.matches('^[0-9A-Za-z_.:/=+-@ ]+$')
            @message invalid AWS resource tag key. The string can contain only the set of alphanumeric characters, space (' '), '_', '.', '/', '=', '+', '-', ':', '@'
        value!: string minLength=1 maxLength=256
          @rule self.matches('^[0-9A-Za-z_.:/=+-@ ]+$')
            @message invalid AWS resource tag value. The string can contain only the set of alphanumeric characters, space (' '), '_', '.', '/', '=', '+', '-', ':', '@'
      serviceEndpoints: atomic list of object
        name: string /^[a-z0-9-]+$/
        url: string /^https:///
    azure: object
      @rule !has(oldSelf.resourceTags) && !has(self.resourceTags) || has(oldSelf.resourceTags) && has(self.resourceTags)
        @message resourceTags may only be configured during installation
      armEndpoint: string
      cloudLoadBalancerConfig: object default={"dnsType":"PlatformDefault"}
        @rule has(self.dnsType) && self.dnsType != 'ClusterHosted' ? !has(self.clusterHosted) : true
          @message clusterHosted is permitted only when dnsType is ClusterHosted
        clusterHosted: $ClusterHosted
        dnsType: string enum=ClusterHosted|PlatformDefault default=PlatformDefault
          @rule oldSelf == '' || self == oldSelf
            @message dnsType is immutable
      cloudName: string enum=""|AzurePublicCloud|AzureUSGovernmentCloud|AzureChinaCloud|AzureGermanCloud|AzureStackCloud|AzureUSSecCloud
      networkResourceGroupName: string
      resourceGroupName: string
      resourceTags: atomic list maxItems=10
        @rule self.all(x, x in oldSelf) && oldSelf.all(x, x in self)
          @message resourceTags are immutable and may only be configured during installation
        []: object
          key!: string minLength=1 maxLength=128 /^[a-zA-Z]([0-9A-Za-z_.-]*[0-9A-Za-z_])?$/
          value!: string minLength=1 maxLength=256 /^[0-9A-Za-z_.=+-@]+$/
    baremetal: $BaremetalStatus
    equinixMetal: object
      apiServerInternalIP: string
      ingressIP: string
    external: object
      @rule has(self.cloudControllerManager) == has(oldSelf.cloudControllerManager)
        @message cloudControllerManager may not be added or removed once set
      cloudControllerManager: object
        @rule (has(self.state) == has(oldSelf.state)) || (!has(oldSelf.state) && self.state != "External")
          @message state may not be added or removed once set
        state: string enum=""|External|None
          @rule self == oldSelf
            @message state is immutable once set
    gcp: object
      @rule !has(oldSelf.resourceLabels) && !has(self.resourceLabels) || has(oldSelf.resourceLabels) && has(self.resourceLabels)
        @message resourceLabels may only be configured during installation
      @rule !has(oldSelf.resourceTags) && !has(self.resourceTags) || has(oldSelf.resourceTags) && has(self.resourceTags)
        @message resourceTags may only be configured during installation
      cloudLoadBalancerConfig: $CloudLoadBalancerConfig
      projectID: string
      region: string
      resourceLabels: list by=key maxItems=32
        @rule self.all(x, x in oldSelf) && oldSelf.all(x, x in self)
          @message resourceLabels are immutable and may only be configured during installation
        []: object
          key!: string minLength=1 maxLength=63 /^[a-z][0-9a-z_-]{0,62}$/
            @rule !self.startsWith('openshift-io') && !self.startsWith('kubernetes-io')
              @message "label keys must not start with either \u0060openshift-io\u0060 or \u0060kubernetes-io\u0060"
          value!: string minLength=1 maxLength=63 /^[0-9a-z_-]{1,63}$/
      resourceTags: list by=key maxItems=50
        @rule self.all(x, x in oldSelf) && oldSelf.all(x, x in self)
          @message resourceTags are immutable and may only be configured during installation
        []: object
          key!: string minLength=1 maxLength=63 /^[a-zA-Z0-9]([0-9A-Za-z_.-]{0,61}[a-zA-Z0-9])?$/
          parentID!: string minLength=1 maxLength=32 /(^[1-9][0-9]{0,31}$)|(^[a-z][a-z0-9-]{4,28}[a-z0-9]$)/
          value!: string minLength=1 maxLength=63 /^[a-zA-Z0-9]([0-9A-Za-z_.@%=+:,*#&()\[\]{}\-\s]{0,61}[a-zA-Z0-9])?$/
    ibmcloud: object
      cisInstanceCRN: string
      dnsInstanceCRN: string
      location: string
      providerType: string
      resourceGroupName: string
      serviceEndpoints: list by=name of object
        name!: string enum=CIS|COS|COSConfig|DNSServices|GlobalCatalog|GlobalSearch|GlobalTagging|HyperProtect|IAM|KeyProtect|ResourceController|ResourceManager|VPC
        url!: string maxLength=300
          @rule isURL(self)
            @message url must be a valid absolute URL
    kubevirt: object
      apiServerInternalIP: string
      ingressIP: string
    nutanix: object
      apiServerInternalIP: string
      apiServerInternalIPs: set:ip maxItems=2
        @rule self == oldSelf || (size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true)
          @message apiServerInternalIPs must contain at most one IPv4 address and at most one IPv6 address
        []: string
      ingressIP: string
      ingressIPs: set:ip maxItems=2
        @rule self == oldSelf || (size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true)
          @message ingressIPs must contain at most one IPv4 address and at most one IPv6 address
        []: string
      loadBalancer: $LoadBalancer
    openstack: object
      apiServerInternalIP: string
      apiServerInternalIPs: atomic list:ip maxItems=2
        @rule self == oldSelf || (size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true)
          @message apiServerInternalIPs must contain at most one IPv4 address and at most one IPv6 address
        []: string
      cloudName: string
      ingressIP: string
      ingressIPs: atomic list:ip maxItems=2
        @rule self == oldSelf || (size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true)
          @message ingressIPs must contain at most one IPv4 address and at most one IPv6 address
        []: string
      loadBalancer: $LoadBalancer
      machineNetworks: $MachineNetworks
      nodeDNSIP: string
    ovirt: object
      apiServerInternalIP: string
      apiServerInternalIPs: set:ip maxItems=2
        @rule self == oldSelf || (size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true)
          @message apiServerInternalIPs must contain at most one IPv4 address and at most one IPv6 address
        []: string
      ingressIP: string
      ingressIPs: set:ip maxItems=2
        @rule self == oldSelf || (size(self) == 2 && isIP(self[0]) && isIP(self[1]) ? ip(self[0]).family() != ip(self[1]).family() : true)
          @message ingressIPs must contain at most one IPv4 address and at most one IPv6 address
        []: string
      loadBalancer: $LoadBalancer
      nodeDNSIP: string
    powervs: object
      @rule !has(oldSelf.resourceGroup) || has(self.resourceGroup)
        @message cannot unset resourceGroup once set
      cisInstanceCRN: string
      dnsInstanceCRN: string
      region: string
      resourceGroup: string maxLength=40 /^[a-zA-Z0-9-_ ]+$/
        @rule oldSelf == '' || self == oldSelf
          @message resourceGroup is immutable once set
      serviceEndpoints: list by=name of object
        name!: string enum=CIS|COS|COSConfig|DNSServices|GlobalCatalog|GlobalSearch|GlobalTagging|HyperProtect|IAM|KeyProtect|Power|ResourceController|ResourceManager|VPC
        url!: string:uri /^https:///
      zone: string
    type: string enum=""|AWS|Azure|BareMetal|GCP|Libvirt|OpenStack|None|VSphere|oVirt|IBMCloud|KubeVirt|EquinixMetal|PowerVS|AlibabaCloud|Nutanix|External  # Its name.
    vsphere: $BaremetalStatus
`,
        PARTS,
      ),
    },
  ],
};

/** Kinds that tell how the cluster itself is. */
export const CLUSTER_STATE_KINDS: readonly KindDefinition[] = [CLUSTER_VERSION, CLUSTER_OPERATOR];

export const OPENSHIFT_CONFIG_KINDS: readonly KindDefinition[] = [
  CLUSTER_VERSION,
  CLUSTER_OPERATOR,
  PROXY,
  INFRASTRUCTURE,
];
