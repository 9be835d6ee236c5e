/**
 * Kinds of group metal3.io, as in metal3-io/baremetal-operator, config/base/crds/bases, and Provisioning as in
 * openshift/cluster-baremetal-operator, manifests (August 2026).
 */

import { COMMON_PARTS } from './common-parts.ts';
import { AGE, type KindDefinition } from './definition.ts';
import { fields, parts } from './notation.ts';

const GROUP = 'metal3.io';

const PARTS = parts(
  `
$CredentialsStatus: object
  credentials: $SecretReference
  credentialsVersion: string
$Firmware: object
  simultaneousMultithreadingEnabled: boolean enum=true|false
  sriovEnabled: boolean enum=true|false
  virtualizationEnabled: boolean enum=true|false
$Hardware: object  # What is built in.
  cpu: object
    arch: string
    clockMegahertz: number:double
    count: integer
    flags: list of string
    model: string
  firmware: object
    bios: object
      date: string
      vendor: string
      version: string
  hostname: string
  nics: list of object
    ip: string
    lldp: object
      portID: string
      switchID: string
      switchSystemName: string
    mac: string /[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}/
    model: string
    name: string
    pciAddress: string
    pxe: boolean
    speedGbps: integer
    vlanId: int32 min=0 max=4094
    vlans: list of object
      id: int32 min=0 max=4094
      name: string
  ramMebibytes: integer
  storage: list of object
    alternateNames: list of string
    hctl: string
    model: string
    name: string
    rotational: boolean
    serialNumber: string
    sizeBytes: int64
    type: string enum=HDD|SSD|NVME
    vendor: string
    wwn: string
    wwnVendorExtension: string
    wwnWithExtension: string
  systemVendor: object
    manufacturer: string
    productName: string
    serialNumber: string
$HostImage: object  # What is written to the disk, or booted.
  checksum: string  # Checksum, or where that is.
  checksumType: string enum=md5|sha256|sha512|auto  # Kind of checksum.
  format: string enum=raw|qcow2|vdi|vmdk|live-iso  # Its form.
  ociAuthSecretName: string
  url!: string  # Where it is.
$Raid: object
  hardwareRAIDVolumes: list nullable of object
    controller: string
    level!: string enum=0|1|2|5|6|1+0|5+0|6+0
    name: string maxLength=64
    numberOfPhysicalDisks: integer min=1
    physicalDisks: list of string
    rotational: boolean
    sizeGibibytes: integer min=0
  softwareRAIDVolumes: list maxItems=2 nullable of object
    level!: string enum=0|1|1+0
    physicalDisks: list minItems=2 of $RootDeviceHints
    rootVolume: boolean default=false
    sizeGibibytes: integer min=0
$RootDeviceHints: object  # How the installation disk is recognised.
  deviceName: string  # Device path.
  hctl: string  # SCSI address.
  minSizeGigabytes: integer min=0  # Least size.
  model: string  # Part of the model.
  rotational: boolean  # Whether it turns.
  serialNumber: string  # Serial number.
  vendor: string  # Part of the maker.
  wwn: string  # World wide name.
  wwnVendorExtension: string
  wwnWithExtension: string
$SecretReference: atomic object
  name: string  # Name of the secret.
  namespace: string  # Namespace of the secret.
`,
  COMMON_PARTS,
);

const BARE_METAL_HOST: KindDefinition = {
  group: GROUP,
  kind: 'BareMetalHost',
  plural: 'baremetalhosts',
  shortNames: ['bmh', 'bmhost'],
  namespaced: true,
  description: 'A physical machine and its management controller.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      columns: [
        { name: 'Status', type: 'string', jsonPath: '.status.operationalStatus', priority: 1 },
        { name: 'State', type: 'string', jsonPath: '.status.provisioning.state' },
        { name: 'Consumer', type: 'string', jsonPath: '.spec.consumerRef.name' },
        { name: 'BMC', type: 'string', jsonPath: '.spec.bmc.address', priority: 1 },
        { name: 'Online', type: 'string', jsonPath: '.spec.online' },
        { name: 'Error', type: 'string', jsonPath: '.status.errorType' },
        AGE,
      ],
      fields: fields(
        `
spec: object  # What the machine shall be.
  architecture: string
  automatedCleaningMode: string enum=metadata|disabled default=metadata  # What is wiped before use.
  bmc: object  # Its management controller.
    address!: string  # URL; the scheme names the protocol.
    credentialsName!: string  # Secret with user name and password.
    disableCertificateVerification: boolean  # Its certificate is not checked.
  bootMACAddress: string /[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}/  # Hardware address of the interface it boots from.
  bootMode: string enum=UEFI|UEFISecureBoot|legacy  # Firmware mode.
  consumerRef: $ObjectReference  # Who uses the machine.
  customDeploy: object  # Deployment by a step of the ramdisk.
    method!: string  # Name of the step.
  description: string  # For people.
  disablePowerOff: boolean
  externallyProvisioned: boolean  # Something else installs it.
  firmware: $Firmware
  hardwareProfile: string  # Old way to choose the disk.
  image: $HostImage
  inspectionMode: string enum=disabled|agent|fast
  metaData: $SecretReference  # Secret with more data of the instance.
  networkData: $SecretReference  # Secret with the network configuration.
  networkInterfaces: list of object
    hostNetworkAttachment: object
      name: string maxLength=253
      namespace: string maxLength=63
    macAddress: string /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/
    name: string /^[a-zA-Z0-9._-]+$/
    switchPort: object
      portID!: string
      switchID!: string /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/
  online!: boolean  # It shall be switched on.
  preprovisioningNetworkDataName: string  # Secret with the network configuration of the ramdisk.
  raid: $Raid
  rootDeviceHints: $RootDeviceHints
  taints: list of $NodeTaint  # Taints of the node.
  userData: $SecretReference  # Secret with the ignition.
status: object  # What the machine is.
  conditions: list by=type maxItems=32 of $StandardCondition
  errorCount!: integer default=0  # How often it failed.
  errorMessage!: string  # Why it failed.
  errorType: string enum="provisioned registration error"|"registration error"|"inspection error"|"preparation error"|"provisioning error"|"power management error"|"servicing error"  # What kind of work failed.
  goodCredentials: $CredentialsStatus
  hardware: $Hardware
  hardwareProfile: string  # Old way to choose the disk.
  lastAttemptedImage: $HostImage
  lastUpdated: time  # When this was written.
  operationHistory: object
    deprovision: object
      end: time nullable
      start: time nullable
    inspect: object
      end: time nullable
      start: time nullable
    provision: object
      end: time nullable
      start: time nullable
    register: object
      end: time nullable
      start: time nullable
  operationalStatus!: string enum=""|OK|discovered|error|delayed|detached|servicing  # Whether all is well.
  poweredOn!: boolean  # It is switched on.
  provisioning!: object  # How far the work is.
    ID!: string  # The provisioner's id.
    bootMode: string enum=UEFI|UEFISecureBoot|legacy
    customDeploy: object
      method!: string
    firmware: $Firmware
    image: $HostImage
    raid: $Raid
    rootDeviceHints: $RootDeviceHints
    state!: string  # State of the machine.
  provisioningFailCount!: integer default=0
  triedCredentials: $CredentialsStatus
`,
        PARTS,
      ),
    },
  ],
};

const PREPROVISIONING_IMAGE: KindDefinition = {
  group: GROUP,
  kind: 'PreprovisioningImage',
  plural: 'preprovisioningimages',
  shortNames: ['ppimg'],
  namespaced: true,
  description: 'The ramdisk one machine boots before it is provisioned.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      columns: [
        { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
        { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason" },
      ],
      fields: fields(
        `
spec: object  # What is wanted.
  acceptFormats: list of string enum=iso|initrd  # Forms the machine can boot.
  architecture: string  # Architecture of the machine.
  networkDataName: string  # Secret with the network configuration.
status: object  # What there is.
  architecture: string  # Architecture of the image.
  conditions: $StandardConditions  # What is known about the state, one entry a type.
  extraKernelParams: string  # More arguments of the kernel.
  format: string enum=iso|initrd  # Its form.
  imageUrl: string  # Where it is.
  kernelUrl: string  # Where its kernel is.
  networkData: object  # Network configuration that is in it.
    name: string  # Secret it was read from.
    version: string  # Version of that secret.
`,
        PARTS,
      ),
    },
  ],
};

const HOST_FIRMWARE_SETTINGS: KindDefinition = {
  group: GROUP,
  kind: 'HostFirmwareSettings',
  plural: 'hostfirmwaresettings',
  shortNames: ['hfs'],
  namespaced: true,
  description: 'Firmware settings of one machine.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      fields: fields(
        `
spec: object  # What is wanted.
  settings!: map of int-or-string  # Settings by name.
status: object  # What there is.
  conditions: $StandardConditions  # What is known about the state, one entry a type.
  lastUpdated: time
  schema: $NamespacedReference
  settings!: map of string  # Settings by name.
`,
        PARTS,
      ),
    },
  ],
};

const HOST_FIRMWARE_COMPONENTS: KindDefinition = {
  group: GROUP,
  kind: 'HostFirmwareComponents',
  plural: 'hostfirmwarecomponents',
  namespaced: true,
  description: 'Firmware of the parts of one machine, and the updates that are wanted.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      fields: fields(
        `
spec: object
  updates!: list of object
    component!: string
    url!: string
status: object
  components: list of object
    component!: string
    currentVersion: string
    initialVersion!: string
    lastVersionFlashed: string
    updatedAt: time
  conditions: $StandardConditions
  lastUpdated: time
  updates: list of object
    component!: string
    url!: string
`,
        PARTS,
      ),
    },
  ],
};

const FIRMWARE_SCHEMA: KindDefinition = {
  group: GROUP,
  kind: 'FirmwareSchema',
  plural: 'firmwareschemas',
  namespaced: true,
  description: 'Firmware settings a kind of machine has, and the values they take.',
  statusSubresource: false,
  versions: [
    {
      name: 'v1alpha1',
      fields: fields(
        `
spec: object
  hardwareModel: string
  hardwareVendor: string
  schema!: map of object
    allowable_values: list of string
    attribute_type: string enum=Enumeration|String|Integer|Boolean|Password
    lower_bound: integer
    max_length: integer
    min_length: integer
    read_only: boolean
    unique: boolean
    upper_bound: integer
`,
        PARTS,
      ),
    },
  ],
};

const HARDWARE_DATA: KindDefinition = {
  group: GROUP,
  kind: 'HardwareData',
  plural: 'hardwaredata',
  shortNames: ['hd'],
  namespaced: true,
  description: 'What inspection found in one machine.',
  statusSubresource: false,
  versions: [
    {
      name: 'v1alpha1',
      columns: [AGE],
      fields: fields(
        `
spec: object
  hardware: $Hardware
`,
        PARTS,
      ),
    },
  ],
};

const DATA_IMAGE: KindDefinition = {
  group: GROUP,
  kind: 'DataImage',
  plural: 'dataimages',
  namespaced: true,
  description: 'A virtual medium for a machine that runs.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      fields: fields(
        `
spec: object
  url!: string
status: object
  attachedImage: object
    url!: string
  error: object
    count!: integer
    message!: string
  lastReconciled: time
`,
        PARTS,
      ),
    },
  ],
};

const BMC_EVENT_SUBSCRIPTION: KindDefinition = {
  group: GROUP,
  kind: 'BMCEventSubscription',
  plural: 'bmceventsubscriptions',
  shortNames: ['bes', 'bmcevent'],
  namespaced: true,
  description: 'Asks a management controller to report its events.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      columns: [{ name: 'Error', type: 'string', jsonPath: '.status.error' }, AGE],
      fields: fields(
        `
spec: object
  context: string
  destination: string
  hostName: string
  httpHeadersRef: $SecretReference
status: object
  error: string
  subscriptionID: string
`,
        PARTS,
      ),
    },
  ],
};

const HOST_UPDATE_POLICY: KindDefinition = {
  group: GROUP,
  kind: 'HostUpdatePolicy',
  plural: 'hostupdatepolicies',
  namespaced: true,
  description: 'When the firmware of a machine may be changed.',
  statusSubresource: false,
  versions: [
    {
      name: 'v1alpha1',
      fields: fields(
        `
spec: object
  firmwareSettings: string enum=onPreparing|onReboot
  firmwareUpdates: string enum=onPreparing|onReboot
status: object
`,
        PARTS,
      ),
    },
  ],
};

const PROVISIONING: KindDefinition = {
  group: GROUP,
  kind: 'Provisioning',
  plural: 'provisionings',
  namespaced: false,
  description: 'How the cluster provisions machines; there is one, provisioning-configuration.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1alpha1',
      fields: fields(
        String.raw`
spec: object  # The network machines are provisioned over.
  additionalNTPServers: list of string
  bootIsoSource: string enum=local|http
  disableVirtualMediaTLS: boolean
  externalIPs: list of string
  preProvisioningOSDownloadURLs: object
    initramfsURL: string
    isoURL: string
    kernelURL: string
    rootfsURL: string
  prometheusExporter: object
    disableDefaultPrometheusRules: boolean
    enabled!: boolean
    sensorCollectionInterval: integer min=60 default=60
  provisioningDHCPExternal: boolean
  provisioningDHCPRange: string  # Addresses for machines.
  provisioningDNS: boolean
  provisioningIP: string  # Address of the provisioner.
  provisioningInterface: string  # Interface of the provisioner.
  provisioningMacAddresses: list of string  # Interfaces of the provisioner, by hardware address.
  provisioningNetwork: string enum=Managed|Unmanaged|Disabled  # Whose it is.
  provisioningNetworkCIDR: string  # Its addresses.
  provisioningNetworkGateway: string
  provisioningOSDownloadURL: string
  unsupportedConfigOverrides: object
    ironicAgentImage: string
  virtualMediaViaExternalNetwork: boolean
  watchAllNamespaces: boolean  # Machines of all namespaces are looked after.
status: object  # How it goes.
  conditions: list by=type of object  # What is known about the state, one entry a type.
    lastTransitionTime!: time  # When the status last changed.
    message: string  # For people.
    reason: string  # One word that says why.
    status!: string enum=True|False|Unknown  # True, False or Unknown.
    type!: string maxLength=316 /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/  # What the entry is about.
  generations: list by=group,resource,namespace,name of object
    group!: string
    hash: string
    lastGeneration: int64
    name!: string
    namespace!: string
    resource!: string
  latestAvailableRevision: int32
    @rule self >= oldSelf
      @message must only increase
  observedGeneration: int64  # Generation that was looked at.
  readyReplicas: int32  # Replicas that are ready.
  version: string
`,
        PARTS,
      ),
    },
  ],
};

export const METAL3_KINDS: readonly KindDefinition[] = [
  BARE_METAL_HOST,
  PREPROVISIONING_IMAGE,
  HOST_FIRMWARE_SETTINGS,
  HOST_FIRMWARE_COMPONENTS,
  FIRMWARE_SCHEMA,
  HARDWARE_DATA,
  DATA_IMAGE,
  BMC_EVENT_SUBSCRIPTION,
  HOST_UPDATE_POLICY,
  PROVISIONING,
];
