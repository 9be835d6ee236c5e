/**
 * Puts the discovery image's kernel beside the installed system, so that the host can be reclaimed. The image service is not asked:
 * its load is no agent traffic (assisted-installer-agent src/commands/actions/download_boot_artifacts_cmd.go).
 */
import { objectArgument, type Step, textField } from './step.ts';

const STEP = 'download boot artifacts';

export const downloadBootArtifacts: Step<null> = {
  parse(args) {
    const request = objectArgument(STEP, args);
    for (const name of ['host_fs_mount_dir', 'initrd_url', 'kernel_url', 'rootfs_url']) textField(STEP, request, name);
    return null;
  },
  run: () => ({ output: 'Successfully downloaded boot artifacts' }),
};
