/** States of custom resources, in the order in which a healthy one passes through them; those of trouble come last. */

/** Made from an Agent's conditions. */
export const AGENT_STATES = [
  'created',
  'validating',
  'validations-failing',
  'pending-for-input',
  'ready-unbound',
  'binding',
  'not-approved',
  'not-ready',
  'ready',
  'installing',
  'installed',
  'failed',
  'disconnected',
  'unbinding',
  'spec-not-synced',
  'unavailable',
] as const;
export type AgentState = (typeof AGENT_STATES)[number];

/** Made from an AgentClusterInstall's conditions. */
export const CLUSTER_INSTALL_STATES = [
  'created',
  'validating',
  'validations-failing',
  'pending-for-input',
  'insufficient-agents',
  'unsynced-agents',
  'unapproved-agents',
  'not-ready',
  'on-hold',
  'requirements-met',
  'installing',
  'completed',
  'failed',
  'cancelled',
  'spec-not-synced',
  'unavailable',
] as const;
export type ClusterInstallState = (typeof CLUSTER_INSTALL_STATES)[number];

/** `status.provisioning.state` of a BareMetalHost, once it has one: metal3-io/baremetal-operator, apis/metal3.io/v1alpha1/baremetalhost_types.go. */
export const NAMED_PROVISIONING_STATES = [
  'unmanaged',
  'registering',
  'match profile',
  'inspecting',
  'preparing',
  'ready',
  'available',
  'provisioning',
  'provisioned',
  'externally provisioned',
  'deprovisioning',
  'powering off before delete',
  'deleting',
] as const;

/** The same, with a word for the time before. */
export const BARE_METAL_HOST_STATES = ['created', ...NAMED_PROVISIONING_STATES] as const;
export type BareMetalHostState = (typeof BARE_METAL_HOST_STATES)[number];
