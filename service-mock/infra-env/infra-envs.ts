/** Infra-envs as users list, open and end them. Upstream: assisted-service, internal/bminventory/inventory.go. */

import type { Core } from '../core/core.ts';
import { infraEnvOf } from '../core/lookup.ts';
import type { InfraEnvRow } from '../core/rows.ts';
import { eachOf, wireDate } from '../core/wire.ts';
import { type DownloadedFile, type JsonObject, OperationError, type Rows } from '../service-api.ts';
import { infraEnvFile } from './files.ts';
import { minimalInitrd } from './static-network.ts';
import { infraEnvView } from './view.ts';

export function listInfraEnvs(core: Core, { cluster_id }: { cluster_id?: string; owner?: string }): Rows {
  const rows = [...core.store.infraEnvs.values()].filter((row) => !cluster_id || row.clusterId === cluster_id);
  return eachOf(rows, infraEnvView);
}

export function getInfraEnv(core: Core, id: string): JsonObject {
  return infraEnvView(infraEnvOf(core, id));
}

export function deleteInfraEnv(core: Core, id: string): void {
  const hosts = core.store.infraEnvs.get(id)?.hosts.size ?? 0;
  if (hosts > 0)
    throw new OperationError(400, `failed to deregister infraEnv ${id}, ${hosts} hosts are still associated`);
  deregisterInfraEnv(core, infraEnvOf(core, id));
}

/** Forgets an infra-env, whatever its hosts are. Upstream: internal/infraenv/infraenv.go, DeregisterInfraEnv. */
export function deregisterInfraEnv({ store, events }: Core, infraEnv: InfraEnvRow): void {
  store.removeInfraEnv(infraEnv);
  events.emit('infra_env_deregistered', { infraEnvId: infraEnv.id });
  events.retire(infraEnv.id, (other) => store.stands(other));
}

export function infraEnvImageUrl(core: Core, id: string): JsonObject {
  const infraEnv = infraEnvOf(core, id);
  if (!core.settings.ENABLE_IMAGE_SERVICE) throw new OperationError(400, 'image service is disabled');
  // Each question makes a new address, which counts from then on.
  infraEnv.downloadUrl = core.urls.iso(infraEnv);
  return { expires_at: wireDate(0), url: infraEnv.downloadUrl };
}

export function infraEnvFileUrl(core: Core, id: string, fileName: string, ipxeScriptType?: string): JsonObject {
  if (ipxeScriptType !== undefined && fileName !== 'ipxe-script') {
    throw new OperationError(400, 'ipxe_script_type can be set only for "ipxe-script"');
  }
  const infraEnv = infraEnvOf(core, id);
  return { expires_at: wireDate(0), url: core.urls.file(infraEnv.id, fileName, ipxeScriptType) };
}

export function downloadInfraEnvFile(
  core: Core,
  id: string,
  fileName: string,
  query: Readonly<Record<string, string>>,
): DownloadedFile {
  if (query.ipxe_script_type !== undefined && fileName !== 'ipxe-script')
    throw new OperationError(400, '"ipxe_script_type"" can be set only for "ipxe-script"');
  return infraEnvFile(core, infraEnvOf(core, id), fileName, query);
}

/** A gzipped cpio archive; null when a minimal image needs nothing more. */
export function downloadMinimalInitrd(core: Core, id: string): Buffer | null {
  return minimalInitrd(infraEnvOf(core, id));
}
