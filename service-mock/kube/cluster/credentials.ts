/** Secrets with what opens an installed cluster. Upstream: assisted-service, clusterdeployments_controller.go. */
import { editable } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { ClusterRow } from '../../core/rows.ts';
import type { KubeContext } from '../context.ts';
import { isMissing } from '../errors.ts';
import type { ClusterDeployment, ClusterInstall, Secret } from '../objects.ts';
import { ensureLabelled, getSecret } from '../secrets.ts';
import type { ClusterObjects } from './row.ts';

const base64 = (content: string | Buffer) => Buffer.from(content).toString('base64');

/** The name of the Secret with the kubeconfig of a cluster. */
export function kubeconfigSecretName({ spec, metadata }: ClusterDeployment): string {
  return spec.clusterMetadata?.adminKubeconfigSecretRef?.name || `${metadata.name}-admin-kubeconfig`;
}

/** While a cluster installs there is a kubeconfig that does not know the ingress yet. @returns the install as it is now. */
export async function ensureFirstKubeconfig(
  context: KubeContext,
  { deployment, install }: ClusterObjects,
  cluster: ClusterRow,
): Promise<ClusterInstall> {
  if (install.spec.clusterMetadata) return install;
  const name = kubeconfigSecretName(deployment);
  if (!context.cache.of(RESOURCES.secrets).get(deployment.metadata.namespace, name)) {
    const content = context.service.downloadClusterCredentials(cluster.id, 'kubeconfig-noingress');
    await createSecret(context, deployment, name, { kubeconfig: base64(content) }, 'kubeconfig');
  }
  return writeMetadata(context, install, cluster, { adminKubeconfigSecretRef: { name } });
}

/** What an installed cluster gives out: password and full kubeconfig. @returns the install as it is now. */
export async function ensureCredentials(
  context: KubeContext,
  { deployment, install }: ClusterObjects,
  cluster: ClusterRow,
): Promise<ClusterInstall> {
  const { namespace } = deployment.metadata;
  const password = `${deployment.metadata.name}-admin-password`;
  if (!(await existing(context, namespace, password))) {
    const { username, password: word } = context.service.clusterCredentials(cluster.id);
    const data = { username: base64(String(username)), password: base64(String(word)) };
    await createSecret(context, deployment, password, data, 'kubeadmincreds');
  }
  const name = kubeconfigSecretName(deployment);
  const known = await existing(context, namespace, name);
  const present = known && (await ensureLabelled(context, RESOURCES.secrets, known));
  const data = { kubeconfig: base64(context.service.downloadClusterCredentials(cluster.id, 'kubeconfig')) };
  if (present) await context.client.update(RESOURCES.secrets, { ...present, data });
  else await createSecret(context, deployment, name, data, 'kubeconfig');
  return writeMetadata(context, install, cluster, {
    adminPasswordSecretRef: { name: password },
    adminKubeconfigSecretRef: { name },
  });
}

async function existing(context: KubeContext, namespace: string, name: string): Promise<Secret | undefined> {
  try {
    return await getSecret(context, { namespace, name });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function createSecret(
  { client }: KubeContext,
  { apiVersion, kind, metadata }: ClusterDeployment,
  name: string,
  data: Record<string, string>,
  type: 'kubeconfig' | 'kubeadmincreds',
): Promise<void> {
  await client.create(RESOURCES.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: {
        'hive.openshift.io/cluster-deployment-name': metadata.name,
        'hive.openshift.io/secret-type': type,
      },
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid!, blockOwnerDeletion: true }],
    },
    data,
  });
}

async function writeMetadata(
  { client }: KubeContext,
  install: ClusterInstall,
  { id, openshiftClusterId }: ClusterRow,
  refs: Pick<
    NonNullable<ClusterInstall['spec']['clusterMetadata']>,
    'adminKubeconfigSecretRef' | 'adminPasswordSecretRef'
  >,
): Promise<ClusterInstall> {
  const changed = editable(install);
  changed.spec.clusterMetadata = { clusterID: openshiftClusterId, infraID: id, ...refs };
  return (await client.update(RESOURCES.agentClusterInstalls, changed)) as ClusterInstall;
}
