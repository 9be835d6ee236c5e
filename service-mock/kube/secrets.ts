/** Secrets and ConfigMaps that resources refer to. Upstream: assisted-service, controllers/common.go and pullsecret_handler.go. */
import { editable, type KubeObject, objectKey } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import type { KubeKey } from '../service-api.ts';
import { imagesOfService, pullSecretProblem } from '../validations/pull-secret.ts';
import type { KubeContext } from './context.ts';
import { InputError, wrapped } from './errors.ts';
import { BACKUP_LABEL, WATCH_LABEL } from './labels.ts';
import type { NameRef, Secret } from './objects.ts';

const PULL_SECRET_FIELD = '.dockerconfigjson';

/** A Secret of the cache, or of the hub when it bears no watch label yet. @throws Error that names it. */
export async function getSecret({ cache, client }: KubeContext, { namespace, name }: KubeKey): Promise<Secret> {
  const cached = cache.of(RESOURCES.secrets).get(namespace, name);
  if (cached) return cached as Secret;
  try {
    return (await client.get(RESOURCES.secrets, namespace, name)) as Secret;
  } catch (error) {
    throw wrapped(`failed to get secret ${objectKey(namespace, name)} from API`, error);
  }
}

/** Sets the labels that make a backup hold an object and our cache follow it: a write each. @returns the object as it is now. */
export async function ensureLabelled(
  { client }: KubeContext,
  resource: KubeResource,
  object: KubeObject,
): Promise<KubeObject> {
  let present = object;
  for (const label of [BACKUP_LABEL, WATCH_LABEL]) {
    if (present.metadata.labels?.[label] !== undefined) continue;
    const changed = editable(present);
    changed.metadata.labels = { ...changed.metadata.labels, [label]: 'true' };
    try {
      present = await client.update(resource, changed);
    } catch (error) {
      const { namespace, name } = object.metadata;
      const kind = resource.kind.toLowerCase();
      throw wrapped(`failed to set label ${label}:true for ${kind} ${objectKey(namespace, name)}`, error);
    }
  }
  return present;
}

/** @returns null for no reference. */
export function pullSecretKey(namespace: string, ref: NameRef | null | undefined): KubeKey | null {
  return ref ? { namespace, name: ref.name } : null;
}

/** Text of a pull secret. @throws InputError without a reference; Error for a Secret that is missing or holds none. */
export async function validPullSecret(context: KubeContext, key: KubeKey | null): Promise<string> {
  if (!key || key.name === '' || key.namespace === '') throw new InputError('Missing reference to pull secret');
  const text = await pullSecretText(context, key);
  const { settings } = context;
  const problem = pullSecretProblem(text, imagesOfService(settings), settings.PUBLIC_CONTAINER_REGISTRIES);
  if (problem !== undefined)
    throw wrapped(`invalid pull secret data in secret ${key.name} ${text}`, new Error(problem));
  return text;
}

async function pullSecretText(context: KubeContext, key: KubeKey): Promise<string> {
  let secret: Secret;
  try {
    secret = await getSecret(context, key);
  } catch (error) {
    throw wrapped(`failed to find secret ${key.name}`, error);
  }
  try {
    await ensureLabelled(context, RESOURCES.secrets, secret);
  } catch (error) {
    throw wrapped(`failed to label secret ${key.name} for backup`, error);
  }
  const value = secret.data?.[PULL_SECRET_FIELD];
  if (value === undefined) throw new Error(`secret ${key.name} did not contain key ${PULL_SECRET_FIELD}`);
  return Buffer.from(value, 'base64').toString('utf8');
}
