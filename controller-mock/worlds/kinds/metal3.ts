/** Kinds of group metal3.io. Service facts 6.1 and 6.5, installer facts 2.4.6. */
import { AGE, type KindDefinition } from './definition.ts';
import { conditions, flag, list, map, object, open, text, texts, time, whole, word } from './schema.ts';

const GROUP = { group: 'metal3.io', versions: ['v1alpha1'] } as const;

const MAC = '^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$';

const SECRET_REFERENCE = (description: string) =>
  object(description, { name: text('Name of the secret.'), namespace: text('Namespace of the secret.') });

const IMAGE = open(
  'What is written to the disk, or booted.',
  {
    url: text('Where it is.'),
    format: word('Its form.', ['raw', 'qcow2', 'vdi', 'vmdk', 'live-iso']),
    checksum: text('Checksum, or where that is.'),
    checksumType: text('Kind of checksum.'),
  },
  ['url'],
);

const ROOT_DEVICE_HINTS = open('How the installation disk is recognised.', {
  deviceName: text('Device path.'),
  hctl: text('SCSI address.'),
  model: text('Part of the model.'),
  vendor: text('Part of the maker.'),
  serialNumber: text('Serial number.'),
  minSizeGigabytes: whole('Least size.', { minimum: 0 }),
  wwn: text('World wide name.'),
  rotational: flag('Whether it turns.'),
});

const BARE_METAL_HOST: KindDefinition = {
  ...GROUP,
  kind: 'BareMetalHost',
  plural: 'baremetalhosts',
  shortNames: ['bmh', 'bmhost'],
  namespaced: true,
  description: 'A physical machine and its management controller.',
  statusSubresource: true,
  columns: [
    { name: 'Status', type: 'string', jsonPath: '.status.operationalStatus', priority: 1 },
    { name: 'State', type: 'string', jsonPath: '.status.provisioning.state' },
    { name: 'Consumer', type: 'string', jsonPath: '.spec.consumerRef.name' },
    { name: 'BMC', type: 'string', jsonPath: '.spec.bmc.address', priority: 1 },
    { name: 'Hardware_Profile', type: 'string', jsonPath: '.status.hardwareProfile', priority: 1 },
    { name: 'Online', type: 'string', jsonPath: '.spec.online' },
    { name: 'Error', type: 'string', jsonPath: '.status.errorType' },
    AGE,
  ],
  fields: {
    spec: open(
      'What the machine shall be.',
      {
        online: flag('It shall be switched on.'),
        bmc: object(
          'Its management controller.',
          {
            address: text('URL; the scheme names the protocol.'),
            credentialsName: text('Secret with user name and password.'),
            disableCertificateVerification: flag('Its certificate is not checked.'),
          },
          ['address', 'credentialsName'],
        ),
        bootMACAddress: text('Hardware address of the interface it boots from.', { pattern: MAC }),
        bootMode: word('Firmware mode.', ['UEFI', 'UEFISecureBoot', 'legacy']),
        automatedCleaningMode: word('What is wiped before use.', ['metadata', 'disabled'], { default: 'metadata' }),
        externallyProvisioned: flag('Something else installs it.'),
        image: IMAGE,
        customDeploy: object('Deployment by a step of the ramdisk.', { method: text('Name of the step.') }, ['method']),
        rootDeviceHints: ROOT_DEVICE_HINTS,
        consumerRef: open('Who uses the machine.', {
          apiVersion: text('Group and version of the kind.'),
          kind: text('The kind.'),
          name: text('Name of the object.'),
          namespace: text('Namespace of the object.'),
        }),
        description: text('For people.'),
        hardwareProfile: text('Old way to choose the disk.'),
        userData: SECRET_REFERENCE('Secret with the ignition.'),
        networkData: SECRET_REFERENCE('Secret with the network configuration.'),
        metaData: SECRET_REFERENCE('Secret with more data of the instance.'),
        preprovisioningNetworkDataName: text('Secret with the network configuration of the ramdisk.'),
        taints: list('Taints of the node.', open('One taint.')),
      },
      ['online'],
    ),
    status: open('What the machine is.', {
      operationalStatus: word('Whether all is well.', ['', 'OK', 'discovered', 'error', 'delayed', 'detached']),
      errorType: text('What kind of work failed.'),
      errorMessage: text('Why it failed.'),
      errorCount: whole('How often it failed.', { default: 0 }),
      hardwareProfile: text('Old way to choose the disk.'),
      poweredOn: flag('It is switched on.'),
      lastUpdated: time('When this was written.'),
      hardware: open('What is built in.'),
      provisioning: open('How far the work is.', {
        state: text('State of the machine.'),
        ID: text("The provisioner's id."),
        image: IMAGE,
        rootDeviceHints: ROOT_DEVICE_HINTS,
      }),
    }),
  },
};

const PREPROVISIONING_IMAGE: KindDefinition = {
  ...GROUP,
  kind: 'PreprovisioningImage',
  plural: 'preprovisioningimages',
  shortNames: ['ppimg'],
  namespaced: true,
  description: 'The ramdisk one machine boots before it is provisioned.',
  statusSubresource: true,
  columns: [
    { name: 'Ready', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].status" },
    { name: 'Reason', type: 'string', jsonPath: ".status.conditions[?(@.type=='Ready')].reason" },
  ],
  fields: {
    spec: object('What is wanted.', {
      acceptFormats: list('Forms the machine can boot.', { type: 'string', enum: ['iso', 'initrd'] }),
      architecture: text('Architecture of the machine.'),
      networkDataName: text('Secret with the network configuration.'),
    }),
    status: object('What there is.', {
      architecture: text('Architecture of the image.'),
      format: word('Its form.', ['iso', 'initrd']),
      imageUrl: text('Where it is.'),
      kernelUrl: text('Where its kernel is.'),
      extraKernelParams: text('More arguments of the kernel.'),
      networkData: object('Network configuration that is in it.', {
        name: text('Secret it was read from.'),
        version: text('Version of that secret.'),
      }),
      conditions: conditions(),
    }),
  },
};

const HOST_FIRMWARE_SETTINGS: KindDefinition = {
  ...GROUP,
  kind: 'HostFirmwareSettings',
  plural: 'hostfirmwaresettings',
  shortNames: ['hfs'],
  namespaced: true,
  description: 'Firmware settings of one machine.',
  statusSubresource: true,
  fields: {
    spec: open('What is wanted.', {
      settings: map('Settings by name.', { 'x-kubernetes-int-or-string': true }),
    }),
    status: open('What there is.', {
      settings: map('Settings by name.'),
      conditions: conditions(),
    }),
  },
};

const PROVISIONING: KindDefinition = {
  ...GROUP,
  kind: 'Provisioning',
  plural: 'provisionings',
  namespaced: false,
  description: 'How the cluster provisions machines; there is one, provisioning-configuration.',
  statusSubresource: true,
  fields: {
    spec: open('The network machines are provisioned over.', {
      provisioningNetwork: word('Whose it is.', ['Managed', 'Unmanaged', 'Disabled']),
      provisioningNetworkCIDR: text('Its addresses.'),
      provisioningIP: text('Address of the provisioner.'),
      provisioningInterface: text('Interface of the provisioner.'),
      provisioningMacAddresses: texts('Interfaces of the provisioner, by hardware address.'),
      provisioningDHCPRange: text('Addresses for machines.'),
      watchAllNamespaces: flag('Machines of all namespaces are looked after.'),
    }),
    status: open('How it goes.', {
      conditions: conditions(),
      observedGeneration: whole('Generation that was looked at.', { format: 'int64' }),
      readyReplicas: whole('Replicas that are ready.', { format: 'int32' }),
    }),
  },
};

export const METAL3_KINDS: readonly KindDefinition[] = [
  BARE_METAL_HOST,
  PREPROVISIONING_IMAGE,
  HOST_FIRMWARE_SETTINGS,
  PROVISIONING,
];
