/** Arguments of the step `installation-disk-speed-check`. Upstream: assisted-service, internal/host/hostcommands/disk_performance_cmd.go. */

import { installationDiskSpeed, keepsPartitions } from '../../host/traits.ts';
import type { StepBuilder } from './step.ts';

export const diskSpeedStep: StepBuilder = ({ settings }, host) => {
  const skipped = keepsPartitions(host) || host.inventory?.deviceType === 'persistent';
  if (skipped || host.installationDiskId === '' || installationDiskSpeed(host)) return undefined;
  return [JSON.stringify({ path: host.installationDiskId }), (settings.DISK_CHECK_TIMEOUT / 1000).toFixed(2)];
};
