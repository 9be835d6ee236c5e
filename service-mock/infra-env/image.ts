/** The discovery image of an infra-env. Upstream: assisted-service, internal/bminventory/inventory.go, GenerateInfraEnvISOInternal. */
import type { Core } from '../core/core.ts';
import type { InfraEnvRow } from '../core/rows.ts';

/** Makes the image anew; that is told only when something of it changed. */
export function refreshImage(core: Core, infraEnv: InfraEnvRow, changed: boolean): void {
  infraEnv.updatedAt = core.clock.now();
  infraEnv.generatedAt = infraEnv.updatedAt;
  if (!changed) return;
  infraEnv.downloadUrl = core.settings.ENABLE_IMAGE_SERVICE ? core.urls.iso(infraEnv) : '';
  core.events.emit(
    'image_info_updated',
    { clusterId: infraEnv.clusterId || undefined, infraEnvId: infraEnv.id },
    imageDetails(infraEnv),
  );
}

/** All that an image is made from. */
export function imageInput({
  hosts: _hosts,
  updatedAt: _updated,
  generatedAt: _generated,
  ...input
}: InfraEnvRow): string {
  return JSON.stringify(input);
}

/** Upstream: assisted-service, bminventory/inventory.go, getIgnitionConfigForLogging. */
function imageDetails({ proxy, type, sshAuthorizedKey }: InfraEnvRow): string {
  return [
    ...(proxy.http_proxy ? [`proxy URL is "${proxy.http_proxy}"`] : []),
    `Image type is "${type}"`,
    `SSH public key is ${sshAuthorizedKey ? 'set' : 'not set'}`,
  ].join(', ');
}
