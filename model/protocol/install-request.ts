/** Arguments of the `install` step as the service sends them (assisted-service, models/install_cmd_request.go). */
export interface InstallRequest {
  role: 'bootstrap' | 'master' | 'arbiter' | 'worker';
  cluster_id: string;
  infra_env_id: string;
  host_id: string;
  boot_device: string;
  control_plane_count?: number;
  controller_image: string;
  installer_image: string;
  openshift_version?: string;
  mco_image?: string;
  must_gather_image?: string;
  check_cvo?: boolean;
  disks_to_format?: string[];
  enable_skip_mco_reboot?: boolean;
  notify_num_reboots?: boolean;
  installer_args?: string;
  skip_installation_disk_cleanup?: boolean;
  service_ips?: string[] | null;
}
