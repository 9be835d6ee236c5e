/** What must be true of a hub before a launch follows it: it answers, serves the kinds, and lets its user do what is needed. */
import type { KubeClient } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { type KubeResource, RESOURCES, resourceName } from '../../model/kube/resources.ts';
import type { Clock } from '../../model/time/clock.ts';
import { HubPreflight } from '../cluster/hub-preflight.ts';
import { HubRequests } from '../cluster/hub-requests.ts';

export interface LaunchNeeds {
  /** All when empty. */
  namespaces: readonly string[];
  /** Label selector of InfraEnvs. */
  selector: string | null;
  /** Agents are approved. */
  approve: boolean;
  /** BareMetalHosts are operated. */
  bmh: boolean;
}

/** Kinds that a launch cannot do without. */
const NEEDED: readonly KubeResource[] = [
  RESOURCES.infraEnvs,
  RESOURCES.agents,
  RESOURCES.nmStateConfigs,
  RESOURCES.clusterDeployments,
  RESOURCES.agentClusterInstalls,
];

/** Writes nothing. @returns whether the hub has BareMetalHosts. @throws Error that says what cannot be used, and what to do */
export async function checkLaunchHub(client: KubeClient, clock: Clock, needs: LaunchNeeds): Promise<boolean> {
  const preflight = new HubPreflight(new HubRequests({ client, clock }), new AbortController().signal);
  const unreachable = await preflight.unreachable();
  if (unreachable !== null) throw new Error(unreachable);
  for (const resource of NEEDED) {
    if (await client.serves(resource)) continue;
    throw new Error(
      `the hub ${client.server} does not serve ${resourceName(resource)}: install assisted-service with its ` +
        'CustomResourceDefinitions there (and Hive beside it), or give the kubeconfig of another hub',
    );
  }
  const bareMetal = await client.serves(RESOURCES.bareMetalHosts);
  if (needs.bmh && !bareMetal) {
    throw new Error(
      `the hub ${client.server} does not serve ${resourceName(RESOURCES.bareMetalHosts)}: install the ` +
        'CustomResourceDefinitions of metal3.io there, or leave --bmh out',
    );
  }
  for (const namespace of needs.namespaces.length > 0 ? needs.namespaces : [undefined]) {
    for (const resource of bareMetal ? [...NEEDED, RESOURCES.bareMetalHosts] : NEEDED) {
      const selector = resource === RESOURCES.infraEnvs ? needs.selector : null;
      await mayList(client, resource, namespace, selector);
    }
    if (needs.approve) await mayWrite(preflight, client, ['patch', RESOURCES.agents, '--approve'], namespace);
    if (needs.bmh) await mayWrite(preflight, client, ['update', RESOURCES.bareMetalHosts, '--bmh'], namespace);
  }
  return bareMetal;
}

async function mayList(
  client: KubeClient,
  resource: KubeResource,
  namespace: string | undefined,
  labelSelector: string | null,
): Promise<void> {
  try {
    const selection = { ...(namespace && { namespace }), ...(labelSelector !== null && { labelSelector }) };
    for await (const _ of client.pages(resource, selection)) break;
  } catch (error) {
    if (!isKubeError(error)) throw error;
    if (error.status === 400 && labelSelector !== null) {
      throw new Error(`--selector ${labelSelector} is not a label selector: ${error.message}`, { cause: error });
    }
    if (error.status !== 403) throw error;
    throw new Error(
      `the user of the kubeconfig may not list ${resourceName(resource)}${namespace ? ` in namespace ${namespace}` : ''}: ` +
        `grant get, list and watch, or name namespaces with --namespace (${error.message})`,
      { cause: error },
    );
  }
}

async function mayWrite(
  preflight: HubPreflight,
  { server }: KubeClient,
  [verb, resource, option]: [string, KubeResource, string],
  namespace: string | undefined,
): Promise<void> {
  const [missing] = await preflight.missingRights([resource], [verb], namespace);
  if (missing === undefined) return;
  throw new Error(
    `the user of the kubeconfig may not ${missing} in ${namespace ? `namespace ${namespace}` : 'all namespaces'} of ` +
      `${server}, which ${option} needs: ask for that right, or leave the option out`,
  );
}
