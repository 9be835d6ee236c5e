/** Kinds of groups hive.openshift.io and extensions.hive.openshift.io. Service facts 6.1 and 6.2. */
import { VALIDATIONS } from './agent-install.ts';
import { AGE, type KindDefinition } from './definition.ts';
import {
  conditions,
  flag,
  list,
  namespacedReference,
  object,
  open,
  reference,
  text,
  texts,
  time,
  webProxy,
  whole,
  word,
} from './schema.ts';

const CLUSTER_METADATA = open(
  'The installed cluster.',
  {
    clusterID: text('Id of the cluster.'),
    infraID: text('Name of its infrastructure.'),
    adminKubeconfigSecretRef: reference('Secret with the kubeconfig.'),
    adminPasswordSecretRef: reference('Secret with the password of kubeadmin.'),
  },
  ['clusterID', 'infraID', 'adminKubeconfigSecretRef'],
);

const HYPERTHREADING = word('Whether logical processors are used.', ['', 'Enabled', 'Disabled'], {
  default: 'Enabled',
});

const MACHINE_POOL = object('One pool of hosts.', { name: text('Name of the pool.'), hyperthreading: HYPERTHREADING }, [
  'name',
]);

const MACHINE_NETWORK = list(
  'Networks of the hosts.',
  object('One network.', { cidr: text('Address and prefix length.') }, ['cidr']),
);

const PLATFORM_TYPE = word('Platform the cluster is installed for.', [
  '',
  'BareMetal',
  'None',
  'VSphere',
  'Nutanix',
  'External',
]);

const AGENT_CLUSTER_INSTALL: KindDefinition = {
  group: 'extensions.hive.openshift.io',
  versions: ['v1beta1'],
  kind: 'AgentClusterInstall',
  plural: 'agentclusterinstalls',
  shortNames: ['aci'],
  namespaced: true,
  description: 'A cluster to be installed on Agents.',
  statusSubresource: true,
  columns: [
    { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterDeploymentRef.name' },
    { name: 'State', type: 'string', jsonPath: '.status.debugInfo.state' },
  ],
  required: ['spec'],
  fields: {
    spec: object(
      'The cluster.',
      {
        clusterDeploymentRef: reference('The ClusterDeployment.'),
        imageSetRef: reference('ClusterImageSet with the release.', true),
        clusterMetadata: CLUSTER_METADATA,
        networking: object('Networks.', {
          clusterNetwork: list(
            'Networks of the pods.',
            object(
              'One network.',
              {
                cidr: text('Address and prefix length.'),
                hostPrefix: whole('Prefix length of the part a node gets.', { format: 'int32' }),
              },
              ['cidr'],
            ),
          ),
          machineNetwork: MACHINE_NETWORK,
          serviceNetwork: texts('Networks of the services.'),
          networkType: word('Network plug-in.', [
            'OpenShiftSDN',
            'OVNKubernetes',
            'CiscoACI',
            'Cilium',
            'Calico',
            'None',
          ]),
          userManagedNetworking: flag('Load balancing and DNS are the business of the user.'),
        }),
        provisionRequirements: object(
          'How many hosts the installation waits for.',
          {
            controlPlaneAgents: whole('Hosts of the control plane.'),
            workerAgents: whole('Workers.', { minimum: 0 }),
            arbiterAgents: whole('Arbiters.', { minimum: 0 }),
          },
          ['controlPlaneAgents'],
        ),
        sshPublicKey: text('Public key of user core.'),
        apiVIP: text('Address of the API.'),
        apiVIPs: texts('Addresses of the API.'),
        ingressVIP: text('Address of the routes.'),
        ingressVIPs: texts('Addresses of the routes.'),
        holdInstallation: flag('Nothing is installed while this is set.'),
        platformType: PLATFORM_TYPE,
        external: object('Platform External.', {
          platformName: text('Name of the platform.', { default: 'Unknown' }),
          cloudControllerManager: text('Whether a cloud controller manager is brought.', { default: '' }),
        }),
        manifestsConfigMapRef: reference('ConfigMap with manifests to add.'),
        manifestsConfigMapRefs: list('ConfigMaps with manifests to add.', reference('One of them.', true)),
        controlPlane: MACHINE_POOL,
        arbiter: MACHINE_POOL,
        compute: list('Pools of workers.', MACHINE_POOL),
        diskEncryption: object('Encryption of the installation disks.', {
          enableOn: word(
            'Roles whose disks are encrypted.',
            [
              'none',
              'all',
              'masters',
              'arbiters',
              'workers',
              'masters,arbiters',
              'masters,workers',
              'arbiters,workers',
              'masters,arbiters,workers',
            ],
            { default: 'none' },
          ),
          mode: word('Where the key is.', ['tpmv2', 'tang']),
          tangServers: text('Tang servers, as a JSON list.'),
        }),
        ignitionEndpoint: object('A foreign ignition server.', {
          url: text('Its URL.'),
          caCertificateReference: namespacedReference('Secret with its authority.', true),
        }),
        loadBalancer: object('Load balancing of the platform.', {
          type: word('Whose business it is.', ['ClusterManaged', 'UserManaged'], { default: 'ClusterManaged' }),
        }),
        mastersSchedulable: flag('Workloads may run on the control plane.'),
        mirrorRegistryRef: namespacedReference('ConfigMap with mirror registries.', true),
        ntpSources: texts('Time sources.'),
        proxy: webProxy('Proxy of the cluster.'),
      },
      ['clusterDeploymentRef', 'networking', 'provisionRequirements'],
    ),
    status: object('How the installation goes.', {
      conditions: conditions('lastProbeTime'),
      progress: object('How far it is.', { totalPercentage: whole('Part that is done.', { format: 'int64' }) }, [
        'totalPercentage',
      ]),
      debugInfo: object('Where to look when something is wrong.', {
        state: text('State of the cluster in the service.'),
        stateInfo: text('Why it is in that state.'),
        eventsURL: text('Events of the cluster.'),
        logsURL: text('Logs of the cluster.'),
      }),
      apiVIP: text('Address of the API.'),
      apiVIPs: texts('Addresses of the API.'),
      ingressVIP: text('Address of the routes.'),
      ingressVIPs: texts('Addresses of the routes.'),
      machineNetwork: MACHINE_NETWORK,
      connectivityMajorityGroups: text('Hosts that reach each other, as JSON.'),
      platformType: PLATFORM_TYPE,
      userManagedNetworking: flag('Load balancing and DNS are the business of the user.'),
      validationsInfo: VALIDATIONS,
      controlPlaneAgentsDiscovered: whole('Hosts of the control plane that were found.'),
      controlPlaneAgentsReady: whole('Those of them that are ready.'),
      workerAgentsDiscovered: whole('Workers that were found.'),
      workerAgentsReady: whole('Those of them that are ready.'),
    }),
  },
};

const CLUSTER_DEPLOYMENT: KindDefinition = {
  group: 'hive.openshift.io',
  versions: ['v1'],
  kind: 'ClusterDeployment',
  plural: 'clusterdeployments',
  shortNames: ['cd'],
  namespaced: true,
  description: 'A cluster.',
  statusSubresource: true,
  columns: [
    { name: 'InfraID', type: 'string', jsonPath: '.spec.clusterMetadata.infraID' },
    { name: 'Platform', type: 'string', jsonPath: '.metadata.labels.hive\\.openshift\\.io/cluster-platform' },
    { name: 'Region', type: 'string', jsonPath: '.metadata.labels.hive\\.openshift\\.io/cluster-region' },
    { name: 'Version', type: 'string', jsonPath: '.metadata.labels.hive\\.openshift\\.io/version-major-minor-patch' },
    { name: 'ClusterType', type: 'string', jsonPath: '.metadata.labels.hive\\.openshift\\.io/cluster-type' },
    { name: 'ProvisionStatus', type: 'string', jsonPath: ".status.conditions[?(@.type=='Provisioned')].reason" },
    { name: 'PowerState', type: 'string', jsonPath: '.status.powerState' },
    AGE,
  ],
  fields: {
    spec: open(
      'The cluster.',
      {
        clusterName: text('Name of the cluster.'),
        baseDomain: text('Domain its names are below.'),
        pullSecretRef: reference('Secret with the registry credentials.'),
        clusterInstallRef: object(
          'What installs it.',
          {
            group: text('Group of the kind.'),
            version: text('Version of the kind.'),
            kind: text('The kind.'),
            name: text('Name of the object.'),
          },
          ['group', 'version', 'kind', 'name'],
        ),
        platform: open('Where it runs.', { agentBareMetal: open('On Agents.') }),
        installed: flag('It is installed.'),
        clusterMetadata: CLUSTER_METADATA,
        installAttemptsLimit: whole('Most attempts to install it.', { format: 'int32' }),
        preserveOnDelete: flag('The cluster stays when this object is deleted.'),
        powerState: word('Whether it shall run.', ['', 'Running', 'Hibernating']),
      },
      ['clusterName', 'baseDomain', 'platform'],
    ),
    status: open('How it is.', {
      conditions: conditions('lastProbeTime'),
      apiURL: text('Its API.'),
      webConsoleURL: text('Its console.'),
      installedTimestamp: time('When it was installed.'),
      installStartedTimestamp: time('When that began.'),
      installVersion: text('OpenShift version.'),
      powerState: text('Whether it runs.'),
    }),
  },
};

const CLUSTER_IMAGE_SET: KindDefinition = {
  group: 'hive.openshift.io',
  versions: ['v1'],
  kind: 'ClusterImageSet',
  plural: 'clusterimagesets',
  shortNames: ['imgset'],
  namespaced: false,
  description: 'A release that can be installed.',
  statusSubresource: true,
  columns: [{ name: 'Release', type: 'string', jsonPath: '.spec.releaseImage' }],
  fields: {
    spec: object('The release.', { releaseImage: text('Release image.') }, ['releaseImage']),
    status: open('Nothing is reported.'),
  },
};

export const HIVE_KINDS: readonly KindDefinition[] = [AGENT_CLUSTER_INSTALL, CLUSTER_DEPLOYMENT, CLUSTER_IMAGE_SET];
