/** What a pull secret must open. Upstream: assisted-service, internal/cluster/validations/pull_secret_validation.go. */
import type { ServiceSettings } from '../service-api.ts';

/** Images that every pull secret must open. */
export function imagesOfService(settings: ServiceSettings): string[] {
  return [settings.AGENT_DOCKER_IMAGE, settings.INSTALLER_IMAGE, settings.CONTROLLER_IMAGE]
    .filter((image) => image !== '')
    .map(repositoryOf);
}

/**
 * What is wrong with a pull secret; undefined for a good one.
 * @param images everything that it must open.
 * @param open registries, or repositories of them, that need no credentials.
 */
export function pullSecretProblem(
  text: string,
  images: readonly string[],
  open: readonly string[],
): string | undefined {
  const auths = authsOf(text);
  if (auths === undefined) return 'pull secret must be a well-formed JSON';
  if (auths.length === 0) return "pull secret must contain 'auths' JSON-object field";
  for (const [registry, { auth }] of auths) {
    const problem = authProblem(registry, auth);
    if (problem !== undefined) return problem;
  }
  const opened = new Set([...open, ...auths.map(([registry]) => registry)]);
  const closed = images.find((image) => image !== '' && !isOpen(repositoryOf(image), opened));
  return closed && `pull secret must contain auth for ${JSON.stringify(closed)}`;
}

type Entry = [registry: string, entry: Readonly<Record<string, unknown>>];

/** Entries of a pull secret; undefined for what is none. Names of Go's fields ignore case. */
function authsOf(text: string): Entry[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.trim());
  } catch {
    return undefined;
  }
  if (value === null) return [];
  if (!isObject(value)) return undefined;
  const auths = Object.entries(value).findLast(([name]) => name.toLowerCase() === 'auths')?.[1] ?? {};
  if (!isObject(auths)) return undefined;
  const entries = Object.entries(auths).map(([registry, entry]): [string, unknown] => [registry, entry ?? {}]);
  return entries.every(([, entry]) => isObject(entry)) ? (entries as Entry[]) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An entry without credentials is good. */
function authProblem(registry: string, auth: unknown): string | undefined {
  if (auth === undefined || auth === '') return undefined;
  const quoted = JSON.stringify(registry);
  if (typeof auth !== 'string')
    return `invalid pull secret: 'auth' field of ${quoted} is ${printed(auth)} but should be a string`;
  if (!isBase64(auth)) return `invalid pull secret: 'auth' field of ${quoted} is not base64-encoded`;
  if (!Buffer.from(auth, 'base64').includes(':'))
    return `invalid pull secret: 'auth' for ${registry} is not in 'user:password' format`;
  return undefined;
}

/** A value of a JSON text as Go prints it. */
function printed(value: unknown): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${printed(member)}`).join(' ')}]`;
}

function isBase64(text: string): boolean {
  const letters = text.replaceAll(/[\r\n]/g, '');
  return letters.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(letters);
}

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_LOGIN = 'https://index.docker.io/v1/';
/** Credentials for it are added by the service. */
const STAGE = 'registry.stage.redhat.io';

/** Whether a repository, or something that it is below of, is open. */
function isOpen(repository: string, opened: ReadonlySet<string>): boolean {
  for (let name = repository; ; name = name.slice(0, name.lastIndexOf('/'))) {
    if (name === STAGE || opened.has(name) || (name === DOCKER_HUB && opened.has(DOCKER_HUB_LOGIN))) return true;
    if (!name.includes('/')) return false;
  }
}

/** Registry and path of an image reference, without its tag; images that name none come from Docker Hub. */
function repositoryOf(image: string): string {
  const name = image
    .trim()
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '');
  const first = name.split('/', 1)[0]!;
  if (name.includes('/') && (/[.:]/.test(first) || first === 'localhost')) return name;
  return name.includes('/') ? `${DOCKER_HUB}/${name}` : `${DOCKER_HUB}/library/${name}`;
}
