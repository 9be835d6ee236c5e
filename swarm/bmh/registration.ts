/** Registers a host with the provisioner, now and whenever it is looked at. Upstream: baremetalhost_controller.go, registerHost. */
import { apiVersionOf, RESOURCES } from '../../model/kube/resources.ts';
import { type ActionResult, again, COMPLETE, waits } from './action-result.ts';
import { IMAGE_RETRY_MS } from './back-off.ts';
import { isDeleted } from './bare-metal-host.ts';
import { credentialsStatus, matches, ownerReference } from './credentials.ts';
import { clearProvisioningSettings, matchProfile } from './hardware-profile.ts';
import { recordStateBegin, recordStateEnd } from './operation-history.ts';
import { needsRamdisk, type Ramdisk, ramdiskOf, waitsForRamdisk } from './preprovisioning-image.ts';
import type { HostContext } from './reconcile-context.ts';

/** hostStateMachine.ensureRegistered. Null when there is nothing to do but the work of the state. */
export async function ensureRegistered(context: HostContext): Promise<ActionResult | null> {
  const { host, secret } = context;
  if (!secret) return null;
  const { state } = host.status.provisioning;
  switch (state) {
    case '':
    case 'unmanaged':
    case 'match profile':
    case 'deleting':
      return null;
    case 'registering':
      break;
    default:
      if (host.status.errorType === 'registration error' || !matches(host.status.goodCredentials, secret)) {
        recordStateBegin(host, 'registering', context.timestamp());
      }
  }
  const result = await register(context);
  const complete = result?.kind === 'complete';
  if ((result === null || complete) && state !== 'registering') {
    if (recordStateEnd(host, 'registering', context.timestamp())) return again(true);
  }
  return complete ? again(true) : result;
}

async function register(context: HostContext): Promise<ActionResult | null> {
  const { host, operator, node, access, publish } = context;
  const { status } = host;
  const secret = context.secret!;
  const credentialsChanged = !matches(status.triedCredentials, secret);
  if (credentialsChanged) status.triedCredentials = credentialsStatus(secret);
  if (!access) return context.fail('registration error', context.accessError);

  const ramdisk = await ramdiskFor(context);
  if (ramdisk !== 'awaited') operator.onRamdiskAnswered(context.key);
  if (typeof ramdisk === 'object' && ramdisk !== null && 'error' in ramdisk) {
    return context.fail('registration error', ramdisk.error);
  }
  const { progress, id } = operator.provisioner.register(
    node,
    host,
    access,
    {
      credentialsChanged,
      restart: status.errorType === 'registration error',
      ramdisk: typeof ramdisk === 'object' && ramdisk !== null ? ramdisk.url : null,
    },
    publish,
  );
  if (progress === 'done' && ramdisk === 'awaited' && waitsForRamdisk(host)) {
    operator.onRamdiskAwaited(context.key);
    return { kind: 'continue', save: credentialsChanged, afterMs: IMAGE_RETRY_MS };
  }
  if (typeof progress === 'object') return context.fail('registration error', progress.error);

  let dirty = credentialsChanged;
  if (id && status.provisioning.ID !== id) {
    status.provisioning.ID = id;
    if (status.provisioning.state === 'preparing') clearProvisioningSettings(host);
    dirty = true;
  }
  if (progress === 'working') {
    const cleared = context.clearError();
    return waits(cleared || dirty);
  }
  return registered(context);
}

/** The management controller was reached, and the provisioner has what it needs. */
async function registered(context: HostContext): Promise<ActionResult | null> {
  const { host, operator, publish } = context;
  const { status } = host;
  const secret = context.secret!;
  const profile = matchProfile(host);
  if ('error' in profile) return context.fail('registration error', profile.error);
  if (profile.set !== null) publish('ProfileSet', `Hardware profile set: ${profile.set}`);
  if (profile.dirty) return again(true);

  if (!isDeleted(host)) {
    await operator.hub.ensureFirmwareSettings({
      apiVersion: apiVersionOf(RESOURCES.hostFirmwareSettings),
      kind: RESOURCES.hostFirmwareSettings.kind,
      metadata: {
        name: host.metadata.name,
        namespace: host.metadata.namespace!,
        ownerReferences: [ownerReference(host)],
      },
      spec: { settings: {} },
    });
  }
  const newCredentials = !matches(status.goodCredentials, secret);
  if (newCredentials) {
    status.goodCredentials = credentialsStatus(secret);
    publish('BMCAccessValidated', 'Verified access to BMC');
  }
  if (newCredentials || status.errorType === 'registration error') return context.clearError() ? COMPLETE : null;
  return null;
}

/** Null when the host's state needs none, or the provisioner has its own. */
async function ramdiskFor({ operator, key, host, access }: HostContext): Promise<Ramdisk | null> {
  if (!operator.images || !needsRamdisk(host)) return null;
  return ramdiskOf(operator.hub, key, host, access!.virtualMedia);
}
