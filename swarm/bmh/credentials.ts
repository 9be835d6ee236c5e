/**
 * A host's credentials: its Secret is looked at, never used. Upstream: internal/controller/metal3.io/baremetalhost_controller.go,
 * buildAndValidateBMCCredentials; pkg/secretutils/secret_manager.go.
 */
import { unlessNotFound } from '../../model/kube/kube-error.ts';
import { editable, type KubeObject } from '../../model/kube/kube-object.ts';
import { apiVersionOf, RESOURCES } from '../../model/kube/resources.ts';
import {
  type BareMetalHost,
  type CredentialsStatus,
  dropFinalizer,
  hasFinalizer,
  SECRET_FINALIZER,
} from './bare-metal-host.ts';
import { type HubObjects, SECRET_LABEL } from './hub-objects.ts';

/** `missing`: the Secret may come, and is looked for again. `invalid`: a change of the host or the Secret is waited for. */
export type Credentials = { secret: KubeObject } | { error: string; kind: 'missing' | 'invalid' };

/** Finds the Secret, makes the host one of its owners and the Secret one of the operator's, and checks what is in it. */
export async function credentialsOf(hub: HubObjects, host: BareMetalHost): Promise<Credentials> {
  const { address = '', credentialsName = '' } = host.spec.bmc ?? {};
  if (!credentialsName) {
    return { kind: 'invalid', error: 'No BMC CredentialsName defined The BMC secret reference is empty' };
  }
  const namespace = host.metadata.namespace!;
  const found = await hub.secret(namespace, credentialsName);
  if (!found) {
    const error = `BMC CredentialsName secret doesn't exist The BMC secret ${namespace}/${credentialsName} does not exist`;
    return { kind: 'missing', error };
  }
  const secret = await claim(hub, found, host);
  if (!address) return { kind: 'invalid', error: "Empty BMC address Missing BMC connection detail 'Address'" };
  for (const [member, detail] of [
    ['username', "Missing BMC connection detail 'username' in credentials"],
    ['password', "Missing BMC connection details 'password' in credentials"],
  ] as const) {
    if (textOf(secret, member).trim() === '') {
      return { kind: 'invalid', error: `Validation error with BMC credentials: ${detail}` };
    }
  }
  return { secret };
}

function textOf(secret: KubeObject, member: string): string {
  const value = (secret.data as Record<string, string> | undefined)?.[member];
  return value === undefined ? '' : Buffer.from(value, 'base64').toString('utf8');
}

/** SecretManager.claimSecret. */
async function claim(hub: HubObjects, found: KubeObject, host: BareMetalHost): Promise<KubeObject> {
  const secret = editable(found);
  const { metadata } = secret;
  const owned = metadata.ownerReferences?.some(
    ({ uid, controller }) => uid === host.metadata.uid && controller === undefined,
  );
  const labelled = metadata.labels?.[SECRET_LABEL.name] !== undefined;
  const kept = hasFinalizer(secret, SECRET_FINALIZER) || host.status.provisioning.state === 'deleting';
  if (owned && labelled && kept) return found;
  if (!labelled) metadata.labels = { ...metadata.labels, [SECRET_LABEL.name]: SECRET_LABEL.value };
  if (!owned) {
    const others = metadata.ownerReferences?.filter(({ uid }) => uid !== host.metadata.uid) ?? [];
    metadata.ownerReferences = [...others, ownerReference(host)];
  }
  if (!kept) metadata.finalizers = [...(metadata.finalizers ?? []), SECRET_FINALIZER];
  return hub.updateSecret(secret);
}

/** SecretManager.ReleaseSecret. */
export async function releaseSecret(hub: HubObjects, secret: KubeObject): Promise<void> {
  const released = editable(secret);
  if (dropFinalizer(released, SECRET_FINALIZER)) await unlessNotFound(hub.updateSecret(released));
}

export function ownerReference(host: BareMetalHost): { apiVersion: string; kind: string; name: string; uid: string } {
  return {
    apiVersion: apiVersionOf(RESOURCES.bareMetalHosts),
    kind: RESOURCES.bareMetalHosts.kind,
    name: host.metadata.name,
    uid: host.metadata.uid!,
  };
}

/** CredentialsStatus.Match. */
export function matches({ credentials, credentialsVersion }: CredentialsStatus, { metadata }: KubeObject): boolean {
  return (
    credentials?.name === metadata.name &&
    credentials.namespace === metadata.namespace &&
    credentialsVersion === metadata.resourceVersion
  );
}

/** As they are kept in a status. */
export function credentialsStatus({ metadata }: KubeObject): CredentialsStatus {
  return {
    credentials: { name: metadata.name, namespace: metadata.namespace! },
    credentialsVersion: metadata.resourceVersion!,
  };
}
