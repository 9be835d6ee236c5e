/** Which events there are, and how they read. */

export type Severity = 'info' | 'warning' | 'error' | 'critical';
export type Text = (...values: readonly string[]) => string;

const define = <const T extends Readonly<Record<string, readonly [Severity, Text]>>>(table: T) => table;

/** Of an event, and of the state that it brings. Upstream: assisted-service, internal/host/common.go. */
export const MEDIA_LOST =
  'Unable to read from the discovery media. It was either disconnected or poor network conditions prevented it from being read. Try using the minimal ISO option and be sure to keep the media connected until the installation is completed';

/** Names, severities and texts. Upstream: assisted-service, docs/events.yaml; people's scripts match on them. */
export const EVENTS = define({
  api_ingress_vip_updated: [
    'info',
    (api, ingress) => `Cluster was updated with api-vip ${api}, ingress-vip ${ingress}`,
  ],
  cluster_registration_succeeded: ['info', () => 'Successfully registered cluster'],
  cluster_deregistered: ['info', () => 'Deregistered cluster'],
  cluster_status_updated: ['info', (to) => `Updated status of the cluster to ${to}`],
  cluster_validation_failed: ['warning', (id, how) => `Cluster validation '${id}' ${how}`],
  cluster_validation_fixed: ['info', (id) => `Cluster validation '${id}' is now fixed`],
  cluster_installation_completed: ['info', () => 'Successfully completed installing cluster'],
  cluster_installation_failed: ['critical', (why) => `Failed installing cluster. Reason: ${why}`],
  cluster_installation_canceled: ['info', () => 'Canceled cluster installation'],
  cancel_installation_failed: ['error', (why) => `Failed to cancel installation: ${why}`],
  cluster_installation_reset: ['info', () => 'Reset cluster installation'],
  reset_installation_failed: ['error', (why) => `Failed to reset installation. Error: ${why}`],
  cluster_finalizing_stage_updated: ['info', (stage) => `Updated finalizing stage of the cluster to '${stage}'`],
  finalizing_stage_timed_out: [
    'warning',
    (id, stage, minutes) =>
      `Cluster ${id}: finalizing stage ${stage} has been active more than the expected completion time (${minutes} minutes)`,
  ],
  cluster_prepare_installation_started: ['info', () => 'Cluster starting to prepare for installation'],
  prepare_installation_failed: [
    'warning',
    (why) => `Failed to prepare the installation due to an unexpected error: ${why}. Please retry later`,
  ],
  installation_preparing_timed_out: [
    'warning',
    (why) => `Preparing for installation was timed out for the cluster, reason ${why}`,
  ],
  cluster_degraded_OLM_operators_failed: [
    'warning',
    (names) => `Cluster is installed but degraded due to failed OLM operators ${names}`,
  ],
  cluster_operator_status: ['info', (name, status, text) => `Operator ${name} status: ${status} message: ${text}`],
  cluster_operator_report: ['info', (names) => `The following operators are experiencing issues: ${names}`],
  cluster_logs_uploaded: ['info', () => 'Uploaded logs for the cluster'],
  install_config_applied: ['info', () => 'Custom install config was applied to the cluster'],
  proxy_settings_changed: ['info', () => 'Proxy settings changed'],
  validations_ignored: ['info', (id) => `Cluster ${id}: ignored some or all validations at the discretion of the user`],
  host_approved_updated: ['info', (name, approved) => `Host ${name}: updated approved to ${approved}`],
  host_registration_succeeded: ['info', (name) => `Host ${name}: Successfully registered`],
  host_registration_failed: ['error', (why) => why ?? ''],
  host_deregistered: ['info', (name) => `Host ${name} deregistered`],
  host_status_updated: [
    'info',
    // The blank before what may be nothing is upstream's.
    (name, from, to, why) => `Host ${name}: updated status from ${from} to ${to} ${why ? `(${why})` : ''}`,
  ],
  host_validation_failed: ['warning', (name, id, how) => `Host ${name}: validation '${id}' ${how}`],
  host_validation_fixed: ['info', (name, id) => `Host ${name}: validation '${id}' is now fixed`],
  host_role_updated: ['info', (name, role) => `Host ${name}: calculated role is ${role}`],
  host_bootstrap_set: ['info', (name) => `Host ${name}: set as bootstrap`],
  host_bind_succeeded: ['info', (name, id) => `Host ${name}: Successfully bound to cluster ${id}`],
  host_bind_failed: ['error', (host, id, why) => `Failed to bind host ${host} to cluster ${id}: ${why}`],
  host_unbind_succeeded: ['info', (name) => `Host ${name}: Successfully unbound from cluster`],
  host_unbind_failed: ['error', (host, why) => `Failed to unbind host ${host} to cluster: ${why}`],
  host_media_disconnected: ['error', () => MEDIA_LOST],
  host_stage_timed_out: [
    'warning',
    (name, stage, minutes) =>
      `Host ${name}: host stage ${stage} has been active more than the expected completion time (${minutes} minutes)`,
  ],
  host_installation_started: ['info', (name) => `Host ${name} starting installation as a worker node`],
  host_installation_cancelled: ['info', (name) => `Installation cancelled for host ${name}`],
  host_cancel_installation_failed: ['error', (name, why) => `Failed to cancel installation of host ${name}: ${why}`],
  host_installation_reset: ['info', (name) => `Installation reset for host ${name}`],
  host_installation_reset_failed: [
    'error',
    (name, why) => `Failed to reset installation of host ${name}. Error: ${why}`,
  ],
  user_required_complete_installation_reset: [
    'info',
    (name) => `User action is required in order to complete installation reset for host ${name}`,
  ],
  host_installer_args_applied: ['info', (name) => `Host ${name}: custom installer arguments were applied`],
  host_discovery_ignition_config_applied: [
    'info',
    (name) => `Host ${name}: custom discovery ignition config was applied`,
  ],
  host_install_progress_updated: [
    'info',
    (name, stage, text) => `Host: ${name}, reached installation stage ${stage}${text ? `: ${text}` : ''}`,
  ],
  host_logs_uploaded: ['info', (name, id) => `Uploaded logs for host ${name} cluster ${id}`],
  image_status_updated: [
    'info',
    (name, image, result, text) => `Host ${name}: New image status ${image}. result: ${result}. ${text}`,
  ],
  quick_disk_format_performed: ['info', (name, disk, id) => `${name}: Performing quick format of disk ${disk}(${id})`],
  quick_disk_format_skipped: [
    'info',
    (name, disk, id) =>
      `${name}: Skipping quick format of disk ${disk}(${id}) due to user request. This could lead to boot order issues during installation`,
  ],
  disk_speed_slower_than_supported: [
    'warning',
    (path, ms) =>
      `Host's disk ${path} is slower than the supported speed, and may cause degraded cluster performance (fdatasync duration: ${ms} ms)`,
  ],
  upgrade_agent_started: [
    'info',
    (name, image) => `Host ${name}: Agent has been instructed to download image '${image}' and restart`,
  ],
  upgrade_agent_finished: [
    'info',
    (name, image) => `Host ${name}: Agent has downloaded image '${image}' and will now restart`,
  ],
  upgrade_agent_failed: [
    'error',
    (name, image) => `Host ${name}: Agent failed to download image '${image}', will try again`,
  ],
  infra_env_registered: ['info', () => 'Registered infra env'],
  infra_env_deregistered: ['info', () => 'Deregistered infra env'],
  image_info_updated: ['info', (details) => `Updated image information (${details})`],
});

export type EventName = keyof typeof EVENTS;
