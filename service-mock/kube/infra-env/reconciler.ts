/** InfraEnvs: a row each, and the addresses of its image in their status. Upstream: assisted-service, infraenv_controller.go. */

import { editable, type KubeObject, keyOf, objectKey } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import type { ClusterRow, InfraEnvRow } from '../../core/rows.ts';
import { deregisterInfraEnv } from '../../infra-env/infra-envs.ts';
import { type KubeKey, OperationError } from '../../service-api.ts';
import { setCondition } from '../conditions.ts';
import type { KubeContext } from '../context.ts';
import { isClientError, MissingReferenceError, messageOf, notFound, wrapped } from '../errors.ts';
import { INFRA_ENV_FINALIZER, INFRA_ENV_LABEL } from '../labels.ts';
import type { ClusterDeployment, InfraEnv, InfraEnvStatus } from '../objects.ts';
import type { Reconciler } from '../reconciler.ts';
import { changeInfraEnv, registerInfraEnv } from './row.ts';

const IMAGE_CREATED = 'ImageCreated';
/** Simulated milliseconds until an image that is being made is looked at again. */
const RECOVERABLE_MS = 20_000;

export function infraEnvReconciler(context: KubeContext): Reconciler {
  const infraEnvs = () => context.cache.of(RESOURCES.infraEnvs).list() as Iterable<InfraEnv>;
  const keysWhere = (matches: (infraEnv: InfraEnv) => boolean) => [...infraEnvs()].filter(matches).map(keyOf);
  return {
    name: 'InfraEnv',
    resource: RESOURCES.infraEnvs,
    notice: 'infraEnv',
    reads: [RESOURCES.configMaps],
    watches: [
      {
        resource: RESOURCES.nmStateConfigs,
        keysOf: ({ metadata: { namespace, labels = {} } }) =>
          keysWhere(
            ({ metadata, spec }) =>
              metadata.namespace === namespace &&
              Object.entries(labels).some(([key, value]) => {
                return spec.nmStateConfigLabelSelector?.matchLabels?.[key] === value;
              }),
          ),
      },
      {
        resource: RESOURCES.clusterDeployments,
        keysOf: ({ metadata: { namespace, name } }) =>
          keysWhere(({ spec: { clusterRef } }) => clusterRef?.name === name && clusterRef.namespace === namespace),
      },
      {
        resource: RESOURCES.secrets,
        keysOf: ({ metadata: { namespace, name } }) =>
          keysWhere(({ metadata, spec }) => metadata.namespace === namespace && spec.pullSecretRef?.name === name),
      },
    ],
    reconcile: (key) => reconcile(context, key),
  };
}

async function reconcile(context: KubeContext, { namespace, name }: KubeKey): Promise<Outcome> {
  const found = context.cache.of(RESOURCES.infraEnvs).get(namespace, name);
  if (!found) return null;
  let infraEnv = editable(found) as InfraEnv;
  const { metadata } = infraEnv;
  const finalizers = metadata.finalizers ?? [];
  if (metadata.deletionTimestamp) {
    if (finalizers.includes(INFRA_ENV_FINALIZER)) await remove(context, infraEnv);
    return null;
  }
  if (!finalizers.includes(INFRA_ENV_FINALIZER)) {
    metadata.finalizers = [...finalizers, INFRA_ENV_FINALIZER];
    // Go's type has it as a value, which is never left out.
    infraEnv.spec.nmStateConfigLabelSelector ??= {};
    infraEnv = (await context.client.update(RESOURCES.infraEnvs, infraEnv)) as InfraEnv;
  }
  const status = statusOf(infraEnv);
  let cluster: ClusterRow | undefined;
  const { clusterRef } = infraEnv.spec;
  if (clusterRef) {
    try {
      cluster = clusterFor(context, clusterRef);
    } catch (error) {
      const message = `ClusterDeployment is missing: ${messageOf(error)}`;
      setImageCondition(context, status, 'Unknown', 'MissingClusterDeployment', message);
      await writeStatus(context, infraEnv);
      return error instanceof MissingReferenceError ? null : 'again';
    }
  }
  return syncImage(context, infraEnv, status, cluster);
}

/** Its hosts stay until their Agents go, which belong to it. */
async function remove({ client, core }: KubeContext, infraEnv: InfraEnv): Promise<void> {
  const { namespace, name, finalizers = [] } = infraEnv.metadata;
  const row = core.store.infraEnvByKube({ namespace, name });
  if (row) deregisterInfraEnv(core, row);
  infraEnv.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== INFRA_ENV_FINALIZER);
  await client.update(RESOURCES.infraEnvs, infraEnv);
}

/** The row of the referenced ClusterDeployment. @throws MissingReferenceError without the object; OperationError without its row. */
function clusterFor({ cache, core }: KubeContext, { name, namespace }: KubeKey): ClusterRow {
  const found = cache.of(RESOURCES.clusterDeployments).get(namespace, name) as ClusterDeployment | undefined;
  if (!found) {
    const { message } = wrapped(
      `failed to get clusterDeployment with name ${name} in namespace ${namespace}`,
      notFound(RESOURCES.clusterDeployments, name),
    );
    throw new MissingReferenceError(message);
  }
  const row = core.store.clusterByKube({ name, namespace });
  if (row) return row;
  const install = found.spec.clusterInstallRef;
  const reason = install
    ? `check AgentClusterInstall conditions: name ${install.name} in namespace ${namespace}`
    : 'AgentClusterInstall is not defined in ClusterDeployment';
  throw new OperationError(404, `cluster does not exist: ${name}, ${reason}`);
}

async function syncImage(
  context: KubeContext,
  infraEnv: InfraEnv,
  status: InfraEnvStatus,
  cluster: ClusterRow | undefined,
): Promise<Outcome> {
  const { core, settings } = context;
  const { namespace, name } = infraEnv.metadata;
  const key = { namespace, name };
  let row = core.store.infraEnvByKube(key);
  try {
    if (row) await changeInfraEnv(context, infraEnv, row);
    else row = await registerInfraEnv(context, infraEnv, cluster);
    fillEventsUrl(context, status, row);
    if (status.debugInfo.staticNetworkDownloadURL === undefined && row.staticNetworkConfig !== '')
      status.debugInfo.staticNetworkDownloadURL = core.urls.file(row.id, 'static-network-config');
    let message = 'InfraEnv is available';
    if (settings.ENABLE_IMAGE_SERVICE) {
      fillUrls(context, infraEnv, status, row);
      message += ': Image has been created';
    }
    setImageCondition(context, status, 'True', 'InfraEnvAvailable', message);
  } catch (error) {
    if (row) fillEventsUrl(context, status, row);
    if (!settings.ENABLE_IMAGE_SERVICE) return null;
    return failImage(context, infraEnv, status, error);
  }
  return (await writeStatus(context, infraEnv)) ? null : 'again';
}

function fillEventsUrl({ core }: KubeContext, status: InfraEnvStatus, row: InfraEnvRow): void {
  status.debugInfo.eventsURL ||= core.urls.events('infra_env_id', row.id);
}

/** Addresses with tokens are made anew only with the image's. */
function fillUrls({ core: { urls } }: KubeContext, infraEnv: InfraEnv, status: InfraEnvStatus, row: InfraEnvRow): void {
  const isNew = status.isoDownloadURL !== row.downloadUrl;
  if (isNew) {
    status.isoDownloadURL = row.downloadUrl;
    status.createdTime = rfc3339(row.generatedAt);
  }
  const type = infraEnv.spec.ipxeScriptType === 'BootOrderControl' ? 'boot-order-control' : undefined;
  status.bootArtifacts = {
    ...(isNew
      ? {
          initrd: urls.initrd(row),
          ipxeScript: urls.file(row.id, 'ipxe-script', type),
          discoveryIgnitionURL: urls.file(row.id, 'discovery.ign'),
        }
      : status.bootArtifacts),
    kernel: urls.kernel(row),
    rootfs: urls.rootfs(row),
  };
}

/** An error is shown, and takes the image's address away; one of the user's making waits for a change. */
async function failImage(
  context: KubeContext,
  infraEnv: InfraEnv,
  status: InfraEnvStatus,
  error: unknown,
): Promise<Outcome> {
  if (error instanceof OperationError && error.status === 409) {
    const present = status.conditions?.find(({ type }) => type === IMAGE_CREATED);
    if (present?.reason !== 'ImageCreationError')
      setImageCondition(context, status, 'True', 'ImageCreated', 'Image has been created');
    await writeStatus(context, infraEnv);
    return { requeueAfterMs: RECOVERABLE_MS };
  }
  const isUsers = isClientError(error);
  const detail = `${isUsers ? ': ' : ' due to an internal error: '}${messageOf(error)}`;
  setImageCondition(context, status, 'False', 'ImageCreationError', `Failed to create image${detail}`);
  delete status.isoDownloadURL;
  delete status.createdTime;
  await writeStatus(context, infraEnv);
  if (isUsers) return null;
  throw error;
}

/** The status to write into, made when there is none. */
function statusOf(infraEnv: InfraEnv): InfraEnvStatus {
  const status: InfraEnvStatus = {
    debugInfo: { eventsURL: '' },
    bootArtifacts: { initrd: '', rootfs: '', kernel: '', ipxeScript: '', discoveryIgnitionURL: '' },
    ...infraEnv.status,
    agentLabelSelector: { matchLabels: { [INFRA_ENV_LABEL]: infraEnv.metadata.name } },
  };
  infraEnv.status = status;
  return status;
}

function setImageCondition(
  { clock }: KubeContext,
  status: InfraEnvStatus,
  value: 'True' | 'False' | 'Unknown',
  reason: string,
  message: string,
): void {
  status.conditions ??= [];
  setCondition(status.conditions, { type: IMAGE_CREATED, status: value, reason, message }, clock.now());
}

/** @returns false when somebody else was faster or the hub failed. */
async function writeStatus({ client, report }: KubeContext, infraEnv: KubeObject): Promise<boolean> {
  try {
    await client.update(RESOURCES.infraEnvs, infraEnv, { subresource: 'status' });
    return true;
  } catch (error) {
    const { namespace, name } = infraEnv.metadata;
    report(`InfraEnv ${objectKey(namespace, name)}: failed to update infraEnv status: ${messageOf(error)}`);
    return false;
  }
}
