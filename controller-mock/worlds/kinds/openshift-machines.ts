/** Kinds of groups machine.openshift.io and machineconfiguration.openshift.io. Installer facts 1.12, 2.4.6 and 2.4.9. */
import { AGE, type KindDefinition } from './definition.ts';
import { conditions, flag, labelSelector, list, object, open, text, time, whole } from './schema.ts';

const MACHINE: KindDefinition = {
  group: 'machine.openshift.io',
  versions: ['v1beta1'],
  kind: 'Machine',
  plural: 'machines',
  namespaced: true,
  description: 'A machine that is or becomes a node.',
  statusSubresource: true,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    {
      name: 'Type',
      type: 'string',
      jsonPath: '.metadata.labels.machine\\.openshift\\.io/instance-type',
    },
    { name: 'Region', type: 'string', jsonPath: '.metadata.labels.machine\\.openshift\\.io/region' },
    { name: 'Zone', type: 'string', jsonPath: '.metadata.labels.machine\\.openshift\\.io/zone' },
    AGE,
    { name: 'Node', type: 'string', jsonPath: '.status.nodeRef.name', priority: 1 },
    { name: 'ProviderID', type: 'string', jsonPath: '.spec.providerID', priority: 1 },
  ],
  fields: {
    spec: open('What is wanted.', {
      metadata: open('Labels and annotations of the node.'),
      providerID: text("The provider's id."),
      providerSpec: open('How the provider makes it.'),
    }),
    status: open('What there is.', {
      phase: text('Provisioning, Provisioned, Running, Deleting or Failed.'),
      nodeRef: open('The node.', { name: text('Name of the node.') }),
      addresses: list('Addresses.', open('One address.')),
      lastUpdated: time('When this was written.'),
      conditions: conditions(),
    }),
  },
};

const MACHINE_CONFIG: KindDefinition = {
  group: 'machineconfiguration.openshift.io',
  versions: ['v1'],
  kind: 'MachineConfig',
  plural: 'machineconfigs',
  shortNames: ['mc'],
  namespaced: false,
  description: 'What a node shall consist of.',
  statusSubresource: false,
  columns: [
    {
      name: 'GeneratedByController',
      type: 'string',
      jsonPath: '.metadata.annotations.machineconfiguration\\.openshift\\.io/generated-by-controller-version',
    },
    { name: 'IgnitionVersion', type: 'string', jsonPath: '.spec.config.ignition.version' },
    AGE,
  ],
  fields: {
    spec: open('The configuration.', {
      config: open('Ignition.'),
      osImageURL: text('Image of the operating system.'),
      kernelArguments: { ...list('Arguments of the kernel.', { type: 'string' }), nullable: true },
    }),
  },
};

const MACHINE_CONFIG_POOL: KindDefinition = {
  group: 'machineconfiguration.openshift.io',
  versions: ['v1'],
  kind: 'MachineConfigPool',
  plural: 'machineconfigpools',
  shortNames: ['mcp'],
  namespaced: false,
  description: 'Nodes that share one configuration.',
  statusSubresource: true,
  columns: [
    { name: 'Config', type: 'string', jsonPath: '.status.configuration.name' },
    { name: 'Updated', type: 'string', jsonPath: '.status.conditions[?(@.type=="Updated")].status' },
    { name: 'Updating', type: 'string', jsonPath: '.status.conditions[?(@.type=="Updating")].status' },
    { name: 'Degraded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Degraded")].status' },
    { name: 'MachineCount', type: 'integer', jsonPath: '.status.machineCount' },
    { name: 'ReadyMachineCount', type: 'integer', jsonPath: '.status.readyMachineCount' },
    { name: 'UpdatedMachineCount', type: 'integer', jsonPath: '.status.updatedMachineCount' },
    { name: 'DegradedMachineCount', type: 'integer', jsonPath: '.status.degradedMachineCount' },
    AGE,
  ],
  required: ['spec'],
  fields: {
    spec: open('What is wanted.', {
      paused: flag('Nodes are left as they are.'),
      configuration: open('The configuration.', { name: text('Its name.') }),
      machineConfigSelector: labelSelector('Configurations that are merged.'),
      nodeSelector: labelSelector('Nodes of the pool.'),
    }),
    status: open('What there is.', {
      configuration: object('The configuration of most nodes.', { name: text('Its name.') }),
      machineCount: whole('Nodes.', { format: 'int32' }),
      readyMachineCount: whole('Nodes that are ready.', { format: 'int32' }),
      updatedMachineCount: whole('Nodes with the wanted configuration.', { format: 'int32' }),
      unavailableMachineCount: whole('Nodes that cannot be used.', { format: 'int32' }),
      degradedMachineCount: whole('Nodes that failed.', { format: 'int32' }),
      conditions: conditions(),
    }),
  },
};

export const OPENSHIFT_MACHINE_KINDS: readonly KindDefinition[] = [MACHINE, MACHINE_CONFIG, MACHINE_CONFIG_POOL];
