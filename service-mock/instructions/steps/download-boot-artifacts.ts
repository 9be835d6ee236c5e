/** Arguments of the step `download-boot-artifacts`. Upstream: assisted-service, internal/host/hostcommands/download_boot_artifacts_cmd.go. */
import { json, type StepBuilder } from './step.ts';

export const artifactsStep: StepBuilder = ({ settings }, { infraEnv }) => {
  const query = `arch=${infraEnv.cpuArchitecture}&version=${infraEnv.openshiftVersion}`;
  return json({
    host_fs_mount_dir: '/host',
    initrd_url: `${settings.IMAGE_SERVICE_BASE_URL}/images/${infraEnv.id}/pxe-initrd?${query}`,
    kernel_url: `${settings.IMAGE_SERVICE_BASE_URL}/boot-artifacts/kernel?${query}`,
    rootfs_url: `${settings.IMAGE_SERVICE_BASE_URL}/boot-artifacts/rootfs?${query}`,
  });
};
