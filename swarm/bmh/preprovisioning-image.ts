/**
 * The ramdisk of a host, which is asked for by a PreprovisioningImage of its name and made by the service.
 * Upstream: internal/controller/metal3.io/baremetalhost_controller.go, getPreprovImage; assisted-service,
 * internal/controller/controllers/preprovisioningimage_controller.go.
 */
import { isDeepStrictEqual } from 'node:util';
import { editable, type KubeObject } from '../../model/kube/kube-object.ts';
import { apiVersionOf, RESOURCES } from '../../model/kube/resources.ts';
import { type BareMetalHost, hasFinalizer, IMAGE_FINALIZER, isDeleted } from './bare-metal-host.ts';
import { ownerReference } from './credentials.ts';
import type { HubObjects } from './hub-objects.ts';

/** Its URL, that it is awaited, or why there is none. */
export type Ramdisk = { url: string } | 'awaited' | { error: string };

interface ImageSpec {
  acceptFormats: string[];
  architecture: string;
  networkDataName?: string;
}

interface ImageStatus {
  imageUrl?: string;
  format?: string;
  architecture?: string;
  networkData?: { name?: string; version?: string };
  conditions?: { type: string; status: string; message: string; observedGeneration?: number }[];
}

/** The operator's own, where neither spec nor hardware say one: getHostArchitecture. */
const ARCHITECTURE = 'x86_64';

export function architectureOf({ spec, status }: BareMetalHost): string {
  return spec.architecture || status.hardware?.cpu?.arch || ARCHITECTURE;
}

/** Whether the host's present state needs a ramdisk that somebody makes: registerHost. */
export function needsRamdisk({ spec, status: { provisioning } }: BareMetalHost): boolean {
  switch (provisioning.state) {
    case 'registering':
    case 'deleting':
    case 'powering off before delete':
    case 'provisioned':
    case 'externally provisioned':
      return false;
    case 'deprovisioning':
      return spec.automatedCleaningMode !== 'disabled';
    case 'inspecting':
      return spec.inspectionMode !== 'fast';
    default:
      return true;
  }
}

/** Whether work of the present state waits for it: ironicProvisioner.configureNode. */
export function waitsForRamdisk({ spec, status: { provisioning } }: BareMetalHost): boolean {
  switch (provisioning.state) {
    case 'deprovisioning':
      return spec.automatedCleaningMode !== 'disabled';
    case 'inspecting':
      return spec.inspectionMode !== 'fast';
    case 'preparing':
      return true;
    default:
      return false;
  }
}

/** Finds the host's image, or makes it, or brings it up to date. */
export async function ramdiskOf(
  hub: HubObjects,
  key: string,
  host: BareMetalHost,
  virtualMedia: boolean,
): Promise<Ramdisk> {
  const { preprovisioningNetworkDataName: networkDataName } = host.spec;
  const spec: ImageSpec = {
    acceptFormats: virtualMedia ? ['iso', 'initrd'] : ['initrd'],
    architecture: architectureOf(host),
    ...(networkDataName && { networkDataName }),
  };
  const image = hub.image(key);
  if (!image) {
    await hub.createImage({
      apiVersion: apiVersionOf(RESOURCES.preprovisioningImages),
      kind: RESOURCES.preprovisioningImages.kind,
      metadata: {
        name: host.metadata.name,
        namespace: host.metadata.namespace!,
        labels: { ...host.metadata.labels },
        finalizers: [IMAGE_FINALIZER],
        ownerReferences: [{ ...ownerReference(host), controller: true, blockOwnerDeletion: true }],
      },
      spec,
    });
    return 'awaited';
  }
  if (isDeleted(image)) {
    const { imageUrl } = (image.status ?? {}) as ImageStatus;
    return hasFinalizer(image, IMAGE_FINALIZER) && imageUrl ? { url: imageUrl } : 'awaited';
  }
  if (await broughtUpToDate(hub, image, host, spec)) return 'awaited';
  return availableImage(hub, image, spec);
}

async function broughtUpToDate(
  hub: HubObjects,
  image: KubeObject,
  host: BareMetalHost,
  spec: ImageSpec,
): Promise<boolean> {
  const { labels = {} } = image.metadata;
  const labelled = Object.entries(host.metadata.labels ?? {}).every(([name, value]) => labels[name] === value);
  if (labelled && hasFinalizer(image, IMAGE_FINALIZER) && isDeepStrictEqual(image.spec, spec)) return false;
  const changed = editable(image);
  const { finalizers = [] } = image.metadata;
  changed.metadata.labels = { ...labels, ...host.metadata.labels };
  changed.metadata.finalizers = [...finalizers.filter((one) => one !== IMAGE_FINALIZER), IMAGE_FINALIZER];
  changed.spec = spec;
  await hub.updateImage(changed);
  return true;
}

/** preprovImageAvailable. */
async function availableImage(hub: HubObjects, image: KubeObject, spec: ImageSpec): Promise<Ramdisk> {
  const status = (image.status ?? {}) as ImageStatus;
  if (status.architecture !== spec.architecture) return 'awaited';
  if (!spec.acceptFormats.includes(status.format ?? '')) return 'awaited';
  if ((status.networkData?.name ?? '') !== (spec.networkDataName ?? '')) return 'awaited';
  if (spec.networkDataName) {
    const secret = await hub.secret(image.metadata.namespace!, spec.networkDataName);
    if (status.networkData?.version !== secret?.metadata.resourceVersion) return 'awaited';
  }
  const conditionOf = (type: string) => status.conditions?.find((condition) => condition.type === type);
  const failure = conditionOf('Error');
  if (failure?.status === 'True') return { error: failure.message };
  const ready = conditionOf('Ready');
  return ready?.status === 'True' && ready.observedGeneration === image.metadata.generation
    ? { url: status.imageUrl ?? '' }
    : 'awaited';
}
