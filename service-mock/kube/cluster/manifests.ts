/** Manifests of ConfigMaps, kept the same in the service. Upstream: assisted-service, clusterdeployments_controller.go, addCustomManifests. */
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { ClusterRow } from '../../core/rows.ts';
import type { KubeContext } from '../context.ts';
import { messageOf, notFound } from '../errors.ts';
import type { ClusterInstall, ConfigMap } from '../objects.ts';
import { ensureLabelled } from '../secrets.ts';

const FOLDER = 'openshift';

/** The ConfigMaps that an AgentClusterInstall names; null when it names none. */
export function manifestConfigMaps({ spec }: ClusterInstall): string[] | null {
  const { manifestsConfigMapRefs: several, manifestsConfigMapRef: single } = spec;
  if (several) return several.map(({ name }) => name);
  return single ? [single.name] : null;
}

/** @throws Error for a ConfigMap that is missing, a name that is given twice, or a manifest that the service refuses. */
export async function syncManifests(context: KubeContext, install: ClusterInstall, cluster: ClusterRow): Promise<void> {
  const names = manifestConfigMaps(install);
  for (const name of names ?? []) await label(context, install, name);
  const known = context.service.listManifests(cluster.id, false).map(({ file_name }) => String(file_name));
  if (known.length === 0 && names === null) return;
  const drop = (fileName: string) => {
    try {
      context.service.deleteManifest(cluster.id, FOLDER, fileName);
    } catch {
      // As upstream: what cannot be removed stays.
    }
  };
  try {
    const wanted = manifestsOf(context, install, names ?? []);
    for (const fileName of known) if (!wanted.has(fileName)) drop(fileName);
    for (const [fileName, text] of wanted) {
      const content = Buffer.from(text).toString('base64');
      context.service.createManifest(cluster.id, { folder: FOLDER, file_name: fileName, content });
    }
  } catch (error) {
    known.forEach(drop);
    throw error;
  }
}

async function label(context: KubeContext, { metadata }: ClusterInstall, name: string): Promise<void> {
  const found = context.cache.of(RESOURCES.configMaps).get(metadata.namespace, name);
  if (!found) return;
  try {
    await ensureLabelled(context, RESOURCES.configMaps, found);
  } catch (error) {
    context.report(`failed to label manifest configmap ${name}: ${messageOf(error)}`);
  }
}

function manifestsOf({ cache }: KubeContext, { metadata }: ClusterInstall, names: string[]): Map<string, string> {
  const manifests = new Map<string, string>();
  for (const name of names) {
    const found = cache.of(RESOURCES.configMaps).get(metadata.namespace, name) as ConfigMap | undefined;
    if (!found) throw notFound(RESOURCES.configMaps, name);
    for (const [fileName, text] of Object.entries(found.data ?? {})) {
      if (manifests.has(fileName)) throw new Error(`Conflict in manifest names ('${fileName}' is not unique)`);
      manifests.set(fileName, text);
    }
  }
  return manifests;
}
