/** Files that pods get from objects, from themselves and from the server: paths, modes, and what of a pod may be written into them. */
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { labelKeyFaults } from '../../api/names.ts';
import { canonicalQuantity } from '../../api/quantity.ts';
import { at, type Fields, items, number, text } from '../fields.ts';
import { required, textWithout } from './checks.ts';
import { coreSource, outerPath } from './pod-facts.ts';
import { below, type Check, type Rule, rows } from './rule.ts';

/** Octal 0777. */
const MODES = 511;

export const fileMode: Check = (value, { path }) =>
  typeof value === 'number' && (value < 0 || value > MODES)
    ? causeInvalid(path, value, 'must be a number between 0 and 0777 (octal), both inclusive')
    : undefined;

const backsteps = (path: string): string[] => (path.split('/').includes('..') ? ["must not contain '..'"] : []);

export const noBacksteps: Check = textWithout(backsteps);

/** Relative, and not upwards: validateLocalDescendingPath. */
export const descendingFaults = (path: string): string[] => [
  ...(path.startsWith('/') ? ['must be a relative path'] : []),
  ...backsteps(path),
];

/** A relative path that neither leaves its folder nor looks like what the kubelet keeps there: ValidateLocalNonReservedPath. */
const localFaults = (path: string): string[] => [
  ...descendingFaults(path),
  ...(path.startsWith('..') && !path.startsWith('../') ? ["must not start with '..'"] : []),
];

export const localPath: Check = textWithout(localFaults);

const ENV_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const FILE_PATHS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
/** All that a pod can be asked for at all. */
const POD_PATHS = new Set([
  ...ENV_PATHS,
  ...FILE_PATHS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
  'spec.host',
]);

/** `metadata.labels['app']` → metadata.labels, app */
function subscripted(path: string): { path: string; subscript: string } | undefined {
  const split = path.endsWith("']") ? path.indexOf("['") : -1;
  return split > 0 ? { path: path.slice(0, split), subscript: path.slice(split + 2, -2) } : undefined;
}

function conversionFault(version: string, fieldPath: string): string | undefined {
  if (version !== 'v1') return `unsupported pod version: ${version}`;
  const part = subscripted(fieldPath);
  if (!part) return POD_PATHS.has(fieldPath) ? undefined : `field label not supported: ${fieldPath}`;
  if (FILE_PATHS.slice(0, 2).includes(part.path)) return undefined;
  return `field label does not support subscript: ${fieldPath}`;
}

/** A field of the pod. @param allowed those without a subscript */
function fieldFaults(selector: unknown, path: string, allowed: readonly string[]): StatusCause[] {
  const version = text(selector, 'apiVersion');
  if (version === '') return [causeRequired(`${path}.apiVersion`)];
  const fieldPath = text(selector, 'fieldPath');
  if (fieldPath === '') return [causeRequired(`${path}.fieldPath`)];
  const fault = conversionFault(version, fieldPath);
  if (fault) return [causeInvalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${fault}`)];
  const part = subscripted(fieldPath);
  if (part) {
    const key = part.path === 'metadata.annotations' ? part.subscript.toLowerCase() : part.subscript;
    return labelKeyFaults(key).map((detail) => causeInvalid(path, key, detail));
  }
  const converted = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
  return allowed.includes(converted) ? [] : [causeNotSupported(`${path}.fieldPath`, converted, allowed)];
}

const RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const HUGE_PAGES = /^(?:limits|requests)\.hugepages-/;
const SIZES = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

function divisorFault(resource: string, divisor: string): string | undefined {
  if (divisor === '0') return undefined;
  const what = resource.slice(resource.indexOf('.') + 1);
  if (RESOURCES.includes(resource) && what === 'cpu') {
    return divisor === '1m' || divisor === '1'
      ? undefined
      : "only divisor's values 1m and 1 are supported with the cpu resource";
  }
  if (SIZES.includes(divisor) || !(RESOURCES.includes(resource) || HUGE_PAGES.test(resource))) return undefined;
  const kind = what === 'memory' ? 'memory' : what === 'ephemeral-storage' ? 'local ephemeral storage' : 'hugepages';
  return `only divisor's values ${SIZES.join(', ')} are supported with the ${kind} resource`;
}

function resourceFaults(selector: unknown, path: string, inVolume: boolean): StatusCause[] {
  const causes: StatusCause[] = [];
  const resource = text(selector, 'resource');
  if (inVolume && text(selector, 'containerName') === '') causes.push(causeRequired(`${path}.containerName`));
  else if (resource === '') causes.push(causeRequired(`${path}.resource`));
  else if (!RESOURCES.includes(resource) && !HUGE_PAGES.test(resource)) {
    causes.push(causeNotSupported(`${path}.resource`, resource, RESOURCES));
  }
  const divisor = canonicalQuantity(String(at(selector, 'divisor') ?? '0')) ?? '0';
  const fault = divisorFault(resource, divisor);
  if (fault) causes.push(causeInvalid(`${path}.divisor`, resource, fault));
  return causes;
}

/** A field of the pod as the value of a variable. */
export const fieldOfPod: Check = (value, { path }) => (value ? fieldFaults(value, path, ENV_PATHS) : undefined);

/** A resource of a container as the value of a variable. */
export const resourceOfContainer: Check = (value, { path }) => (value ? resourceFaults(value, path, false) : undefined);

/** A file of the downward API. Its causes name what holds the list. @param path of that */
function fileFaults(file: Fields, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  const where = text(file, 'path');
  if (where === '') causes.push(causeRequired(`${path}.path`));
  causes.push(...localFaults(where).map((fault) => causeInvalid(`${path}.path`, where, fault)));
  if (file.fieldRef) {
    causes.push(...fieldFaults(file.fieldRef, `${path}.fieldRef`, FILE_PATHS));
    const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously';
    if (file.resourceFieldRef) causes.push(causeInvalid(path, 'resource', detail));
  } else if (file.resourceFieldRef) {
    causes.push(...resourceFaults(file.resourceFieldRef, `${path}.resourceFieldRef`, true));
  } else causes.push(causeRequired(path, 'one of fieldRef and resourceFieldRef is required'));
  const mode = at(file, 'mode');
  if (mode !== undefined && (number(file, 'mode') < 0 || number(file, 'mode') > MODES)) {
    causes.push(causeInvalid(`${path}.mode`, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
  }
  return causes;
}

const files: Check = (value, { path }) =>
  items({ value }, 'value').flatMap((file) => fileFaults(file, outerPath(path)));

/** Of a volume's `downwardAPI`. */
export const DOWNWARD_API_RULES: readonly Rule[] = [
  ...rows(coreSource('validateDownwardAPIVolumeSource'), [['defaultMode', fileMode]]),
  ...rows(coreSource('validateDownwardAPIVolumeFile'), [['items', files]]),
];

const PROJECTIONS = ['secret', 'configMap', 'downwardAPI', 'serviceAccountToken'] as const;

/** All paths of a projected volume go into one folder. Tokens are not among those that are compared. */
const apart: Check = (value, { path }) => {
  const seen = new Set<string>();
  const causes: StatusCause[] = [];
  for (const source of items(value, 'sources')) {
    for (const kind of ['secret', 'configMap', 'downwardAPI']) {
      for (const item of items(source, kind, 'items')) {
        const where = text(item, 'path');
        const shown = kind === 'downwardAPI' ? where : text(source, kind, 'name');
        if (where !== '' && seen.has(where)) causes.push(causeInvalid(path, shown, 'conflicting duplicate paths'));
        seen.add(where);
      }
    }
  }
  return causes;
};

const oneProjection: Check = (value, { path }) =>
  PROJECTIONS.filter((kind) => at(value, kind) !== undefined).length > 1
    ? causeForbidden(path, 'may not specify more than 1 volume type per source')
    : undefined;

/** 2^32 seconds. */
const LONGEST_TOKEN_SECONDS = 2 ** 32;

const tokenLife: Check = (value, { path }) => {
  if (typeof value !== 'number') return undefined;
  if (value < 600) return causeInvalid(path, value, 'may not specify a duration less than 10 minutes');
  if (value <= LONGEST_TOKEN_SECONDS) return undefined;
  return causeInvalid(path, value, 'may not specify a duration larger than 2^32 seconds');
};

/** What is wrong with the path of a token is said of the volume. */
const tokenPath: Check = (value, { path }) => {
  const where = `${path.slice(0, path.lastIndexOf('.sources['))}.path`;
  if (!value) return causeRequired(where);
  return localFaults(String(value)).map((fault) => causeInvalid(where, value, fault));
};

/** A key of a Secret or ConfigMap, and the file that it becomes. */
export const KEY_TO_PATH_RULES: readonly Rule[] = rows(coreSource('validateKeyToPath'), [
  ['key', required()],
  ['path', required()],
  ['path', localPath],
  ['mode', fileMode],
]);

/** Of a volume's `projected`. */
export const PROJECTED_RULES: readonly Rule[] = [
  ...rows(coreSource('validateProjectedVolumeSource'), [['defaultMode', fileMode]]),
  ...rows(coreSource('validateProjectionSources'), [
    ['sources[*].secret.name', required()],
    ['sources[*].configMap.name', required()],
  ]),
  ...below('sources[*].secret.items[*]', KEY_TO_PATH_RULES),
  ...below('sources[*].configMap.items[*]', KEY_TO_PATH_RULES),
  ...rows(coreSource('validateDownwardAPIVolumeFile'), [['sources[*].downwardAPI.items', files]]),
  ...rows(coreSource('validateProjectionSources'), [
    ['sources[*].serviceAccountToken.expirationSeconds', tokenLife],
    ['sources[*].serviceAccountToken.path', tokenPath],
    ['sources[*]', oneProjection],
    ['', apart],
  ]),
];
