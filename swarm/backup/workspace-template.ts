/**
 * The DevWorkspace that a load is made of: the built-in one, or a user's own file. What the operator would never back up is refused
 * before anything is made of it (devfile/devworkspace-operator, controllers/backupcronjob, pkg/library/storage/storage.go
 * GetWorkspacePVCInfo, pkg/provision/storage/perWorkspaceStorage.go getPVCSize).
 */
import { parseAllDocuments } from 'yaml';
import { BACKED_UP_STORAGE } from './backup-options.ts';
import { payloadComponent, payloadVolumeSize } from './payload.ts';

/** The template will not do; says what is wrong with it and what to do. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateError';
  }
}

export type StorageType = (typeof BACKED_UP_STORAGE)[number] | 'ephemeral';
export type WorkspaceSpec = Readonly<Record<string, unknown>>;

export interface TemplateUse {
  /** Workspaces are to be backed up. */
  readonly backup: boolean;
  /** In place of what the template says; null: as it says. */
  readonly storageType: StorageType | null;
}

const STORAGE_TYPE = 'controller.devfile.io/storage-type';
const API_VERSION = 'workspace.devfile.io/v1alpha2';
/** What the attribute may be; '' is `common`. */
const KNOWN_STORAGE = ['', 'common', 'per-user', 'per-workspace', 'async', 'ephemeral'];
const EPHEMERAL_ADVICE = `give it another: --storage-type ${BACKED_UP_STORAGE.join('|')}`;

type Mapping = Record<string, unknown>;
const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mappingIn = (value: unknown, key: string): Mapping => {
  const found = isMapping(value) ? value[key] : undefined;
  return isMapping(found) ? found : {};
};

/** `spec` of the built-in DevWorkspace. @param bytes random data in its /projects */
export function builtInTemplate(bytes: number, { storageType, backup }: TemplateUse): WorkspaceSpec {
  const type = storageType ?? 'per-workspace';
  if (backup && type === 'ephemeral') throw new TemplateError(ephemeral('--storage-type is ephemeral'));
  return {
    started: true,
    template: {
      attributes: { [STORAGE_TYPE]: type },
      components: [{ name: 'projects', volume: { size: payloadVolumeSize(bytes) } }, payloadComponent(bytes)],
    },
  };
}

/**
 * `spec` of the DevWorkspace in a file. Its name, namespace and labels are left: the run gives its own.
 * @param file what errors call it
 * @throws TemplateError
 */
export function templateOf(file: string, text: string, use: TemplateUse): WorkspaceSpec {
  const spec = specOf(file, text);
  const template = structuredClone(spec.template) as Mapping;
  if (use.storageType !== null) {
    template.attributes = { ...mappingIn(template, 'attributes'), [STORAGE_TYPE]: use.storageType };
  }
  const problem = problemOf({ ...spec, template }, use.backup);
  if (problem !== null) throw new TemplateError(`${file}: ${problem}`);
  return { ...spec, started: true, template };
}

function specOf(file: string, text: string): Mapping {
  const objects = objectsIn(file, text);
  if (objects.length !== 1) {
    throw new TemplateError(`${file} holds ${objects.length} objects; give a file with one DevWorkspace`);
  }
  const [object] = objects;
  const { apiVersion, kind, schemaVersion } = isMapping(object) ? object : {};
  if (kind !== 'DevWorkspace' || apiVersion !== API_VERSION) {
    const found = schemaVersion !== undefined ? 'a devfile' : `${apiVersion ?? 'no apiVersion'}, ${kind ?? 'no kind'}`;
    throw new TemplateError(
      `${file} holds ${found}; give a DevWorkspace of ${API_VERSION} (the content of a devfile belongs in its spec.template)`,
    );
  }
  const { spec } = object as Mapping;
  if (!isMapping(spec) || !isMapping(spec.template)) {
    throw new TemplateError(`${file} has no spec.template; write there which components a DevWorkspace has`);
  }
  return spec;
}

/** JSON is read as such: parsers of YAML take hours for some of what is nested deeply. */
function objectsIn(file: string, text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    // YAML, or what is neither.
  }
  const parsed = parseAllDocuments(text);
  const documents = Array.isArray(parsed) ? parsed : [];
  const broken = documents.flatMap(({ errors }) => errors)[0];
  if (broken) {
    const line = broken.linePos?.[0].line;
    throw new TemplateError(
      `${file}${line === undefined ? '' : `:${line}`} is no YAML or JSON (${broken.code}); give a file with one DevWorkspace`,
    );
  }
  return documents.map(plainOf).filter((object) => object !== null);
}

function plainOf(document: { toJS(): unknown }): unknown {
  try {
    return document.toJS();
  } catch {
    throw new TemplateError('the template has aliases that cannot be resolved, or far too many; write them out');
  }
}

interface Volume {
  readonly name: string;
  readonly size: string;
  readonly ephemeral: boolean;
}

/** Why nothing could be made of a template, or no backup; null when it will do. */
function problemOf(spec: Mapping, backup: boolean): string | null {
  const template = spec.template as Mapping;
  const type = mappingIn(template, 'attributes')[STORAGE_TYPE] ?? '';
  if (typeof type !== 'string' || !KNOWN_STORAGE.includes(type)) {
    return `its ${STORAGE_TYPE} is ${JSON.stringify(type)}, which the operator does not know; ${EPHEMERAL_ADVICE}`;
  }
  const components = Array.isArray(template.components) ? template.components.filter(isMapping) : [];
  const containers = components.filter((one) => isMapping(one.container));
  // What a parent, a plugin or a contribution brings, nobody knows here.
  const brought =
    template.parent !== undefined ||
    (Array.isArray(spec.contributions) && spec.contributions.length > 0) ||
    components.some((one) => one.plugin !== undefined);
  if (containers.length === 0 && !brought) {
    return 'it has no component with a container, so nothing would start and nothing could be restored; add one under spec.template.components';
  }
  if (!backup) return null;
  if (type === 'ephemeral') return ephemeral('its storage is ephemeral');
  if (type === 'async') return `its storage is async, which the operator never backs up; ${EPHEMERAL_ADVICE}`;
  return brought ? null : storageProblem(type, components, containers);
}

function storageProblem(type: string, components: readonly Mapping[], containers: readonly Mapping[]): string | null {
  const volumes = components.filter((one) => isMapping(one.volume)).map(volumeOf);
  const lasting = volumes.filter((one) => !one.ephemeral);
  const example = 'add {name: projects, volume: {size: 64Mi}} to spec.template.components';
  if (volumes.some(({ name, ephemeral: gone }) => name === 'projects' && gone)) {
    return 'its volume "projects" is ephemeral, and it is what is backed up; take ephemeral away';
  }
  if (!containers.some((one) => mappingIn(one, 'container').mountSources !== false)) {
    return 'none of its containers mounts /projects (mountSources is false), and that is what is backed up; take mountSources away';
  }
  if (type !== 'per-workspace') return null;
  if (lasting.length === 0) {
    return `it has no volume, so that its claim would be of size 0 and be refused by the cluster; ${example}`;
  }
  // Volumes without a size get the operator's default.
  return lasting.every(({ size }) => /^0+(\.0*)?[a-zA-Z]*$/.test(size))
    ? `all its volumes are of size 0, and so would its claim be; ${example}`
    : null;
}

function volumeOf(component: Mapping): Volume {
  const { size, ephemeral: gone } = component.volume as Mapping;
  return { name: String(component.name), size: String(size ?? ''), ephemeral: gone === true };
}

function ephemeral(what: string): string {
  return `${what}: the operator never backs such DevWorkspaces up, and not one Job would come; ${EPHEMERAL_ADVICE}`;
}
