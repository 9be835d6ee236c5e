/**
 * Enumerations of assisted-service's API that both ends share. Source: facts of the service, sections 2.2, 2.3, 2.6
 * (upstream swagger.yaml: host.status, host-stage, cluster.status, finalizing-stage).
 */

export const HOST_STATUSES = [
  'discovering',
  'known',
  'disconnected',
  'insufficient',
  'disabled',
  'preparing-for-installation',
  'preparing-failed',
  'preparing-successful',
  'pending-for-input',
  'installing',
  'installing-in-progress',
  'installing-pending-user-action',
  'resetting-pending-user-action',
  'installed',
  'error',
  'resetting',
  'added-to-existing-cluster',
  'cancelled',
  'binding',
  'unbinding',
  'unbinding-pending-user-action',
  'known-unbound',
  'disconnected-unbound',
  'insufficient-unbound',
  'disabled-unbound',
  'discovering-unbound',
  'reclaiming',
  'reclaiming-rebooting',
] as const;
export type HostStatus = (typeof HOST_STATUSES)[number];

export const HOST_STAGES = [
  'Starting installation',
  'Waiting for control plane',
  'Waiting for bootkube',
  'Waiting for controller',
  'Installing',
  'Writing image to disk',
  'Copying registry data to disk',
  'Rebooting',
  'Waiting for ignition',
  'Configuring',
  'Joined',
  'Done',
  'Failed',
] as const;
export type HostStage = (typeof HOST_STAGES)[number];

export const CLUSTER_STATUSES = [
  'insufficient',
  'ready',
  'error',
  'preparing-for-installation',
  'pending-for-input',
  'installing',
  'finalizing',
  'installed',
  'adding-hosts',
  'cancelled',
  'installing-pending-user-action',
  'unmonitored',
] as const;
export type ClusterStatus = (typeof CLUSTER_STATUSES)[number];

export const FINALIZING_STAGES = [
  'Waiting for cluster operators',
  'Adding router ca',
  'Applying olm manifests',
  'Waiting for olm operators csv initialization',
  'Waiting for olm operators csv',
  'Waiting for OLM operator setup jobs',
  'Done',
] as const;
export type FinalizingStage = (typeof FINALIZING_STAGES)[number];

export const STEP_TYPES = [
  'inventory',
  'connectivity-check',
  'free-network-addresses',
  'ntp-synchronizer',
  'domain-resolution',
  'verify-vips',
  'api-vip-connectivity-check',
  'tang-connectivity-check',
  'dhcp-lease-allocate',
  'installation-disk-speed-check',
  'container-image-availability',
  'install',
  'stop-installation',
  'logs-gather',
  'upgrade-agent',
  'download-boot-artifacts',
  'reboot-for-reclaim',
] as const;
/** The 17 step types a stock agent runs. The service's enum also has `execute` and `next-step-runner`, which no agent runs. */
export type StepType = (typeof STEP_TYPES)[number];

export type HostRole = 'auto-assign' | 'master' | 'arbiter' | 'worker' | 'bootstrap';
export type OperatorStatus = 'failed' | 'progressing' | 'available';
export type LogsState = 'requested' | 'collecting' | 'completed' | 'timeout' | '';
