/**
 * Where backups go: `host[:port][/repository…]`, as `config.workspace.backupCronJob.registry.path` of the DevWorkspace Operator has
 * it (devfile/devworkspace-operator, project-backup/workspace-recovery.sh: `{path}/{namespace}/{workspace}:latest`). The forms are
 * those of the references of container images (distribution/reference, regexp.go).
 */

const LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
/** Stands in the public test plans where a user's own registry belongs. */
const PLACEHOLDER = 'CHANGEME';
/** The host of the document's incorrect configuration: nobody can register a name below a top level that does not exist. */
const TYPO: Readonly<Record<string, string>> = { 'quay.io': 'quay.i' };

/** Says what is wrong with a path, and what to do; null for one that is well-formed. Passwords are not repeated. */
export function registryPathProblem(path: string): string | null {
  const example = 'give HOST[:PORT][/REPOSITORY], for example quay.io/yourname';
  if (path.includes(PLACEHOLDER)) {
    const own = path.replace(PLACEHOLDER, 'yourname');
    return `is still the placeholder "${path}": put in a registry that you may write to, for example ${own} (in a test plan: sed -i 's|${path}|${own}|g' PLAN.json)`;
  }
  if (path.includes('@')) return `has an @: neither passwords nor digests belong in it; ${example}`;
  if (/^[a-z]+:\/\//i.test(path)) return `is "${path}", with a scheme: ${example}`;
  if (/\s/.test(path)) return `is "${path}", with a blank in it: ${example}`;
  const [host = '', ...components] = path.replace(/\/$/, '').split('/');
  if (!isHost(host)) {
    return `is "${path}", without the host of a registry before its first slash: ${example}`;
  }
  const wrong = components.find((one) => !COMPONENT.test(one));
  if (wrong === undefined) return null;
  return wrong.includes(':')
    ? `is "${path}", with a tag: the operator adds namespace, workspace and tag itself; ${example}`
    : `is "${path}", and "${wrong}" is no part of a repository: allowed are small letters and digits, with single . _ - between them; ${example}`;
}

/** A name is one when it could not be the first part of a repository: it has a dot or a port, or is `localhost`. */
function isHost(text: string): boolean {
  const [, name = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (!name.split('.').every((label) => LABEL.test(label))) return false;
  return name.includes('.') || port !== undefined || name === 'localhost';
}

/** Host with port: the name under which credentials are kept in a secret. */
export function registryHost(path: string): string {
  return path.split('/', 1)[0]!;
}

/**
 * The same path at a registry that cannot exist. For quay.io it is the typo of the document, `quay.i`; any other name gets the top
 * level that is reserved for this (RFC 6761, 6.4), as a letter less could be somebody's registry.
 */
export function incorrectRegistryPath(path: string): string {
  const host = registryHost(path);
  const [, name = '', port = ''] = /^(.*?)(:\d+)?$/.exec(host) ?? [];
  return `${TYPO[name] ?? `${name}.invalid`}${port}${path.slice(host.length)}`;
}
