/** Where the no-op machines of one launch stand: their installers are stock programs on them, which name the cluster they become. */
import type { HostStage } from '../../model/protocol/states.ts';
import type { SpokeProfile } from '../../model/spoke/profiles.ts';
import type { Host } from '../host/host.ts';
import { Machine, type MachineSetup } from '../host/machine.ts';
import type { InstallerArguments } from '../noop/stock-installation.ts';
import type { Runtime } from '../service/runtime.ts';
import { machineSetup } from './machine-setup.ts';
import type { NoopSite, NoopSites, SiteGroup } from './noop-sites.ts';

export interface NoopGroundOptions {
  runtime: Runtime;
  profile: SpokeProfile;
  service: SiteGroup['service'];
  /** Name of the cluster, where a plan gives it; else of the launch. */
  cluster: string;
  /** Records a connection of the controller; null where nothing is recorded. */
  traffic: SiteGroup['traffic'];
  linkOf: SiteGroup['linkOf'];
  sites: NoopSites;
  /** No program under the discovery image of this machine will send anything any more. */
  onSilent: (machine: Machine) => void;
  /** A machine came to a phase. */
  onPhase?: (machine: Machine) => void;
  /** A machine that reboots boots the discovery image again. */
  bootsImage?: (machine: Machine) => boolean;
  /** {@link NoopGround.active} may have turned false. */
  onIdle: () => void;
}

export class NoopGround implements SiteGroup {
  readonly runtime: Runtime;
  readonly service: SiteGroup['service'];
  readonly cluster: string;
  readonly traffic: SiteGroup['traffic'];
  readonly linkOf: SiteGroup['linkOf'];
  readonly #options: NoopGroundOptions;
  readonly #setup: MachineSetup;
  readonly #machines = new Set<Machine>();
  readonly #siteOf = new Map<Machine, NoopSite>();
  /** Hosts of day 2 that have rebooted and are no ready nodes yet. */
  readonly #joining = new Map<string, Machine>();

  constructor(options: NoopGroundOptions) {
    this.runtime = options.runtime;
    this.service = options.service;
    this.cluster = options.cluster;
    this.traffic = options.traffic;
    this.linkOf = options.linkOf;
    this.#options = options;
    this.#setup = machineSetup(options.runtime, options.profile, {
      runInstaller: () => Promise.reject(new Error('a no-op machine runs a stock installer')),
      onRebooted: (machine) => this.#rebooted(machine),
      onSilent: options.onSilent,
      ...(options.onPhase && { onPhase: options.onPhase }),
      ...(options.bootsImage && { bootsImage: options.bootsImage }),
    });
  }

  /** A machine that stands here; off at first. @param slot see Machine.slot */
  machine(host: Host, slot: number): Machine {
    const machine = new Machine(this.#setup, host, slot);
    this.#machines.add(machine);
    return machine;
  }

  /** Something will still happen in a cluster of these machines. */
  get active(): boolean {
    if (this.#joining.size > 0) return true;
    for (const site of new Set(this.#siteOf.values())) if (site.active) return true;
    return false;
  }

  /** The installer of a machine starts. @returns whether it joins a cluster that is installed */
  installing(machine: Machine, given: InstallerArguments): boolean {
    const site = this.#options.sites.enter(this, machine, given);
    this.#siteOf.set(machine, site);
    if (given.role === 'bootstrap') machine.host.plan.day2 = false;
    else if (site.installed) machine.host.plan.day2 = true;
    return machine.host.plan.day2;
  }

  /** The installer of a machine has started bootkube. @param manifests of the controller, as it has written them */
  bootstrapped(machine: Machine, manifests: readonly string[]): void {
    this.#siteOf.get(machine)?.bootstrapped(machine, manifests);
  }

  /** The installer of a machine reports the stage of a host, and the service has accepted it. */
  stageReported(machine: Machine, hostId: string, stage: HostStage, info: string): void {
    this.#siteOf.get(machine)?.onStage(hostId, stage, info);
  }

  /** Nobody reports the end of a day-2 host: its node is all there is to see. @param hostId of the host that has become one */
  nodeOfDay2(hostId: string, ready: boolean): void {
    const machine = this.#joining.get(hostId);
    machine?.enter(ready ? 'done' : 'joined');
    if (!ready || !this.#joining.delete(hostId)) return;
    this.noteIdle();
  }

  /** Takes one machine away, for good. */
  remove(machine: Machine): void {
    machine.unplug();
    this.lost(machine);
  }

  /** The machine is dead: its node stays and is not ready. Its programs are the machine's own to end. */
  lost(machine: Machine): void {
    this.#machines.delete(machine);
    this.#joining.delete(machine.host.identity.id);
    this.#siteOf.get(machine)?.lost(machine);
    this.#siteOf.delete(machine);
  }

  noteIdle(): void {
    this.#options.onIdle();
  }

  end(): void {
    this.#options.sites.leave(this);
  }

  stop(): void {
    this.end();
    for (const machine of this.#machines) machine.unplug();
  }

  #rebooted(machine: Machine): void {
    const { host } = machine;
    const site = this.#siteOf.get(machine);
    site?.rebooted();
    if (host.plan.day2 && site?.served) this.#joining.set(host.identity.id, machine);
  }
}
