/**
 * ClusterDeployments with their AgentClusterInstalls: a row for both, its installation, and its state in the status.
 * Upstream: assisted-service, clusterdeployments_controller.go.
 */
import { editable, type KubeObject, keyOf, objectKey } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import { isDay2Cluster } from '../../cluster/traits.ts';
import type { ClusterRow } from '../../core/rows.ts';
import type { KubeKey } from '../../service-api.ts';
import type { Release } from '../../versions/versions.ts';
import type { KubeContext } from '../context.ts';
import { InputError, messageOf, wrapped } from '../errors.ts';
import { CLUSTER_DEPLOYMENT_FINALIZER, CLUSTER_INSTALL_FINALIZER, WATCH_LABEL } from '../labels.ts';
import type { Agent, ClusterDeployment, ClusterImageSet, ClusterInstall } from '../objects.ts';
import type { Reconciler } from '../reconciler.ts';
import { pullSecretKey, validPullSecret } from '../secrets.ts';
import { applyAnnotations } from './annotations.ts';
import { removeClusterDeployment, removeClusterInstall } from './deletion.ts';
import { AGENTS_BY_CLUSTER, clusterKeysOf, isUnsynced, updateClusterStatus } from './install-status.ts';
import { advanceCluster } from './installation.ts';
import { manifestConfigMaps, syncManifests } from './manifests.ts';
import { checkMirrorRegistries } from './mirror-registries.ts';
import { type ClusterObjects, changeCluster, importCluster, isInstalled, registerCluster, releaseOf } from './row.ts';

/** Simulated milliseconds until manifests that cannot be taken are looked at again, so that their user can mend them. */
const MANIFESTS_RETRY_MS = 60_000;

export function clusterDeploymentReconciler(context: KubeContext): Reconciler {
  const { cache } = context;
  cache.of(RESOURCES.agents).addIndex(AGENTS_BY_CLUSTER, (agent) => clusterKeysOf(agent as Agent));
  const deploymentOf = ({ metadata, spec }: ClusterInstall) =>
    objectKey(metadata.namespace, spec.clusterDeploymentRef.name);
  return {
    name: 'ClusterDeployment',
    resource: RESOURCES.clusterDeployments,
    notice: 'cluster',
    reads: [RESOURCES.infraEnvs, RESOURCES.clusterImageSets],
    watches: [
      {
        resource: RESOURCES.secrets,
        keysOf: ({ metadata: { namespace, name } }) =>
          [...(cache.of(RESOURCES.clusterDeployments).list() as Iterable<ClusterDeployment>)]
            .filter(({ metadata, spec }) => metadata.namespace === namespace && spec.pullSecretRef?.name === name)
            .map(keyOf),
      },
      { resource: RESOURCES.agentClusterInstalls, keysOf: (install) => [deploymentOf(install as ClusterInstall)] },
      {
        resource: RESOURCES.agents,
        keysOf: (agent) => clusterKeysOf(agent as Agent),
        // Upstream means the same and compares conditions whose reason is SpecSynced, which none has: a cluster that was looked
        // at while an Agent was not synced waits there until something else happens to it. On a hub, hive sees to that.
        matters: (after, before) => isUnsynced(after as Agent) !== isUnsynced(before as Agent),
      },
      {
        resource: RESOURCES.configMaps,
        keysOf: ({ metadata: { namespace, name, labels } }) =>
          labels?.[WATCH_LABEL] === 'true'
            ? [...(cache.of(RESOURCES.agentClusterInstalls).list() as Iterable<ClusterInstall>)]
                .filter((install) => install.metadata.namespace === namespace)
                .filter((install) => manifestConfigMaps(install)?.includes(name))
                .map(deploymentOf)
            : [],
      },
    ],
    reconcile: (key) => reconcile(context, key),
  };
}

/** Upstream: isSupportedPlatform. */
function isOurs({ spec: { clusterInstallRef: ref } }: ClusterDeployment): boolean {
  return ref?.group === 'extensions.hive.openshift.io' && ref.kind === 'AgentClusterInstall';
}

async function reconcile(context: KubeContext, key: KubeKey): Promise<Outcome> {
  const { cache } = context;
  const found = cache.of(RESOURCES.clusterDeployments).get(key.namespace, key.name);
  if (!found) return null;
  const deployment = editable(found) as ClusterDeployment;
  if (!isOurs(deployment)) return null;
  const { name } = deployment.spec.clusterInstallRef!;
  const foundInstall = cache.of(RESOURCES.agentClusterInstalls).get(key.namespace, name);
  if (!foundInstall && !deployment.metadata.deletionTimestamp) return null;
  let install = foundInstall && (editable(foundInstall) as ClusterInstall);
  if (install?.metadata.deletionTimestamp) {
    await removeClusterInstall(context, install, key);
    return null;
  }
  if (install) install = await withFinalizer(context, install, CLUSTER_INSTALL_FINALIZER);
  if (deployment.metadata.deletionTimestamp) {
    await removeClusterDeployment(context, deployment);
    return null;
  }
  const held = await withFinalizer(context, deployment, CLUSTER_DEPLOYMENT_FINALIZER);
  return sync(context, key, { deployment: held, install: await owned(context, held, install!) });
}

async function withFinalizer<T extends KubeObject>({ client }: KubeContext, object: T, finalizer: string): Promise<T> {
  const { finalizers = [] } = object.metadata;
  if (finalizers.includes(finalizer)) return object;
  object.metadata.finalizers = [...finalizers, finalizer];
  const isInstall = finalizer === CLUSTER_INSTALL_FINALIZER;
  if (isInstall) dropZeroes(object as unknown as ClusterInstall);
  else fillZeroes(object as unknown as ClusterDeployment);
  const resource = isInstall ? RESOURCES.agentClusterInstalls : RESOURCES.clusterDeployments;
  return (await client.update(resource, object)) as T;
}

/** Go's types leave these out when they are zero. */
function dropZeroes({ spec: { provisionRequirements } }: ClusterInstall): void {
  if (provisionRequirements.workerAgents === 0) delete provisionRequirements.workerAgents;
  if (provisionRequirements.arbiterAgents === 0) delete provisionRequirements.arbiterAgents;
}

/** Go's types never leave these out. */
function fillZeroes({ spec }: ClusterDeployment): void {
  spec.installed ??= false;
  spec.controlPlaneConfig = { servingCertificates: {}, ...spec.controlPlaneConfig };
}

/** The AgentClusterInstall, owned by its ClusterDeployment. */
async function owned(
  { client }: KubeContext,
  { apiVersion, kind, metadata: { name, uid } }: ClusterDeployment,
  install: ClusterInstall,
): Promise<ClusterInstall> {
  const { ownerReferences = [] } = install.metadata;
  if (ownerReferences.some((owner) => owner.uid === uid)) return install;
  install.metadata.ownerReferences = [...ownerReferences, { apiVersion, kind, name, uid: uid! }];
  return (await client.update(RESOURCES.agentClusterInstalls, install)) as ClusterInstall;
}

async function sync(context: KubeContext, key: KubeKey, objects: ClusterObjects): Promise<Outcome> {
  const { deployment, install } = objects;
  const show = (cluster: ClusterRow | undefined, error?: unknown) =>
    updateClusterStatus(context, install, deployment, cluster, error);
  let pullSecret: string;
  let imageSet: ClusterImageSet | undefined;
  try {
    pullSecret = await pullSecretOf(context, objects);
    imageSet = imageSetOf(context, objects);
    await mirrorsOf(context, install);
  } catch (error) {
    return show(undefined, error);
  }
  const cluster = context.core.store.clusterByKube(key);
  if (!cluster) return create(context, objects, pullSecret, imageSet, show);
  try {
    await changeCluster(context, objects, cluster);
    applyAnnotations(context, install, cluster);
  } catch (error) {
    return show(cluster, error);
  }
  if (!isDay2Cluster(cluster)) {
    try {
      await syncManifests(context, install, cluster);
    } catch (error) {
      await show(cluster, error);
      return { requeueAfterMs: MANIFESTS_RETRY_MS };
    }
  }
  return advanceCluster(context, objects, cluster);
}

async function create(
  context: KubeContext,
  objects: ClusterObjects,
  pullSecret: string,
  imageSet: ClusterImageSet | undefined,
  show: (cluster: ClusterRow | undefined, error?: unknown) => Promise<Outcome>,
): Promise<Outcome> {
  let cluster: ClusterRow;
  try {
    const release: Release | undefined =
      imageSet && releaseOf(context, imageSet.spec.releaseImage, imageSet.metadata.name);
    cluster = isInstalled(objects)
      ? importCluster(context, objects, release)
      : await registerCluster(context, objects, pullSecret, release!);
  } catch (error) {
    return show(undefined, error);
  }
  return show(cluster);
}

/** @throws InputError without a reference; Error for a Secret that is missing or no pull secret. */
async function pullSecretOf(context: KubeContext, objects: ClusterObjects): Promise<string> {
  const { spec, metadata } = objects.deployment;
  if (!spec.pullSecretRef?.name) {
    if (isInstalled(objects)) return '';
    throw new InputError(`PullSecret is required for ClusterDeployment ${metadata.name}/${metadata.namespace}`);
  }
  try {
    return await validPullSecret(context, pullSecretKey(metadata.namespace, spec.pullSecretRef));
  } catch (error) {
    const { name, namespace } = metadata;
    throw wrapped(`failed to validate pull secret for ClusterDeployment ${name}/${namespace}`, error);
  }
}

/** @returns undefined for an installed cluster that names none. @throws InputError without a reference; Error for one that is missing. */
function imageSetOf({ cache }: KubeContext, objects: ClusterObjects): ClusterImageSet | undefined {
  const ref = objects.install.spec.imageSetRef;
  if (!ref) {
    if (isInstalled(objects)) return undefined;
    throw new InputError(
      'ClusterImageSet must be specified in AgentClusterInstall.Spec.ImageSetRef for cluster that is not installed',
    );
  }
  const found = cache.of(RESOURCES.clusterImageSets).get(undefined, ref.name);
  if (!found) throw new Error(`ClusterImageSet ${ref.name} not found. Please ensure the ClusterImageSet exists`);
  return found as ClusterImageSet;
}

async function mirrorsOf(context: KubeContext, { spec }: ClusterInstall): Promise<void> {
  try {
    await checkMirrorRegistries(context, spec.mirrorRegistryRef);
  } catch (error) {
    throw new InputError(messageOf(error));
  }
}
