/** Manifests that users give a cluster. Upstream: assisted-service, internal/manifests/manifests.go. */
import type { Core } from '../core/core.ts';
import { clusterOf, ON_MANIFESTS } from '../core/lookup.ts';
import type { ClusterRow, ManifestRow } from '../core/rows.ts';
import { requiredText, textField } from '../core/wire.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { UPDATABLE } from './changes.ts';

export function listManifests(core: Core, id: string, includeSystemGenerated: boolean): JsonObject[] {
  return [...clusterOf(core, id, ON_MANIFESTS).manifests.values()]
    .filter(({ source }) => includeSystemGenerated || source === 'user')
    .map(manifestView);
}

export function createManifest(core: Core, id: string, body: JsonObject): JsonObject {
  const cluster = clusterOf(core, id, ON_MANIFESTS);
  const fileName = requiredText(body, 'file_name');
  const folder = textField(body, 'folder') || 'manifests';
  if (folder !== 'manifests' && folder !== 'openshift')
    throw new OperationError(400, `Folder ${folder} is unknown. Known are manifests, openshift`);
  if (fileName.includes(' '))
    throw new OperationError(422, `Manifest ${fileName} of cluster ${id} must have no space in its name`);
  if (!/^[^/\s]+\.(ya?ml|json|ya?ml\.patch[\w.]*)$/.test(fileName))
    throw new OperationError(400, `Manifest ${fileName} must be a .yaml, .yml or .json file without folders`);
  const text = requiredText(body, 'content');
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text))
    throw new OperationError(400, `Content of manifest ${fileName} is not base64`);
  const content = Buffer.from(text, 'base64');
  if (content.length === 0) throw new OperationError(400, `Manifest ${fileName} is empty`);
  const manifest: ManifestRow = { folder, fileName, content, source: 'user' };
  cluster.manifests.set(manifestKey(folder, fileName), manifest);
  return manifestView(manifest);
}

export function updateManifest(core: Core, id: string, body: JsonObject): JsonObject {
  const cluster = clusterOf(core, id, ON_MANIFESTS);
  checkManifestsChangeable(cluster);
  const folder = textField(body, 'folder') || 'manifests';
  const name = requiredText(body, 'file_name');
  const content = textField(body, 'updated_content') ?? manifestOf(core, id, folder, name).content.toString('base64');
  const target = {
    folder: textField(body, 'updated_folder') ?? folder,
    file_name: textField(body, 'updated_file_name') ?? name,
  };
  const answer = createManifest(core, id, { ...target, content });
  if (target.folder !== folder || target.file_name !== name) cluster.manifests.delete(manifestKey(folder, name));
  return answer;
}

export function deleteManifest(core: Core, id: string, folder: string, fileName: string): void {
  const cluster = clusterOf(core, id, ON_MANIFESTS);
  checkManifestsChangeable(cluster);
  cluster.manifests.delete(manifestKey(folder || 'manifests', fileName));
}

export function downloadManifest(core: Core, id: string, folder: string, fileName: string): Buffer {
  return manifestOf(core, id, folder, fileName).content;
}

function manifestKey(folder: string, name: string): string {
  return `${folder}/${name}`;
}

function manifestView({ folder, fileName, source }: ManifestRow): JsonObject {
  return { file_name: fileName, folder, manifest_source: source };
}

function manifestOf(core: Core, id: string, folder: string, name: string): ManifestRow {
  const manifest = clusterOf(core, id, ON_MANIFESTS).manifests.get(manifestKey(folder || 'manifests', name));
  if (!manifest) throw new OperationError(404, `Cluster ${id} has no manifest ${folder || 'manifests'}/${name}`);
  return manifest;
}

function checkManifestsChangeable(cluster: ClusterRow): void {
  if (!UPDATABLE.has(cluster.status))
    throw new OperationError(400, `Cluster ${cluster.id} is ${cluster.status}, its manifests cannot be changed`);
}
