/**
 * Kinds of groups machine.openshift.io and machineconfiguration.openshift.io, as in openshift/api, machine/v1beta1 and
 * machineconfiguration/v1, feature set Default (August 2026).
 */

import { COMMON_PARTS } from './common-parts.ts';
import { AGE, type KindDefinition } from './definition.ts';
import { fields, parts } from './notation.ts';

const PARTS = parts(
  `
$Configuration: atomic object
  apiVersion: string
  fieldPath: string
  kind: string
  name: string  # Its name.
  namespace: string
  resourceVersion: string
  source: atomic list of $ObjectReference
  uid: string
$OsImageStream: object
  name!: string minLength=1 maxLength=253
    @rule !format.dns1123Subdomain().validate(self).hasValue()
      @message a RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character.
`,
  COMMON_PARTS,
);

const MACHINE: KindDefinition = {
  group: 'machine.openshift.io',
  kind: 'Machine',
  plural: 'machines',
  namespaced: true,
  description: 'A machine that is or becomes a node.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1beta1',
      columns: [
        { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
        { name: 'Type', type: 'string', jsonPath: ".metadata.labels['machine\\.openshift\\.io/instance-type']" },
        { name: 'Region', type: 'string', jsonPath: ".metadata.labels['machine\\.openshift\\.io/region']" },
        { name: 'Zone', type: 'string', jsonPath: ".metadata.labels['machine\\.openshift\\.io/zone']" },
        AGE,
        { name: 'Node', type: 'string', jsonPath: '.status.nodeRef.name', priority: 1 },
        { name: 'ProviderID', type: 'string', jsonPath: '.spec.providerID', priority: 1 },
        {
          name: 'State',
          type: 'string',
          jsonPath: ".metadata.annotations['machine\\.openshift\\.io/instance-state']",
          priority: 1,
        },
      ],
      fields: fields(
        String.raw`
spec: object  # What is wanted.
  lifecycleHooks: object
    preDrain: list by=name of object
      name!: string minLength=3 maxLength=256 /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/
      owner!: string minLength=3 maxLength=512
    preTerminate: list by=name of object
      name!: string minLength=3 maxLength=256 /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/
      owner!: string minLength=3 maxLength=512
  metadata: object  # Labels and annotations of the node.
    annotations: map of string
    generateName: string
    labels: map of string
    name: string
    namespace: string
    ownerReferences: list by=uid of atomic object
      apiVersion!: string
      blockOwnerDeletion: boolean
      controller: boolean
      kind!: string
      name!: string
      uid!: string
  providerID: string  # The provider's id.
  providerSpec: object  # How the provider makes it.
    value: object open
  taints: atomic list of $NodeTaint
status: object  # What there is.
  addresses: atomic list of object  # Addresses.
    address!: string
    type!: string
  conditions: list by=type of object  # What is known about the state, one entry a type.
    lastTransitionTime!: time  # When the status last changed.
    message: string  # For people.
    reason: string  # One word that says why.
    severity: string
    status!: string  # True, False or Unknown.
    type!: string  # What the entry is about.
  errorMessage: string
  errorReason: string
  lastOperation: object
    description: string
    lastUpdated: time
    state: string
    type: string
  lastUpdated: time  # When this was written.
  nodeRef: $ObjectReference  # The node.
  phase: string  # Provisioning, Provisioned, Running, Deleting or Failed.
  providerStatus: object open
`,
        PARTS,
      ),
    },
  ],
};

const MACHINE_CONFIG: KindDefinition = {
  group: 'machineconfiguration.openshift.io',
  kind: 'MachineConfig',
  plural: 'machineconfigs',
  shortNames: ['mc'],
  namespaced: false,
  description: 'What a node shall consist of.',
  statusSubresource: false,
  versions: [
    {
      name: 'v1',
      columns: [
        {
          name: 'GeneratedByController',
          type: 'string',
          jsonPath: '.metadata.annotations.machineconfiguration\\.openshift\\.io/generated-by-controller-version',
        },
        { name: 'IgnitionVersion', type: 'string', jsonPath: '.spec.config.ignition.version' },
        AGE,
      ],
      fields: fields(
        `
spec: object  # The configuration.
  baseOSExtensionsContainerImage: string
  config: object open  # Ignition.
  extensions: atomic list of string
  fips: boolean
  kernelArguments: atomic list nullable of string  # Arguments of the kernel.
  kernelType: string
  osImageURL: string  # Image of the operating system.
`,
        PARTS,
      ),
    },
  ],
};

const MACHINE_CONFIG_POOL: KindDefinition = {
  group: 'machineconfiguration.openshift.io',
  kind: 'MachineConfigPool',
  plural: 'machineconfigpools',
  shortNames: ['mcp'],
  namespaced: false,
  description: 'Nodes that share one configuration.',
  statusSubresource: true,
  versions: [
    {
      name: 'v1',
      columns: [
        { name: 'Config', type: 'string', jsonPath: '.status.configuration.name' },
        { name: 'Updated', type: 'string', jsonPath: '.status.conditions[?(@.type=="Updated")].status' },
        { name: 'Updating', type: 'string', jsonPath: '.status.conditions[?(@.type=="Updating")].status' },
        { name: 'Degraded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Degraded")].status' },
        { name: 'MachineCount', type: 'number', jsonPath: '.status.machineCount' },
        { name: 'ReadyMachineCount', type: 'number', jsonPath: '.status.readyMachineCount' },
        { name: 'UpdatedMachineCount', type: 'number', jsonPath: '.status.updatedMachineCount' },
        { name: 'DegradedMachineCount', type: 'number', jsonPath: '.status.degradedMachineCount' },
        AGE,
      ],
      fields: fields(
        String.raw`
spec!: object  # What is wanted.
  configuration: $Configuration  # The configuration.
  machineConfigSelector: $LabelSelector  # Configurations that are merged.
  maxUnavailable: int-or-string
  nodeSelector: $LabelSelector  # Nodes of the pool.
  osImageStream: $OsImageStream
  paused: boolean  # Nodes are left as they are.
  pinnedImageSets: list by=name maxItems=100 of object
    name!: string minLength=1 maxLength=253 /^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])(\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]{0,61}[a-zA-Z0-9]))*$/
status: object  # What there is.
  certExpirys: atomic list of object
    bundle!: string
    expiry: time
    subject!: string
  conditions: atomic list of object  # What is known about the state, one entry a type.
    lastTransitionTime: time nullable  # When the status last changed.
    message: string  # For people.
    reason: string  # One word that says why.
    status: string  # True, False or Unknown.
    type: string  # What the entry is about.
  configuration: $Configuration  # The configuration of most nodes.
  degradedMachineCount: int32  # Nodes that failed.
  machineCount: int32  # Nodes.
  observedGeneration: int64
  osImageStream: $OsImageStream
  poolSynchronizersStatus: list by=poolSynchronizerType of object
    @rule self.machineCount >= self.updatedMachineCount
      @message machineCount must be greater than or equal to updatedMachineCount
    @rule self.machineCount >= self.availableMachineCount
      @message machineCount must be greater than or equal to availableMachineCount
    @rule self.machineCount >= self.unavailableMachineCount
      @message machineCount must be greater than or equal to unavailableMachineCount
    @rule self.machineCount >= self.readyMachineCount
      @message machineCount must be greater than or equal to readyMachineCount
    @rule self.availableMachineCount >= self.readyMachineCount
      @message availableMachineCount must be greater than or equal to readyMachineCount
    availableMachineCount!: int64 min=0
    machineCount!: int64 min=0
    observedGeneration: int64 min=0
      @rule self >= oldSelf || (self == 0 && oldSelf > 0)
        @message observedGeneration must not move backwards except to zero
    poolSynchronizerType!: string maxLength=256 enum=PinnedImageSets
    readyMachineCount!: int64 min=0
    unavailableMachineCount!: int64 min=0
    updatedMachineCount!: int64 min=0
  readyMachineCount: int32  # Nodes that are ready.
  unavailableMachineCount: int32  # Nodes that cannot be used.
  updatedMachineCount: int32  # Nodes with the wanted configuration.
`,
        PARTS,
      ),
    },
  ],
};

export const OPENSHIFT_MACHINE_KINDS: readonly KindDefinition[] = [MACHINE, MACHINE_CONFIG, MACHINE_CONFIG_POOL];
