/**
 * Whether a real operator holds the hosts that this one is to work on: two of them would undo each other's work, and the real
 * one would reach for management controllers that are not there.
 */
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { type KubeObject, keyOf } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { FIELD_MANAGER } from './hub-objects.ts';

/** main.go, leaderElectionID. */
const LEASE = 'baremetal-operator';

/** Names the operator is deployed under: openshift/cluster-baremetal-operator, its former one, metal3-io's own manifests. */
const DEPLOYMENTS: ReadonlySet<string> = new Set([
  'metal3-baremetal-operator',
  'metal3',
  'baremetal-operator-controller-manager',
]);

/** The operator's program and image, by which its container is known. */
const PROGRAM = /(^|\/)baremetal-operator(@|:|$)/;

/** A lease, and a status, that was written within this is somebody's who is alive. */
const ALIVE_MS = 120_000;

export interface Selection {
  client: KubeClient;
  namespaces?: readonly string[] | undefined;
  labelSelector?: string | undefined;
}

/** One that runs. */
interface RealOperator {
  /** For people. */
  what: string;
  /** How it is stopped. */
  remedy: string;
  /** Where its hosts are; null for all namespaces. */
  watches: readonly string[] | null;
}

/**
 * @returns namespaces of a real operator whose hosts must be left alone
 * @throws Error when one holds hosts of the selection: what was found, and what to do
 */
export async function refuseBesideRealOperator(selection: Selection): Promise<ReadonlySet<string>> {
  const { client, namespaces, labelSelector } = selection;
  const operators = await runningOperators(client);
  const hosts = await hostsOf(selection);
  const where = new Set(namespaces ?? hosts.map(({ metadata }) => metadata.namespace ?? ''));
  const held = new Set<string>();
  for (const { what, remedy, watches } of operators) {
    if (watches !== null && !watches.some((namespace) => where.has(namespace))) {
      for (const namespace of watches) held.add(namespace);
      continue;
    }
    const its = watches === null ? 'the hosts of all namespaces' : `the hosts of namespace ${watches.join(', ')}`;
    throw new Error(
      `a real bare metal operator holds ${its}: ${what}. Two operators would undo each other's work. ${remedy}, ` +
        'or choose namespaces that it does not watch',
    );
  }
  const foreign = hosts.map(foreignWriter).find((found) => found !== null);
  if (foreign) {
    const selected =
      labelSelector === undefined ? 'select only hosts of your own by their label' : 'select other hosts';
    throw new Error(
      `the status of BareMetalHost ${foreign.key} is being written by "${foreign.manager}" (last at ${foreign.time}): another ` +
        `operator works on these hosts. Stop it and try again after ${ALIVE_MS / 60_000} minutes, or ${selected}`,
    );
  }
  return held;
}

async function runningOperators(client: KubeClient): Promise<RealOperator[]> {
  const deployments = (await listed(client, RESOURCES.deployments)).filter(isOperatorDeployment).map(ofDeployment);
  const known = new Set(deployments.map(({ namespace }) => namespace));
  const leases = (await listed(client, RESOURCES.leases, `metadata.name=${LEASE}`))
    .filter((lease) => !known.has(lease.metadata.namespace ?? ''))
    .flatMap(ofLease);
  return [...deployments.map(({ operator }) => operator), ...leases];
}

/** Empty where listing them is not allowed, or there is no such kind: hosts themselves still tell of another operator. */
async function listed(client: KubeClient, resource: KubeResource, fieldSelector?: string): Promise<KubeObject[]> {
  try {
    return (await client.list(resource, fieldSelector === undefined ? {} : { fieldSelector })).items;
  } catch (error) {
    if (isKubeError(error) && (error.status === 403 || error.notFound)) return [];
    throw error;
  }
}

interface Container {
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath?: string } } }[];
}

function containersOf({ spec }: KubeObject): Container[] {
  const { template } = (spec ?? {}) as { template?: { spec?: { containers?: Container[] } } };
  return template?.spec?.containers ?? [];
}

function operatorContainer(deployment: KubeObject): Container | undefined {
  return containersOf(deployment).find(
    ({ image = '', command = [] }) => PROGRAM.test(image) || PROGRAM.test(command[0] ?? ''),
  );
}

function isOperatorDeployment(deployment: KubeObject): boolean {
  const { replicas = 1 } = (deployment.spec ?? {}) as { replicas?: number };
  const { readyReplicas = 0, replicas: existing = 0 } = (deployment.status ?? {}) as {
    readyReplicas?: number;
    replicas?: number;
  };
  if (replicas === 0 && existing === 0 && readyReplicas === 0) return false;
  return DEPLOYMENTS.has(deployment.metadata.name) || operatorContainer(deployment) !== undefined;
}

function ofDeployment(deployment: KubeObject): { namespace: string; operator: RealOperator } {
  const { name, namespace = '' } = deployment.metadata;
  const container = operatorContainer(deployment);
  return {
    namespace,
    operator: {
      what: `Deployment ${namespace}/${name} has replicas`,
      remedy:
        `Scale it down (kubectl -n ${namespace} scale deployment/${name} --replicas=0; on OpenShift its ` +
        'cluster-baremetal-operator first, which would scale it up again)',
      watches: container ? watchedBy(container, namespace) : null,
    },
  };
}

/** WATCH_NAMESPACE or --namespace: one, several with commas, or all when empty. */
function watchedBy({ env = [], args = [], command = [] }: Container, own: string): readonly string[] | null {
  const words = [...command, ...args];
  const flag = words.findIndex((word) => /^--?namespace(=|$)/.test(word));
  const variable = env.find(({ name }) => name === 'WATCH_NAMESPACE');
  const value =
    flag >= 0
      ? (/=(.*)/.exec(words[flag]!)?.[1] ?? words[flag + 1] ?? '')
      : variable?.valueFrom?.fieldRef?.fieldPath === 'metadata.namespace'
        ? own
        : (variable?.value ?? '');
  const namespaces = value.split(',').filter((namespace) => namespace !== '');
  return namespaces.length > 0 ? namespaces : null;
}

/** An operator whose Deployment is not to be seen, such as one that runs on a developer's machine. */
function ofLease({ metadata: { namespace = '' }, spec }: KubeObject): RealOperator[] {
  const { holderIdentity = '', renewTime = '' } = (spec ?? {}) as { holderIdentity?: string; renewTime?: string };
  if (holderIdentity === '' || !isRecent(renewTime)) return [];
  return [
    {
      what: `Lease ${namespace}/${LEASE} is held by "${holderIdentity}", renewed at ${renewTime}`,
      remedy: `Stop that operator and wait until its lease has been idle for ${ALIVE_MS / 60_000} minutes`,
      watches: null,
    },
  ];
}

async function hostsOf({ client, namespaces, labelSelector }: Selection): Promise<KubeObject[]> {
  const lists = (namespaces ?? [undefined]).map((namespace) =>
    client.list(RESOURCES.bareMetalHosts, {
      ...(namespace !== undefined && { namespace }),
      ...(labelSelector && { labelSelector }),
    }),
  );
  return (await Promise.all(lists)).flatMap(({ items }) => items);
}

interface ManagedFields {
  manager?: string;
  subresource?: string;
  time?: string;
}

/** Somebody else who wrote a host's status a moment ago. */
function foreignWriter(host: KubeObject): { key: string; manager: string; time: string } | null {
  const entries = (host.metadata.managedFields ?? []) as ManagedFields[];
  for (const { manager = '', subresource, time = '' } of entries) {
    if (subresource !== 'status' || manager === FIELD_MANAGER || !isRecent(time)) continue;
    return { key: keyOf(host), manager, time };
  }
  return null;
}

/** Others write in real time, whatever the clock of the simulation says. */
function isRecent(time: string): boolean {
  const at = Date.parse(time);
  return Number.isFinite(at) && Math.abs(Date.now() - at) < ALIVE_MS;
}
