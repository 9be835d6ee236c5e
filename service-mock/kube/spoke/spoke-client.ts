/**
 * Clients of installed clusters, by the kubeconfig that their Secret holds.
 * Upstream: assisted-service, controllers/common.go, spokeKubeconfigSecret, and internal/spoke_k8s_client/.
 *
 * The kubeconfig that this service made up itself leads to a name that nobody has: such a cluster is unreachable, and is not
 * even looked up, so that nothing leaves the machine. Whoever serves the cluster puts a kubeconfig of it into the Secret.
 */
import { KubeClient } from '../../../model/kube/kube-client.ts';
import { KubeError } from '../../../model/kube/kube-error.ts';
import { objectKey } from '../../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { ClusterRow } from '../../core/rows.ts';
import type { KubeKey } from '../../service-api.ts';
import { kubeconfigSecretName } from '../cluster/credentials.ts';
import type { KubeContext } from '../context.ts';
import type { ClusterDeployment } from '../objects.ts';
import { ensureLabelled, getSecret } from '../secrets.ts';
import type { SpokeApi } from './spoke-clients.ts';

/** A client of a cluster. @param key of its ClusterDeployment. @throws Error without a Secret, or for one without a usable kubeconfig. */
export async function spokeOf(context: KubeContext, key: KubeKey): Promise<SpokeApi> {
  const { namespace } = key;
  // Asked of the hub itself each time, as upstream.
  const deployment = await context.client.get(RESOURCES.clusterDeployments, namespace, key.name).catch(() => undefined);
  const name = deployment ? kubeconfigSecretName(deployment as ClusterDeployment) : `${key.name}-admin-kubeconfig`;
  const secret = await getSecret(context, { namespace, name });
  await ensureLabelled(context, RESOURCES.secrets, secret);
  const data = secret.data ?? {};
  const where = objectKey(namespace, name);
  if (Object.keys(data).length === 0) throw new Error(`secret '${where}' is empty`);
  if (!data.kubeconfig) throw new Error(`secret '${where}' doesn't contain the 'kubeconfig' key`);
  const text = Buffer.from(data.kubeconfig, 'base64').toString('utf8');
  const cluster = context.core.store.clusterByKube(key);
  const kubeconfig = loadKubeconfig({ text });
  return context.spokes.get(where, text, () =>
    cluster && isInvented(context, cluster, text)
      ? unreachable(kubeconfig.getCurrentCluster()!.server)
      : new KubeClient({ kubeconfig, clock: context.clock }),
  );
}

/** In the words of Go's dialer. */
function unreachable(server: string): SpokeApi {
  const said = `dial tcp: lookup ${new URL(server).hostname}: no such host`;
  const fail = () => Promise.reject(new KubeError(said, { status: 0, reason: 'Unreachable', said }));
  return { get: fail, list: fail, create: fail, update: fail, patch: fail, delete: fail, close: async () => {} };
}

function isInvented({ service }: KubeContext, { id }: ClusterRow, kubeconfig: string): boolean {
  return ['kubeconfig', 'kubeconfig-noingress'].some((name) => {
    try {
      return service.downloadClusterCredentials(id, name).toString('utf8') === kubeconfig;
    } catch {
      return false;
    }
  });
}
