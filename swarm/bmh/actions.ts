/** The work of each state. Upstream: internal/controller/metal3.io/baremetalhost_controller.go, the functions action…. */
import { isDeepStrictEqual } from 'node:util';
import { unlessNotFound } from '../../model/kube/kube-error.ts';
import { editable } from '../../model/kube/kube-object.ts';
import { apiVersionOf, RESOURCES } from '../../model/kube/resources.ts';
import { type ActionResult, again, COMPLETE, waits } from './action-result.ts';
import {
  annotationOf,
  dropFinalizer,
  HARDWARE_DATA_FINALIZER,
  HOST_FINALIZER,
  hasFinalizer,
  IMAGE_FINALIZER,
  INSPECT_ANNOTATION,
  inspectionDisabled,
  inspectionRequested,
  isDeleted,
  needsProvisioning,
  REBOOT_ANNOTATION,
  rebootAsked,
} from './bare-metal-host.ts';
import { ownerReference, releaseSecret } from './credentials.ts';
import { clearProvisioningSettings, provisioningSettings, saveProvisioningSettings } from './hardware-profile.ts';
import { manageHostPower } from './power.ts';
import type { HostContext } from './reconcile-context.ts';

export async function inspect(context: HostContext): Promise<ActionResult> {
  const { host, node, operator, publish } = context;
  if (inspectionDisabled(host)) {
    publish('InspectionSkipped', 'disabled by user');
    return COMPLETE;
  }
  const { progress, started } = operator.provisioner.inspect(
    node,
    {
      restart: host.status.errorType === 'inspection error',
      refresh: inspectionRequested(host),
      forceReboot: rebootAsked(host, true) !== null,
    },
    publish,
  );
  if (typeof progress === 'object') return context.fail('inspection error', progress.error);
  if (started && dropAnnotations(context, [INSPECT_ANNOTATION, REBOOT_ANNOTATION])) {
    await operator.hub.updateHost(host);
    return again();
  }
  if (progress !== 'done') return context.working();

  publish('InspectionComplete', 'Hardware inspection completed');
  context.clearError();
  const hardware = operator.hardwareOf(context.ref);
  host.status.hardware = hardware;
  if (isDeleted(host)) return COMPLETE;
  await operator.hub.createHardwareData({
    apiVersion: apiVersionOf(RESOURCES.hardwareData),
    kind: RESOURCES.hardwareData.kind,
    metadata: {
      name: host.metadata.name,
      namespace: host.metadata.namespace!,
      finalizers: [HARDWARE_DATA_FINALIZER],
      ownerReferences: [{ ...ownerReference(host), controller: true, blockOwnerDeletion: true }],
    },
    spec: { hardware },
  });
  return COMPLETE;
}

/** @returns whether there was any */
function dropAnnotations({ host }: HostContext, names: readonly string[]): boolean {
  let dropped = false;
  for (const name of names) {
    if (annotationOf(host, name) === undefined) continue;
    delete host.metadata.annotations![name];
    dropped = true;
  }
  return dropped;
}

export function prepare(context: HostContext): ActionResult {
  const { host, node, operator } = context;
  const wanted = provisioningSettings(host);
  const failedBefore = host.status.errorType === 'preparation error';
  let dirty = wanted.dirty || failedBefore;
  const { progress, started } = operator.provisioner.prepare(node, {
    raid: wanted.status.provisioning.raid,
    unprepared: dirty,
    restart: failedBefore,
  });
  if (typeof progress === 'object') {
    if (dirty) clearProvisioningSettings(host);
    return context.fail('preparation error', progress.error);
  }
  if (dirty && started) saveProvisioningSettings(host);
  if (started && context.clearError()) dirty = true;
  return progress === 'done' ? COMPLETE : waits(dirty);
}

/** Waits for an image while it watches the power: actionManageAvailable. */
export function manageAvailable(context: HostContext): ActionResult | Promise<ActionResult> {
  const { host, operator } = context;
  const { spec, status } = host;
  if (!needsProvisioning(host)) return manageHostPower(context);
  if (!isDeepStrictEqual(spec.image ?? undefined, status.lastAttemptedImage)) status.provisioningFailCount = 0;
  const limit = operator.maxProvisioningRetries;
  if (limit > 0 && status.provisioningFailCount >= limit) {
    return context.fail(
      'provisioning error',
      `provisioning failed ${status.provisioningFailCount} times, retry limit (${limit}) reached; ` +
        'change image or reset provisioningFailCount to retry',
    );
  }
  context.clearError();
  return COMPLETE;
}

export async function provision(context: HostContext): Promise<ActionResult> {
  const { host, node, operator, publish } = context;
  const { spec, status } = host;
  if (spec.image) status.lastAttemptedImage = structuredClone(spec.image);
  const progress = operator.provisioner.provision(node, host, rebootAsked(host, true) !== null, publish);
  if (typeof progress === 'object') return context.fail('provisioning error', progress.error);
  if (dropAnnotations(context, [REBOOT_ANNOTATION])) {
    await operator.hub.updateHost(host);
    return again();
  }
  if (progress !== 'done') return context.working();
  if (spec.image) status.provisioning.image = structuredClone(spec.image);
  if (spec.customDeploy) status.provisioning.customDeploy = structuredClone(spec.customDeploy);
  return COMPLETE;
}

/** Watches what has been provisioned: actionManageSteadyState. */
export function manageSteadyState(context: HostContext): ActionResult | Promise<ActionResult> {
  return adopt(context, false) ?? manageHostPower(context);
}

/** Takes the machine over, where it had to be registered anew. Null when that is done. */
function adopt(context: HostContext, deprovisioning: boolean): ActionResult | null {
  const { host, node, operator } = context;
  const restart = host.status.errorType === 'provisioned registration error';
  const progress = operator.provisioner.adopt(node, { deprovisioning, restart });
  if (typeof progress === 'object') return context.fail('provisioned registration error', progress.error);
  if (progress === 'unregistered') return { kind: 'unregistered' };
  return progress === 'working' ? context.working() : null;
}

export async function deprovision(context: HostContext): Promise<ActionResult> {
  const { host, node, operator, publish } = context;
  const { provisioning } = host.status;
  if (provisioning.image.url || provisioning.customDeploy) {
    const adopting = adopt(context, true);
    if (adopting) return adopting;
  }
  const progress = operator.provisioner.deprovision(node, host.status.errorType === 'provisioning error', publish);
  if (typeof progress === 'object') return context.fail('provisioning error', progress.error);
  if (progress === 'unregistered') return { kind: 'unregistered' };
  if (progress === 'working') return context.working();
  if (dropAnnotations(context, [REBOOT_ANNOTATION])) {
    await operator.hub.updateHost(host);
    return again();
  }
  provisioning.image = { url: '' };
  delete provisioning.customDeploy;
  clearProvisioningSettings(host);
  return COMPLETE;
}

export function powerOffBeforeDeleting(context: HostContext): ActionResult {
  const { host, node, operator, publish } = context;
  if (host.spec.disablePowerOff) return COMPLETE;
  const restart = host.status.errorType === 'power management error';
  const progress = operator.provisioner.powerOff(node, 'hard', restart, publish);
  if (typeof progress === 'object') return context.fail('power management error', progress.error);
  if (progress === 'unregistered') return { kind: 'unregistered' };
  return progress === 'working' ? context.working() : COMPLETE;
}

export async function deleting(context: HostContext): Promise<ActionResult> {
  const { host, node, key, operator, secret } = context;
  const { hub, provisioner } = operator;
  if (!hasFinalizer(host, HOST_FINALIZER)) return { kind: 'deleted' };
  if (provisioner.remove(node, false) === 'working') return waits();
  if (secret) await releaseSecret(hub, secret);
  const image = hub.image(key);
  if (image && hasFinalizer(image, IMAGE_FINALIZER)) {
    const released = editable(image);
    dropFinalizer(released, IMAGE_FINALIZER);
    await unlessNotFound(hub.updateImage(released));
  }
  dropFinalizer(host, HOST_FINALIZER);
  await hub.updateHost(host);
  return { kind: 'deleted' };
}

/** detachHost: the provisioner lets the machine go, as it is. */
export function detach(context: HostContext, force: boolean): ActionResult {
  const { host, node, operator } = context;
  if (operator.provisioner.remove(node, force) === 'working') return waits();
  if (host.status.operationalStatus === 'detached') return waits();
  host.status.operationalStatus = 'detached';
  return waits(true);
}
