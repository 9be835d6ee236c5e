/** Manifests that users give a cluster. Upstream: assisted-service, internal/manifests/manifests.go. */
import { extname } from 'node:path';
import { jsonFault } from '../../model/protocol/json-syntax.ts';
import type { Core } from '../core/core.ts';
import { clusterOf, ON_MANIFESTS } from '../core/lookup.ts';
import type { ClusterRow, ManifestRow } from '../core/rows.ts';
import { refuse, textField } from '../core/wire.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { readYaml, yamlDocumentsProblem } from '../validations/go-yaml.ts';

export function listManifests(core: Core, id: string, includeSystemGenerated: boolean): JsonObject[] {
  return [...clusterOf(core, id, ON_MANIFESTS).manifests.values()]
    .filter(({ source }) => includeSystemGenerated || source === 'user')
    .map(manifestView);
}

export function createManifest(core: Core, id: string, body: JsonObject): JsonObject {
  const cluster = clusterOf(core, id, ON_MANIFESTS);
  const fileName = textField(body, 'file_name') ?? '';
  const folder = textField(body, 'folder') ?? DEFAULT_FOLDER;
  const path = manifestKey(folder, fileName);
  checkName(cluster, fileName);
  const content = contentOf(cluster, path, textField(body, 'content'));
  refuse(contentProblem(cluster, path, content));
  checkDistinct(cluster, folder, fileName);
  const manifest: ManifestRow = { folder: folderOf(folder), fileName, content, source: 'user' };
  cluster.manifests.set(path, manifest);
  return manifestView(manifest);
}

export function updateManifest(core: Core, id: string, body: JsonObject): JsonObject {
  const cluster = clusterOf(core, id, ON_MANIFESTS);
  checkManifestsChangeable(cluster);
  const from = { folder: textField(body, 'folder') ?? '', fileName: textField(body, 'file_name') ?? '' };
  const folder = textField(body, 'updated_folder') ?? from.folder;
  const fileName = textField(body, 'updated_file_name') ?? from.fileName;
  checkName(cluster, from.fileName);
  checkName(cluster, fileName);
  if (fileName !== from.fileName) checkDistinct(cluster, folder, fileName);
  const path = manifestKey(from.folder, from.fileName);
  const text = textField(body, 'updated_content');
  let content: Buffer;
  if (text === undefined) {
    content = storedContent(cluster, path);
  } else {
    content = contentOf(cluster, path, text);
    refuse(contentProblem(cluster, from.fileName, content));
  }
  const manifest: ManifestRow = { folder: folderOf(folder), fileName, content, source: 'user' };
  cluster.manifests.delete(path);
  cluster.manifests.set(manifestKey(folder, fileName), manifest);
  return manifestView(manifest);
}

export function deleteManifest(core: Core, id: string, folder: string, fileName: string): void {
  const cluster = clusterOf(core, id, ON_MANIFESTS);
  checkManifestsChangeable(cluster);
  checkName(cluster, fileName);
  cluster.manifests.delete(manifestKey(folder || DEFAULT_FOLDER, fileName));
}

export function downloadManifest(core: Core, id: string, folder: string, fileName: string): Buffer {
  const cluster = clusterOf(core, id, ON_MANIFESTS);
  checkName(cluster, fileName);
  const path = manifestKey(folder || DEFAULT_FOLDER, fileName);
  const manifest = cluster.manifests.get(path);
  if (!manifest) throw new OperationError(404, `Cluster manifest ${path} doesn't exist in cluster ${id}`);
  return manifest.content;
}

const DEFAULT_FOLDER = 'manifests';

const folderOf = (folder: string): ManifestRow['folder'] => (folder === 'openshift' ? 'openshift' : DEFAULT_FOLDER);

function manifestKey(folder: string, name: string): string {
  return `${folder}/${name}`;
}

function manifestView({ folder, fileName, source }: ManifestRow): JsonObject {
  return { file_name: fileName, folder, manifest_source: source };
}

function storedContent({ id, manifests }: ClusterRow, path: string): Buffer {
  const manifest = manifests.get(path);
  if (manifest) return manifest.content;
  throw new OperationError(
    500,
    `Failed to fetch content from ${path} for cluster ${id}: object ${id}/manifests/${path} was not found`,
  );
}

/** Upstream: validateManifestFileNames. @throws OperationError 422 for a name that a file cannot have. */
function checkName({ id }: ClusterRow, name: string): void {
  const invalid = (problem: string) => new OperationError(422, `Cluster manifest ${name} for cluster ${id} ${problem}`);
  const stem = name.slice(0, name.length - goExtension(name).length);
  if (name.startsWith('.') || stem.trim() === '') throw invalid('has an invalid filename.');
  if (name.includes(' ')) throw invalid('should not include a space in its name.');
  if (name.includes('/')) throw invalid("should not include a directory in it's name.");
}

/** From the last dot on, that of a name that begins with it included. */
function goExtension(name: string): string {
  return name.startsWith('.') && !name.slice(1).includes('.') ? name : extname(name);
}

function contentOf({ id }: ClusterRow, path: string, text: string | undefined): Buffer {
  const about = `Manifest content of file ${path} for cluster ID ${id}`;
  if (text === undefined) throw new OperationError(400, `${about} is nil`);
  if (/^ *$/.test(text)) throw new OperationError(400, `${about} is empty`);
  const letters = text.replaceAll(/[\r\n]/g, '');
  if (letters.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(letters))
    throw new OperationError(400, `failed to base64-decode cluster manifest content for cluster ${id}`);
  return Buffer.from(letters, 'base64');
}

/** Bytes that a manifest may have. */
const MOST_BYTES = 1024 * 1024;

/** Why a file cannot have a content; undefined when it can. @param file as texts name it. */
function contentProblem({ id }: ClusterRow, file: string, content: Buffer): string | undefined {
  const about = `Manifest content of file ${file} for cluster ID ${id}`;
  if (content.length > MOST_BYTES) return `${about} exceeds the maximum file size of 1MiB`;
  const extension = goExtension(file);
  const text = content.toString();
  if (extension === '.yaml' || extension === '.yml') {
    const problem = yamlDocumentsProblem(text);
    return problem && `${about} has an invalid YAML format: ${problem}`;
  }
  if (extension === '.json') return jsonFault(text) === undefined ? undefined : `${about} has an illegal JSON format`;
  if (extension.startsWith('.patch')) {
    const problem = patchProblem(text);
    return problem && `Patch content of file ${file} for cluster ID ${id} is invalid: ${problem}`;
  }
  return `Manifest filename of file ${file} for cluster ID ${id} is invalid. Only json, yaml and yml or patch extensions are supported`;
}

/** Why a text is no list of operations of a patch; undefined when it is. Upstream: krishicks/yaml-patch, patch.go, DecodePatch. */
function patchProblem(text: string): string | undefined {
  const { value, problem } = readYaml(text);
  if (problem !== undefined) return problem;
  if (value === null || value === undefined || Array.isArray(value)) return undefined;
  const [tag, shown] = typeof value === 'object' ? ['!!map', ''] : [tagOf(value), ` \`${value}\``];
  return `yaml: unmarshal errors:\n  line 1: cannot unmarshal ${tag}${shown} into yamlpatch.Patch`;
}

function tagOf(value: unknown): string {
  if (typeof value === 'boolean') return '!!bool';
  if (typeof value !== 'number') return '!!str';
  return Number.isInteger(value) ? '!!int' : '!!float';
}

function checkDistinct({ id, manifests }: ClusterRow, folder: string, fileName: string): void {
  const other = folder === 'openshift' ? 'manifests' : 'openshift';
  if (!manifests.has(manifestKey(other, fileName))) return;
  throw new OperationError(
    400,
    `manifest file ${fileName} for cluster ID ${id} in folder ${folder} cannot be uploaded as it is not distinct between {manifest, openshift} folders`,
  );
}

const BEFORE_INSTALLATION: ReadonlySet<string> = new Set(['pending-for-input', 'insufficient', 'ready']);

function checkManifestsChangeable({ id, status }: ClusterRow): void {
  if (BEFORE_INSTALLATION.has(status)) return;
  throw new OperationError(
    400,
    `cluster ${id} is not in pre-installation states, can't modify manifests after installation has been started`,
  );
}
