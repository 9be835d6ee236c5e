/** ConfigMaps with mirrors of registries. Upstream: assisted-service, controllers/mirrorregistry/. */
import { objectKey } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { KubeContext } from '../context.ts';
import { notFound, wrapped } from '../errors.ts';
import type { ConfigMap, NamespacedRef } from '../objects.ts';
import { ensureLabelled } from '../secrets.ts';

const REGISTRIES = 'registries.conf';

/**
 * Looks a referenced ConfigMap up and labels it; its mirrors are not used, because nothing is pulled.
 * @throws Error when it is missing or holds no registries.
 */
export async function checkMirrorRegistries(
  context: KubeContext,
  ref: NamespacedRef | null | undefined,
): Promise<void> {
  if (!ref) return;
  const { namespace, name } = ref;
  const found = context.cache.of(RESOURCES.configMaps).get(namespace, name) as ConfigMap | undefined;
  if (!found) throw wrapped('Failed to get referenced ConfigMap', notFound(RESOURCES.configMaps, name));
  if (found.data?.[REGISTRIES] === undefined)
    throw new Error(`ConfigMap ${objectKey(namespace, name)} does not contain ${REGISTRIES} key`);
  await ensureLabelled(context, RESOURCES.configMaps, found);
}
