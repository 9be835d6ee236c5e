/** Arguments of the step `container-image-availability`. Upstream: assisted-service, internal/host/hostcommands/container_image_availability_cmd.go. */
import type { Core } from '../../core/core.ts';
import type { ClusterRow } from '../../core/rows.ts';
import { json, type StepBuilder } from './step.ts';

function imagesOf(core: Core, cluster: ClusterRow): string[] {
  return [
    cluster.releaseImage,
    core.versions.machineConfigImage(cluster.releaseImage),
    ...Object.values(core.versions.mustGather(cluster.openshiftVersion)).slice(0, 1),
    core.settings.INSTALLER_IMAGE,
  ];
}

export const imagesStep: StepBuilder = (core, host) => {
  const missing = imagesOf(core, host.cluster as ClusterRow).filter((image) => !host.imageStatuses.has(image));
  return missing.length === 0
    ? undefined
    : json({ images: missing, timeout: core.settings.IMAGE_AVAILABILITY_TIMEOUT / 1000 });
};
