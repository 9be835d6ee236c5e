/**
 * PreprovisioningImages: what the Bare Metal Operator boots hosts with in the converged flow, with its agent in it.
 * Upstream: assisted-service, preprovisioningimage_controller.go.
 */
import { isKubeError } from '../../../model/kube/kube-error.ts';
import { editable, keyOf, objectKey } from '../../../model/kube/kube-object.ts';
import { mergePatch } from '../../../model/kube/merge-patch.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import type { KubeKey } from '../../service-api.ts';
import type { ConvergedFlow } from '../bare-metal-host/converged-flow.ts';
import { IMAGE_COOLDOWN_MS } from '../bare-metal-host/image.ts';
import { type BareMetalHost, BMH_REBOOT, type PreprovisioningImage, stateOf } from '../bare-metal-host/objects.ts';
import type { KubeContext } from '../context.ts';
import { isMissing, messageOf, notFound, wrapped } from '../errors.ts';
import { INFRA_ENV_LABEL } from '../labels.ts';
import type { InfraEnv } from '../objects.ts';
import type { Reconciler } from '../reconciler.ts';
import {
  COOLING_DOWN,
  type ImageFinding,
  mismatchedArchitecture,
  NOT_CREATED,
  noInfraEnv,
  noIronicAgent,
  setFinding,
  UNSUPPORTED_FORMAT,
} from './conditions.ts';
import { ironicIgnition } from './ironic-agent.ts';

const FINALIZER = 'preprovisioningimage.agent-install.openshift.io/ai-deprovision';
/** On an InfraEnv, for people: its image has the operator's agent in it. */
const ENABLE_IRONIC_AGENT = 'infraenv.agent-install.openshift.io/enable-ironic-agent';
const EXCLUDE_FROM_BACKUP = 'velero.io/exclude-from-backup';
const BY_INFRA_ENV = 'infra-env';
/** States of a host whose cleaning is over. */
const CLEANED: ReadonlySet<string> = new Set(['powering off before delete', 'deleting']);

export function preprovisioningImageReconciler(context: KubeContext, flow: ConvergedFlow): Reconciler {
  const images = context.cache.of(RESOURCES.preprovisioningImages);
  images.addIndex(BY_INFRA_ENV, ({ metadata: { namespace, labels } }) => {
    const name = labels?.[INFRA_ENV_LABEL];
    return name === undefined ? [] : [objectKey(namespace, name)];
  });
  return {
    name: 'PreprovisioningImage',
    resource: RESOURCES.preprovisioningImages,
    watches: [
      {
        resource: RESOURCES.infraEnvs,
        keysOf: (infraEnv) => images.select(BY_INFRA_ENV, keyOf(infraEnv)).map(keyOf),
      },
      { resource: RESOURCES.bareMetalHosts, keysOf: (host) => [keyOf(host)] },
    ],
    reconcile: async (key) => ((await flow.isOn()) ? reconcile(context, key) : null),
  };
}

async function reconcile(context: KubeContext, { namespace, name }: KubeKey): Promise<Outcome> {
  const { cache, client, clock } = context;
  const found = cache.of(RESOURCES.preprovisioningImages).get(namespace, name) as PreprovisioningImage | undefined;
  if (!found) return null;
  const { metadata } = found;
  if (metadata.deletionTimestamp !== undefined) return remove(context, found);
  if (!metadata.finalizers?.includes(FINALIZER)) {
    const changed = editable(found);
    changed.metadata.finalizers = [...(metadata.finalizers ?? []), FINALIZER];
    await client.update(RESOURCES.preprovisioningImages, changed);
    return 'again';
  }
  if (metadata.labels?.[EXCLUDE_FROM_BACKUP] !== 'true') {
    const labels = { metadata: { labels: { [EXCLUDE_FROM_BACKUP]: 'true' } } };
    await client.patch(RESOURCES.preprovisioningImages, namespace, name, labels);
  }
  const fail = async (finding: ImageFinding): Promise<null> => {
    await patchStatus(context, found, (image) => clear(image, finding, clock.now()));
    return null;
  };
  const { acceptFormats = [], architecture = '' } = found.spec;
  if (!acceptFormats.includes('iso') && !acceptFormats.includes('initrd')) return fail(UNSUPPORTED_FORMAT);
  const infraEnvName = metadata.labels?.[INFRA_ENV_LABEL] ?? '';
  const infraEnv = cache.of(RESOURCES.infraEnvs).get(namespace, infraEnvName) as InfraEnv | undefined;
  if (!infraEnv || infraEnv.metadata.deletionTimestamp !== undefined) return fail(noInfraEnv(infraEnvName, namespace));
  const own = normalArchitecture(architecture);
  const others = normalArchitecture(infraEnv.spec.cpuArchitecture ?? '');
  if (own !== others) return fail(mismatchedArchitecture(own, others));
  try {
    if (await addIronicAgent(context, infraEnv)) return null;
  } catch (error) {
    await fail(noIronicAgent(messageOf(error)));
    throw error;
  }
  const createdTime = infraEnv.status?.createdTime;
  if (createdTime === undefined) return fail(NOT_CREATED);
  const left = Date.parse(createdTime) + IMAGE_COOLDOWN_MS - clock.now();
  if (left > 0) {
    await fail(COOLING_DOWN);
    return { requeueAfterMs: left };
  }
  await setImage(context, found, infraEnv);
  return null;
}

function normalArchitecture(architecture: string): string {
  const names: Readonly<Record<string, string>> = { amd64: 'x86_64', aarch64: 'arm64' };
  return names[architecture] ?? architecture;
}

/** @returns whether the infra-env's image is another one now, of which its InfraEnv will tell. @throws Error */
async function addIronicAgent(context: KubeContext, infraEnv: InfraEnv): Promise<boolean> {
  const { core, service, notices, client, report } = context;
  const { namespace, name, annotations } = infraEnv.metadata;
  const row = core.store.infraEnvByKube({ namespace, name });
  if (!row) throw new Error('record not found');
  const config = await ironicIgnition(context, infraEnv, row);
  const changes = config !== row.internalIgnitionOverride;
  if (changes) {
    service.updateInfraEnv(row.id, {}, config);
    notices.infraEnv({ namespace, name });
  }
  if (annotations?.[ENABLE_IRONIC_AGENT] === undefined) {
    const changed = editable(infraEnv);
    changed.metadata.annotations = { ...annotations, [ENABLE_IRONIC_AGENT]: 'true' };
    try {
      await client.update(RESOURCES.infraEnvs, changed);
    } catch (error) {
      // It is there for people only.
      report(`InfraEnv ${namespace}/${name}: failed to set ${ENABLE_IRONIC_AGENT} annotation: ${messageOf(error)}`);
    }
  }
  return changes;
}

function clear(image: PreprovisioningImage, finding: ImageFinding, now: number): void {
  image.status = { ...(image.status?.conditions && { conditions: image.status.conditions }) };
  setFinding(image, finding, now);
}

async function setImage(context: KubeContext, found: PreprovisioningImage, infraEnv: InfraEnv): Promise<void> {
  const host = hostOf(context, found);
  const isIso = found.spec.acceptFormats!.includes('iso');
  const { isoDownloadURL, bootArtifacts, conditions = [] } = infraEnv.status!;
  const url = isIso ? isoDownloadURL : bootArtifacts.initrd;
  const before = found.status?.imageUrl ?? '';
  const made = conditions.find(({ type }) => type === 'ImageCreated');
  await patchStatus(context, found, (image) => {
    image.status = {
      ...(image.status?.conditions && { conditions: image.status.conditions }),
      ...(infraEnv.spec.cpuArchitecture && { architecture: infraEnv.spec.cpuArchitecture }),
      format: isIso ? 'iso' : 'initrd',
      ...(url && { imageUrl: url }),
      ...(!isIso && { kernelUrl: bootArtifacts.kernel, extraKernelParams: kernelParameters(infraEnv) }),
    };
    const { status = 'Unknown', reason = '', message = '' } = made ?? {};
    const error = reason === 'ImageCreationError' ? 'True' : 'False';
    setFinding(image, { ready: status, error, reason, message }, context.clock.now());
  });
  if (before !== '' && before !== url && stateOf(host) !== 'provisioned') await reboot(context, host);
}

function kernelParameters({ status, spec }: InfraEnv): string {
  const own = (spec.kernelArguments ?? []).filter(({ operation }) => operation === 'append');
  return [`coreos.live.rootfs_url=${status!.bootArtifacts.rootfs} rd.bootif=0`, ...own.map(({ value }) => value)].join(
    ' ',
  );
}

async function reboot({ client }: KubeContext, { metadata: { namespace, name } }: BareMetalHost): Promise<void> {
  const patch = { metadata: { annotations: { [BMH_REBOOT]: '{"force": true}' } } };
  try {
    await client.patch(RESOURCES.bareMetalHosts, namespace, name, patch);
  } catch (error) {
    throw wrapped(`failed to add reboot annotation to BMH ${namespace}/${name}`, error);
  }
}

/** @throws Error without an owner, or for one that does not exist */
function hostOf({ cache }: KubeContext, { metadata }: PreprovisioningImage): BareMetalHost {
  const owner = metadata.ownerReferences?.findLast(({ kind }) => kind === 'BareMetalHost');
  if (!owner) throw new Error('failed to find BMH owner for preprovisioningimage');
  const found = cache.of(RESOURCES.bareMetalHosts).get(metadata.namespace, owner.name);
  if (found) return found as BareMetalHost;
  throw wrapped(
    `failed to get owning bmh ${metadata.namespace}/${owner.name}`,
    notFound(RESOURCES.bareMetalHosts, owner.name),
  );
}

/** It stays as long as its host may need it for cleaning. */
async function remove(context: KubeContext, found: PreprovisioningImage): Promise<Outcome> {
  const finalizers = found.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZER)) return null;
  let host: BareMetalHost | undefined;
  try {
    host = hostOf(context, found);
  } catch (error) {
    if (isKubeError(error) && !isMissing(error)) throw error;
  }
  if (host && host.spec.automatedCleaningMode !== 'disabled') {
    const isCleaned = host.metadata.deletionTimestamp !== undefined && CLEANED.has(stateOf(host));
    if (!isCleaned) return 'again';
  }
  const changed = editable(found);
  changed.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== FINALIZER);
  await context.client.update(RESOURCES.preprovisioningImages, changed);
  return null;
}

async function patchStatus(
  { client }: KubeContext,
  found: PreprovisioningImage,
  change: (image: PreprovisioningImage) => void,
): Promise<void> {
  const changed = editable(found);
  change(changed);
  const { namespace, name } = found.metadata;
  // An empty patch is sent too, as upstream's is.
  await client.patch(RESOURCES.preprovisioningImages, namespace, name, mergePatch(found, changed), {
    subresource: 'status',
  });
}
