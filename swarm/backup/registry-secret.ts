/**
 * The secret with the credentials of the registry, in the operator's namespace. The operator sees those with its label only
 * (devfile/devworkspace-operator, pkg/cache/cache.go), copies one into each namespace at its first backup, and never looks at it
 * again (pkg/secrets/backup.go). Nothing of it goes through command lines, files or messages.
 */
import { isKubeError, unlessNotFound } from '../../model/kube/kube-error.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { BackupInputError } from './backup-error.ts';
import { DWO_LABELS } from './backup-resources.ts';
import type { ClusterRequests } from './cluster-requests.ts';
import type { Credentials, Login } from './registry-login.ts';
import { registryHost } from './registry-path.ts';
import type { Right } from './rights.ts';

/** Name of the operator's copies: devfile/devworkspace-operator, pkg/constants/metadata.go, DevWorkspaceBackupAuthSecretName. */
export const COPIED_SECRET = 'devworkspace-backup-registry-auth';
export const SECRET_TYPE = 'kubernetes.io/dockerconfigjson';
const FILE = '.dockerconfigjson';

export interface SecretRequest {
  readonly namespace: string;
  readonly name: string;
  /** As the user gave it, without the typo of an incorrect configuration. */
  readonly registryPath: string;
  /** Those of the environment; null for none. */
  readonly credentials: Credentials | null;
  /** Put the credentials into a secret that is there already. */
  readonly replace: boolean;
  /** Tries the credentials at the registry; absent where there is none to contact: that of a cluster in this process is played. */
  readonly login?: (path: string, credentials: Credentials, signal: AbortSignal) => Promise<Login>;
}

/** What is to be done about a secret; nothing is changed yet. */
export type SecretPlan =
  | { readonly action: 'make' | 'replace'; readonly object: KubeObject; readonly note: string }
  | { readonly action: 'reuse'; readonly note: string };

/** `QUAY_USERNAME` and `QUAY_PASSWORD`. @throws BackupInputError for one without the other */
export function credentialsOf(environment: Readonly<Record<string, string | undefined>>): Credentials | null {
  const { QUAY_USERNAME: username = '', QUAY_PASSWORD: password = '' } = environment;
  if (username === '' && password === '') return null;
  if (username !== '' && password !== '') return { username, password };
  const [set, unset] = username !== '' ? ['QUAY_USERNAME', 'QUAY_PASSWORD'] : ['QUAY_PASSWORD', 'QUAY_USERNAME'];
  throw new BackupInputError(`${set} is set, and ${unset} is not; export both, or none to use a secret of the cluster`);
}

/**
 * Looks for the secret, and says what is to be done.
 * @throws BackupInputError when there is none and no credentials to make it from, or when the operator could do nothing with it
 */
export async function planRegistrySecret(
  requests: ClusterRequests,
  request: SecretRequest,
  signal: AbortSignal,
): Promise<SecretPlan> {
  const { credentials, ...plan } = await planWithCredentials(requests, request, signal);
  const { login, registryPath } = request;
  if (!login || credentials === null) return plan;
  const tried = await login(registryPath, credentials, signal);
  if (tried.result === 'accepted') return plan;
  if (tried.result === 'unknown')
    return { ...plan, note: `${plan.note}; whether its credentials are right is not known: ${tried.why}` };
  const whose =
    plan.action === 'reuse'
      ? `those of secret ${request.name} in namespace ${request.namespace}; put others in with --replace-registry-secret true`
      : 'QUAY_USERNAME and QUAY_PASSWORD; correct them';
  throw new BackupInputError(
    `the registry ${registryHost(registryPath)} does not let ${credentials.username} in (${tried.why}): its credentials are ${whose}`,
  );
}

async function planWithCredentials(
  requests: ClusterRequests,
  request: SecretRequest,
  signal: AbortSignal,
): Promise<SecretPlan & { readonly credentials: Credentials | null }> {
  const { namespace, name, credentials, replace } = request;
  const host = registryHost(request.registryPath);
  const found = await readSecret(requests, namespace, name, signal);
  const place = `secret ${name} in namespace ${namespace}`;
  if (found === undefined) {
    if (credentials === null) throw new BackupInputError(missing(request, host));
    return {
      action: 'make',
      credentials,
      object: secretObject(request, host, credentials),
      note: `${place} is made from QUAY_USERNAME and QUAY_PASSWORD for ${host}, and removed afterwards`,
    };
  }
  if (replace) {
    if (credentials === null) {
      throw new BackupInputError(
        '--replace-registry-secret is true, and QUAY_USERNAME and QUAY_PASSWORD are not set; export both, or leave the option out to use the secret as it is',
      );
    }
    if (found.type !== SECRET_TYPE) {
      throw new BackupInputError(
        `${place} is of type ${found.type}, and the type of a secret cannot change; delete it, or give another name with --registry-secret`,
      );
    }
    return {
      action: 'replace',
      credentials,
      object: secretObject(request, host, credentials),
      note: `${place} has the credentials of QUAY_USERNAME and QUAY_PASSWORD from now on`,
    };
  }
  const problem = secretProblem(found, host);
  if (problem !== null) throw new BackupInputError(`${place} ${problem}`);
  const own = loginOf(found, host);
  const user = own?.username ?? null;
  const other = credentials !== null && user !== null && user !== credentials.username;
  return {
    action: 'reuse',
    credentials: own,
    note: other
      ? `${place} is used as it is, with user ${user}, and not that of QUAY_USERNAME; to put that one in: --replace-registry-secret true`
      : `${place} is used as it is`,
  };
}

/**
 * Does what the plan says.
 * @param run value of the run's label on a secret that is made
 * @returns uid of a secret that was made; null when none was
 * @throws KubeError; BackupInputError when somebody else has made it meanwhile
 */
export async function applySecretPlan(
  requests: ClusterRequests,
  plan: SecretPlan,
  run: string,
  signal: AbortSignal,
): Promise<string | null> {
  if (plan.action === 'reuse') return null;
  const { object } = plan;
  const { namespace, name, labels } = object.metadata;
  if (plan.action === 'replace') {
    const patch = { metadata: { labels }, data: object.data };
    await requests.ask((client) => client.patch(RESOURCES.secrets, namespace, name, patch, {}, signal), signal);
    return null;
  }
  const made = { ...object, metadata: { ...object.metadata, labels: { ...labels, [RUN_LABEL]: run } } };
  try {
    const answer = await requests.ask((client) => client.create(RESOURCES.secrets, made, {}, signal), signal);
    return answer.metadata.uid ?? '';
  } catch (error) {
    if (!isKubeError(error) || !error.alreadyExists) throw error;
    const live = await readSecret(requests, namespace!, name, signal);
    // An earlier try of ours whose answer got lost.
    if (live?.metadata.labels?.[RUN_LABEL] === run) return live.metadata.uid ?? '';
    throw new BackupInputError(`somebody else has just made secret ${name} in namespace ${namespace}; start again`, {
      cause: error,
    });
  }
}

/** What doing as the plan says needs. */
export function rightsOfSecret(plan: SecretPlan): Right[] {
  if (plan.action === 'reuse') return [];
  const { namespace = '' } = plan.object.metadata;
  const verbs = plan.action === 'make' ? ['create', 'delete'] : ['patch'];
  return [{ resource: RESOURCES.secrets, verbs, namespace }];
}

export async function readSecret(
  requests: ClusterRequests,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  return unlessNotFound(
    requests.ask((client) => client.get(RESOURCES.secrets, namespace, name, signal), signal, 5_000),
  );
}

/**
 * Deletes a secret that holds the same as another one, and leaves any else; 0.40 copies under the same name.
 * @throws KubeError
 */
export async function removeCopy(
  requests: ClusterRequests,
  original: KubeObject,
  { namespace, name }: { namespace: string; name: string },
  signal: AbortSignal,
): Promise<void> {
  const found = await readSecret(requests, namespace, name, signal);
  if (!found || found.metadata.uid === original.metadata.uid || !sameCredentials(found, original)) return;
  const { uid = '' } = found.metadata;
  await unlessNotFound(
    requests.ask(
      (client) => client.delete(RESOURCES.secrets, namespace, name, { uid }, signal),
      signal,
      requests.patienceMs,
    ),
  );
}

/** Why the operator, or a backup, could do nothing with a secret, and what to do; null when they could. */
export function secretProblem(secret: KubeObject, host: string): string | null {
  const { name, namespace, labels } = secret.metadata;
  if (secret.type !== SECRET_TYPE) {
    return `is of type ${secret.type}, and backups take ${SECRET_TYPE}; make it anew, or give another name with --registry-secret`;
  }
  if (labels?.[DWO_LABELS.watchSecret] !== 'true') {
    return `is without the label ${DWO_LABELS.watchSecret}=true, so that the operator does not see it; add it: kubectl label secret ${name} -n ${namespace} ${DWO_LABELS.watchSecret}=true`;
  }
  const auths = authsOf(secret);
  if (auths === null)
    return `has no ${FILE} that could be read; make it anew, or replace it with --replace-registry-secret true`;
  const hosts = Object.keys(auths);
  if (entryOf(auths, host) === undefined) {
    return `has no credentials for ${host}, but for ${hosts.join(', ') || 'no registry'}; add them, give another --registry-path, or replace it with --replace-registry-secret true`;
  }
  return userOf(secret, host) === null
    ? `has no user and password for ${host}; replace it with --replace-registry-secret true`
    : null;
}

/** Who a secret logs in as; null when it does not say. */
export function userOf(secret: KubeObject, host: string): string | null {
  return loginOf(secret, host)?.username ?? null;
}

function loginOf(secret: KubeObject, host: string): Credentials | null {
  const auths = authsOf(secret);
  const { username, password, auth } = (auths && entryOf(auths, host)) ?? {};
  if (typeof username === 'string' && typeof password === 'string') return { username, password };
  const text = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString() : '';
  const colon = text.indexOf(':');
  return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Whether two secrets hold the same credentials, in whatever order they are written. */
export function sameCredentials(one: KubeObject, other: KubeObject): boolean {
  return JSON.stringify(one.data ?? {}) === JSON.stringify(other.data ?? {});
}

function missing({ namespace, name, login }: SecretRequest, host: string): string {
  const none = `there is no secret ${name} in namespace ${namespace}, and QUAY_USERNAME and QUAY_PASSWORD are not set to make it from; `;
  // Nobody can make a secret on a cluster that is gone with this program, and its registry knows nobody else.
  if (!login) return `${none}export both (here any will do), or use none: --registry-secret ""`;
  return (
    `${none}export both, or make it yourself from a file that holds a login to ${host}: ` +
    `kubectl create secret generic ${name} -n ${namespace} --type ${SECRET_TYPE} --from-file=${FILE}=$HOME/.docker/config.json, then ` +
    `kubectl label secret ${name} -n ${namespace} ${DWO_LABELS.watchSecret}=true (a registry that asks for none: --registry-secret "")`
  );
}

function secretObject(
  { namespace, name }: SecretRequest,
  host: string,
  { username, password }: Credentials,
): KubeObject {
  const auth = base64(`${username}:${password}`);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: SECRET_TYPE,
    metadata: { name, namespace, labels: { [DWO_LABELS.watchSecret]: 'true' } },
    data: { [FILE]: base64(JSON.stringify({ auths: { [host]: { username, password, auth } } })) },
  };
}

type Entry = Readonly<Record<string, unknown>>;

function authsOf({ data }: KubeObject): Record<string, unknown> | null {
  try {
    const text = Buffer.from((data as Record<string, string>)[FILE]!, 'base64').toString();
    const { auths } = JSON.parse(text) as { auths?: unknown };
    return typeof auths === 'object' && auths !== null ? (auths as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Login files name registries with or without scheme, and parts of them by their paths. */
function entryOf(auths: Readonly<Record<string, unknown>>, host: string): Entry | undefined {
  const key = Object.keys(auths).find((one) => registryHost(one.replace(/^https?:\/\//, '')) === host);
  return key === undefined ? undefined : ((auths[key] ?? {}) as Entry);
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
