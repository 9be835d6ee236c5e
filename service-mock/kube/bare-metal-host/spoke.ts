/**
 * Hosts that join an installed cluster: they trust its machine config server, and are a BareMetalHost and a Machine there.
 * Upstream: assisted-service, bmh_agent_controller.go, ensureMCSCert and reconcileDay2SpokeBMH.
 */
import { unlessNotFound } from '../../../model/kube/kube-error.ts';
import type { KubeObject } from '../../../model/kube/kube-object.ts';
import { lockedMergePatch } from '../../../model/kube/merge-patch.ts';
import { type KubeResource, RESOURCES } from '../../../model/kube/resources.ts';
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { mergeIgnition } from '../../ignition/ignition.ts';
import type { JsonObject } from '../../service-api.ts';
import { isUserManaged } from '../cluster/row.ts';
import { notFound } from '../errors.ts';
import type { Agent, ClusterDeployment, ClusterInstall, ConfigMap } from '../objects.ts';
import { spokeOf } from '../spoke/spoke-client.ts';
import type { SpokeApi } from '../spoke/spoke-clients.ts';
import { copyHardware } from './hardware.ts';
import {
  annotate,
  type BareMetalHost,
  BMH_IGNITION_OVERRIDES,
  BMH_INSPECT,
  BMH_SPOKE_CREATED,
  hasAnnotation,
} from './objects.ts';
import type { BmhWork, Verdict } from './work.ts';

const MACHINE_API = 'openshift-machine-api';
const MACHINE_CLUSTER = 'machine.openshift.io/cluster-api-cluster';
const MACHINE_ROLE = 'machine.openshift.io/cluster-api-machine-role';
const MACHINE_TYPE = 'machine.openshift.io/cluster-api-machine-type';

/** The installed cluster that an Agent belongs to; undefined when there is none. @throws Error for one that does not exist */
function installedCluster({ context }: BmhWork, { spec }: Agent): ClusterDeployment | undefined {
  const key = spec.clusterDeploymentName;
  if (!key) return undefined;
  const found = context.cache.of(RESOURCES.clusterDeployments).get(key.namespace, key.name);
  if (!found) throw notFound(RESOURCES.clusterDeployments, key.name);
  const deployment = found as ClusterDeployment;
  return deployment.spec.installed ? deployment : undefined;
}

/** Where clusters of different ages and kinds keep the authority of their machine config server. */
const AUTHORITIES = [
  { namespace: 'openshift-machine-config-operator', name: 'machine-config-server-ca', key: 'ca-bundle.crt' },
  { namespace: 'kube-system', name: 'root-ca', key: 'ca.crt' },
  { namespace: 'openshift-config', name: 'kube-root-ca', key: 'ca.crt' },
  { namespace: 'openshift-config', name: 'kube-root-ca.crt', key: 'ca.crt' },
];

/** Puts the authority into the host's ignition, once. @throws Error when the cluster cannot be asked, or has none */
export async function trustMachineConfigServer(work: BmhWork, agent: Agent): Promise<Verdict> {
  const deployment = installedCluster(work, agent);
  if (!deployment) return 'next';
  const spoke = await spokeOf(work.context, agent.spec.clusterDeploymentName!);
  const certificate = Buffer.from(await authorityOf(spoke)).toString('base64');
  const given = work.host.metadata.annotations?.[BMH_IGNITION_OVERRIDES];
  if (given?.includes(certificate)) return 'next';
  const config: JsonObject = {
    ignition: {
      version: '3.1.0',
      security: {
        tls: { certificateAuthorities: [{ source: `data:text/plain;charset=utf-8;base64,${certificate}` }] },
      },
    },
  };
  const merged = given ? mergeIgnition(config, JSON.parse(given)) : config;
  annotate(work.host, BMH_IGNITION_OVERRIDES, JSON.stringify(merged));
  return 'stop';
}

async function authorityOf(spoke: SpokeApi): Promise<string> {
  for (const { namespace, name, key } of AUTHORITIES) {
    const found = (await unlessNotFound(spoke.get(RESOURCES.configMaps, namespace, name))) as ConfigMap | undefined;
    if (!found) continue;
    const text = found.data?.[key]?.trim() ?? '';
    if (text === '') throw new Error(`ConfigMap ${namespace}/${name} does not contain CA certificate data`);
    return text;
  }
  throw notFound(RESOURCES.configMaps, AUTHORITIES.at(-1)!.name);
}

const STARTED: ReadonlySet<string> = new Set(['installing', 'installing-in-progress']);

/** Makes the host known to the cluster that it joins. @throws Error when the cluster cannot be asked */
export async function joinCluster(work: BmhWork, agent: Agent): Promise<Verdict> {
  const { context, host } = work;
  if (hasAnnotation(host, BMH_SPOKE_CREATED)) return 'next';
  const deployment = installedCluster(work, agent);
  if (!deployment) return 'next';
  const install = clusterInstallOf(work, deployment);
  if (!install || isUserManaged(install.spec)) return 'next';
  if (!STARTED.has(agent.status?.debugInfo.state ?? '')) return 'next';
  const spoke = await spokeOf(context, agent.spec.clusterDeploymentName!);
  const image = await machineImage(spoke);
  if (!image) return 'stop';
  const machine = `${deployment.metadata.name}-${host.metadata.name}`;
  await createOrUpdate(spoke, RESOURCES.bareMetalHosts, host.metadata.name, (object) =>
    fillHost(object as BareMetalHost, host, agent, machine),
  );
  const role = agent.status?.role ?? '';
  await createOrUpdate(spoke, RESOURCES.machines, machine, (object) =>
    fillMachine(object, deployment.metadata.name, host.metadata.name, image, role),
  );
  annotate(host, BMH_SPOKE_CREATED, rfc3339(context.clock.now()));
  return 'next';
}

function clusterInstallOf({ context }: BmhWork, { metadata, spec }: ClusterDeployment): ClusterInstall | undefined {
  const name = spec.clusterInstallRef?.name;
  if (name === undefined) return undefined;
  return context.cache.of(RESOURCES.agentClusterInstalls).get(metadata.namespace, name) as ClusterInstall | undefined;
}

interface MachineImage {
  checksum: string;
  url: string;
}

/** As the machines of the control plane have it; undefined without any. @throws Error for one that says nothing of it */
async function machineImage(spoke: SpokeApi): Promise<MachineImage | undefined> {
  const { items } = await spoke.list(RESOURCES.machines, { labelSelector: `${MACHINE_TYPE}=master` });
  const first = items[0] as (KubeObject & { spec?: { providerSpec?: { value?: JsonObject } } }) | undefined;
  if (!first) return undefined;
  const value = first.spec?.providerSpec?.value;
  if (!value) throw new Error('master machine has nil ProviderSpec');
  const image = value.image as JsonObject | undefined;
  if (!image) throw new Error("master machine ProviderSpec missing 'image' field");
  return { checksum: String(image.checksum ?? ''), url: String(image.url ?? '') };
}

function fillHost(object: BareMetalHost, host: BareMetalHost, agent: Agent, machine: string): void {
  // Whoever is given hardware details must not inspect.
  annotate(object, BMH_INSPECT, 'disabled');
  object.spec = {
    ...host.spec,
    // Without credentials it is unmanaged there.
    bmc: { address: '', credentialsName: '' },
    consumerRef: {
      apiVersion: 'machine.openshift.io/v1beta1',
      kind: 'Machine',
      name: machine,
      namespace: MACHINE_API,
    },
  };
  copyHardware(object, agent);
}

function fillMachine(object: KubeObject, cluster: string, host: string, image: MachineImage, role: string): void {
  annotate(object, 'metal3.io/BareMetalHost', `${MACHINE_API}/${host}`);
  object.spec = {
    providerSpec: {
      value: { apiVersion: 'baremetal.cluster.k8s.io/v1alpha1', kind: 'BareMetalMachineProviderSpec', image },
    },
  };
  const labels = { [MACHINE_CLUSTER]: cluster, [MACHINE_ROLE]: role, [MACHINE_TYPE]: role };
  object.metadata.labels = { ...object.metadata.labels, ...labels };
}

/** Upstream: controller-runtime, controllerutil.CreateOrUpdate. */
async function createOrUpdate(
  spoke: SpokeApi,
  resource: KubeResource,
  name: string,
  fill: (object: KubeObject) => void,
): Promise<void> {
  const found = await unlessNotFound(spoke.get(resource, MACHINE_API, name));
  if (found) {
    const object = structuredClone(found);
    fill(object);
    if (lockedMergePatch(found, object)) await spoke.update(resource, object);
    return;
  }
  const { group, version, kind } = resource;
  const object: KubeObject = { apiVersion: `${group}/${version}`, kind, metadata: { name, namespace: MACHINE_API } };
  fill(object);
  await spoke.create(resource, object);
}
