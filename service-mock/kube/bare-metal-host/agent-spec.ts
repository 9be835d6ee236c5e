/** What a BareMetalHost makes of its Agent. Upstream: assisted-service, bmh_agent_controller.go, reconcileAgentSpec. */

import { editable } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { JsonObject } from '../../service-api.ts';
import { isMissing } from '../errors.ts';
import { BMH_LABEL } from '../labels.ts';
import type { Agent, AgentSpec, InfraEnv, Secret } from '../objects.ts';
import { ensureLabelled, getSecret } from '../secrets.ts';
import { diskByHints } from './disk-hints.ts';
import {
  type BareMetalHost,
  BMH_AGENT_LABEL_PREFIX,
  BMH_CLUSTER_REFERENCE,
  BMH_CREATE_FENCING_SECRET,
  BMH_FENCING_SECRET,
  BMH_HOSTNAME,
  BMH_IGNITION_OVERRIDES,
  BMH_INSTALLER_ARGS,
  BMH_MACHINE_CONFIG_POOL,
  BMH_NODE_LABEL_PREFIX,
  BMH_ROLE,
} from './objects.ts';
import type { BmhWork } from './work.ts';

/** Fields of an Agent that an annotation of its host sets. */
const COPIED = [
  [BMH_ROLE, 'role'],
  [BMH_HOSTNAME, 'hostname'],
  [BMH_MACHINE_CONFIG_POOL, 'machineConfigPool'],
  [BMH_INSTALLER_ARGS, 'installerArgs'],
  [BMH_IGNITION_OVERRIDES, 'ignitionConfigOverrides'],
] as const satisfies [string, keyof AgentSpec][];

/** @throws Error for a cluster reference that cannot be, and for fencing credentials that cannot be made. */
export async function setAgentSpec(work: BmhWork, agent: Agent): Promise<void> {
  const { host, infraEnv } = work;
  const { spec, metadata } = agent;
  const annotations = host.metadata.annotations ?? {};
  for (const [annotation, field] of COPIED) {
    if (annotations[annotation] !== undefined) spec[field] = annotations[annotation];
  }
  spec.approved = true;
  metadata.labels = { ...metadata.labels, [BMH_LABEL]: host.metadata.name };
  const disk = diskByHints((agent.status?.inventory?.disks ?? []) as JsonObject[], host.spec.rootDeviceHints);
  if (disk !== '') spec.installation_disk_id = disk;
  setCluster(host, agent, infraEnv);
  setNodeLabels(host, agent);
  Object.assign(metadata.labels, withoutPrefix(annotations, BMH_AGENT_LABEL_PREFIX));
  await setFencing(work, agent);
}

function withoutPrefix(annotations: Readonly<Record<string, string>>, prefix: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}

/** The labels are the host's alone: others are taken away. */
function setNodeLabels({ metadata }: BareMetalHost, { spec }: Agent): void {
  const wanted = withoutPrefix(metadata.annotations ?? {}, BMH_NODE_LABEL_PREFIX);
  const present = spec.nodeLabels ?? {};
  const names = Object.keys(wanted);
  const same = names.length === Object.keys(present).length && names.every((name) => present[name] === wanted[name]);
  if (same) return;
  if (names.length > 0) spec.nodeLabels = wanted;
  else delete spec.nodeLabels;
}

/** Binds the Agent of an InfraEnv without a cluster, or frees it. @throws Error */
function setCluster({ metadata }: BareMetalHost, { spec }: Agent, infraEnv: InfraEnv | undefined): void {
  const reference = metadata.annotations?.[BMH_CLUSTER_REFERENCE];
  if (reference === undefined) return;
  const fixed = infraEnv?.spec.clusterRef;
  if (reference === '') {
    if (!fixed) delete spec.clusterDeploymentName;
    return;
  }
  const failed = 'failed to reconcile cluster reference.';
  if (fixed) throw new Error(`${failed}  InfraEnv already has cluster reference ${fixed.namespace}/${fixed.name}`);
  const parts = reference.split('/');
  if (parts.length !== 2) throw new Error(`${failed}  Parse of cluster reference ${reference} failed`);
  const [namespace, name] = parts as [string, string];
  spec.clusterDeploymentName = { name, namespace };
}

async function setFencing(work: BmhWork, agent: Agent): Promise<void> {
  const annotations = work.host.metadata.annotations ?? {};
  const given = annotations[BMH_FENCING_SECRET];
  if (given !== undefined) {
    agent.spec.fencingCredentialsSecretRef = given;
  } else if (annotations[BMH_CREATE_FENCING_SECRET] !== undefined) {
    const name = `${agent.metadata.name}-fencing-credentials`;
    await writeFencingSecret(work, agent.metadata.namespace, name);
    agent.spec.fencingCredentialsSecretRef = name;
  }
}

async function writeFencingSecret({ context, host }: BmhWork, namespace: string, name: string): Promise<void> {
  const { address = '', credentialsName = '', disableCertificateVerification: trusts } = host.spec.bmc ?? {};
  const credentials = await getSecret(context, { namespace: host.metadata.namespace, name: credentialsName });
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const data = {
    address: encode(address),
    username: credentials.data?.username ?? '',
    password: credentials.data?.password ?? '',
    certificateVerification: encode(trusts ? 'Disabled' : 'Enabled'),
  };
  let secret: Secret;
  try {
    const present = editable(await getSecret(context, { namespace, name }));
    present.data = data;
    secret = (await context.client.update(RESOURCES.secrets, present)) as Secret;
  } catch (error) {
    if (!isMissing(error)) throw error;
    const made = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data };
    secret = (await context.client.create(RESOURCES.secrets, made)) as Secret;
  }
  await ensureLabelled(context, RESOURCES.secrets, secret);
}
