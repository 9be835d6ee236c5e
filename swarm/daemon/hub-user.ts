/** The user of a run on its hub, and who else of the run acts there: the Bare Metal Operator, and clusters that grow. */
import { KubeClient } from '../../model/kube/kube-client.ts';
import type { KubeError } from '../../model/kube/kube-error.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { OPERATOR_LIMIT } from '../bmh/bare-metal-operator.ts';
import type { Machines } from '../cluster/cluster-life.ts';
import { HubObjects } from '../cluster/hub-objects.ts';
import { HubView } from '../cluster/hub-view.ts';
import { KubeAdapter } from '../cluster/kube.ts';
import { buildHost } from '../host/build-host.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import { fetchDiscoveryIgnition } from '../service/discovery-ignition.ts';
import { hasBareMetalHosts, RunBareMetal } from './bare-metal.ts';
import { hubProblems } from './hub-check.ts';
import { manifestSource, plannedManifests } from './manifest-source.ts';
import type { RunUser, UserOptions, UserSide } from './run-parts.ts';
import { ServedSpokes, spokeHostOf } from './served-spokes.ts';
import { createUserRuntime, USER_CONNECTIONS, USER_MACHINE } from './user-client.ts';

export interface HubUser extends UserSide<KubeAdapter>, Pick<RunUser, 'attend' | 'apply'> {}

/** Connects to nothing yet. @throws Error when a kubeconfig, certificate or template cannot be read. */
export function createHubUser(options: UserOptions): HubUser {
  const { plan, clock, telemetry, hubRequests, ledger } = options;
  const kubeconfig = loadKubeconfig(options.hub!);
  // Each ignition is downloaded as by a host that boots: on a connection of its own.
  const runtime = createUserRuntime({ tls: plan.service.tls, clock, telemetry }, 'per-poll');
  const client = new KubeClient({
    kubeconfig,
    clock,
    connections: USER_CONNECTIONS,
    retries: 0,
    onCall: (call) => hubRequests.record('user', call),
  });
  const source = manifestSource(plan, plannedManifests(plan).values);
  const { run } = source;
  const view = new HubView({ client, clock, run, onError: refusalsTo(options.warn) });
  const spokes = new SpokesOnDemand(options);
  const adapter = new KubeAdapter({
    ...source,
    objects: new HubObjects({ client, clock, ledger, run }),
    view,
    download: (url, signal) => fetchDiscoveryIgnition(url, { runtime, machine: USER_MACHINE, signal }),
    pollIntervalSeconds: plan.pollIntervalSeconds,
    boot: plan.boot,
    openSpoke: (cluster) => spokes.open(cluster),
    shutSpoke: (cluster) => spokes.shut(cluster),
  });
  const metal = hasBareMetalHosts(plan) ? bareMetal(options, run) : null;
  return {
    adapter,
    attend: async (machines) => {
      const [first, ...others] = await hubProblems(plan, new AbortController().signal);
      if (first !== undefined) throw new Error([first, ...others].join('; '));
      return metal?.start(machines) ?? machines;
    },
    apply: (event) => {
      if (event.type !== 'host.phase' || event.phase !== 'rebooted') return;
      spokes.rebooted(event.id);
      metal?.rebooted(event.id);
    },
    close: async () => {
      await Promise.all([metal?.close(), view.stop(), spokes.close()]);
      await client.close();
      await runtime.transport.close();
    },
  };
}

/** Tells once of each thing that the hub refuses to show; lost connections are an everyday matter of watches. */
function refusalsTo(warn: (message: string) => void): (error: KubeError) => void {
  const told = new Set<string>();
  return ({ message, passing, expired }) => {
    if (passing || expired || told.has(message)) return;
    told.add(message);
    warn(`the hub cannot be watched, and is tried again: ${message}`);
  };
}

/** Who acts as the Bare Metal Operator on the hub of a run. */
function bareMetal({ plan, hub, clock, hubRequests, warn, emit }: UserOptions, run: string) {
  const client = new KubeClient({
    kubeconfig: loadKubeconfig(hub!),
    clock,
    limit: OPERATOR_LIMIT,
    onCall: (call) => hubRequests.record('baremetal-operator', call),
  });
  let metal: RunBareMetal | null = null;
  return {
    start: async (machines: Machines): Promise<Machines> => {
      metal = await RunBareMetal.start({ plan, client, clock, run, machines, onError: warn, emit });
      return metal.machines;
    },
    rebooted: (hostId: string) => metal?.rebooted(hostId),
    close: async () => {
      await metal?.stop();
      await client.close();
    },
  };
}

/** The kube-apis of installed clusters, served from the first on that takes day-2 hosts. */
class SpokesOnDemand {
  readonly #options: Pick<UserOptions, 'plan' | 'clock'>;
  #served: Promise<ServedSpokes> | null = null;
  #opened: ServedSpokes | null = null;

  constructor(options: Pick<UserOptions, 'plan' | 'clock'>) {
    this.#options = options;
  }

  async open(cluster: ClusterPlan): Promise<string> {
    const { plan, clock } = this.#options;
    this.#served ??= ServedSpokes.start({ clock, address: plan.hub!.spokeAddress, profile: plan.spokeProfile });
    this.#opened = await this.#served;
    const hosts = cluster.hosts.map((host) => spokeHostOf(buildHost(plan.seed, cluster, host)));
    // Day-2 hosts of a run have no BareMetalHost, so that the service approves them.
    return this.#opened.open(cluster, hosts, 'service');
  }

  rebooted(hostId: string): void {
    this.#opened?.hostRebooted(hostId);
  }

  async shut(cluster: ClusterPlan): Promise<void> {
    await this.#opened?.shut(cluster.name);
  }

  async close(): Promise<void> {
    await (await this.#served)?.close();
  }
}
