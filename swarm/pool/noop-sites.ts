/**
 * The clusters that no-op machines of one worker become. A machine is on none until its installer starts, whose arguments name the
 * cluster: machines of several groups (infra-envs, agents attached one by one) that are installed into one share it, and its
 * controller.
 *
 *    installer starts ─► site ─ bootkube starts ─► manifests of the controller ─┐
 *    machine reboots ──► (kube-api of the cluster) ─► the pod would start ──────┴─► controller ─ exit 0 ─► installed
 */
import type { HostStage } from '../../model/protocol/states.ts';
import type { Machine } from '../host/machine.ts';
import { tappedConnection } from '../noop/connection-telemetry.ts';
import { controllerPod } from '../noop/controller-pod.ts';
import type { LabAccess } from '../noop/lab.ts';
import type { HostFile } from '../noop/lab-protocol.ts';
import { MachineConfigServer } from '../noop/machine-config-server.ts';
import { NoopController } from '../noop/noop-controller.ts';
import { type SpokeAccess, spokeAccessOf } from '../noop/spoke-access.ts';
import type { InstallerArguments } from '../noop/stock-installation.ts';
import type { TlsOptions } from '../plan/connections.ts';
import type { Runtime } from '../service/runtime.ts';
import type { ConnectionTraffic } from '../telemetry/traffic/traffic-recorder.ts';
import type { HostLink } from '../transport/link/host-link.ts';
import { enterStage, type StagedHost } from './host-stages.ts';

/** Of controllers in a lab, beyond those of hosts: each has its bootstrap's, and this. */
const FIRST_CONTROLLER_SLOT = 2_000_000;

export interface NoopSitesOptions {
  lab: LabAccess;
  /** Null when no cluster is installed. */
  spokes: SpokeAccess | null;
  /** What machines trust whose launch says nothing. */
  tls?: TlsOptions | undefined;
  /** The stock inventory program runs on the hosts; else the plan's document is what its container prints. */
  stockInventory?: boolean | undefined;
}

/** A group of machines, as the sites that they are on see it. */
export interface SiteGroup {
  readonly runtime: Runtime;
  /** As its agents reach it, and how its certificate is verified. */
  readonly service: { url: string; tls: TlsOptions | undefined };
  /** Name of the cluster, where a plan gives it; else of the launch. */
  readonly cluster: string;
  /** Records a connection of the controller; null where nothing is recorded. */
  readonly traffic: () => ConnectionTraffic | null;
  /** The slow link of a machine, by its slot; null for one without. */
  readonly linkOf: (slot: number) => HostLink | null;
  /** {@link NoopSite.active} turned false. */
  noteIdle(): void;
}

export class NoopSites {
  readonly lab: LabAccess;
  readonly spokes: SpokeAccess | null;
  readonly tls: TlsOptions | undefined;
  readonly stockInventory: boolean;
  readonly machineConfigs = new MachineConfigServer();
  /** By the id of the cluster in the service. */
  readonly #sites = new Map<string, NoopSite>();

  constructor({ lab, spokes, tls, stockInventory }: NoopSitesOptions) {
    this.lab = lab;
    this.spokes = spokes;
    this.tls = tls;
    this.stockInventory = stockInventory ?? false;
  }

  /** The site of a cluster, made with the first of its machines whose installer starts. */
  enter(group: SiteGroup, machine: Machine, given: InstallerArguments): NoopSite {
    let site = this.#sites.get(given.clusterId);
    if (!site) {
      site = new NoopSite(this);
      this.#sites.set(given.clusterId, site);
    }
    site.enter(group, machine, given);
    return site;
  }

  /** The cluster would start its controller's pod now. */
  controllerDue(clusterId: string): void {
    this.#sites.get(clusterId)?.controllerDue();
  }

  /** The cluster writes to a file of its bootstrap, unless that has rebooted: appends. */
  bootstrapWrites(clusterId: string, file: HostFile): void {
    this.#sites.get(clusterId)?.bootstrapWrites(file);
  }

  /** Ends what hosts reach here; they are gone. */
  close(): Promise<void> {
    return this.machineConfigs.close();
  }

  /** A group has gone. A site whose groups are all gone ends. */
  leave(group: SiteGroup): void {
    for (const [id, site] of this.#sites) if (site.leave(group)) this.#sites.delete(id);
  }
}

/** The bootstrap, and what is known of the controller that comes after it. */
interface Bootstrap {
  readonly machine: Machine;
  readonly group: SiteGroup;
  /** That a node has behind it when it is done. */
  readonly reboots: number;
  /** Texts that its installer has written; null before. */
  manifests: readonly string[] | null;
  due: boolean;
}

export class NoopSite {
  readonly #sites: NoopSites;
  /** By id. */
  readonly #hosts = new Map<string, StagedHost & { group: SiteGroup }>();
  readonly #groups = new Set<SiteGroup>();
  #bootstrap: Bootstrap | null = null;
  #controller: NoopController | null = null;
  #rebooted = false;
  #installed = false;

  constructor(sites: NoopSites) {
    this.#sites = sites;
  }

  /** The controller has ended well since the last bootstrap began: who comes now joins an installed cluster. */
  get installed(): boolean {
    return this.#installed;
  }

  /** Somebody serves its kube-api: its bootstrap was seen here. */
  get served(): boolean {
    return this.#bootstrap !== null && this.#sites.spokes !== null;
  }

  /** Machines have rebooted into a cluster whose controller has not ended. */
  get active(): boolean {
    return this.served && this.#rebooted && !this.#installed;
  }

  enter(group: SiteGroup, machine: Machine, { role, reboots }: InstallerArguments): void {
    this.#groups.add(group);
    const now = group.runtime.clock.now();
    this.#hosts.set(machine.host.identity.id, { machine, group, role, stage: null, info: '', since: now });
    if (role !== 'bootstrap') return;
    this.#controller?.stop();
    this.#controller = null;
    this.#installed = false;
    this.#rebooted = false;
    this.#bootstrap = { machine, group, reboots, manifests: null, due: false };
  }

  /** @returns whether nobody is left */
  leave(group: SiteGroup): boolean {
    if (!this.#groups.delete(group) || this.#groups.size > 0) return false;
    this.#installed = true;
    this.#controller?.stop();
    return true;
  }

  /** A stage report of a host was accepted. */
  readonly onStage = (hostId: string, stage: HostStage, info: string): void => {
    const host = this.#hosts.get(hostId);
    if (host) enterStage(host.group.runtime, host, stage, info);
  };

  /** The bootstrap's installer has started bootkube. @param manifests of the controller, as it has written them */
  bootstrapped(machine: Machine, manifests: readonly string[]): void {
    if (this.#bootstrap?.machine !== machine) return;
    this.#bootstrap.manifests = manifests;
    this.#startController();
  }

  /** See {@link NoopSites.bootstrapWrites}. */
  bootstrapWrites(file: HostFile): void {
    if (this.#bootstrap) this.#sites.lab.append(this.#bootstrap.machine.slot, file);
  }

  rebooted(): void {
    this.#rebooted = true;
  }

  /** Nothing is to be had of this machine any more. */
  lost({ host }: Machine): void {
    this.#hosts.delete(host.identity.id);
  }

  controllerDue(): void {
    if (!this.#bootstrap) return;
    this.#bootstrap.due = true;
    this.#startController();
  }

  #startController(): void {
    const { lab, spokes } = this.#sites;
    if (!spokes || !this.#bootstrap || this.#controller || this.#installed) return;
    const { machine, group, reboots, manifests, due } = this.#bootstrap;
    if (!manifests || !due) return;
    const { runtime, service, cluster, traffic, linkOf } = group;
    const { slot } = machine;
    try {
      this.#controller = new NoopController({
        runtime,
        lab,
        service,
        cluster,
        slot: FIRST_CONTROLLER_SLOT + slot,
        pod: controllerPod(manifests),
        spoke: spokeAccessOf(spokes, machine.host.identity.id),
        reboots,
        connection: () => tappedConnection(runtime.telemetry, 'controller', this.onStage, traffic(), linkOf(slot)),
        onDone: () => {
          this.#installed = true;
          for (const group of [...this.#groups]) group.noteIdle();
        },
      });
      this.#controller.start();
    } catch (error) {
      runtime.emit({ type: 'run.warning', time: runtime.clock.now(), message: (error as Error).message });
    }
  }
}
