/**
 * Sites of clusters that nobody has planned here: a machine stands on none until its installer starts, whose arguments name the
 * cluster. Machines of several groups (infra-envs, agents attached one by one) that are installed into one cluster share its site,
 * and with it the spoke and the controller.
 *
 *    group ──> AttachedGround ──machine.install(cluster_id)──┐
 *    group ──> AttachedGround ──machine.install(cluster_id)──┴──> AttachedSites ──> one ClusterSite a cluster
 */
import type { InstallRequest } from '../../model/protocol/install-request.ts';
import type { HostRole } from '../../model/protocol/states.ts';
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Host } from '../host/host.ts';
import { type InstallOutcome, Machine, type MachineSetup } from '../host/machine.ts';
import { ClusterSite, type ServiceWay, type SiteCluster } from './cluster-site.ts';
import { machineSetup } from './machine-setup.ts';

/** A cluster as its installers show it: the control planes are named by the first, the others are counted. */
class ShownCluster implements SiteCluster {
  readonly index: number;
  readonly name: string;
  readonly #roles = new Map<string, HostRole>();
  #controlPlanes = 0;

  constructor(index: number, name: string) {
    this.index = index;
    this.name = name;
  }

  add(host: Host, { role, control_plane_count: controlPlanes }: InstallRequest): void {
    this.#roles.set(host.identity.id, role);
    if (role === 'bootstrap' && controlPlanes) this.#controlPlanes = controlPlanes;
  }

  get controlPlanes(): number {
    return this.#controlPlanes || this.#count('master') + this.#count('bootstrap');
  }

  get arbiters(): number {
    return this.#count('arbiter');
  }

  get workers(): number {
    return this.#count('worker');
  }

  #count(wanted: HostRole): number {
    let count = 0;
    for (const role of this.#roles.values()) if (role === wanted) count++;
    return count;
  }
}

interface SharedSite {
  readonly site: ClusterSite;
  readonly cluster: ShownCluster;
  /** Groups with a machine here. */
  readonly grounds: Set<AttachedGround>;
}

/** All of one worker. */
export class AttachedSites {
  /** By service and id of the cluster. */
  readonly #sites = new Map<string, SharedSite>();

  /** The site of the cluster that a machine is to be installed into; made with its first machine. */
  enter(ground: AttachedGround, machine: Machine, request: InstallRequest): ClusterSite {
    const { way, profile } = ground;
    const key = `${way.access.baseUrl} ${request.cluster_id}`;
    let shared = this.#sites.get(key);
    if (!shared) {
      const grounds = new Set<AttachedGround>();
      const cluster = new ShownCluster(machine.host.plan.clusterIndex, request.cluster_id);
      const site = new ClusterSite({
        ...way,
        cluster,
        hosts: [machine.host],
        profile,
        onIdle: () => {
          for (const ground of [...grounds]) ground.noteIdle();
        },
      });
      shared = { site, cluster, grounds };
      this.#sites.set(key, shared);
    }
    shared.grounds.add(ground);
    shared.cluster.add(machine.host, request);
    // Workers ask the service whether they join; for others nobody does.
    if (request.role === 'bootstrap') machine.host.plan.day2 = false;
    else if (shared.site.installed) machine.host.plan.day2 = true;
    return shared.site;
  }

  /** A group has gone. A site whose groups are all gone ends. */
  leave(ground: AttachedGround): void {
    for (const [key, { site, grounds }] of this.#sites) {
      if (!grounds.delete(ground) || grounds.size > 0) continue;
      site.stop();
      this.#sites.delete(key);
    }
  }
}

export interface AttachedGroundOptions {
  sites: AttachedSites;
  way: ServiceWay;
  profile: SpokeProfile;
  onSilent: (machine: Machine) => void;
  /** {@link AttachedGround.active} may have turned false. */
  onIdle: () => void;
}

/** Where the machines of one group stand before their cluster is known. */
export class AttachedGround {
  readonly way: ServiceWay;
  readonly profile: SpokeProfile;
  readonly #options: AttachedGroundOptions;
  readonly #setup: MachineSetup;
  readonly #siteOf = new Map<Machine, ClusterSite>();

  constructor(options: AttachedGroundOptions) {
    const { way, profile, sites } = options;
    this.way = way;
    this.profile = profile;
    this.#options = options;
    this.#setup = machineSetup(way.runtime, profile, {
      runInstaller: (machine, request, signal): Promise<InstallOutcome> => {
        const site = sites.enter(this, machine, request);
        this.#siteOf.set(machine, site);
        return site.install(machine, request, signal, way);
      },
      onRebooted: (machine) => this.#siteOf.get(machine)?.rebooted(machine),
      onSilent: (machine) => options.onSilent(machine),
    });
  }

  /** A machine that stands here; off at first. @param slot see Machine.slot */
  machine(host: Host, slot: number): Machine {
    return new Machine(this.#setup, host, slot);
  }

  /** Something will still happen on a site of these machines. */
  get active(): boolean {
    for (const site of new Set(this.#siteOf.values())) if (site.active) return true;
    return false;
  }

  /** Takes one machine away: unplugged, and dead for its cluster. */
  remove(machine: Machine): void {
    machine.unplug();
    this.lost(machine);
  }

  /** A machine is dead for its cluster. Its programs are the machine's own to end. */
  lost(machine: Machine): void {
    this.#siteOf.get(machine)?.lost(machine);
    this.#siteOf.delete(machine);
  }

  /** Nothing more happens here. What the machines have become stays part of clusters that others still install. */
  end(): void {
    this.#options.sites.leave(this);
  }

  /** Takes all machines away that an installer has run on; others are theirs to unplug who switched them on. */
  stop(): void {
    for (const machine of [...this.#siteOf.keys()]) this.remove(machine);
    this.end();
  }

  noteIdle(): void {
    this.#options.onIdle();
  }
}
