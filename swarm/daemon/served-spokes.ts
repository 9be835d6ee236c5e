/**
 * The kube-apis of installed clusters, for those who look into them from outside: the service of a hub follows a day-2 host
 * by its node and approves its certificates there. Only what day 2 needs is in them: nodes appear as their hosts boot, those of
 * the installation itself do not.
 */
import { SpokeWorld } from '../../controller-mock/index.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { SpokeCluster, SpokeHost, SpokeServer } from '../cluster/spoke-server.ts';
import type { Host } from '../host/host.ts';

export interface ServedSpokesOptions {
  /** The clock of the hosts. */
  clock: Clock;
  /** Address that the service can reach; 127.0.0.1 by default. */
  address?: string;
  profile: 'typical' | 'quick';
}

export class ServedSpokes implements SpokeServer {
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

  async open(cluster: SpokeCluster, hosts: readonly SpokeHost[], approver: 'cluster' | 'service'): Promise<string> {
    const { name, platform } = cluster;
    const known = this.#world.spokes.find((spoke) => spoke.name === name);
    const dayOne = hosts.filter(({ day2 }) => !day2);
    const { kubeconfig } =
      known ??
      (await this.#world.addSpoke({
        name,
        platform,
        profile: this.#profile,
        csrApproval: approver === 'cluster' ? 'automatic' : 'as-installed',
        hosts: dayOne.map((host, index) => ({ ...settingsOf(host), bootstrap: index === 0 })),
      }));
    for (const host of hosts) {
      if (!host.day2 || this.#spokeOf.has(host.id)) continue;
      this.#world.addHost(name, settingsOf(host));
      this.#spokeOf.set(host.id, name);
    }
    return kubeconfig;
  }

  hostRebooted(id: string): void {
    const spoke = this.#spokeOf.get(id);
    if (spoke !== undefined) this.#world.hostRebooted(spoke, id);
  }

  async shut(cluster: string): Promise<void> {
    if (!this.#world.spokes.some(({ name }) => name === cluster)) return;
    for (const [id, name] of this.#spokeOf) if (name === cluster) this.#spokeOf.delete(id);
    await this.#world.removeSpoke(cluster);
  }

  close(): Promise<void> {
    return this.#world.close();
  }
}

/** A host of a plan, as its cluster knows it. */
export function spokeHostOf({ identity, plan }: Host): SpokeHost {
  const { id, hostname, ipv4, mac } = identity;
  return { id, hostname, role: plan.role, day2: plan.day2, addresses: [ipv4], mac };
}

function settingsOf({ id, hostname, role, addresses, mac }: SpokeHost) {
  return { name: hostname, id, role, addresses: [...addresses], ...(mac !== null && { macAddress: mac }) };
}
