/** Kinds of group agent-install.openshift.io. Service facts 6.1 and 6.2. */

import type { Schema } from '../../server/resource.ts';
import type { KindDefinition } from './definition.ts';
import {
  conditions,
  flag,
  labelSelector,
  list,
  map,
  namespacedReference,
  object,
  open,
  quantity,
  reference,
  text,
  texts,
  time,
  webProxy,
  whole,
  word,
} from './schema.ts';

const GROUP = { group: 'agent-install.openshift.io', versions: ['v1beta1'] } as const;

const bytes = (description: string) => whole(description, { format: 'int64' });

/** Outcome of the service's checks, by category. */
export const VALIDATIONS = map(
  'Checks of the service, by category.',
  list(
    'Checks of one category.',
    object(
      'One check.',
      { id: text('Name of the check.'), status: text('Its outcome.'), message: text('What was found.') },
      ['id', 'status', 'message'],
    ),
  ),
);

const ADDRESSES = {
  ipV4Addresses: texts('IPv4 addresses with prefix length.'),
  ipV6Addresses: texts('IPv6 addresses with prefix length.'),
};

const INVENTORY = object('Hardware as the agent reported it.', {
  hostname: text('Name the host has itself.'),
  reportTime: time('When it was reported.'),
  bmcAddress: text('IPv4 address of the management controller.'),
  bmcV6Address: text('IPv6 address of the management controller.'),
  boot: object('How the host was booted.', {
    currentBootMode: text('uefi or bios.'),
    deviceType: text('Kind of boot device.'),
    pxeInterface: text('Interface of a network boot.'),
  }),
  cpu: object('Processors.', {
    architecture: text('For instance x86_64.'),
    clockMegahertz: bytes('Clock in MHz.'),
    count: bytes('Number of logical processors.'),
    flags: texts('Features.'),
    modelName: text('Model.'),
  }),
  memory: object('Memory.', {
    physicalBytes: bytes('Built in.'),
    usableBytes: bytes('Left to the operating system.'),
  }),
  disks: list(
    'Disks.',
    object(
      'One disk.',
      {
        id: text('What the installation disk is chosen by.'),
        name: text('Kernel name.'),
        path: text('Device path.'),
        byID: text('Stable path by serial number.'),
        byPath: text('Stable path by bus address.'),
        hctl: text('SCSI address.'),
        driveType: text('HDD, SSD and others.'),
        model: text('Model.'),
        vendor: text('Maker.'),
        serial: text('Serial number.'),
        wwn: text('World wide name.'),
        smart: text('Health as the disk tells it.'),
        sizeBytes: bytes('Size.'),
        bootable: flag('Whether something can be booted from it.'),
        installationEligibility: object('Whether a system may be installed on it.', {
          eligible: flag('It may.'),
          notEligibleReasons: texts('Why not.'),
        }),
        ioPerf: object('Speed.', { syncDurationMilliseconds: bytes('Duration of a synchronous write.') }),
      },
      ['id'],
    ),
  ),
  gpus: list(
    'Graphics processors.',
    object('One of them.', {
      address: text('Bus address.'),
      deviceID: text('Device number.'),
      name: text('Name.'),
      vendor: text('Maker.'),
      vendorID: text("Maker's number."),
    }),
  ),
  interfaces: list(
    'Network interfaces.',
    object(
      'One interface.',
      {
        ...ADDRESSES,
        name: text('Kernel name.'),
        biosDevName: text("Firmware's name."),
        clientID: text('DHCP client.'),
        flags: texts('State.'),
        hasCarrier: flag('Whether a cable is in.'),
        macAddress: text('Hardware address.'),
        mtu: bytes('Largest packet.'),
        product: text('Product number.'),
        speedMbps: bytes('Speed in Mbit/s.'),
        vendor: text("Maker's number."),
      },
      ['flags', 'ipV4Addresses', 'ipV6Addresses'],
    ),
  ),
  systemVendor: object('The machine.', {
    manufacturer: text('Maker.'),
    productName: text('Product.'),
    serialNumber: text('Serial number.'),
    virtual: flag('Whether it is a virtual machine.'),
  }),
});

const AGENT: KindDefinition = {
  ...GROUP,
  kind: 'Agent',
  plural: 'agents',
  namespaced: true,
  description: 'A host the service has discovered.',
  statusSubresource: true,
  columns: [
    { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterDeploymentName.name' },
    { name: 'Approved', type: 'boolean', jsonPath: '.spec.approved' },
    { name: 'Role', type: 'string', jsonPath: '.status.role' },
    { name: 'Stage', type: 'string', jsonPath: '.status.progress.currentStage' },
    { name: 'Hostname', type: 'string', jsonPath: '.status.inventory.hostname', priority: 1 },
    { name: 'Requested Hostname', type: 'string', jsonPath: '.spec.hostname', priority: 1 },
  ],
  fields: {
    spec: object(
      'What the user wants of the host.',
      {
        approved: flag('The host may be installed.'),
        role: text('auto-assign, master, arbiter or worker.'),
        hostname: text('Name the node gets.'),
        clusterDeploymentName: object('Cluster the host belongs to.', {
          name: text('Name of the ClusterDeployment.'),
          namespace: text('Namespace of the ClusterDeployment.'),
        }),
        machineConfigPool: text('Pool the node joins.'),
        installation_disk_id: text('Disk to install on, by its id.'),
        installation_disk_path: text('Disk to install on, by its path.'),
        installerArgs: text('More arguments of the image writer, as a JSON list.'),
        ignitionConfigOverrides: text('Laid over the ignition of the host, as JSON.'),
        ignitionEndpointTokenReference: namespacedReference('Secret with the token of the ignition server.', true),
        ignitionEndpointHTTPHeaders: map('Headers of the request for the ignition.'),
        nodeLabels: map('Labels the node gets.'),
        fencingCredentialsSecretRef: text('Secret with credentials for fencing.'),
      },
      ['approved', 'role'],
    ),
    status: object('What the service knows of the host.', {
      bootstrap: flag('The host runs the bootstrap.'),
      role: text('Role it has.'),
      kind: text('Kind the service gives it.'),
      installation_disk_id: text('Disk it is installed on.'),
      conditions: conditions('lastHeartbeatTime'),
      inventory: INVENTORY,
      progress: object('How far the installation is.', {
        currentStage: text('Stage under way.'),
        progressInfo: text('What the stage says of itself.'),
        progressStages: texts('Stages of this host in their order.'),
        installationPercentage: bytes('Part that is done.'),
        stageStartTime: time('Start of the stage.'),
        stageUpdateTime: time('Last news of the stage.'),
      }),
      debugInfo: object('Where to look when something is wrong.', {
        state: text('State in the service.'),
        stateInfo: text('Why it is in that state.'),
        eventsURL: text('Events of the host.'),
        logsURL: text('Logs of the host.'),
      }),
      ntpSources: list(
        'Time sources.',
        object('One source.', { sourceName: text('Its name.'), sourceState: text('Whether it is in use.') }),
      ),
      validationsInfo: VALIDATIONS,
      csrStatus: object('Certificate requests the service approved on the spoke.', {
        lastApprovalAttempt: time('When it last tried.'),
        approvedCSRs: list(
          'Approved requests.',
          object(
            'One request.',
            { name: text('Its name.'), type: text('Client or serving.'), approvedAt: time('When it was approved.') },
            ['name', 'type', 'approvedAt'],
          ),
        ),
      }),
      deprovision_info: object('Node that is left behind after the host was unbound.', {
        cluster_name: text('Cluster it was in.'),
        cluster_namespace: text('Namespace of that cluster.'),
        node_name: text('Name of the node.'),
        message: text('What went wrong.'),
      }),
    }),
  },
};

const INFRA_ENV: KindDefinition = {
  ...GROUP,
  kind: 'InfraEnv',
  plural: 'infraenvs',
  namespaced: true,
  description: 'A discovery image and the hosts that boot from it.',
  statusSubresource: true,
  columns: [
    { name: 'ISO Created At', type: 'string', jsonPath: '.status.createdTime' },
    { name: 'ISO URL', type: 'string', jsonPath: '.status.isoDownloadURL', priority: 1 },
  ],
  fields: {
    spec: object(
      'What the image shall contain.',
      {
        clusterRef: object('Cluster its hosts belong to; without it they are bound later.', {
          name: text('Name of the ClusterDeployment.'),
          namespace: text('Namespace of the ClusterDeployment.'),
        }),
        pullSecretRef: reference('Secret with the registry credentials.'),
        sshAuthorizedKey: text('Public key of user core.'),
        cpuArchitecture: text('Architecture of the hosts.', { default: 'x86_64' }),
        imageType: text('full-iso or minimal-iso.'),
        osImageVersion: text('OpenShift version whose live system is used.'),
        ipxeScriptType: word(
          'What the iPXE script does once a host is installed.',
          ['', 'DiscoveryImageAlways', 'BootOrderControl'],
          { default: 'DiscoveryImageAlways' },
        ),
        additionalNTPSources: texts('Time sources beside those of DHCP.'),
        ntpSources: texts('Time sources in place of all others.'),
        nmStateConfigLabelSelector: labelSelector('NMStateConfigs that go into the image.'),
        agentLabels: map('Labels new Agents get.'),
        agentApproval: object('What happens to new Agents.', {
          autoApprove: flag('They are approved at once.', { default: false }),
        }),
        ignitionConfigOverride: text('Laid over the discovery ignition, as JSON.'),
        kernelArguments: list(
          'Changes of the kernel command line.',
          object('One change.', {
            operation: word('What is done.', ['append', 'replace', 'delete']),
            value: text('The argument.'),
          }),
        ),
        additionalTrustBundle: text('Certificates to trust, in PEM.'),
        networkDiscoveryDelaySeconds: whole('Time the network gets before discovery starts.', {
          format: 'int64',
          minimum: 0,
        }),
        mirrorRegistryRef: namespacedReference('ConfigMap with mirror registries.', true),
        proxy: webProxy('Proxy of the hosts.'),
      },
      ['pullSecretRef'],
    ),
    status: object('The image.', {
      conditions: conditions('lastHeartbeatTime'),
      createdTime: time('When the image was made.'),
      isoDownloadURL: text('Where the image is.'),
      agentLabelSelector: labelSelector('Finds the Agents of this image.'),
      bootArtifacts: object('The same for network boot.', {
        initrd: text('URL of the initial file system.'),
        rootfs: text('URL of the root file system.'),
        kernel: text('URL of the kernel.'),
        ipxeScript: text('URL of the iPXE script.'),
        discoveryIgnitionURL: text('URL of the ignition.'),
      }),
      debugInfo: object('Where to look when something is wrong.', {
        eventsURL: text('Events of the image.'),
        staticNetworkDownloadURL: text('Network configuration that is in it.'),
      }),
    }),
  },
};

const NMSTATE_CONFIG: KindDefinition = {
  ...GROUP,
  kind: 'NMStateConfig',
  plural: 'nmstateconfigs',
  namespaced: true,
  description: 'Network configuration of one host.',
  statusSubresource: true,
  fields: {
    spec: object('The configuration.', {
      config: open('State of the network in the form of nmstate.'),
      interfaces: list(
        'Interfaces by which the host is recognised.',
        object(
          'One interface.',
          {
            name: text('Name used in the configuration.'),
            macAddress: text('Hardware address.', { pattern: '^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$' }),
          },
          ['name', 'macAddress'],
        ),
        { minItems: 1 },
      ),
    }),
  },
};

const AGENT_CLASSIFICATION: KindDefinition = {
  ...GROUP,
  kind: 'AgentClassification',
  plural: 'agentclassifications',
  namespaced: true,
  description: 'Labels Agents by a query over their inventory.',
  statusSubresource: true,
  fields: {
    spec: object(
      'The label and its query.',
      {
        labelKey: text('Label, without its prefix.'),
        labelValue: text('Value matching Agents get.'),
        query: text('Query in the language of jq; must give true or false.'),
      },
      ['labelKey', 'labelValue', 'query'],
    ),
    status: object('Outcome.', {
      matchedCount: whole('Agents that match.'),
      errorCount: whole('Agents the query failed for.'),
      conditions: conditions('lastHeartbeatTime'),
    }),
  },
};

function volumeClaim(description: string): Schema {
  return open(description, {
    accessModes: texts('How the volume may be mounted.'),
    storageClassName: text('Class of storage.'),
    volumeMode: text('Filesystem or Block.'),
    volumeName: text('A certain volume.'),
    resources: object('Size.', {
      requests: map('At least this.', quantity('Amount.')),
      limits: map('At most this.', quantity('Amount.')),
    }),
    selector: labelSelector('Volumes to choose from.'),
  });
}

const SERVICE_CONFIG_SPEC: Record<string, Schema> = {
  databaseStorage: volumeClaim("The database's volume."),
  filesystemStorage: volumeClaim("The service's volume."),
  imageStorage: volumeClaim("The image service's volume."),
  osImages: list(
    'Live systems to boot hosts from.',
    object(
      'One of them.',
      {
        openshiftVersion: text('OpenShift version it is for.'),
        version: text('Version of the system.'),
        url: text('Where its image is.'),
        rootFSUrl: text('Where its root file system is.'),
        cpuArchitecture: text('Architecture.'),
      },
      ['openshiftVersion', 'version', 'url'],
    ),
  ),
  mustGatherImages: list(
    'Images that collect the state of failed clusters.',
    object(
      'One of them.',
      {
        name: text('ocp, or an operator.'),
        openshiftVersion: text('OpenShift version it is for.'),
        url: text('The image.'),
        cpuArchitecture: word('Architecture.', ['x86_64', 'aarch64', 'arm64', 'ppc64le', 's390x', 'multi']),
      },
      ['name', 'openshiftVersion', 'url'],
    ),
  ),
  mirrorRegistryRef: reference('ConfigMap with mirror registries.'),
  OSImageCACertRef: reference('ConfigMap with the authority of the image servers.'),
  OSImageAdditionalParamsRef: reference('Secret with headers and query of image requests.'),
  iPXEHTTPRoute: word('Whether iPXE scripts are served over plain http.', ['enabled', 'disabled']),
  unauthenticatedRegistries: texts('Registries that need no credentials.'),
  ingress: object(
    'Host names where there are no routes.',
    {
      assistedServiceHostname: text("The service's."),
      imageServiceHostname: text("The image service's."),
      className: text('Class of the Ingress objects.'),
    },
    ['assistedServiceHostname', 'imageServiceHostname'],
  ),
};

const SERVICE_CONFIG_STATUS = {
  conditions: conditions('lastHeartbeatTime'),
  immutableAnnotations: map('Annotations that were found first and are kept.'),
};

const AGENT_SERVICE_CONFIG: KindDefinition = {
  ...GROUP,
  kind: 'AgentServiceConfig',
  plural: 'agentserviceconfigs',
  namespaced: false,
  description: 'How the service is deployed.',
  statusSubresource: true,
  fields: {
    spec: object('The deployment.', SERVICE_CONFIG_SPEC, ['databaseStorage', 'filesystemStorage']),
    status: object('How it goes.', SERVICE_CONFIG_STATUS),
  },
};

const HYPERSHIFT_AGENT_SERVICE_CONFIG: KindDefinition = {
  ...GROUP,
  kind: 'HypershiftAgentServiceConfig',
  plural: 'hypershiftagentserviceconfigs',
  shortNames: ['hasc'],
  namespaced: true,
  description: 'How the service is deployed for a hosted cluster.',
  statusSubresource: true,
  fields: {
    spec: object(
      'The deployment.',
      { ...SERVICE_CONFIG_SPEC, kubeconfigSecretRef: reference('Secret with the kubeconfig of the hosted cluster.') },
      ['databaseStorage', 'filesystemStorage', 'kubeconfigSecretRef'],
    ),
    status: object('How it goes.', SERVICE_CONFIG_STATUS),
  },
};

export const AGENT_INSTALL_KINDS: readonly KindDefinition[] = [
  AGENT,
  INFRA_ENV,
  NMSTATE_CONFIG,
  AGENT_CLASSIFICATION,
  AGENT_SERVICE_CONFIG,
  HYPERSHIFT_AGENT_SERVICE_CONFIG,
];
