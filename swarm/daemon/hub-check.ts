/** What must be true before a run makes anything on a hub: its objects can be rendered, and the hub will take them. */
import { TemplateError } from '../../manifests/index.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { KubeconfigError, loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { type KubeResource, RESOURCES } from '../../model/kube/resources.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { ClusterAdapterError } from '../cluster/cluster-adapter.ts';
import { type HubNamespaces, HubPreflight } from '../cluster/hub-preflight.ts';
import { HubRequests } from '../cluster/hub-requests.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { manifestSource, plannedManifests } from './manifest-source.ts';

/** Rights that making, following and removing an object needs; and those on Agents, which the service makes. */
const OWN_VERBS = ['create', 'patch', 'get', 'list', 'watch', 'delete'] as const;
const AGENT_VERBS = ['get', 'list', 'watch', 'patch', 'delete'] as const;
/** Names in one sentence; the rest is counted. */
const NAMED = 5;

/**
 * Why a run of this plan cannot make its clusters on its hub, a sentence each; empty when it can. A plan without such clusters,
 * and the embedded hub, have nothing to be asked. Writes nothing.
 * @throws the signal's reason when aborted
 */
export async function hubProblems(plan: ExpandedPlan, signal: AbortSignal): Promise<string[]> {
  const { hub } = plan;
  if (hub === null) return [];
  try {
    const source = manifestSource(plan, plannedManifests(plan).values);
    const types = await source.types(signal);
    if (hub.kubeconfig === 'embedded') return [];
    const kubeconfig = loadKubeconfig({
      file: hub.kubeconfig,
      ...(hub.context !== null && { context: hub.context }),
    });
    const clock = new ScaledClock(startClock(1));
    const client = new KubeClient({ kubeconfig, clock, retries: 0 });
    try {
      return await new HubCheck(client, clock, signal).problems(plan, source.run, types);
    } finally {
      await client.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TemplateError || error instanceof RangeError || isReadable(error))
      return [(error as Error).message];
    throw error;
  }
}

/** Messages of adapters and kubeconfigs are for people. */
function isReadable(error: unknown): boolean {
  return error instanceof ClusterAdapterError || error instanceof KubeconfigError;
}

class HubCheck {
  readonly #client: KubeClient;
  readonly #preflight: HubPreflight;

  constructor(client: KubeClient, clock: ScaledClock, signal: AbortSignal) {
    this.#client = client;
    this.#preflight = new HubPreflight(new HubRequests({ client, clock }), signal);
  }

  async problems(plan: ExpandedPlan, run: string, types: readonly string[]): Promise<string[]> {
    const { server } = this.#client;
    const unreachable = await this.#preflight.unreachable();
    if (unreachable !== null) return [unreachable];
    const agents = 'agent-install.openshift.io/v1beta1 Agent';
    const served = await this.#preflight.served([...types, agents]);
    const missing = [...types, agents].filter((type) => !served.has(type));
    if (missing.length > 0) {
      return [
        `the hub ${server} does not serve ${missing.join(', ')}; install the CustomResourceDefinitions of assisted-service, Hive and metal3, or choose the context of the hub`,
      ];
    }
    const own = [...served].filter(([type]) => type !== agents).map(([, resource]) => resource);
    const names = new Set(plan.clusters.filter(({ api }) => api === 'kube').map(({ name }) => name));
    return [...(await this.#denied(own)), ...namespaceProblems(await this.#preflight.namespaces(names, run))];
  }

  async #denied(own: readonly KubeResource[]): Promise<string[]> {
    const denied = [
      ...(await this.#preflight.missingRights(own, OWN_VERBS)),
      ...(await this.#preflight.missingRights([RESOURCES.agents], AGENT_VERBS)),
    ];
    if (denied.length === 0) return [];
    return [
      `the user of the kubeconfig may not ${firstOf(denied)} in all namespaces of ${this.#client.server}; ask for these rights, or choose another context`,
    ];
  }
}

/** Objects of an earlier run with the same plan and seed are told of by the run itself. */
function namespaceProblems(namespaces: HubNamespaces | null): string[] {
  if (namespaces === null) return [];
  const { others, terminating } = namespaces;
  const foreign = others.map(({ name, run }) => `${name} (${run === null ? 'of no run' : `of run ${run}`})`);
  return [
    ...(terminating.length > 0
      ? [
          `namespaces ${firstOf(terminating)} are being deleted on the hub; start again when they are gone, or take another seed`,
        ]
      : []),
    ...(foreign.length > 0
      ? [`namespaces ${firstOf(foreign)} are on the hub already; remove them, or take another seed`]
      : []),
  ];
}

function firstOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(', ');
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown;
}
