/**
 * The kube-apis of installed clusters, for those who look into them from outside: the service of a hub follows a day-2 host
 * by its node and approves its certificates there. Only what day 2 needs is in them: nodes appear as their hosts boot, those of
 * the installation itself do not.
 */
import { SpokeWorld } from '../../controller-mock/index.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { Host } from '../host/host.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';

export interface ServedSpokesOptions {
  /** The clock of the hosts. */
  clock: Clock;
  /** Address that the service can reach; 127.0.0.1 by default. */
  address?: string;
  profile: 'typical' | 'quick';
}

export class ServedSpokes {
  readonly #world: SpokeWorld;
  readonly #profile: ServedSpokesOptions['profile'];
  /** Name of the spoke by the id of a day-2 host. */
  readonly #spokeOf = new Map<string, string>();

  private constructor(world: SpokeWorld, profile: ServedSpokesOptions['profile']) {
    this.#world = world;
    this.#profile = profile;
  }

  /** @throws Error when the address cannot be listened on. */
  static async start({ clock, address, profile }: ServedSpokesOptions): Promise<ServedSpokes> {
    const world = await SpokeWorld.start({ clock, ...(address !== undefined && { host: address }) });
    return new ServedSpokes(world, profile);
  }

  /**
   * Serves the kube-api of a cluster from now on; again for the same cluster gives the same.
   * @param hosts all of the cluster, day-2 hosts included
   * @param approver who lets day-2 hosts in: the cluster's own machine approver knows hosts that have a Machine on bare metal,
   *   the service approves all others (assisted-service, internal/controller/controllers/agent_controller.go,
   *   shouldApproveCSRsForAgent)
   * @returns its kubeconfig, as YAML
   */
  async open(cluster: ClusterPlan, hosts: readonly Host[], approver: 'cluster' | 'service'): Promise<string> {
    const known = this.#world.spokes.find(({ name }) => name === cluster.name);
    if (known) return known.kubeconfig;
    const dayOne = hosts.filter(({ plan }) => !plan.day2);
    const access = await this.#world.addSpoke({
      name: cluster.name,
      platform: cluster.platform,
      profile: this.#profile,
      csrApproval: approver === 'cluster' ? 'automatic' : 'as-installed',
      hosts: dayOne.map((host, index) => ({ ...settingsOf(host), bootstrap: index === 0 })),
    });
    for (const host of hosts) {
      if (!host.plan.day2) continue;
      this.#world.addHost(cluster.name, settingsOf(host));
      this.#spokeOf.set(host.identity.id, cluster.name);
    }
    return access.kubeconfig;
  }

  /** A host boots from its disk. Nothing happens for hosts of no served spoke. @param id of the host. */
  hostRebooted(id: string): void {
    const spoke = this.#spokeOf.get(id);
    if (spoke !== undefined) this.#world.hostRebooted(spoke, id);
  }

  /** Serves the cluster's kube-api no longer. */
  async shut(cluster: Pick<ClusterPlan, 'name'>): Promise<void> {
    if (!this.#world.spokes.some(({ name }) => name === cluster.name)) return;
    for (const [id, name] of this.#spokeOf) if (name === cluster.name) this.#spokeOf.delete(id);
    await this.#world.removeSpoke(cluster.name);
  }

  close(): Promise<void> {
    return this.#world.close();
  }
}

function settingsOf({ identity, plan }: Host) {
  const { id, hostname, ipv4, mac } = identity;
  return { name: hostname, id, role: plan.role, addresses: [ipv4], macAddress: mac };
}
