/**
 * The machines of one cluster, or of one group whose clusters are not known yet, on a worker thread: their agents before the
 * reboot, and the ground they stand on, which joins installers, spoke and controller.
 *
 *    launch ──► machines boot ──► … ──► machine silent ─┐
 *                   │                                   ├──► no agent speaks, ground idle, nobody is left to start ──► onIdle
 *                   └─ installer ─► site … ─► idle ─────┘
 */

import { spokeProfile } from '../../model/spoke/profiles.ts';
import type { Agent, AgentEnvironment, CreateAgent } from '../agent/agent.ts';
import { buildHost } from '../host/build-host.ts';
import type { Host, HostIdentity } from '../host/host.ts';
import type { DiscoveryProgram, Machine } from '../host/machine.ts';
import { type OnStage, tappedConnection } from '../noop/connection-telemetry.ts';
import { NoopAgent } from '../noop/noop-agent.ts';
import { type InstallerArguments, type StockInstallation, stuckHost } from '../noop/stock-installation.ts';
import type { BootDownloader } from '../service/boot-downloads.ts';
import type { Runtime } from '../service/runtime.ts';
import type { ConnectionTraffic, TrafficRecorder } from '../telemetry/traffic/traffic-recorder.ts';
import type { HostLink } from '../transport/link/host-link.ts';
import { AttachedGround, type AttachedSites } from './attached-sites.ts';
import { BootingProgram } from './booting-program.ts';
import { ClusterSite } from './cluster-site.ts';
import { DelayedProgram, delayOf } from './delayed-program.ts';
import { bootsImage, MachineFaults } from './machine-faults.ts';
import type { AddedHost, ClusterLaunch } from './messages.ts';
import { NoopGround } from './noop-ground.ts';
import type { NoopSites } from './noop-sites.ts';

/** How hosts of a thread download what they boot. */
export interface BootDownloads {
  /** Of the hosts, from 0 to 1. */
  share: number;
  downloader: BootDownloader;
}

export interface ClusterMachinesOptions {
  runtime: Runtime;
  launch: ClusterLaunch;
  createAgent: CreateAgent;
  /** Images are there at once when absent. */
  boot?: BootDownloads;
  /** Where no-op machines run; null or absent for native ones. */
  noop?: NoopSites | null;
  /** Records the traffic of no-op machines, where their launch says so. */
  traffic?: TrafficRecorder;
  /** The slow link of a machine, by its slot; null for one without. Absent where none has one. */
  linkOf?: (slot: number) => HostLink | null;
  /** Where machines of a launch stand whose clusters the service names. */
  sites: AttachedSites;
  /** The installer of a no-op host starts. */
  onInstallation?: (installation: StockInstallation) => void;
  /** No machine of the cluster will send anything any more, and none is left to start. Called once, not after stop. */
  onIdle: () => void;
}

/** A token of the same form that is not the one: its last characters, the signature of a JWT, are the other way round. */
function otherToken(token: string): string {
  const turned = [...token].reverse().join('');
  const dot = token.lastIndexOf('.') + 1;
  return turned === token ? `${token}0` : token.slice(0, dot) + [...token.slice(dot)].reverse().join('');
}

/** Where machines stand: the site of a planned cluster, or one on which clusters are found out. */
interface Ground {
  machine(host: Host, slot: number): Machine;
  /** A machine is dead; its programs are the machine's own to end. */
  lost(machine: Machine): void;
  readonly active: boolean;
  /** Nothing is active any more, and nothing will be started here. */
  end(): void;
  /** Ends what is active, at once. */
  stop(): void;
}

/** A ground from which single machines can be taken away. */
interface AttachedPlace {
  remove(machine: Machine): void;
}

export class ClusterMachines {
  readonly #options: ClusterMachinesOptions;
  /** By ordinal; those that were never started. */
  readonly #unstarted = new Map<number, { host: Host; slot: number }>();
  readonly #ground: Ground;
  /** Of an attached launch. */
  readonly #attached: AttachedPlace | null;
  readonly #noop: NoopGround | null;
  /** Hosts of the cluster that are known, for no-op machines that look for each other. */
  readonly #peers: HostIdentity[] = [];
  /** Machines whose agents may still speak. */
  readonly #speaking = new Set<Machine>();
  /** Started machines by ordinal, where single ones can be removed. */
  readonly #started = new Map<number, Machine>();
  readonly #environments = new Map<string, AgentEnvironment>();
  readonly #faults: MachineFaults;
  #ended = false;

  /** @throws Error for an unknown spoke profile or hardware profile, RangeError for a network that is too small. */
  constructor(options: ClusterMachinesOptions) {
    const { runtime, launch, sites, noop } = options;
    const { cluster, access, seed, firstSlot } = launch;
    this.#options = options;
    const hosts = cluster.hosts.map((plan) => buildHost(seed, cluster, plan, launch.forced?.[plan.ordinal]));
    for (const host of hosts) {
      const { ordinal } = host.plan;
      this.#unstarted.set(ordinal, { host, slot: firstSlot + ordinal });
    }
    this.#faults = new MachineFaults(runtime.clock, (machine) => this.#lose(machine));
    const common = {
      profile: spokeProfile(launch.spokeProfile),
      onSilent: (machine: Machine) => this.#silent(machine),
      onPhase: (machine: Machine) => this.#faults.look(machine),
      bootsImage,
      onIdle: () => this.#noteIdle(),
    };
    this.#noop = noop
      ? new NoopGround({
          ...common,
          runtime,
          service: { url: access.baseUrl, tls: launch.tls ?? noop.tls },
          sites: noop,
          cluster: cluster.name,
          traffic: () => this.#traffic(null),
          linkOf: (slot) => this.#linkOf(slot),
        })
      : null;
    if (this.#noop) {
      this.#attached = launch.attached ? this.#noop : null;
      this.#ground = this.#noop;
    } else if (launch.attached) {
      const attached = new AttachedGround({ ...common, sites, way: { runtime, access } });
      this.#attached = attached;
      this.#ground = attached;
    } else {
      this.#attached = null;
      this.#ground = new ClusterSite({ ...common, runtime, access, cluster, hosts });
    }
    if (noop) this.#peers.push(...hosts.map(({ identity }) => identity));
    this.start(launch.infraEnvId, launch.start);
  }

  /** Boots further hosts of the cluster, each after its boot delay; those that were started already are left alone. */
  start(infraEnvId: string, ordinals: readonly number[]): void {
    if (this.#ended) return;
    const { runtime, createAgent } = this.#options;
    const now = runtime.clock.now();
    for (const ordinal of ordinals) {
      const waiting = this.#unstarted.get(ordinal);
      if (!waiting) continue;
      this.#unstarted.delete(ordinal);
      const { host, slot } = waiting;
      const machine = this.#ground.machine(host, slot);
      this.#speaking.add(machine);
      if (this.#attached) this.#started.set(ordinal, machine);
      const environment = this.#environment(infraEnvId, host.plan.fault?.kind === 'wrong-token');
      const agent = this.#noopAgent(machine, environment) ?? createAgent(machine, environment);
      this.#faults.add(machine);
      machine.powerOn(this.#image(machine, agent), now + host.plan.bootDelayMs);
    }
  }

  /**
   * Boots hosts that the launch did not name. Only of an attached launch.
   * @throws as the constructor; those before the bad one are booted
   */
  add(hosts: readonly AddedHost[]): void {
    const { cluster, seed, infraEnvId } = this.#options.launch;
    for (const { plan, slot, seed: own, forced } of hosts) {
      if (this.#ended || this.#started.has(plan.ordinal)) continue;
      const host = buildHost(own ?? seed, cluster, plan, forced);
      this.#unstarted.set(plan.ordinal, { host, slot });
      if (this.#noop) this.#peers.push(host.identity);
      // Agents tell which addresses of the network are free: those of the others are not.
      if (!cluster.hosts.includes(plan)) cluster.hosts.push(plan);
      this.start(infraEnvId, [plan.ordinal]);
    }
  }

  /** Unplugs single hosts of an attached launch, for good. A host of the same ordinal may be added again. */
  remove(ordinals: readonly number[]): void {
    const { cluster } = this.#options.launch;
    for (const ordinal of ordinals) {
      const machine = this.#started.get(ordinal);
      if (!machine) continue;
      this.#started.delete(ordinal);
      this.#speaking.delete(machine);
      this.#attached?.remove(machine);
      cluster.hosts = cluster.hosts.filter((plan) => plan.ordinal !== ordinal);
    }
    this.#noteIdle();
  }

  /** Null for a native machine. */
  #noopAgent(machine: Machine, environment: AgentEnvironment): Agent | null {
    const { noop, runtime, launch } = this.#options;
    const ground = this.#noop;
    if (!noop || !ground) return null;
    const { attached, cluster, placement = '', proxy = null } = launch;
    return new NoopAgent(machine, {
      ...environment,
      lab: noop.lab,
      tls: launch.tls ?? noop.tls,
      proxy,
      stockInventory: noop.stockInventory,
      peers: this.#peers,
      // Agents that are attached one by one may be installed into one cluster.
      network: attached ? `${placement} ${cluster.machineNetwork}` : String(cluster.index),
      spokes: noop.spokes,
      machineConfigs: attached || cluster.day2Workers > 0 ? noop.machineConfigs : null,
      profile: spokeProfile(launch.spokeProfile),
      connection: () => {
        const onStage: OnStage = (...stage) => ground.stageReported(machine, ...stage);
        const { slot } = machine;
        return tappedConnection(runtime.telemetry, 'host', onStage, this.#traffic(slot), this.#linkOf(slot));
      },
      onInstaller: (given) => this.#installing(machine, given),
      onBootstrapped: (manifests) => ground.bootstrapped(machine, manifests),
    });
  }

  #installing(machine: Machine, given: InstallerArguments): void {
    const { launch, onInstallation } = this.#options;
    const { cluster, spokeProfile: profile, attached } = launch;
    const { id, hostname, ipv4, mac } = machine.host.identity;
    const day2 = this.#noop!.installing(machine, given);
    onInstallation?.({
      ...given,
      day2,
      host: { id, hostname, address: ipv4, mac },
      name: attached ? null : cluster.name,
      platform: cluster.platform,
      profile,
      stuck: stuckHost(machine.host.plan.fault),
      fault: cluster.fault ?? null,
    });
  }

  /** Records a connection of a no-op machine, or of the controller when `host` is null. @returns null where nothing is recorded */
  #traffic(host: number | null): ConnectionTraffic | null {
    const { traffic, launch } = this.#options;
    if (!traffic || launch.traffic === undefined) return null;
    return traffic.connection({ kind: 'noop', shape: launch.traffic, cluster: launch.cluster.index, host });
  }

  /** A no-op host of day 2, by its id, has become a node. */
  nodeOfDay2(host: string, ready: boolean): void {
    this.#noop?.nodeOfDay2(host, ready);
  }

  /** What a machine boots: its agent, after the downloads where there are any. */
  #image(machine: Machine, agent: Agent): DiscoveryProgram {
    const delayMs = delayOf(machine);
    const image = this.#downloadedImage(machine, agent);
    return delayMs === 0 ? image : new DelayedProgram(machine, image, delayMs);
  }

  #downloadedImage(machine: Machine, agent: Agent): DiscoveryProgram {
    const { boot, launch, runtime } = this.#options;
    if (!boot || !launch.boot || machine.host.random('boot/download', 0) >= boot.share) return agent;
    const { downloader } = boot;
    const onFailed = ({ host }: Machine, reason: string) => {
      const { plan, identity } = host;
      const { telemetry, clock, emit } = runtime;
      const place = { cluster: plan.clusterIndex, host: plan.index, id: identity.id };
      telemetry.error('boot-failed');
      emit({ type: 'host.error', time: clock.now(), ...place, kind: 'boot-failed', message: reason });
      machine.enter('failed', reason);
    };
    return new BootingProgram({
      ...{ machine, agent, source: launch.boot, downloader, clock: runtime.clock, onFailed },
      link: this.#linkOf(machine.slot),
    });
  }

  #linkOf(slot: number): HostLink | null {
    return this.#options.linkOf?.(slot) ?? null;
  }

  /** A machine loses its power, for good. */
  #lose(machine: Machine): void {
    this.#ground.lost(machine);
    machine.unplug();
  }

  /** Unplugs all machines at once: nothing is sent any more. */
  stop(): void {
    this.#ended = true;
    this.#faults.close();
    for (const machine of this.#speaking) machine.unplug();
    this.#speaking.clear();
    this.#ground.stop();
  }

  /** @param wrongToken the hosts show another token than they were given */
  #environment(infraEnvId: string, wrongToken: boolean): AgentEnvironment {
    const key = `${infraEnvId} ${wrongToken}`;
    let environment = this.#environments.get(key);
    if (!environment) {
      const { runtime, launch } = this.#options;
      const { cluster, agentVersion } = launch;
      const access = wrongToken ? { ...launch.access, token: otherToken(launch.access.token) } : launch.access;
      environment = { runtime, cluster, infraEnvId, agentVersion, access };
      this.#environments.set(key, environment);
    }
    return environment;
  }

  #silent(machine: Machine): void {
    this.#speaking.delete(machine);
    this.#noteIdle();
  }

  #noteIdle(): void {
    if (this.#ended || this.#speaking.size > 0 || this.#unstarted.size > 0 || this.#ground.active) return;
    if (this.#options.launch.lasting) return;
    this.#ended = true;
    this.#faults.close();
    this.#ground.end();
    this.#options.onIdle();
  }
}
