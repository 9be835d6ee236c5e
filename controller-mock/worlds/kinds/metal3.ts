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
  credentials: $SecretReference  # Secret they are in.
  credentialsVersion: string  # Version of that secret.
$Firmware: object
  simultaneousMultithreadingEnabled: boolean enum=true|false  # A core runs several threads.
  sriovEnabled: boolean enum=true|false  # Devices can be shared by virtual machines.
  virtualizationEnabled: boolean enum=true|false  # Virtual machines can be run.
$Hardware: object  # What is built in.
  cpu: object  # Processors.
    arch: string  # Architecture.
    clockMegahertz: number:double  # Clock in MHz.
    count: integer  # Number of logical processors.
    flags: list of string  # Features.
    model: string  # Model.
  firmware: object  # Firmware.
    bios: object  # The BIOS.
      date: string  # When it was made.
      vendor: string  # Maker.
      version: string  # Version.
  hostname: string  # Name the ramdisk had.
  nics: list of object  # Network interfaces, one entry an address.
    ip: string  # IPv4 or IPv6 address.
    lldp: object  # What the switch told.
      portID: string  # Port of the switch.
      switchID: string  # Id of the switch.
      switchSystemName: string  # Name of the switch.
    mac: string /[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}/  # Hardware address.
    model: string  # Numbers of maker and product.
    name: string  # Kernel name.
    pciAddress: string  # Bus address.
    pxe: boolean  # It boots from the network.
    speedGbps: integer  # Speed in Gbit/s.
    vlanId: int32 min=0 max=4094  # VLAN of frames without a tag.
    vlans: list of object  # VLANs there are.
      id: int32 min=0 max=4094  # Number of the VLAN.
      name: string  # Name of the VLAN.
  ramMebibytes: integer  # Memory in MiB.
  storage: list of object  # Disks.
    alternateNames: list of string  # Other device paths.
    hctl: string  # SCSI address.
    model: string  # Model.
    name: string  # Device path.
    rotational: boolean  # Whether it turns.
    serialNumber: string  # Serial number.
    sizeBytes: int64  # Size.
    type: string enum=HDD|SSD|NVME  # Kind of disk.
    vendor: string  # Maker.
    wwn: string  # World wide name.
    wwnVendorExtension: string  # Maker's part of the world wide name.
    wwnWithExtension: string  # World wide name with the maker's part.
  systemVendor: object  # The machine.
    manufacturer: string  # Maker.
    productName: string  # Product.
    serialNumber: string  # Serial number.
$HostImage: object
  checksum: string  # Checksum, or where that is.
  checksumType: string enum=md5|sha256|sha512|auto  # Kind of checksum.
  format: string enum=raw|qcow2|vdi|vmdk|live-iso  # Its form.
  ociAuthSecretName: string  # Secret with the credentials of the image's registry.
  url!: string  # Where it is.
$Raid: object
  hardwareRAIDVolumes: list nullable of object  # Arrays the controller makes.
    controller: string  # Name of the controller.
    level!: string enum=0|1|2|5|6|1+0|5+0|6+0  # Kind of array.
    name: string maxLength=64  # Name of the array.
    numberOfPhysicalDisks: integer min=1  # How many disks it has.
    physicalDisks: list of string  # Names of its disks.
    rotational: boolean  # Whether its disks turn.
    sizeGibibytes: integer min=0  # Size in GiB; 0 for all there is.
  softwareRAIDVolumes: list maxItems=2 nullable of object  # Arrays the operating system makes; the first is for the root device.
    level!: string enum=0|1|1+0  # Kind of array.
    physicalDisks: list minItems=2 of $RootDeviceHints  # How its disks are recognised.
    rootVolume: boolean default=false  # The operating system is on it.
    sizeGibibytes: integer min=0  # Size in GiB; 0 for all there is.
$RootDeviceHints: object  # How the installation disk is recognised.
  deviceName: string  # Device path.
  hctl: string  # SCSI address.
  minSizeGigabytes: integer min=0  # Least size.
  model: string  # Part of the model.
  rotational: boolean  # Whether it turns.
  serialNumber: string  # Serial number.
  vendor: string  # Part of the maker.
  wwn: string  # World wide name.
  wwnVendorExtension: string  # Maker's part of the world wide name.
  wwnWithExtension: string  # World wide name with the maker's part.
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
  architecture: string  # Architecture of the machine.
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
  disablePowerOff: boolean  # It is rebooted where it would be switched off.
  externallyProvisioned: boolean  # Something else installs it.
  firmware: $Firmware  # Firmware settings that are named the same for all makers.
  hardwareProfile: string  # Old way to choose the disk.
  image: $HostImage  # What is written to the disk, or booted.
  inspectionMode: string enum=disabled|agent|fast  # How its hardware is found out.
  metaData: $SecretReference  # Secret with more data of the instance.
  networkData: $SecretReference  # Secret with the network configuration.
  networkInterfaces: list of object  # How its interfaces are connected.
    hostNetworkAttachment: object  # HostNetworkAttachment to use.
      name: string maxLength=253  # Name of the object.
      namespace: string maxLength=63  # Namespace of the object.
    macAddress: string /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/  # Hardware address.
    name: string /^[a-zA-Z0-9._-]+$/  # Name of the interface.
    switchPort: object  # Where the cable ends.
      portID!: string  # Port of the switch.
      switchID!: string /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/  # Hardware address of the switch.
  online!: boolean  # It shall be switched on.
  preprovisioningNetworkDataName: string  # Secret with the network configuration of the ramdisk.
  raid: $Raid  # Arrays of disks.
  rootDeviceHints: $RootDeviceHints
  taints: list of $NodeTaint  # Taints of the node.
  userData: $SecretReference  # Secret with the ignition.
status: object  # What the machine is.
  conditions: list by=type maxItems=32 of $StandardCondition  # What is known about the state, one entry a type.
  errorCount!: integer default=0  # How often it failed.
  errorMessage!: string  # Why it failed.
  errorType: string enum="provisioned registration error"|"registration error"|"inspection error"|"preparation error"|"provisioning error"|"power management error"|"servicing error"  # What kind of work failed.
  goodCredentials: $CredentialsStatus  # Credentials that worked last.
  hardware: $Hardware
  hardwareProfile: string  # Old way to choose the disk.
  lastAttemptedImage: $HostImage  # Image of the last attempt to provision.
  lastUpdated: time  # When this was written.
  operationHistory: object  # When the last work of each kind was done.
    deprovision: object  # Wiping.
      end: time nullable  # When it ended.
      start: time nullable  # When it began.
    inspect: object  # Inspection.
      end: time nullable  # When it ended.
      start: time nullable  # When it began.
    provision: object  # Provisioning.
      end: time nullable  # When it ended.
      start: time nullable  # When it began.
    register: object  # Registration.
      end: time nullable  # When it ended.
      start: time nullable  # When it began.
  operationalStatus!: string enum=""|OK|discovered|error|delayed|detached|servicing  # Whether all is well.
  poweredOn!: boolean  # It is switched on.
  provisioning!: object  # How far the work is.
    ID!: string  # The provisioner's id.
    bootMode: string enum=UEFI|UEFISecureBoot|legacy  # Firmware mode it was provisioned in.
    customDeploy: object  # Deployment by a step of the ramdisk.
      method!: string  # Name of the step.
    firmware: $Firmware  # Firmware settings it was provisioned with.
    image: $HostImage  # What is written to the disk, or booted.
    raid: $Raid  # Arrays it was provisioned with.
    rootDeviceHints: $RootDeviceHints
    state!: string  # State of the machine.
  provisioningFailCount!: integer default=0  # How often provisioning failed.
  triedCredentials: $CredentialsStatus  # Credentials that were tried last.
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
  conditions: $StandardConditions
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
  conditions: $StandardConditions
  lastUpdated: time  # When this was written.
  schema: $NamespacedReference  # The FirmwareSchema of these settings.
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
spec: object  # What is wanted.
  updates!: list of object  # Updates to make.
    component!: string  # Part to update.
    url!: string  # Where the new firmware is.
status: object  # What there is.
  components: list of object  # Parts with firmware.
    component!: string  # Name of the part.
    currentVersion: string  # Version it has.
    initialVersion!: string  # Version it had first.
    lastVersionFlashed: string  # Version of the last update.
    updatedAt: time  # When it was updated.
  conditions: $StandardConditions
  lastUpdated: time  # When this was written.
  updates: list of object  # Updates that were made last.
    component!: string  # Part that was updated.
    url!: string  # Where the new firmware was.
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
spec: object  # The settings.
  hardwareModel: string  # Model of the machine.
  hardwareVendor: string  # Maker of the machine.
  schema!: map of object  # Settings by name.
    allowable_values: list of string  # Values it takes.
    attribute_type: string enum=Enumeration|String|Integer|Boolean|Password  # Kind of value.
    lower_bound: integer  # Least number.
    max_length: integer  # Most characters.
    min_length: integer  # Least characters.
    read_only: boolean  # It cannot be changed.
    unique: boolean  # Its value is that of this machine alone.
    upper_bound: integer  # Greatest number.
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
spec: object  # What was found.
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
spec: object  # What is wanted.
  url!: string  # Where the image is.
status: object  # What there is.
  attachedImage: object  # Image that is attached.
    url!: string  # Where it is.
  error: object  # The last failure.
    count!: integer  # How often it failed.
    message!: string  # Why it failed.
  lastReconciled: time  # When it was last looked at.
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
spec: object  # What is wanted.
  context: string  # Sent along with every event.
  destination: string  # URL events are sent to.
  hostName: string  # The BareMetalHost.
  httpHeadersRef: $SecretReference  # Secret with headers of the requests.
status: object  # What there is.
  error: string  # Why it failed.
  subscriptionID: string  # Id the management controller gave it.
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
spec: object  # The policy.
  firmwareSettings: string enum=onPreparing|onReboot  # When settings are changed.
  firmwareUpdates: string enum=onPreparing|onReboot  # When updates are made.
status: object  # Nothing is reported.
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
  additionalNTPServers: list of string  # Time sources of the ramdisk.
  bootIsoSource: string enum=local|http  # Whence the boot image is served.
  disableVirtualMediaTLS: boolean  # Virtual media are served over plain http.
  externalIPs: list of string  # Addresses of the provisioner from outside.
  preProvisioningOSDownloadURLs: object  # Live systems to boot machines from.
    initramfsURL: string  # The initial file system.
    isoURL: string  # The image.
    kernelURL: string  # The kernel.
    rootfsURL: string  # The root file system.
  prometheusExporter: object  # Metrics of the machines' sensors.
    disableDefaultPrometheusRules: boolean  # No alerts are set up.
    enabled!: boolean  # It is on.
    sensorCollectionInterval: integer min=60 default=60  # Seconds between two readings.
  provisioningDHCPExternal: boolean  # Something else gives addresses; old.
  provisioningDHCPRange: string  # Addresses for machines.
  provisioningDNS: boolean  # The provisioner tells machines of a DNS server.
  provisioningIP: string  # Address of the provisioner.
  provisioningInterface: string  # Interface of the provisioner.
  provisioningMacAddresses: list of string  # Interfaces of the provisioner, by hardware address.
  provisioningNetwork: string enum=Managed|Unmanaged|Disabled  # Whose it is.
  provisioningNetworkCIDR: string  # Its addresses.
  provisioningNetworkGateway: string  # Gateway of the network.
  provisioningOSDownloadURL: string  # Image that is written to the disk.
  unsupportedConfigOverrides: object  # For developers.
    ironicAgentImage: string  # Image of the provisioner's agent.
  virtualMediaViaExternalNetwork: boolean  # Virtual media are served over the external network.
  watchAllNamespaces: boolean  # Machines of all namespaces are looked after.
status: object  # How it goes.
  conditions: list by=type of object  # What is known about the state, one entry a type.
    lastTransitionTime!: time  # When the status last changed.
    message: string  # For people.
    reason: string  # One word that says why.
    status!: string enum=True|False|Unknown  # True, False or Unknown.
    type!: string maxLength=316 /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/  # What the entry is about.
  generations: list by=group,resource,namespace,name of object  # Objects that were deployed.
    group!: string  # Group of the kind.
    hash: string  # Fingerprint of the content.
    lastGeneration: int64  # Generation that was deployed.
    name!: string  # Name of the object.
    namespace!: string  # Namespace of the object.
    resource!: string  # Plural of the kind.
  latestAvailableRevision: int32  # Revision that was deployed last.
    @rule self >= oldSelf
      @message must only increase
  observedGeneration: int64  # Generation that was looked at.
  readyReplicas: int32  # Replicas that are ready.
  version: string  # Version that was deployed.
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
